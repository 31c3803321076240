# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""All checks over one deployment: fetched once, judged many times."""

from __future__ import annotations

from typing import Callable, Mapping

from .deployment import Deployment
from .judges import build, socket, space
from .policy import Policy
from .result import Result

Judge = Callable[[Deployment, Policy], Result]

JUDGES: Mapping[str, Judge] = {"socket": socket.judge, "space": space.judge, "build": build.judge}


def judge(check: str, deployment: Deployment, policy: Policy) -> Result:
    """The result of one check, or of `all` with one child a check."""
    if check != "all":
        return JUDGES[check](deployment, policy)
    children = tuple(one(deployment, policy) for one in JUDGES.values())
    return Result("all", "; ".join(child.summary for child in children), children=children)
