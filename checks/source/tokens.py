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
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from wabiz_monitoring._core.catalogue import CATALOGUE, Trouble
from wabiz_monitoring._core.session import Credentials, Keeper, sound_token
from wabiz_monitoring._core.units import SECONDS, spell

NONE = "none"
"""The name of the state directory that keeps nothing."""

_BLOCK = 4096
_LARGEST = 4 * _BLOCK
_ROUNDS = 20_000
_MOST = 16
"""Passwords that are held back at a time: so many first tries, and 12 more an hour, are fewer than 30."""
_LEFT_BEHIND = 3600
"""Seconds after which nobody is still writing a file: no run may take longer."""


def default_directory() -> str:
    """`$XDG_STATE_HOME/wabiz-monitoring`, that is `~/.local/state/wabiz-monitoring`."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "wabiz-monitoring")


class _Refusal(NamedTuple):
    """That a password was refused, and until when it is not tried again."""

    until: float
    problem: str
    text: str


def _refusal(row: object) -> _Refusal | None:
    if not isinstance(row, dict):
        return None
    until, problem, text = (row.get(name) for name in _Refusal._fields)
    if not isinstance(until, int | float) or not isinstance(problem, str) or not isinstance(text, str):
        return None
    return _Refusal(until, problem, text) if problem in CATALOGUE else None


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
        return token if isinstance(token, str) and sound_token(token) and alive else None

    def keep(self, token: str, expires: datetime | None) -> bool:
        """Replace what was kept by a new token. Returns whether that worked."""
        until = expires.timestamp() if expires else None
        # One of the clocks is wrong when it is over already: then the server says when it is. Not to believe in a token
        # at all would mean a login, and a row on the server, with every run.
        return self._write({"token": token, "expires": until if until and until > self._clock() else None})

    def held_back(self) -> Trouble | None:
        """The refusal of these very credentials, while it is young."""
        kept = self._read()
        held = self._refusals(kept)
        mine = held.get(self._digest(kept.get("salt"))) if held else None
        if mine is None:
            return None
        left = spell(max(mine.until - self._clock(), 1), SECONDS)
        return Trouble(mine.problem, f"{mine.text}; not tried again for {left}, so that this address is not locked out")

    def hold_back(self, trouble: Trouble, seconds: int) -> None:
        """Remember that these credentials were refused.

        With others that are held back they share what one may do: each waits the longer the more there are.
        """
        kept = self._read()
        held = self._refusals(kept)
        salt = kept.get("salt") if held else os.urandom(16).hex()
        mine = self._digest(salt)
        held.pop(mine, None)
        latest = sorted(held.items(), key=lambda row: row[1].until)[-_MOST + 1 :]
        until = self._clock() + seconds * (len(latest) + 1)
        refusals = {**dict(latest), mine: _Refusal(until, trouble.problem, trouble.text)}
        self._write({"salt": salt, "held": {digest: refusal._asdict() for digest, refusal in refusals.items()}})

    def _refusals(self, kept: Mapping[str, Any]) -> dict[str, _Refusal]:
        """What is held back now, by the digest of the password; what makes no sense is not."""
        held = kept.get("held")
        rows = held.items() if isinstance(held, dict) else ()
        told = {digest: _refusal(row) for digest, row in rows}
        now = self._clock()
        # A clock that was set back must not hold anybody back for years.
        return {digest: row for digest, row in told.items() if row and now < row.until <= now + 86400}

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

    def _digest(self, salt: object) -> str:
        # Slow on purpose, and only ever needed around a refusal: the file must not give a guesser an easy start.
        return hashlib.pbkdf2_hmac("sha256", self._password, str(salt).encode("utf-8", "replace"), _ROUNDS).hex()

    def _read(self) -> dict[str, Any]:
        try:
            with self._opened(os.O_RDONLY) as file:
                kept = json.loads(os.read(file, _LARGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self, kept: Mapping[str, Any]) -> bool:
        data = json.dumps(kept).encode()
        # Whole blocks, so that there is room for the next one in the place of this one.
        data = data.ljust(-(-len(data) // _BLOCK) * _BLOCK)
        if len(data) > _LARGEST:
            return False
        try:
            self._replace(data)
        except OSError:
            return self._overwrite(data)
        self._sweep()
        return True

    def _replace(self, data: bytes) -> None:
        name = f".{self._name}.{os.getpid()}.{os.urandom(4).hex()}"
        file = os.open(name, os.O_WRONLY | os.O_EXCL | _NEW, 0o600, dir_fd=self._folder)
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(data)
            os.replace(name, self._name + ".json", src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except OSError:
            os.unlink(name, dir_fd=self._folder)
            raise

    def _overwrite(self, data: bytes) -> bool:
        # A full disk has no room for another file, but this one has its own: a refusal must not be forgotten.
        try:
            with self._opened(os.O_WRONLY) as file:
                size = os.fstat(file).st_size
                return size >= len(data) and os.pwrite(file, data.ljust(size), 0) == size
        except OSError:
            return False

    @contextlib.contextmanager
    def _opened(self, how: int) -> Iterator[int]:
        """The file, when it is ours and nobody else's. Raises OSError."""
        file = os.open(self._name + ".json", how | os.O_NONBLOCK | _SAFE, dir_fd=self._folder)
        try:
            told = os.fstat(file)
            if not stat.S_ISREG(told.st_mode) or told.st_uid != os.geteuid() or told.st_mode & 0o077:
                raise PermissionError
            yield file
        finally:
            os.close(file)

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
