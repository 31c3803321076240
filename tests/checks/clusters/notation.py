# SPDX-License-Identifier: BSD-2-Clause
"""The compact notation for the nodes of a cluster.

A line is a node: key, role, shards, connection, then fields that differ from those of a healthy node::

    wa1:m1   primary    -1     UP
    wa2:m2   secondary  -      DN   version=2.19.1 schema.message=34
    wa3:c1   coreapp    0-511  UP+
    wa4:c2   unreachable            what the front end says about it

role: primary, secondary, coreapp. shards: ``-`` none, numbers and ranges with commas between. connection: UP, DN, SC,
UNK, ``UP+`` is "UP receiving offline". ``?`` in their place: the answer lacks the field. The value of a field is JSON
where it can be read so, else text; ``?`` takes the field out. ``{0..31}`` makes as many lines as it counts, all spans
of a line in step.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import documents

_ROLES = {"primary": "primary_master", "secondary": "secondary_master", "coreapp": "coreapp"}
_WORDS = {"UP": "UP", "UP+": "UP receiving offline", "SC": "SC", "DN": "DN", "UNK": "UNK"}
_SPAN = re.compile(r"(-?\d+)(?:-(\d+))?")
_COUNTED = re.compile(r"\{(\d+)\.\.(\d+)\}")
_FIELDS = {*documents.HEALTHY, "role", "shards", "errors"}


def nodes(text: str, common: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """The rows under `support`, from lines in the notation; `common` fields are those of every node that answers.

    Raises ValueError that quotes the line.
    """
    rows: dict[str, dict[str, Any]] = {}
    for line in text.splitlines():
        for written in _expanded(line):
            try:
                key, row = _row(written, common or {})
            except (KeyError, ValueError) as error:
                raise ValueError(f"{written.strip()!r}: {error}") from error
            if key in rows:
                raise ValueError(f"{written.strip()!r}: a second node of this key")
            rows[key] = row
    return rows


def _expanded(line: str) -> list[str]:
    counts = {int(last) - int(first) + 1 for first, last in _COUNTED.findall(line)} or {1}
    if len(counts) > 1:
        raise ValueError(f"{line.strip()!r}: the spans do not count equally far")
    lines = [_COUNTED.sub(lambda span, at=at: str(int(span[1]) + at), line) for at in range(counts.pop())]  # type: ignore[misc]
    return [line for line in lines if line.strip()]


def _row(line: str, common: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    key, role, *rest = shlex.split(line)
    if role == "unreachable":
        return key, {"errors": [{"code": 1014, "title": "Internal error", "details": " ".join(rest) or "timed out"}]}
    shards, connection, *others = rest
    differing = {
        **common,
        "role": _ROLES[role] if role != "?" else ...,
        "shards": _shards(shards) if shards != "?" else ...,
        "socket_conn": _WORDS[connection] if connection != "?" else ...,
    }
    for other in others:
        _change(differing, other)
    return key, documents.fields(**differing)


def _shards(text: str) -> list[list[int]]:
    spans = []
    for word in text.split(",") if text != "-" else ():
        span = _SPAN.fullmatch(word)
        if not span:
            raise ValueError(f"{word!r} is no shard")
        spans.append([int(span[1]), int(span[2] or span[1])])
    return spans


def _change(fields: dict[str, Any], text: str) -> None:
    path, equals, word = text.partition("=")
    field, _dot, inner = path.partition(".")
    if not equals or field not in _FIELDS:
        raise ValueError(f"{text!r} is no FIELD=VALUE")
    value = _value(word)
    if inner:
        whole = dict(fields.get(field, documents.HEALTHY[field]))
        whole[inner] = value
        value = {name: inside for name, inside in whole.items() if inside is not ...}
    fields[field] = value


def _value(word: str) -> Any:
    if word == "?":
        return ...
    try:
        return json.loads(word)
    except ValueError:
        return word
