# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How far is the node's clock off?"""

from __future__ import annotations

import math
from typing import List

from ..deployment import Deployment, Node
from ..limits import Limit
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, joined, measured_label, of
from ..units import SECONDS, spell

REMEDY = "look at time synchronisation on the node's host"

_QUARTER = 900
_WEST, _EAST = -12 * 3600, 14 * 3600
_LEAST_TOLERANCE, _MOST_TOLERANCE = 5, 300


def judge(deployment: Deployment, policy: Policy) -> Result:
    """Seconds by which `device_iso8601` is ahead of our clock (negative: behind), held against the limits.

    A node's time without a zone is taken as UTC. Whether it is local time in truth is unknown; an offset that looks
    like one is said to be so, beside its state.
    """
    findings = Findings(policy)
    nodes = [node for node in deployment.answered if policy.judges(node)]
    if not nodes:
        findings.none_answered("the clocks")
    limit = policy.limits["clock"]
    metrics: List[Metric] = []
    observations: List[str] = []
    worst, worst_offset = "", 0.0
    for node in nodes:
        findings.need(node, {"device_iso8601": node.time is not None})
        if node.time is None:
            continue
        offset = (node.time.utc - policy.asked_at).total_seconds()
        sentence = joined(["clock%s %s" % (of(node), _spelled(offset)), _zone(node, offset, limit)])
        findings.value("clock", offset, sentence, REMEDY, [node])
        metrics.append(
            Metric(measured_label(node, "clock_offset"), round(offset, 3), "s", limit.warning, limit.critical)
        )
        observations.append(sentence)
        if not worst or abs(offset) > abs(worst_offset):
            worst, worst_offset = sentence, offset
    summary = joined([worst or "no time told", answered(deployment, policy)])
    return Result("clock", summary, findings.done(), tuple(metrics), tuple(observations))


def _spelled(offset: float) -> str:
    # The API tells whole seconds.
    if abs(offset) < 1:
        return "right to the second"
    return "%s %s" % (spell(abs(offset), SECONDS), "ahead" if offset > 0 else "behind")


def _zone(node: Node, offset: float, limit: Limit) -> str:
    if node.time is None or node.time.zoned:
        return ""
    quarters = round(offset / _QUARTER)
    if not quarters or not _WEST <= quarters * _QUARTER <= _EAST:
        return ""
    bounds = [abs(end) for end in (limit.warning or limit.critical or ())[:2] if math.isfinite(end)]
    tolerance = min(max([_LEAST_TOLERANCE, *bounds]), _MOST_TOLERANCE)
    if abs(offset - quarters * _QUARTER) > tolerance:
        return ""
    hours, minutes = divmod(abs(quarters) * 15, 60)
    return "probably local time, UTC%s%d:%02d, and no fault of the clock" % ("-" if offset < 0 else "+", hours, minutes)
