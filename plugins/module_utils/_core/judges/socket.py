# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Is every node that should be connected connected?"""

from __future__ import annotations

from typing import List, Mapping

from ..deployment import SINGLE, UP, Deployment, Node, unregistered
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, observed, on
from ..shards import must_connect, shards_told, spell_runs, survey
from ..text import NOTHING, Message, count, joined, say
from .coverage import judge_coverage

# The vendor's words, and the problem that each is on a node that must be connected.
WORDS: Mapping[str, str] = {
    UP: "",
    "UP receiving offline": "receiving-offline",
    "SC": "connecting",
    "DN": "disconnected",
    "UNK": "socket-unknown",
}
CONNECTED = (UP, say("UP receiving offline"))

_SAYS = {
    "receiving-offline": say("connected and receiving what waited while it was offline"),
    "connecting": say("connecting"),
    "disconnected": say("disconnected"),
    "socket-unknown": say("in no known socket state"),
}


def judge(deployment: Deployment, policy: Policy) -> Result:
    """The nodes that must be connected, held against what they say; and the shards that nobody owns."""
    findings = Findings(policy)
    nodes = [node for node in deployment.answered if policy.judges(node)]
    if deployment.form == SINGLE:
        expected, holders, shards = nodes, NOTHING, NOTHING
    else:
        owned = survey(deployment, policy)
        expected = [node for node in nodes if must_connect(node)]
        holders = say("%s standing by", count(len(nodes) - len(expected), "node"))
        shards = judge_coverage(deployment, policy, owned, findings)
    if not nodes:
        findings.none_answered(say("the connections"))
    _judge_registration(expected or nodes, findings)
    connected = [node for node in expected if node.socket in CONNECTED]
    with_shards = deployment.form != SINGLE and shards_told(deployment.answered)
    # By key: to look for each of thousands of nodes among thousands takes seconds.
    duty = {node.shown_key for node in expected}
    for node in nodes:
        fields = {say("socket_conn"): node.socket is not None}
        if with_shards:
            fields[say("shards")] = node.shards is not None
        if findings.need(node, fields) and node.shown_key in duty and not unregistered(node):
            _judge_node(node, findings)
    return Result(
        "socket",
        joined([_summary(deployment, expected, connected), shards, holders, answered(deployment, policy)]),
        findings.done(),
        (
            Metric("connected", len(connected), minimum=0, maximum=len(expected)),
            Metric("expected", len(expected), minimum=0),
        ),
        tuple(_observation(node, node.shown_key in duty) for node in nodes),
    )


def _judge_node(node: Node, findings: Findings) -> None:
    word = node.socket or NOTHING
    problem = next((problem for known, problem in WORDS.items() if word == known), "socket-unknown")
    if problem:
        who = say("%s is ", node.name) if node.name else NOTHING
        waits = node.shards and word not in CONNECTED
        waiting = say("; messages of %s wait", spell_runs(node.shards or ())) if waits else NOTHING
        findings.problem(problem, say("%s%s (socket_conn %s)%s", who, _SAYS[problem], word, waiting), [node])


def _judge_registration(nodes: List[Node], findings: Findings) -> None:
    without = [node for node in nodes if unregistered(node)]
    if without:
        findings.problem("unregistered", say("no phone number is registered%s", on(without[0])), without)


def _summary(deployment: Deployment, expected: List[Node], connected: List[Node]) -> Message:
    catching_up = sum(node.socket == "UP receiving offline" for node in connected)
    if deployment.form == SINGLE:
        late = say("receiving what waited while it was offline") if catching_up else NOTHING
        return joined([say("connected") if connected else say("not known to be connected"), late])
    late = say("%s catching up after being offline", count(catching_up, "node")) if catching_up else NOTHING
    return joined([say("%d of %d nodes that must be connected are", len(connected), len(expected)), late])


def _observation(node: Node, expected: bool) -> Message:
    word = say("not told") if node.socket is None else node.socket
    owns = say(", owns %s", spell_runs(node.shards)) if node.shards else NOTHING
    role = say("%s, ", node.role) if node.role else NOTHING
    duty = say("must be connected") if expected else say("stands by")
    return say("%s%s%s%s: %s", observed(node), role, duty, owns, word)
