# SPDX-License-Identifier: BSD-2-Clause
"""What the exceptions of requests and urllib3 mean; those of the standard library are the domain's."""

import requests
import urllib3
from wabiz_monitoring._core import failure
from wabiz_monitoring._core.catalogue import Trouble


def explain(error: Exception, where: str, proxied: bool) -> Trouble:
    """The trouble behind an exception of requests while it talked to `where` (clean text)."""
    return failure.explain(error, _WAY._replace(where=where, proxied=proxied), _KINDS)


_WAY = failure.Way(
    where="",
    address="-H or --url",
    ca="--ca-file",
    client_cert="--client-cert",
    no_proxy="name the host in no_proxy",
)

_KINDS: tuple[failure.Kind, ...] = (
    (urllib3.exceptions.NameResolutionError, failure.resolve),
    # What urllib3 makes of a name that cannot even be written down for the resolver.
    (urllib3.exceptions.LocationParseError, failure.resolve),
    (requests.exceptions.InvalidURL, failure.resolve),
    (urllib3.exceptions.TimeoutError, failure.timeout),
    (requests.exceptions.Timeout, failure.timeout),
    (urllib3.exceptions.HTTPError, failure.not_http),
    *failure.STANDARD,
)
