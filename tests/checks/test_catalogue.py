# SPDX-License-Identifier: BSD-2-Clause
"""The catalogue of problems, and the states."""

from __future__ import annotations

import itertools

import pytest
from wabiz_monitoring._core.catalogue import CATALOGUE, parse_states
from wabiz_monitoring._core.states import State, parse_state, worst

EVERY = "socket space build cluster clock"

PROBLEMS = [
    # problem, default state, judged by
    ("unreachable", "CRITICAL", EVERY),
    ("timeout", "CRITICAL", EVERY),
    ("unauthorized", "UNKNOWN", EVERY),
    ("throttled", "UNKNOWN", EVERY),
    ("invalid", "UNKNOWN", EVERY),
    ("missing", "UNKNOWN", EVERY),
    ("unregistered", "CRITICAL", "socket"),
    ("disconnected", "CRITICAL", "socket"),
    ("connecting", "WARNING", "socket"),
    ("receiving-offline", "OK", "socket"),
    ("socket-unknown", "UNKNOWN", "socket"),
    ("shard-unowned", "CRITICAL", "socket cluster"),
    ("shard-contested", "CRITICAL", "cluster"),
    ("node-unreachable", "WARNING", "cluster"),
    ("no-primary-master", "CRITICAL", "cluster"),
    ("two-primary-masters", "CRITICAL", "cluster"),
    ("no-secondary-master", "WARNING", "cluster"),
    ("no-spare-coreapp", "WARNING", "cluster"),
    ("version-skew", "WARNING", "cluster"),
    ("schema-skew", "WARNING", "cluster"),
    ("expired", "CRITICAL", "build"),
]

WORST = [
    # from fine to bad: an outage that is known outranks an answer that could not be had
    State.OK,
    State.WARNING,
    State.UNKNOWN,
    State.CRITICAL,
]

WORDS = [
    ("ok", State.OK),
    ("OK", State.OK),
    ("warning", State.WARNING),
    ("warn", State.WARNING),
    ("Critical", State.CRITICAL),
    ("crit", State.CRITICAL),
    (" unknown ", State.UNKNOWN),
]


def test_the_catalogue_is_the_published_one() -> None:
    told = [(row.name, row.state.name, set(row.judged_by)) for row in CATALOGUE.values()]
    assert told == [(name, state, set(judges.split())) for name, state, judges in PROBLEMS]


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_every_problem_says_what_it_means_and_what_to_do(name: str) -> None:
    row = CATALOGUE[name]
    assert row.meaning.endswith(".")
    assert row.meaning.isprintable()
    assert row.remedy
    assert not row.remedy.endswith(".")
    assert "|" not in row.meaning + row.remedy


def test_a_state_is_its_exit_code() -> None:
    assert {state.name: int(state) for state in State} == {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


def test_the_worst_of_many_is_critical_then_unknown_then_warning() -> None:
    for one, other in itertools.product(WORST, repeat=2):
        assert worst([one, other]) is max(one, other, key=WORST.index)
    assert worst(WORST) is State.CRITICAL
    assert worst([]) is State.OK


@pytest.mark.parametrize(("word", "state"), WORDS)
def test_a_state_is_named_in_any_case(word: str, state: State) -> None:
    assert parse_state(word) is state


@pytest.mark.parametrize("word", ["", "2", "critical!", "fatal", "no"])
def test_what_is_no_state_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"is no state; write ok, warning, critical or unknown"):
        parse_state(word)


def test_states_are_set_by_problem_and_the_last_word_counts() -> None:
    assert parse_states([]) == {}
    assert parse_states(["missing=ok", "connecting=crit", "missing=warn"]) == {
        "missing": State.WARNING,
        "connecting": State.CRITICAL,
    }


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("conecting=ok", "'conecting' is no problem; did you mean connecting?"),
        ("Missing=ok", "'Missing' is no problem"),
        ("=ok", "'' is no problem"),
        ("missing", "'missing' is not of the form PROBLEM=STATE"),
        ("missing=", "'' is no state"),
        ("missing=ok=ok", "'ok=ok' is no state"),
        ("all=ok", "'all' is no problem"),
    ],
)
def test_an_unknown_problem_or_state_is_refused(spec: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"is no") as refused:
        parse_states([spec])
    assert told in str(refused.value)
