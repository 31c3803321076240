# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""One time limit over a whole run.

A signal handler of Python runs only when the C function that hangs returns, and a name resolver that never answers may
hold getaddrinfo for half a minute. So the work is done in a thread of its own, and whoever waits for it stops waiting.
"""

from __future__ import annotations

import threading
import time
from typing import Callable, Generic, List, TypeVar

from .catalogue import Trouble

T = TypeVar("T")

DEFAULT_TIMEOUT = 30.0
"""Seconds for a whole run: one dead node alone costs 10 s, so less than that would call the API dead."""


class Deadline:
    """The moment at which a run must be over."""

    def __init__(self, seconds: float, where: str = "") -> None:
        """`where` is who is asked, clean, for the words when the time is up."""
        self.seconds = seconds
        self._where = where
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left. Raises Trouble("timeout") when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.trouble()
        return left

    def trouble(self) -> Trouble:
        """What to say when the time is up."""
        whose = " from %s" % self._where if self._where else ""
        return Trouble("timeout", "no complete answer%s within %g s" % (whose, self.seconds))


class _Work(threading.Thread, Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.outcome: List[T] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.outcome.append(self._work())
        except BaseException as error:  # handed over to whoever waits, whatever it is
            self.error = error


def within(deadline: Deadline, work: Callable[[], T]) -> T:
    """The outcome of `work`, or its exception; Trouble("timeout") when it is not done in time.

    The work goes on in a daemon thread then: the process must end soon after, by `os._exit` if need be.
    """
    thread = _Work(work)
    thread.start()
    thread.join(deadline.left())
    if thread.error is not None:
        raise thread.error
    if not thread.outcome:
        raise deadline.trouble()
    return thread.outcome[0]
