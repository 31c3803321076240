# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Who owns which shard of a cluster, and which nodes must therefore be connected.

In high availability one coreapp owns the control shard (-1) and shard 0. In multiconnect the primary master owns the
control shard and coreapps own the normal ones. Whoever owns a shard must be connected; every other node is disconnected
by design.
"""

from __future__ import annotations

from itertools import islice
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from .deployment import COREAPP, PRIMARY, SECONDARY, Deployment, Node
from .policy import Policy
from .text import NOTHING, Message, joined, listing, say

CONTROL = -1
MASTERS = (PRIMARY, SECONDARY)
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
    def sure(self) -> int:
        """How many normal shards there surely are."""
        return self.doubtful[0][0] if self.doubtful else self.total or 0

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
    before = deployment.whole or deployment
    known = ownership(before.answered, policy.shards, _hidden_owners(before, policy))
    if before is deployment:
        return known
    claims = _runs(deployment.answered)
    return known._replace(claims=claims, unowned=_gaps(claims, known.sure))


def ownership(nodes: Iterable[Node], expected: Optional[int] = None, hidden: int = 0) -> Ownership:
    """Who owns what among nodes that answered, when so many owners may be hidden among those that did not.

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
    most = total if unowned else _most(total, sum(map(_owns_normal, there)), hidden)
    return Ownership(most, claims, unowned, ((total, most - 1),) if most > total else ())


def shards_told(nodes: Iterable[Node]) -> bool:
    """Whether any of the nodes shows its shards, soundly or not."""
    return any(node.shards is not None or "shards" in node.defects for node in nodes)


def must_connect(node: Node) -> bool:
    """Whether a node that answered has to be connected: it owns a shard, the control shard included."""
    return bool(node.shards)


def fails_over(nodes: Iterable[Node], policy: Policy) -> bool:
    """Whether a master is among the nodes that answered: without one nothing fails over.

    On one that is ignored nobody counts, unless it leads already.
    """
    return any(node.role == PRIMARY or (node.role == SECONDARY and not policy.ignores(node)) for node in nodes)


def may_own(deployment: Deployment, owned: Ownership, policy: Policy) -> Tuple[Node, ...]:
    """The nodes that do not tell what they own, if that may be all that nobody else owns; else none.

    A master owns the control shard or nothing. A coreapp owns one shard at a time: one that does not tell has no more
    of them than the largest owner. What a node owned that is gone has moved on, if there is a node to take it.
    """
    there = deployment.answered
    untold = [node for node in there if node.shards is None]
    gone = untold_before(deployment)
    masters_gone = sum(node.role in MASTERS for node in gone)
    led = fails_over(there, policy)
    heirs = sum(stands_by(node) and not policy.ignores(node) for node in there) if led else 0
    moved = min(len(gone) - masters_gone, heirs)
    if not (owned.control or untold or moved or (led and masters_gone)):
        return ()
    carriers = sum(node.role not in MASTERS for node in untold) + moved
    widest = max((sum(upper - max(lower, 0) + 1 for lower, upper in node.shards or ()) for node in there), default=0)
    wanted = sum(upper - lower + 1 for lower, upper in owned.unowned + owned.doubtful) if owned.total else 1
    return (*untold, *gone) if wanted <= carriers * (widest or MOST_SHARDS) else ()


def untold_before(deployment: Deployment) -> Tuple[Node, ...]:
    """The nodes that are gone and did not tell what they owned, though others did."""
    if deployment.whole is None or not shards_told(deployment.whole.answered):
        return ()
    left = {node.shown_key for node in deployment.nodes}
    return tuple(node for node in deployment.whole.answered if node.shards is None and node.shown_key not in left)


def pieces(node: Node) -> int:
    """How many ranges of normal shards a node owns; the product gives it one at the most."""
    return len({run for run in node.shards or () if run[0] > CONTROL})


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


def _owns_control(node: Node) -> bool:
    return any(lower == CONTROL for lower, _upper in node.shards or ())


def _owns_normal(node: Node) -> bool:
    return any(upper > CONTROL for _lower, upper in node.shards or ())


def _hidden_owners(deployment: Deployment, policy: Policy) -> int:
    """How many of the nodes that did not answer may be owners of shards that nobody has seen.

    While fewer than two masters are seen, a silent node is taken for one. A silent row on a host where a coreapp
    answers was left behind by the container before it: it is taken for a master first, and for an owner never.
    """
    there = deployment.answered
    if any(_owns_control(node) and _has_everything(node) for node in there):
        return 0
    homes = {node.host for node in there if node.role == COREAPP}
    silent = [node for node in deployment.nodes if not node.reachable and not policy.ignores(node)]
    left_behind = sum(node.host in homes for node in silent)
    roles = any(node.role is not None or "role" in node.defects for node in there)
    missing = max(0, 2 - sum(node.role in MASTERS for node in there)) if roles else 0
    return max(0, len(silent) - left_behind - max(0, missing - left_behind))


def _has_everything(node: Node) -> bool:
    # High availability, which has no second owner that could be hidden.
    return node.role == COREAPP or (node.role not in MASTERS and _owns_normal(node))


def _most(total: int, owners: int, hidden: int) -> int:
    """How many shards there may be, when `total` are seen without a gap and some owners may be hidden.

    With the owners of its upper half gone, a cluster looks like a whole one of half the size. So as many hidden owners
    as are seen may have as many shards again.
    """
    most = total
    while owners * (2 * most // total - 1) <= hidden and 2 * most <= MOST_SHARDS:
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
