# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Quantities with units: bytes and seconds, from the words of a user and back into words."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Tuple

from .misuse import Misuse
from .text import Message

LARGEST = 2**63
"""No volume holds more bytes, and no clock is off by more seconds."""

_NUMBER = re.compile(r"([+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30}))\s*([A-Za-z]{0,8})", re.ASCII)


class Unit(NamedTuple):
    """A kind of quantity: its base unit as in performance data, and what a user may write."""

    base: str
    factors: Mapping[str, int]
    ladder: Tuple[Tuple[int, str], ...]
    example: str


BYTES = Unit(
    "B",
    {
        "B": 1,
        "kB": 10**3,
        "KB": 10**3,
        "MB": 10**6,
        "GB": 10**9,
        "TB": 10**12,
        "KiB": 2**10,
        "MiB": 2**20,
        "GiB": 2**30,
        "TiB": 2**40,
    },
    ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")),
    "10GiB",
)
SECONDS = Unit(
    "s",
    {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800},
    ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds")),
    "12h",
)


class Quantity(NamedTuple):
    """An amount in the base unit, the way it was written, and whether a unit stood beside it."""

    amount: float
    written: Message
    """Digits and a known unit, so nothing foreign is in it."""
    has_unit: bool


def parse_quantity(text: str, unit: Unit) -> Quantity:
    """The amount that a user wrote, in the base unit (B or s). A bare number is in the base unit.

    Raises Misuse with a sentence that says what would be right.
    """
    match = _NUMBER.fullmatch(text.strip())
    if not match:
        raise Misuse("%r is no quantity; write a number and a unit, as in %s" % (text, unit.example))
    number, suffix = match.groups()
    if suffix and suffix not in unit.factors:
        raise Misuse("%r is no unit here; use %s" % (suffix, ", ".join(unit.factors)))
    amount = float(number) * unit.factors.get(suffix or unit.base, 1)
    if abs(amount) > LARGEST:
        raise Misuse("%r is more than there can be" % text)
    exact = int(amount) if amount == int(amount) else amount
    return Quantity(exact, Message("%s %s" % (number, suffix or unit.base)), bool(suffix))


def spell(amount: float, unit: Unit) -> Message:
    """An amount in the base unit as people say it: `812 MiB`, `5.5 days`, `3 hours`; three digits at the most."""
    size = abs(amount)
    factor, name = next((step for step in unit.ladder if size >= step[0]), unit.ladder[-1])
    value = amount / factor
    # Never round up to the next unit or past a limit: what is spelled is what is surely there.
    shown = "%d" % int(value) if abs(value) >= 100 else ("%.1f" % (int(value * 10) / 10)).replace(".0", "")
    return Message("%s %s" % (shown, name[:-1] if shown in ("1", "-1") and name.endswith("s") else name))


def plain(amount: float) -> str:
    """A number for performance data and ranges: never an exponent, no trailing zeros."""
    if amount == int(amount):
        return str(int(amount))
    shown = ("%.3f" % amount).rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown
