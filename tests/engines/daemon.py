# SPDX-License-Identifier: BSD-2-Clause
"""A daemon that a test starts, waits for, and ends without leaving anything of it behind."""

from __future__ import annotations

import abc
import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from processes import environments

from .user import ENVIRONMENT, User

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


class DaemonError(Exception):
    """A daemon did not start, ended by itself, or was waited for in vain; the message has the end of its log."""


def free_port() -> int:
    """A port on the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Daemon(abc.ABC):
    """A daemon with all its descendants. Used as a context: started and ready inside, gone without a trace after it.

    A subclass says when it is ready. What it prints goes to ``folder / "console.log"``.
    """

    def __init__(self, user: User, folder: Path, command: list[str]) -> None:
        self.user = user
        self.folder = folder
        self.command = command
        self.log = folder / "console.log"
        self._process: subprocess.Popen[bytes] | None = None

    #: Lines of the log that tell nothing when something has gone wrong.
    NOISE = re.compile(r"(?!)")

    @abc.abstractmethod
    def ready(self) -> bool:
        """Whether it can be used."""

    def start(self) -> None:
        """Start it and wait until it is ready, or raise DaemonError."""
        environment = {**ENVIRONMENT, "HOME": str(self.folder)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.user.prefix, *self.command],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.wait(lambda: self.ready() or None, lambda: "it is ready", 60)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it and everything that it started."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        self.kill()

    def kill(self) -> None:
        """End it and everything that it started, without a chance to say good-bye."""
        if self._process is None:
            return
        while self._process.poll() is None or self.processes():
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        self._process = None

    @property
    def pid(self) -> int:
        """The id of its first process, for signals; only while it runs."""
        assert self._process
        return self._process.pid

    def processes(self) -> set[int]:
        """The ids of its processes, plugins that it runs included."""
        # What a process was given as its home stays with its descendants, also when they outlive their parents.
        ours = f"HOME={self.folder}"
        return {pid for pid, environment in environments() if ours in environment}

    def wait(self, condition: Callable[[], T | None], what: Callable[[], str], timeout: float) -> T:
        """Wait until the condition gives something, and give that; after ``timeout`` seconds raise DaemonError."""
        end = time.monotonic() + timeout
        while (value := condition()) is None:
            if self._process is None or self._process.poll() is not None:
                raise DaemonError(f"{self.command[0]} is not running (any more)\n{self.tail()}")
            if time.monotonic() > end:
                raise DaemonError(f"waited {timeout:g} s in vain until {what()}\n{self.tail()}")
            time.sleep(0.05)
        return value

    def tail(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([line for line in lines if not self.NOISE.search(line)][-40:])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
