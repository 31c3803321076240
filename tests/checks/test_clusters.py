# SPDX-License-Identifier: BSD-2-Clause
"""Clusters told right: every document of the folder `clusters`, judged by every check, finds what stands beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from clusters.cases import CHECKS, Case, CaseError, Expected, load, policy
from documents import parse
from wabiz_monitoring._core.catalogue import CATALOGUE
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.result import Result
from wabiz_monitoring._core.states import worst
from wabiz_monitoring._core.text import clean
from wabiz_monitoring.simulator.library import load_scenarios

CASES = load()
SHARED = ("connected", "expected")
"""What socket and cluster both count."""
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def found(result: Result, expected: Iterable[Expected]) -> list[str]:
    """What a result holds, a line each, in an order of its own; sentences only where they are expected of a problem."""
    told = {row.problem for row in expected if row.sentence}
    rows = [(finding.state, finding.problem or finding.subject or "", finding.text) for finding in result.findings]
    return lines(Expected(state, problem, text if problem in told else "") for state, problem, text in rows)


def lines(rows: Iterable[Expected]) -> list[str]:
    """Findings as they are written in a case."""
    return sorted(f"{row.state.name} {row.problem} {row.sentence}".strip() for row in rows)


def judged(case: Case, check: str) -> Result:
    how, without = policy(case)
    return judge(check, parse(case.body), how, without)


@by_name
def test_a_cluster_is_told_as_its_case_says(case: Case) -> None:
    results = {check: judged(case, check) for check in CHECKS}

    assert {check: found(results[check], case.expected[check]) for check in CHECKS} == {
        check: lines(case.expected[check]) for check in CHECKS
    }
    if case.premise is not None:
        assert {result.premise for result in results.values()} == {case.premise}
    assert {check: results[check].summary for check in case.says} == case.says
    numbers = {metric.label: metric.value for metric in results["cluster"].metrics}
    assert {label: numbers[label] for label in case.numbers} == case.numbers
    assert {label: value for label, value in numbers.items() if label in SHARED} == {
        metric.label: metric.value for metric in results["socket"].metrics
    }


@by_name
def test_all_is_as_bad_as_the_worst_of_the_checks(case: Case) -> None:
    whole = judged(case, "all")

    assert whole.state == worst(row.state for rows in case.expected.values() for row in rows)
    assert [child.check for child in whole.children] == list(CHECKS)
    texts = [(finding.problem, finding.text) for _check, finding in whole.every_finding]
    assert len(set(texts)) == len(texts), "the same thing is told twice"


@by_name
def test_whatever_is_told_is_one_clean_line_and_names_only_nodes_that_are_there(case: Case) -> None:
    keys = set(json.loads(case.body)["support"])
    for check in CHECKS:
        result = judged(case, check)
        assert result.summary
        for finding in result.findings:
            assert finding.text == clean(finding.text, 1000)
            assert finding.remedy
            assert set(finding.nodes) <= keys
            assert finding.problem is None or check in CATALOGUE[finding.problem].judged_by
        for line in (result.summary, result.premise, *result.observations):
            assert line == clean(line, 1000)
        labels = [metric.label for metric in result.metrics]
        assert len(set(labels)) == len(labels)


def test_every_cluster_that_the_simulator_serves_is_among_the_cases() -> None:
    bodies = {json.dumps(json.loads(case.body)["support"]) for case in CASES if case.file == "scenarios"}
    clusters = {name for name, scenario in load_scenarios().items() if scenario.form == "cluster"}

    assert clusters
    assert len(bodies) == len(clusters)
    assert len(CASES) >= len(clusters) + 40


def test_the_documents_of_the_cases_differ() -> None:
    seen: dict[tuple[bytes, tuple[str, ...]], str] = {}
    for case in CASES:
        twin = seen.setdefault((case.body, case.options), case.id)
        assert twin == case.id


WRONG = {
    "an unknown key": ("{why: w, nodes: 'a ? ? ?', socket: OK, cluster: OK, sockets: OK}", "unknown: {'sockets'}"),
    "no reason": ("{nodes: 'a ? ? ?', socket: OK, cluster: OK}", "needed: ['cluster', 'socket', 'why']"),
    "a check that is not named": ("{why: w, nodes: 'a ? ? ?', socket: OK}", "needed: ['cluster', 'socket', 'why']"),
    "nodes and a scenario": (
        "{why: w, nodes: 'a ? ? ?', scenario: ha-healthy, socket: OK, cluster: OK}",
        "either nodes (with fields and front) or scenario",
    ),
    "neither nodes nor a scenario": ("{why: w, socket: OK, cluster: OK}", "either nodes"),
    "a front end beside a scenario": (
        "{why: w, scenario: ha-healthy, front: v1, socket: OK, cluster: OK}",
        "either nodes",
    ),
    "an unknown scenario": ("{why: w, scenario: ha-healty, socket: OK, cluster: OK}", "no scenario 'ha-healty'"),
    "two cases of one name": ("{why: w, scenario: ha-healthy, socket: OK, cluster: OK}\nx: {}", "twice"),
    "an unknown role": ("{why: w, nodes: 'a boss ? ?', socket: OK, cluster: OK}", "'a boss ? ?': 'boss'"),
    "an unknown connection": ("{why: w, nodes: 'a ? ? up', socket: OK, cluster: OK}", "'a ? ? up': 'up'"),
    "an unknown field": ("{why: w, nodes: 'a ? ? ? lang=de', socket: OK, cluster: OK}", "'lang=de' is no FIELD=VALUE"),
    "a shard that is none": ("{why: w, nodes: 'a ? 0:3 ?', socket: OK, cluster: OK}", "'0:3' is no shard"),
    "a column short": ("{why: w, nodes: 'a coreapp -', socket: OK, cluster: OK}", "'a coreapp -': not enough values"),
    "the same node twice": (
        '{why: w, nodes: "a ? ? ?\\na ? ? ?", socket: OK, cluster: OK}',
        "a second node of this key",
    ),
    "spans that differ": (
        "{why: w, nodes: 'wa{1..3} ? {0..1} ?', socket: OK, cluster: OK}",
        "do not count equally far",
    ),
    "an unknown state": ("{why: w, nodes: 'a ? ? ?', socket: BAD disconnected, cluster: OK}", "'BAD' is no state"),
    "a problem of another check": (
        "{why: w, nodes: 'a ? ? ?', socket: CRITICAL shard-contested, cluster: OK}",
        "'shard-contested' is nothing that socket finds",
    ),
    "words of no check": (
        "{why: w, nodes: 'a ? ? ?', says: {sockets: x}, socket: OK, cluster: OK}",
        "says: ['sockets'] are not all checks",
    ),
    "something that is no table": ("OK", "it is no table"),
    "something that is not YAML": ("{", "expected the node content"),
}


@pytest.mark.parametrize(("text", "reason"), WRONG.values(), ids=WRONG.keys())
def test_a_case_that_cannot_be_meant_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "cases.yml").write_text(f"x: {text}")

    with pytest.raises(CaseError, match=rf"(?s)cases\.yml: .*{re.escape(reason)}"):
        load(tmp_path)
