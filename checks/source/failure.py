# SPDX-License-Identifier: BSD-2-Clause
"""What went wrong on the way to the API, told so that the reader knows what to do."""

import errno
import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3
from wabiz_monitoring.core.catalogue import Trouble
from wabiz_monitoring.core.text import clean

from .tls import explain as explain_tls

_BROKEN_OFF = "a proxy or the front end cut it short: look at their logs"


def explain(error: Exception, where: str) -> Trouble:
    """The trouble behind an exception of requests while it talked to `where` (clean text)."""
    causes = list(_causes(error))
    for cause in causes:
        for kind, tell in _KINDS:
            if isinstance(cause, kind):
                return tell(cause, where)
    return Trouble("unreachable", f"{where} could not be asked: {clean(type(error).__name__)}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    # requests and urllib3 hand the real cause on in four ways; the innermost says most, so it comes first.
    inner = [*error.args, getattr(error, "reason", None), getattr(error, "original_error", None), error.__cause__]
    for cause in inner:
        if isinstance(cause, BaseException) and cause is not error:
            yield from _causes(cause)
    yield error


def _proxy(error: BaseException, where: str) -> Trouble:
    told = " ".join(str(cause) for cause in _causes(error))
    if "407" in told:
        return Trouble("unreachable", f"the proxy on the way to {where} wants a password (HTTP 407)", _PROXY_REMEDY)
    return Trouble(
        "unreachable",
        f"the proxy on the way to {where} failed: {clean(error.args[0] if error.args else '')}",
        _PROXY_REMEDY,
    )


_PROXY_REMEDY = "the proxy comes from https_proxy in the environment: put it right, or name the host in no_proxy"


def _refused(error: BaseException, where: str) -> Trouble:
    return Trouble(
        "unreachable", f"{where} refuses connections", "see whether the web front end runs and listens on this port"
    )


def _resolve(error: BaseException, where: str) -> Trouble:
    return Trouble(
        "unreachable",
        f"the name in {where} cannot be resolved",
        "see whether the name is right and the resolver answers",
    )


def _broken_off(error: BaseException, where: str) -> Trouble:
    return Trouble("invalid", f"the answer of {where} breaks off", _BROKEN_OFF)


def _undecodable(error: BaseException, where: str) -> Trouble:
    return Trouble("invalid", f"the answer of {where} cannot be unpacked", _BROKEN_OFF)


def _reset(error: BaseException, where: str) -> Trouble:
    return Trouble(
        "unreachable",
        f"{where} closed the connection without an answer",
        "look at the log of the web front end, or of a proxy before it",
    )


def _timeout(error: BaseException, where: str) -> Trouble:
    return Trouble("timeout", f"no answer from {where} in time")


def _os(error: BaseException, where: str) -> Trouble:
    assert isinstance(error, OSError)
    if error.errno in (errno.ETIMEDOUT,):
        return _timeout(error, where)
    return Trouble("unreachable", f"no connection to {where}: {clean(error.strerror or type(error).__name__)}")


def _http(error: BaseException, where: str) -> Trouble:
    return Trouble("invalid", f"what {where} sends is no HTTP", "see what listens on this port")


# The first kind that an exception in the chain is of tells the story.
_KINDS = (
    (requests.exceptions.ProxyError, _proxy),
    (urllib3.exceptions.ProxyError, _proxy),
    (ssl.SSLError, lambda error, where: explain_tls(error, where)),
    (urllib3.exceptions.NameResolutionError, _resolve),
    (socket.gaierror, _resolve),
    (ConnectionRefusedError, _refused),
    (urllib3.exceptions.IncompleteRead, _broken_off),
    (urllib3.exceptions.DecodeError, _undecodable),
    (requests.exceptions.ContentDecodingError, _undecodable),
    (ConnectionResetError, _reset),
    (BrokenPipeError, _reset),
    (urllib3.exceptions.TimeoutError, _timeout),
    (requests.exceptions.Timeout, _timeout),
    (TimeoutError, _timeout),
    (requests.exceptions.ChunkedEncodingError, _broken_off),
    (urllib3.exceptions.HTTPError, lambda error, where: _http(error, where)),
    (OSError, _os),
)
