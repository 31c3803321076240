# SPDX-License-Identifier: BSD-2-Clause
"""A proxy for HTTPS that does its work, or one of the things that proxies do instead."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import final

ANSWERS = {
    "tunnels": b"HTTP/1.1 200 Connection established\r\n\r\n",
    "wants a password": b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
    "refuses": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    "finds nobody": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "says nothing": b"",
    "hangs up": b"",
}


@final
class Proxy:
    """A proxy on a free port of the loopback interface.

    ``asked`` holds the heads of the requests to itself, ``passed_on`` what each client then first said to the server.
    """

    def __init__(self, way: str = "tunnels") -> None:
        self.asked: list[str] = []
        self.passed_on: list[bytes] = []
        self._way = way
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while not self._over.is_set():
                connection, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65536)
                if not more:
                    return
                head += more
            self.asked.append(head.decode("latin-1"))
            client.sendall(ANSWERS[self._way])
            if self._way == "tunnels":
                host, _colon, port = head.split()[1].decode().partition(":")
                with socket.create_connection((host, int(port))) as server:
                    back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                    back.start()
                    first = client.recv(65536)
                    self.passed_on.append(first)
                    server.sendall(first)
                    _pump(client, server)
                    back.join()
            elif self._way == "says nothing":
                while client.recv(65536):
                    pass


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    # A reset on one side is an end on the other.
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
