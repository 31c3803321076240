# SPDX-License-Identifier: BSD-2-Clause
"""Raw answers through the client libraries, damaged in the ways of HTTP: a sample of what tests/fuzz does for long."""

from __future__ import annotations

import gzip
import random

import pytest
from fuzz import framing, responses
from fuzz.responses import NEXT, in_memory, response

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
