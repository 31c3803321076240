# SPDX-License-Identifier: BSD-2-Clause
"""Every way in which a peer is asked: by each check and each module, plainly and with every secret there can be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import launcher
from commands import BIN, Runner, credentials
from faults import CONNECTION, FAULTS, STALE, SUPPORT
from forks import Forks, Taken, read
from forkserver import CHECKS, MODULES, ROOM
from marks import GIVEN, HEADER, PASSWORD, USER
from peers import Peer, variables
from proxy import Proxy
from told import ENOUGH, limit_of

ONCE = "401 once"
"""Nobody is refused there who has no token to begin with."""

_LIMIT = 60


class Asked(NamedTuple):
    """One check or module, and how it asks."""

    name: str
    secretly: bool
    words: tuple[str, ...]
    """Of a check."""
    options: Mapping[str, Any]
    """Of a module."""
    env: Mapping[str, str]

    @property
    def is_module(self) -> bool:
        """Whether it is one."""
        return self.name in MODULES

    def patiently(self) -> Asked:
        """The same, with time enough to come to the end of an answer that is late."""
        return self._replace(words=(*self.words, "-t", str(ENOUGH)), options={**self.options, "timeout": ENOUGH})

    def forked(self, forks: Forks, user: Runner) -> Taken:
        """Ask, in a fork."""
        env = self._fresh(user)
        if self.is_module:
            return forks.module(user, self.name, self.options, env)
        return forks.command(user, *self.words, env=env)

    def alone(self, collections: str, user: Runner) -> Taken:
        """Ask as users do: in a process that begins with nothing."""
        with tempfile.NamedTemporaryFile("w", dir=user.home) as arguments:
            json.dump({"ANSIBLE_MODULE_ARGS": self.options}, arguments)
            arguments.flush()
            if self.is_module:
                return _alone(
                    user,
                    sys.executable,
                    "-m",
                    f"{ROOM}.{self.name}",
                    arguments.name,
                    **self._fresh(user),
                    PYTHONPATH=collections,
                )
            return _alone(user, str(BIN / self.words[0]), *self.words[1:], **self._fresh(user))

    def _fresh(self, user: Runner) -> dict[str, str]:
        # With a memory of its own: what came of other logins would hold this one back.
        return {**self.env, "XDG_STATE_HOME": tempfile.mkdtemp(dir=user.home)}


def _alone(user: Runner, *command: str, **env: str) -> Taken:
    reader, writer = os.pipe()
    small = (sys.executable, "-S", launcher.__file__, str(writer))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(reader, "rb") as told:
        with open(writer, "wb"):
            process = subprocess.Popen(
                (*small, *command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=user.environment(env),
                cwd=user.home,
                pass_fds=[writer],
            )
        process.wait(_LIMIT)
        return read(told.read(), out, err)


def asking(name: str, at: Peer, proxy: Proxy | None, modules: tuple[str, ...], folder: Path) -> Iterator[Asked]:
    """Every way in which a peer is to be asked; the folder is for files that it takes."""
    fault = FAULTS.get(name, FAULTS["healthy"])
    # What a server says before it is asked gets lost behind the answer of a proxy.
    through = at.proxy or (None if fault.strikes == CONNECTION else proxy)
    headers = folder / "headers"
    headers.write_text(f"X-Key: {HEADER}\n")
    limit = limit_of(name)
    token = GIVEN if fault.strikes == SUPPORT else STALE
    for secretly in (False, True):
        way = variables(through) if through and (secretly or at.proxy) else {}
        for check in CHECKS:
            words = ["--url", at.url, "--ca-file", at.ca_file, "-t", f"{limit:g}", "-vvv"]
            words += ["--json", "--header-file", str(headers)] if secretly else ["--state-dir", "none"]
            more = {"WA_WEB_TOKEN": token} if secretly or name == ONCE else {}
            env = {**credentials(USER, PASSWORD), **way, **more}
            yield Asked(check, secretly, (f"check_wabiz_{check}", *words), {}, env)
        for module in modules:
            options: dict[str, Any] = {"url": at.url, "ca_path": at.ca_file, "timeout": limit}
            options |= {"username": USER, "password": PASSWORD, "_ansible_verbosity": 3}
            options |= {"token": token} if secretly or name == ONCE else {}
            options |= {"headers": {"X-Key": HEADER}} if secretly else {}
            yield Asked(module, secretly, (), options, way)
