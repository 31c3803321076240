# SPDX-License-Identifier: BSD-2-Clause
"""The answer of a living API, asked over HTTPS with requests."""

import os
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3
import urllib3.connection
from wabiz_monitoring import __version__
from wabiz_monitoring._core.body import ACCEPTED
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deadline import Deadline
from wabiz_monitoring._core.exchange import exchange
from wabiz_monitoring._core.http import Reply, Request
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._core.session import Credentials, Keeper, ask_timed
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring._edge.proxies import Proxy, proxy_for
from wabiz_monitoring._edge.tls import Names, Tls, context
from wabiz_monitoring._edge.wire import Reader, Reading

from . import Answer
from .failure import explain

NAMES = Names("--ca-file", "--client-cert", "--client-key")


class _Adapter(requests.adapters.HTTPAdapter):
    """Connections under our own TLS context and by way of our own proxy, whose answers we read ourselves."""

    def __init__(self, scheme: str, tls: Tls, proxy: Proxy | None, files: Files) -> None:
        self.reading = Reading()
        self._context = context(tls, NAMES, files)
        self._proxy = proxy
        pools, connections = _KINDS[scheme]
        connection = type("Connection", (Reader, connections), {"reading": self.reading})
        self._pools = {scheme: type("Pool", (pools,), {"ConnectionCls": connection})}
        # One connection at a time, to one place.
        super().__init__(1, 1)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        return dict(self._proxy.headers) if self._proxy else {}

    def cert_verify(self, *args: Any) -> None:
        """The context knows what to trust; requests would add its own bundle to it."""


_KINDS = {
    "http": (urllib3.HTTPConnectionPool, urllib3.connection.HTTPConnection),
    "https": (urllib3.HTTPSConnectionPool, urllib3.connection.HTTPSConnection),
}


class Api:
    """One API under one address."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        tls: Tls,
        headers: dict[str, str],
        files: Files,
        place: Redaction,
        keeper: Keeper | None = None,
    ) -> None:
        """`url` is the part before `/v1`; `headers` go along with every request, to this address only.

        `files` read those of `tls`. `place` is where what comes back is shown; it learns each secret before that is
        sent: tokens are not known before the run.
        Raises Misuse when a certificate file, or the proxy of the environment, cannot be used.
        """
        parts = urlsplit(url)
        proxy = proxy_for(url, os.environ)
        self._url = url
        self._where = place.foreign(parts.netloc)
        self._credentials = credentials
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED,
            "Connection": "close",
            "User-Agent": f"wabiz-monitoring/{__version__}",
            **headers,
        }
        self._keeper = keeper
        self._place = place
        self._verify = not tls.insecure
        self._proxies = {parts.scheme: f"http://{proxy.place}"} if proxy else {}
        self._adapter = _Adapter(parts.scheme, tls, proxy, files)

    def fetch(self, deadline: Deadline) -> Answer:
        """The answer of `GET /v1/support`, logging in as needed. Raises Trouble when there is none."""

        def send(request: Request) -> Reply:
            self._place.learn(request.headers.get("Authorization", "").partition(" ")[2])
            return exchange(request, deadline, self._send, self._explain)

        return Answer(*ask_timed(send, self._credentials, self._place, self._keeper))

    def _send(self, request: Request, deadline: Deadline) -> Reply:
        headers = {**self._headers, **request.headers}
        # Not by a session: that would read the bodies of redirects, and take part in ~/.netrc and in bundles of CAs.
        made = requests.Request(request.method, self._url + request.path, headers=headers).prepare()
        self._adapter.reading.expect(deadline, request)
        response = self._adapter.send(
            made, stream=True, timeout=deadline.patience(), verify=self._verify, proxies=self._proxies
        )
        response.raw.release_conn()
        return self._adapter.reading.reply

    def _explain(self, error: Exception) -> Trouble:
        return explain(error, self._where, self._place, bool(self._proxies))
