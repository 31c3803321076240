# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The account of logins that came to nothing: which one may be tried now, so that this address is not locked out.

The API locks an address out after more than 30 failed logins an hour. One user at one address has 12 of them here, over
all passwords together, whatever it was that came back. A login counts from before it is sent until it has succeeded.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from .catalogue import CATALOGUE
from .login import PAUSE, Outcome

HOUR = 3600.0
MOST = 12
"""Logins an hour that may come to nothing."""
AGAIN = 9
"""Those of them for credentials that are known here; the others wait for some that were not seen before."""
AT_ONCE = 10
"""First tries an hour that need not wait; those beyond keep PAUSE, so that a herd leaves room for the next to come."""
FEW = 3
"""The same while it is the API that fails, whatever the credentials are."""
EACH = 100.0
"""Seconds to wait for each login in a row that came to nothing, but for one: a slip costs nothing, an outage is noticed
to have ended soon at first, and 9 tries take about an hour."""
FORGOTTEN = 86400.0

WORD = 12
"""Characters of a digest, of the name of a login or of a start that are kept."""
_KNOWN = 64
_ATTEMPTS = 2 * MOST
_CLOCKS = 4
"""Clocks by which a moment is kept."""
AHEAD = 300.0
"""Seconds by which a moment may lie ahead: a login that is on its way has not been answered yet."""


class Uptime(NamedTuple):
    """Now by a clock that nobody sets: seconds since the machine started, and which clock of which start that is."""

    start: str
    seconds: float

    def later(self, seconds: float) -> Uptime:
        """So many seconds later."""
        return self._replace(seconds=self.seconds + seconds)


class Moment(NamedTuple):
    """When something was, by each clock that has seen it.

    One clock says nothing about what another has noted: of two machines that share a folder, of two starts, of a
    container whose clock is set apart. So what a clock sees for the first time was now, and grows old from then on;
    and once it is old by any of them, it is.
    """

    stamps: Tuple[Uptime, ...]

    def ago(self, now: Uptime) -> float:
        """Seconds that have gone by since, at least."""
        return max([0.0, *(now.seconds - each.seconds for each in self.stamps if each.start == now.start)])

    def seen(self, at: Uptime) -> Moment:
        """With a stamp of this clock, unless it has one that is no later than it can be."""
        if any(each.start == at.start and each.seconds <= at.seconds + AHEAD for each in self.stamps):
            return self
        # What lies further ahead was noted before this clock went back, as that of a machine does that is restored.
        others = tuple(each for each in self.stamps if each.start != at.start)
        return Moment((*others[: _CLOCKS - 1], at))


class Attempt(NamedTuple):
    """A login that has not succeeded, or not yet."""

    name: str
    at: Moment
    """The latest at which it can have reached the API."""
    first: bool
    """Whether its credentials had not been seen before."""
    past: bool = False
    """Whether another login has succeeded since."""


class Known(NamedTuple):
    """Credentials that were tried or put off."""

    at: Moment
    outcome: Optional[Outcome]
    """What their last login came to; None if it was put off each time."""

    @property
    def locked(self) -> bool:
        """Whether this address was found to be locked out."""
        return self.outcome is not None and self.outcome.problem == "throttled"


class Account(NamedTuple):
    """The logins of one user at one address. Credentials are known by a digest."""

    attempts: Tuple[Attempt, ...] = ()
    known: Mapping[str, Known] = {}

    def seen(self, now: Uptime) -> Account:
        """With the time of all by this clock."""
        return Account(
            # It may be on its way.
            tuple(each._replace(at=each.at.seen(now.later(AHEAD))) for each in self.attempts),
            {who: known._replace(at=known.at.seen(now)) for who, known in self.known.items()},
        )

    def recent(self, now: Uptime) -> List[float]:
        """How long ago each login of the last hour was that came to nothing."""
        return [ago for ago in (each.at.ago(now) for each in self.attempts) if ago < HOUR]

    def wait(self, who: str, now: Uptime) -> float:
        """Seconds until these credentials may be tried; 0 if that is now."""
        return max(self._waits(who, now))

    def why(self, who: str, now: Uptime) -> Optional[Outcome]:
        """What the last login with these credentials came to, or that of others, if they found this address locked."""
        known = self.known.get(who)
        locked = (each.outcome for each in self.known.values() if each.locked and each.at.ago(now) < PAUSE)
        return known.outcome if known is not None and known.outcome is not None else next(locked, None)

    def _waits(self, who: str, now: Uptime) -> Iterator[float]:
        yield 0.0
        ages = sorted(self.recent(now))
        known = self.known.get(who)
        most = MOST if known is None else AGAIN
        if len(ages) >= most:
            # Until the one has grown old that is too many.
            yield HOUR - ages[most - 1]
        for each in self.known.values():
            if each.locked:
                # A lock-out is for all.
                yield PAUSE - each.at.ago(now)
        if known is None:
            first = [each.at.ago(now) for each in self.attempts if each.first]
            if sum(ago < HOUR for ago in first) >= (FEW if self._api_fails(now) else AT_ONCE):
                yield PAUSE - min(first)
            return
        row = [ago for ago in (each.at.ago(now) for each in self.attempts if not each.past) if ago < HOUR]
        yield EACH * (len(row) - 1) - min(row, default=HOUR)
        if known.outcome is not None:
            # Each in its turn; and a refusal stands for a while.
            turns = PAUSE * len(self.known) if known.outcome.refused else EACH * (len(self.known) - 1)
            yield turns - known.at.ago(now)

    def _api_fails(self, now: Uptime) -> bool:
        """Whether the latest login failed whatever its credentials were."""
        tried = [(each.at.ago(now), each.outcome.refused) for each in self.known.values() if each.outcome is not None]
        return not min(tried, default=(0.0, True))[1]

    def begun(self, attempt: Attempt, who: str, now: Uptime) -> Account:
        """With a login that is about to be sent: if nothing more is heard of it, it was not answered in time."""
        return self._with(attempt, who, Known(attempt.at, Outcome("timeout")), now)

    def failed(self, name: str, who: str, now: Uptime, outcome: Outcome) -> Account:
        """With what that login came to."""
        first = any(each.name == name and each.first for each in self.attempts)
        return self._with(Attempt(name, Moment((now,)), first), who, Known(Moment((now,)), outcome), now)

    def succeeded(self, name: str, who: str) -> Account:
        """Without that login and what was known of its credentials: those before it count, but are past."""
        return Account(
            tuple(each._replace(past=True) for each in self.attempts if each.name != name),
            {other: known for other, known in self.known.items() if other != who},
        )

    def put_off(self, who: str, now: Uptime) -> Account:
        """With credentials that had to wait for their first try."""
        return self if who in self.known else self._with(None, who, Known(Moment((now,)), None), now)

    def _with(self, attempt: Optional[Attempt], who: str, known: Known, now: Uptime) -> Account:
        kept = [each for each in self.attempts if each.at.ago(now) < HOUR]
        if attempt is not None:
            kept = [*(each for each in kept if each.name != attempt.name), attempt]
        others = {other: each for other, each in self.known.items() if other != who and each.at.ago(now) < FORGOTTEN}
        latest = list(others.items())[-_KNOWN + 1 :]
        return Account(tuple(kept[-_ATTEMPTS:]), {**dict(latest), who: known})


def as_data(account: Account) -> Dict[str, Any]:
    """The account as JSON can hold it: numbers, digests, and names of problems."""
    return {
        "attempts": [[each.name, _spelled(each.at), int(each.first), int(each.past)] for each in account.attempts],
        "known": {
            who: [_spelled(known.at), *(() if known.outcome is None else _numbers(known.outcome))]
            for who, known in account.known.items()
        },
    }


def from_data(data: Mapping[str, Any]) -> Account:
    """The account that JSON held; what makes no sense in it is left out."""
    attempts, known = data.get("attempts"), data.get("known")
    told = [_attempt(row) for row in attempts[-_ATTEMPTS:]] if isinstance(attempts, list) else []
    rows = list(known.items())[-_KNOWN:] if isinstance(known, dict) else []
    read = {who: _known(row) for who, row in rows if _is_word(who)}
    return Account(
        tuple(attempt for attempt in told if attempt is not None),
        {who: each for who, each in read.items() if each is not None},
    )


def _spelled(at: Moment) -> List[Tuple[str, float]]:
    return [(each.start, round(each.seconds, 3)) for each in at.stamps]


def _numbers(outcome: Outcome) -> Tuple[str, int, int, int]:
    return outcome.problem, outcome.status, outcome.code, int(outcome.of_token)


def _attempt(row: object) -> Optional[Attempt]:
    if not isinstance(row, list) or len(row) != 4 or not _is_word(row[0]) or not _are_flags(row[2:]):
        return None
    at = _moment(row[1])
    return None if at is None else Attempt(row[0], at, bool(row[2]), bool(row[3]))


def _known(row: object) -> Optional[Known]:
    if not isinstance(row, list) or len(row) not in (1, 5):
        return None
    at = _moment(row[0])
    if at is None or len(row) == 1:
        return None if at is None else Known(at, None)
    problem, status, code, of_token = row[1:]
    sound = isinstance(problem, str) and problem in CATALOGUE and _are_flags([of_token])
    if not sound or not all(_is_number(number) for number in (status, code)):
        return None
    return Known(at, Outcome(problem, status, code, bool(of_token)))


def _moment(stamps: object) -> Optional[Moment]:
    if not isinstance(stamps, list) or not 0 < len(stamps) <= _CLOCKS:
        return None
    told = [_uptime(*each) for each in stamps if isinstance(each, list) and len(each) == 2]
    sound = tuple(each for each in told if each is not None)
    return Moment(sound) if len(sound) == len(stamps) else None


def _uptime(start: object, seconds: object) -> Optional[Uptime]:
    if not _is_word(start) or isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return Uptime(str(start), float(seconds)) if 0 <= seconds < 10**9 else None


def _are_flags(row: List[object]) -> bool:
    return all(flag in (0, 1) for flag in row)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**5


def _is_word(text: object) -> bool:
    # What is kept must not outgrow its file, whatever was in there.
    return isinstance(text, str) and len(text) <= WORD and text.isascii() and text.isalnum()
