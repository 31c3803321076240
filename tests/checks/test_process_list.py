# SPDX-License-Identifier: BSD-2-Clause
"""What other users of the host see of a run: its words, and those of whatever it starts, hold no secret."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import marks
import pytest
from commands import Runner, credentials
from faults import FaultServer
from forkserver import CHECKS
from marks import GIVEN, HEADER, PASSWORD, USER
from peers import variables
from processes import family, told
from proxy import Proxy

WAYS = ("environment", "file", "file with a token")


def words(pid: int) -> str:
    """What everybody may read of a process: its words, and its name."""
    return told(pid, "cmdline") + told(pid, "comm")


@contextmanager
def waiting(way: str, user: Runner, folder: Path) -> Iterator[list[int]]:
    """Every check, in the middle of a request with all the secrets that there can be."""
    headers = folder / "headers"
    headers.write_text(f"X-Key: {HEADER}\n")
    with FaultServer(folder, "says nothing to the request") as server, Proxy() as proxy, ExitStack() as stack:
        more = ["--url", server.url, "--ca-file", server.ca_file, "--header-file", str(headers), "-vvv"]
        given = {**credentials(USER, PASSWORD), **variables(proxy)}
        if way != "environment":
            ini = folder / "wa.ini"
            secret = f"password = {PASSWORD}" if way == "file" else f"token = {GIVEN}"
            ini.write_text(f"[wa]\nusername = {USER}\n{secret}\n")
            more, given = [*more, f"--extra-opts=wa@{ini}"], {}
        processes = []
        for check in CHECKS:
            command = [str(user.bin / f"check_wabiz_{check}"), *more, "--state-dir", "none"]
            process = subprocess.Popen(command, env=user.environment(given), stdout=subprocess.DEVNULL, cwd=user.home)
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
        until = time.monotonic() + 60
        while server.struck < len(CHECKS) and time.monotonic() < until:
            time.sleep(0.02)
        assert server.struck == len(CHECKS)
        assert {process.poll() for process in processes} == {None}
        yield [process.pid for process in processes]


@pytest.mark.parametrize("way", WAYS)
def test_while_a_check_waits_its_words_hold_no_secret(way: str, installed: Runner, tmp_path: Path) -> None:
    with waiting(way, installed, tmp_path) as pids:
        for pid in [one for check in pids for one in family(check)]:
            assert "check_wabiz_" in words(pid)
            assert marks.found(words(pid)) == []
            # What is given in the environment is there; what is given in a file does not get there.
            assert (PASSWORD in told(pid, "environ")) is (way == "environment")
            assert bool(marks.found(told(pid, "environ"))) is (way == "environment")
            status = Path(f"/proc/{pid}/environ").stat()
            assert (status.st_uid, status.st_mode & 0o077) == (os.geteuid(), 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_reads_the_words_of_a_check_and_not_its_environment(installed: Runner, tmp_path: Path) -> None:
    def read_by_another(path: str) -> subprocess.CompletedProcess[bytes]:
        nobody = 65534
        return subprocess.run(
            ["cat", path], user=nobody, group=nobody, extra_groups=[], capture_output=True, check=False, cwd="/"
        )

    with waiting("environment", installed, tmp_path) as pids:
        assert b"check_wabiz_" in read_by_another(f"/proc/{pids[0]}/cmdline").stdout
        refused = read_by_another(f"/proc/{pids[0]}/environ")
        assert (refused.returncode, refused.stdout) == (1, b"")
