# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The address of an API, from a host and port or from a URL.

What is wrong with one is said without repeating it: people put keys into addresses, in more places than can be told
apart once the form is not what it should be.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from .misuse import Misuse

DEFAULT_PORT = 9090
"""The port that the product publishes by default."""

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,30})?")
# Everything that a path may hold; an escape that is there already stays.
_SAFE = "%/:=&~+!$,;'@()*[]"


def _in_ascii(host: str) -> None:
    """Refuse a name in other letters, whose form in ASCII depends on who makes it: some take `ß` for `ss`."""
    if not host.isascii() and re.fullmatch(r"[\w.\u3002\uff0e\uff61-]+", host):
        raise Misuse("a host name is written in ASCII; write its form that begins with xn--, as `idn2 NAME` prints it")


def from_host(hostname: str, port: int = DEFAULT_PORT) -> str:
    """`https://host:port`; an IPv6 address is put in brackets. Raises Misuse for what is no host or no port."""
    _without_credentials(hostname)
    bare = hostname[1:-1] if hostname.startswith("[") and hostname.endswith("]") else hostname
    _in_ascii(bare)
    if not _HOST.fullmatch(bare):
        raise Misuse(
            "this is no host name or address; a whole URL belongs to the option url, a port to the option port"
        )
    if not 0 < port < 65536:
        raise Misuse("%d is no port: a port is a number from 1 to 65535" % port)
    return "https://[%s]:%d" % (bare, port) if ":" in bare else "https://%s:%d" % (bare, port)


def from_endpoint(endpoint: str, port: int = DEFAULT_PORT) -> str:
    """The address for a WA_WEB_ENDPOINT: `host:port`, or `host` on this port. Raises Misuse for anything else."""
    _without_credentials(endpoint)
    host, colon, its_own = endpoint.rpartition(":")
    if not colon or host.endswith(":") or (":" in host and (not host.startswith("[") or endpoint.endswith("]"))):
        return from_host(endpoint, port)
    if not (its_own.isascii() and its_own.isdigit()):
        raise Misuse("this is no endpoint of the form host:port")
    return from_host(host, int(its_own[:6]))


def from_url(url: str) -> str:
    """A URL without a trailing slash. Raises Misuse for what is no http(s) URL, or holds credentials or a query."""
    try:
        parts = urlsplit(url)
        port_sound = parts.port != 0
    except ValueError:
        raise Misuse("the URL is malformed") from None
    _without_credentials(parts.netloc or url)
    host = parts.hostname or ""
    _in_ascii(host)
    # More than a host and a port, or one scheme after another, is something else that was read as an address.
    alone = re.sub(r":[0-9]+$", "", parts.netloc.lower()).strip("[]") == host.lower() and "//" not in parts.path
    sound = parts.scheme in ("http", "https") and _HOST.fullmatch(host) and port_sound and alone
    if not sound or not url.isprintable() or " " in url:
        raise Misuse("this is no URL of the form https://host:port/path")
    # Also where a question mark was encoded, or an ampersand written in its place.
    if parts.query or parts.fragment or set("?#=@") & set(unquote(parts.path)):
        raise Misuse("the URL has a query or a fragment; only the part before /v1 is wanted")
    path = parts.path.rstrip("/")
    for ending in ("/v1/support", "/v1"):
        if path.endswith(ending):
            path = path[: -len(ending)].rstrip("/")
            break
    return urlunsplit((parts.scheme, parts.netloc, quote(path, _SAFE), "", ""))


def encrypted(url: str, waived: bool, waiver: str) -> str:
    """The address, unless what goes there can be read on the way and nobody said `waiver`. Raises Misuse then."""
    if url.startswith("https://") or waived:
        return url
    raise Misuse("http:// sends user name, password and token in clear text; write https://, or add %s" % waiver)


UNENCRYPTED = "http:// was asked for: user name, password and token go over the network in clear text"
"""What to say where that was waived."""


def shown(address: str) -> str:
    """An address for messages, sound or not, without its path: some gateways take a key there."""
    host = re.match(_UP_TO_PATH, address)
    up_to_path = host[0] if host else ""
    return up_to_path + ("/..." if address[len(up_to_path) :].strip("/") else "")


_UP_TO_PATH = r"(?:[A-Za-z][A-Za-z0-9+.-]*:(?=//))?(?://)?[^/?#\\]*"


def _without_credentials(place: str) -> None:
    if "@" in place:
        raise Misuse(
            "credentials do not belong in a URL or address, which logs show; give user name and password apart"
        )
