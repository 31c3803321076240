# SPDX-License-Identifier: BSD-2-Clause
"""What the exceptions of requests and urllib3 mean; those of the standard library are the domain's."""

import requests
import urllib3
from wabiz_monitoring._core import failure
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.text import Foreign, Place, say


def explain(error: Exception, where: Foreign, place: Place, proxied: bool) -> Trouble:
    """The trouble behind an exception of requests while it talked to `where`; what it says itself goes to `place`."""
    way = failure.Way(
        where=where,
        place=place,
        address=say("-H or --url"),
        ca=say("--ca-file"),
        client_cert=say("--client-cert"),
        no_proxy=say("name the host in no_proxy"),
        proxied=proxied,
    )
    return failure.explain(error, way, _KINDS)


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
