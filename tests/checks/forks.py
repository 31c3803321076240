# SPDX-License-Identifier: BSD-2-Clause
"""Commands and modules run by the fork server: as many, and as quickly, as every fault against every one needs."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, final

import forkserver
from commands import Done, Runner, content, write

ROOT = Path(__file__).resolve().parent.parent.parent

NAMESPACES = ("unshare", "--map-root-user", "--mount", "--net")
"""What gives a process a file system and a network of its own, also to users who are not root."""

_LIMIT = 60


class Taken(NamedTuple):
    """What a run came to, and what it took."""

    done: Done
    peak: int
    """The most memory that it had, in bytes; a fork has what it shares with the server from the beginning."""

    def late(self, limit: float) -> float:
        """Seconds beyond the limit, but for those in which it could have run, had there been a processor for it."""
        return max(0.0, self.done.seconds - self.done.delayed - limit)


def read(told: bytes, out: IO[bytes], err: IO[bytes]) -> Taken:
    """What a run came to, from what its parent tells of it and what it wrote into two files."""
    said = json.loads(told)
    return Taken(Done(said["code"], content(out), content(err), said["seconds"], said["delayed"]), said["peak"])


def namespaces() -> bool:
    """Whether this machine lets us have them."""
    try:
        return subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def collections(folder: Path) -> str:
    """The checkout as Python finds collections; empty where there is no Ansible for the modules."""
    if importlib.util.find_spec("ansible") is None:
        return ""
    place = folder / "ansible_collections" / "wabiz"
    place.mkdir(parents=True)
    (place / "monitoring").symlink_to(ROOT)
    return str(folder)


def packages(folder: Path) -> str:
    """Where another Python finds what this one has installed: the distribution, its libraries, and Ansible."""
    import distribution  # stands one folder up, where only pytest looks

    links = folder / "packages"
    links.mkdir()
    distribution.link(links)
    return os.pathsep.join([str(links), sysconfig.get_path("purelib")])


@final
class Forks:
    """The fork server, as a context; `deaf` gives it a network with a resolver that never answers."""

    def __init__(self, folder: Path, deaf: bool = False, python: str = sys.executable) -> None:
        """`python` is to run them in place of this one."""
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        self._socket = str(self._folder / "socket")
        self._deaf = deaf
        self._python = python
        self.modules: tuple[str, ...] = ()
        """The modules that can be run here."""
        self.size = 0
        """The memory that a fork has which does nothing, in bytes."""
        self.collections = ""
        """The folder in which Python finds collections, if there are modules."""

    def __enter__(self) -> Forks:
        self.collections = found = collections(self._folder)
        self.modules = forkserver.MODULES if found else ()
        before = NAMESPACES if self._deaf else ()
        command = [*before, self._python, forkserver.__file__, self._socket, found, "deaf" if self._deaf else ""]
        path = {} if self._python == sys.executable else {"PYTHONPATH": packages(self._folder)}
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=self._folder, env={**os.environ, **path})
        while not Path(self._socket).exists() and self._server.poll() is None:
            time.sleep(0.02)
        assert self._server.poll() is None, "the fork server did not start"
        self.size = self.wait(0).peak
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait(_LIMIT)

    def command(
        self,
        runner: Runner,
        command: str,
        *words: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        umask: int = 0,
    ) -> Taken:
        """Run an installed command to its end."""
        return self._run(runner, [command, *words], None, stdin, env, umask)

    def module(
        self, runner: Runner, module: str, options: Mapping[str, Any], env: Mapping[str, str] | None = None
    ) -> Taken:
        """Run a module to its end; `options` also hold what Ansible adds of its own."""
        return self._run(runner, [module], options, b"", env, 0)

    def wait(self, seconds: float) -> Taken:
        """Do nothing for so long, and end."""
        return self._run(Runner(self._folder), [forkserver.WAIT, str(seconds)], None, b"", None, 0)

    def _run(
        self,
        runner: Runner,
        words: Sequence[str],
        options: Mapping[str, Any] | None,
        stdin: bytes,
        env: Mapping[str, str] | None,
        umask: int,
    ) -> Taken:
        job = {
            "words": words,
            "options": options,
            "variables": runner.environment(env),
            "folder": str(runner.home),
            "umask": umask,
        }
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            server.settimeout(_LIMIT)
            server.connect(self._socket)
            reader, writer = os.pipe()
            socket.send_fds(server, [json.dumps(job).encode()], [reader, out.fileno(), err.fileno()])
            os.close(reader)
            write(os.fdopen(writer, "wb"), stdin)
            return read(server.recv(4096), out, err)


@final
class Quick(Runner):
    """A user whose commands are run by the fork server; for programs and other processes all is as ever."""

    def __init__(self, forks: Forks, home: Path, env: Mapping[str, str] | None = None) -> None:
        super().__init__(home, env)
        self._forks = forks

    def __call__(self, command: str, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Done:
        """Run a command to its end."""
        return self._forks.command(self, command, *words, stdin=stdin, env=env).done
