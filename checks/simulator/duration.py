# SPDX-License-Identifier: BSD-2-Clause
"""Lengths of time as people write them in a scenario or behind an option."""

from __future__ import annotations

from wabiz_monitoring._core.units import SECONDS, parse_quantity

# The calendar ends, and with it what can be written as a date.
_LONGEST = 100 * 365 * 86400


def seconds(written: object) -> float:
    """The length in seconds of a text such as ``90d``, ``1.5h`` or ``-400s``; a bare number is seconds already.

    Raises ValueError, saying what would be right.
    """
    length = _read(written)
    # Written so that it refuses what is not a number, too.
    if not abs(length) <= _LONGEST:
        raise ValueError(f"{written!r} is too long: a century is the most")
    return length


def _read(written: object) -> float:
    if isinstance(written, (int, float)) and not isinstance(written, bool):
        return float(written)
    try:
        quantity = parse_quantity(written if isinstance(written, str) else "", SECONDS)
    except ValueError:
        quantity = None
    if quantity is None or not quantity.has_unit:
        raise ValueError(f"{written!r} is no length of time: write a number and s, m, h, d or w, such as 90d or -400s")
    return quantity.amount
