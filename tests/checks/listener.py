# SPDX-License-Identifier: BSD-2-Clause
"""A server on a free port of the loopback interface, with a thread for each connection."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class Listener(ABC):
    """Listens while the block runs."""

    def __init__(self) -> None:
        self.connections = 0
        self.over = threading.Event()
        """Set when the block is over: whoever stalls waits for it."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.over.set()
        # A listener that waits is only woken by a connection.
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass
        self._listener.close()

    @abstractmethod
    def serve(self, connection: socket.socket) -> None:
        """Do what this server does with a connection, which is closed afterwards."""

    def _listen(self) -> None:
        with suppress(OSError):
            while not self.over.is_set():
                connection, _address = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # Clients that give up are what many tests are about.
        with suppress(OSError, ValueError), connection:
            self.serve(connection)


def head(connection: socket.socket) -> tuple[str, bytes]:
    """The head of a request, and what came with it. Raises ValueError when the client is gone before."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ValueError("the client is gone")
        data += more
    told, _end, rest = data.partition(b"\r\n\r\n")
    return told.decode("latin-1"), rest
