# SPDX-License-Identifier: BSD-2-Clause
"""The judging, held against a model of it that shares nothing with it: see model.py."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import model
import pytest
import samples
import worlds
from documents import PLACE
from wabiz_monitoring._core.deployment import parse
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.limits import parse_limits
from wabiz_monitoring._core.misuse import Misuse
from wabiz_monitoring._core.policy import Policy
from wabiz_monitoring._core.result import Result
from worlds import World

COUNT = int(os.environ.get("WABIZ_WORLDS", 1_000_000 if samples.ALL else 20_000))
"""How many clusters are judged by both."""
PIECES = 8


def told(world: World) -> dict[str, model.Verdict] | None:
    """What the checks say, in the words of the model; None where they refuse the options."""
    deployment = parse(json.dumps({"support": world.rows}).encode(), PLACE)
    policy, without = world.policy, world.options.without
    try:
        return {check: _verdict(judge(check, deployment, policy, without)) for check in world.checks}
    except Misuse:
        return None


_STATES = {0: model.OK, 1: model.WARNING, 2: model.CRITICAL, 3: model.UNKNOWN}


def _verdict(result: Result) -> model.Verdict:
    found: dict[model.Pair, int] = {}
    unowned: frozenset[int] | str = frozenset()
    doubtful = False
    for finding in result.findings:
        for node in finding.nodes or (None,):
            name = finding.problem or f"{finding.subject} {finding.state.name}"
            found[name, node and str(node)] = _STATES[int(finding.state)]
        if finding.problem == "shard-unowned":
            unowned, doubtful = _shards(str(finding.text))
    counted = result.check in ("socket", "cluster")
    numbers = {metric.label: int(metric.value) for metric in result.metrics} if counted else {}
    return model.Verdict(found, unowned, doubtful, numbers)


def _shards(text: str) -> tuple[frozenset[int] | str, bool]:
    """The shards of a sentence about those that nobody owns, and whether some of them are doubtful."""
    without_counts = re.sub(r"\d+ of \d+ nodes answered", "", text)
    if re.search(r"\bany\b", without_counts):
        return ("normal" if "normal" in without_counts else "any"), False
    spans = re.findall(r"(\d+)(?:-(\d+))?", without_counts)
    shards = {shard for low, high in spans for shard in range(int(low), int(high or low) + 1)}
    control = {model.CONTROL} if "control shard" in text else set()
    return frozenset(shards | control), "if there are so many" in text


def differs(world: World) -> bool:
    ways = model.verdicts(world.rows, world.options, world.checks)
    verdict = told(world)
    return verdict is not None if not ways else verdict not in ways


def smaller(world: World) -> Iterator[World]:
    """The same with one thing less."""
    options = world.options
    for name, plain in model.Options._field_defaults.items():
        value = getattr(options, name)
        if name not in ("now", "limits") and value != plain:
            yield world._replace(options=options._replace(**{name: plain}))
            if isinstance(value, tuple):
                for at in range(len(value)):
                    less: dict[str, Any] = {name: value[:at] + value[at + 1 :]}
                    yield world._replace(options=options._replace(**less))
    for key, fields in world.rows.items():
        rest = {other: row for other, row in world.rows.items() if other != key}
        if rest:
            yield world._replace(rows=rest)
        for field in fields:
            yield world._replace(
                rows={**world.rows, key: {name: value for name, value in fields.items() if name != field}}
            )


def smallest(world: World) -> World:
    """What is left of a world in which model and checks differ, when nothing can be taken from it."""
    while True:
        for less in smaller(world):
            if less.rows and all(less.rows.values()) and differs(less):
                world = less
                break
        else:
            return world


def spelled(world: World) -> str:
    """A difference, for whoever has to find out which of the two is right."""
    options = {name: value for name, value in world.options._asdict().items() if name not in ("now", "limits")}
    lines = [f"  {key}: {json.dumps(row)}" for key, row in world.rows.items()]
    ways: list[Any] = model.verdicts(world.rows, world.options, world.checks)
    return "\n".join(
        [f"{options} {world.limits}", *lines, f"checks: {told(world)}", *(f"model: {way}" for way in ways)]
    )


@pytest.mark.parametrize("piece", range(PIECES))
def test_model_and_checks_agree_on_every_cluster(piece: int) -> None:
    for seed in range(piece * COUNT // PIECES, (piece + 1) * COUNT // PIECES):
        world = worlds.make(seed)
        assert not differs(world), f"seed {seed}\n{spelled(smallest(world))}"


# -- What holds whatever the model says --------------------------------------------------------------------------------

FEW = COUNT // 40
"""Some of the clusters are enough for a rule that each of them tries in several ways."""


def states(world: World) -> dict[str, int] | None:
    """The state of each check, in the model's order of severity."""
    verdict = told(world)
    return None if verdict is None else {check: one.state for check, one in verdict.items()}


def lingering(world: World) -> World | None:
    """The same after a container was made anew on a host where a coreapp answers, and its old row lingers."""
    homes = [key for key, row in world.rows.items() if row.get("role") == model.COREAPP and not row.get("errors")]
    if not homes:
        return None
    return world._replace(rows={**world.rows, f"{homes[0].partition(':')[0]}:lingers": worlds.DEAD})


def test_what_a_renewed_container_leaves_behind_changes_nothing_but_the_cluster_check() -> None:
    tried = 0
    for seed in range(FEW):
        world = worlds.make(seed)._replace(checks=tuple(model.CHECKS))
        after = lingering(world)
        masters = [row for row in world.rows.values() if row.get("role") in (model.PRIMARY, model.SECONDARY)]
        sound = [row for row in masters if not row.get("errors")]
        if after is None or (before := told(world)) is None:
            continue
        verdict = told(after)
        assert verdict is not None
        # Where a master is missing it may be this row, and then another one is no master's.
        checks = ["space", "build", "clock", *(["socket"] if len(sound) > 1 else [])]
        assert {check: verdict[check] for check in checks} == {check: before[check] for check in checks}, spelled(after)
        tried += 1
    assert tried > FEW // 2


def failed_over(world: World, owner: str) -> Iterator[World]:
    """What the cluster can look like when an owner is gone: nobody has its shards, or one of the spares has."""
    rest = {key: row for key, row in world.rows.items() if key != owner}
    yield world._replace(rows=rest)
    there = [model.Row(key, row) for key, row in rest.items() if not row.get("errors")]
    if any(row.master for row in there):
        orphaned = model.Row(owner, world.rows[owner]).owned.difference(*(row.owned for row in there))
        for row in there:
            if row.spare:
                taken = {**row.fields, "shards": [[shard, shard] for shard in sorted(orphaned)], "socket_conn": "UP"}
                yield world._replace(rows={**rest, row.key: taken})


def test_an_owner_that_is_taken_away_leaves_no_better_verdict_than_a_failover_can_reach() -> None:
    tried = 0
    for seed in range(FEW):
        world = worlds.make(seed)
        owners = [
            key
            for key, row in world.rows.items()
            if row.get("role") == model.COREAPP and not row.get("errors") and model.Row(key, row).owned
        ]
        if not owners:
            continue
        # How many shards there are does not change with it.
        rows = [model.Row(key, row) for key, row in world.rows.items()]
        count = model.total(rows, world.options)
        plain = world.options._replace(without=(), nodes=(), ignored=(), shards=count.sure or None)
        taken = states(world._replace(options=plain._replace(without=(owners[0],))))
        reached = [states(way) for way in failed_over(world._replace(options=plain), owners[0]) if way.rows]
        assert taken is not None
        for check in ("socket", "cluster"):
            best = min((way[check] for way in reached if way), default=model.CRITICAL)
            assert taken[check] >= best, f"seed {seed}, {check} without {owners[0]}\n{spelled(world)}"
        tried += 1
    assert tried > FEW // 2


BREACHES = [
    (subject, where, saved)
    for subject in (*model.VOLUMES, "space", "build", "clock")
    for where in ("-w", "-c")
    for saved in (False, True)
]


@pytest.mark.parametrize(("subject", "option", "saved"), BREACHES)
def test_a_limit_that_is_given_is_judged_or_refused(subject: str, option: str, saved: bool) -> None:
    asked = {"build": "1000d", "clock": "1s"}.get(subject, "1TiB")
    words = [f"{subject}={asked}"]
    rows = {key: {**row, "device_iso8601": "2018-06-01T00:00:20"} for key, row in worlds.healthy(Random(0)).items()}
    try:
        limits = parse_limits("all", words if option == "-w" else (), words if option == "-c" else ())
    except Misuse:
        return
    policy = Policy(now=worlds.NOW, asked_at=worlds.NOW, clock_known=not saved, limits=limits)
    whole = judge("all", parse(json.dumps({"support": rows}).encode(), PLACE), policy)

    broken = {finding.subject for _check, finding in whole.every_finding}
    assert broken == (set(model.VOLUMES) if subject == "space" else {subject})
