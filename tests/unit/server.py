# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A server on a free port of the loopback interface that answers each request as a test says."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

SUPPORT: dict[str, Any] = {
    "context": "healthcheck",
    "debug_info": "12025550143",
    "device_iso8601": "2018-06-01T00:00:00",
    "env": ["WA_DB_PASSWORD=marked-env-secret"],
    "expire_timestamp": "2018-09-27T14:26:07",
    "free_space_data": 51539607552,
    "free_space_logs": 9223372036853727000,
    "socket_conn": "UP",
    "version": "2.45.1",
}
TOKEN = "token-given-out"


def answer(body: Any, status: int = 200, headers: str = "", length: int | None = None) -> bytes:
    """One whole answer; `body` is bytes or becomes JSON. `headers` are further lines, each with its line end."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode("ascii")
    announced = len(content) if length is None else length
    head = f"HTTP/1.1 {status} Said\r\nConnection: close\r\n{headers}Content-Length: {announced}\r\n\r\n"
    return head.encode("ascii") + content


def chunked(*parts: bytes, headers: str = "") -> bytes:
    """One answer in chunks, without the last, empty one unless it is given."""
    head = f"HTTP/1.1 200 Said\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{headers}\r\n"
    return head.encode("ascii") + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


class Server:
    """What a running server knows."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.port = int(url.rpartition(":")[2])
        self.heads: list[str] = []
        """The head of each request, as it came."""
        self.over = threading.Event()
        """Set when the test is over: whoever stalls waits for it."""

    @property
    def lines(self) -> list[str]:
        """The first line of each request, without the protocol."""
        return [head.partition(" HTTP/")[0] for head in self.heads]


Answer = Callable[[Server, str], Iterable[bytes]]
"""The parts of the answer to a request, which is given by its head."""


def api(support: Any = None, login: Answer | None = None) -> Answer:
    """An API that gives out one token and answers with `support` (a body, or the fields) to whoever shows it."""

    def told(server: Server, head: str) -> Iterable[bytes]:
        if head.startswith("POST /v1/users/login "):
            return login(server, head) if login else [answer({"users": [{"token": TOKEN}]})]
        if f"\r\nAuthorization: Bearer {TOKEN}\r\n" not in head:
            return [answer(b"", 401)]
        if head.startswith("POST /v1/users/logout "):
            return [answer({})]
        if isinstance(support, bytes):
            return [support]
        return [answer({"support": SUPPORT if support is None else support, "meta": {"version": "v2.45.1"}})]

    return told


@contextmanager
def serve(told: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A running server, over TLS if there is a context for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = Server(f"{'https' if tls else 'http'}://localhost:{port}")
        thread = threading.Thread(target=_accept, args=(listener, server, told, tls))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listener: socket.socket, server: Server, told: Answer, tls: ssl.SSLContext | None) -> None:
    threads = []
    while not server.over.is_set():
        try:
            connection = listener.accept()[0]
        except OSError:
            break
        threads.append(threading.Thread(target=_answer, args=(connection, server, told, tls)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _answer(connection: socket.socket, server: Server, told: Answer, tls: ssl.SSLContext | None) -> None:
    connection.settimeout(10)
    # Whoever asks may well not like the certificate, or not wait for the end.
    with suppress(OSError), connection:
        secured = tls.wrap_socket(connection, server_side=True) if tls else connection
        with secured:
            head = b""
            while b"\r\n\r\n" not in head:
                part = secured.recv(65536)
                if not part:
                    return
                head += part
                if head.startswith(b"\x16"):
                    # A client that greets in TLS gets what web servers say to that.
                    secured.sendall(answer(b"", 400))
                    return
            server.heads.append(head.decode("ascii"))
            for part in told(server, server.heads[-1]):
                secured.sendall(part)


def collections() -> str:
    """The folder in which `ansible_collections` lies."""
    return os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 5))
