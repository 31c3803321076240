# SPDX-License-Identifier: BSD-2-Clause
"""A scenario: what the API's front end answers about a deployment in one particular state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .errors import NODE_UNREACHABLE, errors

SINGLE = "single"
CLUSTER = "cluster"


@dataclass(frozen=True)
class Node:
    """One node. ``fields`` are the vendor's as they will be sent, times excepted: those depend on when one asks.

    ``expires_in`` is counted from the moment the scenario comes into use, ``clock_offset`` is added to the true time;
    None leaves the field out. ``delay`` is what the front end waits for this node. All are in seconds.
    """

    key: str
    fields: Mapping[str, Any]
    expires_in: float | None = None
    clock_offset: float | None = None
    delay: float = 0.0
    unreachable: bool = False

    def answer(self, now: float, since: float) -> dict[str, Any]:
        """The node's fields, or the errors that take their place."""
        if self.unreachable:
            return errors(NODE_UNREACHABLE, self.reason)
        fields = dict(self.fields)
        if self.clock_offset is not None:
            fields["device_iso8601"] = _iso8601(now + self.clock_offset)
        if self.expires_in is not None:
            fields["expire_timestamp"] = _iso8601(since + self.expires_in)
        return {name: fields[name] for name in sorted(fields)}

    @property
    def reason(self) -> str:
        """Why there are no fields, in words."""
        return f"could not connect to {self.key or 'the node'}"


@dataclass(frozen=True)
class Scenario:
    """A deployment as its front end sees it. In the single form there is one node and it has no key."""

    name: str
    description: str
    form: str
    front_end_version: str
    nodes: tuple[Node, ...]

    @property
    def meta(self) -> dict[str, str]:
        """What stands beside every answer."""
        return {"version": self.front_end_version, "api_status": "stable"}

    @property
    def delay(self) -> float:
        """How long an answer takes, in seconds: the front end asks one node after another."""
        return sum(node.delay for node in self.nodes)

    def answer(self, now: float, since: float) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of GET /v1/support, ``now`` and in use ``since`` then (seconds since the epoch)."""
        if self.form == CLUSTER:
            return 200, {"support": {node.key: node.answer(now, since) for node in self.nodes}, "meta": self.meta}
        (node,) = self.nodes
        if node.unreachable:
            # The only node cannot hide behind a 200: there is nothing else to answer with.
            return 500, {**errors(NODE_UNREACHABLE, node.reason), "meta": self.meta}
        return 200, {"support": node.answer(now, since), "meta": self.meta}


def _iso8601(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
