# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Is the cluster whole, and would it survive the next failure?"""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence, Tuple, Union

from ..deployment import COREAPP, PRIMARY, ROLES, SECONDARY, SINGLE, Deployment, Node, describe_error
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, observed, on
from ..shards import Ownership, must_connect, pieces, shards_told, spell_runs, stands_by, survey
from ..text import NOTHING, Foreign, Message, Word, count, joined, listing, say
from .coverage import judge_coverage
from .socket import CONNECTED


def judge(deployment: Deployment, policy: Policy) -> Result:
    """Masters, shards, spares, unreachable nodes, and differences between the nodes."""
    if deployment.form == SINGLE:
        return Result(
            "cluster", say("single node"), (), (Metric("nodes", 1, minimum=0), Metric("unreachable", 0, minimum=0))
        )
    findings = Findings(policy)
    judged = [node for node in deployment.nodes if policy.judges(node)]
    nodes = [node for node in judged if node.reachable]
    silent = [node for node in judged if not node.reachable]
    # Masters and spares belong to the whole cluster, whichever nodes are picked; on ignored ones nobody counts.
    counted = [node for node in deployment.answered if not policy.ignores(node)]
    masters = [node for node in counted if node.role in (PRIMARY, SECONDARY)]
    spares = [node for node in counted if stands_by(node)]
    owned = survey(deployment, policy)
    shards = judge_coverage(deployment, policy, owned, findings)
    _judge_owners(owned, findings)
    # The cause before what comes of it: a node that is gone is often the spare that is missed.
    _judge_silent(silent, findings)
    _judge_fields(nodes, deployment.answered, findings)
    if not deployment.answered or any(node.role is not None for node in deployment.answered):
        _judge_masters(masters, deployment.answered, findings)
        _judge_spares(spares, deployment.answered, policy.min_spares, findings)
    _judge_likeness(deployment.front_version, nodes, findings)
    return Result(
        "cluster",
        joined(
            [
                say("%s, %s", _kind(owned), count(len(nodes), "node")),
                shards,
                _piled(deployment.answered),
                _standing_by(masters, spares, deployment.answered),
                answered(deployment, policy),
            ]
        ),
        findings.done(),
        _metrics(nodes, silent, owned, len(masters), len(spares)),
        tuple(_observation(node) for node in judged),
    )


def _judge_owners(owned: Ownership, findings: Findings) -> None:
    for claim in owned.contested:
        which = spell_runs([(claim.lower, claim.upper)])
        owners = listing([owner.name for owner in claim.owners])
        findings.problem("shard-contested", say("%s owned by %s at once", which, owners), claim.owners)


def _judge_fields(nodes: Sequence[Node], there: Sequence[Node], findings: Findings) -> None:
    # What no node shows is told once, not of each.
    roles = any(node.role is not None or "role" in node.defects for node in there)
    if there and not roles:
        findings.problem("missing", say("no node shows its role, so masters and spares cannot be told"))
    for node in nodes:
        fields = {say("role"): node.role is not None} if roles else {}
        if shards_told(there):
            fields[say("shards")] = node.shards is not None
        findings.need(node, fields)
        if node.role is not None and node.role not in ROLES:
            findings.problem(
                "invalid",
                say("role%s is '%s', a word that is not known", on(node), node.role),
                [node],
                remedy=_NEW_ROLE,
            )


_NEW_ROLE = say("report the word if it is a new one; the node counts as neither master nor spare")


def _judge_masters(masters: Sequence[Node], there: Sequence[Node], findings: Findings) -> None:
    primaries = [node for node in masters if node.role == PRIMARY]
    secondaries = len(masters) - len(primaries)
    unclear = [node for node in there if node.role not in ROLES]
    led = any(node.role == PRIMARY for node in there)
    if unclear and not led:
        names = listing([node.name for node in unclear])
        findings.problem(
            "missing", say("it cannot be told whether a master is primary, as the role of %s is not told", names)
        )
    elif not led:
        heirs = count(secondaries, "secondary waits", "secondaries wait")
        waiting = say("%s to take the lead", heirs) if secondaries else NOTHING
        findings.problem("no-primary-master", joined([say("no master is primary"), waiting]))
    if len(primaries) > 1:
        names = listing([node.name for node in primaries])
        findings.problem("two-primary-masters", say("%d masters are primary: %s", len(primaries), names), primaries)
    if not secondaries:
        findings.problem("no-secondary-master", say("no master stands by"))


def _judge_spares(spares: Sequence[Node], there: Sequence[Node], wanted: int, findings: Findings) -> None:
    if there and all(node.shards is None for node in there):
        return
    if len(spares) < wanted:
        have = say("%s by", count(len(spares), "coreapp stands", "coreapps stand"))
        busy = count(sum(node.role == COREAPP and bool(node.shards) for node in there), "is busy", "are busy")
        findings.problem(
            "no-spare-coreapp",
            say("%s (%d wanted, %s)", have if spares else say("no coreapp stands by"), wanted, busy),
        )


def _judge_silent(silent: Sequence[Node], findings: Findings) -> None:
    alike: Dict[Message, List[Node]] = {}
    for node in silent:
        if node.error:
            alike.setdefault(describe_error(node.error), []).append(node)
    for error, nodes in alike.items():
        names = listing([node.name for node in nodes])
        findings.problem("node-unreachable", say("%s cannot be reached: %s", names, error), nodes)


def _judge_likeness(front: Optional[Foreign], nodes: Sequence[Node], findings: Findings) -> None:
    versions = _groups([(node.name, _bare(node.version)) for node in nodes if node.version is not None])
    if front is not None and versions:
        versions.setdefault(_bare(front), []).append(say("the front end"))
    if len(versions) > 1:
        findings.problem("version-skew", say("versions differ: %s", _spread(versions)))
    else:
        builds = _groups([(node.name, node.description) for node in nodes if node.description is not None])
        if len(builds) > 1:
            findings.problem("version-skew", say("builds of one version differ: %s", _spread(builds)))
    tables = sorted({table for node in nodes for table in node.schema or {}})
    for table in tables:
        schemas = _groups([(node.name, node.schema.get(table, _NONE)) for node in nodes if node.schema])
        if len(schemas) > 1:
            told = {table.beside(value) if isinstance(value, int) else value: at for value, at in schemas.items()}
            findings.problem("schema-skew", say("schema %s differs: %s", table.within(24), _spread(told)))
            return


Value = Union[int, Word]
_NONE = say("none")


def _bare(version: Foreign) -> Foreign:
    # The front end writes v2.45.1 where a node writes 2.45.1.
    return version.became(lambda raw: raw.strip().lstrip("vV"))


def _groups(pairs: Sequence[Tuple[Message, Value]]) -> Dict[Value, List[Message]]:
    groups: Dict[Value, List[Message]] = {}
    for name, value in pairs:
        groups.setdefault(value, []).append(name)
    return groups


def _spread(groups: Mapping[Value, List[Message]]) -> Message:
    # The odd ones are what somebody looks for, so the most common comes first and the rest is told by name.
    told = {_spelled(value): names for value, names in groups.items()}
    most_first = sorted(told.items(), key=lambda item: (-len(item[1]), item[0]))
    return joined((say("%s on %s", value, listing(sorted(names), 3)) for value, names in most_first[:4]), ", ")


def _spelled(value: Value) -> Message:
    if isinstance(value, Foreign):
        return value.within(40).shown()
    return value if isinstance(value, Message) else say("%d", value)


def _kind(owned: Ownership) -> Message:
    if any(node.role == COREAPP for node in owned.control):
        return say("high availability")
    return say("multiconnect") if any(node.role == PRIMARY for node in owned.control) else say("cluster")


def _piled(there: Sequence[Node]) -> Message:
    # One at a time, says the vendor; whoever has more still passes their messages on.
    told = [say("%s owns %d ranges of shards", node.name, pieces(node)) for node in there if pieces(node) > 1]
    return listing(told) if told else NOTHING


def _standing_by(masters: Sequence[Node], spares: Sequence[Node], there: Sequence[Node]) -> Message:
    # Without roles nothing is known of either, without shards nothing of the spares.
    told = []
    if any(node.role is not None for node in there):
        told.append(count(_count(masters, SECONDARY), "master"))
        if any(node.shards is not None for node in there):
            told.append(count(len(spares), "coreapp"))
    return say("%s standing by", joined(told, " and ")) if told else NOTHING


def _count(nodes: Sequence[Node], role: str) -> int:
    return sum(node.role == role for node in nodes)


def _metrics(
    nodes: Sequence[Node], silent: Sequence[Node], owned: Ownership, masters: int, spares: int
) -> Tuple[Metric, ...]:
    expected = [node for node in nodes if must_connect(node)]
    values = {
        "nodes": len(nodes) + len(silent),
        "unreachable": len(silent),
        "connected": sum(node.socket in CONNECTED for node in expected),
        "expected": len(expected),
        "shards_owned": owned.owned,
        "shards_total": owned.total or 0,
        "masters": masters,
        "spare_coreapps": spares,
    }
    most = {"connected": len(expected), "shards_owned": owned.total or 0}
    return tuple(Metric(label, value, minimum=0, maximum=most.get(label)) for label, value in values.items())


def _observation(node: Node) -> Message:
    if node.error:
        return say("%s%s", observed(node), describe_error(node.error))
    role = node.role or say("no role told")
    owns = say("owns %s", spell_runs(node.shards)) if node.shards else say("owns nothing")
    version = say("not told") if node.version is None else _bare(node.version)
    return say("%s%s, %s, version %s", observed(node), role, owns, version)
