# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How long until the build expires."""

from __future__ import annotations

from datetime import datetime
from typing import Dict, List

from ..deployment import Deployment, Node
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, joined, measured_label
from ..text import clean, listing
from ..units import SECONDS, spell

REMEDY = "plan the upgrade to a newer build now: an expired client stops passing messages"


def judge(deployment: Deployment, policy: Policy) -> Result:
    """Seconds until `expire_timestamp`, held against the limits; nodes of the same build make one finding.

    Their time is held against the policy's `now`.
    """
    findings = Findings(policy)
    nodes = [node for node in deployment.answered if policy.judges(node)]
    if not nodes:
        findings.none_answered("the build's life")
    builds: Dict[datetime, List[Node]] = {}
    for node in nodes:
        findings.need(node, {"expire_timestamp": node.expires is not None})
        if node.expires is not None:
            builds.setdefault(node.expires.utc, []).append(node)
    limit = policy.limits["build"]
    metrics = []
    sentences = []
    for expires, alike in sorted(builds.items()):
        left = (expires - policy.now).total_seconds()
        sentence = _sentence(expires, left, alike, len(alike) == len(nodes))
        sentences.append(sentence)
        if left <= 0:
            findings.problem("expired", sentence, alike)
        else:
            findings.value("build", left, sentence, REMEDY, alike)
        metrics += [
            Metric(measured_label(node, "build_expires_in"), int(left), "s", limit.warning, limit.critical)
            for node in alike
        ]
    return Result(
        "build",
        joined([sentences[0] if sentences else "no expiry told", answered(deployment, policy)]),
        findings.done(),
        tuple(metrics),
        tuple(_observation(node) for node in nodes),
    )


def _sentence(expires: datetime, left: float, nodes: List[Node], everywhere: bool) -> str:
    names = [node.name for node in nodes if node.name]
    whose = "build of %s" % listing(names) if names and not everywhere else "build"
    when = expires.strftime("%Y-%m-%d %H:%M UTC")
    if left <= 0:
        return "%s expired %s ago, on %s" % (whose, spell(-left, SECONDS), when)
    return "%s expires in %s, on %s" % (whose, spell(left, SECONDS), when)


def _observation(node: Node) -> str:
    version = clean(node.version) if node.version is not None else "not told"
    expires = node.expires.utc.strftime("%Y-%m-%d %H:%M:%S UTC") if node.expires else "not told"
    return "%sversion %s, expires %s" % (node.name and node.name + ": ", version, expires)
