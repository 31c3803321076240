# SPDX-License-Identifier: BSD-2-Clause
"""A proxy for HTTPS that does its work, or one of the things that proxies do instead."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import final

from listener import Listener, head

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n"

ANSWERS = {
    "tunnels": ESTABLISHED + b"\r\n",
    "wants a password": b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
    "refuses": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    "finds nobody": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "says nothing": b"",
    "hangs up": b"",
    "speaks no HTTP": b"220 mail.example ESMTP\r\n",
    "redirects": b"HTTP/1.1 302 Found\r\nLocation: https://[::1/\r\nContent-Length: 0\r\n\r\n",
    "says more than it was asked": ESTABLISHED + b"\r\n" + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "speaks another protocol": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
}
"""What it says to whoever wants a tunnel."""

ENDLESS = {
    "answers without end": (ESTABLISHED + b"\r\n", b"x"),
    "refuses without end": (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 999999999999\r\n\r\n", b"x"),
    "refuses in chunks without end": (
        b"HTTP/1.1 407 Proxy Authentication Required\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\nx\r\n",
    ),
    "has a status line without end": (b"HTTP/1.1 200 ", b"x"),
    "has a header without end": (ESTABLISHED + b"X: ", b"x"),
    "has headers without end": (ESTABLISHED, b"X: x\r\n"),
    "has interim answers without end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}
"""What it says first, and then again and again."""

DRIPS = ESTABLISHED + b"X: " + b"x" * 1000


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
        if self._way in ENDLESS:
            first, again = ENDLESS[self._way]
            connection.sendall(first)
            while not self.over.is_set():
                connection.sendall(again * 4096)
        elif self._way == "drips":
            for byte in DRIPS:
                if not self.over.wait(0.2):
                    connection.sendall(bytes([byte]))
        else:
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
