# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Every problem that has a name: its default state, who judges it, when it is found and what to do about it.

The options `--state` of the checks, `states` of health_gate and the reference pages all read this one table.
"""

from __future__ import annotations

from typing import Dict, Iterable, Mapping, NamedTuple, Optional, Tuple

from .misuse import Misuse
from .states import State, parse_state
from .text import Message, closest, say

EVERY = ("socket", "space", "build", "cluster", "clock")


class Problem(NamedTuple):
    """One row of the catalogue."""

    name: str
    state: State
    judged_by: Tuple[str, ...]
    meaning: str
    remedy: Message


_ROWS = (
    Problem(
        "unreachable",
        State.CRITICAL,
        EVERY,
        "The API could not be asked: name resolution, connection, TLS or proxy failed, or it answered HTTP 5xx.",
        say("see whether the web front end runs, and whether this host can reach it under this name and port"),
    ),
    Problem(
        "timeout",
        State.CRITICAL,
        EVERY,
        "The time limit of the whole run was up before the answer was complete.",
        say("the front end waits 10 s for every node that drops packets: look for a dead node, or raise the timeout"),
    ),
    Problem(
        "unauthorized",
        State.UNKNOWN,
        EVERY,
        "HTTP 401 or 403 with fresh credentials, none given, or a login held back so as not to be locked out.",
        say("put the user name and password right; nothing is known about the deployment until then"),
    ),
    Problem(
        "throttled",
        State.UNKNOWN,
        EVERY,
        "HTTP 429: too many requests, or this address is locked out after too many failed logins.",
        say("find what logs in with a wrong password from this address; the lock ends within the hour"),
    ),
    Problem(
        "invalid",
        State.UNKNOWN,
        EVERY,
        "Not the API's answer: not JSON, no `support`, a needed field of the wrong type, a role that is not known, too "
        "large, no such path.",
        say("see with curl what answers at this address: a proxy, a login page, another service"),
    ),
    Problem(
        "missing",
        State.UNKNOWN,
        EVERY,
        "No node shows a field that this check needs, or a node that answered lacks it.",
        say("this build may not report the field; if that is so for good, set --state missing=ok"),
    ),
    Problem(
        "unregistered",
        State.CRITICAL,
        ("socket",),
        "No phone number is registered: `debug_info` is `unregistered`.",
        say("register the number with the deployment"),
    ),
    Problem(
        "disconnected",
        State.CRITICAL,
        ("socket",),
        "`socket_conn` is `DN` on a node that must be connected: no message goes in or out there.",
        say("look at the node's log and at its way out to the WhatsApp servers"),
    ),
    Problem(
        "connecting",
        State.WARNING,
        ("socket",),
        "`socket_conn` is `SC` on a node that must be connected.",
        say("wait a minute; if it stays so, look at the node's way out to the WhatsApp servers"),
    ),
    Problem(
        "receiving-offline",
        State.OK,
        ("socket",),
        "`socket_conn` is `UP receiving offline`: connected, and receiving what waited while it was offline.",
        say("nothing, it catches up by itself"),
    ),
    Problem(
        "socket-unknown",
        State.UNKNOWN,
        ("socket",),
        "`socket_conn` is `UNK`, or a word that the vendor has not documented, on a node that must be connected.",
        say("look at the node's log; report the word if it is a new one"),
    ),
    Problem(
        "shard-unowned",
        State.CRITICAL,
        ("socket", "cluster"),
        "Nobody who answered owns a shard, the control shard (-1) included: its messages stand still.",
        say("bring a coreapp back; if it does not take the shard, look at the primary master's log"),
    ),
    Problem(
        "shard-contested",
        State.CRITICAL,
        ("cluster",),
        "More than one node owns a shard.",
        say("find which of the owners is cut off from the database, and restart that one"),
    ),
    Problem(
        "node-unreachable",
        State.WARNING,
        ("cluster",),
        "The front end cannot reach a node; errors stand in place of its fields, or beside them.",
        say("look at that node's container and network; if it is gone for good, --ignore-node it"),
    ),
    Problem(
        "no-primary-master",
        State.CRITICAL,
        ("cluster",),
        "No master is primary: messages may still flow, but nothing fails over.",
        say("start the masters; one of them takes the lead within a minute"),
    ),
    Problem(
        "two-primary-masters",
        State.CRITICAL,
        ("cluster",),
        "More than one master is primary.",
        say("find which of them is cut off from the database, and restart that one"),
    ),
    Problem(
        "no-secondary-master",
        State.WARNING,
        ("cluster",),
        "No master stands by: when the primary fails, nothing fails over any more.",
        say("start a second master"),
    ),
    Problem(
        "no-spare-coreapp",
        State.WARNING,
        ("cluster",),
        "Fewer coreapps stand by than wanted: the next one that fails takes its shard with it.",
        say("start another coreapp"),
    ),
    Problem(
        "version-skew",
        State.WARNING,
        ("cluster",),
        "The nodes, or the front end and the nodes, run different versions.",
        say("finish the upgrade, or take the nodes that differ back"),
    ),
    Problem(
        "schema-skew",
        State.WARNING,
        ("cluster",),
        "The nodes speak of different database schema versions.",
        say("finish the upgrade; during one the schema may move before the versions do"),
    ),
    Problem(
        "expired",
        State.CRITICAL,
        ("build",),
        "The build's time is over: an expired client stops passing messages.",
        say("upgrade to a build that is still alive, if there is one"),
    ),
)

CATALOGUE: Mapping[str, Problem] = {row.name: row for row in _ROWS}


def parse_states(specs: Iterable[str]) -> Dict[str, State]:
    """States from `PROBLEM=STATE` words, the last one for a problem counts.

    Raises Misuse, with a sentence for the user, for an unknown problem or state.
    """
    states = {}
    for spec in specs:
        name, equals, word = spec.partition("=")
        if not equals:
            raise Misuse("%r is not of the form PROBLEM=STATE" % spec)
        if name not in CATALOGUE:
            raise Misuse("%r is no problem%s (known: %s)" % (name, closest(name, CATALOGUE), ", ".join(CATALOGUE)))
        states[name] = parse_state(word)
    return states


class Trouble(Exception):
    """A problem that stands in the way of any judgement: nothing could be asked, or nothing understood.

    `problem` is a name of the catalogue, `text` one sentence that says what is wrong and where, `remedy` what to do, in
    place of the catalogue's words.
    """

    def __init__(self, problem: str, text: Message, remedy: Optional[Message] = None) -> None:
        super().__init__(text)
        self.problem = problem
        self.text = text
        self.remedy = remedy or CATALOGUE[problem].remedy
