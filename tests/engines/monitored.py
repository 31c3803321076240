# SPDX-License-Identifier: BSD-2-Clause
"""A deployment that is watched: it can fall silent and come back under the same address."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

from wabiz_monitoring.simulator import Simulator

from .daemon import free_port
from .user import User


class Monitored:
    """A simulated deployment on a port of its own."""

    def __init__(self, user: User, folder: Path, password: str) -> None:
        self.user = user
        self.folder = user.folder(folder)
        self.password = password
        self.port = free_port()
        self.simulator: Simulator
        self._running = ExitStack()

    @property
    def ca_file(self) -> Path:
        """The certificate that the checks have to trust."""
        return self.folder / "ca.pem"

    def start(self) -> None:
        """Have it answer, and be healthy."""
        self.simulator = self._running.enter_context(Simulator(port=self.port, password=self.password))
        # Made anew each time: whoever was trusted before is not.
        self.user.own(Path(shutil.copy(self.simulator.ca_file, self.ca_file)), 0o644)

    def stop(self) -> None:
        """Have nobody answer."""
        self._running.close()
