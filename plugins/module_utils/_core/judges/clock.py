# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How far is the node's clock off?"""

from __future__ import annotations

import math
from typing import List

from ..deployment import Deployment, Node
from ..limits import Limit
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, measured_label, of
from ..text import NOTHING, Message, joined, say
from ..units import SECONDS, spell

REMEDY = say("look at time synchronisation on the node's host")

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
        findings.none_answered(say("the clocks"))
    limit = policy.limits["clock"]
    metrics: List[Metric] = []
    observations: List[Message] = []
    worst, worst_offset = NOTHING, 0.0
    for node in nodes:
        findings.need(node, {say("device_iso8601"): node.time is not None})
        if node.time is None:
            continue
        offset = (node.time.utc - policy.asked_at).total_seconds()
        sentence = joined([say("clock%s %s", of(node), _spelled(offset)), _zone(node, offset, limit)])
        findings.value("clock", offset, sentence, REMEDY, [node])
        metrics.append(
            Metric(measured_label(node, "clock_offset"), round(offset, 3), "s", limit.warning, limit.critical)
        )
        observations.append(sentence)
        if not worst or abs(offset) > abs(worst_offset):
            worst, worst_offset = sentence, offset
    summary = joined([worst or say("no time told"), answered(deployment, policy)])
    return Result("clock", summary, findings.done(), tuple(metrics), tuple(observations))


def _spelled(offset: float) -> Message:
    # The API tells whole seconds.
    if abs(offset) < 1:
        return say("right to the second")
    return say("%s ahead" if offset > 0 else "%s behind", spell(abs(offset), SECONDS))


def _zone(node: Node, offset: float, limit: Limit) -> Message:
    if node.time is None or node.time.zoned:
        return NOTHING
    quarters = round(offset / _QUARTER)
    if not quarters or not _WEST <= quarters * _QUARTER <= _EAST:
        return NOTHING
    bounds = [abs(end) for end in (limit.warning or limit.critical or ())[:2] if math.isfinite(end)]
    tolerance = min(max([_LEAST_TOLERANCE, *bounds]), _MOST_TOLERANCE)
    if abs(offset - quarters * _QUARTER) > tolerance:
        return NOTHING
    hours, minutes = divmod(abs(quarters) * 15, 60)
    sign = say("-") if offset < 0 else say("+")
    return say("probably local time, UTC%s%d:%02d, and no fault of the clock", sign, hours, minutes)
