# SPDX-License-Identifier: BSD-2-Clause
"""One time limit over all that a run does: what is left is all that the next step may take."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deadline import Deadline, within
from wabiz_monitoring._core.text import say


def test_a_step_may_take_what_the_steps_before_it_have_left_and_a_moment() -> None:
    deadline = Deadline(60)
    while deadline.left() > 59.7:
        time.sleep(0.01)
    assert deadline.left() < deadline.patience() < 60


def test_when_the_time_is_up_no_step_begins() -> None:
    deadline = Deadline(0, say("wa.example.com:9090"))
    begins: tuple[Callable[[], object], ...] = (deadline.left, deadline.patience, lambda: within(deadline, list))
    for begin in begins:
        with pytest.raises(Trouble, match=r"no complete answer from wa\.example\.com:9090 within 0 s"):
            begin()
    assert deadline.over


def test_what_the_work_raises_is_raised() -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        within(Deadline(60), fail)
