# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How much space is free on each volume of each node."""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

from ..deployment import VOLUMES, Deployment, Node
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, measured_label, observed, on
from ..text import Message, joined, say
from ..units import BYTES, spell

REMEDIES: Mapping[str, Message] = {
    "data": say("make room or enlarge the volume: with the data volume full, messages are lost"),
    "logs": say("remove old logs, shorten their rotation, or enlarge the volume"),
    "media_incoming": say("fetch and delete media that were received, or turn on their automatic clean-up"),
    "media_outgoing": say("delete media that were sent, or enlarge the volume"),
}


def judge(deployment: Deployment, policy: Policy) -> Result:
    """Free bytes on data, logs, media_incoming and media_outgoing, held against the limits of each."""
    findings = Findings(policy)
    nodes = [node for node in deployment.answered if policy.judges(node)]
    if not nodes:
        findings.none_answered(say("free space"))
    told: Dict[Message, Tuple[int, Node]] = {}
    metrics: List[Metric] = []
    unlimited = 0
    for node in nodes:
        findings.need(node, {say("free_space_%s", volume): volume in node.free for volume in VOLUMES})
        for volume in VOLUMES:
            free = node.free.get(volume)
            if free is None:
                unlimited += volume in node.free
                continue
            text = say("%s %s free%s", volume, spell(free, BYTES), on(node))
            findings.value(volume, free, text, REMEDIES[volume], [node])
            limit = policy.limits[volume]
            label = measured_label(node, "free_" + volume)
            metrics.append(Metric(label, free, "B", limit.warning, limit.critical, 0))
            if volume not in told or free < told[volume][0]:
                told[volume] = (free, node)
    return Result(
        "space",
        joined([_summary(told, unlimited), answered(deployment, policy)]),
        findings.done(),
        tuple(metrics),
        tuple(_observation(node) for node in nodes),
    )


def _summary(told: Dict[Message, Tuple[int, Node]], unlimited: int) -> Message:
    free = joined(
        (say("%s %s free%s", volume, spell(least, BYTES), on(node)) for volume, (least, node) in told.items()), ", "
    )
    if unlimited:
        return say("%s; the others unlimited", free) if told else say("every volume unlimited")
    return free or say("no free space told")


def _observation(node: Node) -> Message:
    volumes = (
        say("%s %s", name, say("unlimited") if free is None else spell(free, BYTES)) for name, free in node.free.items()
    )
    return say("%sfree: %s", observed(node), joined(volumes, ", ") or say("not told"))
