# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A result told: in one line, or as plain data. Every renderer starts from here."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from .result import Finding, Metric, Result
from .states import State
from .text import Message, count, say


def headline(result: Result) -> Message:
    """One line: the worst, and how many more problems there are; what was seen when nothing is wrong."""
    bad = problems(result)
    told = sentence(result, bad[0]) if bad else result.summary
    if len(bad) > 1:
        told = say("%s, and %s", told, count(len(bad) - 1, "more problem"))
    return say("%s; %s", result.premise, told) if result.premise else told


def problems(result: Result) -> List[Tuple[str, Finding]]:
    """(check, finding) of what is not OK, worst first."""
    return [pair for pair in result.every_finding if pair[1].state is not State.OK]


def sentence(result: Result, pair: Tuple[str, Finding]) -> Message:
    """A finding's sentence, with the check's name before it when the result is of several checks."""
    check, finding = pair
    return finding.text if check == result.check else Message("%s: %s" % (check, finding.text))


def metrics(result: Result) -> List[Metric]:
    """The numbers of a result and its children, each label once: socket and cluster count connections alike."""
    own = [*result.metrics, *(metric for child in result.children for metric in metrics(child))]
    return list({metric.label: metric for metric in own}.values())


def observations(result: Result) -> List[Message]:
    """What was seen, of a result and its children."""
    return [*result.observations, *(line for child in result.children for line in observations(child))]


def as_data(result: Result) -> Dict[str, Any]:
    """The whole tree as JSON-like data; states by name, ranges in the guidelines' notation, base units."""
    state = result.state
    return {
        "check": result.check,
        "state": state.name,
        "exit_code": int(state),
        "summary": headline(result),
        "premise": result.premise or None,
        "findings": [finding_as_data(result.check, finding) for finding in result.findings],
        "metrics": [_metric(metric) for metric in result.metrics],
        "observations": list(result.observations),
        "children": [as_data(child) for child in result.children],
    }


def finding_as_data(check: str, finding: Finding) -> Dict[str, Any]:
    """One finding: check, state, problem (null when a threshold was broken), subject, nodes, text, remedy."""
    return dict(finding._asdict(), check=check, state=finding.state.name, nodes=list(finding.nodes))


def _metric(metric: Metric) -> Dict[str, Any]:
    bounds = {"warning": metric.warning, "critical": metric.critical}
    return dict(metric._asdict(), **{name: None if bound is None else str(bound) for name, bound in bounds.items()})
