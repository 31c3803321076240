# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How long until the build expires."""

from __future__ import annotations

from datetime import datetime
from typing import Dict, List

from ..deployment import Deployment, Node
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, measured_label, observed
from ..text import Message, joined, listing, say
from ..times import spell_moment
from ..units import SECONDS, spell

REMEDY = say("plan the upgrade to a newer build now: an expired client stops passing messages")


def judge(deployment: Deployment, policy: Policy) -> Result:
    """Seconds until `expire_timestamp`, held against the limits; nodes of the same build make one finding.

    Their time is held against the policy's `now`.
    """
    findings = Findings(policy)
    nodes = [node for node in deployment.answered if policy.judges(node)]
    if not nodes:
        findings.none_answered(say("the build's life"))
    builds: Dict[datetime, List[Node]] = {}
    for node in nodes:
        findings.need(node, {say("expire_timestamp"): node.expires is not None})
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
        joined([sentences[0] if sentences else say("no expiry told"), answered(deployment, policy)]),
        findings.done(),
        tuple(metrics),
        tuple(_observation(node) for node in nodes),
    )


def _sentence(expires: datetime, left: float, nodes: List[Node], everywhere: bool) -> Message:
    names = [node.name for node in nodes if node.name]
    whose = say("build of %s", listing(names)) if names and not everywhere else say("build")
    when = spell_moment(expires, "%Y-%m-%d %H:%M UTC")
    if left <= 0:
        return say("%s expired %s ago, on %s", whose, spell(-left, SECONDS), when)
    return say("%s expires in %s, on %s", whose, spell(left, SECONDS), when)


def _observation(node: Node) -> Message:
    version = say("not told") if node.version is None else node.version
    expires = spell_moment(node.expires.utc, "%Y-%m-%d %H:%M:%S UTC") if node.expires else say("not told")
    return say("%sversion %s, expires %s", observed(node), version, expires)
