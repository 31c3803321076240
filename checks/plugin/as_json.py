# SPDX-License-Identifier: BSD-2-Clause
"""A result as JSON: the same tree, for pipelines."""

import json
from typing import Any

from wabiz_monitoring.core.result import Finding, Metric, Result

from .lines import headline


def as_json(result: Result, notes: list[str]) -> str:
    """One JSON object, indented, in ASCII, with the state and exit code of the whole and a branch a child."""
    return json.dumps({**_result(result), "notes": notes}, indent=2)


def _result(result: Result) -> dict[str, Any]:
    state = result.state
    return {
        "check": result.check,
        "state": state.name,
        "exit_code": int(state),
        "summary": headline(result),
        "premise": result.premise or None,
        "findings": [_finding(finding) for finding in result.findings],
        "metrics": [_metric(metric) for metric in result.metrics],
        "observations": list(result.observations),
        "children": [_result(child) for child in result.children],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {**finding._asdict(), "state": finding.state.name, "nodes": list(finding.nodes)}


def _metric(metric: Metric) -> dict[str, Any]:
    limits = {
        name: str(limit) if limit else None
        for name, limit in (("warning", metric.warning), ("critical", metric.critical))
    }
    return {**metric._asdict(), **limits}
