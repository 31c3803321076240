# SPDX-License-Identifier: BSD-2-Clause
"""Whatever lies where a user says that a file is, a run ends in time, stays small, and says who else can get at it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Runner, in_time
from documents import single
from forks import Forks, Quick
from wabiz_monitoring._edge.files import LARGEST

ADDRESS = ("-H", "localhost", "-p", "1", "--state-dir", "none")

# Each way to name a file, with what else it takes to get as far as to read it; FILE is the file.
NAMED = {
    "extra-opts": ("--extra-opts=wa@FILE",),
    "a header file": (*ADDRESS, "--header-file", "FILE"),
}


def words(named: str, path: str | Path) -> list[str]:
    return [word.replace("FILE", str(path)) for word in NAMED[named]]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A healthy answer in a file."""
    path = tmp_path / "answer.json"
    path.write_bytes(single(expire_timestamp="2199-01-01T00:00:00", device_iso8601=...))
    return path


@pytest.fixture(params=["a pipe without a writer", "a pipe whose writer says nothing", "a pipe that stops halfway"])
def stuck(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file that is never read to its end."""
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    if request.param == "a pipe without a writer":
        yield path
        return
    writer = os.open(path, os.O_RDWR)
    if request.param == "a pipe that stops halfway":
        os.write(writer, b"[wa]\npassword = marked-secret\nX-Key: marked-secret\n")
    yield path
    os.close(writer)


@pytest.mark.parametrize("named", NAMED)
def test_a_file_that_is_never_read_to_its_end_is_told_in_time(named: str, stuck: Path, installed: Runner) -> None:
    done = in_time(1, lambda: installed("check_wabiz_socket", "-t", "1", *words(named, stuck)))
    assert (done.code, done.err, len(done.lines)) == (3, "", 1)
    assert f"{stuck}: not read to its end within 1 s; see whether it is a pipe that nobody writes to" in done.first
    assert "marked-secret" not in done.out


def test_the_limit_counts_from_the_beginning_for_all_that_is_read(installed: Runner, tmp_path: Path) -> None:
    # The first pipe takes most of the time, and the limit that it says holds for the second one as well.
    first, second = tmp_path / "first", tmp_path / "second"
    os.mkfifo(first, 0o600)
    os.mkfifo(second, 0o600)
    script = f'(sleep 1; printf "[wa]\\nt = 1.5\\nheader-file = {second}\\n" >"$1") & "$0" -H x --extra-opts=wa@"$1"'
    done = in_time(
        1.5, lambda: installed.process("sh", "-c", script, str(installed.bin / "check_wabiz_all"), str(first))
    )
    assert f"--header-file {second}: not read to its end within 1.5 s" in done.first


@pytest.mark.parametrize("named", NAMED)
def test_a_file_without_end_takes_neither_time_nor_memory(named: str, runner: Quick, forks: Forks) -> None:
    ran = forks.command(runner, "check_wabiz_socket", *words(named, "/dev/zero"))
    assert (ran.done.code, ran.done.err) == (3, "")
    assert ran.done.first.endswith(f"/dev/zero: larger than {LARGEST // 2**20} MiB")
    assert ran.peak < forks.size + 4 * LARGEST


def test_a_saved_answer_that_is_never_read_to_its_end_is_told_in_time(stuck: Path, installed: Runner) -> None:
    done = in_time(1, lambda: installed("check_wabiz_socket", "-t", "1", "--file", str(stuck)))
    assert (done.code, done.err) == (2, "")
    assert done.first.startswith("WABIZ SOCKET CRITICAL - no complete answer from ")
    assert "see whether it is a pipe that nobody writes to" in done.out


def test_options_and_headers_may_come_from_pipes_of_a_shell(installed: Runner, saved: Path) -> None:
    script = '"$0" --extra-opts=wa@<(printf "[wa]\\nfile = $1\\nurl = https://x\\n") --header-file <(echo X-Key: value)'
    done = installed.process("bash", "-c", script, str(installed.bin / "check_wabiz_socket"), str(saved))
    assert (done.code, done.out.count("\n"), done.err) == (0, 1, "")
