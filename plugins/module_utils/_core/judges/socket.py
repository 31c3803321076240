# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Is every node that should be connected connected?"""

from __future__ import annotations

from typing import List, Mapping

from ..deployment import SINGLE, Deployment, Node
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, joined, on
from ..shards import must_connect, shards_told, spell_runs, survey
from ..text import clean, count
from .coverage import judge_coverage

# The vendor's words, and the problem that each is on a node that must be connected.
WORDS: Mapping[str, str] = {
    "UP": "",
    "UP receiving offline": "receiving-offline",
    "SC": "connecting",
    "DN": "disconnected",
    "UNK": "socket-unknown",
}
CONNECTED = ("UP", "UP receiving offline")

_SAYS = {
    "receiving-offline": "connected and receiving what waited while it was offline",
    "connecting": "connecting",
    "disconnected": "disconnected",
    "socket-unknown": "in no known socket state",
}


def judge(deployment: Deployment, policy: Policy) -> Result:
    """The nodes that must be connected, held against what they say; and the shards that nobody owns."""
    findings = Findings(policy)
    nodes = [node for node in deployment.answered if policy.judges(node)]
    if deployment.form == SINGLE:
        expected, holders, shards = nodes, "", ""
    else:
        owned = survey(deployment, policy)
        expected = [node for node in nodes if must_connect(node)]
        holders = "%s standing by" % count(len(nodes) - len(expected), "node")
        shards = judge_coverage(deployment, policy, owned, findings)
    _judge_registration(expected or nodes, findings)
    connected = [node for node in expected if node.socket in CONNECTED]
    with_shards = deployment.form != SINGLE and shards_told(deployment.answered)
    # By key: to look for each of thousands of nodes among thousands takes seconds.
    duty = {node.key for node in expected}
    for node in nodes:
        fields = {"socket_conn": node.socket is not None}
        if with_shards:
            fields["shards"] = node.shards is not None
        if findings.need(node, fields) and node.key in duty and not _unregistered(node):
            _judge_node(node, findings)
    return Result(
        "socket",
        joined([_summary(deployment, expected, connected), shards, holders, answered(deployment, policy)]),
        findings.done(),
        (
            Metric("connected", len(connected), minimum=0, maximum=len(expected)),
            Metric("expected", len(expected), minimum=0),
        ),
        tuple(_observation(node, node.key in duty) for node in nodes),
    )


def _judge_node(node: Node, findings: Findings) -> None:
    word = node.socket or ""
    problem = WORDS.get(word, "socket-unknown")
    if problem:
        who = "%s is " % node.name if node.name else ""
        waiting = "; messages of %s wait" % spell_runs(node.shards) if node.shards and word not in CONNECTED else ""
        findings.problem(problem, "%s%s (socket_conn %s)%s" % (who, _SAYS[problem], clean(word), waiting), [node])


def _judge_registration(nodes: List[Node], findings: Findings) -> None:
    without = [node for node in nodes if _unregistered(node)]
    if without:
        findings.problem("unregistered", "no phone number is registered%s" % on(without[0]), without)


def _unregistered(node: Node) -> bool:
    return (node.debug_info or "").strip().lower() == "unregistered"


def _summary(deployment: Deployment, expected: List[Node], connected: List[Node]) -> str:
    catching_up = sum(node.socket == "UP receiving offline" for node in connected)
    late = "receiving what waited while it was offline" if catching_up else ""
    if deployment.form == SINGLE:
        return joined(["connected" if connected else "not known to be connected", late])
    late = "%s catching up after being offline" % count(catching_up, "node") if catching_up else ""
    return joined(["%d of %d nodes that must be connected are" % (len(connected), len(expected)), late])


def _observation(node: Node, expected: bool) -> str:
    word = clean(node.socket) if node.socket is not None else "not told"
    owns = ", owns %s" % spell_runs(node.shards) if node.shards else ""
    role = "%s, " % clean(node.role) if node.role else ""
    duty = "must be connected" if expected else "stands by"
    return "%s%s%s%s: %s" % (node.name and node.name + ": ", role, duty, owns, word)
