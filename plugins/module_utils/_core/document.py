# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""From the bytes of an answer to a JSON object, or a clear word why not."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any, Dict, List, NoReturn, Tuple

from .catalogue import Trouble
from .text import Foreign, Message, Place, say

LARGEST = 8 * 2**20
"""The most bytes of an answer that are read, decoded."""
MOST_VALUES = 2**15
"""The most values in an answer: a cluster of 64 nodes has four thousand."""
DEEPEST = 32
"""The deepest that its lists and objects may be nested; the API nests them four deep."""
PADDING = 2**19
BYTES_OF_VALUE = 24
"""What takes more bytes than so many a value, and those of `PADDING`, says little for its size."""

# Some letters make each of a text take four bytes in memory, or two, however few they are; and so do their escapes.
_WIDEST = 4
_WIDE = (
    (rb"[\xf0-\xff]|\\u[dD][89abAB]", _WIDEST),
    (rb"[\xc4-\xff]|\\u", 2),
)
_MARK = b"\xef\xbb\xbf"
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(.?)", re.DOTALL)
_BRACKETS = b"[]{}"
_NO_BRACKETS = bytes(set(range(256)) - set(_BRACKETS))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}

# What the end of an answer that was cut within a word, a number or an escape looks like to the parser.
_STUMP = r"(tr?u?|fa?l?s?|nu?l?|-|[.eE][+-]?|\\?u[0-9A-Fa-f]{0,4})?"


def decode(body: bytes, place: Place) -> Dict[str, Any]:
    """The object that a JSON answer holds; names are unique, numbers are finite.

    What is quoted of it goes through `place`. Raises Trouble("invalid") that tells a proxy's page, an answer cut short
    and other rubbish apart.
    """
    value = _parse(_text(body, place), len(body), place)
    if not isinstance(value, dict):
        raise Trouble("invalid", say("the answer is %s, not a JSON object", kind(value)))
    return value


def _text(body: bytes, place: Place) -> str:
    if len(body) > LARGEST:
        raise Trouble("invalid", say("the answer is larger than %d MiB", LARGEST // 2**20))
    body = body.rstrip()
    told = _START.match(body)
    start = told[1] if told else b""
    if not start:
        raise Trouble("invalid", say("the answer is empty"))
    if start == b"<":
        raise Trouble("invalid", say("an HTML page came instead of JSON: %s", _title(body[:65536], place)))
    _hold_shape(body)
    try:
        # The codec that leaves a byte order mark out has to be imported, for hardly any answer.
        return body[len(_MARK) if body.startswith(_MARK) else 0 :].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise _cut(len(body)) from None
        raise Trouble("invalid", say("the answer is not UTF-8 text (byte %d)", error.start)) from None


def _hold_shape(body: bytes) -> None:
    """Refuse what would take long, or much memory, to parse; that is known without parsing it."""
    # Before each value but the first there is a comma or an opening bracket; each text stands between two quotes. Some
    # of these stand within texts: an honest answer can afford it.
    values = 1 + max(
        sum(map(body.count, (b",", b"[", b"{"))), sum(map(body.count, (b"]", b"}"))), body.count(b'"') // 2
    )
    if values > MOST_VALUES:
        _hold_depth(body[: 2 * MOST_VALUES])
        raise Trouble("invalid", say("the answer holds more than %d values", MOST_VALUES))
    believed = PADDING + BYTES_OF_VALUE * values
    # An honest answer is so small that nobody need look for wide letters.
    if len(body) > believed or (len(body) * _WIDEST > believed and len(body) * _width(body) > believed):
        raise Trouble("invalid", say("the answer says little for its size: %d bytes for %d values", len(body), values))
    _hold_depth(body)


def _width(body: bytes) -> int:
    """The most bytes of memory that a letter of it may take."""
    if body.isascii() and b"\\u" not in body:
        return 1
    return next((width for letters, width in _WIDE if re.search(letters, body)), 1)


def _hold_depth(body: bytes) -> None:
    # It may be that some of its brackets stand within texts.
    if _nested(body) > DEEPEST and _nested(_outside_texts(body)) > DEEPEST:
        raise Trouble("invalid", say("the answer is nested too deeply"))


def _outside_texts(body: bytes) -> bytes:
    return b"".join(body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])


def _nested(body: bytes) -> int:
    return max(accumulate(map(_STEPS.__getitem__, body.translate(None, _NO_BRACKETS))), default=0)


def _parse(text: str, length: int, place: Place) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated string") or re.fullmatch(_STUMP, text[error.pos :].strip()):
            raise _cut(length) from None
        # Some of Python's messages say that already.
        told = error.msg[:-3] if error.msg.endswith(" at") else error.msg
        raise Trouble(
            "invalid", say("the answer is not JSON: %s at byte %d", Foreign(told, place), error.pos)
        ) from None
    except RecursionError:
        raise Trouble("invalid", say("the answer is nested too deeply")) from None
    except ValueError as error:
        raise Trouble("invalid", say("the answer is not sound JSON: %s", Foreign(str(error), place))) from None


def _cut(length: int) -> Trouble:
    return Trouble(
        "invalid",
        say("the answer breaks off after %d bytes", length),
        say("a proxy or the front end cut it short: look at their logs"),
    )


def kind(value: object) -> Message:
    """What a JSON value is, in words: `null`, `text`, `a number`, ..."""
    if value is None:
        return say("null")
    return _KINDS.get(type(value), say("unheard of"))


_KINDS = {
    bool: say("true or false"),
    str: say("text"),
    int: say("a number"),
    float: say("a number"),
    list: say("a list"),
    dict: say("an object"),
}


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen = set()
        for name, _rest in pairs:
            if name in seen:
                raise ValueError("'%s' stands twice in one object" % (name if len(name) < 40 else name[:37] + "..."))
            seen.add(name)
    return value


def _no_constant(word: str) -> NoReturn:
    raise ValueError("%s is no JSON number" % word)


def _title(page: bytes, place: Place) -> Message:
    text = page.decode("utf-8", "replace")
    lower = text.lower()
    start = lower.find("<title")
    start = lower.find(">", start) + 1 if start >= 0 else 0
    end = lower.find("</title", start)
    title = text[start:end].strip() if start and end > start else ""
    if not title:
        return say("a proxy or another service answers in the API's place")
    return say("it calls itself '%s'", Foreign(title, place, 60))
