# SPDX-License-Identifier: BSD-2-Clause
"""Monitoring hosts for the role check_plugins, each a folder of this machine, and a real ansible-playbook over them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import collection

from .daemon import Daemon
from .icinga import Icinga
from .nagios import Nagios
from .nrpe import Nrpe
from .user import User

PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"

PLAY = """\
- name: Bring the checks to the monitoring hosts
  hosts: all
  gather_facts: false
  roles:
    - wabiz.monitoring.check_plugins
"""


@dataclass(frozen=True)
class Outcome:
    """How a play ended: its exit code, all that it printed, and the counts of its recap, by host."""

    code: int
    output: str = field(repr=False)

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """As in ``{"host": {"ok": 3, "changed": 0}}``."""
        _rest, _rest, lines = self.output.rpartition("PLAY RECAP")
        counts = re.findall(r"^(\S+)\s+: (ok=.*)$", lines, re.MULTILINE)
        return {host: {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", told)} for host, told in counts}

    def count(self, name: str) -> dict[str, int]:
        """One of the counts, by host."""
        return {host: counts[name] for host, counts in self.recap.items()}

    @property
    def failures(self) -> str:
        """What was told of failures, in brief."""
        found = []
        for match in re.finditer(r"^(?:fatal|failed): \[\S+\].* => (?={)", self.output, re.MULTILINE):
            result, _end = json.JSONDecoder().raw_decode(self.output, match.end())
            found += [match[0], *(result[key] for key in ("msg", "stderr") if key in result)]
        return "\n".join(found)


class Site:
    """Hosts and the variables that the role gets for each."""

    def __init__(self, user: User, folder: Path, python: str) -> None:
        """``python`` makes the virtual environments."""
        self.user = user
        self.folder = folder
        self.python = python
        self.hosts: dict[str, dict[str, Any]] = {}
        self.home = collection.home(folder / "home")
        # The role as it is, not a copy: nothing is written into a collection.
        place = folder / "collections" / "ansible_collections" / "wabiz"
        place.mkdir(parents=True)
        (place / "monitoring").symlink_to(collection.ROOT)
        (folder / "play.yml").write_text(PLAY, encoding="utf-8")

    def add(self, name: str, **variables: object) -> Path:
        """Add a host with the folders that a real one has, root's; gives the folder that it is."""
        root = self.folder / name
        (root / "plugins").mkdir(parents=True, exist_ok=True)
        me = str(os.geteuid())
        own = {
            "python": self.python,
            "venv": str(root / "venv"),
            "plugin_folder": str(root / "plugins"),
            "folder": str(root / "etc"),
            "state_folder": str(root / "state"),
            "user": self.user.name,
            "group": self.user.group,
            "credentials_owner": me,
            "config_owner": me,
            "config_group": str(os.getegid()),
            "service": "",
            **variables,
        }
        here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        self.hosts[name] = {**here, **prefixed(own)}
        return root

    def play(self, *arguments: str, only: Sequence[str] = (), **variables: object) -> Outcome:
        """Run the role on all hosts, or only on some, with more variables of the role."""
        files = {"inventory.json": {"all": {"hosts": self.hosts}}, "variables.json": prefixed(variables)}
        for name, content in files.items():
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_text(json.dumps(content), encoding="utf-8")
        command = [
            *(PLAYBOOK, "-i", self.folder / "inventory.json", "-e", f"@{self.folder / 'variables.json'}"),
            *(("--limit", ",".join(only)) if only else ()),
            *arguments,
            self.folder / "play.yml",
        ]
        return self.run(*map(str, command))

    def run(self, *command: str, folder: Path | None = None, **environment: str) -> Outcome:
        """Run a command of Ansible's in a folder, by default the site's, with more environment variables."""
        done = subprocess.run(
            command,
            cwd=folder or self.folder,
            env={**self._environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(errors="replace"))

    def _environment(self) -> dict[str, str]:
        return {
            **collection.environment(self.home),
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_PIPELINING": "1",
        }


def prefixed(variables: Mapping[str, object]) -> dict[str, object]:
    """Variables of the role under their whole names."""
    return {f"check_plugins_{name}": value for name, value in variables.items()}


def leading_to_nagios(engine: Nagios, folder: Path) -> dict[str, object]:
    """Variables that lead the role to a Nagios, which reads all files of the folder."""
    return {
        "nagios_main": str(engine.configuration),
        "nagios_file": str(folder / "wabiz.cfg"),
        "validator": [engine.command[0], "-v", "{main}"],
        "reload_command": hang_up(engine),
    }


def leading_to_icinga2(engine: Icinga, folder: Path) -> dict[str, object]:
    """Variables that lead the role to an Icinga 2, which reads all files of the folder."""
    return {
        "icinga2_main": str(engine.configuration),
        "icinga2_commands_file": str(folder / "wabiz-commands.conf"),
        "icinga2_services_file": str(folder / "wabiz-services.conf"),
        "icinga2_hosts_file": str(folder / "wabiz-hosts.conf"),
        "validator": engine.validator(),
        "reload_command": hang_up(engine),
    }


def leading_to_nrpe(engine: Nrpe) -> dict[str, object]:
    """Variables that lead the role to an NRPE."""
    return {
        "nrpe_main": str(engine.configuration),
        "nrpe_file": str(engine.include_folder / "wabiz.cfg"),
        "validator": engine.validator(),
        "reload_command": hang_up(engine),
    }


def hang_up(engine: Daemon) -> list[str]:
    """The command that has an engine read its configuration anew, if it runs; ``running`` has told where."""
    pid = shlex.quote(str(engine.folder / "pid"))
    return ["sh", "-c", f'test ! -e {pid} || kill -HUP "$(cat {pid})"']


@contextlib.contextmanager
def running(*engines: Daemon) -> Iterator[None]:
    """The engines run, and can be hung up on."""
    with contextlib.ExitStack() as stack:
        for engine in engines:
            stack.enter_context(engine)
            (engine.folder / "pid").write_text(str(engine.pid), encoding="utf-8")
        yield
