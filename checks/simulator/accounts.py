# SPDX-License-Identifier: BSD-2-Clause
"""Who may come in: the one user, the tokens given out, and the lock-out of an address that failed too often."""

from __future__ import annotations

import hmac
import secrets
from collections import defaultdict, deque
from collections.abc import Callable
from threading import Lock

FAILURES_ALLOWED = 30
FAILURE_WINDOW = 3600.0


class LockedOutError(Exception):
    """The address failed to log in more than FAILURES_ALLOWED times within FAILURE_WINDOW seconds."""


class Accounts:
    """One user with a password, and the rows that logging in leaves behind.

    ``clock`` returns seconds since the epoch, ``token_life`` is in seconds. All methods may be called from any thread.
    """

    def __init__(self, username: str, password: str, token_life: float, clock: Callable[[], float]) -> None:
        self.username = username
        self.password = password
        self.logins = 0
        self.failed_logins = 0
        self.logouts = 0
        self._token_life = token_life
        self._clock = clock
        self._expiries: dict[str, float] = {}
        self._failures: defaultdict[str, deque[float]] = defaultdict(deque)
        # Requests are answered in the server's thread, while tests look and revoke from their own.
        self._lock = Lock()

    def login(self, address: str, username: str, password: str) -> tuple[str, float] | None:
        """A new token and its expiry in seconds since the epoch, or None if the credentials are wrong.

        Raises LockedOutError, for right credentials too. A try made while locked out does not count as a failure: the
        lock-out ends by itself once enough failures are older than the window.
        """
        with self._lock:
            now = self._clock()
            failures = self._failures[address]
            while failures and failures[0] <= now - FAILURE_WINDOW:
                failures.popleft()
            if len(failures) > FAILURES_ALLOWED:
                raise LockedOutError
            if not (_same(username, self.username) and _same(password, self.password)):
                failures.append(now)
                self.failed_logins += 1
                return None
            token, expiry = secrets.token_urlsafe(24), now + self._token_life
            self._expiries[token] = expiry
            self.logins += 1
            return token, expiry

    def logout(self, token: str) -> bool:
        """Remove the token's row; False if there is no such live token."""
        with self._lock:
            if token not in self._live():
                return False
            del self._expiries[token]
            self.logouts += 1
            return True

    def knows(self, token: str) -> bool:
        """Whether the token was given out and has neither expired nor been removed."""
        with self._lock:
            return token in self._live()

    def tokens(self) -> tuple[str, ...]:
        """The live tokens, oldest first."""
        with self._lock:
            return tuple(self._live())

    def revoke_tokens(self) -> int:
        """Remove every token; how many live ones there were."""
        with self._lock:
            count = len(self._live())
            self._expiries.clear()
            return count

    def _live(self) -> dict[str, float]:
        now = self._clock()
        self._expiries = {token: expiry for token, expiry in self._expiries.items() if expiry > now}
        return self._expiries


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
