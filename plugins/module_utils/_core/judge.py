# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""All checks over one deployment: fetched once, judged many times."""

from __future__ import annotations

from typing import Callable, Mapping, Sequence

from .deployment import Deployment
from .judges import build, clock, cluster, socket, space
from .policy import Policy, check_left, check_patterns
from .result import Findings, Result
from .shards import untold_before
from .text import NOTHING, joined, say
from .without import Prospect, without

Judge = Callable[[Deployment, Policy], Result]

JUDGES: Mapping[str, Judge] = {
    "socket": socket.judge,
    "cluster": cluster.judge,
    "space": space.judge,
    "build": build.judge,
    "clock": clock.judge,
}

_NO_CLOCKS = say("clocks not judged (of a saved answer only with a limit for clock)")


def judge(check: str, deployment: Deployment, policy: Policy, gone: Sequence[str] = ()) -> Result:
    """The result of one check, or of `all` with one child a check.

    `gone` are shell patterns of nodes: the deployment is judged as it will be without them. Raises Misuse, with a
    sentence for the user, when a pattern of a node fits none.
    """
    check_patterns(policy, deployment)
    prospect = without(deployment, policy, gone)
    if prospect.deployment.nodes:
        check_left(policy, prospect.deployment)
    if check != "all":
        result = _judged(check, prospect, policy)
    else:
        clocks = policy.clock_known or policy.limits["clock"].given
        children = tuple(_judged(name, prospect, policy) for name in JUDGES if name != "clock" or clocks)
        summaries = [child.summary for child in children]
        result = Result("all", joined([*summaries, NOTHING if clocks else _NO_CLOCKS]), children=children)
    return result._replace(premise=prospect.story)


def _judged(check: str, prospect: Prospect, policy: Policy) -> Result:
    result = JUDGES[check](prospect.deployment, policy)
    if check not in ("socket", "cluster"):
        return result
    # A node that is gone is not judged, but what it owned would have to go somewhere.
    untold = Findings(policy)
    for node in untold_before(prospect.deployment):
        untold.need(node, {say("shards"): False})
    return result._replace(findings=result.findings + untold.done())
