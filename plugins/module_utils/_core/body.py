# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The body of an answer as it comes in: unpacked, and no more of it than is ever looked at.

Libraries that unpack by themselves know no limit, or only in their newest versions: a kilobyte becomes a megabyte, and
packed twice a gigabyte.
"""

from __future__ import annotations

import http.client
import zlib
from typing import Iterable

ACCEPTED = "gzip"
"""The value of Accept-Encoding: what can be unpacked here."""

MOST_OF_REFUSAL = 2**16
"""Bytes, unpacked, of an answer that is none: an error in the API's words is shorter."""


class TooLarge(Exception):
    """An answer of more bytes than are believed."""


_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 2**18


def gather(chunks: Iterable[bytes], encoding: str, most: int) -> bytearray:
    """The whole body, or a little more than `most` bytes of it: what is longer is not read to its end.

    `encoding` is the answer's Content-Encoding. Raises zlib.error for what is packed in another way than it says, or
    than was asked for, and http.client.IncompleteRead for what ends too early.
    """
    packed = encoding.strip().lower()
    if packed in ("gzip", "x-gzip"):
        chunks = _unpacked(chunks)
    elif packed not in ("", "identity"):
        raise zlib.error("packed in a way that nobody asked for")
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most:
            break
    return body


def _unpacked(chunks: Iterable[bytes]) -> Iterable[bytes]:
    unpacker = zlib.decompressobj(_GZIP)
    for chunk in chunks:
        while chunk:
            if unpacker.eof:
                # Several packed pieces in a row are one.
                unpacker = zlib.decompressobj(_GZIP)
            yield unpacker.decompress(chunk, _PIECE)
            chunk = unpacker.unconsumed_tail or unpacker.unused_data
    if not unpacker.eof:
        raise http.client.IncompleteRead(b"")
