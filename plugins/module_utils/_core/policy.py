# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What an operator wants judged, and how: the same record for every check and module."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import Mapping, NamedTuple, Optional, Tuple

from .catalogue import CATALOGUE
from .deployment import SINGLE, Deployment, Node
from .limits import DEFAULTS, Limits
from .misuse import Misuse
from .states import State
from .text import Message, listing, say


class Policy(NamedTuple):
    """Everything that turns observations into states."""

    now: datetime
    """Our time, with a zone: what expiry is held against."""
    asked_at: datetime
    """Our time in the middle of the request: what the nodes' clocks are held against."""
    clock_known: bool = True
    """Whether `asked_at` is known; of a saved answer it is a guess, and `all` then leaves the clocks out, unless they
    have a limit that was asked for."""
    limits: Limits = DEFAULTS
    states: Mapping[str, State] = {}
    """States in place of the catalogue's, by problem."""
    shards: Optional[int] = None
    """How many normal shards there must be; None infers it from the ranges seen."""
    min_spares: int = 1
    """How many coreapps must stand by."""
    nodes: Tuple[str, ...] = ()
    """Shell patterns on node keys: only these nodes are judged; empty is all."""
    ignored: Tuple[str, ...] = ()
    """Shell patterns on node keys: these nodes are not judged."""

    def state(self, problem: str) -> State:
        """The state of a problem of the catalogue."""
        return self.states.get(problem, CATALOGUE[problem].state)

    def judges(self, node: Node) -> bool:
        """Whether a node is to be judged."""
        return not self.ignores(node) and (not self.nodes or any(fits(node, pattern) for pattern in self.nodes))

    def ignores(self, node: Node) -> bool:
        """Whether a node is to be passed over: it is not judged, not missed, and not counted on."""
        return any(fits(node, pattern) for pattern in self.ignored)


def fits(node: Node, pattern: str) -> bool:
    """Whether a node's key is the pattern itself, or fits it as a shell pattern.

    A key may hold brackets (`[fd00::a]:0f4c9a5be217`), and would not fit itself as a pattern. Whoever writes a pattern
    has the key from an inventory, or from what is shown of it.
    """
    shown = node.shown_key
    if shown == pattern or fnmatchcase(shown, pattern):
        return True
    return node.key is not None and node.key.holds(lambda key: key == pattern or fnmatchcase(key, pattern))


def known_nodes(deployment: Deployment, pattern: str) -> Message:
    """Which keys there are, for whoever wrote a pattern that fits none; a host's own, where its name was written."""
    if deployment.form == SINGLE:
        return say("the answer is of a single node, without a name")
    nodes = [node for node in deployment.nodes if pattern in (node.host, node.name)] or deployment.nodes
    return say("the answer names %s", listing([node.shown_key for node in nodes]))


def check_patterns(policy: Policy, deployment: Deployment) -> None:
    """Raise Misuse, with a sentence for the user, when a pattern of `nodes` fits no node, or nothing is left.

    A pattern in `ignored` may fit nothing: the row of a node that is long gone lingers for a while, then goes.
    """
    for pattern in policy.nodes:
        if not any(fits(node, pattern) for node in deployment.nodes):
            raise Misuse("no node fits %r; %s" % (pattern, known_nodes(deployment, pattern)))
    check_left(policy, deployment)


def check_left(policy: Policy, deployment: Deployment) -> None:
    """Raise Misuse, with a sentence for the user, when no node is left to judge."""
    if not any(policy.judges(node) for node in deployment.nodes):
        raise Misuse("no node is left to judge; loosen --node or --ignore-node")
