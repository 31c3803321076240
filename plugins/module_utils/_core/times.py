# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Times, as the API, and the databases and languages behind it, write them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple, Optional

from .text import Message

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T|\s+)(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?"
    r"\s*(?:(Z|UTC|GMT)|([+-])(\d\d)(?::?([0-5]\d)(?::([0-5]\d))?)?(?:\s*UTC)?)?",
    re.ASCII | re.IGNORECASE,
)


class Moment(NamedTuple):
    """A time in UTC, and whether the text itself carried a zone."""

    utc: datetime
    zoned: bool


def parse_time(text: str) -> Moment:
    """A time as `2018-09-27T14:26:07` or `2018-03-01 15:29:26+00:00`; one without a zone is taken as UTC.

    `expire_timestamp` carries no zone, the expiry of a token does; all forms are read everywhere, those of databases
    (`2018-03-01 15:29:26.123456+00`) too.
    Raises ValueError when the text is no such time.
    """
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError("no time of the form 2018-09-27T14:26:07")
    year, month, day, hour, minute, second, fraction, utc, *offset = match.groups()
    micro = int(((fraction or "") + "000000")[:6])
    # A leap second is 23:59:60; datetime knows none.
    moment = datetime(
        int(year), int(month), int(day), int(hour), int(minute), int(second) - (second == "60"), micro, timezone.utc
    )
    try:
        return Moment(moment - _offset(*offset), bool(utc or offset[0]))
    except OverflowError:
        raise ValueError("a time outside the calendar") from None


def spell_moment(moment: datetime, pattern: str) -> Message:
    """A moment in words, by a pattern of strftime."""
    return Message(moment.strftime(pattern))


def _offset(sign: Optional[str], hours: Optional[str], minutes: Optional[str], seconds: Optional[str]) -> timedelta:
    if sign is None:
        return timedelta(0)
    span = timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0))
    if span >= timedelta(days=1):
        raise ValueError("no time: a zone is less than a day off UTC")
    return -span if sign == "-" else span
