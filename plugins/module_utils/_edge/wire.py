# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Answers as they come in: every byte of them is read here, and no more than is allowed.

Libraries read what nobody asked for, such as the body of a redirect, know no end of headers, chunks and interim
answers, and take a size such as `-1` for one. So they send, and what they call their response is read here: it is over
before they see it. The framing is that of RFC 9112, read strictly where a mistake would change what is read.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import string
from typing import Any, Callable, Dict, Iterator, List, NamedTuple

from .._core.body import MOST_OF_REFUSAL, TooLarge, unpacked
from .._core.catalogue import Trouble
from .._core.deadline import Deadline
from .._core.document import LARGEST
from .._core.failure import NotHttp, ProxyRefused
from .._core.http import Reply, Request

_PIECE = 2**16
MOST_OF_HEAD = 2**16
"""Bytes of an answer's head, with all interim answers before it; of the trailers behind its chunks as many again."""
MOST_FIELDS = 200
"""Lines of a head."""
MOST_INTERIM = 8
"""Interim answers (1xx) before the answer."""
MOST_OF_CHUNK_LINE = 2**10
MOST_CHUNKS = 2**14
MOST_OF_BODY = 2 * LARGEST
"""Bytes of a body on the wire, where it may be longer than what it comes to."""

_STATUS = re.compile(rb"HTTP/(1\.[01]) ([1-9][0-9]{2})(?: [^\r\n]*)?")
# Stripped of these bytes nothing is left of a name; a pattern would have to be compiled in every run.
_OF_NAMES = b"!#$%&'*+.^_`|~-" + (string.digits + string.ascii_letters).encode("ascii")
_LENGTH = r"[0-9]{1,18}"
_BODILESS = (204, 304)
# Some old servers leave room for longer sizes.
_CHUNK = rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?"


class Wire:
    """What comes in on one connection."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        """`receive` gives up to so many bytes, and none at the end."""
        self._receive = receive
        self._held = bytearray()
        self._left = MOST_OF_HEAD

    def allow(self, most: int) -> None:
        """Let so many more bytes come in."""
        self._left = most

    @property
    def at_rest(self) -> bool:
        """Whether nothing has come in that was not taken."""
        return not self._held

    def line(self, most: int) -> bytes:
        """The next line with its end, which is missing where the connection ends. Raises NotHttp when it is longer."""
        end = self._held.find(b"\n")
        while end < 0:
            begun = len(self._held)
            if begun > most or not self._fill():
                break
            end = self._held.find(b"\n", begun)
        taken = self._take(end + 1 or len(self._held))
        if len(taken) > most:
            raise NotHttp("a line without end")
        return taken

    def some(self, most: int) -> bytes:
        """Some bytes, none at the end."""
        if not self._held:
            self._fill()
        return self._take(min(most, len(self._held)))

    def _fill(self) -> bool:
        piece = self._receive(_PIECE)
        self._held += piece
        self._left -= len(piece)
        # A piece may hold what belongs to the body already.
        if self._left < -_PIECE:
            raise TooLarge
        return bool(piece)

    def _take(self, number: int) -> bytes:
        taken = bytes(self._held[:number])
        del self._held[:number]
        return taken


class Head(NamedTuple):
    """Status and fields of an answer; names are in lower case, the values of one name in their order."""

    version: str
    status: int
    fields: Dict[str, List[str]]

    def listed(self, name: str) -> List[str]:
        """The parts of a field that is a list, in lower case."""
        return [part.strip(" \t").lower() for value in self.fields.get(name, ()) for part in value.split(",")]

    def first(self, name: str) -> str:
        """The first value of a field, empty if there is none."""
        return self.fields.get(name, [""])[0]


def head(wire: Wire) -> Head:
    """The head of the answer; interim ones are passed over."""
    left = MOST_OF_HEAD
    for _turn in range(MOST_INTERIM + 1):
        line = wire.line(left)
        if not line:
            raise http.client.RemoteDisconnected("the connection was closed without an answer")
        told = _STATUS.fullmatch(_ended(line))
        if told is None:
            raise NotHttp("no status line")
        lines = list(_lines(wire, left - len(line)))
        left -= len(line) + sum(map(len, lines))
        found = Head(told[1].decode(), int(told[2]), _fields(lines))
        if found.status >= 200:
            return found
        if found.status == 101:
            raise NotHttp("another protocol than was asked for")
    raise NotHttp("interim answers without end")


def _lines(wire: Wire, most: int) -> Iterator[bytes]:
    """Lines up to an empty one."""
    for _turn in range(MOST_FIELDS + 1):
        line = wire.line(most)
        if not _ended(line):
            return
        yield line
        most -= len(line)
    raise NotHttp("headers without end")


def _ended(line: bytes) -> bytes:
    """A line without its end. Raises IncompleteRead when there is none."""
    if not line.endswith(b"\n"):
        raise http.client.IncompleteRead(b"")
    return line[:-2] if line.endswith(b"\r\n") else line[:-1]


def _fields(lines: List[bytes]) -> Dict[str, List[str]]:
    fields: Dict[str, List[str]] = {}
    values: List[str] = []
    for line in lines:
        if line[:1] in b" \t":
            # A value goes on in this line.
            if values:
                values[-1] += " " + _value(line)
            continue
        name, colon, value = line.partition(b":")
        # What is no field decides nothing.
        values = (
            fields.setdefault(name.decode("ascii").lower(), []) if colon and name and not name.strip(_OF_NAMES) else []
        )
        values.append(_value(value))
    return fields


def _value(rest: bytes) -> str:
    return _ended(rest).strip(b" \t").decode("latin-1")


def body(wire: Wire, head: Head) -> Iterator[bytes]:
    """The pieces of the body, still packed. Raises IncompleteRead when it ends too early."""
    wire.allow(MOST_OF_BODY)
    try:
        yield from _framed(wire, head)
    except ConnectionResetError:
        raise http.client.IncompleteRead(b"") from None


def _framed(wire: Wire, head: Head) -> Iterator[bytes]:
    if head.status in _BODILESS:
        return iter(())
    encodings = head.listed("transfer-encoding")
    lengths = set(head.listed("content-length"))
    if encodings and encodings != ["identity"]:
        if encodings != ["chunked"]:
            raise NotHttp("a transfer encoding that was not asked for")
        if lengths:
            # Whoever is on the way may have gone by the other.
            raise NotHttp("both chunks and a length")
        return _chunks(wire)
    if not lengths:
        return iter(lambda: wire.some(_PIECE), b"")
    if len(lengths) > 1:
        raise NotHttp("more than one length")
    length = lengths.pop()
    if not re.fullmatch(_LENGTH, length):
        raise NotHttp("no sound length")
    return _counted(wire, int(length))


def _counted(wire: Wire, length: int) -> Iterator[bytes]:
    while length:
        piece = wire.some(length)
        if not piece:
            raise http.client.IncompleteRead(b"")
        yield piece
        length -= len(piece)


def _chunks(wire: Wire) -> Iterator[bytes]:
    for _turn in range(MOST_CHUNKS):
        line = wire.line(MOST_OF_CHUNK_LINE)
        told = re.fullmatch(_CHUNK, _ended(line))
        if told is None:
            raise NotHttp("a chunk without a sound size")
        size = int(told[1], 16)
        if not size:
            for _trailer in _lines(wire, MOST_OF_HEAD):
                pass
            return
        yield from _counted(wire, size)
        end = b"".join(_counted(wire, 1))
        if (b"".join(_counted(wire, 1)) if end == b"\r" else end) != b"\n":
            raise NotHttp("a chunk that is longer than its size")
    raise NotHttp("chunks without number")


class Reading:
    """How the answers to one caller are read: what is expected, and what came last."""

    def __init__(self) -> None:
        self._deadline = Deadline(0)
        self._request = Request("", "", {})
        self.reply = Reply(0, b"")

    def expect(self, deadline: Deadline, request: Request) -> None:
        """The request that is to be answered, and until when."""
        self._deadline, self._request = deadline, request

    def begin(self) -> None:
        """The request is about to be sent."""
        self._request.sending()

    def wire(self, connection: socket.socket) -> Wire:
        """What comes in on a connection."""

        def receive(most: int) -> bytes:
            try:
                connection.settimeout(self._deadline.patience())
            except Trouble:
                # As the socket would end it, so that whoever explains it sees where that was.
                raise socket.timeout("timed out") from None
            return connection.recv(most)

        return Wire(receive)

    def read(self, connection: socket.socket) -> None:
        """Read the answer, for `reply`."""
        wire = self.wire(connection)
        found = head(wire)
        location = found.first("location")
        if self._request.farewell or 300 <= found.status < 400:
            self.reply = Reply(found.status, b"", location)
            return
        # Only an answer is believed to be long. Of a refusal the status decides, and a short body explains.
        most = LARGEST if found.status == 200 else MOST_OF_REFUSAL
        content = io.BytesIO()
        for piece in unpacked(body(wire, found), found.listed("content-encoding")):
            content.write(piece)
            if content.tell() > most:
                break
        if found.status == 200 and content.tell() > most:
            raise TooLarge
        self.reply = Reply(found.status, content.getvalue(), location)


class Response(http.client.HTTPResponse):
    """What a library gets for a response: one that is over, without headers and without a body."""

    def __init__(self, reading: Reading, connection: socket.socket) -> None:
        # Not as the base does it, which would read ahead.
        self._reading = reading
        self._connection = connection
        self.fp = None  # type: ignore[assignment]
        self.debuglevel = 0
        self._method = None
        self.headers = self.msg = http.client.HTTPMessage()
        self.version = 11
        self.status = self.code = 0
        self.reason = ""
        self.chunked = False
        self.chunk_left = None
        self.length = 0
        # A server may close a connection that it kept just when the next request is on its way, and what was healthy
        # looks down: each request has a connection of its own.
        self.will_close = True

    def begin(self, *_limits: Any) -> None:
        """Read the whole answer."""
        self._reading.read(self._connection)
        self.status = self.code = self._reading.reply.status


class Reader(http.client.HTTPConnection):
    """A connection of http.client, or of what is made of it, whose answers are read here; comes before its base."""

    reading: Reading

    def putrequest(self, *args: Any, **options: Any) -> None:
        """Begin a request, once there is somebody to send it to: what is lost on the way there was not sent."""
        if self.sock is None:
            self.connect()
        self.reading.begin()
        super().putrequest(*args, **options)

    def response_class(self, sock: socket.socket, *_options: Any, **_more: Any) -> Response:  # type: ignore[override]
        """What `getresponse` gives."""
        return Response(self.reading, sock)

    def _tunnel(self) -> None:
        """Ask the proxy to pass everything on. The name is that of http.client, which calls it."""
        way: Any = self
        host = "[%s]" % way._tunnel_host if ":" in way._tunnel_host else way._tunnel_host
        headers = {**way._tunnel_headers, "Host": "%s:%d" % (host, way._tunnel_port)}
        lines = ["CONNECT %s HTTP/1.1" % headers["Host"], *("%s: %s" % header for header in headers.items()), "", ""]
        self.send("\r\n".join(lines).encode("ascii"))
        wire = self.reading.wire(self.sock)
        found = head(wire)
        if not 200 <= found.status < 300:
            raise ProxyRefused(found.status)
        if not wire.at_rest:
            # Nobody has said anything to the server yet.
            raise NotHttp("more than an answer")
