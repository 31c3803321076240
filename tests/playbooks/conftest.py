# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures for playbooks that really run: the collection, a simulator and a controller."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import collection
import pytest
from wabiz_monitoring.simulator import Simulator

from .controller import PASSWORD, Controller


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of collections with this one in it."""
    folder = tmp_path_factory.mktemp("collections")
    collection.copy(folder / "ansible_collections" / "wabiz" / "monitoring")
    return folder


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """Four shards on wa1 to wa4, a spare on wa5."""
    with Simulator("mc4-healthy", password=PASSWORD) as sim:
        yield sim


@pytest.fixture
def controller(tmp_path: Path, collections: Path, sim: Simulator) -> Controller:
    """A controller that asks that simulator."""
    return Controller(tmp_path, collections, sim)


@pytest.fixture
def late(sim: Simulator) -> Iterator[None]:
    """Nodes that are down come up, but only once somebody has asked how they are."""
    over = threading.Event()

    def start() -> None:
        while not over.wait(0.02):
            down = [key for key, state in sim.nodes.items() if state == "down"]
            asked = sim.logouts
            while down and sim.logouts == asked and not over.wait(0.02):
                pass
            for key in down:
                sim.change_nodes(key, "up")

    thread = threading.Thread(target=start)
    thread.start()
    yield
    over.set()
    thread.join()
