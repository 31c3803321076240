# SPDX-License-Identifier: BSD-2-Clause
"""An API and a machine that asks it, in a time of their own: days go by in a moment, and every login is counted."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from documents import PLACE
from wabiz_monitoring._core.attempts import Uptime
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.http import LOGIN, LOGOUT, SUPPORT, Reply, Request
from wabiz_monitoring._core.session import Credentials, ask
from wabiz_monitoring._core.text import say
from wabiz_monitoring._edge.keeper import DiskKeeper, caller

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MOST = 12
"""Logins an hour that may come to nothing."""
RIGHT = "right"
WELL = "well"
BODY = b"{}"


class Killed(BaseException):
    """The end of a process that nothing in it lives to see."""


def _never(_request: Request) -> Reply:
    raise Trouble("timeout", say("no complete answer"))


def _killed(_request: Request) -> Reply:
    raise Killed


def _reply(status: int, body: bytes = b"", location: str = "") -> Callable[[Request], Reply]:
    return lambda _request: Reply(status, body, location)


def _error(status: int, code: int) -> Callable[[Request], Reply]:
    return _reply(status, json.dumps({"errors": [{"code": code, "title": "t"}]}).encode())


ANSWERS: Mapping[str, Callable[[Request], Reply]] = {
    "401": _reply(401),
    "403": _error(403, 1005),
    "its password must be changed": _error(401, 1024),
    "locked out": _error(429, 1015),
    "500": _error(500, 1023),
    "not ready": _error(500, 1011),
    "502 page": _reply(502, b"<html>"),
    "redirect": _reply(302, location="https://elsewhere.example/"),
    "page": _reply(200, b"<html><title>Log in</title>"),
    "no token": _reply(200, b'{"users": []}'),
    "odd token": _reply(200, b'{"users": [{"token": "a b"}]}'),
    "nothing": _never,
    "killed": _killed,
}
"""What may come of a login that comes to nothing."""


class World:
    """One API, and the machine whose checks and modules ask it.

    `now` is the true time; what the machine knows of it is how long it has been running.
    """

    def __init__(self, folder: Path) -> None:
        self.now = 1e9
        self.folder = folder
        self.wrong = "401"
        """What comes of a login with a wrong password."""
        self.troubled = ""
        """What comes of every login, if anything does."""
        self.deaf = False
        """Whether a token that was just given out is refused."""
        self.came_to_nothing: list[float] = []
        """The true time of each login that did not give a token of use."""
        self.rows: set[str] = set()
        self.killed = 0
        """How many of the rows were given to a process that did not live to see it."""
        self.clock = self.uptime
        """What a run knows of the time; that of the machine unless it runs elsewhere."""
        self._names = itertools.count()
        self._starts = itertools.count()
        self.restart()

    def restart(self) -> None:
        """Start the machine anew."""
        self._start, self._since = f"start{next(self._starts)}", self.now

    def uptime(self) -> Uptime:
        """What the machine knows of the time."""
        return Uptime(self._start, self.now - self._since)

    def run(
        self,
        password: str,
        tokens: bool = True,
        headers: Mapping[str, str] | None = None,
        url: str = "https://wa.example:9090",
        user: str = "monitor",
    ) -> str:
        """A check, or a module, which keeps no token: the body of its answer, or what stood in the way."""
        login = Credentials(user, password)
        who = caller(headers or {}, b"")
        try:
            keeper = DiskKeeper(str(self.folder), url, login, who, tokens, clock=self.clock)
            return ask(self.serve, login, PLACE, keeper).decode()
        except Trouble as trouble:
            return f"{trouble.problem}: {trouble.text}"
        except Killed:
            return "killed"

    def serve(self, request: Request) -> Reply:
        """Answer a request."""
        request.sending()
        self.now += 0.01
        scheme, _space, said = request.headers["Authorization"].partition(" ")
        if request.path == LOGIN:
            assert scheme == "Basic"
            return self._login(request, base64.b64decode(said).decode().partition(":")[2])
        if request.path == LOGOUT:
            self.rows.discard(said)
            return Reply(200, b"{}")
        assert request.path == SUPPORT
        return Reply(200, WELL.encode()) if said in self.rows and not self.deaf else Reply(401, b"")

    def _login(self, request: Request, password: str) -> Reply:
        token = f"token{next(self._names)}"
        if self.troubled == "killed":
            # It had been answered already.
            self.rows.add(token)
            self.killed += 1
        if self.troubled or password != RIGHT:
            self.came_to_nothing.append(self.now)
            return ANSWERS[self.troubled or self.wrong](request)
        if self.deaf:
            self.came_to_nothing.append(self.now)
        self.rows.add(token)
        return Reply(200, json.dumps({"users": [{"token": token}]}).encode())

    def worst(self) -> int:
        """The most logins that came to nothing within any hour."""
        times = self.came_to_nothing
        return max((sum(end - HOUR < each <= end for each in times) for end in times), default=0)
