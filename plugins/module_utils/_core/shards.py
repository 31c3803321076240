# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Who owns which shard of a cluster, and which nodes must therefore be connected.

In high availability one coreapp owns the control shard (-1) and shard 0. In multiconnect the primary master owns the
control shard and coreapps own the normal ones. Every other node is disconnected by design.
"""

from __future__ import annotations

from itertools import islice
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from .deployment import COREAPP, PRIMARY, SECONDARY, Deployment, Node
from .policy import Policy
from .text import NOTHING, Message, joined, listing, say

CONTROL = -1
MOST_SHARDS = 1024
MOST_OWNERS = 8


class Claim(NamedTuple):
    """A run of shards, both ends included, and who owns it."""

    lower: int
    upper: int
    owners: Tuple[Node, ...]
    """The first few of them, at least two where there are two."""


class Ownership(NamedTuple):
    """The shards of a cluster as the nodes that answered tell it."""

    total: Optional[int]
    """How many normal shards there are, the doubtful ones included; None when nobody owns one and nobody said how many
    to expect."""
    claims: Tuple[Claim, ...]
    """Runs of owned shards, in order, no two of them overlapping; the control shard's comes first."""
    unowned: Tuple[Tuple[int, int], ...]
    """Runs of normal shards that nobody owns and that there surely are."""
    doubtful: Tuple[Tuple[int, int], ...] = ()
    """The run of shards that there are if nodes which did not answer own (or owned) it."""

    @property
    def control(self) -> Tuple[Node, ...]:
        """The owners of the control shard."""
        return self.claims[0].owners if self.claims and self.claims[0].lower == CONTROL else ()

    @property
    def contested(self) -> Tuple[Claim, ...]:
        """The runs with more than one owner."""
        return tuple(claim for claim in self.claims if len(claim.owners) > 1)

    @property
    def owned(self) -> int:
        """How many normal shards have an owner."""
        return sum(claim.upper - claim.lower + 1 for claim in self.claims if claim.lower > CONTROL)


def survey(deployment: Deployment, policy: Policy) -> Ownership:
    """Who owns what in a cluster. Every node that answered counts, judged or not: a shard that it owns is owned."""
    silent = sum(not node.reachable and not policy.ignores(node) for node in deployment.nodes)
    return ownership(deployment.answered, policy.shards, silent)


def ownership(nodes: Iterable[Node], expected: Optional[int] = None, silent: int = 0) -> Ownership:
    """Who owns what among nodes that answered, when `silent` more did not.

    `expected` is the number of normal shards, if it is not less than what is seen; without it the number is inferred
    from the ranges seen: they start at 0, have no gap, and end one below a power of two.
    """
    there = tuple(nodes)
    claims = _runs(there)
    top = max((claim.upper for claim in claims), default=CONTROL)
    if expected is not None:
        total = max(expected, top + 1)
        return Ownership(total, claims, _gaps(claims, total))
    if top == CONTROL:
        return Ownership(None, claims, ())
    total = 1 << top.bit_length()
    unowned = _gaps(claims, total)
    most = total if unowned else _most(total, there, silent)
    return Ownership(most, claims, unowned, ((total, most - 1),) if most > total else ())


def shards_told(nodes: Iterable[Node]) -> bool:
    """Whether any of the nodes shows its shards, soundly or not."""
    return any(node.shards is not None or "shards" in node.defects for node in nodes)


def must_connect(node: Node) -> bool:
    """Whether a node that answered has to be connected: it owns a normal shard, or leads a multiconnect cluster."""
    if any(upper > CONTROL for _lower, upper in node.shards or ()):
        return True
    if not any(lower == CONTROL for lower, _upper in node.shards or ()):
        return False
    # A coreapp that holds nothing but the control shard is in the middle of a failover. Where the role is not told,
    # the build's own word on multiconnect decides.
    return node.role == PRIMARY or (node.role is None and bool(node.multi_connect))


def stands_by(node: Node) -> bool:
    """Whether a node that answered is a coreapp without a shard: a spare."""
    return node.role == COREAPP and node.shards == ()


def spell_runs(runs: Iterable[Tuple[int, int]]) -> Message:
    """`shard 2`, `shards 2 and 4-7`, with the control shard by its name."""
    control = False
    merged: List[Tuple[int, int]] = []
    for lower, upper in sorted(runs):
        control = control or lower == CONTROL
        lower = max(lower, CONTROL + 1)
        if merged and lower <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(upper, merged[-1][1]))
        elif upper >= lower:
            merged.append((lower, upper))
    words = [say("%d", lower) if lower == upper else say("%d-%d", lower, upper) for lower, upper in merged]
    several = len(merged) > 1 or any(upper > lower for lower, upper in merged)
    normal = say("shards %s" if several else "shard %s", listing(words)) if words else NOTHING
    return joined([say("the control shard") if control else NOTHING, normal], " and ")


def _runs(nodes: Sequence[Node]) -> Tuple[Claim, ...]:
    # A sweep over the ends of all ranges: between two ends the set of owners is the same.
    edges: List[Tuple[int, int, int]] = []
    for index, node in enumerate(nodes):
        for lower, upper in node.shards or ():
            if lower == CONTROL < upper:
                edges += [(CONTROL, 1, index), (CONTROL + 1, -1, index)]
                lower = CONTROL + 1
            edges += [(lower, 1, index), (upper + 1, -1, index)]
    edges.sort(key=lambda edge: edge[0])
    runs: List[Tuple[int, int, Tuple[int, ...]]] = []
    holding: Dict[int, int] = {}
    start = CONTROL
    for at, change, index in edges:
        if at > start and holding:
            # Never all of them: thousands of nodes with nested ranges would take minutes.
            owners = tuple(sorted(islice(holding, MOST_OWNERS)))
            if runs and runs[-1][1:] == (start - 1, owners) and start > CONTROL + 1:
                runs[-1] = (runs[-1][0], at - 1, owners)
            else:
                runs.append((start, at - 1, owners))
        start = at
        holding[index] = holding.get(index, 0) + change
        if not holding[index]:
            del holding[index]
    return tuple(Claim(lower, upper, tuple(nodes[owner] for owner in owners)) for lower, upper, owners in runs)


def _most(total: int, nodes: Sequence[Node], silent: int) -> int:
    """How many shards there may be, when `total` are seen without a gap and some nodes did not answer.

    With the owners of its upper half gone, a cluster looks like a whole one of half the size. So as many silent nodes
    as there are owners may hide as many shards again. A silent node is taken for a master while fewer than two are
    seen.
    """
    owners = [node for node in nodes if any(upper > CONTROL for _lower, upper in node.shards or ())]
    if any(lower == CONTROL for owner in owners for lower, _upper in owner.shards or ()):
        return total  # high availability, which has no second owner that could be hidden
    if any(node.role is not None for node in nodes):
        silent -= max(0, 2 - sum(node.role in (PRIMARY, SECONDARY) for node in nodes))
    most = total
    while len(owners) * (2 * most // total - 1) <= silent and 2 * most <= MOST_SHARDS:
        most *= 2
    return most


def _gaps(claims: Tuple[Claim, ...], total: int) -> Tuple[Tuple[int, int], ...]:
    gaps: List[Tuple[int, int]] = []
    at = 0
    for claim in claims:
        if claim.lower > at:
            gaps.append((at, claim.lower - 1))
        at = claim.upper + 1
    if at < total:
        gaps.append((at, total - 1))
    return tuple(gaps)
