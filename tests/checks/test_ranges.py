# SPDX-License-Identifier: BSD-2-Clause
"""Nagios ranges with units: what alerts, how a range is told, and when one makes another pointless."""

from __future__ import annotations

import math

import nagiosplugin
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wabiz_monitoring._core.ranges import LEAST, MOST, Range, parse_range
from wabiz_monitoring._core.text import NOTHING
from wabiz_monitoring._core.units import BYTES, SECONDS, Unit

MIB = 2**20
GIB = 2**30

NOTATIONS = [
    # text, unit, what a bare value means, as the guidelines write it, values that alert, values that do not
    ("10GiB", BYTES, LEAST, "10737418240:", [0, 10 * GIB - 1, -1], [10 * GIB, 2**62]),
    ("10GiB:", BYTES, LEAST, "10737418240:", [0, 10 * GIB - 1, -1], [10 * GIB, 2**62]),
    ("10", BYTES, LEAST, "10:", [9], [10, 11]),
    ("10", SECONDS, MOST, "-10:10", [-11, 11], [-10, 0, 10]),
    ("60s", SECONDS, MOST, "-60:60", [-61, 60.001], [-60, 60]),
    ("0", SECONDS, MOST, "0", [-1, 1], [0]),
    ("0:500MB", BYTES, LEAST, "500000000", [-1, 500000001], [0, 500000000]),
    ("0:500", BYTES, LEAST, "500", [-1, 501], [0, 500]),
    ("-500s:0", SECONDS, MOST, "-500:0", [-501, 1], [-500, 0]),
    (":500MB", BYTES, LEAST, "500000000", [-1, 500000001], [0, 500000000]),
    ("1GiB:2GiB", BYTES, LEAST, "1073741824:2147483648", [GIB - 1, 2 * GIB + 1], [GIB, 2 * GIB]),
    ("12h:", SECONDS, LEAST, "43200:", [43199, -1], [43200, 10**9]),
    ("1.5d:", SECONDS, LEAST, "129600:", [129599], [129600]),
    ("2w:", SECONDS, LEAST, "1209600:", [1209599], [1209600]),
    ("~:30s", SECONDS, MOST, "~:30", [31], [-(10**9), 0, 30]),
    ("~:", SECONDS, MOST, "~:", [], [-(10**9), 0, 10**9]),
    ("-30s:30s", SECONDS, MOST, "-30:30", [-31, 31], [-30, 30]),
    ("-10:-5", SECONDS, MOST, "-10:-5", [-11, -4, 0], [-10, -5]),
    ("-1d:", SECONDS, LEAST, "-86400:", [-86401], [-86400, 0]),
    ("0.5:1.5", SECONDS, MOST, "0.5:1.5", [0.4, 1.6], [0.5, 1.5]),
    ("5:5", SECONDS, MOST, "5:5", [4, 6], [5]),
    ("@0:500MB", BYTES, LEAST, "@500000000", [0, 500000000], [-1, 500000001]),
    ("@500MB", BYTES, LEAST, "@500000000", [0, 500000000], [-1, 500000001]),
    ("@10:20", BYTES, LEAST, "@10:20", [10, 20], [9, 21]),
    ("@10:", BYTES, LEAST, "@10:", [10, 2**62], [9]),
    ("@~:10", BYTES, LEAST, "@~:10", [-5, 10], [11]),
    ("@5:5", BYTES, LEAST, "@5:5", [5], [4, 6]),
    ("0:", BYTES, LEAST, "0:", [-1], [0]),
    ("~:0", SECONDS, MOST, "~:0", [1], [0, -1]),
    (" 1 GiB : 2 GiB ", BYTES, LEAST, "1073741824:2147483648", [GIB - 1], [GIB]),
]

REFUSED = [
    # text, unit, what a bare value means, what the sentence must say
    ("", BYTES, LEAST, "'' is no range; write for example 10GiB:"),
    (":", BYTES, LEAST, "':' is no range"),
    ("@", BYTES, LEAST, "'@' is no range"),
    ("@:", BYTES, LEAST, "'@:' is no range"),
    ("~", BYTES, LEAST, "'~' is no quantity"),
    ("abc", BYTES, LEAST, "'abc' is no quantity; write a number and a unit, as in 10GiB"),
    ("10:20:30", BYTES, LEAST, "'20:30' is no quantity"),
    ("10%:", BYTES, LEAST, "'10%' is no quantity"),
    ("5s:", BYTES, LEAST, "'s' is no unit here"),
    ("5GiB:", SECONDS, LEAST, "'GiB' is no unit here"),
    ("20:10", BYTES, LEAST, "'20:10' ends before it starts"),
    ("@20:10", BYTES, LEAST, "'@20:10' ends before it starts"),
    ("@-5", BYTES, LEAST, "'@-5' ends before it starts"),
    (":-5", SECONDS, MOST, "':-5' ends before it starts"),
    ("-10", SECONDS, MOST, "'-10' is negative"),
    ("@~:", SECONDS, MOST, "'@~:' alerts always"),
    # Five bytes to twenty gigabytes is a slip, not a wish.
    ("5:20GiB", BYTES, LEAST, "'5:20GiB' has a unit on one side only"),
    ("5GiB:20", BYTES, LEAST, "'5GiB:20' has a unit on one side only"),
    ("nan:", BYTES, LEAST, "'nan' is no quantity"),
    ("10:inf", BYTES, LEAST, "'inf' is no quantity"),
    ("10:~", BYTES, LEAST, "'~' is no quantity"),
    ("@@10", BYTES, LEAST, "'@10' is no quantity"),
]

BREACHES = [
    # range, unit, what a bare value means, value, words
    ("1GiB", BYTES, LEAST, 0, "below 1 GiB"),
    ("1.5 GiB:", BYTES, LEAST, 0, "below 1.5 GiB"),
    ("1073741824", BYTES, LEAST, 0, "below 1073741824 B"),
    ("0:500MB", BYTES, LEAST, 10**9, "above 500 MB"),
    ("60s", SECONDS, MOST, 61, "beyond 60 s"),
    ("60s", SECONDS, MOST, -61, "beyond 60 s"),
    ("-1m:2m", SECONDS, MOST, -61, "below -1 m"),
    ("@-5s:5s", SECONDS, MOST, 5, "within -5 s to 5 s"),
    ("~:5m", SECONDS, MOST, 301, "above 5 m"),
    ("@0:500MB", BYTES, LEAST, 5, "within 0 B to 500 MB"),
    ("@~:500MB", BYTES, LEAST, 5, "within anything to 500 MB"),
]

SWALLOWED = [
    # range, the other, does every value that alerts in the other alert in the range
    ("10:", "5:", True),
    ("5:", "10:", False),
    ("5:", "5:", True),
    ("~:5", "~:10", True),
    ("~:10", "~:5", False),
    ("5:10", "1:20", True),
    ("1:20", "5:10", False),
    ("5:10", "5:20", True),
    ("5:10", "~:10", True),
    ("~:10", "5:10", False),
    ("@1:10", "@2:9", True),
    ("@1:10", "@1:10", True),
    ("@2:9", "@1:10", False),
    # Below 5 is not below or at 5: the value 5 itself tells them apart.
    ("5:", "@1:5", False),
    ("6:", "@1:5", True),
    ("@~:5", "5:", True),
    ("@~:5", "6:", False),
    ("@5:", "~:5", True),
    ("@5:", "~:4", False),
    ("5:10", "@6:7", False),
    ("5:10", "@11:12", True),
]


def read(text: str) -> Range:
    return parse_range(text, SECONDS, MOST)


@pytest.mark.parametrize(("text", "unit", "bare", "shown", "alerting", "fine"), NOTATIONS)
def test_a_range_alerts_for_what_it_says_and_is_told_in_base_units(
    text: str, unit: Unit, bare: str, shown: str, alerting: list[float], fine: list[float]
) -> None:
    limit = parse_range(text, unit, bare)
    assert [value for value in alerting + fine if limit.alerts(value)] == alerting
    assert str(limit) == shown


@pytest.mark.parametrize(("text", "unit", "bare", "told"), REFUSED)
def test_what_is_no_range_is_refused_with_a_word_on_what_is_wrong(text: str, unit: Unit, bare: str, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_range(text, unit, bare)
    assert told in str(refused.value)


@pytest.mark.parametrize(("text", "unit", "bare", "value", "words"), BREACHES)
def test_a_breach_is_told_in_the_words_of_who_set_the_limit(
    text: str, unit: Unit, bare: str, value: float, words: str
) -> None:
    limit = parse_range(text, unit, bare)
    assert limit.alerts(value)
    assert limit.breach(value) == words


@pytest.mark.parametrize(("text", "other", "swallowed"), SWALLOWED)
def test_a_range_swallows_another_when_it_alerts_wherever_the_other_does(
    text: str, other: str, swallowed: bool
) -> None:
    assert read(text).swallows(read(other)) is swallowed


def test_only_a_limit_that_is_switched_off_never_alerts() -> None:
    off = [text for text, unit, bare, *_rest in NOTATIONS if parse_range(text, unit, bare).never_alerts()]
    assert off == ["~:"]


# Whole numbers of milliseconds: finer than that nothing is told.
# Beyond 2^53 the plain reading below, through floats, is the one that errs.
_NUMBERS = st.integers(-5000, 5000).map(lambda thousandths: thousandths / 1000) | st.integers(-(2**53), 2**53)
_BOUNDS = st.tuples(_NUMBERS | st.just(-math.inf), _NUMBERS | st.just(math.inf)).map(sorted)


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    start, end = draw(_BOUNDS)
    always = math.isinf(start) and math.isinf(end)
    return Range(start, end, draw(st.booleans()) and not always, NOTHING, NOTHING, "")


def plainly(text: str, value: float) -> bool:
    """Whether a range in the guidelines' notation alerts for a value, read the long way round."""
    inside = text.startswith("@")
    start, colon, end = text.removeprefix("@").rpartition(":")
    low = -math.inf if start == "~" else float(start or 0)
    high = math.inf if colon and not end else float(end)
    outside = value < low or value > high
    return not outside if inside else outside


@given(ranges(), _NUMBERS)
def test_what_performance_data_say_of_a_range_alerts_as_the_range_does(limit: Range, value: float) -> None:
    shown = str(limit)
    assert plainly(shown, value) is limit.alerts(value)
    assert nagiosplugin.Range(shown).match(value) is not limit.alerts(value)


@given(ranges())
def test_the_ends_of_a_range_belong_to_it(limit: Range) -> None:
    ends = [end for end in (limit.start, limit.end) if math.isfinite(end)]
    assert all(limit.alerts(end) is limit.inside for end in ends)


@given(_NUMBERS, _NUMBERS, _NUMBERS, st.booleans())
def test_a_range_that_was_told_reads_back_as_the_same(start: float, end: float, value: float, inside: bool) -> None:
    limit = Range(min(start, end), max(start, end), inside, NOTHING, NOTHING, "")
    # A bare value is read in the check's own sense, so the colon is put back.
    shown = str(limit)
    again = shown if ":" in shown else shown.replace("@", "@0:") if inside else "0:" + shown
    assert read(again).alerts(value) is limit.alerts(value)


_SMALL = st.integers(-4, 4)


@st.composite
def small_ranges(draw: st.DrawFn) -> Range:
    start, end = sorted(draw(st.tuples(_SMALL | st.just(-math.inf), _SMALL | st.just(math.inf))))
    return Range(start, end, draw(st.booleans()), NOTHING, NOTHING, "")


@given(small_ranges(), small_ranges())
def test_swallowing_agrees_with_trying_every_value(limit: Range, other: Range) -> None:
    # All ends are whole numbers, so nothing changes between two halves.
    values = [half / 2 for half in range(-12, 13)] + [-1e18, 1e18]
    tried = all(limit.alerts(value) for value in values if other.alerts(value))
    assert limit.swallows(other) is tried
