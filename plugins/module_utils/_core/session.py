# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How the answer is had: token, login, one more login when the token is refused, logout.

Every login adds a row on the server that only a logout removes, and more than 30 failed logins an hour lock the
caller's address out. So a token is kept where there is a place to keep it, else given back; and after a refused login
the same credentials are held back for a while.
"""

from __future__ import annotations

import base64
from contextlib import nullcontext, suppress
from datetime import datetime, timezone
from typing import ContextManager, Dict, List, NamedTuple, Optional, Tuple

from .catalogue import Trouble
from .document import decode
from .http import LOGIN, LOGOUT, SUPPORT, Reply, Request, Transport, envelope, refuse
from .misuse import Misuse
from .text import clean
from .times import parse_time

HOLD_BACK = 300
"""Seconds for which refused credentials are not tried again: 12 failed logins an hour, of the 30 that are allowed."""


PASSWORD_MUST_CHANGE = 1024
"""The code of the refusal of an administrator's first login."""


class Credentials(NamedTuple):
    """Who asks. All may be None behind a gateway that wants headers of its own. Never shown."""

    username: Optional[str] = None
    password: Optional[str] = None
    token: Optional[str] = None

    def __repr__(self) -> str:
        return "Credentials(...)"

    @property
    def can_log_in(self) -> bool:
        """Whether there is a user name and a password."""
        return self.username is not None and self.password is not None


def credentials(username: Optional[str], password: Optional[str], token: Optional[str]) -> Credentials:
    """Credentials as a user gave them; what is empty counts as not given.

    Raises Misuse, with a sentence for the user, for what cannot be sent.
    """
    if token and not sound_token(token):
        raise Misuse("the token holds characters that cannot stand in a header")
    if ":" in (username or ""):
        raise Misuse("a user name cannot hold a colon")
    return Credentials(username or None, password or None, token or None)


class Keeper:
    """Where tokens and refusals are remembered between runs; this one remembers nothing."""

    keeps = False

    def token(self) -> Optional[str]:
        """The token kept for these credentials."""
        return None

    def keep(self, token: str, expires: Optional[datetime]) -> bool:
        """Remember a new token, and forget a refusal. Returns whether that worked."""
        return False

    def held_back(self) -> Optional[Trouble]:
        """The refusal for which these credentials must not be tried now."""
        return None

    def hold_back(self, trouble: Trouble, seconds: int) -> None:
        """Remember a refusal for a while."""

    def lock(self) -> ContextManager[None]:
        """Held while one of many runs logs in for all."""
        return nullcontext()


def ask(transport: Transport, credentials: Credentials, keeper: Optional[Keeper] = None) -> bytes:
    """The body of `GET /v1/support`, logging in as needed and at most once.

    Raises Trouble for whatever stands in the way.
    """
    if credentials.token is not None:
        reply = _get(transport, credentials.token)
        if reply.status != 401 or not credentials.can_log_in:
            return _body(reply, "the token given is refused", _ASK_ANEW)
    if not credentials.can_log_in:
        return _body(_get(transport, None), _lacking(credentials), _GIVE)
    if keeper is None or not keeper.keeps:
        return _ask_once(transport, credentials)
    return _ask_keeping(transport, credentials, keeper)


def ask_timed(
    transport: Transport, credentials: Credentials, keeper: Optional[Keeper] = None
) -> Tuple[bytes, datetime]:
    """The same, and our time (UTC) in the middle of the request that was answered."""
    asked_at: List[datetime] = []

    def send(request: Request) -> Reply:
        before = datetime.now(timezone.utc)
        reply = transport(request)
        if request.path == SUPPORT:
            asked_at.append(before + (datetime.now(timezone.utc) - before) / 2)
        return reply

    return ask(send, credentials, keeper), asked_at[-1]


_JUST_GIVEN = "the token just given out is refused"
_ASK_ANEW = "get a new token, which lives 7 days, or give user name and password in its place"
_GIVE = "give user name and password: WA_WEB_USERNAME and WA_WEB_PASSWORD in the environment are one way"


def _lacking(credentials: Credentials) -> str:
    if credentials.username is not None:
        return "no password was given for user %s" % clean(credentials.username)
    return "no credentials were given" if credentials.password is None else "no user name was given"


def _ask_once(transport: Transport, credentials: Credentials) -> bytes:
    return _ask_and_log_out(transport, _log_in(transport, credentials)[0])


def _ask_and_log_out(transport: Transport, token: str) -> bytes:
    try:
        return _body(transport(Request("GET", SUPPORT, _bearer(token), farewell_follows=True)), _JUST_GIVEN)
    finally:
        # The answer counts; the server drops the token by itself within a week.
        with suppress(Trouble):
            transport(Request("POST", LOGOUT, _bearer(token), farewell=True))


def _ask_keeping(transport: Transport, credentials: Credentials, keeper: Keeper) -> bytes:
    stale = keeper.token()
    if stale is not None:
        reply = _get(transport, stale)
        if reply.status != 401:
            return _body(reply, "")
    with keeper.lock():
        token = keeper.token()
        # Another run may have logged in while this one waited for the lock.
        if token is None or token == stale:
            held = keeper.held_back()
            if held:
                raise held
            token, kept = _log_in_and_keep(transport, credentials, keeper)
            if not kept:
                return _ask_and_log_out(transport, token)
    reply = _get(transport, token)
    try:
        return _body(reply, _JUST_GIVEN)
    except Trouble as trouble:
        if reply.status == 401:
            # Each login adds a row on the server: one that serves nothing is held back like one that is refused.
            keeper.hold_back(trouble, HOLD_BACK)
        raise


def _log_in_and_keep(transport: Transport, credentials: Credentials, keeper: Keeper) -> Tuple[str, bool]:
    try:
        token, expires = _log_in(transport, credentials)
    except Trouble as trouble:
        if trouble.problem in ("unauthorized", "throttled"):
            keeper.hold_back(trouble, HOLD_BACK)
        raise
    return token, keeper.keep(token, expires)


def _log_in(transport: Transport, credentials: Credentials) -> Tuple[str, Optional[datetime]]:
    pair = "%s:%s" % (credentials.username, credentials.password)
    basic = base64.b64encode(pair.encode("utf-8", "replace")).decode("ascii")
    reply = transport(Request("POST", LOGIN, {"Authorization": "Basic " + basic}))
    if reply.status == 200:
        return _read_token(reply.body)
    user = clean(credentials.username)
    if reply.status == 401:
        error = envelope(reply)
        first_login = error is not None and error.code == PASSWORD_MUST_CHANGE
        why = "its password must be changed first" if first_login else "wrong user name or password"
        raise Trouble("unauthorized", "login of user %s refused: %s (HTTP 401)" % (user, why))
    if reply.status == 429:
        raise Trouble(
            "throttled", "login of user %s refused: too many failed logins from this address (HTTP 429)" % user
        )
    refuse(reply, LOGIN)


def _read_token(body: bytes) -> Tuple[str, Optional[datetime]]:
    users = decode(body).get("users")
    first = users[0] if isinstance(users, list) and users and isinstance(users[0], dict) else {}
    token = first.get("token")
    if not isinstance(token, str) or not sound_token(token):
        raise Trouble("invalid", "the answer to the login holds no token")
    expires = first.get("expires_after")
    try:
        return token, parse_time(expires).utc if isinstance(expires, str) else None
    except ValueError:
        return token, None


def sound_token(token: str) -> bool:
    """Whether it can be sent: it goes into a header, which anything but visible ASCII would end or forge."""
    return token != "" and all("!" <= char <= "~" for char in token)


def _get(transport: Transport, token: Optional[str]) -> Reply:
    return transport(Request("GET", SUPPORT, {} if token is None else _bearer(token)))


def _bearer(token: str) -> Dict[str, str]:
    return {"Authorization": "Bearer " + token}


def _body(reply: Reply, refused: str, remedy: str = "") -> bytes:
    if reply.status == 200:
        return reply.body
    if reply.status == 401 and refused:
        raise Trouble("unauthorized", "%s (HTTP 401)" % refused, remedy)
    refuse(reply, SUPPORT)
