# SPDX-License-Identifier: BSD-2-Clause
"""Tokens and refusals kept on disk between runs.

The folder is ours alone (0700), so are the files (0600); they are replaced whole, symlinks are not followed, and what
belongs to somebody else is neither read nor written. Whatever is wrong with them, the API is still asked: then without
memory.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from wabiz_monitoring.core.catalogue import CATALOGUE, Trouble
from wabiz_monitoring.core.session import Credentials, Keeper
from wabiz_monitoring.core.units import SECONDS, spell

NONE = "none"
"""The name of the state directory that keeps nothing."""

_LARGEST = 16384
_ROUNDS = 20_000
_LEFT_BEHIND = 3600
"""Seconds after which nobody is still writing a file: no run may take longer."""


def default_directory() -> str:
    """`$XDG_STATE_HOME/wabiz-monitoring`, that is `~/.local/state/wabiz-monitoring`."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "wabiz-monitoring")


class DiskKeeper(Keeper):
    """What is kept for one user at one address."""

    _folder = -1

    def __init__(
        self, directory: str, url: str, credentials: Credentials, clock: Callable[[], float] = time.time
    ) -> None:
        """`directory` is made when it is not there. When it cannot be used, `keeps` is false and `why_not` says why.

        `clock` gives seconds since the epoch.
        """
        who = json.dumps([url, credentials.username]).encode()
        self._name = hashlib.sha256(who).hexdigest()[:32]
        self._password = (credentials.password or "").encode("utf-8", "replace")
        self._clock = clock
        self.why_not = ""
        try:
            self._folder = _open_folder(directory)
        except OSError as error:
            self.why_not = error.strerror or type(error).__name__
        self.keeps = self._folder >= 0

    def __del__(self) -> None:
        # Who asks many deployments, again and again, must not run out of files.
        if self._folder >= 0:
            os.close(self._folder)

    def token(self) -> str | None:
        """The token kept for this user, if it still lives."""
        kept = self._read()
        token, expires = kept.get("token"), kept.get("expires")
        alive = expires is None or (isinstance(expires, int | float) and expires > self._clock())
        sound = isinstance(token, str) and token != "" and all("!" <= char <= "~" for char in token)
        return str(token) if sound and alive else None

    def keep(self, token: str, expires: datetime | None) -> bool:
        """Replace what was kept by a new token. Returns whether that worked."""
        until = expires.timestamp() if expires else None
        # One of the clocks is wrong when it is over already: then the server says when it is. Not to believe in a token
        # at all would mean a login, and a row on the server, with every run.
        return self._write({"token": token, "expires": until if until and until > self._clock() else None})

    def held_back(self) -> Trouble | None:
        """The refusal of these very credentials, while it is young."""
        held = self._read().get("held")
        if not isinstance(held, dict):
            return None
        until, problem, text, salt, digest = (held.get(key) for key in ("until", "problem", "text", "salt", "digest"))
        if not isinstance(until, int | float) or problem not in CATALOGUE or not isinstance(text, str):
            return None
        left = until - self._clock()
        # A clock that was set back must not hold anybody back for years.
        if not 0 < left <= 86400 or digest != self._digest(str(salt)):
            return None
        again = f"not tried again for {spell(max(left, 1), SECONDS)}, so that this address is not locked out"
        return Trouble(str(problem), f"{text}; {again}")

    def hold_back(self, trouble: Trouble, seconds: int) -> None:
        """Remember that these credentials were refused."""
        salt = os.urandom(16).hex()
        held = {
            "until": self._clock() + seconds,
            "problem": trouble.problem,
            "text": trouble.text,
            "salt": salt,
            "digest": self._digest(salt),
        }
        self._write({"held": held})

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """One run at a time logs in. Where no lock can be had, nobody waits."""
        try:
            lock = os.open(self._name + ".lock", _NEW | os.O_RDWR, 0o600, dir_fd=self._folder)
        except OSError:
            yield
            return
        try:
            with contextlib.suppress(OSError):
                # Not every file system has locks.
                wait_for_others(lock)
            yield
        finally:
            os.close(lock)

    def _digest(self, salt: str) -> str:
        # Slow on purpose, and only ever needed around a refusal: the file must not give a guesser an easy start.
        return hashlib.pbkdf2_hmac("sha256", self._password, salt.encode(), _ROUNDS).hex()

    def _read(self) -> dict[str, Any]:
        try:
            file = os.open(self._name + ".json", os.O_RDONLY | os.O_NONBLOCK | _SAFE, dir_fd=self._folder)
        except OSError:
            return {}
        try:
            told = os.fstat(file)
            if not stat.S_ISREG(told.st_mode) or told.st_uid != os.geteuid() or told.st_mode & 0o077:
                return {}
            kept = json.loads(os.read(file, _LARGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        finally:
            os.close(file)
        return kept if isinstance(kept, dict) else {}

    def _write(self, kept: dict[str, Any]) -> bool:
        data = json.dumps(kept).encode()
        name = f".{self._name}.{os.getpid()}.{os.urandom(4).hex()}"
        if len(data) > _LARGEST:
            return False
        try:
            file = os.open(name, os.O_WRONLY | os.O_EXCL | _NEW, 0o600, dir_fd=self._folder)
            try:
                with os.fdopen(file, "wb") as stream:
                    stream.write(data)
                os.replace(name, self._name + ".json", src_dir_fd=self._folder, dst_dir_fd=self._folder)
            except OSError:
                os.unlink(name, dir_fd=self._folder)
                raise
        except OSError:
            return False
        self._sweep()
        return True

    def _sweep(self) -> None:
        # What runs that were killed have left: a token that nobody will use lies in it.
        with contextlib.suppress(OSError):
            for name in os.listdir(self._folder):
                if name.startswith(f".{self._name}."):
                    told = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
                    if told.st_mtime < self._clock() - _LEFT_BEHIND:
                        os.unlink(name, dir_fd=self._folder)


def wait_for_others(lock: int) -> None:
    """Have a lock to oneself; the name of this function is how a run that is held up here knows that it is."""
    fcntl.flock(lock, fcntl.LOCK_EX)


_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_CREAT | _SAFE


def _open_folder(directory: str) -> int:
    # With a slash at its end a symlink would be followed.
    directory = directory.rstrip("/") or directory
    parent = os.path.dirname(directory)
    # The default lies two folders below the home; a home itself is never made.
    if not os.path.isdir(parent) and os.path.isdir(os.path.dirname(os.path.dirname(parent))):
        os.makedirs(parent, mode=0o700, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(directory, 0o700)
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | _SAFE)
    told = os.fstat(folder)
    if told.st_uid != os.geteuid():
        os.close(folder)
        raise PermissionError(0, "it belongs to somebody else")
    if told.st_mode & 0o022:
        os.close(folder)
        raise PermissionError(0, "others may write to it")
    return folder
