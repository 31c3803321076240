# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""One API and one user, in whatever way they are written: those who share an account of logins.

An API knows neither how its address was written nor, often, how its users were: databases compare names without
regard to case, accents and blanks. Where two that are taken for one differ after all, they have fewer logins than they
might; where one counted as two, it would have more.
"""

from __future__ import annotations

import hashlib
import json
import socket
from urllib.parse import urlsplit

_LOOPBACK = "localhost"
_LOOPBACKS = (
    *(_LOOPBACK, "localhost.localdomain", "localhost6", "localhost6.localdomain6"),
    *("ip6-localhost", "ip6-loopback"),
)
_MAPPED = bytes(10) + b"\xff\xff"
"""What stands before an IPv4 address that is written as one of IPv6."""


def name(url: str, user: str) -> str:
    """A name for their account, the same for every way to write them."""
    return hashlib.sha256(json.dumps([_place(url), _person(user)]).encode()).hexdigest()[:32]


def _place(url: str) -> str:
    """Host and port. The path leads to nowhere else: what is behind a gateway sees the address of the gateway."""
    parts = urlsplit(url)
    return "%s %d" % (_host(parts.hostname or ""), parts.port or (443 if parts.scheme == "https" else 80))


def _host(host: str) -> str:
    host = host.rstrip(".").lower()
    if host in _LOOPBACKS or host.endswith(".localhost"):
        return _LOOPBACK
    number = _number(host)
    if (number[:1] == b"\x7f" and len(number) == 4) or number in (bytes(4), bytes(16), bytes(15) + b"\1"):
        # Who connects to no address at all connects to this machine.
        return _LOOPBACK
    return number.hex() or host


def _number(host: str) -> bytes:
    """An IP address in the one way that it is sent; empty for what is none."""
    try:
        # As the system's resolver takes it: in fewer parts, and in other bases, too.
        return socket.inet_aton(host)
    except (OSError, ValueError):
        pass
    try:
        told = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    except (OSError, ValueError):
        return b""
    return told[12:] if told.startswith(_MAPPED) else told


def _person(user: str) -> str:
    if user.isascii():
        return "".join(filter(str.isprintable, user.lower().replace(" ", "")))
    # Its tables take a megabyte.
    import re
    import unicodedata

    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", user).casefold())
    bare = (char for char in plain if char.isprintable() and char != " " and not unicodedata.combining(char))
    # Some databases take strokes, hooks and missing dots for accents, which Unicode does not.
    named = ((char, re.fullmatch(_NAME, unicodedata.name(char, ""))) for char in bare)
    return "".join(match[1].lower() if match else char for char, match in named)


_NAME = "LATIN SMALL LETTER (?:DOTLESS )?([A-Z])(?: WITH .+)?"
