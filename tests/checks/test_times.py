# SPDX-License-Identifier: BSD-2-Clause
"""The times that the API writes."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wabiz_monitoring._core.times import parse_time

READ = [
    # text, in UTC, whether it carries a zone
    ("2018-09-27T14:26:07", "2018-09-27T14:26:07", False),
    ("2018-09-27 14:26:07", "2018-09-27T14:26:07", False),
    ("2018-03-01 15:29:26+00:00", "2018-03-01T15:29:26", True),
    ("2018-03-01T15:29:26Z", "2018-03-01T15:29:26", True),
    ("2018-03-01T15:29:26z", "2018-03-01T15:29:26", True),
    ("2018-03-01 15:29:26 UTC", "2018-03-01T15:29:26", True),
    ("2018-03-01T15:29:26+02:00", "2018-03-01T13:29:26", True),
    ("2018-03-01T15:29:26-0530", "2018-03-01T20:59:26", True),
    ("2018-03-01T15:29:26 +0000", "2018-03-01T15:29:26", True),
    ("2018-03-01T23:30:00-01:00", "2018-03-02T00:30:00", True),
    ("2018-03-01T15:29:26.5", "2018-03-01T15:29:26.500000", False),
    ("2018-03-01T15:29:26,123456789Z", "2018-03-01T15:29:26.123456", True),
    # As PostgreSQL writes times, and as other databases and languages do.
    ("2027-03-07 20:47:54+00", "2027-03-07T20:47:54", True),
    ("2027-03-07 20:47:54.123456+05:30", "2027-03-07T15:17:54.123456", True),
    ("2027-03-07 20:47:54-03", "2027-03-07T23:47:54", True),
    ("2027-03-07 20:47:54+0530", "2027-03-07T15:17:54", True),
    ("1890-03-07 20:47:54+00:19:32", "1890-03-07T20:28:22", True),
    ("2027-03-07 20:47:54.000000", "2027-03-07T20:47:54", False),
    ("2027-03-07 20:47:54.1234567891234 UTC", "2027-03-07T20:47:54.123456", True),
    ("2027-03-07 20:47:54 +0000 UTC", "2027-03-07T20:47:54", True),
    ("2027-03-07t20:47:54z", "2027-03-07T20:47:54", True),
    ("2027-03-07t20:47:54utc", "2027-03-07T20:47:54", True),
    ("2027-03-07 20:47:54 GMT", "2027-03-07T20:47:54", True),
    ("2027-03-07  20:47:54  +00", "2027-03-07T20:47:54", True),
    ("2027-03-07\t20:47:54", "2027-03-07T20:47:54", False),
    ("  2018-03-01T15:29:26\n", "2018-03-01T15:29:26", False),
    ("2016-12-31T23:59:60", "2016-12-31T23:59:59", False),
    ("2020-02-29T00:00:00", "2020-02-29T00:00:00", False),
    ("9999-12-31T23:59:59", "9999-12-31T23:59:59", False),
]

REFUSED = [
    "",
    "now",
    "2018-09-27",
    "14:26:07",
    "2018-09-27T14:26",
    "27.09.2018 14:26:07",
    "2018-9-27T14:26:07",
    "2018-13-01T00:00:00",
    "2018-00-10T00:00:00",
    "2018-02-30T00:00:00",
    "2019-02-29T00:00:00",
    "2018-09-27T24:00:00",
    "2018-09-27T14:60:00",
    "2018-09-27T14:26:61",
    "2018-09-27T14:26:99",
    "0000-01-01T00:00:00",
    "2018-09-27T14:26:07+2",
    "2018-09-27T14:26:07+24",
    "2018-09-27T14:26:07+01:60",
    "2018-09-27T14:26:07+010",
    "2018-09-27T14:26:07.",
    "2018-09-27T14:26:07 UTC+1",
    "2018-09-2714:26:07",
    # What databases write for a time that is none.
    "0000-00-00 00:00:00",
    "infinity",
    "2018-09-27T14:26:07 CET",
    "2018-09-27T14:26:07+00:00 or so",
    "1538058367",
    "٢٠١٨-09-27T14:26:07",
    # In UTC these lie outside of what a calendar holds.
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "9999-12-31T23:59:59-99:99",
]


@pytest.mark.parametrize(("text", "utc", "zoned"), READ)
def test_a_time_is_read_as_utc_unless_it_says_otherwise(text: str, utc: str, zoned: bool) -> None:
    assert parse_time(text) == (datetime.fromisoformat(utc).replace(tzinfo=timezone.utc), zoned)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|range|must be"):
        parse_time(text)


_ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_MOMENTS = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=_ZONES)


@given(_MOMENTS, st.sampled_from("T "))
def test_every_time_in_either_form_comes_back_as_the_moment_that_it_is(moment: datetime, between: str) -> None:
    moment = moment.replace(microsecond=0)
    assert parse_time(moment.isoformat(between)) == (moment, True)


@given(st.text(max_size=40) | st.from_regex(r"\A\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([+-]\d\d:\d\d)?\Z"))
def test_any_text_is_either_a_time_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert parse_time(text).utc.utcoffset() == timedelta(0)
