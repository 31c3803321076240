# SPDX-License-Identifier: BSD-2-Clause
"""Mutations that keep an answer JSON: bytes at random seldom get past the first bracket."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 4096, 2**53, 2**62, 2**63, 10**40, 0.5, -0.0, 1e300, 9.223372036853727e18),
    *("", "UP", "DN", "SC", "UNK", "unregistered", "coreapp", "primary_master", "secondary_master", "v1", "\ud800"),
    *(
        "a|b",
        "x'y=z",
        "a\nb",
        "\u202e\x1b[2J",
        "<b>",
        "2018-09-27T14:26:07",
        "2018-03-01 15:29:26+00:00",
        "9999-12-31T23:59:59",
    ),
    *([], {}, [[-1, -1]], [[0, 0]], [[-1, 3]], [[0, 1023]], [[5, 2]], [0], [{"code": 1014}], {"errors": []}),
)


def mutate(data: bytes, largest: int, seed: int, by_bytes: Callable[[bytes, int], bytes]) -> bytes:
    """One changed answer of at most `largest` bytes; now and then, and for what is no JSON, by bytes."""
    chance = random.Random(seed)
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return by_bytes(data, largest)
    if chance.random() < 0.2:
        return by_bytes(data, largest)
    for _turn in range(chance.choice((1, 1, 2, 4))):
        tree = changed(tree, chance)
    told = json.dumps(tree).encode()
    return told if len(told) <= largest else by_bytes(data, largest)


def changed(tree: Any, chance: random.Random) -> Any:
    """The tree with one value replaced, removed, copied or renamed, at a random depth."""
    if not isinstance(tree, dict | list) or not tree or chance.random() < 0.1:
        return copy.deepcopy(chance.choice(STRANGE))
    keys: list[Any] = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    key, other = chance.choice(keys), chance.choice(keys)
    deed = chance.random()
    if deed < 0.7:
        tree[key] = changed(tree[key], chance)
    elif deed < 0.8:
        del tree[key]
    elif isinstance(tree, list):
        tree.append(copy.deepcopy(tree[key]))
    elif deed < 0.9:
        tree[str(chance.choice(STRANGE))] = copy.deepcopy(tree[key])
    else:
        tree[key] = copy.deepcopy(tree[other])
    return tree
