# SPDX-License-Identifier: BSD-2-Clause
"""Raw answers through the real client libraries: requests as the checks use it, and http.client as the modules do.

What is sent and received goes through memory in place of sockets; all else is as ever. An input is a byte that says how
it is served, then the answers to one request after another, with `NEXT` between them.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import urllib3.util.connection
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deadline import Deadline
from wabiz_monitoring._core.exchange import exchange
from wabiz_monitoring._core.failure import Way, explain
from wabiz_monitoring._core.http import Reply, Request
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._core.session import Credentials, ask_timed
from wabiz_monitoring._core.text import say
from wabiz_monitoring._edge import wire
from wabiz_monitoring._edge.client import Client
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring._edge.proxies import Proxy, proxy_for
from wabiz_monitoring._edge.tls import Tls
from wabiz_monitoring.source import api

NEXT = b"\xfe\xfd"
"""Between answers; not even a hostile server is less hostile for never sending it."""

LOGS_IN, BY_PROXY, WITHOUT_END = 1, 2, 4
PIECES = (1 << 16, 1, 7, 1000)
"""Bytes that come in at once, by two more bits."""

MOST = 2 * wire.MOST_OF_HEAD + wire.MOST_OF_BODY + (1 << 18)
"""Bytes that may be read of one answer: head, body and trailers, and what lies ready with them."""

PROXY = proxy_for("https://wa.example", {"https_proxy": "http://me:password@proxy.example:3128"})


class Served(NamedTuple):
    """How an input is served."""

    answers: list[bytes]
    logs_in: bool
    by_proxy: bool
    without_end: bool
    """Whether the last answer goes on with its last byte."""
    piece: int


def served(data: bytes) -> Served:
    """What an input says."""
    way, answers = data[:1] or b"\0", data[1:].split(NEXT)
    flags = way[0]
    without_end = bool(flags & WITHOUT_END)
    piece = PIECES[0] if without_end else PIECES[flags >> 3 & 3]
    return Served(answers, bool(flags & LOGS_IN), bool(flags & BY_PROXY), without_end, piece)


class Server:
    """Gives out the answers, to whoever asks."""

    def __init__(self, how: Served) -> None:
        self.how = how
        self.asked = 0
        self.given = 0

    def next(self) -> bytes:
        """The next answer; none after the last."""
        self.asked += 1
        return self.how.answers[self.asked - 1] if self.asked <= len(self.how.answers) else b""

    def more(self) -> bytes:
        """What comes when an answer is over."""
        last = self.how.answers[-1][-1:]
        return last * self.how.piece if self.how.without_end and self.asked >= len(self.how.answers) else b""


_IDLE = socket.socketpair()[0]
"""Nothing ever comes in here: so a connection looks that is kept."""


class Memory:
    """A connection to the server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._held = b""

    def sendall(self, data: bytes) -> None:
        """Take a request; each begins anew, for neither library sends one in pieces."""
        self._held += self._server.next()

    def recv(self, most: int) -> bytes:
        """Some bytes."""
        held = self._held or self._server.more()
        taken = held[: min(most, self._server.how.piece)]
        self._held = held[len(taken) :] if self._held else b""
        self._server.given += len(taken)
        if self._server.given > MOST * max(self._server.asked, 1):
            raise AssertionError(f"{self._server.given} bytes of {self._server.asked} answers were read")
        return taken

    def fileno(self) -> int:
        """Where it is asked whether something lies ready."""
        return _IDLE.fileno()

    def settimeout(self, seconds: float) -> None:
        """Nobody waits here."""

    def setsockopt(self, *option: object) -> None:
        """There is none."""

    def close(self) -> None:
        """The end."""


class Open(ssl.SSLContext):
    """TLS that encrypts nothing: behind a proxy there has to be some."""

    def wrap_socket(self, sock: Any, *args: Any, **options: Any) -> Any:
        """The connection as it is."""
        return sock


_OPEN = Open(ssl.PROTOCOL_TLS_CLIENT)
_OPEN.check_hostname = False
_OPEN.verify_mode = ssl.CERT_NONE

Outcome = tuple[str, ...]


_serving: list[Server] = []
"""Whoever is connected to; the last one counts."""


@contextmanager
def in_memory() -> Iterator[None]:
    """All connections are to the server that serves, while the block runs."""

    def connect(*args: object, **options: object) -> Memory:
        return Memory(_serving[-1])

    with (
        patch.object(socket, "create_connection", connect),
        patch.object(urllib3.util.connection, "create_connection", connect),
        patch.object(api, "context", lambda *args: _OPEN),
        patch.object(api, "proxy_for", lambda url, environment: _proxy(_serving[-1].how)),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


def _proxy(how: Served) -> Proxy | None:
    return PROXY if how.by_proxy else None


def _outcome(work: Callable[[], bytes]) -> Outcome:
    try:
        return "answer", repr(work())
    except Trouble as trouble:
        return trouble.problem, str(trouble.text)


def _url(how: Served) -> str:
    return "https://wa.example:9090" if how.by_proxy else "http://wa.example:9090"


def _credentials(how: Served) -> Credentials:
    return Credentials("monitor", "a-password") if how.logs_in else Credentials(token="a-token")


def as_checks_do(server: Server) -> Outcome:
    """By way of requests."""
    how = server.how
    one = api.Api(_url(how), _credentials(how), Tls(insecure=True), {}, Files(), Redaction())
    return _outcome(lambda: one.fetch(Deadline(3600)).body)


def as_modules_do(server: Server) -> Outcome:
    """By way of the standard library."""
    how, place = server.how, Redaction()
    client = Client(_url(how), {"Accept-Encoding": "gzip"}, _OPEN, _proxy(how))
    where = place.foreign("wa.example:9090")
    way = Way(where, place, say("url"), say("ca_path"), say("client_cert"), say("no_proxy"), how.by_proxy)
    deadline = Deadline(3600)

    def send(request: Request) -> Reply:
        # As the checks do, and modules: what a server repeats of it is shown by neither.
        place.learn(request.headers.get("Authorization", "").partition(" ")[2])
        return exchange(request, deadline, client.send, lambda error: explain(error, way))

    return _outcome(lambda: ask_timed(send, _credentials(how), place)[0])


def outcome(data: bytes) -> Outcome:
    """What an input comes to, to both: a body or a Trouble."""
    outcomes = []
    for ask in (as_checks_do, as_modules_do):
        _serving[:] = [Server(served(data))]
        outcomes.append(ask(_serving[-1]))
    if outcomes[0] != outcomes[1]:
        raise AssertionError(f"checks: {outcomes[0]!r:.300}, modules: {outcomes[1]!r:.300}")
    return outcomes[0]


def response(data: bytes) -> None:
    """Whatever is answered is a body or a Trouble, the same to both, and of no more bytes than are allowed."""
    outcome(data)
