# SPDX-License-Identifier: BSD-2-Clause
"""A real Icinga Director in a scratch folder, with a database of its own, that configures a real Icinga 2."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from pathlib import Path
from typing import Any

from .daemon import Daemon, DaemonError
from .icinga import Icinga
from .user import ENVIRONMENT, User, executable

MODULES = Path("/usr/share/icingaweb2/modules")
DATABASE = "director"

#: What Icinga has to know before the Director can configure it.
ICINGA = 'object Zone "director-global" { global = true }\n'


def installed() -> bool:
    """Whether everything is there that it takes."""
    return all(map(executable, ("mariadbd", "icingacli", "php"))) and (MODULES / "director").exists()


class Database(Daemon):
    """A MariaDB that nobody but this user reaches: there are no passwords, the way to its socket is closed."""

    def __init__(self, user: User, folder: Path) -> None:
        user.own(user.folder(folder), 0o700)
        self.socket = folder / "socket"
        data = user.folder(folder / "data")
        first = user.file(folder / "first.sql", f"CREATE DATABASE {DATABASE} CHARACTER SET utf8;\n")
        command = [
            executable("mariadbd") or "mariadbd",
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={self.socket}",
            f"--init-file={first}",
            "--skip-networking",
            "--skip-grant-tables",
            # Nothing in it has to outlive it.
            "--innodb-flush-method=nosync",
            "--innodb-fast-shutdown=2",
            "--innodb-log-file-size=16M",
        ]
        super().__init__(user, folder, command)

    def ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0


class Director:
    """The Director of an Icinga that runs, used by its command."""

    def __init__(self, user: User, folder: Path, database: Database, icinga: Icinga) -> None:
        self.user = user
        self.folder = user.folder(folder)
        self._socket = database.socket
        self._icinga = icinga
        enabled = user.folder(folder / "enabledModules")
        for module in ("incubator", "reactbundle", "director"):
            (enabled / module).symlink_to(MODULES / module)
        own = user.folder(user.folder(folder / "modules") / "director")
        self._write(folder / "config.ini", "global", config_backend="ini")
        connection = {"type": "db", "db": "mysql", "host": "localhost", "dbname": DATABASE, "username": user.name}
        self._write(folder / "resources.ini", DATABASE, charset="utf8", **connection)
        self._write(own / "config.ini", "db", resource=DATABASE)
        api = {"username": icinga.API_USER, "password": icinga.password}
        self._write(own / "kickstart.ini", "config", endpoint=icinga.name, host="127.0.0.1", port=icinga.port, **api)
        self("migration", "run")
        self("kickstart", "run")

    def __call__(self, *arguments: str, given: str = "") -> str:
        """Run ``icingacli director ...`` with this as its standard input; gives what it printed, or DaemonError."""
        command = ["php", f"-dpdo_mysql.default_socket={self._socket}", executable("icingacli") or "icingacli"]
        done = subprocess.run(
            [*self.user.prefix, *command, "director", *arguments],
            env={**ENVIRONMENT, "ICINGAWEB_CONFIGDIR": str(self.folder), "ICINGAWEB_STORAGEDIR": str(self.folder)},
            cwd="/",
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        # It tells of most failures in words alone.
        if done.returncode or done.stdout.startswith("ERROR") or done.stderr.startswith("ERROR"):
            raise DaemonError(f"icingacli director {' '.join(arguments)} failed\n{done.stdout}{done.stderr}")
        return done.stdout

    def dump(self, basket: str) -> dict[str, Any]:
        """What the Director has of the objects that a basket names."""
        found: dict[str, Any] = json.loads(self("basket", "dump", "--name", basket))
        return found

    def deploy(self) -> None:
        """Have Icinga take over all that is configured, and wait until it has."""
        before = self._stage()
        self("config", "deploy")
        # The Director's own waiting is for a daemon of its own.
        self._icinga.wait(lambda: self._stage() not in (None, before) or None, lambda: "it was configured anew", 60)

    def _stage(self) -> str | None:
        """Which of the Director's configurations runs; None if it cannot be said at the moment, or none does."""
        with contextlib.suppress(OSError, DaemonError):
            return str(self._icinga.evaluate("DirectorStageDir"))
        return None

    def _write(self, path: Path, section: str, **values: object) -> None:
        lines = [f"[{section}]", *(f'{name} = "{value}"' for name, value in values.items())]
        self.user.file(path, "\n".join(lines) + "\n")
