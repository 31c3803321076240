# SPDX-License-Identifier: BSD-2-Clause
"""A real NRPE daemon in a scratch folder, asked by a real check_nrpe."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from .daemon import Daemon, free_port
from .record import Record, State
from .user import User, executable

EXECUTABLE = "nrpe"
ASKER = Path("/usr/lib/nagios/plugins/check_nrpe")


class Nrpe(Daemon):
    """NRPE with the commands that are in the files of ``folder / "nrpe.d"``."""

    def __init__(self, user: User, folder: Path) -> None:
        self.port = free_port()
        self.include_folder = user.folder(user.folder(folder) / "nrpe.d")
        lines = {
            "pid_file": folder / "nrpe.pid",
            "server_address": "127.0.0.1",
            "server_port": self.port,
            "nrpe_user": user.name,
            "nrpe_group": user.group,
            "allowed_hosts": "127.0.0.1",
            "command_timeout": 60,
            "log_file": folder / "nrpe.log",
            "include_dir": self.include_folder,
        }
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        self.configuration = user.file(folder / "nrpe.cfg", text)
        super().__init__(user, folder, [executable(EXECUTABLE) or EXECUTABLE, "-c", str(self.configuration), "-f"])

    def validator(self) -> list[str]:
        """Words of a command that asks NRPE about a copy of the configuration, {main}."""
        return [self.command[0], "-n", "-c", "{main}", "-i"]

    def tail(self) -> str:
        said = self.folder / "nrpe.log"
        return said.read_text(encoding="utf-8", errors="replace") if said.exists() else super().tail()

    def ready(self) -> bool:
        with socket.socket() as probe:
            return not probe.connect_ex(("127.0.0.1", self.port))

    def ask(self, command: str) -> Record:
        """What check_nrpe makes of a command, for the engine that would have asked."""
        asked = time.time()
        done = self.user.run(ASKER, "-H", "127.0.0.1", "-p", str(self.port), "-t", "60", "-c", command)
        output, _rest, perf_data = done.stdout.partition("\n")[0].partition(" | ")
        return Record(
            state=State(done.returncode),
            hard=True,
            checked=asked,
            output=output,
            long_output=done.stdout.partition("\n")[2].strip("\n"),
            perf_data=perf_data,
        )
