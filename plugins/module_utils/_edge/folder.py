# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A folder for its owner alone, and small files in it.

The folder is ours (0700), so are the files (0600); they are replaced whole, symlinks are not followed, and what belongs
to another user is neither read nor written. Each file is some blocks long, so that there is room for what comes next in
the place of what was there before, on a disk that is full.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import time
from typing import Any, Callable, Dict, Iterator, Optional

from .exposure import changer_on_way

NONE = "none"
"""The name of the state directory that keeps nothing."""

BLOCK = 4096
_LEFT_BEHIND = 3600
"""Seconds after which nobody is still writing a file: no run may take longer."""
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_CREAT | _SAFE


def default_directory() -> str:
    """`$XDG_STATE_HOME/wabiz-monitoring`, that is `~/.local/state/wabiz-monitoring`."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        # The specification wants such a value ignored: what it means depends on where a run is started.
        base = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "wabiz-monitoring")


class Folder:
    """One such folder. Names are those of files in it."""

    _open = -1

    def __init__(self, path: str) -> None:
        """It is made when it is not there. Raises OSError when it cannot be used."""
        self._open = _open_folder(path)

    def __del__(self) -> None:
        # Who asks many deployments, again and again, must not run out of files.
        if self._open >= 0:
            os.close(self._open)

    def read(self, name: str, most: int) -> bytes:
        """What a file holds, when it is ours alone. Raises OSError."""
        with self._opened(name, os.O_RDONLY) as file:
            return os.read(file, most)

    def read_data(self, name: str, most: int) -> Dict[str, Any]:
        """What a file holds as JSON; nothing if there is none, or if it makes no sense."""
        try:
            kept = json.loads(self.read(name, most))
        except (OSError, ValueError, RecursionError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def write(self, name: str, data: bytes) -> bool:
        """Replace a file, in its place if there is no room for another one. Returns whether that worked."""
        data = data.ljust(-(-len(data) // BLOCK) * BLOCK)
        try:
            written = self._replace(name, data)
        except OSError:
            return self._overwrite(name, data)
        self._sweep(name, written)
        return True

    def remove(self, name: str) -> None:
        """Remove a file that is there."""
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=self._open)

    @contextlib.contextmanager
    def lock(self, name: str, over: Callable[[int], bool] = lambda file: False) -> Iterator[Optional[int]]:
        """Have a lock to oneself, and its open file; None where there are no locks, or when `over` says to go on."""
        try:
            file = os.open(name, os.O_RDWR | _NEW, 0o600, dir_fd=self._open)
        except OSError:
            yield None
            return
        try:
            yield file if wait_for_others(file, over) else None
        finally:
            os.close(file)

    def _replace(self, name: str, data: bytes) -> float:
        new = ".%s.%d.%s" % (name, os.getpid(), os.urandom(4).hex())
        file = os.open(new, os.O_WRONLY | os.O_EXCL | _NEW, 0o600, dir_fd=self._open)
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(data)
                stream.flush()
                written = os.fstat(file).st_mtime
            os.replace(new, name, src_dir_fd=self._open, dst_dir_fd=self._open)
        except OSError:
            os.unlink(new, dir_fd=self._open)
            raise
        return written

    def _overwrite(self, name: str, data: bytes) -> bool:
        try:
            with self._opened(name, os.O_WRONLY) as file:
                size = os.fstat(file).st_size
                return size >= len(data) and os.pwrite(file, data.ljust(size), 0) == size
        except OSError:
            return False

    @contextlib.contextmanager
    def _opened(self, name: str, how: int) -> Iterator[int]:
        file = os.open(name, how | os.O_NONBLOCK | _SAFE, dir_fd=self._open)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
                raise PermissionError
            yield file
        finally:
            os.close(file)

    def _sweep(self, name: str, now: float) -> None:
        # What runs that were killed have left. By the file system's own clock: ours may have been set meanwhile.
        with contextlib.suppress(OSError):
            for other in os.listdir(self._open):
                if other.startswith(".%s." % name):
                    status = os.stat(other, dir_fd=self._open, follow_symlinks=False)
                    if abs(now - status.st_mtime) > _LEFT_BEHIND:
                        os.unlink(other, dir_fd=self._open)


def wait_for_others(file: int, over: Callable[[int], bool]) -> bool:
    """Have a lock to oneself; the name of this function is how a run that is held up here knows that it is.

    Returns whether it is had: not where there are no locks, and not when `over` says that whoever has it is to be
    waited for no longer.
    """
    pause = 0.005
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if over(file):
                return False
        except OSError:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def _open_folder(path: str) -> int:
    # With a slash at its end a symlink would be followed.
    path = path.rstrip("/") or path
    _look_at_way(path)
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _SAFE)
    except FileNotFoundError:
        _make(path)
        # Meanwhile another user may have made one of those that were missing.
        _look_at_way(path)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _SAFE)
    status = os.fstat(folder)
    if status.st_uid != os.geteuid():
        os.close(folder)
        raise PermissionError(0, "it belongs to another user")
    if status.st_mode & 0o022:
        os.close(folder)
        raise PermissionError(0, "others may write to it")
    return folder


def _look_at_way(path: str) -> None:
    # Who can change it decides which of our folders is used; so it is in the home of one for whom root acts, say.
    other = changer_on_way(os.path.dirname(path) or ".")
    if other is not None:
        told = (other.who, other.place, other.remedy, other.place)
        raise PermissionError(0, "%s can change %s: %s %s" % told)


def _make(path: str) -> None:
    # The default lies two folders below the home; a home itself is never made.
    missing, there = [path], os.path.dirname(path) or "."
    while len(missing) < 3 and not os.path.isdir(there):
        missing.append(there)
        there = os.path.dirname(there) or "."
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):
            os.mkdir(each, 0o700)
