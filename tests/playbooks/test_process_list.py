# SPDX-License-Identifier: BSD-2-Clause
"""What other users of a managed host see while a module runs there: no secret, in no process list and in no file."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from processes import family, told

from .controller import PASSWORD, Controller

MODULES = ("support_facts", "health_gate")


def play(port: int) -> str:
    """A play with every module, each with every secret that it takes."""
    options = {
        "url": f"https://localhost:{port}",
        "username": "monitor",
        "password": "{{ predeploy_gate_password }}",
        "headers": {"X-Key": PASSWORD},
    }
    tasks = [{"name": f"Run {name}", f"wabiz.monitoring.{name}": options, "ignore_errors": True} for name in MODULES]
    return yaml.safe_dump([{"name": "Play", "hosts": "wabiz", "gather_facts": False, "tasks": tasks}])


def test_while_a_module_runs_its_words_and_its_files_show_no_secret_to_others(controller: Controller) -> None:
    # As by default: then a module is a file for as long as it runs.
    controller.environment["ANSIBLE_PIPELINING"] = "0"
    temporary = controller.folder / ".ansible" / "tmp"
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        server.settimeout(60)
        playing = pool.submit(controller.play, play(server.getsockname()[1]), ["wa1"])
        for name in MODULES:
            # It waits for a handshake now; closed, it fails.
            with server.accept()[0]:
                mine = [pid for pid in family(os.getpid()) if pid != os.getpid()]
                assert [pid for pid in mine if f"AnsiballZ_{name}.py" in told(pid, "cmdline")]
                assert not [pid for pid in mine if PASSWORD in told(pid, "cmdline") + told(pid, "environ")]
                files = [path for path in temporary.rglob("*") if path.is_file()]
                assert [path for path in files if name in path.name]
                assert not list(readable(temporary, files))
        played = playing.result()
    assert "ignored=2" in played.out


def readable(top: Path, files: list[Path]) -> Iterator[Path]:
    """Those that others can read: by their own mode, and by that of every folder above."""
    for path in files:
        above = [parent for parent in path.parents if parent.is_relative_to(top)]
        reachable = all(parent.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH) for parent in above)
        if reachable and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            yield path
