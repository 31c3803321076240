# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What a judgement comes to: a tree of results that every renderer reads and nobody changes."""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from .catalogue import CATALOGUE, Trouble
from .deployment import Deployment, Node
from .policy import Policy
from .ranges import Range
from .states import State, worst
from .text import NOTHING, Message, listing, say


class Finding(NamedTuple):
    """One thing that was judged and is worth a line."""

    state: State
    text: Message
    """One sentence: what, where, how much, which limit."""
    remedy: Message
    """What to do about it."""
    problem: Optional[str] = None
    """A name of the catalogue; None when a threshold was broken."""
    subject: Optional[str] = None
    """What the threshold was for: a volume, `build`, `clock`."""
    nodes: Tuple[Message, ...] = ()
    """Keys of the nodes that it is about; empty when it is the whole deployment, or the only node of a single form."""


class Metric(NamedTuple):
    """One number for graphs, in base units (B, s, or none)."""

    label: str
    value: Union[int, float]
    unit: str = ""
    warning: Optional[Range] = None
    critical: Optional[Range] = None
    minimum: Optional[int] = None
    maximum: Optional[int] = None


class Result(NamedTuple):
    """What one check says; `all` has those of the checks as children."""

    check: str
    summary: Message
    """What is said when nothing is wrong."""
    findings: Tuple[Finding, ...] = ()
    metrics: Tuple[Metric, ...] = ()
    observations: Tuple[Message, ...] = ()
    """What was seen, a line each, for those who ask for more."""
    children: Tuple[Result, ...] = ()
    premise: Message = NOTHING
    """Under what assumption it was judged, in words; empty when things were judged as they are."""

    @property
    def every_finding(self) -> Tuple[Tuple[str, Finding], ...]:
        """(check, finding) of this result and its children, worst first, otherwise in their order.

        What two checks find alike (a shard without an owner) is told once.
        """
        pairs = [(self.check, finding) for finding in self.findings]
        for child in self.children:
            pairs.extend(child.every_finding)
        once: Dict[Tuple[Optional[str], str], Tuple[str, Finding]] = {}
        for pair in pairs:
            once.setdefault((pair[1].problem, pair[1].text), pair)
        return tuple(sorted(once.values(), key=lambda pair: -pair[1].state.severity))

    @property
    def state(self) -> State:
        """The worst state of all findings; OK when there is none."""
        return worst(finding.state for _check, finding in self.every_finding)


class Findings:
    """Collects the findings of one check; states come from the policy, remedies from the catalogue."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._rows: List[Finding] = []

    def problem(self, name: str, text: Message, nodes: Iterable[Node] = (), remedy: Optional[Message] = None) -> None:
        """A problem of the catalogue."""
        self._rows.append(
            Finding(self._policy.state(name), text, remedy or CATALOGUE[name].remedy, name, None, keys(nodes))
        )

    def value(
        self, subject: str, value: float, text: Message, remedy: Message, nodes: Iterable[Node], mild: bool = False
    ) -> None:
        """A value that is held against the limits of its subject; nothing is found when it breaks none.

        One that is `mild` breaks no limit so far that it would be critical.
        """
        limit = self._policy.limits[subject]
        bounds = [(State.CRITICAL, limit.critical), (State.WARNING, limit.warning)]
        if mild:
            bounds = [(State.WARNING, limit.warning), (State.WARNING, limit.critical)]
        for state, bound in bounds:
            if bound and bound.alerts(value):
                words = say(_BREACH[state], text, bound.breach(value))
                self._rows.append(Finding(state, words, remedy, None, subject, keys(nodes)))
                return

    def need(self, node: Node, fields: Mapping[Message, bool]) -> bool:
        """Whether a node shows all fields that a check needs, given as field name and whether it is there.

        `missing` (one for all that a node lacks) or `invalid` (one a field) is found when it does not.
        """
        lacking = []
        for field, present in fields.items():
            if field in node.defects:
                self.problem("invalid", say("%s%s is %s", field, on(node), node.defects[field]), [node], _UNFIT)
            elif not present:
                lacking.append(field)
        if lacking:
            self.problem("missing", say("no %s in the answer%s", listing(lacking), of(node)), [node])
        return all(fields.values())

    def none_answered(self, what: Message) -> None:
        """No node that is judged answered, so none shows what a check needs."""
        self.problem("missing", say("no node answered, so nothing is known of %s", what), remedy=_NONE_ANSWERED)

    def done(self) -> Tuple[Finding, ...]:
        """All of them, in the order found."""
        return tuple(self._rows)


# All the rest of the answer was read, so that it is the API's, and no proxy's.
_UNFIT = say("this build writes the field in another way than the vendor says; see in its notes, or ask its vendor")
_NONE_ANSWERED = say("look at the service that watches the cluster, then at the nodes' containers and network")
_BREACH = {State.CRITICAL: "%s (critical %s)", State.WARNING: "%s (warning %s)"}


def keys(nodes: Iterable[Node]) -> Tuple[Message, ...]:
    """The keys of nodes, without the empty key of a single form."""
    return tuple(node.shown_key for node in nodes if node.shown_key)


def on(node: Node) -> Message:
    """` on wa2`; nothing in the single form, where the service itself says which deployment it is."""
    return say(" on %s", node.name) if node.name else NOTHING


def of(node: Node) -> Message:
    """` of wa2`; nothing in the single form."""
    return say(" of %s", node.name) if node.name else NOTHING


def observed(node: Node) -> Message:
    """`wa2: `, as an observation begins; nothing in the single form."""
    return say("%s: ", node.name) if node.name else NOTHING


def measured_label(node: Node, name: str) -> str:
    """A performance data label: `free_logs`, in a cluster `wa2_coreapp_free_logs`."""
    return "%s_%s" % (node.label, name) if node.label else name


def from_trouble(check: str, trouble: Trouble, policy: Policy) -> Result:
    """The result when nothing could be judged."""
    findings = Findings(policy)
    findings.problem(trouble.problem, trouble.text, remedy=trouble.remedy)
    return Result(check, trouble.text, findings.done())


def answered(deployment: Deployment, policy: Policy) -> Message:
    """`3 of 4 nodes answered`, or nothing when all did; the row of an ignored node is not missed."""
    nodes = [node for node in deployment.nodes if not policy.ignores(node)]
    there = sum(node.reachable for node in nodes)
    return NOTHING if there == len(nodes) else say("%d of %d nodes answered", there, len(nodes))
