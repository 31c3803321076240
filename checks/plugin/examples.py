# SPDX-License-Identifier: BSD-2-Clause
"""What to try each check on: the demo runs these examples, the help names them, and the reference pages show them."""

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

from wabiz_monitoring.core.deployment import parse as parse_deployment
from wabiz_monitoring.core.judge import judge
from wabiz_monitoring.core.policy import Policy
from wabiz_monitoring.core.result import Result

from . import Check

NOW = datetime(2024, 5, 14, 9, 30, tzinfo=timezone.utc)
"""When the examples of the reference pages are asked: what is left of a build's life must not change by the day."""


class Example(NamedTuple):
    """A scenario of the simulator, what is typed after the address, and what is to be seen, in a few words."""

    scenario: str
    says: str
    arguments: tuple[str, ...] = ()


EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "socket": (
        Example("healthy-single", "one node, connected"),
        Example("disconnected", "one node that has lost its connection"),
        Example("ha-healthy", "high availability: those that stand by are disconnected, and healthy"),
        Example("ha-owner-down", "high availability: the owner of the shards has lost its connection"),
        Example("mc4-shard-unowned", "multiconnect with four shards: nobody has shard 2"),
        Example("receiving-offline", "connected again and catching up"),
        Example("connecting", "a word of your own on how bad a problem is", ("--state", "connecting=ok")),
        Example("unregistered", "no phone number"),
    ),
    "cluster": (
        Example("mc4-healthy", "multiconnect, whole"),
        Example("mc4-node-unreachable", "a node is gone: the spare took over, and none is left"),
        Example("mc4-healthy", "what will be once wa3 is stopped", ("--without", "wa3:*")),
        Example("mc4-contested", "two nodes own one shard"),
        Example("two-primary-masters", "two heads"),
        Example("skewed-versions", "in the middle of an upgrade", ("--state", "version-skew=ok")),
        Example("healthy-single", "a single node is OK"),
    ),
    "space": (
        Example("healthy-single", "enough on every volume"),
        Example("low-space", "too little on one volume"),
        Example("low-space", "limits for this volume alone", ("-w", "logs=900MiB", "-c", "logs=500MiB")),
        Example("unlimited-space", "a network file system that reports no limit"),
        Example("ha-healthy", "in a cluster, the nodes of one host", ("--node", "wa2:*")),
    ),
    "build": (
        Example("healthy-single", "three months left"),
        Example("expiring", "five days left, judged by limits of your own", ("-w", "1w", "-c", "2d")),
        Example("expired", "over"),
        Example("expired", "over, and known to be", ("--state", "expired=warning")),
        Example("skewed-versions", "in a cluster, the nodes of one host", ("--node", "wa4:*")),
        Example("expiring", "for a pipeline", ("--json",)),
    ),
    "clock": (
        Example("healthy-single", "right"),
        Example("clock-off", "400 seconds slow"),
        Example("clock-off", "wider limits", ("-w", "10m", "-c", "1h")),
    ),
    "all": (
        Example("healthy-single", "all is well"),
        Example("low-space", "one thing is wrong"),
        Example("ha-owner-down", "high availability: nobody is connected"),
        Example("mc4-healthy", "before wa3 is stopped: can the others carry on?", ("--without", "wa3:*")),
        Example(
            "low-space", "limits for several checks", ("-w", "space=10GiB", "-c", "logs=200MiB", "-c", "build=14d")
        ),
    ),
}


def answer(scenario: str) -> bytes:
    """The body that the simulator serves for a scenario at the time of the examples."""
    from wabiz_monitoring.simulator.library import load_scenarios

    now = NOW.timestamp()
    _status, body = load_scenarios()[scenario].answer(now, now)
    return json.dumps(body).encode()


def run_example(check: Check, example: Example) -> tuple[int, str]:
    """Exit status and output of a check as it would be at the time of the examples.

    All is as in a run of the command but the clock and where the answer comes from.
    """
    from .as_json import as_json
    from .lines import lines
    from .parser import parse

    settings = parse(check, [*example.arguments, "--file", "-"])
    result = judged(check, example.scenario, settings._asdict())
    text = as_json(result, []) if settings.json else "\n".join(lines(result, settings.verbose))
    return int(result.state), text


def judged(check: Check, scenario: str, settings: Mapping[str, Any] | None = None) -> Result:
    """The result of a check on a scenario at the time of the examples; `settings` are those of a command line."""
    settings = settings or {}
    wishes = {name: settings[name] for name in Policy._fields if name in settings}
    policy = Policy(now=NOW, asked_at=NOW, **wishes)
    return judge(check.name, parse_deployment(answer(scenario)), policy, settings.get("without", ()))
