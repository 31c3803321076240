# SPDX-License-Identifier: BSD-2-Clause
"""Runs of a check within this process, one after another, with a state folder and a clock that a test moves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults import FaultServer
from marks import PASSWORD
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deadline import Deadline
from wabiz_monitoring._core.deployment import parse
from wabiz_monitoring._core.session import Credentials
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring._edge.tls import Tls
from wabiz_monitoring.simulator import Simulator
from wabiz_monitoring.source.api import Api
from wabiz_monitoring.source.tokens import DiskKeeper

WELL = "2.45.1"
"""What a run comes to with a simulator that is well."""


class Clock:
    """The time, which a test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Monitor:
    """Runs of one check, with one state folder."""

    def __init__(
        self,
        server: Simulator | FaultServer,
        folder: Path | None,
        password: str | None = PASSWORD,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.server = server
        self.clock = clock
        self.folder = folder
        self.credentials = Credentials("monitor" if password else None, password)

    def run(self) -> str:
        """What a run comes to: the version of the build, or the sentence of the trouble."""
        url, login = self.server.url, self.credentials
        keeper = DiskKeeper(str(self.folder), url, login, self.clock) if self.folder and login.can_log_in else None
        api = Api(url, login, Tls(self.server.ca_file), {}, Files(), keeper)
        try:
            return parse(api.fetch(Deadline(10)).body).nodes[0].version or ""
        except Trouble as trouble:
            return f"{trouble.problem}: {trouble.text}"

    @property
    def kept(self) -> Path:
        """The one file of the folder that holds what is kept."""
        assert self.folder
        (file,) = self.folder.glob("*.json")
        return file

    def change(self, **differing: Any) -> None:
        """Rewrite what is kept."""
        held = json.loads(self.kept.read_text())
        self.kept.write_text(json.dumps({**held, **differing}))

    def hold_until(self, until: float) -> None:
        """Rewrite until when what is held back is so."""
        held = json.loads(self.kept.read_text())["held"]
        self.change(held={digest: {**refusal, "until": until} for digest, refusal in held.items()})
