# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The two ways in which the API writes a time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from .text import Message

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d\d:?\d\d)?",
    re.ASCII | re.IGNORECASE,
)


class Moment(NamedTuple):
    """A time in UTC, and whether the text itself carried a zone."""

    utc: datetime
    zoned: bool


def parse_time(text: str) -> Moment:
    """A time as `2018-09-27T14:26:07` or `2018-03-01 15:29:26+00:00`; one without a zone is taken as UTC.

    `expire_timestamp` carries no zone, the expiry of a token does; both forms are read everywhere.
    Raises ValueError when the text is no such time.
    """
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError("no time of the form 2018-09-27T14:26:07")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int(((fraction or "") + "000000")[:6])
    # A leap second is 23:59:60; datetime knows none.
    moment = datetime(
        int(year), int(month), int(day), int(hour), int(minute), int(second) - (second == "60"), micro, timezone.utc
    )
    try:
        return Moment(moment - _offset(zone), zone is not None)
    except OverflowError:
        raise ValueError("a time outside the calendar") from None


def spell_moment(moment: datetime, pattern: str) -> Message:
    """A moment in words, by a pattern of strftime."""
    return Message(moment.strftime(pattern))


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone[0] not in "+-":
        return timedelta(0)
    digits = zone[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -span if zone[0] == "-" else span
