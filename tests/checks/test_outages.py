# SPDX-License-Identifier: BSD-2-Clause
"""The page of failures says what the checks say, and where they say nothing it says why."""

from __future__ import annotations

import outages
import pytest
from outages import FAILURES, HEALTHY, Failure, judged
from wabiz_monitoring._core.states import State

CASES = [(failure, setup) for failure in FAILURES for setup in failure.setups]
each_failure = pytest.mark.parametrize(
    ("failure", "setup"), CASES, ids=[f"{setup}: {failure.what}" for failure, setup in CASES]
)


def test_the_page_says_what_the_checks_say() -> None:
    written = outages.PAGE.read_text(encoding="utf-8") if outages.PAGE.exists() else ""
    assert written == outages.page(), "make it anew: python tests/checks/outages.py"


@pytest.mark.parametrize("setup", HEALTHY)
def test_what_the_failures_are_done_to_is_healthy(setup: str) -> None:
    untouched = Failure("nothing", lambda rows: rows)

    assert judged(untouched, setup).every_finding == ()


@each_failure
def test_a_failure_is_found_or_it_is_said_why_not(failure: Failure, setup: str) -> None:
    assert (judged(failure, setup).state is State.OK) == bool(failure.why)


@each_failure
def test_an_option_that_is_said_to_close_a_gap_closes_it(failure: Failure, setup: str) -> None:
    if failure.closed_by:
        assert judged(failure, setup, failure.closed_by).state is not State.OK


def test_no_two_lines_of_a_set_up_are_alike() -> None:
    whats = [(failure.what, setup) for failure, setup in CASES]
    assert len(set(whats)) == len(whats)
