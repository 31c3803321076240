# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Is it safe to go on? The same judgement as that of the checks, with a gate's own words for the limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple, Union

from .catalogue import Trouble, parse_states
from .deployment import VOLUMES, Deployment
from .judge import judge
from .limits import MEASURES, SUBJECTS, parse_limit, parse_limits
from .misuse import Misuse
from .policy import Policy, fits
from .report import finding_as_data, headline, sentence
from .result import Finding, Result, from_trouble
from .shards import MOST_SHARDS
from .states import State, parse_state
from .text import NOTHING, Foreign, Message, Place, closest, count, joined, say


class Terms(NamedTuple):
    """On what terms the gate opens. Sizes and times are ranges with units, as in the checks' thresholds."""

    states: Mapping[str, str] = {}
    min_free_space: Union[str, Mapping[str, str], None] = None
    """One value, or one a volume."""
    min_build_lifetime: Optional[str] = None
    max_clock_offset: Optional[str] = None
    shards: Optional[int] = None
    min_spares: int = 1
    min_nodes: Mapping[str, int] = {}
    """How many of the nodes that fit a shell pattern must answer, by pattern."""
    without: Sequence[str] = ()
    ignore_nodes: Sequence[str] = ()
    fail_on: Sequence[str] = ("critical", "unknown")


class Verdict(NamedTuple):
    """What the gate says."""

    passed: bool
    message: Message
    """All reasons at once when it stays shut."""
    state: State
    findings: List[Dict[str, Any]]
    premise: Message
    answered: Dict[str, int]
    """How many nodes that fit a pattern of `without` answered: what `min_nodes` can ask for once they are to be
    back. Empty when nothing could be asked."""


def policy_of(terms: Terms, now: datetime) -> Policy:
    """The policy that the terms come to. A limit that is given is critical, and then there is no warning before it.

    Raises Misuse, with a sentence for the user that begins with the option, for unknown problems, states or
    volumes, or bad values.
    """
    _failing(terms)
    for option, value, least in (("shards", terms.shards, 1), ("min_spares", terms.min_spares, 0)):
        if value is not None and not least <= value <= MOST_SHARDS:
            raise Misuse("%s: %d is no number from %d to %d" % (option, value, least, MOST_SHARDS))
    try:
        states = parse_states("%s=%s" % pair for pair in terms.states.items())
    except Misuse as error:
        raise Misuse("states: %s" % error) from None
    limits = dict(_limits(terms))
    return Policy(
        now=now,
        asked_at=now,
        limits=parse_limits(
            "all", ["%s=~:" % subject for subject in limits], ["%s=%s" % pair for pair in limits.items()]
        ),
        states=states,
        shards=terms.shards,
        min_spares=terms.min_spares,
        ignored=tuple(terms.ignore_nodes),
    )


def open_gate(
    terms: Terms, answer: Union[Deployment, Trouble], now: datetime, asked_at: datetime, place: Place
) -> Verdict:
    """The verdict over a deployment, or over the trouble that stood in the way of one.

    Expiry is held against `now`, clocks against `asked_at`. Raises Misuse as `policy_of`, or when a pattern of a
    node fits none.
    """
    policy = policy_of(terms, now)._replace(asked_at=asked_at)
    answered: Dict[str, int] = {}
    if isinstance(answer, Trouble):
        result = from_trouble("all", answer, policy)
    else:
        try:
            result = judge("all", answer, policy, terms.without)
        except Misuse as error:
            raise Misuse(_in_our_words(str(error))) from None
        result = result._replace(findings=tuple(_few_nodes(terms, answer, policy, place)))
        answered = {pattern: _answering(answer, policy, pattern) for pattern in terms.without}
    found = [
        (check, finding._replace(remedy=Message(_in_our_words(finding.remedy))))
        for check, finding in result.every_finding
    ]
    failing = _failing(terms)
    reasons = [pair for pair in found if pair[1].state in failing]
    return Verdict(
        not reasons,
        _refusal(result, reasons) if reasons else headline(result),
        result.state,
        [finding_as_data(check, finding) for check, finding in found],
        result.premise,
        answered,
    )


def _failing(terms: Terms) -> Set[State]:
    failing = set()
    for word in terms.fail_on:
        try:
            failing.add(parse_state(word))
        except Misuse as error:
            raise Misuse("fail_on: %s" % error) from None
    if State.CRITICAL not in failing or State.OK in failing:
        # Whoever writes `fail_on: warning` means "from warning on", and gets a gate that opens in an outage.
        raise Misuse("fail_on: a gate fails on critical, and on unknown and warning if they are there, too")
    return failing


def _limits(terms: Terms) -> Iterator[Tuple[str, str]]:
    """What there are limits for, in the words of the checks, and each limit."""
    given: List[Tuple[str, str, Optional[str]]] = [
        ("min_build_lifetime", "build", terms.min_build_lifetime),
        ("max_clock_offset", "clock", terms.max_clock_offset),
    ]
    space = terms.min_free_space
    if isinstance(space, Mapping):
        for volume, least in space.items():
            if volume not in VOLUMES:
                told = (volume, closest(volume, VOLUMES), ", ".join(VOLUMES))
                raise Misuse("min_free_space: %r is no volume%s (known: %s)" % told)
            given.append(("min_free_space.%s" % volume, volume, least))
    else:
        given.append(("min_free_space", "space", space))
    for option, subject, text in given:
        if text is not None:
            try:
                parse_limit(text, MEASURES[SUBJECTS[subject]])
            except Misuse as error:
                raise Misuse("%s: %s" % (option, error)) from None
            yield subject, text


def _few_nodes(terms: Terms, deployment: Deployment, policy: Policy, place: Place) -> Iterator[Finding]:
    left = deployment._replace(
        nodes=tuple(node for node in deployment.nodes if not any(fits(node, pattern) for pattern in terms.without))
    )
    for pattern, wanted in terms.min_nodes.items():
        there = _answering(left, policy, pattern)
        if there < wanted:
            text = say("%d of %s fitting %s answered", there, count(wanted, "node"), Foreign(pattern, place))
            yield Finding(State.CRITICAL, text, _FEW, None, "nodes")


_FEW = say("look at the containers of the nodes that are not there, and at their logs")


def _answering(deployment: Deployment, policy: Policy, pattern: str) -> int:
    return sum(fits(node, pattern) and not policy.ignores(node) for node in deployment.answered)


def _refusal(result: Result, reasons: Sequence[Tuple[str, Finding]]) -> Message:
    premise = say(" (%s)", result.premise) if result.premise else NOTHING
    lines = [say("not safe to go on, %s%s:", count(len(reasons), "reason"), premise)]
    for at, pair in enumerate(reasons):
        lines.append(say("- %s %s", Message(pair[1].state.name), sentence(result, pair)))
        # One remedy for a run of alike reasons.
        if at + 1 == len(reasons) or reasons[at + 1][1].remedy != pair[1].remedy:
            lines.append(say("  What to do: %s", pair[1].remedy))
    return joined(lines, "\n")


# What is found is told in the words of the checks, whose options have other names.
_OPTIONS = (
    ("--without ", "without: "),
    ("--state missing=ok", "states to {missing: ok}"),
    ("--ignore-node it", "put it into ignore_nodes"),
    ("--node or --ignore-node", "ignore_nodes"),
    ("with --shards", "with shards"),
)


def _in_our_words(text: str) -> str:
    for theirs, ours in _OPTIONS:
        text = text.replace(theirs, ours)
    return text
