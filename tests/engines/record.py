# SPDX-License-Identifier: BSD-2-Clause
"""What an engine believes about a service: the same record, whichever engine is asked."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(enum.IntEnum):
    """A service's state; the number is the plugin's exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True)
class Record:
    """The last result of a service, as the engine parsed it.

    ``checked`` is when that check began, seconds since the epoch, and ``hard`` whether the engine is sure of the state.
    """

    state: State
    hard: bool
    checked: float
    output: str
    long_output: str
    perf_data: str

    @property
    def metrics(self) -> dict[str, str]:
        """Label and ``value;warn;crit;min;max`` of each piece of performance data (whose labels hold no blanks)."""
        labelled = (item.rsplit("=", 1) for item in self.perf_data.split())
        return {label.strip("'"): value for label, value in labelled}
