# SPDX-License-Identifier: BSD-2-Clause
"""Nodes that go down and come back while the simulator runs, and what the cluster makes of it.

As in the product the lead goes to a secondary master, and the primary master gives what nobody owns any more to a
coreapp that stands by. In the product that takes up to a minute, here it is done at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from .scenario import Node, Scenario

_PRIMARY, _SECONDARY, _COREAPP = "primary_master", "secondary_master", "coreapp"
_CONTROL = [-1, -1]
_IDLE: Mapping[str, Any] = {"shards": [], "socket_conn": "DN"}


@dataclass(frozen=True)
class Change:
    """From `at` on (seconds since the epoch) the nodes of these keys are in another state."""

    at: float
    keys: tuple[str, ...]
    state: str
    containers: tuple[str, ...]
    """A new container id for each of the keys."""


def plan(scenario: Scenario, pattern: str, state: str, at: float) -> Change:
    """The change of the nodes whose key is the pattern, or fits it as a shell pattern.

    Raises ValueError, with a hint, if there are none, or no such state.
    """
    keys = tuple(node.key for node in scenario.nodes if node.key and _fits(node.key, pattern))
    if not keys:
        named = ", ".join(node.key for node in scenario.nodes if node.key)
        raise ValueError(
            f"no node fits {pattern!r}; " + (f"there are {named}" if named else "the single form has none")
        )
    if state not in _CHANGES:
        raise ValueError(f"{state!r} is no state of a node: write {', '.join(_CHANGES)}")
    return Change(at, keys, state, tuple(secrets.token_hex(6) for _turn in keys))


def changed(scenario: Scenario, changes: Iterable[Change], now: float) -> Scenario:
    """The scenario after those of the changes that are due."""
    nodes = scenario.nodes
    for change in sorted(changes, key=lambda change: change.at):
        if change.at <= now:
            for key, container in zip(change.keys, change.containers, strict=True):
                nodes = tuple(
                    after
                    for node in nodes
                    for after in (_CHANGES[change.state](node, container) if node.key == key else (node,))
                )
            nodes = _settled(nodes, scenario.nodes)
    return replace(scenario, nodes=nodes)


def states(scenario: Scenario) -> dict[str, str]:
    """Each node's key, and whether it is up or down."""
    return {node.key: "down" if node.unreachable else "up" for node in scenario.nodes if node.key}


def _fits(key: str, pattern: str) -> bool:
    return key == pattern or fnmatchcase(key, pattern)


def _down(node: Node, _container: str) -> Sequence[Node]:
    return (replace(node, unreachable=True),)


def _up(node: Node, _container: str) -> Sequence[Node]:
    # The row of a container that is gone says nothing, and never will.
    return (replace(_idle(node), unreachable=False),) if node.unreachable and node.fields else (node,)


def _renewed(node: Node, container: str) -> Sequence[Node]:
    if not node.fields:
        return (node,)
    host = node.key.rpartition(":")[0] or node.key
    left = replace(node, fields={}, expires_in=None, clock_offset=None, unreachable=True)
    return (left, replace(_idle(node), key=f"{host}:{container}", unreachable=False))


_CHANGES: Mapping[str, Callable[[Node, str], Sequence[Node]]] = {
    "down": _down,
    "up": _up,
    "renewed": _renewed,
    "gone": lambda _node, _container: (),
}


def _idle(node: Node) -> Node:
    """The node without what it was given: it comes back with nothing."""
    role = _SECONDARY if node.fields.get("role") == _PRIMARY else node.fields.get("role")
    return _with(node, **_IDLE, **({"role": role} if role else {}))


def _with(node: Node, **fields: Any) -> Node:
    return replace(node, fields={**node.fields, **fields})


def _settled(nodes: Sequence[Node], home: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes once whatever had an owner at home has one again, as far as there is anybody to give it to."""
    leads = [node for node in home if node.fields.get("role") == _PRIMARY]
    settled = _lead(nodes, leads[0]) if leads else tuple(nodes)
    if leads and not any(_is_up(node, _PRIMARY) for node in settled):
        return settled
    for owner in home:
        duty = owner.fields.get("shards")
        if owner.fields.get("role") == _COREAPP and duty:
            owned = any(_is_up(node, _COREAPP) and node.fields.get("shards") == duty for node in settled)
            spare = next((node for node in settled if _is_up(node, _COREAPP) and node.fields.get("shards") == []), None)
            if not owned and spare:
                settled = tuple(
                    _with(node, shards=duty, socket_conn="UP") if node is spare else node for node in settled
                )
    return settled


def _lead(nodes: Sequence[Node], lead: Node) -> tuple[Node, ...]:
    heir = next((node for node in nodes if _is_up(node, _SECONDARY)), None)
    if heir is None or any(_is_up(node, _PRIMARY) for node in nodes):
        return tuple(nodes)
    # In multiconnect the control shard goes with the lead.
    given = {"shards": [_CONTROL], "socket_conn": "UP"} if _CONTROL in (lead.fields.get("shards") or []) else {}
    return tuple(_with(node, role=_PRIMARY, **given) if node is heir else node for node in nodes)


def _is_up(node: Node, role: str) -> bool:
    return not node.unreachable and node.fields.get("role") == role
