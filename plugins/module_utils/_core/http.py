# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What goes to the API and what comes back, without anything that sends it."""

from __future__ import annotations

import re
from typing import Callable, Mapping, NamedTuple, NoReturn, Optional

from .address import shown
from .catalogue import Trouble
from .deployment import BEHIND, NodeError, describe_code, describe_error, read_error
from .document import decode
from .misuse import Misuse
from .text import NOTHING, Foreign, Message, Place, Word, say


class Request(NamedTuple):
    """One request: method, path below the API's address, headers."""

    method: str
    path: str
    headers: Mapping[str, str]
    farewell: bool = False
    """Whether its outcome changes nothing: nobody should wait long for it, nor read what comes back."""
    farewell_follows: bool = False
    """Whether there must be time for one afterwards, whatever comes back."""
    sending: Callable[[], object] = lambda: None
    """Called when the connection stands, before anything of the request is sent; a Trouble that it raises ends all."""


class Reply(NamedTuple):
    """One answer: status, whole body (decoded), and where a redirect points."""

    status: int
    body: bytes
    location: str = ""


Transport = Callable[[Request], Reply]
"""Sends a request; raises Trouble when no whole answer comes back."""

SUPPORT = say("/v1/support")
LOGIN = say("/v1/users/login")
LOGOUT = say("/v1/users/logout")


# Compiled for the first header of a user's: most runs have none.
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = r"[\t\x20-\x7e]*"


def check_header(name: str, value: str) -> None:
    """Raise Misuse, with a sentence for the user, for what cannot stand in a request. Values are never shown."""
    if not re.fullmatch(_NAME, name):
        # It may be name and value in one.
        raise Misuse("the name of a header holds characters that cannot stand there")
    if not re.fullmatch(_VALUE, value):
        raise Misuse("the value of the header %s holds characters that cannot stand there" % name)


def refuse(reply: Reply, path: Message, place: Place) -> NoReturn:
    """Raise the Trouble that an answer other than 200 is. The status decides, the envelope's code only explains."""
    said = _said(reply, path, place)
    status = reply.status
    what = say("HTTP %d, %s", status, said) if said else say("HTTP %d", status)
    if status in (401, 403):
        raise Trouble("unauthorized", say("not allowed to read %s (%s)", path, what))
    if status == 429:
        raise Trouble("throttled", say("too many requests (%s)", what))
    if status == 404:
        raise Trouble(
            "invalid",
            say("nothing at %s (%s)", path, what),
            say("see whether the path in the address is right: before /v1 stands only what a gateway adds"),
        )
    if status == 407:
        raise Trouble(
            "unreachable",
            say("the proxy wants a password (HTTP 407)"),
            say("put it into the proxy's address in the environment"),
        )
    if 300 <= status < 400:
        raise Trouble(
            "invalid",
            say("a redirect to %s (HTTP %d), which is not followed", _target(reply.location, place), status),
            say("see with curl where it leads, and give the address that answers itself"),
        )
    if status >= 500:
        raise Trouble("unreachable", say("the API does not work: %s", what), _BEFORE if said == _FOREIGN else BEHIND)
    raise Trouble("invalid", say("an unexpected answer from %s (%s)", path, what))


def _target(location: str, place: Place) -> Word:
    # Gateways send a caller on with the key that stood in the path, and with others of their own.
    if not location:
        return say("nowhere")
    return Foreign(shown(location), place) if "//" in location[:8] else say("another path")


def envelope(reply: Reply, place: Place) -> Optional[NodeError]:
    """The first error of the API's own envelope; None when the body is something else, or empty."""
    try:
        errors = decode(reply.body, place).get("errors")
    except Trouble:
        return None
    return read_error(errors, place) if isinstance(errors, list) else None


def _said(reply: Reply, path: Message, place: Place) -> Message:
    # A failed login has an empty body; a proxy answers in HTML.
    error = envelope(reply, place)
    if error is None:
        return _FOREIGN if reply.body.strip() else NOTHING
    # What refuses a secret has it before its eyes: it is not quoted, however harmless it looks.
    return describe_code(error) if path == LOGIN or reply.status in (401, 403) else describe_error(error)


_FOREIGN = say("not in the API's words: a proxy or gateway in between answers")
_BEFORE = say("look at the log of the proxy or gateway, and whether the web front end behind it runs")
