# SPDX-License-Identifier: BSD-2-Clause
"""The answer of a living API, asked over HTTPS with requests."""

import http.client
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3
from wabiz_monitoring import __version__
from wabiz_monitoring._core import body
from wabiz_monitoring._core.deadline import Deadline
from wabiz_monitoring._core.failure import functions
from wabiz_monitoring._core.http import FAREWELL, Reply, Request
from wabiz_monitoring._core.session import Credentials, Keeper, ask_timed
from wabiz_monitoring._core.text import clean

from . import Answer
from .failure import explain
from .tls import Tls, context

_CHUNK = 65536
_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    zlib.error,
)


class _Adapter(requests.adapters.HTTPAdapter):
    """Connections under our own TLS context."""

    def __init__(self, tls: Tls) -> None:
        self._context = context(tls)
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **options)

    def cert_verify(self, *args: Any) -> None:
        """The context knows what to trust; requests would add its own bundle to it."""


class Api:
    """One API under one address."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        tls: Tls,
        headers: dict[str, str],
        keeper: Keeper | None = None,
        sends: Callable[[str], object] = lambda secret: None,
    ) -> None:
        """`url` is the part before `/v1`; `headers` go along with every request, to this address only.

        `sends` is told each secret before it is sent: tokens are not known before the run.
        Raises Misuse, with a sentence for the user, when a certificate file cannot be used.
        """
        self._url = url
        self._where = clean(urlsplit(url).netloc)
        self._credentials = credentials
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": body.ACCEPTED,
            "User-Agent": f"wabiz-monitoring/{__version__}",
            **headers,
        }
        self._keeper = keeper
        self._sends = sends
        self._verify = not tls.insecure
        self._session = requests.Session()
        self._session.mount("https://", _Adapter(tls))

    def fetch(self, deadline: Deadline) -> Answer:
        """The answer of `GET /v1/support`, logging in as needed. Raises Trouble when there is none."""
        return Answer(*ask_timed(lambda request: self._send(request, deadline), self._credentials, self._keeper))

    def _send(self, request: Request, deadline: Deadline) -> Reply:
        # Prepared without the session: that way neither ~/.netrc nor a CA bundle of the environment takes part, while
        # the proxies of the environment still do.
        request_made = requests.Request(
            request.method, self._url + request.path, headers={**self._headers, **request.headers}
        )
        self._sends(request.headers.get("Authorization", "").partition(" ")[2])
        # What nobody waits for must not use up the time: the answer is there already.
        left = min(deadline.left() / 2, FAREWELL) if request.farewell else deadline.patience()
        try:
            with self._session.send(
                request_made.prepare(), stream=True, timeout=left, allow_redirects=False, verify=self._verify
            ) as response:
                content = b"" if request.farewell else self._body(response, deadline)
                return Reply(response.status_code, content, response.headers.get("Location", ""))
        except _FAILURES as error:
            if deadline.over:
                raise deadline.trouble(functions(error)) from error
            raise explain(error, self._where) from error

    def _body(self, response: requests.Response, deadline: Deadline) -> bytes:
        def chunks() -> Iterator[bytes]:
            for chunk in response.raw.stream(_CHUNK, decode_content=False):
                yield chunk
                deadline.left()

        return body.gather(chunks(), response.headers.get("Content-Encoding", ""))
