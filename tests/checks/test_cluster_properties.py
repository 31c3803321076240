# SPDX-License-Identifier: BSD-2-Clause
"""What holds for every cluster, whatever its nodes are called and however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import documents
import pytest
from clusters import notation
from documents import POLICY, parse
from hypothesis import given, note, settings
from hypothesis import strategies as st
from wabiz_monitoring._core.deployment import Deployment, Node
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.policy import Policy
from wabiz_monitoring._core.report import metrics
from wabiz_monitoring._core.shards import CONTROL, ownership, spell_runs
from wabiz_monitoring._core.states import State
from wabiz_monitoring._core.text import Foreign

Rows = dict[str, dict[str, Any]]

VERDICTS = ("socket", "cluster", "all")

# On a machine that is busy elsewhere, forty nodes may well take a fifth of a second.
unhurried = settings(deadline=None)


class Healthy(NamedTuple):
    """A healthy cluster: its nodes, how many normal shards it has, and how many coreapps stand by."""

    rows: Rows
    shards: int
    spares: int

    @property
    def coreapps(self) -> list[str]:
        return [key for key, row in self.rows.items() if row["role"] == "coreapp"]

    @property
    def masters(self) -> list[str]:
        return [key for key, row in self.rows.items() if row["role"] != "coreapp"]


def keys(count: int) -> st.SearchStrategy[list[str]]:
    """So many keys of nodes, on one host each, or several on one."""
    hosts = st.sampled_from(["wa1", "wa2", "wa3", "wa10", "wa.example", "fd00::a", "[fd00::b]"])
    containers = st.text("0123456789abcdef", min_size=1, max_size=12)
    return st.lists(st.builds("{}:{}".format, hosts, containers), min_size=count, max_size=count, unique=True)


@st.composite
def healthy(draw: st.DrawFn) -> Healthy:
    """High availability or multiconnect, with real ranges or single shards, and with one master and spare or more."""
    multiconnect = draw(st.booleans())
    owners = draw(st.sampled_from([1, 2, 4, 8, 16, 32])) if multiconnect else 1
    width = draw(st.sampled_from([1, 1, 2, 32, 1024 // owners]))
    spares = draw(st.integers(1, 3))
    secondaries = draw(st.integers(1, 2))

    def standby(role: str) -> dict[str, Any]:
        return documents.standby(role=role, multi_connect=multiconnect)

    def owner(role: str, *shards: list[int]) -> dict[str, Any]:
        return {**standby(role), "shards": list(shards), "socket_conn": "UP"}

    normal = [[at * width, (at + 1) * width - 1] for at in range(owners)]
    if multiconnect:
        rows = [owner("primary_master", [-1, -1]), *(owner("coreapp", shard) for shard in normal)]
    else:
        rows = [standby("primary_master"), owner("coreapp", [-1, -1], *normal)]
    rows += [standby("secondary_master") for _turn in range(secondaries)] + [
        standby("coreapp") for _turn in range(spares)
    ]
    rows = draw(st.permutations(rows))
    return Healthy(dict(zip(draw(keys(len(rows))), rows, strict=True)), owners * width, spares)


@st.composite
def anything(draw: st.DrawFn) -> Rows:
    """Nodes with any role, any shards and any connection, or none, or unreachable: what no cluster should be."""
    bounds = st.tuples(st.integers(-1, 9), st.integers(0, 4)).map(lambda pair: [pair[0], pair[0] + pair[1]])
    row = st.one_of(
        st.just(documents.UNREACHABLE),
        st.builds(
            documents.fields,
            role=st.sampled_from(["primary_master", "secondary_master", "coreapp", "coreapp", "coreapp", ...]),
            shards=st.one_of(st.lists(bounds, max_size=2), st.just(...)),
            socket_conn=st.sampled_from(["UP", "DN", "SC", "UNK", "UP receiving offline", ...]),
            multi_connect=st.booleans(),
            version=st.sampled_from(["2.18.22", "2.18.22", "2.19.1"]),
        ),
    )
    rows = draw(st.lists(row, min_size=1, max_size=8))
    return dict(zip(draw(keys(len(rows))), rows, strict=True))


def deployment(rows: Rows) -> Deployment:
    return parse(documents.cluster(rows))


def state(check: str, rows: Rows, gone: Sequence[str] = (), policy: Policy = POLICY) -> State:
    return judge(check, deployment(rows), policy, gone).state


def found(check: str, rows: Rows, gone: Sequence[str] = ()) -> set[tuple[str | None, State]]:
    result = judge(check, deployment(rows), POLICY, gone)
    return {(finding.problem or finding.subject, finding.state) for _check, finding in result.every_finding}


def silenced(rows: Rows, silent: Sequence[str]) -> Rows:
    return {key: documents.UNREACHABLE if key in silent else row for key, row in rows.items()}


@unhurried
@given(cluster=healthy())
def test_a_healthy_cluster_is_healthy(cluster: Healthy) -> None:
    assert found("all", cluster.rows) == set()


@unhurried
@given(cluster=healthy(), data=st.data())
def test_the_more_nodes_are_taken_away_the_verdict_never_gets_better(cluster: Healthy, data: st.DataObject) -> None:
    policy = POLICY._replace(
        min_spares=data.draw(st.integers(0, cluster.spares), "min_spares"),
        shards=data.draw(st.sampled_from([None, cluster.shards]), "shards"),
    )
    # Where the number of shards is not given, a silent row beside a coreapp that answers counts as one that a renewed
    # container has left behind (docs/clusters.md): then each node has a host of its own.
    rows = cluster.rows if policy.shards else {f"wa{at}:c": row for at, row in enumerate(cluster.rows.values())}
    leaving = data.draw(st.permutations(list(rows)), "leaving")
    ways = data.draw(st.sampled_from([["silent"], ["without"], ["silent", "without"]]))
    gone: dict[str, list[str]] = {"silent": [], "without": []}
    before = dict.fromkeys(VERDICTS, State.OK)
    # The first ones go one by one, the rest at a stroke: a few steps say as much as forty.
    for some in [*([key] for key in leaving[:6]), leaving[6:]]:
        gone[data.draw(st.sampled_from(ways))] += some
        whole = judge("all", deployment(silenced(rows, gone["silent"])), policy, gone["without"])
        after = {"all": whole.state, **{child.check: child.state for child in whole.children}}
        note(f"{gone}: {after}")
        assert all(after[check].severity >= before[check].severity for check in VERDICTS)
        before = after
    assert {before[check] for check in VERDICTS} == {State.CRITICAL}


@unhurried
@given(cluster=healthy(), data=st.data())
def test_with_a_spare_for_each_owner_that_goes_messages_flow_on(cluster: Healthy, data: st.DataObject) -> None:
    gone = data.draw(st.lists(st.sampled_from(cluster.coreapps), max_size=cluster.spares, unique=True))
    assert state("socket", cluster.rows, gone) == State.OK
    left = cluster.spares - len(gone)
    assert found("cluster", cluster.rows, gone) == ({("no-spare-coreapp", State.WARNING)} if left < 1 else set())


@unhurried
@given(cluster=healthy(), data=st.data())
def test_when_more_coreapps_go_than_stand_by_a_shard_is_left_alone(cluster: Healthy, data: st.DataObject) -> None:
    gone = data.draw(st.permutations(cluster.coreapps))[: cluster.spares + 1]
    assert ("shard-unowned", State.CRITICAL) in found("socket", cluster.rows, gone)
    assert ("shard-unowned", State.CRITICAL) in found("cluster", cluster.rows, gone)


@unhurried
@given(rows=anything(), data=st.data())
def test_names_and_order_never_change_what_is_found(rows: Rows, data: st.DataObject) -> None:
    gone = data.draw(st.lists(st.sampled_from(sorted(rows)), max_size=3, unique=True), "gone")
    other = dict(zip(rows, data.draw(keys(len(rows)), "other names"), strict=True))
    order = data.draw(st.permutations(list(rows)), "order")
    renamed = {other[key]: rows[key] for key in order}

    for check in VERDICTS:
        assert found(check, renamed) == found(check, rows)
        assert found(check, renamed, [other[key] for key in gone]) == found(check, rows, gone)


@pytest.mark.parametrize("names", [("wa3:c", "wa4:c"), ("wa4:c", "wa3:c")])
def test_in_what_order_nodes_go_is_not_a_matter_of_their_names_or_order(names: tuple[str, str]) -> None:
    rows = notation.nodes(f"""
        wa1:m       primary    -1   UP
        wa2:m       secondary  -    DN
        {names[0]}  coreapp    0-1  UP
        {names[1]}  coreapp    1    UP
        wa5:c       coreapp    -    DN
    """)

    # In any case the spare takes what is wanted, as the node with the lowest shard is the first.
    for told in (rows, dict(reversed(rows.items()))):
        assert found("all", told, names) == {("no-spare-coreapp", State.WARNING)}


@pytest.mark.parametrize("names", [("wa2:m", "wa3:m"), ("wa3:m", "wa2:m")])
def test_which_of_two_masters_takes_the_lead_is_not_a_matter_of_their_names_or_order(names: tuple[str, str]) -> None:
    rows = notation.nodes(f"""
        wa1:m       primary    -   DN
        {names[0]}  secondary  -1  UP
        {names[1]}  secondary  -   DN
        wa4:c       coreapp    0   UP
        wa5:c       coreapp    -   DN
    """)

    for told in (rows, dict(reversed(rows.items()))):
        assert found("all", told, ["wa1:m"]) == set()


def numbers(rows: Rows) -> dict[str, float]:
    """Every number of all checks by its label."""
    told = metrics(judge("all", deployment(rows), POLICY))
    assert len({metric.label for metric in told}) == len(told)
    return {metric.label: metric.value for metric in told}


@unhurried
@given(cluster=healthy(), data=st.data())
def test_a_failover_leaves_the_labels_of_the_numbers_as_they_were(cluster: Healthy, data: st.DataObject) -> None:
    kin = data.draw(st.sampled_from([cluster.coreapps, cluster.masters]))
    one, two = data.draw(st.permutations(kin))[:2]
    # All that was different about the two has changed sides, free space and clocks too where they differ.
    rows = {key: {**row, "free_space_logs": at * 2**33} for at, (key, row) in enumerate(cluster.rows.items(), 1)}
    moved = {name: (rows[one][name], rows[two][name]) for name in ("role", "shards", "socket_conn")}
    swapped = {
        **rows,
        one: {**rows[one], **{name: pair[1] for name, pair in moved.items()}},
        two: {**rows[two], **{name: pair[0] for name, pair in moved.items()}},
    }

    assert found("all", swapped) == set()
    assert numbers(swapped) == numbers(rows), "each node has the label that it had"


@unhurried
@given(cluster=healthy(), data=st.data())
def test_containers_made_anew_leave_the_labels_of_the_numbers_as_they_were(
    cluster: Healthy, data: st.DataObject
) -> None:
    ids = data.draw(st.permutations([f"{at:012x}" for at in range(len(cluster.rows))]))
    renewed = {
        f"{key.rpartition(':')[0]}:{new}": row for (key, row), new in zip(cluster.rows.items(), ids, strict=True)
    }

    assert numbers(renewed).keys() == numbers(cluster.rows).keys()


@unhurried
@given(cluster=healthy(), data=st.data())
def test_the_order_of_the_answer_leaves_each_node_its_label(cluster: Healthy, data: st.DataObject) -> None:
    rows = {key: {**row, "free_space_logs": at * 2**33} for at, (key, row) in enumerate(cluster.rows.items(), 1)}

    assert numbers(dict(data.draw(st.permutations(list(rows.items()))))) == numbers(rows)


@unhurried
@given(cluster=healthy())
def test_the_true_number_of_shards_never_changes_a_healthy_verdict(cluster: Healthy) -> None:
    told = judge("all", deployment(cluster.rows), POLICY._replace(shards=cluster.shards))

    assert told == judge("all", deployment(cluster.rows), POLICY)


@unhurried
@given(cluster=healthy(), data=st.data())
def test_a_greater_number_of_shards_is_a_loss(cluster: Healthy, data: st.DataObject) -> None:
    wanted = POLICY._replace(shards=cluster.shards + data.draw(st.integers(1, 1024)))

    assert (
        state("socket", cluster.rows, policy=wanted) == state("cluster", cluster.rows, policy=wanted) == State.CRITICAL
    )


RANGES = st.lists(
    st.tuples(st.integers(-1, 20), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=3
)


@unhurried
@given(held=st.lists(RANGES, max_size=7), expected=st.one_of(st.none(), st.integers(1, 40)))
def test_ownership_is_what_counting_shard_by_shard_gives(
    held: list[list[tuple[int, int]]], expected: int | None
) -> None:
    owners: dict[int, set[str]] = {}
    for at, ranges in enumerate(held):
        for lower, upper in ranges:
            for shard in range(lower, upper + 1):
                owners.setdefault(shard, set()).add(f"wa{at}")
    normal = {shard for shard in owners if shard > CONTROL}
    total = None if expected is None else max([expected, *(shard + 1 for shard in normal)])
    if total is None and normal:
        total = next(2**power for power in range(8) if 2**power > max(normal))

    nodes = [Node(key=Foreign(f"wa{at}", documents.PLACE), shards=tuple(ranges)) for at, ranges in enumerate(held)]
    told = ownership(nodes, expected)

    assert told.total == total
    assert told.owned == len(normal)
    assert {node.key for node in told.control} == owners.get(CONTROL, set())
    assert spread((claim.lower, claim.upper) for claim in told.claims) == sorted(owners)
    assert {shard for claim in told.contested for shard in spread([(claim.lower, claim.upper)])} == {
        shard for shard, names in owners.items() if len(names) > 1
    }
    assert spread(told.unowned) == sorted(set(range(total or 0)) - normal)
    for claim in told.claims:
        assert {node.key for node in claim.owners} == owners[claim.lower]
    assert not told.doubtful


def spread(runs: Any) -> list[int]:
    """Every shard of the runs; one that is in two of them comes twice."""
    return sorted(shard for lower, upper in runs for shard in range(lower, upper + 1))


@given(runs=RANGES)
def test_the_words_for_runs_name_each_shard_once(runs: list[tuple[int, int]]) -> None:
    words = spell_runs(runs)

    shards = set(spread(runs))
    assert ("the control shard" in words) == (CONTROL in shards)
    named = words.replace("the control shard", "").replace("shards", "").replace("shard", "").replace(" and", ",")
    told: list[int] = []
    for word in filter(None, (part.strip() for part in named.split(","))):
        lower, _dash, upper = word.partition("-")
        told += range(int(lower), int(upper or lower) + 1)
    assert told == sorted(shards - {CONTROL})
