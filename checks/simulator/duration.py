# SPDX-License-Identifier: BSD-2-Clause
"""Lengths of time as people write them in a scenario or behind an option."""

from __future__ import annotations

import re

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# The calendar ends, and with it what can be written as a date.
_LONGEST = 100 * 365 * 86400
_WRITTEN = re.compile(r"([+-]?\d+(?:\.\d+)?)([smhdw])")


def seconds(written: object) -> float:
    """The length in seconds of a text such as ``90d``, ``1.5h`` or ``-400s``; a bare number is seconds already.

    Raises ValueError, saying what would be right.
    """
    if isinstance(written, (int, float)) and not isinstance(written, bool):
        length = float(written)
    elif isinstance(written, str) and (match := _WRITTEN.fullmatch(written)):
        length = float(match[1]) * _SECONDS[match[2]]
    else:
        raise ValueError(f"{written!r} is no length of time: write a number and s, m, h, d or w, such as 90d or -400s")
    # Written so that it refuses what is not a number, too.
    if not abs(length) <= _LONGEST:
        raise ValueError(f"{written!r} is too long: a century is the most")
    return length
