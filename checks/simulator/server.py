# SPDX-License-Identifier: BSD-2-Clause
"""The simulator as a running server: certificates, socket and thread around the API."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import final

import uvicorn

from .accounts import Accounts
from .api import Api
from .certificates import Certificates, write_certificates
from .library import load_scenarios

WEEK = 7 * 86400.0

# What a client reaches under the name localhost.
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104  # names, nothing is bound here


@final
class Simulator:
    """A stand-in for the API over HTTPS, in a thread of its own: ``with Simulator(scenario="expiring") as sim: ...``

    ``scenarios`` is a directory of further scenario files. Port 0 is a free one. The certificates are written to
    ``cert_dir``; without it to a temporary directory, which goes away at the end. ``token_life`` is in seconds.
    ``clock`` returns seconds since the epoch and is asked for everything but delays, which are real.

    Making one raises ScenarioError (a file is wrong) or ValueError (there is no such scenario); entering it raises
    OSError (the address is not to be had, the directory not to be written). It runs once.
    """

    def __init__(
        self,
        scenario: str = "healthy-single",
        *,
        scenarios: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        cert_dir: str | Path | None = None,
        username: str = "monitor",
        password: str = "simulated",
        token_life: float = WEEK,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.port = port
        self.ca_file = ""
        self._host = host
        self._name = "localhost" if host in _LOCAL else host
        self._cert_dir = cert_dir
        self._accounts = Accounts(username, password, token_life, clock)
        self._api = Api(load_scenarios(scenarios), scenario, self._accounts, clock, self._wait)
        self._server: _Server
        self._exit = ExitStack()

    def __enter__(self) -> Simulator:
        with ExitStack() as resources:
            directory = self._cert_dir or resources.enter_context(tempfile.TemporaryDirectory())
            certificates = write_certificates(Path(directory), self._name)
            listener = resources.enter_context(_listen(self._host, self.port))
            self._server = _Server(_config(self._api, certificates))
            thread = Thread(target=self._server.run, args=([listener],), name="wabiz-simulator", daemon=True)
            # The socket listens already: whoever connects from now on is served, if a moment later.
            thread.start()
            self.ca_file = str(certificates.ca)
            self.port = listener.getsockname()[1]
            resources.callback(thread.join)
            resources.callback(setattr, self._server, "should_exit", True)
            self._exit = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exit.close()

    @property
    def url(self) -> str:
        """Where the API is, without a path."""
        host = f"[{self._name}]" if ":" in self._name else self._name
        return f"https://{host}:{self.port}"

    @property
    def username(self) -> str:
        """The name of the one user."""
        return self._accounts.username

    @property
    def password(self) -> str:
        """The user's password as it is now: a login can change it."""
        return self._accounts.password

    @property
    def scenario(self) -> str:
        """The name of the scenario in use."""
        return self._api.scenario.name

    @property
    def requests(self) -> int:
        """How many requests came in, those to the simulator's own paths left out."""
        return self._api.requests

    @property
    def logins(self) -> int:
        """How many logins succeeded."""
        return self._accounts.logins

    @property
    def failed_logins(self) -> int:
        """How many logins failed for wrong credentials; those refused by the lock-out are not among them."""
        return self._accounts.failed_logins

    @property
    def logouts(self) -> int:
        """How many tokens were handed back."""
        return self._accounts.logouts

    @property
    def tokens(self) -> tuple[str, ...]:
        """The live tokens, oldest first."""
        return self._accounts.tokens()

    def use(self, scenario: str) -> None:
        """Answer from this scenario from now on. Raises ValueError if there is none of that name."""
        self._api.use(scenario)

    @property
    def nodes(self) -> dict[str, str]:
        """Each node's key, and whether it is up or down; empty in the single form."""
        return self._api.nodes

    def change_nodes(self, pattern: str, state: str, after: float = 0) -> None:
        """Let nodes go ``down``, come ``up`` again, come up in a new container (``renewed``) or be ``gone`` for good.

        They are those whose key is the pattern or fits it as a shell pattern. ``after`` is in seconds. Raises
        ValueError if no node fits, or if there is no such state.
        """
        self._api.change_nodes(pattern, state, after)

    def revoke_tokens(self) -> None:
        """Remove every token, as if somebody had done so in the product."""
        self._accounts.revoke_tokens()

    async def _wait(self, seconds: float) -> None:
        # The end does not wait for it.
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._server.ending.wait(), seconds)


class _Server(uvicorn.Server):
    """Ends without waiting for its clients.

    Asyncio closes a TLS connection only once the client has said goodbye too, which one that keeps it for the next
    request does not do for half a minute. What is being answered is answered, but without further delay.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        self.ending.set()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=1)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # Connections are told of their end in the next rounds of the loop.
        await asyncio.sleep(0.01)


def _config(api: Api, certificates: Certificates) -> uvicorn.Config:
    config = uvicorn.Config(
        api,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # The lock-out goes by the address that connects, whatever a client says about itself.
        proxy_headers=False,
        timeout_keep_alive=60,
        ssl_certfile=certificates.server,
        ssl_keyfile=certificates.key,
    )
    # Here, so that what is wrong is raised where the simulator is entered and not in its thread.
    config.load()
    return config


def _listen(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.create_server(found[4][:2], family=found[0], backlog=2048)
    # Connections inherit it. Without it the second half of each answer waits 40 ms for the client's acknowledgement:
    # asyncio turns it on for sockets that name their protocol only, and this one does not.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
