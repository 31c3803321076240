# SPDX-License-Identifier: BSD-2-Clause
"""The gate says what check_wabiz_all says: the same documents, judged on the same terms, come to the same verdict."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import documents
import pytest
from commands import Runner
from documents import PLACE, parse
from hypothesis import event, given, settings
from hypothesis import strategies as st
from samples import examples
from wabiz_monitoring._core.catalogue import CATALOGUE, Trouble
from wabiz_monitoring._core.deployment import VOLUMES, Deployment
from wabiz_monitoring._core.facts import facts, from_facts
from wabiz_monitoring._core.gate import Terms, Verdict, open_gate
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.policy import Policy
from wabiz_monitoring._core.report import finding_as_data
from wabiz_monitoring._core.result import from_trouble
from wabiz_monitoring._core.states import State
from wabiz_monitoring._core.text import say
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring.check_all import CHECK as ALL
from wabiz_monitoring.plugin.options import UsageError
from wabiz_monitoring.plugin.parser import parse as parse_options
from wabiz_monitoring.simulator.library import load_scenarios

SCENARIOS = load_scenarios()
MC4 = documents.multiconnect()


def options(terms: Terms) -> list[str]:
    """The options of check_wabiz_all that say what the terms say."""
    space = terms.min_free_space
    volumes = {"space": space} if isinstance(space, str) else dict(space or {})
    limits = {**volumes, "build": terms.min_build_lifetime, "clock": terms.max_clock_offset}
    chosen = {subject: limit for subject, limit in limits.items() if limit is not None}
    # A gate has one limit: what is given takes the place of the default warning, too.
    words = [word for name, limit in chosen.items() for word in (f"--critical={name}={limit}", f"--warning={name}=~:")]
    words += [f"--state={problem}={state}" for problem, state in terms.states.items()]
    words += [f"--without={pattern}" for pattern in terms.without]
    words += [f"--ignore-node={pattern}" for pattern in terms.ignore_nodes]
    words += [f"--shards={terms.shards}"] if terms.shards is not None else []
    return [*words, f"--min-spares={terms.min_spares}"]


def by_options(terms: Terms, answer: Deployment | Trouble, asked_at: datetime) -> tuple[State, list[dict[str, Any]]]:
    """State and findings of check_wabiz_all. Raises ValueError as it does."""
    given = parse_options(ALL, ["--file", "-", *options(terms)], {}, Files())
    policy = Policy(
        now=documents.NOW,
        asked_at=asked_at,
        limits=given.limits,
        states=given.states,
        shards=given.shards,
        min_spares=given.min_spares,
        ignored=given.ignored,
    )
    if isinstance(answer, Trouble):
        result = from_trouble("all", answer, policy)
    else:
        result = judge("all", answer, policy, given.without)
    return result.state, [finding_as_data(*pair) for pair in result.every_finding]


def verdict(terms: Terms = Terms(), answer: Any = MC4) -> Verdict:  # noqa: B008 (it is frozen)
    """What the gate says about the nodes of a cluster, or about an answer."""
    deployment = parse(documents.cluster(answer)) if isinstance(answer, dict) else answer
    return open_gate(terms, deployment, documents.NOW, documents.NOW, PLACE)


def without_remedy(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # There the words differ: the options have other names.
    return [{**finding, "remedy": None} for finding in findings]


# The same verdict

LIMITS = {
    "nothing said": Terms(),
    "strict": Terms(
        states={"connecting": "critical", "node-unreachable": "crit", "receiving-offline": "WARNING"},
        min_free_space="30GiB",
        min_build_lifetime="12w",
        max_clock_offset="500s",
        min_spares=2,
        shards=8,
        fail_on=("critical", "unknown", "warning"),
    ),
    "lenient": Terms(
        states={"expired": "ok", "disconnected": "warning", "shard-unowned": "unknown"},
        min_free_space={"logs": "1MiB:", "data": "~:"},
        min_build_lifetime="1d",
        max_clock_offset="-1h:1s",
        min_spares=0,
        ignore_nodes=("wa3:*", "wa9:*"),
        fail_on=("critical",),
    ),
}


@pytest.mark.parametrize("terms", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_command_and_the_gate_agree_on_every_scenario(name: str, terms: Terms, runner: Runner) -> None:
    if SCENARIOS[name].form == "cluster":
        terms = terms._replace(without=("wa2:*",))
    moment = time.time()
    body = json.dumps(SCENARIOS[name].answer(moment, moment)[1]).encode()
    # Of an answer in a file it is not known when it was asked for; a pipe is asked now.
    done = runner("check_wabiz_all", "--file", "-", "--json", *options(terms), stdin=body)
    now = datetime.fromtimestamp(moment, timezone.utc)
    said = open_gate(terms, parse(body), now, now, PLACE)
    told = json.loads(done.out)
    assert (told["state"], done.code, told["premise"] or "") == (said.state.name, int(said.state), said.premise)
    # Seconds pass between the two, so what is told in seconds is left out.
    found = [(row["check"], row["state"], row["problem"], row["subject"], row["nodes"]) for row in said.findings]
    assert found == list(distinct(told))
    assert said.passed is not any(state.lower() in terms.fail_on for _check, state, *_rest in found)


def distinct(told: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The findings of a JSON result, worst first, what two checks find alike once."""
    rows = [row for child in told["children"] for row in child["findings"]]
    rows.sort(key=lambda row: -State[row["state"]].severity)
    seen = set()
    for row in rows:
        if (row["problem"], row["text"]) not in seen:
            seen.add((row["problem"], row["text"]))
            yield row["check"], row["state"], row["problem"], row["subject"], row["nodes"]


KEYS = ["wa1:m", "wa1:c", "wa2:m", "wa2:c", "wa3:c", "wa4", "[fd00::a]:c"]
NODE = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["primary_master", "secondary_master", "coreapp", "coreapp", "other", ..., 5]),
        "shards": st.sampled_from([[], [[-1, -1]], [[0, 0]], [[1, 1]], [[0, 1]], [[-1, 0]], [[2, 3]], ..., "none"]),
        "socket_conn": st.sampled_from(["UP", "DN", "SC", "UNK", "UP receiving offline", "odd", ..., 1]),
        "free_space_logs": st.sampled_from([0, 2**29, 2**30, 2**33, 2**62, ..., "much"]),
        "free_space_data": st.sampled_from([2**29, 2**40]),
        "device_iso8601": st.sampled_from(["2018-06-01T00:02:00", "2018-06-01T02:00:00", "2018-05-30T00:00:00Z", ...]),
        "expire_timestamp": st.sampled_from(["2018-05-01T00:00:00", "2018-06-04T00:00:00", "soon", ...]),
        "version": st.sampled_from(["2.18.22", "v2.18.22", "2.19.1", ...]),
        "schema": st.sampled_from([{"message": 33}, {"message": 34}, ...]),
        "debug_info": st.sampled_from(["unregistered", ...]),
    },
).map(lambda differing: documents.standby(**differing))
UNREACHABLE = st.just(documents.UNREACHABLE)
DEPLOYMENTS = st.one_of(
    st.dictionaries(st.sampled_from(KEYS), NODE | NODE | NODE | UNREACHABLE, min_size=1).map(documents.cluster),
    st.dictionaries(st.sampled_from(sorted(MC4)), NODE | UNREACHABLE, max_size=3).map(
        lambda nodes: documents.cluster({**MC4, **nodes})
    ),
    NODE.map(documents.document),
).map(parse)
TROUBLES = st.sampled_from(["unreachable", "timeout", "unauthorized", "throttled", "invalid"]).map(
    lambda problem: Trouble(problem, say("something stood in the way"))
)
WORDS = st.sampled_from(["ok", "warning", "critical", "unknown", "WARN"])
SIZES = st.sampled_from(["0", "1GiB", "500MB:", "1GiB:10GiB", "@0:500MB", "~:"])
TIMES = st.sampled_from(["0", "1h", "7d:", "30d", "90d", "-1d:1d", "~:"])
PATTERNS = st.lists(st.sampled_from(["wa1:*", "wa2:*", "wa1:[cm]*", "wa[23]:*"]), max_size=2)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "states": st.dictionaries(st.sampled_from(sorted(CATALOGUE)), WORDS, max_size=4),
    "min_free_space": st.none() | SIZES | st.dictionaries(st.sampled_from(VOLUMES), SIZES, max_size=2),
    "min_build_lifetime": st.none() | TIMES,
    "max_clock_offset": st.none() | TIMES,
    "shards": st.sampled_from([None, None, 1, 4, 1024]),
    "min_spares": st.sampled_from([0, 1, 1, 2, 1024]),
    # What the check has no option for.
    "min_nodes": st.just({}),
    "without": PATTERNS,
    "ignore_nodes": PATTERNS,
    "fail_on": st.sampled_from([["critical"], ["critical", "unknown"], ["warning", "unknown", "critical"]]),
}
TERMS = st.builds(Terms, **FIELDS)
UNSOUND: dict[str, list[Any]] = {
    "states": [{"unheard-of": "ok"}, {"missing": "fine"}],
    "min_free_space": ["many", "1XiB", "5:1", {"data": "-"}, {"cache": "1GiB"}, "10", {"logs": "-1GiB"}, {"data": "5"}],
    "min_build_lifetime": ["soon", "1GiB", "@~:", "30", "-5d"],
    "max_clock_offset": ["5y", "-1s", "2:1"],
    "shards": [0, 1025],
    "min_spares": [-1, 1025],
    "without": [["nobody"]],
    "ignore_nodes": [["*"]],
}


@settings(max_examples=examples(600))
@given(TERMS, DEPLOYMENTS | TROUBLES, st.integers(-3600, 0))
def test_what_the_check_finds_is_what_the_gate_finds(terms: Terms, answer: Deployment | Trouble, ago: int) -> None:
    asked_at = documents.NOW + timedelta(seconds=ago)
    try:
        expected = by_options(terms, answer, asked_at)
    except ValueError:
        event("refused: a pattern fits no node, or each")
        with pytest.raises(ValueError, match=r"no such node|no node is left"):
            open_gate(terms, answer, documents.NOW, asked_at, PLACE)
        return
    said = open_gate(terms, answer, documents.NOW, asked_at, PLACE)
    event(said.state.name)
    assert (said.state, without_remedy(said.findings)) == (expected[0], without_remedy(expected[1]))
    assert said.passed is not any(finding["state"].lower() in terms.fail_on for finding in said.findings)


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, row in UNSOUND.items() for value in row])
def test_what_the_check_refuses_the_gate_refuses(field: str, value: Any) -> None:
    terms = Terms(**{field: value})
    answer = parse(documents.cluster(MC4))
    with pytest.raises((UsageError, ValueError)):
        by_options(terms, answer, documents.NOW)
    with pytest.raises(ValueError, match=f"^{field}[:.]|{field}$"):
        open_gate(terms, answer, documents.NOW, documents.NOW, PLACE)


@given(DEPLOYMENTS)
def test_facts_come_to_the_verdict_of_the_answer_they_were_gathered_from(deployment: Deployment) -> None:
    known = json.loads(json.dumps(facts(deployment, documents.NOW)))
    assert verdict(answer=from_facts(known, PLACE).deployment) == verdict(answer=deployment)


# The gate's own words


def test_a_gate_that_opens_says_what_was_seen() -> None:
    said = verdict()
    assert said.passed
    assert said.message.startswith("5 of 5 nodes that must be connected are; shards 0-3 owned; ")
    assert (said.state, said.findings, said.premise, said.answered) == (State.OK, [], "", {})


def test_all_reasons_stand_in_one_message_the_worst_first_with_what_to_do() -> None:
    nodes = {**MC4, "wa4:c2": documents.UNREACHABLE}
    nodes["wa2:c0"] = {**nodes["wa2:c0"], "free_space_logs": 2**20, "socket_conn": "odd"}
    said = verdict(Terms(fail_on=("critical", "unknown", "warning")), nodes)
    assert not said.passed
    first, *lines = said.message.splitlines()
    reasons = [line.split()[1] for line in lines if line.startswith("- ")]
    assert first == f"not safe to go on, {len(reasons)} reasons:"
    assert reasons == ["CRITICAL", "CRITICAL", "UNKNOWN", "WARNING"]
    for finding in said.findings:
        assert f"- {finding['state']} {finding['check']}: {finding['text']}" in lines
        assert f"  What to do: {finding['remedy']}" in lines


def test_what_is_not_to_fail_is_found_and_no_reason() -> None:
    nodes = {**MC4, "wa99:spare": documents.UNREACHABLE}
    said = verdict(answer=nodes)
    assert (said.passed, said.state) == (True, State.WARNING)
    assert {finding["problem"] for finding in said.findings} == {"node-unreachable", "no-spare-coreapp"}
    assert said.message.endswith("1 more problem")


def test_what_the_cluster_will_be_without_a_node_stands_beside_the_reasons() -> None:
    del (nodes := dict(MC4))["wa99:spare"]
    said = verdict(Terms(without=("wa4:*",)), nodes)
    assert said.message.splitlines()[0] == ("not safe to go on, 1 reason (without wa4: no spare is left for shard 2):")
    assert said.premise == "without wa4: no spare is left for shard 2"


def test_trouble_on_the_way_is_a_reason_like_any_other() -> None:
    trouble = Trouble("timeout", say("no complete answer within 3 s"))
    said = verdict(answer=trouble)
    assert (said.passed, said.state, said.findings[0]["problem"]) == (False, State.CRITICAL, "timeout")
    assert "- CRITICAL no complete answer within 3 s\n  What to do: " in said.message
    assert verdict(Terms(states={"timeout": "warning"}), trouble).passed


def test_expiry_is_held_against_now_and_clocks_against_the_time_of_asking() -> None:
    deployment = parse(documents.single(expire_timestamp="2018-06-11T00:00:00"))
    now = documents.NOW + timedelta(days=5)
    (finding,) = open_gate(Terms(), deployment, now, documents.NOW, PLACE).findings
    assert (finding["subject"], finding["state"]) == ("build", "CRITICAL")


@pytest.mark.parametrize("limit", ["500MiB", {"logs": "500MiB"}])
def test_a_limit_that_holds_leaves_no_warning_to_fail_on(limit: Any) -> None:
    terms = Terms(min_free_space=limit, fail_on=("critical", "warning"))
    deployment = parse(documents.single(free_space_logs=2**30))
    assert verdict(terms, deployment).passed
    assert not verdict(terms._replace(min_free_space={"data": "500MiB"}), deployment).passed


# Nodes that must be there


def test_the_nodes_that_must_answer_are_counted_by_pattern() -> None:
    assert verdict(Terms(min_nodes={"*": 7, "wa2:*": 1, "wa1:m1": 1})).passed
    nodes = {**MC4, "wa2:c0": documents.UNREACHABLE}
    said = verdict(Terms(min_nodes={"*": 7, "wa2:*": 1, "wa1:*": 1}), nodes)
    texts = [finding["text"] for finding in said.findings if finding["subject"] == "nodes"]
    assert texts == ["6 of 7 nodes fitting * answered", "0 of 1 node fitting wa2:* answered"]
    assert {finding["state"] for finding in said.findings if finding["subject"] == "nodes"} == {"CRITICAL"}


def test_a_node_whose_row_is_gone_is_missed_and_one_in_a_new_container_is_not() -> None:
    terms = Terms(min_nodes={"wa99:*": 1})
    del (nodes := dict(MC4))["wa99:spare"]
    assert not verdict(terms, nodes).passed
    # The row of the old container may linger.
    renewed = {**nodes, "wa99:spare": documents.UNREACHABLE, "wa99:other": MC4["wa99:spare"]}
    assert verdict(terms, renewed).passed


def test_nodes_that_are_ignored_or_to_be_done_without_are_not_counted() -> None:
    assert not verdict(Terms(min_nodes={"*": 7}, without=("wa99:*",))).passed
    assert not verdict(Terms(min_nodes={"*": 7}, ignore_nodes=("wa99:*",))).passed
    assert verdict(Terms(min_nodes={"*": 6}, without=("wa99:*",))).passed


def test_how_many_nodes_answered_is_told_for_those_to_be_done_without() -> None:
    nodes = {**MC4, "wa1:dead": documents.UNREACHABLE}
    said = verdict(Terms(without=("wa1:*", "wa99:*"), states={"no-secondary-master": "ok"}), nodes)
    assert said.answered == {"wa1:*": 1, "wa99:*": 1}


# What cannot be meant

WRONG = [
    (Terms(states={"disconected": "ok"}), "states: 'disconected' is no problem; did you mean disconnected?"),
    (Terms(states={"disconnected": "fine"}), "states: 'fine' is no state"),
    (Terms(min_free_space="5XB"), "min_free_space: 'XB' is no unit here"),
    (Terms(min_free_space={"logs": "5s"}), "min_free_space.logs: 's' is no unit here"),
    (Terms(min_free_space={"log": "5GiB"}), "min_free_space: 'log' is no volume; did you mean logs?"),
    (Terms(min_free_space={"space": "5GiB"}), "min_free_space: 'space' is no volume"),
    (Terms(min_free_space=""), "min_free_space: '' is no range"),
    (Terms(min_build_lifetime="5GiB"), "min_build_lifetime: 'GiB' is no unit here"),
    (Terms(max_clock_offset="-5s"), "max_clock_offset: '-5s' is negative"),
    (Terms(shards=0), "shards: 0 is no number from 1 to 1024"),
    (Terms(min_spares=-1), "min_spares: -1 is no number from 0 to 1024"),
    (Terms(without=("wa9:*",)), "without: wa9:*: no such node; the answer names wa0:m0, wa1:m1"),
    (Terms(ignore_nodes=("*",)), "no node is left to judge; loosen ignore_nodes"),
    (Terms(fail_on=("critical", "ok")), "fail_on: a gate fails on critical"),
    (Terms(fail_on=("critical", "bad")), "fail_on: 'bad' is no state"),
    (Terms(fail_on=("warning",)), "fail_on: a gate fails on critical"),
    (Terms(fail_on=()), "fail_on: a gate fails on critical"),
]


@pytest.mark.parametrize(("terms", "says"), WRONG, ids=[says for _terms, says in WRONG])
def test_a_bad_value_is_told_with_the_option_that_holds_it(terms: Terms, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(says)}"):
        verdict(terms)


def test_no_remedy_names_an_option_that_a_module_does_not_have() -> None:
    policy = dict.fromkeys(CATALOGUE, "critical")
    remedies = []
    for problem in CATALOGUE:
        remedies += [row["remedy"] for row in verdict(Terms(states=policy), Trouble(problem, say("x"))).findings]
    silent = {**MC4, "wa5:c3": documents.UNREACHABLE, "wa4:c2": documents.UNREACHABLE}
    remedies += [row["remedy"] for row in verdict(answer=silent).findings]
    assert any("with shards" in remedy for remedy in remedies)
    assert [remedy for remedy in remedies if "--" in remedy] == []
