# SPDX-License-Identifier: BSD-2-Clause
"""The installed commands, run as an engine runs them: a process, its two streams and its exit code."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from forkserver import queued

BIN = Path(sys.prefix) / "bin"

_LIMIT = 60
"""Seconds after which a run counts as hanging; none of them is meant to take this long."""


class Done(NamedTuple):
    """What a run came to."""

    code: int
    out: str
    err: str
    seconds: float
    delayed: float = 0.0
    """Those of the seconds in which it could have run, had there been a processor for it."""
    limit: float = 0.0
    """Seconds after which it had to end, where that was tried."""

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()

    @property
    def first(self) -> str:
        """The first line without its performance data."""
        return self.lines[0].partition(" | ")[0]

    @property
    def numbers(self) -> str:
        """The performance data."""
        return self.lines[0].partition(" | ")[2]

    @property
    def in_time(self) -> bool:
        """Whether it ended half a second after its limit at the latest."""
        return self.seconds - self.delayed < self.limit + 0.5


class Runner:
    """Runs commands for one user, who has a home of his own and nothing in his environment but what is given here."""

    def __init__(self, home: Path, env: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.variables = dict(env or {})

    @property
    def bin(self) -> Path:
        """Where the commands are."""
        return BIN

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a run."""
        own = {"HOME": str(self.home), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        return {**own, **self.variables, **(env or {})}

    def __call__(self, command: str, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Done:
        """Run an installed command to its end."""
        return self.process(str(BIN / command), *words, stdin=stdin, env=env)

    def python(self, code: str, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Done:
        """Run a program in this environment's Python, to its end; its words are those of a command."""
        return self.process(sys.executable, "-c", code, *words, stdin=stdin, env=env)

    def process(self, *command: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Done:
        """Run a process to its end."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            begun = time.monotonic()
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                env=self.environment(env),
                cwd=self.home,
            )
            assert process.stdin
            write(process.stdin, stdin)
            _wait(process)
            seconds, delayed = time.monotonic() - begun, queued(process.pid)
            return Done(process.wait(), content(out), content(err), seconds, delayed)


def content(stream: IO[bytes]) -> str:
    """All that was written to a file."""
    stream.seek(0)
    return stream.read().decode()


def write(stream: IO[bytes], data: bytes) -> None:
    """Write all of it into a pipe, and close that, while others read it or do not."""

    def work() -> None:
        with suppress(OSError), stream:
            stream.write(data)

    threading.Thread(target=work, daemon=True).start()


def _wait(process: subprocess.Popen[bytes]) -> None:
    # Until it has ended, but still can be looked at.
    watched = os.pidfd_open(process.pid)
    ended, _rest, _rest = select.select([watched], [], [], _LIMIT)
    os.close(watched)
    if not ended:
        process.kill()
        process.wait()
        raise TimeoutError(f"{process.args!r} did not end")


def unhurried(limit: float, run: Callable[[float], Done]) -> Done:
    """A run that has a limit, which it is given.

    On a busy machine that may be over before a run has come to what the test is about, so one that has waited long for
    a processor is run again with four times as long.
    """
    for longer in (limit, 4 * limit):
        done = run(longer)._replace(limit=longer)
        if done.delayed < longer / 4:
            return done
    return run(16 * limit)._replace(limit=16 * limit)


def in_time(limit: float, run: Callable[[float], Done]) -> Done:
    """The same for one that must end within its limit and half a second.

    The time in which it waited for a processor is left out, and the best of three counts: what hangs does so each time.
    """
    done = unhurried(limit, run)
    for _turn in range(2):
        if done.in_time:
            break
        done = unhurried(limit, run)
    assert done.in_time, f"{done.seconds:.2f} s is no {done.limit:g} s: {done.lines}"
    return done


def credentials(username: str, password: str) -> dict[str, str]:
    """The variables that hold them."""
    return {"WA_WEB_USERNAME": username, "WA_WEB_PASSWORD": password}
