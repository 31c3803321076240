# SPDX-License-Identifier: BSD-2-Clause
"""What tests share: a user who runs commands, and servers to ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from commands import Runner, credentials
from wabiz_monitoring.simulator import Simulator

# How long one example takes depends on what else the machine does; what is slow is measured in tests/bench.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A user without credentials and without a state folder."""
    home = tmp_path / "home"
    home.mkdir()
    return Runner(home)


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[Simulator]:
    """One simulator for all tests that only ask it; those that count or break something start their own."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(shared_simulator: Simulator) -> Simulator:
    """The shared simulator, healthy again."""
    shared_simulator.use("healthy-single")
    return shared_simulator


@pytest.fixture
def own_simulator() -> Iterator[Simulator]:
    """A simulator of the test's own: nobody else logs in there."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def monitor(runner: Runner, simulator: Simulator) -> Runner:
    """A user who may log in to the shared simulator."""
    return Runner(runner.home, credentials(simulator.username, simulator.password))
