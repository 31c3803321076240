# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A cluster as it will be when some of its nodes are gone and it has failed over.

What a coreapp owned moves to a spare coreapp (one coreapp owns at most one shard at a time), and the lead, with the
control shard of a multiconnect cluster, to a secondary master. Where there is none to move to, it stays unowned, and
the judges find that.
"""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

from .deployment import PRIMARY, SECONDARY, Deployment, Node
from .policy import Policy, fits, known_nodes
from .shards import CONTROL, ownership, shards_told, spell_runs, stands_by, survey
from .text import clean, listing

_MASTERS = (PRIMARY, SECONDARY)
_NONE_LEFT = "no spare is left"


class Prospect(NamedTuple):
    """The cluster to judge, the policy to judge it by, and what would happen, in words."""

    deployment: Deployment
    policy: Policy
    story: str
    untold: Tuple[Node, ...] = ()
    """Nodes that are gone and did not say what they own, though others do."""


def without(deployment: Deployment, policy: Policy, patterns: Sequence[str]) -> Prospect:
    """The deployment without the nodes whose key fits one of the shell patterns.

    The number of shards is that of the whole cluster. Raises ValueError, with a sentence for the user, when a pattern
    fits no node.
    """
    for pattern in patterns:
        if not any(node.key and fits(node, pattern) for node in deployment.nodes):
            raise ValueError("--without %s: no such node; %s" % (clean(pattern), known_nodes(deployment, pattern)))
    gone = [node for node in deployment.nodes if any(fits(node, pattern) for pattern in patterns)]
    if not gone:
        return Prospect(deployment, policy, "")
    keys = {node.key for node in gone}
    left = [node for node in deployment.nodes if node.key not in keys]
    untold = [node for node in gone if node.reachable and node.shards is None]
    moves = ["what %s owns is not told" % listing([node.name for node in untold])] if untold else []
    for node in sorted(gone, key=_turn):
        left = _lead_moves(node, left, policy, moves)
        left = _shards_move(node, left, policy, moves)
    story = moves or ["nothing has to move"]
    told = any(move.startswith(_NONE_LEFT) for move in moves)
    if _spare(deployment.nodes, policy) and not _spare(left, policy) and not told:
        story.append("no spare left")
    return Prospect(
        deployment._replace(nodes=tuple(left)),
        policy._replace(shards=survey(deployment, policy).total),
        "without %s: %s" % (listing([node.name for node in gone]), "; ".join(story)),
        tuple(untold) if shards_told(deployment.answered) else (),
    )


def _lead_moves(node: Node, left: List[Node], policy: Policy, moves: List[str]) -> List[Node]:
    # A master's control shard goes to whoever leads after it, or to nobody.
    led = node.role == PRIMARY and not any(other.role == PRIMARY for other in left)
    control = tuple(pair for pair in _orphaned(node, left) if pair[1] == CONTROL)
    if node.role not in _MASTERS or not (led or control):
        return left
    heir = _first(left, lambda other: other.role == (SECONDARY if led else PRIMARY) and not policy.ignores(other))
    what = " and ".join([*(["the lead"] if led else []), *([spell_runs(control)] if control else [])])
    if heir is None:
        moves.append("no master is left for %s" % what)
        return left
    moves.append("%s %s to %s" % (what, "move" if led and control else "moves", heir.name))
    taken = heir._replace(role=PRIMARY)
    if control:
        taken = taken._replace(shards=(heir.shards or ()) + control, socket="UP")
    return [taken if other is heir else other for other in left]


def _shards_move(node: Node, left: List[Node], policy: Policy, moves: List[str]) -> List[Node]:
    orphaned = _orphaned(node, left)
    if node.role in _MASTERS:
        orphaned = tuple(pair for pair in orphaned if pair[1] > CONTROL)
    if not orphaned:
        return left
    which = spell_runs(orphaned)
    heir = _spare(left, policy)
    if heir is None:
        moves.append("%s for %s" % (_NONE_LEFT, which))
        return left
    several = len(orphaned) > 1 or orphaned[0][0] < orphaned[0][1]
    moves.append("%s %s to %s" % (which, "move" if several else "moves", heir.name))
    # A spare is disconnected by design; it connects when it takes over.
    return [other._replace(shards=orphaned, socket="UP") if other is heir else other for other in left]


def _orphaned(node: Node, left: Sequence[Node]) -> Tuple[Tuple[int, int], ...]:
    # What somebody else owns as well needs no new owner. The control shard is a run of its own.
    claims = ownership([*left, node]).claims
    return tuple((claim.lower, claim.upper) for claim in claims if claim.owners == (node,))


def _spare(nodes: Sequence[Node], policy: Policy) -> Optional[Node]:
    return _first(nodes, lambda other: stands_by(other) and not policy.ignores(other))


def _first(nodes: Sequence[Node], fits: Callable[[Node], bool]) -> Optional[Node]:
    return min((node for node in nodes if fits(node)), key=_turn, default=None)


def _turn(node: Node) -> Tuple[bool, Tuple[Tuple[int, int], ...], str, str]:
    # Names decide only between nodes that are alike, so that they never decide a verdict.
    return node.role != PRIMARY, node.shards or (), node.socket or "", node.key
