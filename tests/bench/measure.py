# SPDX-License-Identifier: BSD-2-Clause
"""What a process costs: the CPU time of a whole run, start and end of the interpreter included."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
"""All that a measured process finds in its environment, so that nothing there makes it slower or faster."""


class Cost(NamedTuple):
    """CPU times of the runs of one command, in milliseconds."""

    times: tuple[float, ...]

    @property
    def median(self) -> float:
        """Half of the runs cost less."""
        return statistics.median(self.times)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Between them lies the middle half of the runs: how much they spread."""
        lower, _median, upper = statistics.quantiles(self.times, n=4)
        return lower, upper

    def __str__(self) -> str:
        """`123.4 ms (120.1 to 127.9)`: the median, and the middle half of the runs."""
        return "{:.1f} ms ({:.1f} to {:.1f})".format(self.median, *self.quartiles)


def alternately(
    commands: Mapping[str, Sequence[str | Path]], rounds: int, env: Mapping[str, str] | None = None
) -> dict[str, Cost]:
    """The cost of each command, all of them run once a round: a machine that gets busier does so for all alike.

    A first round is not counted: it fills the caches.
    """
    times: dict[str, list[float]] = {name: [] for name in commands}
    for at in range(rounds + 1):
        for name, command in commands.items():
            cost = _run(command, env or ENVIRONMENT)
            if at:
                times[name].append(cost)
    return {name: Cost(tuple(spent)) for name, spent in times.items()}


def table(costs: Mapping[str, Cost], rounds: int) -> str:
    """The costs for people, a line each, with the ratio to the first."""
    first = next(iter(costs.values())).median
    wide = max(map(len, costs))
    rows = [f"  {name:<{wide}}  {cost}  x {cost.median / first:.2f}" for name, cost in costs.items()]
    return "\n".join(
        [f"CPU time of a whole process, median of {rounds} alternating runs (middle half of them):", *rows]
    )


def _run(command: Sequence[str | Path], env: Mapping[str, str]) -> float:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(env)
    )
    # Only wait4 tells of this child alone what it spent.
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return (usage.ru_utime + usage.ru_stime) * 1000
