# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How the answer is had: token, login when there is none or it is refused, logout.

Every login adds a row on the server that only a logout removes, and more than 30 failed logins an hour lock the
caller's address out. So a token is kept where there is a place to keep it, else given back; and a login that came to
nothing is not made again before its time.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, ContextManager, Dict, List, NamedTuple, Optional, Tuple

from .catalogue import Trouble
from .http import LOGOUT, SUPPORT, Reply, Request, Transport, refuse
from .misuse import Misuse
from .text import Foreign, Message, Place, say

if TYPE_CHECKING:
    from .login import Held, Outcome


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
    for what, given in (("user name", username), ("password", password)):
        if given and not given.isascii() and any("\ud800" <= char <= "\udfff" for char in given):
            raise Misuse("the %s holds bytes that are not UTF-8" % what)
    return Credentials(username or None, password or None, token or None)


class Keeper:
    """What is remembered between runs; this one remembers nothing."""

    def token(self) -> Optional[str]:
        """The token kept for this caller."""
        return None

    def keep(self, token: str) -> bool:
        """Keep a new token in its place. Returns whether that worked."""
        return False

    def forget(self, token: str) -> None:
        """Keep this token no longer."""

    def logging_in(self) -> ContextManager[None]:
        """Held while one of many runs logs in for all."""
        return nullcontext()

    def held(self) -> Optional[Held]:
        """Why a login must not be made now."""
        return None

    def begin(self) -> Optional[Held]:
        """Note a login that is about to be sent, or say why it must not be made after all."""
        return None

    def succeeded(self) -> None:
        """The login that was noted gave a token."""

    def failed(self, outcome: Outcome) -> None:
        """The login that was noted, or the token that it gave, came to nothing."""


def ask(transport: Transport, credentials: Credentials, place: Place, keeper: Optional[Keeper] = None) -> bytes:
    """The body of `GET /v1/support`, logging in as needed and at most once. What is quoted is shown by `place`.

    Raises Trouble for whatever stands in the way.
    """
    if credentials.token is not None:
        reply = _get(transport, credentials.token)
        if reply.status != 401 or not credentials.can_log_in:
            return _body(reply, place, say("the token given is refused"), _ASK_ANEW)
    if not credentials.can_log_in:
        return _body(_get(transport, None), place, _lacking(credentials, place), _GIVE)
    return _ask(transport, credentials, place, keeper or Keeper())


def ask_timed(
    transport: Transport, credentials: Credentials, place: Place, keeper: Optional[Keeper] = None
) -> Tuple[bytes, datetime]:
    """The same, and our time (UTC) in the middle of the request that was answered."""
    asked_at: List[datetime] = []

    def send(request: Request) -> Reply:
        before = datetime.now(timezone.utc)
        reply = transport(request)
        if request.path == SUPPORT:
            asked_at.append(before + (datetime.now(timezone.utc) - before) / 2)
        return reply

    return ask(send, credentials, place, keeper), asked_at[-1]


JUST_GIVEN = say("the token just given out is refused")
_ASK_ANEW = say("get a new token, which lives 7 days, or give user name and password in its place")
_GIVE = say("give user name and password: WA_WEB_USERNAME and WA_WEB_PASSWORD in the environment are one way")


def _lacking(credentials: Credentials, place: Place) -> Message:
    if credentials.username is not None:
        return say("no password was given for user %s", Foreign(credentials.username, place))
    return say("no credentials were given") if credentials.password is None else say("no user name was given")


def _ask(transport: Transport, credentials: Credentials, place: Place, keeper: Keeper) -> bytes:
    stale = keeper.token()
    if stale is not None:
        reply = _get(transport, stale)
        if reply.status != 401:
            return _body(reply, place)
    # Most runs have a token, and no need for it.
    from .login import Outcome, log_in

    with keeper.logging_in():
        # Another run may have logged in while this one waited.
        others = keeper.token()
        mine = others is None or others == stale
        if mine:
            token = log_in(transport, credentials, place, keeper)
            kept = keeper.keep(token)
            keeper.succeeded()
    if others is not None and not mine:
        return _body(_get_with_new(transport, others), place, JUST_GIVEN)
    # What was refused may live nevertheless.
    given_back = [*([] if kept else [token]), *([] if stale is None else [stale])]
    try:
        reply = _get_with_new(transport, token, bool(given_back))
        if reply.status == 401:
            # Each login adds a row on the server: one that serves nothing counts like one that is refused.
            keeper.failed(Outcome("unauthorized", reply.status, of_token=True))
            keeper.forget(token)
            given_back.append(token)
        return _body(reply, place, JUST_GIVEN)
    finally:
        for each in dict.fromkeys(given_back):
            # The answer counts; the server drops the token by itself within a week.
            with suppress(Trouble):
                transport(Request("POST", LOGOUT, _bearer(each), farewell=True))


def _get_with_new(transport: Transport, token: str, farewell_follows: bool = False) -> Reply:
    # A single refusal may be a slip: of a front end, say, that has not heard of the token yet.
    reply = _get(transport, token, farewell_follows)
    return _get(transport, token, farewell_follows) if reply.status == 401 else reply


def sound_token(token: str) -> bool:
    """Whether it can be sent: it goes into a header, which anything but visible ASCII would end or forge."""
    return token != "" and all("!" <= char <= "~" for char in token)


def _get(transport: Transport, token: Optional[str], farewell_follows: bool = False) -> Reply:
    headers = {} if token is None else _bearer(token)
    return transport(Request("GET", SUPPORT, headers, farewell_follows=farewell_follows))


def _bearer(token: str) -> Dict[str, str]:
    return {"Authorization": "Bearer " + token}


def _body(reply: Reply, place: Place, refused: Optional[Message] = None, remedy: Optional[Message] = None) -> bytes:
    if reply.status == 200:
        return reply.body
    if reply.status == 401 and refused:
        raise Trouble("unauthorized", say("%s (HTTP 401)", refused), remedy)
    refuse(reply, SUPPORT, place)
