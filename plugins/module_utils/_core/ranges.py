# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Nagios ranges with units: which values alert, and how to say so.

The notation is that of the Monitoring Plugins guidelines (`10:`, `~:30`, `10:20`, `@10:20`), with units.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

from .misuse import Misuse
from .text import Message, say
from .units import Quantity, Unit, parse_quantity, plain

LEAST = "least"
MOST = "most"


class Range(NamedTuple):
    """The values from `start` to `end`, both included; they are fine, or, when `inside`, they are what alerts."""

    start: float
    end: float
    inside: bool
    start_written: Message
    end_written: Message
    written: str
    """As the user wrote it."""

    def alerts(self, value: float) -> bool:
        """Whether a value, in the base unit, raises an alert."""
        return (self.start <= value <= self.end) is self.inside

    def never_alerts(self) -> bool:
        """Whether no value at all can alert (`~:`): a limit that is switched off."""
        return not self.inside and self.start == -math.inf and self.end == math.inf

    def reaches(self, least: float, most: float) -> bool:
        """Whether any value from `least` to `most`, both included, alerts."""
        return any(
            (low < most or (low == most and with_low)) and (high > least or (high == least and with_high))
            for low, with_low, high, with_high in _alerting(self)
        )

    def swallows(self, other: Range) -> bool:
        """Whether every value that alerts in `other` alerts in this range too."""
        return all(_within(piece, _alerting(self)) for piece in _alerting(other))

    def __str__(self) -> str:
        """The range in the guidelines' notation, in base units, as performance data want it."""
        start = "~" if self.start == -math.inf else plain(self.start)
        end = "" if self.end == math.inf else plain(self.end)
        shown = end if start == "0" and end else "%s:%s" % (start, end)
        return "@" + shown if self.inside else shown

    def breach(self, value: float) -> Message:
        """How a value that alerts breaks this range: `below 1 GiB`, `above 30 s`, `within 0 B to 500 MB`."""
        if self.inside:
            return say("within %s to %s", self.start_written, self.end_written)
        if self.start == -self.end:
            return say("beyond %s", self.end_written)
        if value < self.start:
            return say("below %s", self.start_written)
        return say("above %s", self.end_written)


def parse_range(text: str, unit: Unit, bare: str, least: int = 0, likely: str = "") -> Range:
    """The range that a user wrote. `bare` says what a value alone means: LEAST or MOST that is acceptable.

    A number without a unit that is below `least` is refused, 0 excepted: the unit `likely` was meant. MOST is
    symmetrical, since what it bounds (a clock's offset) may err to both sides.
    Raises Misuse with a sentence that says what would be right.
    """
    inside = text.startswith("@")
    body = text[1:].strip() if inside else text.strip()
    if body in ("", ":"):
        raise Misuse("%r is no range; write for example %s:" % (text, unit.example))
    if ":" not in body:
        quantity = parse_quantity(body, unit)
        alone = _bare(text, quantity, bare, inside)
        _hold_unit(text, [quantity], unit, least, likely)
        return alone
    start_text, _colon, end_text = (part.strip() for part in body.partition(":"))
    start = _DOWNWARDS if start_text == "~" else parse_quantity(start_text or "0", unit)
    end = parse_quantity(end_text, unit) if end_text else _UPWARDS
    # Nothing is nothing in every unit, and the infinite has none.
    bounds = [bound for bound in (start, end) if bound.amount and math.isfinite(bound.amount)]
    if len({bound.has_unit for bound in bounds}) > 1:
        raise Misuse("%r has a unit on one side only; write it on both" % text)
    if inside and (start, end) == (_DOWNWARDS, _UPWARDS):
        raise Misuse("%r alerts always" % text)
    both = _range(text, start, end, inside)
    _hold_unit(text, bounds, unit, least, likely)
    return both


def _hold_unit(text: str, bounds: Sequence[Quantity], unit: Unit, least: int, likely: str) -> None:
    for bound in bounds:
        if not bound.has_unit and 0 < bound.amount < least:
            number = bound.written.partition(" ")[0]
            told = (text, bound.written, number + likely, number + unit.base)
            raise Misuse("%r has no unit and would be %s; write %s, or %s if that is meant" % told)


_DOWNWARDS = Quantity(-math.inf, say("anything"), False)
_UPWARDS = Quantity(math.inf, say("anything"), False)


def _bare(text: str, quantity: Quantity, bare: str, inside: bool) -> Range:
    if inside:
        return _range(text, Quantity(0, say("nothing"), False), quantity, inside)
    if bare == LEAST:
        return _range(text, quantity, _UPWARDS, inside)
    if quantity.amount < 0:
        raise Misuse("%r is negative; the largest offset either way is meant" % text)
    return _range(text, Quantity(-quantity.amount, say("-%s", quantity.written), True), quantity, inside)


def _range(text: str, start: Quantity, end: Quantity, inside: bool) -> Range:
    if end.amount < start.amount:
        raise Misuse("%r ends before it starts" % text)
    return Range(start.amount, end.amount, inside, start.written, end.written, text)


# Alerting values as open or closed intervals: (from, from included, to, to included).
def _alerting(limit: Range) -> list[tuple[float, bool, float, bool]]:
    if limit.inside:
        return [(limit.start, limit.start > -math.inf, limit.end, limit.end < math.inf)]
    below = [(-math.inf, False, limit.start, False)] if limit.start > -math.inf else []
    above = [(limit.end, False, math.inf, False)] if limit.end < math.inf else []
    return below + above


def _within(piece: tuple[float, bool, float, bool], pieces: list[tuple[float, bool, float, bool]]) -> bool:
    start, with_start, end, with_end = piece
    return any(
        (low < start or (low == start and (with_low or not with_start)))
        and (end < high or (end == high and (with_high or not with_end)))
        for low, with_low, high, with_high in pieces
    )
