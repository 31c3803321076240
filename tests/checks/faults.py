# SPDX-License-Identifier: BSD-2-Clause
"""A server that does things wrong, on raw sockets: each fault has a name, a place where it strikes and a way to act.

Whatever a fault does not touch works as in the product: login, logout, and a healthy answer.
"""

from __future__ import annotations

import base64
import functools
import gzip
import json
import socket
import ssl
import struct
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple, final

import documents
import trustme
from listener import Listener, head
from wabiz_monitoring._core.deployment import MOST_NODES

LOGIN = "/v1/users/login"
LOGOUT = "/v1/users/logout"
SUPPORT = "/v1/support"
CONNECTION = "the connection, before TLS"
HANDSHAKE = "the connection, within TLS"
EACH = "each request"

TOKEN = "marked-token-of-the-server"
ENDLESS_TOKEN = "x" * 20_000
STALE = "marked-token-gone-stale"
"""A token that the server does not know (any more)."""

FAR = "2199-01-01T00:00:00"
"""When a build expires whose life is nobody's concern."""


class Received(NamedTuple):
    """A request as it came in; the names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


class Wire:
    """One connection to a client."""

    def __init__(self, connection: socket.socket, over: threading.Event) -> None:
        self.connection = connection
        self.request = Received("", "", {})
        self.last = False
        self.over = over

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer that is whole."""
        told = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        if self.last:
            told["Connection"] = "close"
        lines = [f"HTTP/1.1 {status} Reason", *(f"{name.replace('_', '-')}: {value}" for name, value in told.items())]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def error(self, status: int, code: int, title: str, details: str | None = None) -> None:
        """Send an error in the API's own envelope."""
        one = {"code": code, "title": title, **({} if details is None else {"details": details})}
        self.answer(status, json.dumps({"errors": [one], "meta": documents.META}).encode())

    def wait(self, seconds: float = 3600) -> None:
        """Say nothing for a while, or until the client or the server is gone."""
        end = threading.Event()

        def watch() -> None:
            with suppress(OSError):
                while self.connection.recv(65536):
                    pass
            end.set()

        threading.Thread(target=watch, daemon=True).start()
        waited = 0.0
        while waited < seconds and not end.wait(0.05) and not self.over.is_set():
            waited += 0.05

    def drip(self, data: bytes, pause: float = 0.2) -> None:
        """Send a byte at a time, until the server ends."""
        for byte in data:
            if self.over.wait(pause):
                return
            self.send(bytes([byte]))

    def reset(self) -> None:
        """Break the connection off so that the client sees a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Act = Callable[[Wire], None]


class Fault(NamedTuple):
    """A thing that is wrong: where it strikes, and what it does there."""

    strikes: str
    act: Act


def whole(**differing: Any) -> bytes:
    """A healthy answer of this moment, with some fields different."""
    return documents.single(**{**_fresh(), **differing})


def _fresh() -> dict[str, str]:
    return {"device_iso8601": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S}", "expire_timestamp": FAR}


def usual(wire: Wire) -> None:
    """Answer as the product does."""
    path = wire.request.path
    if path == LOGIN:
        wire.answer(200, json.dumps({"users": [{"token": TOKEN}], "meta": documents.META}).encode())
    elif path == SUPPORT:
        wire.answer(200, whole())
    elif path == LOGOUT:
        wire.answer(200, b'{"meta": {}}')
    else:
        wire.error(404, 1006, "Resource not found")


def _slowly(wire: Wire) -> None:
    # Each step is within the limit of the tests, two of them are not.
    if not wire.over.wait(0.7):
        usual(wire)


def _once(wire: Wire) -> None:
    if wire.request.headers.get("authorization") == f"Bearer {TOKEN}":
        usual(wire)
    else:
        wire.error(401, 1005, "Access denied", "invalid token")


def _send(*data: bytes) -> Act:
    return lambda wire: wire.send(b"".join(data))


def _one_after_another(*acts: Act) -> Act:
    def act(wire: Wire) -> None:
        for one in acts:
            one(wire)

    return act


def _blurt(*data: bytes) -> Act:
    # What was not asked for is only read if the connection stays: closing it with something unread in it is a reset.
    return _one_after_another(_send(*data), Wire.wait)


def _head(length: int | None, more: str = "", status: int = 200) -> bytes:
    told = "" if length is None else f"Content-Length: {length}\r\n"
    return f"HTTP/1.1 {status} Reason\r\nContent-Type: application/json\r\n{told}{more}\r\n".encode()


def _redirect(status: int, host: str = "localhost", path: str = "/elsewhere") -> Act:
    return lambda wire: wire.answer(status, Location=f"https://{host}:{_own_port(wire)}{path}")


def _own_port(wire: Wire) -> int:
    port = wire.connection.getsockname()[1]
    assert isinstance(port, int)
    return port


def _echo(wire: Wire) -> None:
    told = " ".join(f"{name}={value}" for name, value in wire.request.headers.items() if name != "user-agent")
    wire.error(500, 1014, told[:70], wire.request.headers.get("authorization", ""))


def _said(wire: Wire) -> str:
    """What the client authorized itself with, made readable."""
    scheme, _space, said = wire.request.headers.get("authorization", "").partition(" ")
    return base64.b64decode(said).decode() if scheme == "Basic" else said


def _echo_in_full(wire: Wire) -> None:
    everything = " ".join(wire.request.headers.values())
    wire.error(500, 1014, _said(wire), _said(wire).partition(":")[2] or everything)


def _echo_cut(wire: Wire) -> None:
    # So that the limit of what is shown falls into the middle of it.
    wire.error(500, 1014, "x" * 60 + " " + _said(wire), "y" * 66 + _said(wire).partition(":")[2])


def _echo_in_a_page(wire: Wire) -> None:
    _html(200, f"Who is {_said(wire)}?")(wire)


def _echo_in_an_answer(wire: Wire) -> None:
    said = _said(wire)
    wire.answer(200, whole(socket_conn=said, expire_timestamp=said, version=said, free_space_logs=said))


def _echo_as_the_place(wire: Wire) -> None:
    wire.answer(302, Location=f"https://{_said(wire)}@wa.example/")


def _body(make: Callable[[], bytes], **headers: str) -> Act:
    return lambda wire: wire.answer(200, make(), **headers)


def _within(place: bytes, value: bytes) -> Act:
    """A healthy answer in which one value is other than JSON, or Python, would write it."""
    return _body(lambda: whole(**{place.decode(): "PLACE"}).replace(b'"PLACE"', value))


def _without_end(first: bytes, *again: bytes) -> Act:
    """Send the first, and then the others until the client has had enough."""
    piece = b"".join(again)
    many = piece * (65536 // len(piece) + 1)

    def act(wire: Wire) -> None:
        wire.send(first)
        while not wire.over.is_set():
            wire.send(many)

    return act


def _endless(status: int = 200, more: str = "") -> Act:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    return _without_end(_head(None, f"Transfer-Encoding: chunked\r\n{more}", status), chunk)


def _behind_a_size(size: bytes) -> Act:
    """A chunk of a size that is none, with as much behind it as anybody takes."""
    return _without_end(_CHUNKED + size + b"\r\n", b" ")


def _late(body: bytes) -> Act:
    """An answer that comes when the time is nearly up."""

    def act(wire: Wire) -> None:
        if not wire.over.wait(2.2):
            wire.answer(200, body)

    return act


def _twice(wire: Wire) -> None:
    body = whole()
    wire.send(_head(len(body), f"Content-Length: {len(body)}\r\n") + body)


def _to_whom_it_is_said(wire: Wire) -> None:
    wire.answer(302, Location=f"https://[{_said(wire)}]/")


@functools.cache
def _nodes(number: int) -> bytes:
    """A cluster that is too large to be one, but not too large to be judged; every name is as long as can be."""
    key = "node \u202e\x1b[2J|'=<b>" + "x" * 100
    node = documents.standby(device_iso8601="2018-06-01T00:00:00", version="v" * 100, socket_conn="D" * 100)
    odd = {name: value for name, value in node.items() if name in ("role", "shards", "version", "socket_conn")}
    return documents.cluster({f"{key}{at}:c{at}": odd for at in range(number)})


def _whole_nodes() -> bytes:
    """Fewer, but with all their fields."""
    more = {"env": [f"WA_SETTING_{number}=of a length that settings have" for number in range(24)], **_fresh()}
    return documents.cluster({f"wa{at}:c{at}": documents.standby(**more) for at in range(180)})


def _wrong_nodes() -> bytes:
    """Each with something else to say of every field; what is said of them all is many times the answer."""
    return documents.cluster({f"h{at}\u00e9{'w' * 70}:c{at}": _wrong_node(at) for at in range(MOST_NODES)})


def _wrong_node(at: int) -> dict[str, Any]:
    long = f"{at} \u00e9" + "w" * 70
    return documents.standby(
        **dict.fromkeys(("socket_conn", "version", "expire_timestamp", "device_iso8601"), long),
        **dict.fromkeys(("free_space_data", "free_space_logs"), -1 - at),
        **dict.fromkeys(("free_space_media_incoming", "free_space_media_outgoing"), f"{at} bytes"),
        **dict.fromkeys(("context", "description", "e2e", "lc", "lg", "os_name"), bool(at % 2)),
        role="coreapp" if at % 2 else f"master{at}",
        schema={f"a{at}": at, f"b{at}": 2, "axolotl": at},
        shards=[[at * 3, at * 3 + 1], [at * 3 + 10000, at * 3 + 10001]],
    )


def _much(letter: str, room: int, values: int) -> bytes:
    """An object of so many values, each with a name of so many digits and a letter."""
    names = (b'"%0*d%b"' % (room, at, letter.encode()) for at in range(values))
    return b"{" + b", ".join(name + b": 1" for name in names) + b"}"


def _many_entries() -> bytes:
    """A large cluster that is well, with as many entries in its fields as are believed."""
    names = {f"name-of-an-entry-{at}": f"and-its-value-{at}" for at in range(54)}
    lists = {name: list(names) for name in ("db_info", "env")}
    more = {"e2e": names, "schema": names, **lists, **_fresh()}
    return documents.cluster({key: {**node, **more} for key, node in documents.multiconnect(32).items()})


def _endless_shards() -> bytes:
    nodes = documents.high_availability().items()
    return documents.cluster(
        {key: {**node, **_fresh(), "shards": [[0, 10**18]] if node["shards"] else []} for key, node in nodes}
    )


def _html(status: int, title: str = "Welcome") -> Act:
    page = f"<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()
    return lambda wire: wire.answer(status, page, Content_Type="text/html")


_WHOLE = whole()
_CHUNKED = _head(None, "Transfer-Encoding: chunked\r\n")
_ELSEWHERE = "Location: https://wa.example/\r\n"
_LISTS = b'{"support": [' + (b"[" * 400 + b"]" * 400 + b",") * 10_450 + b"0]}"
_BOMB = gzip.compress(b" " * 64 * 2**20)
# Ten gigabytes, in kilobytes.
_BOMBS = gzip.compress(_BOMB * 160)

SIZES = ("-1", "-5", "+5", "0x5", "5_0", "5 5", " 5", "", "5\r", "\u0661", "ff" * 20)

KINDS: Mapping[str, Mapping[str, Fault]] = {
    "Nothing": {
        "healthy": Fault("", lambda wire: None),
    },
    "Network": {
        "says nothing": Fault(CONNECTION, Wire.wait),
        "closes at once": Fault(CONNECTION, lambda wire: wire.connection.close()),
        "resets at once": Fault(CONNECTION, Wire.reset),
        "speaks plain HTTP": Fault(CONNECTION, _blurt(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")),
        "speaks something else": Fault(CONNECTION, _blurt(b"SSH-2.0-OpenSSH_9.2p1\r\n")),
        "says nothing within TLS": Fault(HANDSHAKE, Wire.wait),
        "closes within TLS": Fault(HANDSHAKE, lambda wire: None),
        "speaks no HTTP": Fault(HANDSHAKE, _blurt(b"220 mail.example ESMTP\r\n")),
    },
    "TLS": {
        "ends the handshake": Fault(CONNECTION, _blurt(b"\x15\x03\x03\x00\x02\x02\x28")),
        "drips the handshake": Fault(
            CONNECTION, lambda wire: wire.drip(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(99))
        ),
    },
    "Login": {
        "login: empty 401": Fault(LOGIN, lambda wire: wire.answer(401)),
        "login: password must change": Fault(
            LOGIN, lambda wire: wire.error(401, 1024, "Change password", "first login")
        ),
        "login: 403": Fault(LOGIN, lambda wire: wire.error(403, 1005, "Access denied")),
        "login: locked out": Fault(LOGIN, lambda wire: wire.error(429, 1015, "Too many requests")),
        "login: 500": Fault(LOGIN, lambda wire: wire.error(500, 1023, "Database error", "gone away")),
        "login: a page": Fault(LOGIN, _html(200, "Sign in")),
        "login: no path": Fault(LOGIN, _html(404, "Not Found")),
        "login: redirect": Fault(LOGIN, _redirect(302)),
        "login: no token": Fault(LOGIN, lambda wire: wire.answer(200, b'{"users": []}')),
        "login: odd users": Fault(LOGIN, lambda wire: wire.answer(200, b'{"users": [7]}')),
        "login: forged token": Fault(
            LOGIN, lambda wire: wire.answer(200, b'{"users": [{"token": "a\\r\\nX-Evil: 1"}]}')
        ),
        "login: endless token": Fault(
            LOGIN, lambda wire: wire.answer(200, json.dumps({"users": [{"token": ENDLESS_TOKEN}]}).encode())
        ),
        "login: redirect with an endless body": Fault(LOGIN, _endless(302, _ELSEWHERE)),
        "login: redirect to half an address": Fault(LOGIN, lambda wire: wire.answer(302, Location="https://[::1/")),
        "login: redirect to the secret": Fault(LOGIN, _to_whom_it_is_said),
        "login: chunks without end": Fault(LOGIN, _endless()),
        "login: a chunk of size '-1'": Fault(LOGIN, _behind_a_size(b"-1")),
        "login: 401 with an endless body": Fault(LOGIN, _endless(401)),
        "login: cut": Fault(LOGIN, lambda wire: wire.answer(200, b'{"users": [{"tok')),
        "login: says nothing": Fault(LOGIN, Wire.wait),
        "login: echoes": Fault(LOGIN, _echo),
        "login: echoes in full": Fault(LOGIN, _echo_in_full),
        "login: echoes cut": Fault(LOGIN, _echo_cut),
        "login: echoes in a page": Fault(LOGIN, _echo_in_a_page),
    },
    "Logout": {
        "logout: 500": Fault(LOGOUT, lambda wire: wire.error(500, 1014, "Internal error")),
        "logout: closes": Fault(LOGOUT, lambda wire: None),
        "logout: says nothing": Fault(LOGOUT, Wire.wait),
        "logout: drips": Fault(LOGOUT, lambda wire: wire.drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000)),
        "logout: drips the body": Fault(
            LOGOUT, _one_after_another(_send(_head(1000)), lambda wire: wire.drip(b" " * 1000))
        ),
        "logout: redirects with an endless body": Fault(LOGOUT, _endless(302, _ELSEWHERE)),
        "logout: redirects and drips": Fault(
            LOGOUT, _one_after_another(_send(_head(1000, _ELSEWHERE, 302)), lambda wire: wire.drip(b" " * 1000))
        ),
        "logout: chunks without end": Fault(LOGOUT, _endless()),
        "logout: headers without end": Fault(LOGOUT, _without_end(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n")),
    },
    "Status": {
        "204": Fault(SUPPORT, lambda wire: wire.answer(204)),
        "301": Fault(SUPPORT, _redirect(301)),
        "302": Fault(SUPPORT, _redirect(302)),
        "307": Fault(SUPPORT, _redirect(307)),
        "redirect to another host": Fault(SUPPORT, _redirect(302, "127.0.0.1")),
        "redirect in a circle": Fault(SUPPORT, _redirect(308, path=SUPPORT)),
        "redirect to nowhere": Fault(SUPPORT, lambda wire: wire.answer(302)),
        "redirect with syntax": Fault(SUPPORT, lambda wire: wire.answer(302, Location="https://x/|a=1;<b>")),
        "redirect with an endless body": Fault(SUPPORT, _endless(302, _ELSEWHERE)),
        "redirect with a bomb": Fault(
            SUPPORT, lambda wire: wire.answer(302, _BOMB, Content_Encoding="gzip", Location="https://wa.example/")
        ),
        "redirect to half an address": Fault(SUPPORT, lambda wire: wire.answer(302, Location="https://[::1/")),
        "redirect to a byte that is no letter": Fault(
            SUPPORT, _send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: https://x/\xff\r\n\r\n")
        ),
        "redirect to a place without end": Fault(
            SUPPORT, lambda wire: wire.answer(302, Location="https://wa.example/" + "x" * 60_000)
        ),
        "redirect to the secret": Fault(SUPPORT, _to_whom_it_is_said),
        "401 with an endless body": Fault(SUPPORT, _endless(401)),
        "404 with a bomb": Fault(SUPPORT, lambda wire: wire.answer(404, _BOMB, Content_Encoding="gzip")),
        "500 with an endless body": Fault(SUPPORT, _endless(500)),
        "400": Fault(SUPPORT, lambda wire: wire.error(400, 1000, "Generic error", "what?")),
        "401": Fault(SUPPORT, lambda wire: wire.error(401, 1005, "Access denied", "invalid token")),
        "401 once": Fault(SUPPORT, _once),
        "401 empty": Fault(SUPPORT, lambda wire: wire.answer(401)),
        "403": Fault(SUPPORT, lambda wire: wire.error(403, 1005, "Access denied")),
        "403 page": Fault(SUPPORT, _html(403, "Forbidden")),
        "404": Fault(SUPPORT, lambda wire: wire.error(404, 1006, "Resource not found")),
        "404 page": Fault(SUPPORT, _html(404, "Not Found")),
        "407": Fault(SUPPORT, lambda wire: wire.answer(407)),
        "429": Fault(SUPPORT, lambda wire: wire.error(429, 1015, "Too many requests", "slow down")),
        "500": Fault(SUPPORT, lambda wire: wire.error(500, 1014, "Internal error", "node is unreachable")),
        "500 empty": Fault(SUPPORT, lambda wire: wire.answer(500)),
        "500 odd": Fault(SUPPORT, lambda wire: wire.answer(500, b'{"errors": {"code": 1}}')),
        "502 page": Fault(SUPPORT, _html(502, "Bad Gateway")),
        "503": Fault(SUPPORT, lambda wire: wire.error(503, 1016, "Service unavailable")),
        "504 page": Fault(SUPPORT, _html(504, "Gateway Timeout")),
        "555": Fault(SUPPORT, lambda wire: wire.answer(555, b"unknown")),
        "echoes": Fault(SUPPORT, _echo),
        "echoes in full": Fault(SUPPORT, _echo_in_full),
        "echoes cut": Fault(SUPPORT, _echo_cut),
        "echoes in a page": Fault(SUPPORT, _echo_in_a_page),
        "echoes in an answer": Fault(SUPPORT, _echo_in_an_answer),
        "echoes as the place": Fault(SUPPORT, _echo_as_the_place),
    },
    "Body": {
        "a page": Fault(SUPPORT, _html(200)),
        "a page with syntax": Fault(SUPPORT, _html(200, "a | b=1;2\x1b[31m &lt;")),
        "empty": Fault(SUPPORT, lambda wire: wire.answer(200)),
        "an error with 200": Fault(SUPPORT, lambda wire: wire.error(200, 1014, "Internal error", "database gone")),
        "no support": Fault(SUPPORT, lambda wire: wire.answer(200, b'{"status": "ok"}')),
        "half the JSON": Fault(SUPPORT, lambda wire: wire.answer(200, _WHOLE[: len(_WHOLE) // 2])),
        "half the body": Fault(SUPPORT, _send(_head(len(_WHOLE)), _WHOLE[: len(_WHOLE) // 2])),
        "half a chunk": Fault(SUPPORT, _send(_CHUNKED, b"ff\r\n{")),
        "no last chunk": Fault(SUPPORT, _send(_CHUNKED, b"1\r\n{\r\n")),
        "no chunk": Fault(SUPPORT, _send(_CHUNKED, b"zz\r\n{\r\n")),
        "half the head": Fault(SUPPORT, _send(b"HTTP/1.1 200 OK\r\nContent-Le")),
        "no answer": Fault(SUPPORT, lambda wire: None),
        "reset": Fault(SUPPORT, Wire.reset),
        "reset within the body": Fault(SUPPORT, _one_after_another(_send(_head(9), b"{"), Wire.reset)),
        "no status line": Fault(SUPPORT, _send(b"hello\r\n\r\n")),
        "endless header": Fault(SUPPORT, _send(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 200_000, b"\r\n\r\n")),
        "too many headers": Fault(SUPPORT, _send(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n" * 500, b"\r\n")),
        "too large": Fault(SUPPORT, lambda wire: wire.answer(200, b"[" + b" " * 9 * 2**20 + b"]")),
        "too large when unpacked": Fault(SUPPORT, lambda wire: wire.answer(200, _BOMB, Content_Encoding="gzip")),
        "packed": Fault(SUPPORT, lambda wire: wire.answer(200, gzip.compress(whole()), Content_Encoding="gzip")),
        "badly packed": Fault(SUPPORT, lambda wire: wire.answer(200, b"no gzip at all", Content_Encoding="gzip")),
        "bombs within a bomb": Fault(SUPPORT, lambda wire: wire.answer(200, _BOMBS, Content_Encoding="gzip, gzip")),
        "packed in a way nobody asked for": Fault(SUPPORT, _body(whole, Content_Encoding="br")),
        "half packed": Fault(
            SUPPORT, lambda wire: wire.answer(200, gzip.compress(_WHOLE)[:200], Content_Encoding="gzip")
        ),
        "gigabytes": Fault(SUPPORT, _without_end(_head(5 * 2**30), b" ")),
        "chunks without end": Fault(SUPPORT, _endless()),
        "packed pieces of nothing": Fault(
            SUPPORT, _without_end(_head(None, "Content-Encoding: gzip\r\n"), gzip.compress(b""))
        ),
        "packed blocks of nothing": Fault(
            SUPPORT,
            _without_end(_head(None, "Content-Encoding: gzip\r\n") + gzip.compress(b"")[:10], b"\0\0\0\xff\xff"),
        ),
    },
    "Framing": {
        **{f"a chunk of size {size!r}": Fault(SUPPORT, _behind_a_size(size.encode())) for size in SIZES},
        "a chunk size without end": Fault(SUPPORT, _without_end(_CHUNKED, b"0")),
        "a chunk extension without end": Fault(SUPPORT, _without_end(_CHUNKED + b"5;", b"x")),
        "chunks without number": Fault(SUPPORT, _without_end(_CHUNKED, b"1\r\n \r\n")),
        "a chunk that is longer than its size": Fault(SUPPORT, _send(_CHUNKED, b"1\r\n{}\r\n0\r\n\r\n")),
        "a chunk that is shorter than its size": Fault(SUPPORT, _send(_CHUNKED, b"ff\r\n{}\r\n0\r\n\r\n")),
        "a trailer without end": Fault(SUPPORT, _without_end(_CHUNKED + b"0\r\nX: ", b"x")),
        "trailers without end": Fault(SUPPORT, _without_end(_CHUNKED + b"0\r\n", b"X: x\r\n")),
        "a status line without end": Fault(SUPPORT, _without_end(b"HTTP/1.1 200 ", b"x")),
        "a header without end": Fault(SUPPORT, _without_end(b"HTTP/1.1 200 OK\r\nX: ", b"x")),
        "headers without end": Fault(SUPPORT, _without_end(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n")),
        "a header that goes on without end": Fault(SUPPORT, _without_end(b"HTTP/1.1 200 OK\r\nX: x\r\n", b" x\r\n")),
        "interim answers without end": Fault(SUPPORT, _without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
        "an interim answer": Fault(
            SUPPORT, lambda wire: wire.send(b"HTTP/1.1 103 Early Hints\r\nX: x\r\n\r\n" + _head(None) + whole())
        ),
        "another protocol": Fault(SUPPORT, _send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")),
        "a coding that was not asked for": Fault(SUPPORT, _send(_head(None, "Transfer-Encoding: gzip, chunked\r\n"))),
        "two lengths": Fault(SUPPORT, _without_end(_head(5, "Content-Length: 6\r\n"), b" ")),
        "one length twice": Fault(SUPPORT, _twice),
        "a length below nothing": Fault(SUPPORT, _without_end(_head(-1), b" ")),
        "a length beyond all numbers": Fault(SUPPORT, _without_end(_head(10**30), b" ")),
        "a length that is none": Fault(SUPPORT, _without_end(_head(None, "Content-Length: 0x5\r\n"), b" ")),
        "more than the answer": Fault(SUPPORT, _one_after_another(_body(whole), _send(b"HTTP/1.1 200"))),
    },
    "Letters": {
        "another type": Fault(SUPPORT, _body(whole, Content_Type="text/html; charset=utf-16")),
        "no type": Fault(SUPPORT, lambda wire: wire.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + whole())),
        "a byte order mark": Fault(SUPPORT, _body(lambda: b"\xef\xbb\xbf" + whole())),
        "UTF-16": Fault(SUPPORT, _body(lambda: whole().decode().encode("utf-16"))),
        "UTF-32": Fault(SUPPORT, _body(lambda: whole().decode().encode("utf-32"))),
        "Latin-1": Fault(SUPPORT, _within(b"description", b'"B\xfccher"')),
        "NUL": Fault(SUPPORT, _within(b"description", b'"a\0b"')),
        "NUL, escaped": Fault(SUPPORT, _within(b"description", b'"a\\u0000b"')),
        "lone surrogates": Fault(SUPPORT, _body(lambda: whole(version="\udc80\ud800", description="\ud83d"))),
    },
    "JSON": {
        "a key twice": Fault(SUPPORT, _within(b"socket_conn", b'"UP", "socket_conn": "DN"')),
        "NaN": Fault(SUPPORT, _within(b"free_space_logs", b"NaN")),
        "Infinity": Fault(SUPPORT, _within(b"free_space_logs", b"-Infinity")),
        "a number beyond all floats": Fault(SUPPORT, _within(b"free_space_logs", b"1e999")),
        "400 digits": Fault(SUPPORT, _within(b"free_space_logs", b"9" * 400)),
        "5000 digits": Fault(SUPPORT, _within(b"free_space_logs", b"9" * 5000)),
        "100000 lists": Fault(SUPPORT, _within(b"db_info", b"[" * 100_000 + b"]" * 100_000)),
        "lists without number": Fault(SUPPORT, _within(b"db_info", b"[" + b"[]," * 100_000 + b"[]]")),
        "lists without number, late": Fault(SUPPORT, _late(_LISTS)),
        "objects without number, late": Fault(SUPPORT, _late(b'{"support": [' + b'{"":0},' * 2**20 + b"{}]}")),
        "values without number, late": Fault(SUPPORT, _late(b'{"support": [' + b"0," * (2**22 - 10) + b"0]}")),
        "closing brackets in a text": Fault(SUPPORT, _within(b"description", b'"' + b"]" * (2**23 - 2000) + b'"')),
        "closing brackets in a text, late": Fault(SUPPORT, _late(b'{"support": "' + b"]" * (2**23 - 40) + b'"}')),
        "quotes and closing brackets": Fault(
            SUPPORT, _within(b"description", b'"' + b"[" * 40 + b'"' + (b'"' + b"]" * 30) * 262_000)
        ),
        "one text of 8 MiB": Fault(SUPPORT, _within(b"description", b'"' + b"x" * (2**23 - 2000) + b'"')),
        "100000 objects": Fault(SUPPORT, _body(lambda: b'{"support":' * 100_000 + b"1" + b"}" * 100_000)),
    },
    "Fields": {
        "as much as is believed": Fault(SUPPORT, _within(b"more", _much("", 33, 2**15 - 300))),
        "as much as is believed, in wide letters": Fault(SUPPORT, _within(b"more", _much("\U0001f4de", 5, 13000))),
        "as many entries as are believed": Fault(SUPPORT, _body(_many_entries)),
        "more entries than are believed": Fault(
            SUPPORT, _within(b"e2e", b"{" + b",".join(b'"n%d":"v%d"' % (at, at) for at in range(2**14 - 200)) + b"}")
        ),
        "no fields": Fault(SUPPORT, _body(lambda: documents.document({}))),
        "support is null": Fault(SUPPORT, _body(lambda: documents.document(None))),
        "support is a list": Fault(SUPPORT, _body(lambda: documents.document([documents.fields()]))),
        "every field is null": Fault(SUPPORT, _body(lambda: whole(**dict.fromkeys(documents.HEALTHY)))),
        "every field is a list": Fault(SUPPORT, _body(lambda: whole(**{name: [[]] for name in documents.HEALTHY}))),
        "less than nothing is free": Fault(SUPPORT, _body(lambda: whole(free_space_logs=-1))),
        "times that are none": Fault(
            SUPPORT, _body(lambda: whole(device_iso8601="2018-99-99T99:99:99", expire_timestamp="soon"))
        ),
        "shards without end": Fault(SUPPORT, _body(_endless_shards)),
        "as many nodes as are believed": Fault(SUPPORT, _body(lambda: _nodes(192))),
        "hundreds of nodes with all their fields": Fault(SUPPORT, _body(_whole_nodes)),
        "more nodes than there can be": Fault(SUPPORT, _body(lambda: _nodes(193))),
    },
    "Time": {
        "says nothing to the request": Fault(SUPPORT, Wire.wait),
        "slow at each step": Fault(EACH, _slowly),
        "drips the head": Fault(SUPPORT, lambda wire: wire.drip(_head(len(_WHOLE)) + _WHOLE)),
        "drips the body": Fault(SUPPORT, _one_after_another(_send(_head(len(_WHOLE))), lambda wire: wire.drip(_WHOLE))),
        "drips chunks": Fault(
            SUPPORT,
            _one_after_another(_send(_CHUNKED), lambda wire: wire.drip(b"1\r\n \r\n" * 1000)),
        ),
        "stops within the body": Fault(SUPPORT, _one_after_another(_send(_head(len(_WHOLE)), _WHOLE[:100]), Wire.wait)),
    },
}
"""Every fault, by its kind."""

WRONG_IN_EVERY_FIELD = Fault(SUPPORT, _body(_wrong_nodes))
"""As many nodes as are believed, each with several findings: a run alone takes seconds."""

FAULTS: Mapping[str, Fault] = {name: fault for kind in KINDS.values() for name, fault in kind.items()}


@final
class FaultServer(Listener):
    """A server with one fault at a time.

    ``certificate`` makes it one with another certificate, ``client_ca`` one that wants the client's, and ``version``
    one that speaks no other version of TLS; ``plain`` is one without TLS.
    """

    def __init__(
        self,
        folder: Path,
        fault: str = "healthy",
        certificate: trustme.LeafCert | None = None,
        client_ca: trustme.CA | None = None,
        version: ssl.TLSVersion | None = None,
        plain: bool = False,
    ) -> None:
        super().__init__()
        ca = trustme.CA()
        self.ca_file = str(folder / "ca.pem")
        ca.cert_pem.write_to_path(self.ca_file)
        self.received: list[Received] = []
        """The requests that came in."""
        self.struck = 0
        """How often the fault did what it does."""
        self._plain = plain
        self._fault = FAULTS[fault]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (certificate or ca.issue_cert("localhost", "127.0.0.1")).configure_cert(self._context)
        if client_ca is not None:
            client_ca.configure_trust(self._context)
            self._context.verify_mode = ssl.CERT_REQUIRED
        if version is not None:
            with warnings.catch_warnings():
                # It is old, and that is the point.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._context.minimum_version = self._context.maximum_version = version
            # A key that is exchanged with a signature needs one of SHA-1 there, which clients refuse for its own sake.
            self._context.set_ciphers("kRSA:@SECLEVEL=0")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'http' if self._plain else 'https'}://localhost:{self.port}"

    def use(self, fault: str | Fault) -> None:
        """Be wrong in another way from now on, and forget what was asked."""
        self._fault = FAULTS[fault] if isinstance(fault, str) else fault
        self.received.clear()
        self.connections = self.struck = 0

    def serve(self, connection: socket.socket) -> None:
        """Answer as in the product, but for the fault."""
        fault = self._fault
        if fault.strikes == CONNECTION:
            self._strike(fault, Wire(connection, self.over))
            return
        if self._plain:
            self._converse(fault, Wire(connection, self.over))
            return
        with self._context.wrap_socket(connection, server_side=True) as secured:
            wire = Wire(secured, self.over)
            if fault.strikes == HANDSHAKE:
                self._strike(fault, wire)
                return
            self._converse(fault, wire)

    def _converse(self, fault: Fault, wire: Wire) -> None:
        while self._one(wire, fault):
            pass

    def _strike(self, fault: Fault, wire: Wire) -> None:
        self.struck += 1
        fault.act(wire)

    def _one(self, wire: Wire, fault: Fault) -> bool:
        wire.request = _receive(wire.connection)
        self.received.append(wire.request)
        path = wire.request.path
        if path != LOGIN and wire.request.headers.get("authorization") == f"Bearer {STALE}":
            wire.error(401, 1005, "Access denied", "invalid token")
            return True
        if fault.strikes in (path, EACH):
            wire.last = True
            self._strike(fault, wire)
            return False
        usual(wire)
        return True


def _receive(connection: socket.socket) -> Received:
    told, body = head(connection)
    first, *lines = told.split("\r\n")
    headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
    missing = int(headers.get("content-length", "0")) - len(body)
    while missing > 0:
        missing -= len(connection.recv(missing))
    method, path, _version = first.split(" ")
    return Received(method, path, headers)
