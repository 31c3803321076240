# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Does every shard have an owner? Judged by the socket check and by the cluster check, in the same words."""

from __future__ import annotations

from typing import List, Tuple

from ..deployment import Deployment
from ..policy import Policy
from ..result import Findings, answered
from ..shards import CONTROL, Ownership, shards_told, spell_runs
from ..text import NOTHING, Message, joined, say

_DOUBTFUL = "bring the nodes that did not answer back; if there are no more than %d shards, say so with --shards"


def judge_coverage(deployment: Deployment, policy: Policy, owned: Ownership, findings: Findings) -> Message:
    """Finds the shards that nobody owns; returns what is owned, in words, empty when no node tells.

    An unreachable node hides its shards: they count as unowned unless somebody else has them.
    """
    there = deployment.answered
    if there and not shards_told(there):
        findings.problem("missing", say("no node shows shards, so it cannot be told who owns them"))
        return NOTHING
    if there and all(node.shards is None for node in there):
        return NOTHING
    silent = answered(deployment, policy)
    unowned: List[Tuple[int, int]] = [] if owned.control else [(CONTROL, CONTROL)]
    unowned += owned.unowned
    if owned.total is None:
        nobody = say("nobody owns any normal shard") if owned.control else say("nobody owns any shard")
        findings.problem("shard-unowned", joined([nobody, silent]))
    elif unowned:
        findings.problem("shard-unowned", joined([say("nobody owns %s", spell_runs(unowned)), silent]))
    elif owned.doubtful:
        findings.problem(
            "shard-unowned",
            say("nobody who answered owns %s, if there are so many; %s", spell_runs(owned.doubtful), silent),
            remedy=say(_DOUBTFUL, owned.doubtful[0][0]),
        )
    taken = [(claim.lower, claim.upper) for claim in owned.claims if claim.lower > CONTROL]
    return say("%s owned", spell_runs(taken)) if taken else NOTHING
