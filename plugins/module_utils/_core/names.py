# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What the nodes of a cluster are called, in sentences and in performance data.

The key `host:container-id` is no good for either: it is long, and the id changes whenever the container is made anew,
so that a graph would start again from nothing. The role's family (master, coreapp) does not change in a failover.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from .text import clean, label

_FAMILIES = {"primary_master": "master", "secondary_master": "master", "coreapp": "coreapp"}


class Names(NamedTuple):
    """A node's name in a sentence and its word in performance data."""

    name: str
    label: str


def family(role: Optional[str]) -> str:
    """`master` or `coreapp`; an empty string when the role is unknown."""
    return _FAMILIES.get(role or "", "")


def name_nodes(nodes: Sequence[Tuple[str, str, Optional[str]]]) -> List[Names]:
    """Names for nodes given as (key, host, role), in the order given.

    A host with one node is called by its host, else the family is added, else the whole key stands. The label is host
    and family, and an ordinal from the second on where those are not unique; ordinals follow the order of the keys, so
    they do not depend on the order of the answer.
    """
    hosts = _tally(clean(host) for _key, host, _role in nodes)
    pairs = _tally(_pair(host, role) for _key, host, role in nodes)
    names: Dict[int, str] = {}
    labels: Dict[int, str] = {}
    taken: Set[str] = set()
    ordinals: Dict[str, int] = {}
    for index in sorted(range(len(nodes)), key=lambda index: nodes[index][0]):
        key, host, role = nodes[index]
        if hosts[clean(host)] == 1:
            names[index] = clean(host)
        else:
            names[index] = _pair(host, role) if family(role) and pairs[_pair(host, role)] == 1 else clean(key)
        base = label(host) + ("_" + family(role) if family(role) else "")
        word = base
        while word in taken:
            ordinals[base] = ordinals.get(base, 1) + 1
            word = "%s_%d" % (base, ordinals[base])
        taken.add(word)
        labels[index] = word
    return [Names(names[index], labels[index]) for index in range(len(nodes))]


def _pair(host: str, role: Optional[str]) -> str:
    return ("%s %s" % (clean(host), family(role))).strip()


def _tally(words: Iterable[str]) -> Dict[str, int]:
    counts: Dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
