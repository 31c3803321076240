# SPDX-License-Identifier: BSD-2-Clause
"""What the checks find: the answers of the folder `judgements`, each beside what is to be said of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from documents import NOW, POLICY, UNREACHABLE, cluster, fields, high_availability, multiconnect, parse, single
from wabiz_monitoring import check_build, check_socket, check_space
from wabiz_monitoring._core.judge import JUDGES, judge
from wabiz_monitoring._core.policy import Policy
from wabiz_monitoring._core.result import Finding, Metric, Result
from wabiz_monitoring._core.states import State
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring.plugin.parser import parse as parse_words

FOLDER = Path(__file__).parent / "judgements"
CHECKS = {check.name: check for check in (check_socket.CHECK, check_space.CHECK, check_build.CHECK)}
CLUSTERS = {"high availability": high_availability, "multiconnect": multiconnect}
KEYS = {"case", "single", *CLUSTERS, "options", "finds", "says"}


def cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            assert case.keys() <= KEYS, case
            yield pytest.param(path.stem, case, id=f"{path.stem}: {case['case']}")


def answer(case: Mapping[str, Any]) -> bytes:
    if "single" in case:
        return single(**{name: ... if value is None else value for name, value in case["single"].items()})
    (form,) = CLUSTERS.keys() & case.keys()
    nodes: dict[str, Any] = CLUSTERS[form]()
    for key, differing in case[form].items():
        if differing == "gone":
            del nodes[key]
        elif differing == "unreachable":
            nodes[key] = UNREACHABLE
        else:
            changed = {**nodes[key], **differing}
            nodes[key] = {name: value for name, value in changed.items() if value is not None}
    return cluster(nodes)


def judged(check: str, body: bytes, options: str = "") -> Result:
    settings = parse_words(CHECKS[check], ["--file", "-", *shlex.split(options)], {}, Files())
    policy = POLICY._replace(
        limits=settings.limits,
        states=settings.states,
        shards=settings.shards,
        nodes=settings.nodes,
        ignored=settings.ignored,
    )
    return judge(check, parse(body), policy)


def told(finding: Finding) -> str:
    where = f" on {' '.join(finding.nodes)}" if finding.nodes else ""
    return f"{finding.state.name} {finding.problem or finding.subject}{where}: {finding.text}"


@pytest.mark.parametrize(("check", "case"), list(cases()))
def test_an_answer_is_judged_as_stands_beside_it(check: str, case: Mapping[str, Any]) -> None:
    result = judged(check, answer(case), case.get("options", ""))
    assert [told(finding) for finding in result.findings] == case.get("finds", [])
    if "says" in case:
        assert result.state is State.OK
        assert result.summary == case["says"]


def numbers(result: Result) -> dict[str, float]:
    return {metric.label: metric.value for metric in result.metrics}


def test_a_healthy_node_is_graphed_in_base_units_with_its_limits() -> None:
    (metric,) = (metric for metric in judged("space", single()).metrics if metric.label == "free_logs")
    assert (metric.value, metric.unit, metric.minimum, metric.maximum) == (21 * 2**30, "B", 0, None)
    assert (str(metric.warning), str(metric.critical)) == ("5368709120:", "1073741824:")
    (metric,) = judged("build", single()).metrics
    assert metric == Metric("build_expires_in", 10247167, "s", metric.warning, metric.critical)
    assert (str(metric.warning), str(metric.critical)) == ("2592000:", "604800:")
    assert judged("socket", single()).metrics == (
        Metric("connected", 1, minimum=0, maximum=1),
        Metric("expected", 1, minimum=0),
    )


def test_what_is_unlimited_or_not_told_is_no_number() -> None:
    body = single(free_space_logs=2**63 - 2**20, free_space_data=..., free_space_media_incoming="x")
    assert numbers(judged("space", body)) == {"free_media_outgoing": 33 * 2**30}
    assert numbers(judged("build", single(expire_timestamp=...))) == {}


def test_an_expired_build_is_graphed_below_nothing() -> None:
    assert numbers(judged("build", single(expire_timestamp="2018-05-31T23:00:00"))) == {"build_expires_in": -3600}


def test_every_node_that_answered_has_graphs_under_its_own_label() -> None:
    nodes = {**high_availability(), "wa2:c2": UNREACHABLE}
    labels = set(numbers(judged("space", cluster(nodes))))
    assert labels == {
        f"{node}_free_{volume}"
        for node in ("wa1_master", "wa2_master", "wa1_coreapp")
        for volume in ("data", "logs", "media_incoming", "media_outgoing")
    }


def test_the_nodes_that_must_be_connected_are_counted() -> None:
    nodes = multiconnect()
    nodes["wa4:c2"]["socket_conn"] = "SC"
    nodes["wa3:c1"]["socket_conn"] = "UP receiving offline"
    assert numbers(judged("socket", cluster(nodes))) == {"connected": 4, "expected": 5}


def test_all_judges_everything_from_one_answer() -> None:
    policy = Policy(now=NOW + timedelta(days=100), asked_at=NOW)
    whole = judge("all", parse(single(socket_conn="SC", free_space_logs=5)), policy)
    assert [child.check for child in whole.children] == list(JUDGES)
    assert [told(finding) for _check, finding in whole.every_finding] == [
        "CRITICAL logs: logs 5 B free (critical below 1 GiB)",
        "WARNING connecting: connecting (socket_conn SC)",
        "WARNING build: build expires in 18.6 days, on 2018-09-27 14:26 UTC (warning below 30 d)",
    ]
    assert whole.state is State.CRITICAL


def test_what_is_unknown_outranks_a_warning_and_not_an_outage() -> None:
    states = [
        judge("all", parse(single(socket_conn=word, expire_timestamp=...)), POLICY).state for word in ("UP", "SC", "DN")
    ]
    assert states == [State.UNKNOWN, State.UNKNOWN, State.CRITICAL]


@pytest.mark.parametrize(
    ("options", "told_to_user"),
    [
        ("--node wa9:*", "no node fits 'wa9:*'; the answer names wa1:m1, wa2:m2, wa1:c1 and wa2:c2"),
        ("--node wa1:* --node wa9:*", "no node fits 'wa9:*'"),
        ("--ignore-node *", "no node is left to judge; loosen --node or --ignore-node"),
        ("--node wa1:* --ignore-node wa1:*", "no node is left to judge"),
    ],
)
def test_a_pattern_that_leaves_nothing_is_refused(options: str, told_to_user: str) -> None:
    with pytest.raises(ValueError, match=r"no node") as refused:
        judged("socket", cluster(high_availability()), options)
    assert str(refused.value).startswith(told_to_user)


def test_a_single_node_has_no_name_to_choose_it_by() -> None:
    with pytest.raises(ValueError, match=r"no node fits 'wa1'; the answer is of a single node, without a name"):
        judged("socket", single(), "--node wa1")
    assert judged("socket", single(), "--node * --ignore-node wa9:*").state is State.OK


def test_env_is_told_nowhere() -> None:
    body = single(env=["WA_DB_PASSWORD=marked-env-secret"], socket_conn="DN", free_space_logs=0)
    assert "marked-env-secret" not in repr(judge("all", parse(body), POLICY))
    assert "marked-env-secret" in repr(fields())
