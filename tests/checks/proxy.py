# SPDX-License-Identifier: BSD-2-Clause
"""A proxy for HTTPS that does its work, or one of the things that proxies do instead."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import final

from listener import Listener, head

ANSWERS = {
    "tunnels": b"HTTP/1.1 200 Connection established\r\n\r\n",
    "wants a password": b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
    "refuses": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    "finds nobody": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "says nothing": b"",
    "hangs up": b"",
}


@final
class Proxy(Listener):
    """A proxy that does its work, or what its ``way`` says.

    ``asked`` holds the heads of the requests to itself, ``passed_on`` what each client then first said to the server.
    """

    def __init__(self, way: str = "tunnels") -> None:
        super().__init__()
        self.asked: list[str] = []
        self.passed_on: list[bytes] = []
        self._way = way

    def serve(self, connection: socket.socket) -> None:
        """Answer the request for a tunnel, and be one."""
        asked, _rest = head(connection)
        self.asked.append(f"{asked}\r\n\r\n")
        connection.sendall(ANSWERS[self._way])
        if self._way == "tunnels":
            self._tunnel(connection, asked.split()[1])
        elif self._way == "says nothing":
            while connection.recv(65536):
                pass

    def _tunnel(self, client: socket.socket, where: str) -> None:
        host, _colon, port = where.partition(":")
        with socket.create_connection((host, int(port))) as server:
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            first = client.recv(65536)
            self.passed_on.append(first)
            server.sendall(first)
            _pump(client, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    # A reset on one side is an end on the other.
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
