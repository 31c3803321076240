# SPDX-License-Identifier: BSD-2-Clause
"""Bytes that are, or are not, a JSON object."""

from __future__ import annotations

import json

import pytest
from documents import HEALTHY, PLACE, single
from hypothesis import given
from hypothesis import strategies as st
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.document import LARGEST, decode

RUBBISH = [
    # bytes, what is told of them
    (b"", "the answer is empty"),
    (b" \r\n\t ", "the answer is empty"),
    (b"\xef\xbb\xbf", "the answer is empty"),
    (b"null", "the answer is null, not a JSON object"),
    (b"true", "the answer is true or false, not a JSON object"),
    (b"12", "the answer is a number, not a JSON object"),
    (b"1.5", "the answer is a number, not a JSON object"),
    (b'"support"', "the answer is text, not a JSON object"),
    (b"[]", "the answer is a list, not a JSON object"),
    (b'[{"support": {}}]', "the answer is a list, not a JSON object"),
    (
        b"<html><head><title>Sign in</title></head></html>",
        "an HTML page came instead of JSON: it calls itself 'Sign in'",
    ),
    (b"\n <!DOCTYPE html><TITLE lang=en>\n502 Bad\n Gateway</TITLE>", "it calls itself '502 Bad Gateway'"),
    (b"<html><title></title></html>", "a proxy or another service answers in the API's place"),
    (b"<html><body>no title", "a proxy or another service answers in the API's place"),
    (b"<title", "a proxy or another service answers in the API's place"),
    (b"<?xml version='1.0'?><error/>", "an HTML page came instead of JSON"),
    (b"<title>a|b <script> `x`\x1b[31m</title>", "it calls itself 'a/b (script) 'x' [31m'"),
    (b"upstream connect error", "the answer is not JSON: Expecting value at byte 0"),
    (b"{'support': {}}", "the answer is not JSON: Expecting property name enclosed in double quotes at byte 1"),
    # The vendor's printed sample has comments, and a comma missing.
    (b'{"support": {"lc": "ZZ" # unknown\n}}', "the answer is not JSON: Expecting ',' delimiter at byte 24"),
    (b'{"support": {"lc": "ZZ" "lg": "ZZ"}}', "the answer is not JSON: Expecting ',' delimiter at byte 24"),
    (b'{"support": {}} {"support": {}}', "the answer is not JSON: Extra data at byte 16"),
    (b'{"support": {},}', "the answer is not JSON"),
    (b'{"a": "two\nlines"}', "the answer is not JSON: Invalid control character at byte 10"),
    (b'{"a": NaN}', "the answer is not sound JSON: NaN is no JSON number"),
    (b'{"a": Infinity}', "the answer is not sound JSON: Infinity is no JSON number"),
    (b'{"a": -Infinity}', "the answer is not sound JSON: -Infinity is no JSON number"),
    (b'{"support": {"a": 1, "b": 2, "a": 3}}', "the answer is not sound JSON: 'a' stands twice in one object"),
    (b'{"a|\\u000a": 1, "a|\\u000a": 1}', "'a/ ' stands twice in one object"),
    (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "the answer is nested too deeply"),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "the answer is nested too deeply"),
    (b'{"a": ' + b"[" * 33 + b"]" * 33 + b"}", "the answer is nested too deeply"),
    (b'{"a": [' + (b"[" * 400 + b"]" * 400 + b",") * 10_000 + b"]}", "the answer is nested too deeply"),
    (b'{"a": [' + b"[]," * 32_768 + b"]}", "the answer holds more than 32768 values"),
    (b'{"a": "' + b"x" * 2**21 + b'"}', "the answer says little for its size: 2097161 bytes for 3 values"),
    # A text takes as much memory for each letter as for the widest.
    ('{"a": "\U0001f4de'.encode() + b"x" * 300_000 + b'"}', "the answer says little for its size: 300013 bytes for 3"),
    (b'{"a": "\\ud83D\\udcde' + b"x" * 300_000 + b'"}', "the answer says little for its size: 300021 bytes for 3"),
    ('{"a": "\u017c'.encode() + b"x" * 300_000 + b'"}', "the answer says little for its size: 300011 bytes for 3"),
    (b'{"a": "\xff"}', "the answer is not UTF-8 text (byte 7)"),
    (b'{"a": "Z\xfcrich"}', "the answer is not UTF-8 text (byte 8)"),
    ('{"support": {}}'.encode("utf-16"), "the answer is not UTF-8 text (byte 0)"),
    ('{"support": {}}'.encode("utf-16-le"), "the answer is not JSON"),
    (b"\x1f\x8b\x08\x00\x00", "the answer is not UTF-8 text (byte 1)"),
    (b"\x00" * 100, "the answer is not JSON"),
    (b" " * (LARGEST + 1), "the answer is larger than 8 MiB"),
    (b'{"a": ' + b"9" * 5000 + b"}", "the answer is not sound JSON"),
]

SOUND = [
    (b"{}", {}),
    (b' {"a": 1}\n', {"a": 1}),
    (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    (b'{"a": 9.223372036853727e18}', {"a": 9223372036853727000.0}),
    (b'{"a": 9223372036853727000}', {"a": 9223372036853727000}),
    (b'{"a": "\\ud800"}', {"a": "\ud800"}),
    (b'{"a": ' + b"[" * 31 + b"]" * 31 + b"}", {"a": json.loads("[" * 31 + "]" * 31)}),
    # Brackets within a text are none.
    (b'{"a": "' + b"[" * 1000 + b'\\"[\\\\", "b": []}', {"a": "[" * 1000 + '"[\\', "b": []}),
    (b'{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}', {"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}),
]

CUT = [
    b'{"support": {"lc": "ZZ"',
    b'{"support": {"lc": "Z',
    b'{"support": {"lc": "Z\\',
    b'{"support": {"lc": "Z\\u00',
    b'{"support": {"lc": "Z\\ud83d',
    b'{"support": {"lc": "Z\xc3',
    b'{"support": {"lc":',
    b'{"support": {"lc": t',
    b'{"support": {"lc": fals',
    b'{"support": {"lc": nul',
    b'{"support": {"lc": -',
    b'{"support": {"lc": 9.',
    b'{"support": {"lc": 9.2e',
    b'{"support": {"lc": 9.2e+',
    b'{"support": {"lc": [1,',
    b"{",
]


@pytest.mark.parametrize(("body", "told"), RUBBISH, ids=[told for _body, told in RUBBISH])
def test_what_is_no_json_object_is_invalid_and_told_apart(body: bytes, told: str) -> None:
    with pytest.raises(Trouble) as trouble:
        decode(body, PLACE)
    assert trouble.value.problem == "invalid"
    assert told in trouble.value.text
    assert trouble.value.text.isprintable()


@pytest.mark.parametrize(("body", "value"), SOUND)
def test_a_json_object_is_read(body: bytes, value: object) -> None:
    assert decode(body, PLACE) == value


@pytest.mark.parametrize("body", CUT)
def test_an_answer_that_was_cut_says_so_and_where_to_look(body: bytes) -> None:
    with pytest.raises(Trouble) as trouble:
        decode(body, PLACE)
    assert trouble.value.text == f"the answer breaks off after {len(body)} bytes"
    assert "cut it short" in trouble.value.remedy


def test_an_answer_cut_anywhere_breaks_off() -> None:
    body = json.dumps({"support": {**HEALTHY, "description": 'a "quoted" \t Zürich 🙂', "x": [-1.5e-3, None]}}).encode()
    for length in range(1, len(body)):
        with pytest.raises(Trouble, match=r"breaks off"):
            decode(body[:length], PLACE)


def test_an_answer_that_is_just_small_enough_is_read() -> None:
    body = single()
    assert decode(body + b" " * (LARGEST - len(body)), PLACE)["support"] == HEALTHY


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8), _VALUES), st.booleans())
def test_every_json_object_is_read_as_it_was_written(value: dict[str, object], escaped: bool) -> None:
    assert decode(json.dumps(value, ensure_ascii=escaped).encode(), PLACE) == value


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_either_an_object_or_invalid(body: bytes) -> None:
    told: object
    try:
        told = decode(body, PLACE)
    except Trouble as trouble:
        told = trouble
    if isinstance(told, Trouble):
        assert told.problem == "invalid"
        assert told.text.isprintable()
        assert len(told.text) < 200
    else:
        assert isinstance(told, dict)
