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
_MOST_IN_A_ROW = 64
"""Packed pieces in a row that are one: each may come to nothing, and takes time all the same."""


_GZIPPED = ("gzip", "x-gzip")
_PACKINGS = (*_GZIPPED, "aes128gcm", "br", "compress", "dcb", "dcz", "deflate", "exi", "x-compress", "zstd")
"""What changes the bytes of a body. Other words are put there by mistake, such as `none` or a set of letters."""


def unpacked(pieces: Iterable[bytes], encodings: Iterable[str]) -> Iterable[bytes]:
    """What the pieces of a body come to, which `encodings`, the answer's Content-Encoding in lower case, tell.

    Raises zlib.error for what is packed in another way than it says, or than was asked for, and
    http.client.IncompleteRead for what ends too early.
    """
    packed = [each for each in encodings if each in _PACKINGS]
    if not packed:
        return pieces
    if len(packed) > 1 or packed[0] not in _GZIPPED:
        raise zlib.error("packed in a way that nobody asked for")
    return _unzipped(pieces)


def _unzipped(pieces: Iterable[bytes]) -> Iterable[bytes]:
    unpacker = zlib.decompressobj(_GZIP)
    begun = 1
    for piece in pieces:
        while piece:
            if unpacker.eof:
                # Several packed pieces in a row are one; some fill up the last.
                piece = piece.lstrip(b"\0")
                if not piece:
                    break
                unpacker = zlib.decompressobj(_GZIP)
                begun += 1
                if begun > _MOST_IN_A_ROW:
                    raise zlib.error("packed in more pieces than anybody does")
            yield unpacker.decompress(piece, _PIECE)
            piece = unpacker.unconsumed_tail or unpacker.unused_data
    if not unpacker.eof:
        raise http.client.IncompleteRead(b"")
