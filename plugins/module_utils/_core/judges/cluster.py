# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Is the cluster whole, and would it survive the next failure?"""

from __future__ import annotations

import json
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from ..deployment import COREAPP, PRIMARY, SECONDARY, SINGLE, Deployment, Node, describe_error
from ..policy import Policy
from ..result import Findings, Metric, Result, answered, joined
from ..shards import Ownership, must_connect, shards_told, spell_runs, stands_by, survey
from ..text import clean, count, listing
from .coverage import judge_coverage
from .socket import CONNECTED


def judge(deployment: Deployment, policy: Policy) -> Result:
    """Masters, shards, spares, unreachable nodes, and differences between the nodes."""
    if deployment.form == SINGLE:
        return Result(
            "cluster", "single node", (), (Metric("nodes", 1, minimum=0), Metric("unreachable", 0, minimum=0))
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
                "%s, %s" % (_kind(owned), count(len(nodes), "node")),
                shards,
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
        findings.problem("shard-contested", "%s owned by %s at once" % (which, owners), claim.owners)


def _judge_fields(nodes: Sequence[Node], there: Sequence[Node], findings: Findings) -> None:
    # What no node shows is told once, not of each.
    roles = any(node.role is not None or "role" in node.defects for node in there)
    if there and not roles:
        findings.problem("missing", "no node shows its role, so masters and spares cannot be told")
    for node in nodes:
        fields = {"role": node.role is not None} if roles else {}
        if shards_told(there):
            fields["shards"] = node.shards is not None
        findings.need(node, fields)


def _judge_masters(masters: Sequence[Node], there: Sequence[Node], findings: Findings) -> None:
    primaries = [node for node in masters if node.role == PRIMARY]
    secondaries = len(masters) - len(primaries)
    if not any(node.role == PRIMARY for node in there):
        heirs = count(secondaries, "secondary waits", "secondaries wait")
        waiting = "%s to take the lead" % heirs if secondaries else ""
        findings.problem("no-primary-master", joined(["no master is primary", waiting]))
    if len(primaries) > 1:
        names = listing([node.name for node in primaries])
        findings.problem("two-primary-masters", "%d masters are primary: %s" % (len(primaries), names), primaries)
    if not secondaries:
        findings.problem("no-secondary-master", "no master stands by")


def _judge_spares(spares: Sequence[Node], there: Sequence[Node], wanted: int, findings: Findings) -> None:
    if there and all(node.shards is None for node in there):
        return
    if len(spares) < wanted:
        have = "%s by" % count(len(spares), "coreapp stands", "coreapps stand") if spares else "no coreapp stands by"
        busy = sum(node.role == COREAPP and bool(node.shards) for node in there)
        findings.problem("no-spare-coreapp", "%s (%d wanted, %s)" % (have, wanted, count(busy, "is busy", "are busy")))


def _judge_silent(silent: Sequence[Node], findings: Findings) -> None:
    alike: Dict[str, List[Node]] = {}
    for node in silent:
        if node.error:
            alike.setdefault(describe_error(node.error), []).append(node)
    for error, nodes in alike.items():
        names = listing([node.name for node in nodes])
        findings.problem("node-unreachable", "%s cannot be reached: %s" % (names, error), nodes)


def _judge_likeness(front: Optional[str], nodes: Sequence[Node], findings: Findings) -> None:
    versions = _groups([(node.name, _bare(node.version)) for node in nodes if node.version is not None])
    if front is not None and versions:
        versions.setdefault(_bare(front), []).append("the front end")
    if len(versions) > 1:
        findings.problem("version-skew", "versions differ: %s" % _spread(versions))
    else:
        builds = _groups([(node.name, node.description) for node in nodes if node.description is not None])
        if len(builds) > 1:
            findings.problem("version-skew", "builds of one version differ: %s" % _spread(builds))
    tables = sorted({table for node in nodes for table in node.schema or {}})
    for table in tables:
        schemas = _groups([(node.name, _value(node.schema, table)) for node in nodes if node.schema])
        if len(schemas) > 1:
            findings.problem("schema-skew", "schema %s differs: %s" % (clean(table, 24), _spread(schemas)))
            return


def _bare(version: str) -> str:
    # The front end writes v2.45.1 where a node writes 2.45.1.
    return version.strip().lstrip("vV")


def _value(schema: Optional[Mapping[str, object]], table: str) -> str:
    return json.dumps(schema[table], sort_keys=True) if schema and table in schema else "none"


def _groups(pairs: Sequence[Tuple[str, str]]) -> Dict[str, List[str]]:
    groups: Dict[str, List[str]] = {}
    for name, value in pairs:
        groups.setdefault(value, []).append(name)
    return groups


def _spread(groups: Mapping[str, List[str]]) -> str:
    # The odd ones are what somebody looks for, so the most common comes first and the rest is told by name.
    most_first = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return ", ".join("%s on %s" % (clean(value, 40), listing(sorted(names), 3)) for value, names in most_first[:4])


def _kind(owned: Ownership) -> str:
    if any(node.role == COREAPP for node in owned.control):
        return "high availability"
    return "multiconnect" if any(node.role == PRIMARY for node in owned.control) else "cluster"


def _standing_by(masters: Sequence[Node], spares: Sequence[Node], there: Sequence[Node]) -> str:
    # Without roles nothing is known of either, without shards nothing of the spares.
    told = []
    if any(node.role is not None for node in there):
        told.append(count(_count(masters, SECONDARY), "master"))
        if any(node.shards is not None for node in there):
            told.append(count(len(spares), "coreapp"))
    return "%s standing by" % " and ".join(told) if told else ""


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


def _observation(node: Node) -> str:
    if node.error:
        return "%s: %s" % (node.name, describe_error(node.error))
    owns = "owns %s" % spell_runs(node.shards) if node.shards else "owns nothing"
    version = clean(_bare(node.version)) if node.version is not None else "not told"
    return "%s: %s, %s, version %s" % (node.name, clean(node.role or "no role told"), owns, version)
