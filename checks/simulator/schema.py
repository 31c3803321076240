# SPDX-License-Identifier: BSD-2-Clause
"""What may stand in a scenario file, and what it may say."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from .duration import seconds
from .scenario import CLUSTER, SINGLE

_Check = Callable[[Any], object]


def _must_be(words: str, *kinds: type) -> _Check:
    def check(value: Any) -> None:
        # To Python True is a number, too.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ValueError(f"must be {words}, not {value!r}")
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"cannot be sent as JSON ({error}): put dates in quotes") from error

    return check


def _form(value: Any) -> None:
    if value not in (SINGLE, CLUSTER):
        raise ValueError(f"must be {SINGLE} or {CLUSTER}, not {value!r}")


_text = _must_be("a text (in quotes where YAML sees something else)", str)
_bytes = _must_be("a number of bytes (YAML wants a sign in an exponent: 9.2e+18)", int, float)
_flag = _must_be("true or false", bool)
_list = _must_be("a list", list)
_table = _must_be("a table of keys and values", dict)

# The vendor's fields of one node, as its documentation lists them; the two times are left to the directives.
FIELDS: Mapping[str, _Check] = {
    "context": _text,
    "db_engine": _text,
    "db_info": _list,
    "debug_info": _text,
    "description": _text,
    "e2e": _table,
    "env": _list,
    "free_space_data": _bytes,
    "free_space_logs": _bytes,
    "free_space_media_incoming": _bytes,
    "free_space_media_outgoing": _bytes,
    "lc": _text,
    "lg": _text,
    "multi_connect": _flag,
    "os_name": _text,
    "os_version": _text,
    "role": _text,
    "schema": _table,
    "shards": _list,
    "socket_conn": _text,
    "version": _text,
}

# Ours: what the simulator makes of a node.
_DIRECTIVES: Mapping[str, _Check] = {
    "clock_offset": seconds,
    "delay": seconds,
    "expires_in": seconds,
    "unreachable": _flag,
}

_INSTEAD = {
    "device_iso8601": "the simulator makes it from clock_offset, such as -400s",
    "expire_timestamp": "the simulator makes it from expires_in, such as 90d",
}

_NODE_KEYS: Mapping[str, _Check] = {**FIELDS, **_DIRECTIVES}


def _fields(table: Any) -> None:
    _check_each(table, _NODE_KEYS)


def _nodes(table: Any) -> None:
    _check_each(table, dict.fromkeys(table, _fields) if isinstance(table, dict) else {})


_SCENARIO_KEYS: Mapping[str, _Check] = {
    "description": _text,
    "extends": _text,
    "form": _form,
    "front_end_version": _text,
    "fields": _fields,
    "nodes": _nodes,
}


def check(content: Any) -> None:
    """Raise ValueError, one line with the place and what would be right, unless a scenario file may say this."""
    _check_each(content, _SCENARIO_KEYS)


def nearest(word: str, known: Collection[str]) -> str:
    """A hint for who wrote an unknown word: the known one that was probably meant, or all that there are."""
    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"


def _check_each(table: Any, known: Mapping[str, _Check]) -> None:
    if not isinstance(table, dict):
        raise ValueError(f"must be a table of keys and values, not {table!r}")
    for key, value in table.items():
        if not isinstance(key, str):
            raise ValueError(f"the key {key!r} must be a text: put it in quotes")
        if key not in known:
            raise ValueError(f"unknown key {key!r}; {_INSTEAD.get(key) or nearest(key, known)}")
        # null takes out what would be inherited, whatever it is.
        if value is not None:
            try:
                known[key](value)
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from error
