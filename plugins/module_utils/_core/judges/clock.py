# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How far is the node's clock off?"""

from __future__ import annotations

import math
from typing import List

from ..deployment import Deployment
from ..limits import Limit
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, measured_label, of
from ..text import NOTHING, Message, joined, say
from ..units import SECONDS, spell

REMEDY = say("look at time synchronisation on the node's host")

_LOCAL = say("let the client run in UTC, or tell its zone: as it is, a clock that is hours off looks just so")

# Whole hours, and what is in use beside them; in minutes.
_BETWEEN_HOURS = (-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825)
_ZONES = (*(60 * hour for hour in range(-12, 15) if hour), *_BETWEEN_HOURS)
_LEAST_TOLERANCE, _MOST_TOLERANCE = 5, 300


def judge(deployment: Deployment, policy: Policy) -> Result:
    """Seconds by which `device_iso8601` is ahead of our clock (negative: behind), held against the limits.

    A node's time without a zone is taken as UTC. Whether it is local time in truth is unknown; where the offsets of all
    nodes look like one, that is said, and is no more than a warning.
    """
    findings = Findings(policy)
    nodes = [node for node in deployment.answered if policy.judges(node)]
    if not nodes:
        findings.none_answered(say("the clocks"))
    limit = policy.limits["clock"]
    metrics: List[Metric] = []
    observations: List[Message] = []
    worst, worst_offset = NOTHING, 0.0
    # Of clocks that differ one is wrong, whatever the zone.
    zones = {
        node.shown_key: _zone((node.time.utc - policy.asked_at).total_seconds(), limit)
        for node in deployment.answered
        if node.time is not None and not node.time.zoned and not policy.ignores(node)
    }
    local = all(zones.values())
    for node in nodes:
        findings.need(node, {say("device_iso8601"): node.time is not None})
        if node.time is None:
            continue
        offset = (node.time.utc - policy.asked_at).total_seconds()
        zone = zones.get(node.shown_key, NOTHING) if local else NOTHING
        sentence = joined([say("clock%s %s", of(node), _spelled(offset)), zone])
        findings.value("clock", offset, sentence, _LOCAL if zone else REMEDY, [node], mild=bool(zone))
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


def _zone(offset: float, limit: Limit) -> Message:
    """What is said of a clock that is off as local time would be; nothing when it is not."""
    bounds = [abs(end) for end in (limit.warning or limit.critical or ())[:2] if math.isfinite(end)]
    tolerance = min(max([_LEAST_TOLERANCE, *bounds]), _MOST_TOLERANCE)
    zone = min(_ZONES, key=lambda minutes: abs(offset - 60 * minutes))
    if abs(offset - 60 * zone) > tolerance:
        return NOTHING
    hours, minutes = divmod(abs(zone), 60)
    sign = say("-") if zone < 0 else say("+")
    return say("probably local time, UTC%s%d:%02d, and no fault of the clock", sign, hours, minutes)
