# SPDX-License-Identifier: BSD-2-Clause
"""A controller: the collection installed, hosts that are all this machine, and a journal of what was done."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import collection
from wabiz_monitoring.simulator import Simulator

TASKS = Path(__file__).parent / "tasks"
PASSWORD = "marked-password"
_LIMIT = 300


class Played(NamedTuple):
    """What a run of a playbook came to."""

    code: int
    out: str
    journal: list[str]
    """What the tasks wrote down, in their order."""

    def count(self, text: str) -> int:
        """How often the output holds a text."""
        return self.out.count(text)


class Controller:
    """Runs playbooks from a folder, for a user whose home it is, against a simulator."""

    def __init__(self, folder: Path, collections: Path, sim: Simulator) -> None:
        self.folder = folder
        self.plays = folder / "plays"
        """Where playbooks that are given by their text lie; they are not run from there."""
        self.plays.mkdir()
        self.sim = sim
        self.environment: dict[str, str] = {}
        """More environment variables for ansible-playbook."""
        self._collections = collections
        self._journal = folder / "journal"

    def play(self, playbook: str, hosts: Sequence[str] | Mapping[str, Any], *words: str, **variables: Any) -> Played:
        """Run a playbook, by its name or its text, over the hosts of the group `wabiz`.

        Variables that are `...` are not set. Much output is asked for, and no secret is in it.
        """
        known = hosts if isinstance(hosts, Mapping) else {host: {} for host in hosts}
        self._write("inventory.json", {"wabiz": {"hosts": known, "vars": self._host()}})
        told = {**self._variables(), **variables}
        self._write("variables.json", {name: value for name, value in told.items() if value is not ...})
        if "\n" in playbook:
            (self.plays / "play.yml").write_text(playbook, encoding="utf-8")
            playbook = "plays/play.yml"
        self._journal.write_text("")
        done = subprocess.run(
            ["ansible-playbook", "-vvv", "-i", "inventory.json", "-e", "@variables.json", playbook, *words],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        for secret in (PASSWORD, base64.b64encode(f"monitor:{PASSWORD}".encode()).decode(), *self.sim.tokens):
            assert secret not in done.stdout
        return Played(done.returncode, done.stdout, self._journal.read_text(encoding="utf-8").splitlines())

    def _write(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(json.dumps(content), encoding="utf-8")

    def _host(self) -> dict[str, str]:
        return {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}

    def _variables(self) -> dict[str, Any]:
        return {
            "control": self.sim.url,
            "journal": str(self._journal),
            "returns": "up",
            "rolling_upgrade_tasks": str(TASKS / "upgrade.yml"),
            "predeploy_gate_url": self.sim.url,
            "predeploy_gate_ca_path": self.sim.ca_file,
            "predeploy_gate_username": self.sim.username,
            "predeploy_gate_password": PASSWORD,
            "predeploy_gate_before_tasks": str(TASKS / "downtime.yml"),
            "predeploy_gate_after_tasks": str(TASKS / "end.yml"),
            "predeploy_gate_delay": 1,
            "predeploy_gate_wait": 60,
        }

    def _environment(self) -> dict[str, str]:
        kept = collection.environment(self.folder)
        kept = {name: value for name, value in kept.items() if not name.startswith("WA_WEB_")}
        return {
            **kept,
            "ANSIBLE_COLLECTIONS_PATH": str(self._collections),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
            "no_proxy": "localhost",
            **self.environment,
        }
