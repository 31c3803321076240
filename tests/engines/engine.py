# SPDX-License-Identifier: BSD-2-Clause
"""What every engine can be asked for, whichever it is."""

from __future__ import annotations

import abc
import time

from .daemon import Daemon
from .record import Record, State


class Engine(Daemon):
    """A monitoring engine that runs."""

    @abc.abstractmethod
    def service(self, host: str, service: str) -> Record | None:
        """The last result of a service; None if there is none yet."""

    @abc.abstractmethod
    def force(self, host: str, service: str) -> float:
        """Have a service checked out of turn; gives the earliest time at which that check can have begun."""

    def wait_for(self, host: str, service: str, state: State, timeout: float = 30) -> Record:
        """Wait until a service has this state, and give its record."""

        def reached() -> Record | None:
            record = self.service(host, service)
            return record if record and record.state == state else None

        return self.wait(reached, lambda: f"{service} is {state.name}: {self.service(host, service)}", timeout)

    def check_now(self, host: str, service: str, timeout: float = 30) -> Record:
        """Have a service checked out of turn, and give the record of that check (or of one still later)."""
        due = asked = self.force(host, service)

        def checked() -> Record | None:
            nonlocal asked
            record = self.service(host, service)
            if record and record.checked >= due:
                return record
            # Icinga forgets what it is asked while it still puts away the result before.
            if time.time() > asked + 5:
                asked = self.force(host, service)
            return None

        return self.wait(checked, lambda: f"{service} is checked: {self.service(host, service)}", timeout)
