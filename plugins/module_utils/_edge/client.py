# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How modules ask: with nothing but the standard library, which is on every host that they run on."""

from __future__ import annotations

import ssl
from contextlib import closing
from typing import Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

from .._core.deadline import Deadline
from .._core.http import Reply, Request
from .proxies import Proxy
from .wire import Reader, Reading


class Client(NamedTuple):
    """Who is asked, and how."""

    url: str
    """The part before `/v1`."""
    headers: Mapping[str, str]
    context: ssl.SSLContext
    proxy: Optional[Proxy] = None

    def send(self, request: Request, deadline: Deadline) -> Reply:
        """The answer to a request, on a connection of its own. Raises whatever the standard library does."""
        parts = urlsplit(self.url)
        secured = parts.scheme == "https"
        target = parts.path + request.path
        headers = {"Connection": "close", **self.headers, **request.headers}
        host, port = parts.hostname or "", parts.port or (443 if secured else 80)
        if self.proxy is None:
            connection = Connection(host, port, timeout=deadline.patience())
        else:
            connection = Connection(self.proxy.host, self.proxy.port, timeout=deadline.patience())
            if secured:
                connection.set_tunnel(host, port, dict(self.proxy.headers))
            else:
                target, headers = self.url + request.path, {**headers, **self.proxy.headers}
        if secured:
            connection.secure(self.context, host)
        connection.reading.expect(deadline, request)
        with closing(connection):
            connection.request(request.method, target, headers=headers)
            connection.getresponse()
        return connection.reading.reply


class Connection(Reader):
    """A connection to the API, or to a proxy that passes everything on to it."""

    _context: Optional[ssl.SSLContext] = None
    _name = ""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self.reading = Reading()

    def secure(self, context: ssl.SSLContext, name: str) -> None:
        """Speak TLS with whoever has this name, or address."""
        # Certificates name neither the root of all names nor the zone of an address.
        self._context, self._name = context, name.rstrip(".").partition("%")[0]

    def connect(self) -> None:
        """Connect, by way of the proxy if there is one."""
        super().connect()
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)
