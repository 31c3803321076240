# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A login, what it came to, and why it is held back."""

from __future__ import annotations

import base64
from typing import NamedTuple, Optional

from .catalogue import Trouble
from .document import decode
from .http import LOGIN, Reply, Request, Transport, envelope, refuse
from .session import JUST_GIVEN, Credentials, Keeper, sound_token
from .text import Foreign, Message, Place, count, say
from .units import SECONDS, spell

PAUSE = 295
"""Seconds for which refused credentials are not tried again: who asks every minute notices within five minutes that
they have been put right on the server."""


PASSWORD_MUST_CHANGE = 1024
"""The code of the refusal of an administrator's first login."""


class Outcome(NamedTuple):
    """What a login came to that came to nothing: all that is remembered of it, and nothing that the server said."""

    problem: str
    status: int = 0
    """Of the answer; 0 if there was none."""
    code: int = 0
    """That of the API's envelope; 0 without one."""
    of_token: bool = False
    """Whether it was the token that was refused, and not the login that gave it."""

    @property
    def refused(self) -> bool:
        """Whether the credentials are wrong, as far as the server says."""
        return self.problem in ("unauthorized", "throttled")


class Held(NamedTuple):
    """That a login must not be made now."""

    outcome: Optional[Outcome]
    """What the last one with these credentials came to; None if there was none."""
    failed: int
    """How many logins of this user came to nothing within the last hour."""
    wait: Optional[float]
    """Seconds until it may be made; None while it cannot be noted."""


def log_in(transport: Transport, credentials: Credentials, place: Place, keeper: Keeper) -> str:
    """The token that a login gives, unless none may be made now. Raises Trouble.

    The login is noted by the keeper before it is sent, and so is what it came to if that was nothing.
    """
    user = Foreign(credentials.username or "", place)

    def unless(held: Optional[Held]) -> None:
        if held is not None:
            raise _held_back(user, held)

    unless(keeper.held())
    pair = "%s:%s" % (credentials.username, credentials.password)
    basic = base64.b64encode(pair.encode("utf-8", "replace")).decode("ascii")
    request = Request(
        "POST",
        LOGIN,
        {"Authorization": "Basic " + basic},
        farewell_follows=True,
        sending=lambda: unless(keeper.begin()),
    )
    try:
        reply = transport(request)
    except Trouble as trouble:
        keeper.failed(Outcome(trouble.problem))
        raise
    try:
        return _token_of(reply, user, place)
    except Trouble as trouble:
        keeper.failed(Outcome(trouble.problem, reply.status, _code(reply, place)))
        raise


def _token_of(reply: Reply, user: Foreign, place: Place) -> str:
    if reply.status == 200:
        return _read_token(reply.body, place)
    if reply.status in _REFUSALS:
        outcome = Outcome(_REFUSALS[reply.status], reply.status, _code(reply, place))
        raise Trouble(outcome.problem, _words(user, outcome))
    refuse(reply, LOGIN, place)


_REFUSALS = {401: "unauthorized", 403: "unauthorized", 429: "throttled"}
"""Statuses of a refused login. Of such an answer nothing is quoted: it was made of the password, perhaps."""


# API.md, section 3. Another number may be made of the password, as other words of a refusal may.
_CODES = frozenset((1005, 1006, 1011, 1014, 1015, 1016, 1017, 1018, 1023, PASSWORD_MUST_CHANGE))


def _code(reply: Reply, place: Place) -> int:
    error = envelope(reply, place)
    return error.code if error and error.code in _CODES else 0


def _words(user: Foreign, outcome: Outcome) -> Message:
    """What a login came to, in our words."""
    said = say("HTTP %d", outcome.status)
    if outcome.code:
        said = say("%s, error %d", said, outcome.code)
    if outcome.of_token:
        return say("%s (%s)", JUST_GIVEN, said)
    if outcome.status == 401:
        if outcome.code == PASSWORD_MUST_CHANGE:
            return say("login of user %s refused: its password must be changed first (HTTP 401)", user)
        return say("login of user %s refused: wrong user name or password (HTTP 401)", user)
    if outcome.status == 429:
        return say("login of user %s refused: too many failed logins from this address (HTTP 429)", user)
    if outcome.status in _REFUSALS:
        return say("login of user %s refused (%s)", user, said)
    if outcome.status == 200:
        return say("login of user %s failed: the answer held no token", user)
    if outcome.status:
        return say("login of user %s failed (%s)", user, said)
    return say("login of user %s failed: no answer", user)


def _held_back(user: Foreign, held: Held) -> Trouble:
    remedy = None
    if held.wait is None:
        until, remedy = say("while that cannot be noted"), say("let the state directory be written to")
    else:
        until = say("for %s, so that this address is not locked out", spell(max(held.wait, 1), SECONDS))
    if held.outcome is not None:
        return Trouble(held.outcome.problem, say("%s; not tried again %s", _words(user, held.outcome), until), remedy)
    failed = count(held.failed, "login")
    return Trouble(
        "unauthorized",
        say("login of user %s not tried %s: %s failed within the hour", user, until, failed),
        remedy or say("see what else logs in as this user from here, with a wrong password"),
    )


def _read_token(body: bytes, place: Place) -> str:
    users = decode(body, place).get("users")
    first = users[0] if isinstance(users, list) and users and isinstance(users[0], dict) else {}
    token = first.get("token")
    if not isinstance(token, str) or not sound_token(token):
        raise Trouble("invalid", say("the answer to the login holds no token"))
    return token
