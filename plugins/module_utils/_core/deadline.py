# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""One time limit over a whole run.

A signal handler of Python runs only when the C function that hangs returns, and a name resolver that never answers may
hold getaddrinfo for half a minute. So the work is done in a thread of its own, and whoever waits for it stops waiting.
"""

from __future__ import annotations

import threading
import time
from types import FrameType
from typing import Callable, Container, Generic, List, Mapping, Optional, Set, TypeVar

from .catalogue import Trouble
from .text import Word, say

T = TypeVar("T")

DEFAULT_TIMEOUT = 30.0
"""Seconds for a whole run: one dead node alone costs 10 s, so less than that would call the API dead."""

STUCK = say("see whether it is a pipe that nobody writes to, or lies on a file system that does not answer")
"""What to do about a file that is not read to its end."""

_LONGER = 0.2


FAREWELL = 3.0
"""Seconds at most for what nobody waits for; and never more than half of what is left."""
_KEPT = 1.0
_LARGEST_PART_KEPT = 0.2


class Deadline:
    """The moment at which a run must be over."""

    def __init__(self, seconds: float, where: Optional[Word] = None, end: Optional[float] = None) -> None:
        """`where` is who is asked, for the words when the time is up."""
        self.seconds = seconds
        self._where = where
        self._end = time.monotonic() + seconds if end is None else end

    def before_farewell(self) -> Deadline:
        """An earlier one for what a farewell must follow, so that there is time for that."""
        return Deadline(self.seconds, self._where, self._end - min(_KEPT, self.seconds * _LARGEST_PART_KEPT))

    def of_farewell(self) -> Deadline:
        """That of the farewell: the answer is there already, and must not get lost over it."""
        return Deadline(self.seconds, self._where, time.monotonic() + min(FAREWELL, self.left() / 2))

    def changed(self, seconds: float, where: Optional[Word] = None) -> Deadline:
        """The same run under another limit."""
        return Deadline(seconds, where, self._end - self.seconds + seconds)

    def left(self) -> float:
        """Seconds that are left. Raises Trouble("timeout") when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.trouble()
        return left

    def patience(self) -> float:
        """Seconds that a single operation may take. Raises Trouble("timeout") when there are none.

        A little longer than what is left: who waits in `within` then still sees what it is that takes so long.
        """
        return self.left() + _LONGER

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._end

    def trouble(self, functions: Container[str] = ()) -> Trouble:
        """What to say when the time is up: where it went, as far as the names of the functions at work tell."""
        for name, text, remedy in _HELD_UP:
            if name in functions:
                return Trouble("timeout", say(text, self._where or say("the API"), self.seconds), remedy)
        if self._where:
            return Trouble("timeout", say("no complete answer from %s within %g s", self._where, self.seconds))
        return Trouble("timeout", say("no complete answer within %g s", self.seconds))


# Whichever library asks, in the end it calls these of the standard library; the last two are ours.
_HELD_UP = (
    (
        "getaddrinfo",
        "the name in %s was not resolved within %g s",
        say("see whether the resolver of this host answers"),
    ),
    (
        "create_connection",
        "no connection with %s within %g s",
        say(
            "packets are lost on the way: see whether the host is up, what firewalls do, and the proxy if there is one"
        ),
    ),
    (
        "_tunnel",
        "the proxy on the way to %s did not answer within %g s",
        say("see whether the proxy that https_proxy in the environment names works"),
    ),
    (
        "do_handshake",
        "%s accepts connections, but does not complete the TLS handshake within %g s",
        say("see whether this is the port of the web front end, and whether that is overloaded"),
    ),
    (
        "wait_for_others",
        "another run was still logging in to %s after %g s",
        say("see whether a check hangs on this host: until it ends, it keeps the lock in the state directory"),
    ),
    ("read_whole", "no complete answer from %s within %g s", STUCK),
)


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


def within(deadline: Deadline, work: Callable[[], T], frames: Callable[[], Mapping[int, FrameType]] = dict) -> T:
    """The outcome of `work`, or its exception; Trouble("timeout") when it is not done in time.

    `frames` gives the frame in which each thread is, by its id: so it can be told what took the time. The work goes on
    in a daemon thread then: the process must end soon after, by `os._exit` if need be.
    """
    thread = _Work(work)
    thread.start()
    thread.join(deadline.left())
    if thread.error is not None:
        raise thread.error
    if not thread.outcome:
        raise deadline.trouble(_functions(frames().get(thread.ident or 0)))
    return thread.outcome[0]


def _functions(frame: FrameType | None) -> Set[str]:
    names = set()
    while frame is not None:
        names.add(frame.f_code.co_name)
        frame = frame.f_back
    return names
