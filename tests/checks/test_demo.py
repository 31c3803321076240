# SPDX-License-Identifier: BSD-2-Clause
"""The demo is a newcomer's first minute: it works from wherever the checkout lies, and leaves nothing behind."""

from __future__ import annotations

import os
import pty
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from wabiz_monitoring.check_all import CHECK, CHECKS

ROOT = Path(__file__).resolve().parent.parent.parent
HAS_ANSIBLE = (Path(sys.executable).parent / "ansible-playbook").exists()

needs_ansible = pytest.mark.skipif(not HAS_ANSIBLE, reason="ansible-core is not installed")


class Visit:
    """A run of the demo, with a folder for temporary files of its own, and a mark on every process that it starts."""

    def __init__(self, folder: Path) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.mark = f"WABIZ_VISIT={secrets.token_hex(16)}"

    def start(
        self, root: Path = ROOT, variables: Mapping[str, str] | None = None, stdout: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        name, _equals, value = self.mark.partition("=")
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "SSL_CERT_FILE")}
        return subprocess.Popen(
            [sys.executable, str(root / "demo" / "run.py")],
            cwd=self.temporary.parent,
            env={**kept, "TMPDIR": str(self.temporary), "TERM": "xterm", name: value, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def left_behind(self) -> tuple[list[str], list[str]]:
        """Files, and command lines of processes."""
        processes = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (process / "environ").read_bytes().split(b"\0"):
                    processes.append((process / "cmdline").read_text().replace("\0", " "))
            except (PermissionError, FileNotFoundError, ProcessLookupError):
                continue
        return [str(path) for path in self.temporary.rglob("*")], processes


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return Visit(tmp_path)


def checkout(folder: Path) -> Path:
    """What a visitor has who fetched the files and nothing else, at a place that nobody thought of."""
    for name in ("demo", "meta", "plugins", "galaxy.yml"):
        target = folder / "a place, elsewhere" / name
        target.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", ROOT / name, target], check=True)
    return folder / "a place, elsewhere"


@needs_ansible
def test_each_check_and_the_playbook_run_from_a_checkout_anywhere_and_nothing_is_left(
    visit: Visit, tmp_path: Path
) -> None:
    running = visit.start(
        checkout(tmp_path), {"PYTHONDONTWRITEBYTECODE": "1", "REQUESTS_CA_BUNDLE": "/nowhere", "NO_PROXY": "x"}
    )
    printed, _rest = running.communicate(timeout=120)
    assert running.returncode == 0, printed
    for check in (*CHECKS, CHECK):
        assert printed.count(f"$ {check.command} -H localhost") >= 3
        assert f"\nWABIZ {check.name.upper()} OK - " in printed
    for number, name in enumerate(("OK", "WARNING", "CRITICAL", "UNKNOWN")):
        assert f"exit status {number} ({name})" in printed
    assert "18 checks, 1 login" in printed
    assert "failed=0" in printed
    assert "wa1 coreapp: socket UP, 21 GiB free at least, 89 days to live" in printed
    assert "expires_in: 77" in printed
    assert "\033[" not in printed
    assert "simulated-env-secret" not in printed
    assert visit.left_behind() == ([], [])


def in_colour(visit: Visit, variables: Mapping[str, str]) -> bool:
    """Whether the first check's output is coloured on a terminal; ends the demo there."""
    ours, its = pty.openpty()
    running = visit.start(ROOT, variables, its)
    os.close(its)
    with open(ours, "rb", buffering=0) as terminal:
        printed = b""
        while b"exit status" not in printed:
            printed += terminal.read(4096)
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) == 128 + signal.SIGTERM
    assert b"WABIZ SOCKET OK - connected" in printed
    return b"\033[" in printed


def test_on_a_terminal_it_is_in_colour_unless_told_not_to(visit: Visit) -> None:
    assert in_colour(visit, {})
    assert not in_colour(visit, {"NO_COLOR": "1"})


def test_ended_half_way_it_leaves_nothing(visit: Visit) -> None:
    running = visit.start()
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith("exit status"):
            assert visit.left_behind() != ([], [])
            running.send_signal(signal.SIGTERM)
            break
    running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGTERM
    assert visit.left_behind() == ([], [])
