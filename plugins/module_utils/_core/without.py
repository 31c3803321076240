# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A cluster as it will be when some of its nodes are gone and it has failed over.

What a coreapp owned moves to a spare coreapp (one coreapp owns at most one shard at a time), and the lead, with the
control shard of a multiconnect cluster, to a secondary master. Where there is none to move to, it stays unowned, and
the judges find that. It is the masters who move things: where none answers, nothing moves.
"""

from __future__ import annotations

from typing import Callable, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from .deployment import PRIMARY, SECONDARY, UP, Deployment, Node
from .misuse import Misuse
from .policy import Policy, fits, known_nodes
from .shards import CONTROL, MASTERS, fails_over, ownership, spell_runs, stands_by
from .text import NOTHING, Message, Word, count, joined, listing, say

_MOST_MOVES = 8

Runs = Tuple[Tuple[int, int], ...]


class Prospect(NamedTuple):
    """The cluster to judge, and what would happen, in words."""

    deployment: Deployment
    story: Message


def without(deployment: Deployment, policy: Policy, patterns: Sequence[str]) -> Prospect:
    """The deployment without the nodes whose key fits one of the shell patterns.

    Raises Misuse, with a sentence for the user, when a pattern fits no node.
    """
    for pattern in patterns:
        if not any(node.key and fits(node, pattern) for node in deployment.nodes):
            raise Misuse("--without %s: no such node; %s" % (pattern, known_nodes(deployment, pattern)))
    gone = [node for node in deployment.nodes if any(fits(node, pattern) for pattern in patterns)]
    if not gone:
        return Prospect(deployment, NOTHING)
    keys = {node.shown_key for node in gone}
    failover = _Failover([node for node in deployment.nodes if node.shown_key not in keys], policy)
    had_spare = failover.spare(deployment.nodes)
    for node in sorted(gone, key=_turn):
        failover.lead_moves(node)
        failover.shards_move(node)
    untold = [node for node in gone if node.reachable and node.shards is None]
    story = [say("what %s owns is not told", listing([node.name for node in untold]))] if untold else []
    story += failover.moves[:_MOST_MOVES]
    if len(failover.moves) > _MOST_MOVES:
        story.append(count(len(failover.moves) - _MOST_MOVES, "more move"))
    if failover.stranded:
        story.append(failover.why_stranded())
    story = story or [say("nothing has to move")]
    if had_spare and not failover.stranded and not failover.spare(failover.left):
        story.append(say("no spare left"))
    return Prospect(
        deployment._replace(nodes=tuple(failover.left), whole=deployment),
        say("without %s: %s", listing([node.name for node in gone]), joined(story)),
    )


class _Failover:
    """A cluster that loses one node after the other: who is left, and what moved to whom."""

    def __init__(self, left: List[Node], policy: Policy) -> None:
        self.left = left
        self.moves: List[Message] = []
        self.stranded: List[Tuple[int, int]] = []
        """Runs of shards that nobody took."""
        self.led = fails_over([node for node in left if node.reachable], policy)
        self._policy = policy

    def why_stranded(self) -> Message:
        """What nobody took, and why."""
        return say("no spare is left for %s" if self.led else "no master is left to move %s", spell_runs(self.stranded))

    def lead_moves(self, node: Node) -> None:
        """The lead of a master that is gone, and its control shard, go to whoever leads after it, or to nobody."""
        led = node.role == PRIMARY and not any(other.role == PRIMARY for other in self.left)
        control = tuple(run for run in self._orphaned(node) if run[1] == CONTROL)
        if node.role not in MASTERS or not (led or control):
            return
        heir = self._first(self.left, lambda other: other.role == (SECONDARY if led else PRIMARY))
        what = joined([say("the lead") if led else NOTHING, spell_runs(control)], " and ")
        if heir is None:
            self.moves.append(say("no master is left for %s", what))
            return
        self.moves.append(say("%s move to %s" if led and control else "%s moves to %s", what, heir.name))
        taken = heir._replace(role=PRIMARY)
        if control and heir.shards is not None:
            taken = taken._replace(shards=heir.shards + control, socket=UP)
        self._replace(heir, taken)

    def shards_move(self, node: Node) -> None:
        """What a node that is gone owned goes to a spare, all of it together."""
        orphaned = self._orphaned(node)
        if node.role in MASTERS:
            orphaned = tuple(run for run in orphaned if run[1] > CONTROL)
        if not orphaned:
            return
        heir = self.spare(self.left) if self.led else None
        if heir is None:
            self.stranded += orphaned
            return
        several = len(orphaned) > 1 or orphaned[0][0] < orphaned[0][1]
        self.moves.append(say("%s move to %s" if several else "%s moves to %s", spell_runs(orphaned), heir.name))
        # A spare is disconnected by design; it connects when it takes over.
        self._replace(heir, heir._replace(shards=orphaned, socket=UP))

    def spare(self, nodes: Iterable[Node]) -> Optional[Node]:
        """The spare that would be the next to take over."""
        return self._first(nodes, stands_by)

    def _orphaned(self, node: Node) -> Runs:
        # What somebody else owns as well needs no new owner. The control shard is a run of its own.
        rivals = [other for other in self.left if _overlap(node.shards or (), other.shards or ())]
        claims = ownership([*rivals, node]).claims
        return tuple((claim.lower, claim.upper) for claim in claims if claim.owners == (node,))

    def _first(self, nodes: Iterable[Node], fits: Callable[[Node], bool]) -> Optional[Node]:
        able = (node for node in nodes if fits(node) and not self._policy.ignores(node))
        return min(able, key=_turn, default=None)

    def _replace(self, old: Node, new: Node) -> None:
        self.left = [new if node is old else node for node in self.left]


def _overlap(some: Runs, others: Runs) -> bool:
    return any(lower <= high and low <= upper for lower, upper in some for low, high in others)


def _turn(node: Node) -> Tuple[bool, Runs, Word, str]:
    # Names decide only between nodes that are alike, so that they never decide a verdict.
    return node.role != PRIMARY, node.shards or (), node.socket or NOTHING, node.shown_key
