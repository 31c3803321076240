# SPDX-License-Identifier: BSD-2-Clause
"""What tests share: a user who runs commands, and servers to ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from commands import Runner, credentials
from forks import Forks, Quick, namespaces
from wabiz_monitoring.simulator import Simulator

# How long one example takes depends on what else the machine does; what is slow is measured in tests/bench.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


@pytest.fixture
def installed(tmp_path: Path) -> Runner:
    """A user without credentials and without a state folder, for whom each command starts as engines start it."""
    home = tmp_path / "home"
    home.mkdir()
    return Runner(home)


@pytest.fixture
def runner(forks: Forks, installed: Runner) -> Quick:
    """The same user in a hurry: for all that is not about how a command starts."""
    return Quick(forks, installed.home)


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
def monitor(forks: Forks, installed: Runner, simulator: Simulator) -> Quick:
    """A user who may log in to the shared simulator."""
    return Quick(forks, installed.home, credentials(simulator.username, simulator.password))


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Runs commands and modules by the hundred."""
    with Forks(tmp_path_factory.mktemp("forks")) as forks:
        yield forks


@pytest.fixture(scope="session")
def own_namespaces() -> None:
    """Leaves a test out where nobody is given namespaces of their own."""
    if not namespaces():
        pytest.skip("left out: this machine gives nobody namespaces of their own (unshare --map-root-user)")


@pytest.fixture(scope="session")
def deaf(own_namespaces: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """The same, from where no name is ever resolved."""
    with Forks(tmp_path_factory.mktemp("deaf"), deaf=True) as forks:
        yield forks
