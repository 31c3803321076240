# SPDX-License-Identifier: BSD-2-Clause
"""Quantities: what a user may write, and how an amount is told."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wabiz_monitoring._core.units import BYTES, SECONDS, Unit, parse_quantity, plain, spell

WRITTEN = [
    # text, unit, amount in the base unit
    ("0", BYTES, 0),
    ("1", BYTES, 1),
    ("1B", BYTES, 1),
    ("1kB", BYTES, 1000),
    ("1KB", BYTES, 1000),
    ("1MB", BYTES, 10**6),
    ("1GB", BYTES, 10**9),
    ("1TB", BYTES, 10**12),
    ("1KiB", BYTES, 1024),
    ("1MiB", BYTES, 1024**2),
    ("1GiB", BYTES, 1024**3),
    ("1TiB", BYTES, 1024**4),
    ("1.5GiB", BYTES, 3 * 2**29),
    (".5KiB", BYTES, 512),
    ("5.", BYTES, 5),
    ("10 GiB", BYTES, 10 * 2**30),
    (" 10GiB ", BYTES, 10 * 2**30),
    ("-3MB", BYTES, -3 * 10**6),
    ("+3MB", BYTES, 3 * 10**6),
    ("30s", SECONDS, 30),
    ("2m", SECONDS, 120),
    ("12h", SECONDS, 43200),
    ("1.5d", SECONDS, 129600),
    ("2w", SECONDS, 1209600),
    ("-0.5", SECONDS, -0.5),
]

REFUSED = [
    # text, unit, what the sentence must say
    ("", BYTES, "is no quantity"),
    ("GiB", BYTES, "is no quantity"),
    ("1e3", BYTES, "is no quantity"),
    ("nan", BYTES, "is no quantity"),
    ("inf", SECONDS, "is no quantity"),
    ("0x10", BYTES, "is no quantity"),
    ("1,5GiB", BYTES, "is no quantity"),
    ("1 000", BYTES, "is no quantity"),
    ("1GiB2", BYTES, "is no quantity"),
    ("٣s", SECONDS, "is no quantity"),
    ("--1", BYTES, "is no quantity"),
    ("1" * 31, BYTES, "is no quantity"),
    ("10gib", BYTES, "'gib' is no unit here; use B, kB, KB, MB, GB, TB, KiB, MiB, GiB, TiB"),
    ("10G", BYTES, "'G' is no unit here"),
    ("5s", BYTES, "'s' is no unit here"),
    ("5GiB", SECONDS, "'GiB' is no unit here; use s, m, h, d, w"),
    ("5M", SECONDS, "'M' is no unit here"),
    ("5days", SECONDS, "'days' is no unit here"),
]

SPELLED = [
    # amount in the base unit, unit, words
    (0, BYTES, "0 B"),
    (1, BYTES, "1 B"),
    (1023, BYTES, "1023 B"),
    (1024, BYTES, "1 KiB"),
    (1536, BYTES, "1.5 KiB"),
    (812 * 2**20, BYTES, "812 MiB"),
    # One byte short of a GiB is not yet one.
    (2**30 - 1, BYTES, "1023 MiB"),
    (2**30, BYTES, "1 GiB"),
    (5 * 2**40, BYTES, "5 TiB"),
    (2**62 - 2**40, BYTES, "4194303 TiB"),
    (0, SECONDS, "0 seconds"),
    (1, SECONDS, "1 second"),
    (-1, SECONDS, "-1 second"),
    (0.25, SECONDS, "0.2 seconds"),
    (59.99, SECONDS, "59.9 seconds"),
    (60, SECONDS, "1 minute"),
    (90, SECONDS, "1.5 minutes"),
    (3600, SECONDS, "1 hour"),
    (86399, SECONDS, "23.9 hours"),
    (86400, SECONDS, "1 day"),
    (86400 * 7 - 1, SECONDS, "6.9 days"),
    (86400 * 100, SECONDS, "100 days"),
    (-86400 * 2.5, SECONDS, "-2.5 days"),
]

PLAIN = [
    (0, "0"),
    (-0.0, "0"),
    (9223372036854775807, "9223372036854775807"),
    (9.2e18, "9200000000000000000"),
    (1.0, "1"),
    (0.5, "0.5"),
    (-0.25, "-0.25"),
    (1e-7, "0"),
    (-1e-7, "0"),
    (0.0005, "0.001"),
    (12.3456, "12.346"),
]


@pytest.mark.parametrize(("text", "unit", "amount"), WRITTEN)
def test_a_quantity_is_read_in_its_base_unit(text: str, unit: Unit, amount: float) -> None:
    assert parse_quantity(text, unit).amount == amount


@pytest.mark.parametrize(("text", "unit", "told"), REFUSED)
def test_what_is_no_quantity_is_refused_with_a_word_on_what_would_be_right(text: str, unit: Unit, told: str) -> None:
    with pytest.raises(ValueError, match=r"is no (quantity|unit)") as refused:
        parse_quantity(text, unit)
    assert told in str(refused.value)


@pytest.mark.parametrize(("amount", "unit", "words"), SPELLED)
def test_an_amount_is_spelled_as_people_say_it(amount: float, unit: Unit, words: str) -> None:
    assert spell(amount, unit) == words


@pytest.mark.parametrize(("amount", "text"), PLAIN)
def test_a_number_for_performance_data_has_no_exponent_no_sign_of_nothing_and_no_trailing_zeros(
    amount: float, text: str
) -> None:
    assert plain(amount) == text


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**80), 2**80))
def test_every_number_is_written_with_digits_only_and_to_the_millisecond(amount: float) -> None:
    text = plain(amount)
    assert set(text) <= set("-.0123456789")
    assert math.isclose(float(text), amount, abs_tol=0.0005001)


@given(st.integers(0, 2**52))
def test_spelled_bytes_never_promise_more_than_there_is(amount: int) -> None:
    number, suffix = spell(amount, BYTES).split()
    shown = float(number) * BYTES.factors[suffix]
    # A tenth below ten units, a whole one from there on: never more is cut off.
    assert shown <= amount <= shown + BYTES.factors[suffix]


@given(st.integers(-(10**6), 10**6), st.sampled_from(sorted(BYTES.factors)))
def test_a_quantity_remembers_how_it_was_written(number: int, suffix: str) -> None:
    quantity = parse_quantity(f"{number}{suffix}", BYTES)
    assert quantity == (number * BYTES.factors[suffix], f"{number} {suffix}", True)


@pytest.mark.parametrize(
    ("text", "unit"), [("99999999999TiB", BYTES), ("-1" + "0" * 25, BYTES), ("9" * 18 + "w", SECONDS)]
)
def test_more_than_there_can_be_is_refused(text: str, unit: Unit) -> None:
    with pytest.raises(ValueError, match="more than there can be"):
        parse_quantity(text, unit)
