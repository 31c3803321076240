# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The four service states of the monitoring plugins guidelines, and which of many is the worst."""

from __future__ import annotations

import enum
from typing import Iterable

from .misuse import Misuse


class State(enum.IntEnum):
    """A service state; its number is the exit code of a check."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3

    @property
    def severity(self) -> int:
        """How bad the state is, 0 (fine) to 3: a known outage outranks an answer that could not be had."""
        return _SEVERITY.index(self)


_SEVERITY = (State.OK, State.WARNING, State.UNKNOWN, State.CRITICAL)


def worst(states: Iterable[State]) -> State:
    """The worst of the states, in the order CRITICAL, UNKNOWN, WARNING, OK; OK when there is none."""
    return max(states, key=lambda state: state.severity, default=State.OK)


def parse_state(word: str) -> State:
    """The state that a word names, in any case; `warn` and `crit` are understood.

    Raises Misuse, with a sentence for the user, when it names none.
    """
    state = _WORDS.get(word.strip().lower())
    if state is None:
        raise Misuse("%r is no state; write ok, warning, critical or unknown" % word)
    return state


_WORDS = dict({state.name.lower(): state for state in State}, warn=State.WARNING, crit=State.CRITICAL)
