# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Is it safe to go on? The same judgement as that of the checks, with a gate's own words for the limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from .catalogue import Trouble, parse_states
from .deployment import VOLUMES, Deployment
from .judge import judge
from .limits import parse_limits
from .policy import Policy
from .report import finding_as_data, headline, sentence
from .result import Result, from_trouble
from .states import State, parse_state
from .text import closest, count


class Terms(NamedTuple):
    """On what terms the gate opens. Sizes and times are ranges with units, as in the checks' thresholds."""

    states: Mapping[str, str] = {}
    min_free_space: Union[str, Mapping[str, str], None] = None
    """One value, or one a volume."""
    min_build_lifetime: Optional[str] = None
    max_clock_offset: Optional[str] = None
    shards: Optional[int] = None
    min_spares: int = 1
    without: Sequence[str] = ()
    ignore_nodes: Sequence[str] = ()
    fail_on: Sequence[str] = ("critical", "unknown")


class Verdict(NamedTuple):
    """What the gate says."""

    passed: bool
    message: str
    """All reasons at once when it stays shut."""
    state: State
    findings: List[Dict[str, Any]]
    premise: str


def policy_of(terms: Terms, now: datetime) -> Policy:
    """The policy that the terms come to: each limit is the critical one.

    Raises ValueError, with a sentence for the user, for unknown problems, states or volumes, or bad values.
    """
    space = terms.min_free_space
    critical = [] if space is None else ["space=%s" % space] if isinstance(space, str) else _volumes(space)
    critical += ["build=%s" % terms.min_build_lifetime] if terms.min_build_lifetime is not None else []
    critical += ["clock=%s" % terms.max_clock_offset] if terms.max_clock_offset is not None else []
    return Policy(
        now=now,
        asked_at=now,
        limits=parse_limits("all", (), critical, ("warning", "limit")),
        states=parse_states("%s=%s" % pair for pair in terms.states.items()),
        shards=terms.shards,
        min_spares=terms.min_spares,
        ignored=tuple(terms.ignore_nodes),
    )


def open_gate(terms: Terms, answer: Union[Deployment, Trouble], now: datetime, asked_at: datetime) -> Verdict:
    """The verdict over a deployment, or over the trouble that stood in the way of one.

    Raises ValueError as `policy_of`, or when a pattern of a node fits none.
    """
    policy = policy_of(terms, now)._replace(asked_at=asked_at)
    failing = {parse_state(word) for word in terms.fail_on}
    if isinstance(answer, Trouble):
        result = from_trouble("all", answer, policy)
    else:
        result = judge("all", answer, policy, terms.without)
    reasons = [pair for pair in result.every_finding if pair[1].state in failing]
    return Verdict(
        not reasons,
        _refusal(result, [sentence(result, pair) for pair in reasons]) if reasons else headline(result),
        result.state,
        [finding_as_data(check, finding) for check, finding in result.every_finding],
        result.premise,
    )


def _refusal(result: Result, reasons: List[str]) -> str:
    premise = " %s:" % result.premise if result.premise else ":"
    return "not safe to go on, %s%s\n%s" % (
        count(len(reasons), "reason"),
        premise,
        "\n".join("- " + one for one in reasons),
    )


def _volumes(space: Mapping[str, str]) -> List[str]:
    for volume in space:
        if volume not in VOLUMES:
            raise ValueError(
                "min_free_space: %r is no volume%s (known: %s)" % (volume, closest(volume, VOLUMES), ", ".join(VOLUMES))
            )
    return ["%s=%s" % pair for pair in space.items()]
