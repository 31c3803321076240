# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Does every shard have an owner? Judged by the socket check and by the cluster check, in the same words."""

from __future__ import annotations

from typing import List, Tuple

from ..deployment import Deployment
from ..policy import Policy
from ..result import Findings, answered
from ..shards import CONTROL, Ownership, fails_over, may_own, shards_told, spell_runs
from ..text import NOTHING, Message, count, joined, listing, say

_DOUBTFUL = "bring the nodes that did not answer back; if %s, say so with --shards"


def judge_coverage(deployment: Deployment, policy: Policy, owned: Ownership, findings: Findings) -> Message:
    """Finds the shards that nobody owns; returns what is owned, in words, empty when no node tells.

    An unreachable node hides its shards: they count as unowned unless somebody else has them. A node that answers and
    does not tell its shards may own what nobody else does: then that is not known.
    """
    there = deployment.answered
    if there and not shards_told(there):
        findings.problem("missing", say("no node shows shards, so it cannot be told who owns them"))
        return NOTHING
    if there and all(node.shards is None for node in there):
        return NOTHING
    unowned: List[Tuple[int, int]] = [] if owned.control else [(CONTROL, CONTROL)]
    unowned += owned.unowned
    if unowned or owned.doubtful or owned.total is None:
        _judge_unowned(deployment, policy, owned, unowned, findings)
    taken = [(claim.lower, claim.upper) for claim in owned.claims if claim.lower > CONTROL]
    return say("%s owned", spell_runs(taken)) if taken else NOTHING


def _judge_unowned(
    deployment: Deployment, policy: Policy, owned: Ownership, unowned: List[Tuple[int, int]], findings: Findings
) -> None:
    untold = may_own(deployment, owned, policy)
    if untold:
        what = say("the shards") if owned.total is None else spell_runs([*unowned, *owned.doubtful])
        names = listing([node.name for node in untold])
        findings.problem(
            "missing", say("it cannot be told who owns %s, as what %s owns is not told", what, names), remedy=_UNTOLD
        )
        return
    # With the nodes that go, or before them, the masters have gone.
    remedy = _MASTERS if deployment.whole and not fails_over(deployment.answered, policy) else None
    if owned.total is None:
        told = say("nobody owns any normal shard") if owned.control else say("nobody owns any shard")
    elif not owned.doubtful:
        told = say("nobody owns %s", spell_runs(unowned))
    else:
        doubtful = say("%s, if there are so many", spell_runs(owned.doubtful))
        if unowned:
            told = say("nobody owns %s, nor %s", spell_runs(unowned), doubtful)
        else:
            told = say("nobody who answered owns %s", doubtful)
            remedy = say(_DOUBTFUL, count(owned.sure, "shard is all there is", "shards are all there are"))
    findings.problem("shard-unowned", joined([told, answered(deployment, policy)]), remedy=remedy)


_MASTERS = say("start the masters first: where none answers, no shard finds a new owner")
_UNTOLD = say("find out from the nodes' logs who owns them: messages of a shard that nobody owns stand still")
