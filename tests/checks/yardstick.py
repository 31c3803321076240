# SPDX-License-Identifier: BSD-2-Clause
"""What a run may take: memory by the measure of a healthy run, and time by that of its limit.

Nearly all runs are forks, which share what they begin with. So a fork counts by how much more it grows than a healthy
one; that, on top of what a healthy run takes which is a process of its own, is what it would take as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from asking import Asked, asking
from commands import Runner
from forks import Forks, Taken
from peers import peer

TIMES = 1.5
"""A run takes less than so many times the memory of a healthy one."""

FLOOR = 12 * 2**20
"""A run may always take so many bytes more than a healthy one: an answer of 8 MiB has to fit."""

LATE = 0.5
"""Seconds past its limit within which a run ends."""

KINDS = ("checks", "modules")
_STANDS_FOR = {"checks": "all", "modules": "support_facts"}


def kind_of(one: Asked) -> str:
    """Whether it is one of the checks or one of the modules."""
    return KINDS[one.is_module]


def most(healthy: float) -> float:
    """The memory that no run may reach, in bytes, where a healthy one has so many."""
    return max(healthy * TIMES, healthy + FLOOR)


class Healthy(NamedTuple):
    """What a healthy run takes."""

    memory: int
    """The most that a process of its own has, in bytes."""
    grown: int
    """By how much a fork grows, in bytes."""
    seconds: float
    """From its start to its end, as a process of its own."""

    def would_take(self, taken: Taken, forks: Forks) -> int:
        """The most memory that a fork would have had as a process of its own, in bytes."""
        return self.memory + taken.peak - forks.size - self.grown


Yardstick = Mapping[str, Healthy]
"""What a healthy run of each kind takes."""


def yardstick(forks: Forks, user: Runner, folder: Path) -> Yardstick:
    """Measure healthy runs, here and now."""
    with peer("healthy", folder) as at:
        return {
            kind_of(one): _healthy(one, forks, user)
            for one in asking("healthy", at, None, forks.modules, folder)
            if one.name == _STANDS_FOR[kind_of(one)] and not one.secretly
        }


def _healthy(one: Asked, forks: Forks, user: Runner) -> Healthy:
    alone, forked = one.alone(forks.collections, user), one.forked(forks, user)
    assert (alone.done.code, forked.done.code) == (0, 0), alone.done
    return Healthy(alone.peak, forked.peak - forks.size, alone.done.seconds - alone.done.delayed)
