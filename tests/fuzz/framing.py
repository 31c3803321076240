# SPDX-License-Identifier: BSD-2-Clause
"""Mutations of raw answers that know what HTTP is made of: bytes at random seldom get past a status line."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable

from . import responses
from .responses import NEXT

BODY = b'{"support": {"socket_conn": "UP"}, "users": [{"token": "a-token-given-out"}]}'

STATUSES = (
    *(b"HTTP/1.1 %d Reason" % status for status in (200, 100, 101, 103, 199, 204, 301, 302, 304, 307, 401, 403, 404)),
    *(b"HTTP/1.1 %d Reason" % status for status in (407, 429, 500, 502, 599, 999)),
    *(b"HTTP/1.0 200 OK", b"HTTP/2 200", b"HTTP/1.1 200", b"HTTP/1.1 2_0 OK", b"HTTP/1.1  200 OK", b"HTTP/1.1 +20 OK"),
    *(b"HTTP/1.1 0200 OK", b"http/1.1 200 ok", b"ICY 200 OK", b"HTTP/1.1 200 \xff\x00\x1b", b"SSH-2.0-x", b""),
)
"""Status lines, sound and unsound."""

SIZES = (
    *(b"0", b"1", b"5", b"-1", b"-0", b"+5", b"0x5", b"5_0", b" 5", b"5 ", b"5;a=b", b"5 ; a", b"", b"f" * 15),
    *(b"f" * 16, b"f" * 400, b"5\n5", b"\xd9\xa1", b"00000005", b"1e3", b"NaN", b"5,5", b"5, 5", b"9" * 18),
    *(b"9" * 19, b"9" * 5000, b"5\r", b"\x005"),
)
"""Sizes of chunks and of bodies, sound and unsound."""

HEADERS = (
    *(b"Content-Length: " + size for size in SIZES),
    *(b"Transfer-Encoding: " + coding for coding in (b"chunked", b"gzip", b"identity", b"chunked, chunked", b"x", b"")),
    *(b"Content-Encoding: " + coding for coding in (b"gzip", b"x-gzip", b"none", b"br", b"gzip, gzip", b"")),
    *(b"Connection: " + option for option in (b"close", b"keep-alive", b"Close, x", b"")),
    *(b"Location: " + place for place in (b"https://[::1/", b"https://x/\xff", b"//", b"", b"\x00", b"x" * 9000)),
    *(b" folded", b"\tfolded", b": no name", b"no colon", b"A B: c", b"X:", b"Set-Cookie: a=b", b"\x80: x"),
    *(b"X: \r y", b"Content-Type: text/html; charset=utf-16", b"Content-Length : 5", b"Transfer-Encoding:\tchunked"),
)
"""Headers, sound and unsound."""

ENDS = (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\x0b", b"")


def seeds() -> list[bytes]:
    """What to start from: every kind of answer, sound."""
    plain = _answer(STATUSES[0], [b"Content-Length: %d" % len(BODY)], BODY)
    packed = gzip.compress(BODY, mtime=0)
    answers = (
        plain,
        _answer(STATUSES[0], [b"Transfer-Encoding: chunked"], _chunked(BODY, 7)),
        _answer(STATUSES[0], [b"Content-Encoding: gzip", b"Content-Length: %d" % len(packed)], packed),
        _answer(STATUSES[0], [b"Content-Encoding: gzip", b"Transfer-Encoding: chunked"], _chunked(packed, 50)),
        _answer(STATUSES[0], [], BODY),
        _answer(STATUSES[0], [b"Transfer-Encoding: identity", b"Content-Encoding: UTF-8"], BODY),
        _answer(STATUSES[0], [b"Transfer-Encoding: chunked"], _chunked(BODY, 30).replace(b"\r\n", b"\n")),
        _answer(STATUSES[0], [b"Content-Encoding: gzip"], packed + bytes(3)),
        _answer(b"HTTP/1.1 302 Found", [b"Location: https://wa.example/", b"Content-Length: 0"], b""),
        _answer(b"HTTP/1.1 100 Continue", [], b"") + plain,
        _answer(b"HTTP/1.1 401 Unauthorized", [b"Content-Length: 0"], b""),
        _answer(b"HTTP/1.1 200 Connection established", [], b"") + NEXT + plain,
    )
    # What goes on without end comes in pieces of one size.
    ways = (way for way in range(32) if way < 8 or not way & responses.WITHOUT_END)
    return [bytes([way]) + NEXT.join([answer] * (way % 2 * 2 + 1)) for way in ways for answer in answers]


def mutate(data: bytes, largest: int, seed: int, by_bytes: Callable[[bytes, int], bytes]) -> bytes:
    """One changed input of at most `largest` bytes; now and then by bytes."""
    chance = random.Random(seed)
    if not data or chance.random() < 0.15:
        return by_bytes(data, largest)
    way, answers = data[0], data[1:].split(NEXT)
    for _turn in range(chance.choice((1, 1, 1, 2, 4))):
        deed = chance.random()
        at = chance.randrange(len(answers))
        if deed < 0.1:
            # What goes on without end takes long to read.
            way = chance.randrange(32) & ~(chance.random() < 0.95 and responses.WITHOUT_END)
        elif deed < 0.15:
            answers.insert(at, chance.choice(answers))
        elif deed < 0.2 and len(answers) > 1:
            del answers[at]
        else:
            answers[at] = _changed(answers[at], chance)
    told = bytes([way]) + NEXT.join(answers)
    return told if len(told) <= largest else by_bytes(data, largest)


def _changed(answer: bytes, chance: random.Random) -> bytes:
    head, _end, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.split(b"\r\n")
    return chance.choice(_DEEDS)(status, headers, body, chance)


def _answer(status: bytes, headers: list[bytes], body: bytes) -> bytes:
    return b"\r\n".join([status, *headers, b"", b""]) + body


def _chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


def _without(headers: list[bytes], *names: bytes) -> list[bytes]:
    return [header for header in headers if not header.lower().startswith(names)]


_PACKED = tuple(gzip.compress(b" " * size, mtime=0) for size in (0, 2**12, 2**20, 2**24))

Deed = Callable[[bytes, "list[bytes]", bytes, random.Random], bytes]


def _status(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    return _answer(chance.choice(STATUSES), headers, body)


def _one_more(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(headers))
    many = chance.choice((1, 1, 1, 2, 150))
    return _answer(status, [*headers[:at], *[chance.choice(HEADERS)] * many, *headers[at:]], body)


def _one_less(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(headers))
    return _answer(status, headers[:at] + headers[at + 1 :], body)


def _sound(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    kept = _without(headers, b"content-length", b"transfer-encoding")
    if chance.random() < 0.5:
        return _answer(status, [*kept, b"Content-Length: %d" % len(body)], body)
    return _answer(status, [*kept, b"Transfer-Encoding: chunked"], _chunked(body, chance.randint(1, len(body) + 1)))


def _packed(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    kept = _without(headers, b"content-", b"transfer-encoding")
    packed = chance.choice((gzip.compress(body, 1, mtime=0), *_PACKED)) * chance.choice((1, 1, 2, 70))
    packed = packed[: chance.choice((len(packed), len(packed) // 2))]
    return _answer(status, [*kept, b"Content-Encoding: gzip", b"Content-Length: %d" % len(packed)], packed)


def _size(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    lines = body.split(b"\r\n")
    lines[chance.randrange(len(lines))] = chance.choice(SIZES)
    return _answer(status, headers, b"\r\n".join(lines))


def _cut(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    whole = _answer(status, headers, body)
    return whole[: chance.randint(0, len(whole))]


def _ended(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    whole = _answer(status, headers, body)
    places = [at for at in range(len(whole)) if whole.startswith(b"\r\n", at)]
    at = chance.choice(places) if places else 0
    return whole[:at] + chance.choice(ENDS) + whole[at + 2 :]


def _interim(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    return _answer(b"HTTP/1.1 1%02d x" % chance.choice((0, 1, 3, 99)), [], b"") * chance.choice((1, 1, 9)) + _answer(
        status, headers, body
    )


def _longer(status: bytes, headers: list[bytes], body: bytes, chance: random.Random) -> bytes:
    return _answer(status, headers, body + chance.choice((b" ", b"x", b"\r\n", b"HTTP/1.1 200 OK\r\n", body)))


_DEEDS: tuple[Deed, ...] = (
    *(_status, _one_more, _one_more, _one_less, _sound, _sound, _packed, _size, _size),
    *(_cut, _ended, _interim, _longer),
)
