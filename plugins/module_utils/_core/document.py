# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""From the bytes of an answer to a JSON object, or a clear word why not."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, NoReturn, Tuple

from .catalogue import Trouble
from .text import clean

LARGEST = 8 * 2**20
"""The most bytes of an answer that are read, decoded."""

# What the end of an answer that was cut within a word, a number or an escape looks like to the parser.
_STUMP = re.compile(r"(tr?u?|fa?l?s?|nu?l?|-|[.eE][+-]?|\\?u[0-9A-Fa-f]{0,4})?", re.ASCII)


def decode(body: bytes) -> Dict[str, Any]:
    """The object that a JSON answer holds; names are unique, numbers are finite.

    Raises Trouble("invalid") that tells a proxy's page, an answer cut short and other rubbish apart.
    """
    value = _parse(_text(body), len(body))
    if not isinstance(value, dict):
        raise Trouble("invalid", "the answer is %s, not a JSON object" % kind(value))
    return value


def _text(body: bytes) -> str:
    if len(body) > LARGEST:
        raise Trouble("invalid", "the answer is larger than %d MiB" % (LARGEST // 2**20))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise _cut(len(body)) from None
        raise Trouble("invalid", "the answer is not UTF-8 text (byte %d)" % error.start) from None
    start = text.lstrip()[:1]
    if not start:
        raise Trouble("invalid", "the answer is empty")
    if start == "<":
        raise Trouble("invalid", "an HTML page came instead of JSON: %s" % clean(_title(text)))
    return text


def _parse(text: str, length: int) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated string") or _STUMP.fullmatch(text[error.pos :].strip()):
            raise _cut(length) from None
        # Some of Python's messages say that already.
        told = error.msg[:-3] if error.msg.endswith(" at") else error.msg
        raise Trouble("invalid", "the answer is not JSON: %s at byte %d" % (clean(told), error.pos)) from None
    except RecursionError:
        raise Trouble("invalid", "the answer is nested too deeply") from None
    except ValueError as error:
        raise Trouble("invalid", "the answer is not sound JSON: %s" % clean(error)) from None


def _cut(length: int) -> Trouble:
    return Trouble(
        "invalid",
        "the answer breaks off after %d bytes" % length,
        "a proxy or the front end cut it short: look at their logs",
    )


def kind(value: object) -> str:
    """What a JSON value is, in words: `null`, `text`, `a number`, ..."""
    if value is None:
        return "null"
    return _KINDS.get(type(value), "unheard of")


_KINDS = {bool: "true or false", str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen = set()
        for name, _rest in pairs:
            if name in seen:
                raise ValueError("'%s' stands twice in one object" % clean(name, 40))
            seen.add(name)
    return value


def _no_constant(word: str) -> NoReturn:
    raise ValueError("%s is no JSON number" % word)


def _title(page: str) -> str:
    lower = page[:65536].lower()
    start = lower.find("<title")
    start = lower.find(">", start) + 1 if start >= 0 else 0
    end = lower.find("</title", start)
    title = clean(page[start:end], 60) if start and end > start else ""
    return "it calls itself '%s'" % title if title else "a proxy or another service answers in the API's place"
