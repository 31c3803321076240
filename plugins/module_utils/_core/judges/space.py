# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How much space is free on each volume of each node."""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

from ..deployment import VOLUMES, Deployment, Node
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, joined, measured_label, on
from ..units import BYTES, spell

REMEDIES: Mapping[str, str] = {
    "data": "make room or enlarge the volume: with the data volume full, messages are lost",
    "logs": "remove old logs, shorten their rotation, or enlarge the volume",
    "media_incoming": "fetch and delete media that were received, or turn on their automatic clean-up",
    "media_outgoing": "delete media that were sent, or enlarge the volume",
}


def judge(deployment: Deployment, policy: Policy) -> Result:
    """Free bytes on data, logs, media_incoming and media_outgoing, held against the limits of each."""
    findings = Findings(policy)
    nodes = [node for node in deployment.answered if policy.judges(node)]
    if not nodes:
        findings.none_answered("free space")
    told: Dict[str, Tuple[int, Node]] = {}
    metrics: List[Metric] = []
    unlimited = 0
    for node in nodes:
        findings.need(node, {"free_space_" + volume: volume in node.free for volume in VOLUMES})
        for volume in VOLUMES:
            free = node.free.get(volume)
            if free is None:
                unlimited += volume in node.free
                continue
            text = "%s %s free%s" % (volume, spell(free, BYTES), on(node))
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


def _summary(told: Dict[str, Tuple[int, Node]], unlimited: int) -> str:
    free = ", ".join("%s %s free%s" % (volume, spell(least, BYTES), on(node)) for volume, (least, node) in told.items())
    if unlimited and told:
        return "%s; the others unlimited" % free
    return "every volume unlimited" if unlimited else free or "no free space told"


def _observation(node: Node) -> str:
    volumes = (
        "%s %s" % (name, "unlimited" if free is None else spell(free, BYTES)) for name, free in node.free.items()
    )
    return "%sfree: %s" % (node.name and node.name + ": ", ", ".join(volumes) or "not told")
