# SPDX-License-Identifier: BSD-2-Clause
"""What the exceptions of requests and urllib3 mean; those of the standard library are the domain's."""

import requests
import urllib3
from wabiz_monitoring._core import failure
from wabiz_monitoring._core.catalogue import Trouble


def explain(error: Exception, where: str) -> Trouble:
    """The trouble behind an exception of requests while it talked to `where` (clean text)."""
    proxied = any(isinstance(cause, _PROXY) for cause in failure.causes(error))
    return failure.explain(error, _WAY._replace(where=where, proxied=proxied), _KINDS)


def _protocol(error: BaseException, way: failure.Way) -> Trouble:
    # urllib3 has no kind of its own for chunks that end before their end.
    return (failure.broken_off if "ended prematurely" in str(error) else failure.not_http)(error, way)


_WAY = failure.Way(
    where="",
    address="-H or --url",
    ca="--ca-file",
    client_cert="--client-cert",
    no_proxy="name the host in no_proxy",
)
_PROXY = (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)

_KINDS: tuple[failure.Kind, ...] = (
    (urllib3.exceptions.NameResolutionError, failure.resolve),
    # What urllib3 makes of a name that cannot even be written down for the resolver.
    (urllib3.exceptions.LocationParseError, failure.resolve),
    (requests.exceptions.InvalidURL, failure.resolve),
    (urllib3.exceptions.IncompleteRead, failure.broken_off),
    (urllib3.exceptions.DecodeError, failure.undecodable),
    (requests.exceptions.ContentDecodingError, failure.undecodable),
    (urllib3.exceptions.TimeoutError, failure.timeout),
    (requests.exceptions.Timeout, failure.timeout),
    (requests.exceptions.ChunkedEncodingError, failure.broken_off),
    (urllib3.exceptions.ProtocolError, _protocol),
    (urllib3.exceptions.HTTPError, failure.not_http),
    *failure.STANDARD,
)
