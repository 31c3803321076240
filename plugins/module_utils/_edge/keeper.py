# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Tokens, and the account of logins, kept on disk between runs.

A token belongs to one caller: address, user, headers and client certificate. The account is that of one user at one
address. Whatever is wrong with the folder, the API is still asked: then without memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import time
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from .._core.attempts import WORD, Account, Attempt, Uptime, as_data, from_data
from .._core.deadline import DEFAULT_TIMEOUT
from .._core.session import Credentials, Held, Keeper, Outcome, sound_token
from .folder import BLOCK, Folder

_ACCOUNT = 2 * BLOCK
"""What the longest account takes: a file is made as long at once, so that a full disk has room for it."""
_TOKEN = 4 * BLOCK
_ROUNDS = 20_000
_UNTOLD = 10.0
"""Seconds for which a run is waited for that has not said how long it may take: it is about to."""
_GRACE = 1.0
_LONGEST = 300.0
"""Seconds after which a login of which nothing more is heard counts as over, however long its run may take."""


def uptime() -> Uptime:
    """Now, by the clock that nobody sets."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            start = file.read(64).strip().replace("-", "")[:16]
    except (OSError, ValueError):
        start = ""
    return Uptime(start, time.clock_gettime(clock))


def caller(headers: Mapping[str, str], client_cert: bytes) -> bytes:
    """What tells a caller from others of the same name at the same address; empty if there is nothing of the kind."""
    if not headers and not client_cert:
        return b""
    told = sorted((name.lower(), value) for name, value in headers.items())
    return json.dumps([told, hashlib.sha256(client_cert).hexdigest()]).encode()


class DiskKeeper(Keeper):
    """What is kept for one caller."""

    _folder: Optional[Folder] = None

    def __init__(
        self,
        directory: str,
        url: str,
        credentials: Credentials,
        caller: bytes = b"",
        tokens: bool = True,
        limit: float = DEFAULT_TIMEOUT,
        clock: Callable[[], Uptime] = uptime,
    ) -> None:
        """`directory` is made when it is not there. When it cannot be used, `why_not` says why.

        `tokens` is whether tokens are kept, and not the account alone; `limit` the seconds that this run may take.
        """
        who = json.dumps([_address(url), credentials.username])
        self._name = hashlib.sha256(who.encode()).hexdigest()[:32]
        self._password = json.dumps(credentials.password).encode() + caller
        self._caller = caller
        self._tokens = tokens
        self._limit = limit
        self._clock = clock
        self._attempt = ""
        self._digests: Dict[str, str] = {}
        self.why_not = ""
        try:
            self._folder = Folder(directory)
        except OSError as error:
            self.why_not = error.strerror or type(error).__name__

    def token(self) -> Optional[str]:
        """The token kept for this caller."""
        name = self._token_file()
        if self._folder is None or not name:
            return None
        token = _read(self._folder, name, _TOKEN).get("token")
        return token if isinstance(token, str) and sound_token(token) else None

    def keep(self, token: str) -> bool:
        """Keep a new token in its place. Returns whether that worked."""
        name = self._token_file()
        data = json.dumps({"token": token}).encode()
        return self._folder is not None and bool(name) and len(data) <= _TOKEN and self._folder.write(name, data)

    def forget(self, token: str) -> None:
        """Keep this token no longer."""
        if self._folder is not None and self.token() == token:
            self._folder.remove(self._token_file())

    @contextlib.contextmanager
    def logging_in(self) -> Iterator[None]:
        """One run at a time logs in; where no lock can be had, nobody waits.

        Whoever does says how long that may take, so that one which hangs keeps the others out no longer.
        """
        if self._folder is None:
            yield
            return
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
        if self._folder is None:
            return None
        with self._account() as (salt, account):
            now, who = self._clock(), self._digest(salt)
            wait = account.wait(who, now)
            if wait and who not in account.known:
                self._save(salt, account.put_off(who, now))
            return self._why(account, who, now, wait) if wait else None

    def begin(self) -> Optional[Held]:
        """Note a login that is about to be sent, or say why it must not be made after all.

        Where nothing can be noted it is made nevertheless, unless these credentials are known to be refused.
        """
        if self._folder is None:
            return None
        with self._account() as (salt, account):
            now, who = self._clock(), self._digest(salt)
            wait = account.wait(who, now)
            if wait:
                return self._why(account, who, now, wait)
            self._attempt = os.urandom(4).hex()
            attempt = Attempt(self._attempt, now.later(min(self._limit, _LONGEST)), who not in account.known)
            noted = self._save(salt, account.begun(attempt, who, now))
            last = account.why(who, now)
            return None if noted or last is None or not last.refused else self._why(account, who, now, None)

    def succeeded(self) -> None:
        """The login that was noted gave a token."""
        self._change(lambda account, who: account.succeeded(self._attempt, who))

    def failed(self, outcome: Outcome) -> None:
        """The login that was noted, or the token that it gave, came to nothing."""
        self._change(lambda account, who: account.failed(self._attempt, who, self._clock(), outcome))

    def _why(self, account: Account, who: str, now: Uptime, wait: Optional[float]) -> Held:
        return Held(account.why(who, now), len(account.recent(now)), wait)

    def _change(self, change: Callable[[Account, str], Account]) -> None:
        if self._folder is not None and self._attempt:
            with self._account() as (salt, account):
                self._save(salt, change(account, self._digest(salt)))

    @contextlib.contextmanager
    def _account(self) -> Iterator[Tuple[str, Account]]:
        """The account and its salt, while nobody else changes it."""
        assert self._folder is not None
        with self._folder.lock("account-%s.lock" % self._name):
            kept = self._kept()
            yield self._salt(kept) or os.urandom(16).hex(), from_data(kept)

    def _kept(self) -> Dict[str, Any]:
        assert self._folder is not None
        return _read(self._folder, "account-%s.json" % self._name, _ACCOUNT)

    def _salt(self, kept: Mapping[str, Any]) -> str:
        salt = kept.get("salt")
        return salt if isinstance(salt, str) and salt.isascii() and len(salt) == 32 else ""

    def _save(self, salt: str, account: Account) -> bool:
        assert self._folder is not None
        data = json.dumps({"salt": salt, **as_data(account)}, separators=(",", ":")).encode()
        return self._folder.write("account-%s.json" % self._name, data.ljust(_ACCOUNT))

    def _token_file(self) -> str:
        """Where the token of this caller is kept; empty if it is not."""
        if self._folder is None or not self._tokens:
            return ""
        if not self._caller:
            return "token-%s.json" % self._name
        # The values of headers are secrets, and the names of files are not.
        key = self._salt(self._kept()).encode()
        digest = hmac.new(key, self._name.encode() + self._caller, "sha256")
        return "token-%s.json" % digest.hexdigest()[:32] if key else ""

    def _digest(self, salt: str) -> str:
        # Slow on purpose, and only ever needed around a login: the file must not give a guesser an easy start.
        if salt not in self._digests:
            made = hashlib.pbkdf2_hmac("sha256", self._password, salt.encode(), _ROUNDS)
            self._digests = {salt: made.hex()[:WORD]}
        return self._digests[salt]

    def _outstayed(self) -> Callable[[int], bool]:
        begun = self._clock()

        def over(file: int) -> bool:
            now, until = self._clock(), _told(file)
            waited = now.since(begun)
            if until is None or until.start != now.start:
                return waited > _UNTOLD
            # What is told may for a moment be what the one before has left.
            return now.seconds > until.seconds and waited > _GRACE

        return over


def _address(url: str) -> str:
    """An address as every spelling of it comes to."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return "%s://%s:%s%s" % (parts.scheme, parts.hostname, port, parts.path)


def _read(folder: Folder, name: str, most: int) -> Dict[str, Any]:
    try:
        kept = json.loads(folder.read(name, most))
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


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
