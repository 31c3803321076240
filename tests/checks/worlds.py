# SPDX-License-Identifier: BSD-2-Clause
"""Clusters by the thousand for model and judging: healthy ones with things done to them, and ways to judge them.

A seed makes the same cluster on every machine.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import model
from wabiz_monitoring._core.limits import parse_limits
from wabiz_monitoring._core.policy import Policy
from wabiz_monitoring._core.states import State

Rows = dict[str, dict[str, Any]]

NOW = datetime(2018, 6, 1, tzinfo=timezone.utc)
GIB = 2**30
DAY = 86400
ENDLESS = float("inf")
DEAD = {"errors": [{"code": 1014, "title": "Internal error", "details": "timed out"}]}


class World(NamedTuple):
    """An answer and how it is to be judged."""

    rows: Rows
    options: model.Options
    limits: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """The words of -w and -c that `options.limits` come to."""
    checks: tuple[str, ...] = tuple(model.CHECKS)
    """Those that judge it: in most worlds only the two whose verdict is hard to find, as that is quicker."""

    @property
    def policy(self) -> Policy:
        options = self.options
        return Policy(
            now=options.now,
            asked_at=options.now,
            limits=_limits(self.limits),
            states={problem: _STATES[state] for problem, state in options.states.items()},
            shards=options.shards,
            min_spares=options.min_spares,
            nodes=options.nodes,
            ignored=options.ignored,
        )


_STATES = {
    model.OK: State.OK,
    model.WARNING: State.WARNING,
    model.UNKNOWN: State.UNKNOWN,
    model.CRITICAL: State.CRITICAL,
}

_limits = functools.lru_cache(maxsize=None)(lambda words: parse_limits("all", *words))

# -- Healthy clusters --------------------------------------------------------------------------------------------------


def row(role: str, *shards: list[int], **differing: Any) -> dict[str, Any]:
    return {
        "role": role,
        "shards": list(shards),
        "socket_conn": "UP" if shards else "DN",
        "version": "2.18.22",
        "debug_info": "12025550143",
        "device_iso8601": "2018-06-01T00:00:00",
        "expire_timestamp": "2018-09-27T14:26:07",
        **{"free_space_" + volume: 48 * GIB for volume in model.VOLUMES},
        **differing,
    }


def healthy(dice: random.Random) -> Rows:
    """High availability or multiconnect, masters beside coreapps or on hosts of their own."""
    owners = dice.choice([0, 0, 1, 1, 2, 2, 4])
    width = dice.choice([1, 1, 1, 2, 4])
    spares = dice.choice([1, 1, 2])
    masters = dice.choice([2, 2, 2, 3])
    coreapps = [[[at * width, (at + 1) * width - 1]] for at in range(owners)] or [[[-1, -1], [0, width - 1]]]
    rows: Rows = {}
    apart = dice.random() < 0.3
    for at in range(masters):
        holds = [[-1, -1]] if owners and not at else []
        host = f"ma{at + 1}" if apart else f"wa{at + 1}"
        rows[f"{host}:m{at}"] = row(model.SECONDARY if at else model.PRIMARY, *holds)
    for at, shards in enumerate([*coreapps, *[[]] * spares]):
        rows[f"wa{at + 1}:c{at}"] = row(model.COREAPP, *shards)
    return rows


# -- What is done to them ----------------------------------------------------------------------------------------------

Deed = Callable[[Rows, random.Random], None]


def _any(rows: Rows, dice: random.Random) -> str:
    return dice.choice(list(rows))


def dead(rows: Rows, dice: random.Random) -> None:
    rows[_any(rows, dice)] = DEAD


def masters_lost(rows: Rows, dice: random.Random) -> None:
    for key in [key for key, fields in rows.items() if fields.get("role") in (model.PRIMARY, model.SECONDARY)]:
        rows[key] = DEAD


def errors_beside_fields(rows: Rows, dice: random.Random) -> None:
    key = _any(rows, dice)
    rows[key] = {**rows[key], **DEAD}


def gone(rows: Rows, dice: random.Random) -> None:
    if len(rows) > 1:
        del rows[_any(rows, dice)]


def renewed(rows: Rows, dice: random.Random) -> None:
    """A container made anew; its old row lingers."""
    key = _any(rows, dice)
    rows[f"{key.partition(':')[0]}:new{len(rows)}"] = rows[key]
    rows[key] = DEAD


def lingering(rows: Rows, dice: random.Random) -> None:
    rows[f"{_any(rows, dice).partition(':')[0]}:old{len(rows)}"] = DEAD


def doubled(rows: Rows, dice: random.Random) -> None:
    key = _any(rows, dice)
    rows[f"{key.partition(':')[0]}:twin{len(rows)}"] = dict(rows[key])


def stranger(rows: Rows, dice: random.Random) -> None:
    """A dead row on a host of its own, with or without a container."""
    rows[f"wx{len(rows)}{dice.choice([':x', ''])}"] = DEAD


def _deed(field: str, *values: Any) -> Deed:
    def done(rows: Rows, dice: random.Random) -> None:
        key, value = _any(rows, dice), dice.choice(values)
        rows[key] = {name: told for name, told in rows[key].items() if name != field}
        if value is not ...:
            rows[key][field] = value

    return done


def everywhere(rows: Rows, dice: random.Random) -> None:
    """A field that this build does not have."""
    field = dice.choice(
        ["role", "shards", "socket_conn", "debug_info", "device_iso8601", "expire_timestamp", "version"]
    )
    for key, fields in rows.items():
        rows[key] = {name: told for name, told in fields.items() if name != field}


def local_time(rows: Rows, dice: random.Random) -> None:
    time = _time(dice.choice([3600, 7200, -12600, 20700, 50400]))
    for key, fields in rows.items():
        if "errors" not in fields:
            rows[key] = {**fields, "device_iso8601": time}


def moved(rows: Rows, dice: random.Random) -> None:
    """Shards of one node at another one."""
    one, other = _any(rows, dice), _any(rows, dice)
    if "errors" not in rows[one] and "errors" not in rows[other] and one != other:
        rows[one], rows[other] = (
            {**rows[one], "shards": rows[other].get("shards", [])},
            {**rows[other], "shards": rows[one].get("shards", [])},
        )


def _time(offset: float, zone: str = "") -> str:
    """The time so far from ours, as a node in this zone would write it."""
    moment = NOW + timedelta(seconds=offset)
    if zone not in ("", "Z"):
        sign, hours, minutes = zone[0], int(zone[1:3]), int(zone[-2:])
        moment += timedelta(hours=hours, minutes=minutes) * (1 if sign == "+" else -1)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + zone


SHARDS: tuple[list[list[int]], ...] = (
    [],
    [[-1, -1]],
    [[0, 0]],
    [[1, 1]],
    [[3, 3]],
    [[-1, -1], [0, 0]],
    [[0, 0], [1, 1]],
    [[0, 7]],
    [[2, 5]],
    [[-1, 1]],
)
OFFSETS = (0, 5, -30, 61, -200, 301, 900, 1800, 3600, -3600, 7205, 7300, 20700, -12600, 51300, DAY)
ZONES = ("", "", "", "Z", "+00:00", "+05:45", "-09:30", "+14:00", "-1200")

DEEDS: tuple[tuple[int, Deed], ...] = (
    (6, dead),
    (2, masters_lost),
    (3, errors_beside_fields),
    (1, _deed("errors", [], None)),
    (3, gone),
    (5, renewed),
    (3, lingering),
    (2, doubled),
    (3, stranger),
    (2, moved),
    (1, everywhere),
    (1, local_time),
    (5, _deed("socket_conn", "UP", "DN", "SC", "UNK", "UP receiving offline", "odd", ...)),
    (8, _deed("shards", *SHARDS, *[...] * 4, "0", [[1, 0]], [0])),
    (4, _deed("role", model.PRIMARY, model.SECONDARY, model.COREAPP, "primary master", 3, ...)),
    (1, _deed("debug_info", "unregistered", ...)),
    (1, _deed("version", "2.19.1", ...)),
    (2, _deed("device_iso8601", *[_time(offset, zone) for offset in OFFSETS for zone in ZONES], ...)),
    (1, _deed("expire_timestamp", *[_time(days * DAY, zone) for days in (-1, 3, 20, 90) for zone in ZONES], ...)),
    (1, _deed("free_space_logs", 0, GIB, 3 * GIB, 2**62, 9.223372036853727e18, ...)),
)
_WEIGHTS, _ALL_DEEDS = zip(*DEEDS, strict=True)

# -- Ways to judge them ------------------------------------------------------------------------------------------------


def _least(size: float) -> model.Span:
    return size, ENDLESS


def _most(size: float) -> model.Span:
    return -size, size


_DEFAULTS: Mapping[str, tuple[model.Span | None, model.Span | None]] = {
    **dict.fromkeys(model.VOLUMES, (_least(5 * GIB), _least(GIB))),
    "build": (_least(30 * DAY), _least(7 * DAY)),
    "clock": (_most(60), _most(300)),
}

#: The words of -w, those of -c, and what they come to.
LIMITS: tuple[
    tuple[tuple[str, ...], tuple[str, ...], Mapping[str, tuple[model.Span | None, model.Span | None]]], ...
] = (
    (("logs=60GiB",), ("logs=2GiB",), {"logs": (_least(60 * GIB), _least(2 * GIB))}),
    (
        ("space=~:",),
        ("data=50GiB",),
        {**dict.fromkeys(model.VOLUMES, (None, _least(GIB))), "data": (None, _least(50 * GIB))},
    ),
    (("build=200d",), ("build=~:",), {"build": (_least(200 * DAY), None)}),
    (("clock=10s",), ("clock=30s",), {"clock": (_most(10), _most(30))}),
    (("clock=~:",), ("clock=2s",), {"clock": (None, _most(2))}),
    (("clock=1d",), ("clock=2d",), {"clock": (_most(DAY), _most(2 * DAY))}),
    (("clock=-10s:",), ("clock=-30s:",), {"clock": (_least(-10), _least(-30))}),
)


def _patterns(rows: Rows, dice: random.Random) -> Iterator[str]:
    key = _any(rows, dice)
    host = key.partition(":")[0]
    yield dice.choice([key, key, f"{host}:*" if ":" in key else host, "*:m*" if ":m" in key else key, "*"])


def make(seed: int) -> World:
    """The cluster of a seed, and how to judge it."""
    dice = random.Random(seed)  # the same on every machine, which is all it is for
    rows = healthy(dice)
    for deed in dice.choices(_ALL_DEEDS, _WEIGHTS, k=dice.choice([0, 1, 1, 2, 2, 3, 4, 6])):
        deed(rows, dice)
    keys = list(rows)
    dice.shuffle(keys)
    rows = {key: rows[key] for key in keys}
    chosen: dict[str, Any] = {"limits": _DEFAULTS}
    words: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    if dice.random() < 0.6:
        chosen["without"] = tuple(next(_patterns(rows, dice)) for _turn in range(dice.choice([1, 1, 2, 3])))
    for name, chance in (("nodes", 0.15), ("ignored", 0.2)):
        if dice.random() < chance:
            chosen[name] = tuple(_patterns(rows, dice))
    if dice.random() < 0.2:
        chosen["shards"] = dice.choice([1, 2, 3, 4, 8])
    if dice.random() < 0.15:
        chosen["min_spares"] = dice.choice([0, 2])
    if dice.random() < 0.15:
        problem = dice.choice(list(model.DEFAULTS))
        chosen["states"] = {problem: dice.choice([model.OK, model.WARNING, model.UNKNOWN, model.CRITICAL])}
    if dice.random() < 0.15:
        warning, critical, spans = dice.choice(LIMITS)
        words = warning, critical
        chosen["limits"] = {**_DEFAULTS, **spans}
    checks = tuple(model.CHECKS) if dice.random() < 0.3 else ("socket", "cluster")
    return World(rows, model.Options(now=NOW, **chosen), words, checks)
