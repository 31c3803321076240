# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The account of logins of one user at one address, kept on disk.

It is changed under a lock that is held for a moment, and read before each login. Another lock is held while one run
logs in for all.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import json
import os
import time
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

from .._core.attempts import AHEAD, WORD, Account, Attempt, Moment, Uptime, as_data, from_data
from .._core.login import Held, Outcome
from .folder import BLOCK, Folder

_SIZE = 4 * BLOCK
"""What the longest account takes: a file is made as long at once, so that a full disk has room for it."""
_ROUNDS = 20_000
_UNTOLD = 10.0
"""Seconds for which a run is waited for that has not said how long it may take: it is about to."""
_GRACE = 1.0


def uptime() -> Uptime:
    """Now, by the clock that nobody sets."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Uptime(_start(), time.clock_gettime(clock))


@functools.lru_cache
def _start() -> str:
    # What has been started anew, or runs in a time of its own, counts other seconds.
    told = (_system("/proc/sys/kernel/random/boot_id") or os.uname().nodename, *_namespace())
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:WORD]


def _namespace() -> Iterator[str]:
    """What sets this clock apart from that of the machine, as it may in a container."""
    with contextlib.suppress(OSError):
        own, heirs = (os.readlink("/proc/self/ns/" + name) for name in ("time", "time_for_children"))
        # What can be read is said of the children that are yet to come.
        yield _system("/proc/self/timens_offsets") if own == heirs else own


def _system(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return " ".join(file.read(256).split())
    except (OSError, ValueError):
        return ""


class Ledger:
    """That account, for one set of credentials."""

    def __init__(
        self, folder: Folder, name: str, secrets: bytes, limit: float, clock: Optional[Callable[[], Uptime]] = None
    ) -> None:
        """`name` is that of user and address in the names of files, `limit` the seconds that this run may take."""
        self._folder = folder
        self._name = name
        self._secrets = secrets
        self._limit = limit
        self._clock = clock or uptime
        self._attempt = ""
        self._digests: Dict[str, str] = {}

    @contextlib.contextmanager
    def logging_in(self) -> Iterator[None]:
        """One run at a time logs in; where no lock can be had, nobody waits.

        Whoever does says how long that may take, so that one which hangs keeps the others out no longer.
        """
        self._prepare()
        with self._folder.lock("login-%s.lock" % self._name, self._outstayed()) as file:
            if file is not None:
                _tell(file, self._clock().later(self._limit + _GRACE))
            try:
                yield
            finally:
                if file is not None:
                    _tell(file, None)

    def held(self) -> Optional[Held]:
        """Why a login must not be made now."""
        with self._now() as (salt, kept, account, now):
            who = self._digest(salt)
            wait = account.wait(who, now)
            if wait:
                account = account.put_off(who, now)
            if account != kept:
                self._save(salt, account)
            return self._why(account, who, now, wait) if wait else None

    def begin(self) -> Optional[Held]:
        """Note a login that is about to be sent, or say why it must not be made after all.

        Where nothing can be noted it is made nevertheless, unless these credentials are known to be refused.
        """
        with self._now() as (salt, _kept, account, now):
            who = self._digest(salt)
            wait = account.wait(who, now)
            if wait:
                return self._why(account, who, now, wait)
            self._attempt = os.urandom(4).hex()
            over = Moment((now.later(min(self._limit, AHEAD)),))
            attempt = Attempt(self._attempt, over, who not in account.known)
            noted = self._save(salt, account.begun(attempt, who, now))
            last = account.why(who, now)
            return None if noted or last is None or not last.refused else self._why(account, who, now, None)

    def succeeded(self) -> None:
        """The login that was noted gave a token."""
        self._end(lambda account, who: account.succeeded(self._attempt, who))

    def failed(self, outcome: Outcome) -> None:
        """The login that was noted, or the token that it gave, came to nothing."""
        self._end(lambda account, who: account.failed(self._attempt, who, self._clock(), outcome))

    def veiled(self, secret: bytes) -> str:
        """A digest of it that needs this account to be made; empty while there is none."""
        key = _salt(self._kept())
        return hmac.new(key.encode(), secret, "sha256").hexdigest() if key else ""

    @contextlib.contextmanager
    def changing(self) -> Iterator[Tuple[str, Account]]:
        """The account and its salt, while nobody else changes it, or what is kept under it."""
        with self._folder.lock("account-%s.lock" % self._name):
            kept = self._kept()
            yield _salt(kept) or os.urandom(16).hex(), from_data(kept)

    @contextlib.contextmanager
    def _now(self) -> Iterator[Tuple[str, Account, Account, Uptime]]:
        """The account as it is kept, and with the time of all that is in it by this clock; and that time."""
        with self.changing() as (salt, kept):
            now = self._clock()
            yield salt, kept, kept.seen(now), now

    def _prepare(self) -> None:
        # What takes long is done by all who wait, side by side.
        salt = _salt(self._kept())
        if not salt:
            with self.changing() as (salt, account):
                self._save(salt, account)
        self._digest(salt)

    def _why(self, account: Account, who: str, now: Uptime, wait: Optional[float]) -> Held:
        return Held(account.why(who, now), len(account.recent(now)), wait)

    def _end(self, change: Callable[[Account, str], Account]) -> None:
        if self._attempt:
            with self.changing() as (salt, account):
                self._save(salt, change(account, self._digest(salt)))

    def _kept(self) -> Dict[str, Any]:
        return self._folder.read_data("account-%s.json" % self._name, _SIZE)

    def _save(self, salt: str, account: Account) -> bool:
        data = json.dumps({"salt": salt, **as_data(account)}, separators=(",", ":")).encode()
        return self._folder.write("account-%s.json" % self._name, data.ljust(_SIZE))

    def _digest(self, salt: str) -> str:
        # Slow on purpose, and only ever needed around a login: the file must not give a guesser an easy start.
        if salt not in self._digests:
            made = hashlib.pbkdf2_hmac("sha256", self._secrets, salt.encode(), _ROUNDS)
            self._digests = {salt: made.hex()[:WORD]}
        return self._digests[salt]

    def _outstayed(self) -> Callable[[int], bool]:
        begun = self._clock()

        def over(file: int) -> bool:
            now, until = self._clock(), _told(file)
            waited = now.seconds - begun.seconds
            if until is None or until.start != now.start:
                return waited > _UNTOLD
            # What is told may for a moment be what the one before has left.
            return now.seconds > until.seconds and waited > _GRACE

        return over


def _salt(kept: Dict[str, Any]) -> str:
    salt = kept.get("salt")
    return salt if isinstance(salt, str) and salt.isascii() and len(salt) == 32 else ""


def _tell(file: int, until: Optional[Uptime]) -> None:
    with contextlib.suppress(OSError):
        os.ftruncate(file, 0)
        if until is not None:
            os.pwrite(file, json.dumps(until).encode(), 0)


def _told(file: int) -> Optional[Uptime]:
    try:
        start, seconds = json.loads(os.pread(file, 200, 0))
        return Uptime(str(start), float(seconds))
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return None
