# SPDX-License-Identifier: BSD-2-Clause
"""Runs of a check within this process, one after another, with a state folder and a clock that a test moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from documents import parse
from faults import FaultServer
from marks import PASSWORD
from wabiz_monitoring._core.attempts import Uptime
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deadline import Deadline
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._core.session import Credentials
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring._edge.keeper import DiskKeeper, caller
from wabiz_monitoring._edge.ledger import uptime
from wabiz_monitoring._edge.tls import Tls
from wabiz_monitoring.simulator import Simulator
from wabiz_monitoring.source.api import Api

WELL = "2.45.1"
"""What a run comes to with a simulator that is well."""


class Clock:
    """The time, which a test moves: the server's as it is called, and `uptime` that of the machine with the checks."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.starts = 1
        self._started = self() - 1000

    def __call__(self) -> float:
        return time.time() + self.ahead

    def uptime(self) -> Uptime:
        """Now, by the clock that nobody sets."""
        return Uptime(f"start{self.starts}", self() - self._started)

    def restart(self) -> None:
        """Start the machine with the checks anew."""
        self.starts += 1
        self._started = self()


class Monitor:
    """Runs of one check, with one state folder."""

    def __init__(
        self,
        server: Simulator | FaultServer,
        folder: Path | None,
        password: str | None = PASSWORD,
        clock: Callable[[], Uptime] = uptime,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.server = server
        self.headers = dict(headers or {})
        self.clock = clock
        self.folder = folder
        self.credentials = Credentials("monitor" if password else None, password)

    def run(self) -> str:
        """What a run comes to: the version of the build, or the sentence of the trouble."""
        url, login = self.server.url, self.credentials
        keeper = self.keeper() if self.folder and login.can_log_in else None
        api = Api(url, login, Tls(self.server.ca_file), self.headers, Files(), Redaction(login, self.headers), keeper)
        try:
            version = parse(api.fetch(Deadline(10)).body).nodes[0].version
            return version.shown() if version else ""
        except Trouble as trouble:
            return f"{trouble.problem}: {trouble.text}"

    def keeper(self) -> DiskKeeper:
        """What remembers between these runs."""
        who = caller(self.headers, b"")
        return DiskKeeper(str(self.folder), self.server.url, self.credentials, who, clock=self.clock)

    @property
    def kept(self) -> Path:
        """The one file of the folder that holds a token."""
        return self._only("token")

    @property
    def account(self) -> Path:
        """The one file of the folder that holds an account."""
        return self._only("account")

    def _only(self, kind: str) -> Path:
        assert self.folder
        (file,) = self.folder.glob(f"{kind}-*.json")
        return file
