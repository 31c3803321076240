# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What the nodes of a cluster are called, in sentences and in performance data.

The key `host:container-id` is no good for either: it is long, and the id changes whenever the container is made anew,
so that a graph would start again from nothing. The role's family (master, coreapp) does not change in a failover.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from .text import NOTHING, WITHHELD, Message, Place, Word, joined, label, say

_FAMILIES = {
    "primary_master": say("master"),
    "secondary_master": say("master"),
    "coreapp": say("coreapp"),
}


class Names(NamedTuple):
    """A node's name in a sentence and its word in performance data."""

    name: Message
    label: str


def family(role: object) -> Message:
    """`master` or `coreapp`; empty when the role is unknown."""
    return next((word for known, word in _FAMILIES.items() if role == known), NOTHING)


def show_keys(keys: Sequence[str], place: Place) -> List[Message]:
    """The keys of all nodes as they may be shown, in the order given, no two of them alike."""
    shown = place.show_names(keys)
    taken: Dict[Message, int] = {}
    withheld = 0
    for index in sorted(range(len(keys)), key=lambda index: keys[index]):
        word = shown[index]
        if word == WITHHELD:
            withheld += 1
            word = say("(name %d withheld as it repeats a secret)", withheld)
        word = word or say("(no name)")
        shown[index] = distinct(word, taken)
    return shown


def name_nodes(nodes: Sequence[Tuple[Message, Message, Optional[Word]]]) -> List[Names]:
    """Names for nodes given as (key, host, role), in the order given; keys and hosts are those that are shown.

    A host with one node is called by its host, else the family is added, else the whole key stands. The label is host
    and family, and an ordinal from the second on where those are not unique; ordinals follow the order of the keys, so
    they do not depend on the order of the answer.
    """
    hosts = _tally(host for _key, host, _role in nodes)
    pairs = _tally(_pair(host, role) for _key, host, role in nodes)
    names: Dict[int, Message] = {}
    labels: Dict[int, str] = {}
    called: Dict[Message, int] = {}
    taken: Set[str] = set()
    ordinals: Dict[str, int] = {}
    for index in sorted(range(len(nodes)), key=lambda index: nodes[index][0]):
        key, host, role = nodes[index]
        pair = _pair(host, role)
        name = host if hosts[host] == 1 else pair if family(role) and pairs[pair] == 1 else key
        # A host may be called as another one and its family are.
        names[index] = distinct(key if name in called else name, called)
        base = label(host) + ("_" + family(role) if family(role) else "")
        word = base
        while word in taken:
            ordinals[base] = ordinals.get(base, 1) + 1
            word = "%s_%d" % (base, ordinals[base])
        taken.add(word)
        labels[index] = word
    return [Names(names[index], labels[index]) for index in range(len(nodes))]


def distinct(word: Message, taken: Dict[Message, int]) -> Message:
    """A word that is not taken yet: itself, or with an ordinal. `taken` has the last ordinal of each."""
    told = word
    while told in taken:
        taken[word] += 1
        told = joined([word, say("#%d", taken[word])], " ")
    taken[told] = 1
    return told


def _pair(host: Message, role: Optional[Word]) -> Message:
    return joined([host, family(role)], " ")


def _tally(words: Iterable[Message]) -> Dict[Message, int]:
    counts: Dict[Message, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
