# SPDX-License-Identifier: BSD-2-Clause
"""What to try each check on: the demo runs these examples, the help names them, and the reference pages show them."""

import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import Check

HOST = "wa.example.com"

_MOST_PERFDATA = 400
"""Characters of performance data that somebody wants to read; in a cluster it is thousands."""


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


def command(check: Check, arguments: Sequence[str] = (), address: Sequence[str] = ("-H", HOST)) -> str:
    """What a user types to run a check."""
    return shlex.join([check.command, *address, *arguments])


def shortened(text: str) -> str:
    """Plugin output with no more performance data than somebody wants to read; it says what it leaves out."""
    first, *rest = text.splitlines()
    words, divider, numbers = first.partition(" | ")
    if len(numbers) > _MOST_PERFDATA:
        values = numbers.split(" ")
        shown = ""
        while values and len(shown) + len(values[0]) < _MOST_PERFDATA:
            shown += values.pop(0) + " "
        numbers = f"{shown}... and {len(values)} more"
    return "\n".join((words + divider + numbers, *rest))
