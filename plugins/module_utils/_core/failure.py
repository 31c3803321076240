# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What went wrong on the way to the API, told so that the reader knows what to do.

The exceptions of the standard library are known here; whoever sends with another library adds its own kinds.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import zlib
from typing import Callable, Iterable, Iterator, NamedTuple, Optional, Sequence, Set, Tuple, Type

from .body import TooLarge
from .catalogue import Trouble
from .document import LARGEST
from .text import Foreign, Message, Place, Word, say


class Way(NamedTuple):
    """Where the API was looked for, and what the reader calls the options that lead there."""

    where: Word
    """Host and port."""
    place: Place
    """Where the words of libraries and systems may be shown."""
    address: Message
    """The options that say where the API is."""
    ca: Message
    """The option that names the CAs to trust."""
    client_cert: Message
    no_proxy: Message
    """How a proxy is passed by, in words."""
    proxied: bool = False
    """Whether a proxy was asked in the API's place: a connection that fails is the proxy's then."""


class NotHttp(http.client.HTTPException):
    """What came in is no answer of HTTP; the text, of ours, says in which way."""


class ProxyRefused(OSError):
    """The proxy does not pass anything on."""

    def __init__(self, status: int) -> None:
        super().__init__("it answered with HTTP %d" % status)
        self.status = status


Tell = Callable[[BaseException, Way], Trouble]
Kind = Tuple[Type[BaseException], Tell]


def explain(error: BaseException, way: Way, kinds: Optional[Sequence[Kind]] = None) -> Trouble:
    """The trouble behind an exception: the innermost cause that is of a known kind tells the story.

    `kinds` are tried in their order; left out, they are those of the standard library.
    """
    for cause in causes(error):
        for kind, tell in kinds or STANDARD:
            if isinstance(cause, kind):
                proxys = "_tunnel" in functions(error) or (way.proxied and tell in _CONNECTING)
                return _proxy(cause, way) if proxys else tell(cause, way)
    what = Foreign(type(error).__name__, way.place)
    return Trouble("unreachable", say("%s could not be asked: %s", way.where, what))


def causes(error: BaseException, _outer: Tuple[BaseException, ...] = ()) -> Iterator[BaseException]:
    """The exceptions that led to one, the innermost first, itself last."""
    # Libraries hand the real cause on in four ways.
    inner = [*error.args, getattr(error, "reason", None), getattr(error, "original_error", None), error.__cause__]
    around = (*_outer, error)
    for cause in inner:
        if isinstance(cause, BaseException) and cause not in around:
            yield from causes(cause, around)
    yield error


def functions(error: BaseException) -> Set[str]:
    """The names of the functions that an exception and its causes passed through."""
    names = set()
    for cause in causes(error):
        place = cause.__traceback__
        while place is not None:
            names.add(place.tb_frame.f_code.co_name)
            place = place.tb_next
    return names


def resolve(error: BaseException, way: Way) -> Trouble:
    """The host has no address."""
    return Trouble(
        "unreachable",
        say("the name in %s cannot be resolved", way.where),
        say("see whether the name is right and the resolver answers"),
    )


def broken_off(error: BaseException, way: Way) -> Trouble:
    """The connection ended in the middle of the answer."""
    return Trouble("invalid", say("the answer of %s breaks off", way.where), _BROKEN_OFF)


def undecodable(error: BaseException, way: Way) -> Trouble:
    """What is said to be compressed is not."""
    return Trouble(
        "invalid",
        say("the answer of %s cannot be unpacked", way.where),
        say("a proxy or the front end does not pack it the way it says: look at their logs"),
    )


def timeout(error: BaseException, way: Way) -> Trouble:
    """Nothing came in time."""
    return Trouble("timeout", say("no answer from %s in time", way.where))


def not_http(error: BaseException, way: Way) -> Trouble:
    """Something else than a web server answers."""
    told = say("what %s sends is no HTTP", way.where)
    if isinstance(error, NotHttp):
        told = say("%s (%s)", told, Foreign(str(error), way.place))
    return Trouble("invalid", told, say("see what listens on this port"))


def too_large(error: BaseException, way: Way) -> Trouble:
    """No answer is that long."""
    return Trouble("invalid", say("the answer is larger than %d MiB", LARGEST // 2**20))


_BROKEN_OFF = say("a proxy or the front end cut it short: look at their logs")


def _proxy(error: BaseException, way: Way) -> Trouble:
    told = Foreign(str(getattr(error, "strerror", None) or error), way.place)
    wants_password = isinstance(error, ProxyRefused) and error.status == 407
    refused = say("wants a password (HTTP 407)") if wants_password else say("failed: %s", told)
    return Trouble(
        "unreachable",
        say("the proxy on the way to %s %s", way.where, refused),
        say("the proxy comes from https_proxy in the environment: put it right, or %s", way.no_proxy),
    )


def _refused(error: BaseException, way: Way) -> Trouble:
    return Trouble(
        "unreachable",
        say("%s refuses connections", way.where),
        say("see whether the web front end runs and listens on this port"),
    )


def _reset(error: BaseException, way: Way) -> Trouble:
    return Trouble(
        "unreachable",
        say("%s closed the connection without an answer", way.where),
        say("look at the log of the web front end, or of a proxy before it"),
    )


def _os(error: BaseException, way: Way) -> Trouble:
    if getattr(error, "errno", None) == errno.ETIMEDOUT:
        return timeout(error, way)
    reason = Foreign(str(getattr(error, "strerror", None) or type(error).__name__), way.place)
    return Trouble("unreachable", say("no connection to %s: %s", way.where, reason))


def _eof(error: BaseException, way: Way) -> Trouble:
    # Who wants a client's certificate may hang up before its reason is read.
    plain = _reset(error, way)
    return Trouble(plain.problem, plain.text, say("%s; perhaps it wants a %s", plain.remedy, way.client_cert))


def _tls(error: BaseException, way: Way) -> Trouble:
    code = getattr(error, "verify_code", None)
    if code is not None:
        text, remedy = _CERTIFICATES.get(code, _UNTRUSTED)
        told = Foreign(str(getattr(error, "verify_message", "")), way.place)
        return Trouble("unreachable", _told(text, way, told), _told(remedy, way, told))
    reason = Foreign(str(getattr(error, "reason", None) or "no reason given").replace("_", " ").lower(), way.place)
    for words, text, remedy in _HANDSHAKES:
        if reason.holds(_any_of(words)):
            return Trouble("unreachable", _told(text, way, reason), _told(remedy, way, reason))
    return Trouble("unreachable", say("no TLS connection with %s (%s)", way.where, reason))


def _told(text: str, way: Way, reason: Foreign) -> Message:
    return say(text, where=way.where, reason=reason, ca=way.ca, address=way.address, client_cert=way.client_cert)


def _any_of(words: Iterable[str]) -> Callable[[str], bool]:
    return lambda text: any(word in text for word in words)


_GIVE_CA = "give that CA with %(ca)s"
_RIGHT_NAME = (
    "use a name that it was made for with %(address)s; only alternative names count, so that one with a common name "
    "alone is for no name"
)
_UNTRUSTED = ("the certificate of %(where)s is not trusted: %(reason)s", _GIVE_CA)

# OpenSSL's verification codes (x509_vfy.h), and what they come to for somebody who has to act.
_CERTIFICATES = {
    9: ("the certificate of %(where)s is not valid yet", "see whether this host's clock is right"),
    10: ("the certificate of %(where)s has expired", "renew it"),
    18: ("the certificate of %(where)s is self-signed", "give it with %(ca)s"),
    19: ("the certificate chain of %(where)s ends in an unknown self-signed CA", _GIVE_CA),
    20: ("the certificate of %(where)s is of an unknown CA", _GIVE_CA),
    21: ("the certificate of %(where)s is of an unknown CA", _GIVE_CA),
    62: ("the certificate of %(where)s is for another name", _RIGHT_NAME),
    64: ("the certificate of %(where)s is for another address", _RIGHT_NAME),
}

# Words in OpenSSL's reason for a failed handshake; the first that fits tells.
_HANDSHAKES = (
    (
        ("wrong version", "http request"),
        "%(where)s does not speak TLS",
        "see whether this is the port of the web front end",
    ),
    (
        ("version", "protocol"),
        "%(where)s offers no TLS version that is safe (%(reason)s)",
        "let it offer TLS 1.2 or newer",
    ),
    (
        ("certificate required", "alert"),
        "%(where)s ended the TLS handshake (%(reason)s)",
        "see whether it wants a client certificate (%(client_cert)s)",
    ),
)

STANDARD: Tuple[Kind, ...] = (
    (ssl.SSLEOFError, _eof),
    # The same, in the words of some builds of Python.
    (ssl.SSLZeroReturnError, _eof),
    (ssl.SSLError, _tls),
    (socket.gaierror, resolve),
    # A name that cannot even be written down for the resolver.
    (UnicodeError, resolve),
    (ConnectionRefusedError, _refused),
    (http.client.IncompleteRead, broken_off),
    (zlib.error, undecodable),
    (TooLarge, too_large),
    (ConnectionResetError, _reset),
    (BrokenPipeError, _reset),
    (socket.timeout, timeout),
    (http.client.HTTPException, not_http),
    (OSError, _os),
)
_CONNECTING = (resolve, _refused, _os)
