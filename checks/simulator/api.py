# SPDX-License-Identifier: BSD-2-Clause
"""The web front end: the API's paths as the product answers them, and some of our own to steer the simulator."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timezone
from ipaddress import ip_address
from threading import Lock

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .accounts import Accounts, LockedOutError
from .duration import seconds
from .errors import CODES, errors
from .failover import Change, changed, plan, states
from .library import find
from .scenario import Scenario

_CONTROL = "/simulator/"


class Api:
    """An ASGI application. ``clock`` returns seconds since the epoch; ``wait`` lets that many seconds pass."""

    def __init__(
        self,
        scenarios: Mapping[str, Scenario],
        scenario: str,
        accounts: Accounts,
        clock: Callable[[], float],
        wait: Callable[[float], Awaitable[None]],
    ) -> None:
        self.accounts = accounts
        self.requests = 0
        self._scenarios = scenarios
        self._clock = clock
        self._wait = wait
        self._lock = Lock()
        self.use(scenario)
        self._app = Starlette(
            routes=[
                Route("/v1/users/login", self._login, methods=["POST"]),
                Route("/v1/users/logout", self._logout, methods=["POST"]),
                Route("/v1/support", self._support, methods=["GET"]),
                Route(_CONTROL + "scenario", self._scenario, methods=["GET", "PUT"]),
                Route(_CONTROL + "nodes", self._nodes, methods=["GET"]),
                Route(_CONTROL + "nodes/{pattern}", self._node, methods=["PUT"]),
                Route(_CONTROL + "counters", self._counters, methods=["GET"]),
                Route(_CONTROL + "revoke", self._revoke, methods=["POST"]),
            ],
            exception_handlers={HTTPException: self._refuse},
        )
        # The product knows a path or does not; it sends nobody elsewhere for a slash.
        self._app.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(_CONTROL):
            self.requests += 1
        await self._app(scope, receive, send)

    @property
    def scenario(self) -> Scenario:
        """The scenario in use, as its nodes are now."""
        return self._now()[0]

    def use(self, name: str) -> None:
        """Answer from this scenario from now on. Raises ValueError if there is none of that name."""
        # One assignment, so that an answer made in another thread never mixes two scenarios.
        with self._lock:
            self._in_use: tuple[Scenario, float, tuple[Change, ...]] = (find(self._scenarios, name), self._clock(), ())

    @property
    def nodes(self) -> dict[str, str]:
        """Each node's key, and whether it is up or down."""
        return states(self.scenario)

    def change_nodes(self, pattern: str, state: str, after: float) -> None:
        """Change the state of the nodes whose key fits a shell pattern, in so many seconds.

        Raises ValueError if none fits, or if there is no such state or time.
        """
        if after < 0:
            raise ValueError(f"{after:g} s is in the past")
        with self._lock:
            change = plan(self.scenario, pattern, state, self._clock() + after)
            scenario, since, changes = self._in_use
            self._in_use = (scenario, since, (*changes, change))

    def _now(self) -> tuple[Scenario, float]:
        # The scenario as its nodes are now, and since when it is in use.
        scenario, since, changes = self._in_use
        return changed(scenario, changes, self._clock()), since

    def counters(self) -> dict[str, int]:
        """What has happened so far; requests to the simulator's own paths are not counted."""
        return {
            "requests": self.requests,
            "logins": self.accounts.logins,
            "failed_logins": self.accounts.failed_logins,
            "logouts": self.accounts.logouts,
            "tokens": len(self.accounts.tokens()),
        }

    async def _login(self, request: Request) -> Response:
        try:
            login = self.accounts.login(_address(request), *_basic(request))
        except LockedOutError:
            raise HTTPException(429, "too many failed logins from this address") from None
        if login is None:
            return Response(status_code=401)
        new_password = _new_password(await request.body())
        if new_password is not None:
            self.accounts.password = new_password
        token, expiry = login
        # The vendor writes this time unlike all others: with a space, and with an offset.
        expires_after = datetime.fromtimestamp(expiry, timezone.utc).isoformat(" ", "seconds")
        return JSONResponse({"users": [{"token": token, "expires_after": expires_after}], "meta": self.scenario.meta})

    async def _logout(self, request: Request) -> Response:
        if not self.accounts.logout(_bearer(request)):
            raise HTTPException(401, "invalid token")
        return JSONResponse({"meta": self.scenario.meta})

    async def _support(self, request: Request) -> Response:
        if not self.accounts.knows(_bearer(request)):
            raise HTTPException(401, "invalid token")
        scenario, since = self._now()
        await self._wait(scenario.delay)
        status, body = scenario.answer(self._clock(), since)
        return JSONResponse(body, status)

    async def _scenario(self, request: Request) -> Response:
        _local_only(request)
        if request.method == "PUT":
            try:
                self.use((await request.body()).decode(errors="replace").strip())
            except ValueError as error:
                raise HTTPException(404, str(error)) from error
        return PlainTextResponse(self.scenario.name)

    async def _nodes(self, request: Request) -> Response:
        _local_only(request)
        return JSONResponse(self.nodes)

    async def _node(self, request: Request) -> Response:
        _local_only(request)
        state, _in, after = (await request.body()).decode(errors="replace").strip().partition(" in ")
        try:
            self.change_nodes(request.path_params["pattern"], state, seconds(after) if after else 0)
        except ValueError as error:
            raise HTTPException(404, str(error)) from error
        return JSONResponse(self.nodes)

    async def _counters(self, request: Request) -> Response:
        _local_only(request)
        return JSONResponse(self.counters())

    async def _revoke(self, request: Request) -> Response:
        _local_only(request)
        return JSONResponse({"revoked": self.accounts.revoke_tokens()})

    async def _refuse(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        body = {**errors(CODES[error.status_code], error.detail), "meta": self.scenario.meta}
        return JSONResponse(body, error.status_code, headers=error.headers)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _local_only(request: Request) -> None:
    if not ip_address(_address(request)).is_loopback:
        raise HTTPException(403, "the simulator is steered from its own machine only")


def _basic(request: Request) -> tuple[str, str]:
    scheme, _rest, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        username, _rest, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return username, password


def _bearer(request: Request) -> str:
    # Case-sensitive, as observed; a missing or another scheme is a token that nobody has.
    scheme, _rest, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def _new_password(body: bytes) -> str | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    new_password = content.get("new_password") if isinstance(content, dict) else None
    return new_password if isinstance(new_password, str) else None
