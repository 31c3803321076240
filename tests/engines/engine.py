# SPDX-License-Identifier: BSD-2-Clause
"""What every engine can be asked for, whichever it is."""

from __future__ import annotations

import abc
import time
from collections.abc import Iterable

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

    def wait_until_sure(self, host: str, service: str, state: State, timeout: float = 60) -> Record:
        """Wait until a service has this state for sure: the engine would notify, if it were not for a dependency."""

        def sure() -> Record | None:
            record = self.service(host, service)
            return record if record and record.hard and record.state == state else None

        return self.wait(sure, lambda: f"{service} is {state.name} for sure: {self.service(host, service)}", timeout)

    def check_now(self, host: str, service: str, timeout: float = 30) -> Record:
        """Have a service checked out of turn, and give the record of that check (or of one still later)."""
        return self.check_all(host, [service], timeout)[service]

    def states(
        self, host: str, services: Iterable[str], timeout: float = 60, scheduler: Engine | None = None
    ) -> dict[str, State]:
        """The same for several services of a host at once, checked by another engine if need be: the state of each."""
        found = self.check_all(host, services, timeout, scheduler)
        return {name: record.state for name, record in found.items()}

    def check_all(
        self, host: str, services: Iterable[str], timeout: float = 60, scheduler: Engine | None = None
    ) -> dict[str, Record]:
        """The same, with the record of each."""
        force = (scheduler or self).force
        due = {service: force(host, service) for service in services}
        asked = time.monotonic()

        def checked() -> dict[str, Record] | None:
            nonlocal asked
            found = {service: self.service(host, service) for service in due}
            fresh = {name: record for name, record in found.items() if record and record.checked >= due[name]}
            # Icinga 2 forgets what it is asked while the same check runs.
            if len(fresh) < len(due) and time.monotonic() > asked + 5:
                asked = time.monotonic()
                for service in due.keys() - fresh.keys():
                    force(host, service)
            return fresh if len(fresh) == len(due) else None

        def what() -> str:
            return ", ".join(f"{service} is checked: {self.service(host, service)}" for service in due)

        return self.wait(checked, what, timeout)
