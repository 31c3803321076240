# SPDX-License-Identifier: BSD-2-Clause
"""Raw answers through the client libraries, damaged in the ways of HTTP: a sample of what tests/fuzz does for long."""

from __future__ import annotations

import gzip
import random

import pytest
from fuzz import framing, responses
from fuzz.framing import BODY
from fuzz.responses import NEXT, in_memory, outcome, response

ROUNDS = 1000


def by_bytes(data: bytes, largest: int) -> bytes:
    """A byte changed, or many lost."""
    chance = random.Random(data)
    at = chance.randrange(len(data) + 1)
    return data[:at] if chance.random() < 0.2 else data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def test_every_sound_answer_is_understood_by_both_libraries_alike() -> None:
    with in_memory():
        for data in framing.seeds():
            response(data)


def test_whatever_is_answered_comes_to_a_body_or_a_named_problem_and_to_the_same_in_checks_and_modules() -> None:
    chance = random.Random(20)
    inputs = framing.seeds()
    with in_memory():
        for _round in range(ROUNDS):
            data = framing.mutate(chance.choice(inputs), 20_000, chance.randrange(2**32), by_bytes)
            response(data)
            inputs += [data] if chance.random() < 0.3 else []


@pytest.mark.parametrize("by_proxy", [0, responses.BY_PROXY])
@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"HTTP/1.1 200 ",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: https://wa.example/\r\n\r\n",
        b"HTTP/1.1 500 x\r\n\r\n",
        b"HTTP/1.1 500 x\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"", mtime=0)[:10],
    ],
)
def test_what_goes_on_without_end_is_read_to_a_limit(begun: bytes, by_proxy: int) -> None:
    tunnel = b"HTTP/1.1 200 OK\r\n\r\n" + NEXT if by_proxy else b""
    with in_memory():
        for again in (b"0", b" ", b"\n", b"{"):
            response(bytes([responses.WITHOUT_END | by_proxy]) + tunnel + begun + again)
            response(bytes([responses.WITHOUT_END | by_proxy]) + begun + again)


PLAIN = b"Content-Length: %d" % len(BODY)
PACKED = gzip.compress(BODY, mtime=0)
CHUNKS = b"Transfer-Encoding: chunked"


def chunked(body: bytes, size: bytes = b"%x", end: bytes = b"\r\n", last: bytes = b"0") -> bytes:
    """A body in chunks, as different servers write them."""
    parts = [body[at : at + 30] for at in range(0, len(body), 30)]
    return b"".join(size % len(part) + end + part + end for part in parts) + last + end + end


def packed(body: bytes, *fields: bytes) -> bytes:
    """An answer whose body is packed."""
    return headed(body, b"Content-Encoding: gzip", b"Content-Length: %d" % len(body), *fields)


def headed(body: bytes, *fields: bytes, end: bytes = b"\r\n") -> bytes:
    """An answer with these fields."""
    return end.join([b"HTTP/1.1 200 OK", *fields, b"", b""]) + body


ORDINARY = {
    "chunk sizes padded with blanks": headed(chunked(BODY, b"%x  ", last=b"0  "), CHUNKS),
    "chunk sizes padded with tabs": headed(chunked(BODY, b"%x\t"), CHUNKS),
    "chunk sizes with zeros before them": headed(chunked(BODY, b"%08X", last=b"00000000"), CHUNKS),
    "chunk sizes with extensions": headed(chunked(BODY, b'%x ; a="b"'), CHUNKS),
    "chunks with bare line feeds": headed(chunked(BODY, end=b"\n"), CHUNKS),
    "all with bare line feeds": headed(chunked(BODY, end=b"\n"), CHUNKS, end=b"\n"),
    "chunks and a trailer": headed(chunked(BODY)[:-2] + b"X: y\r\n\r\n", CHUNKS),
    "sent as it is": headed(BODY, b"Transfer-Encoding: identity"),
    "sent as it is, with a length": headed(BODY, b"Transfer-Encoding: Identity", PLAIN),
    "one length twice": headed(BODY, PLAIN, PLAIN),
    "packed as none": headed(BODY, b"Content-Encoding: none", PLAIN),
    "packed as identity": headed(BODY, b"Content-Encoding: identity", PLAIN),
    "packed as UTF-8": headed(BODY, b"Content-Encoding: UTF-8", PLAIN),
    "packed as nothing": headed(BODY, b"Content-Encoding:", PLAIN),
    "packed, in capitals": headed(PACKED, b"Content-Encoding: GZIP", b"Content-Length: %d" % len(PACKED)),
    "packed, and as UTF-8": headed(PACKED, b"Content-Encoding: gzip, utf-8", b"Content-Length: %d" % len(PACKED)),
    "packed, with NULs behind": packed(PACKED + bytes(8)),
    "packed, with many NULs behind": packed(PACKED + bytes(100_000)),
    "packed in two pieces": packed(gzip.compress(BODY[:9], mtime=0) + gzip.compress(BODY[9:], mtime=0)),
    "packed, in chunks": headed(chunked(PACKED), b"Content-Encoding: x-gzip", CHUNKS),
    "two hundred fields": headed(BODY, *[b"X-%d: y" % at for at in range(199)], PLAIN),
    "a long field": headed(BODY, b"Content-Security-Policy: " + b"a" * 9000, PLAIN),
    "a blank line behind": headed(BODY + b"\r\n", PLAIN),
}
"""Answers as servers of all ages give them, of which there is only one reading."""

UNSOUND = {
    "chunks and a length": (headed(chunked(BODY), CHUNKS, PLAIN), "both chunks and a length"),
    "a length and chunks": (headed(chunked(BODY), PLAIN, CHUNKS), "both chunks and a length"),
    "chunks, twice": (headed(chunked(BODY), CHUNKS, CHUNKS), "a transfer encoding that was not asked for"),
    "chunks of something": (
        headed(chunked(BODY), b"Transfer-Encoding: gzip, chunked"),
        "a transfer encoding that was not asked for",
    ),
    "chunks that are none": (
        headed(chunked(BODY), b"Transfer-Encoding: chunked, identity"),
        "a transfer encoding that was not asked for",
    ),
    "a coding without a name": (
        headed(BODY, b"Transfer-Encoding:", PLAIN),
        "a transfer encoding that was not asked for",
    ),
    "two lengths": (headed(BODY, PLAIN, b"Content-Length: 7"), "more than one length"),
    "two lengths in one field": (headed(BODY, b"Content-Length: 7, 8"), "more than one length"),
    "a length with a sign": (headed(BODY, b"Content-Length: +7"), "no sound length"),
    "a length that is empty": (headed(BODY, b"Content-Length:"), "no sound length"),
    "a chunk size behind a blank": (headed(chunked(BODY, b" %x"), CHUNKS), "a chunk without a sound size"),
    "a chunk size in two parts": (headed(chunked(BODY, b"%x 1"), CHUNKS), "a chunk without a sound size"),
    "a chunk size with a sign": (headed(chunked(BODY, b"+%x"), CHUNKS), "a chunk without a sound size"),
    "a chunk size with a prefix": (headed(chunked(BODY, b"0x%x"), CHUNKS), "a chunk without a sound size"),
    "a carriage return in a chunk size": (headed(chunked(BODY, b"%x\r"), CHUNKS), "a chunk without a sound size"),
    "a chunk that is longer": (
        headed(b"1\r\n" + BODY + b"\r\n0\r\n\r\n", CHUNKS),
        "a chunk that is longer than its size",
    ),
    "three hundred fields": (headed(BODY, *[b"X: y"] * 300, PLAIN), "headers without end"),
}
"""Answers that two readers could read in two ways, and what is said of them."""

NEVER_ASKED_FOR = ("br", "zstd", "deflate", "compress", "x-compress", "gzip, gzip", "br, gzip", "gzip, br")


@pytest.mark.parametrize("name", ORDINARY)
def test_what_servers_of_all_ages_send_is_understood_where_it_has_one_reading(name: str) -> None:
    for piece in range(len(responses.PIECES)):
        with in_memory():
            assert outcome(bytes([piece << 3]) + ORDINARY[name]) == ("answer", repr(BODY))


@pytest.mark.parametrize("name", UNSOUND)
def test_what_has_two_readings_is_refused_by_name(name: str) -> None:
    answer, told = UNSOUND[name]
    for piece in range(len(responses.PIECES)):
        with in_memory():
            assert outcome(bytes([piece << 3]) + answer) == (
                "invalid",
                f"what wa.example:9090 sends is no HTTP ({told})",
            )


@pytest.mark.parametrize("packing", NEVER_ASKED_FOR)
@pytest.mark.parametrize("body", [BODY, PACKED], ids=["plain", "packed"])
def test_what_is_packed_as_nobody_asked_for_is_refused(packing: str, body: bytes) -> None:
    fields = [b"Content-Encoding: " + part.encode() for part in packing.split(", ")]
    for told in ([b"Content-Encoding: " + packing.encode()], fields):
        with in_memory():
            problem, text = outcome(b"\0" + headed(body, *told, b"Content-Length: %d" % len(body)))
        assert (problem, text) == ("invalid", "the answer of wa.example:9090 cannot be unpacked")
