# SPDX-License-Identifier: BSD-2-Clause
"""With whose rights the engines run, what of the machine they see, and where they may write."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Debian keeps the engines where an ordinary user's PATH does not look.
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"

#: Nothing of the environment that the tests run in reaches an engine, and so nothing reaches the checks that it runs.
#: The home can be no folder: with none named, what runs would take the user's own, and leave there what it keeps.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/dev/null"}


@dataclass(frozen=True)
class User:
    """Whose rights the engines have, never root's; ``prefix`` goes before a command to run it so."""

    name: str
    group: str
    uid: int
    gid: int
    prefix: tuple[str, ...]

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command to its end with this user's rights."""
        arguments = [*self.prefix, *map(str, command)]
        return subprocess.run(arguments, env=ENVIRONMENT, cwd="/", capture_output=True, text=True, check=False)

    def own(self, path: Path, mode: int) -> Path:
        """Give a file or folder to this user; gives the path back."""
        os.chown(path, self.uid, self.gid)
        path.chmod(mode)
        return path

    def folder(self, path: Path) -> Path:
        """Make a folder of this user's that others may look into; gives the path back."""
        path.mkdir(exist_ok=True)
        return self.own(path, 0o755)

    def file(self, path: Path, text: str) -> Path:
        """Write a file that only this user may read: it may hold a password; gives the path back."""
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return self.own(path, 0o600)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of ours that this user can read, while the block runs; pytest's own are closed to other users."""
        with tempfile.TemporaryDirectory(prefix="wabiz-engine-") as folder:
            Path(folder).chmod(0o755)
            yield Path(folder)


def engine_user() -> User | None:
    """The user ``nagios`` when root runs the tests (None if there is none), otherwise whoever runs them."""
    if os.geteuid():
        entry = pwd.getpwuid(os.geteuid())
        return User(entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name, entry.pw_uid, entry.pw_gid, ())
    try:
        entry = pwd.getpwnam("nagios")
    except KeyError:
        return None
    prefix = ("setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--init-groups", "--")
    return User(entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name, entry.pw_uid, entry.pw_gid, prefix)


def executable(name: str) -> str | None:
    """The engine's file, or None if it is not on this machine."""
    return shutil.which(name, path=PATH)
