# SPDX-License-Identifier: BSD-2-Clause
"""Text from outside, made fit for a status line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wabiz_monitoring._core.text import LONGEST_LABEL, LONGEST_WORD, clean, closest, count, label, listing, say

CLEANED = [
    ("plain words", "plain words"),
    ("", ""),
    ("  much   space  ", "much space"),
    ("two\nlines", "two lines"),
    ("a\r\n\tb\x00c\x1b[31md\x7f", "a b c [31md"),
    ("free | free_logs=0B", "free / free_logs=0B"),
    ("<b>bold</b>", "(b)bold(/b)"),
    ("back\\slash and `tick`", "back/slash and 'tick'"),
    ("soft\u00adhyphen", "soft hyphen"),
    ("right\u202eleft\u2066x", "right left x"),
    ("line\u2028paragraph\u2029next\u0085", "line paragraph next"),
    ("no\u00a0break", "no break"),
    ("lone \ud800 surrogate", "lone surrogate"),
    ("bom\ufeff", "bom"),
    ("Zürich 東京 🙂", "Zürich 東京 🙂"),
    ("x" * 81, "x" * 77 + "..."),
    ("x" * 80, "x" * 80),
    ("word " * 40, ("word " * 16)[:77].strip() + "..."),
    (None, "None"),
    (12, "12"),
]

LABELS = [
    ("wa1", "wa1"),
    ("wa1.example.com", "wa1_example_com"),
    ("wa-1", "wa-1"),
    ("wa 1", "wa_1"),
    ("wa'1=x;y|z", "wa_1_x_y_z"),
    ("2001:db8::1", "2001_db8_1"),
    ("__x__", "x"),
    ("", "node"),
    ("東京", "node"),
    ("x" * 48, "x" * 48),
    ("x" * 60, "x" * 39 + "_84566879"),
]


@pytest.mark.parametrize(("text", "line"), CLEANED)
def test_text_becomes_one_line_that_no_engine_reads_as_syntax(text: object, line: str) -> None:
    assert clean(text) == line


@pytest.mark.parametrize(("text", "word"), LABELS)
def test_a_label_is_made_of_safe_characters(text: str, word: str) -> None:
    assert label(text) == word


def test_a_megabyte_of_rubbish_is_cut_to_a_line() -> None:
    assert clean("a b " * 2**20) == ("a b " * 20)[:77].strip() + "..."
    assert clean("\n" * 2**20) == "..."


_ANYTHING = st.text(st.characters(), max_size=400) | st.text(st.sampled_from("|<>\\`\n\r\t\x00\u2028\ud800 x"))


@given(_ANYTHING, st.integers(4, 120))
@example("\ud800\udc00" * 50, 80)
def test_nothing_that_could_break_a_line_passes(text: str, longest: int) -> None:
    line = clean(text, longest)
    assert len(line) <= longest
    assert not set(line) & set("|<>\\`\n\r")
    assert {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} == set()
    assert line == line.strip()
    line.encode("utf-8")


@given(_ANYTHING)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(_ANYTHING)
def test_a_label_is_always_there_short_and_harmless(text: str) -> None:
    word = label(text)
    assert 0 < len(word) <= LONGEST_LABEL
    assert word.isascii()
    assert set(word) - set("._-") == {char for char in word if char.isalnum()}


def test_a_listing_reads_like_a_sentence() -> None:
    words = [say("a"), say("b"), say("c"), say("d"), say("e"), say("f"), say("g"), say("h")]
    told = [listing(words[:number]) for number in (0, 1, 2, 6)]
    assert told == ["none", "a", "a and b", "a, b, c, d, e and f"]
    assert listing(words) == "a, b, c, d, e and 3 more"


def test_one_thing_is_told_in_the_singular() -> None:
    assert [count(number, "node") for number in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]
    assert count(2, "index", "indices") == "2 indices"


def test_a_word_that_was_nearly_right_is_guessed() -> None:
    assert closest("lgos", ["logs", "data"]) == "; did you mean logs?"
    assert closest("zzz", ["logs", "data"]) == ""


def test_a_cut_word_says_so_even_if_what_was_cut_is_far_out() -> None:
    assert clean("a" + " " * LONGEST_WORD * 8 + "b") == "a..."
