# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Tokens, and the account of logins, kept on disk between runs.

A token belongs to one caller: address, user, headers and client certificate. The account is that of one user at one
address, however the two are written. Whatever is wrong with the folder, the API is still asked: then without memory.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import nullcontext
from typing import TYPE_CHECKING, Callable, ContextManager, Mapping, Optional
from urllib.parse import urlsplit

from .._core.deadline import DEFAULT_TIMEOUT
from .._core.session import Credentials, Keeper, sound_token
from .folder import BLOCK, Folder

if TYPE_CHECKING:
    from .._core.attempts import Uptime
    from .._core.login import Held, Outcome
    from .ledger import Ledger

_LARGEST = 4 * BLOCK


def caller(headers: Mapping[str, str], client_cert: bytes) -> bytes:
    """What tells a caller from others of the same name at the same address; empty if there is nothing of the kind."""
    if not headers and not client_cert:
        return b""
    told = sorted((name.lower(), value) for name, value in headers.items())
    return json.dumps([told, hashlib.sha256(client_cert).hexdigest()]).encode()


class DiskKeeper(Keeper):
    """What is kept for one caller."""

    def __init__(
        self,
        directory: str,
        url: str,
        credentials: Credentials,
        caller: bytes = b"",
        tokens: bool = True,
        limit: float = DEFAULT_TIMEOUT,
        clock: Optional[Callable[[], Uptime]] = None,
    ) -> None:
        """`directory` is made when it is not there. When it cannot be used, `why_not` says why.

        `tokens` is whether tokens are kept, and not the account alone; `limit` the seconds that this run may take.
        """
        who = json.dumps([_address(url), credentials.username])
        self._name = hashlib.sha256(who.encode()).hexdigest()[:32]
        self._url, self._user = url, credentials.username or ""
        # What one path of a gateway refuses, another may take.
        self._secrets = json.dumps([urlsplit(url).path, *credentials[:2]]).encode() + caller
        self._caller = caller
        self._tokens = tokens
        self._limit = limit
        self._clock = clock
        self._made: Optional[Ledger] = None
        self._folder: Optional[Folder] = None
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
        token = self._folder.read_data(name, _LARGEST).get("token")
        return token if isinstance(token, str) and sound_token(token) else None

    def keep(self, token: str) -> bool:
        """Keep a new token in its place. Returns whether that worked."""
        name, ledger = self._token_file(), self._ledger()
        data = json.dumps({"token": token}).encode()
        if self._folder is None or ledger is None or not name or len(data) > _LARGEST:
            return False
        with ledger.changing():
            return self._folder.write(name, data)

    def forget(self, token: str) -> None:
        """Keep this token no longer."""
        ledger = self._ledger()
        if self._folder is not None and ledger is not None:
            with ledger.changing():
                if self.token() == token:
                    self._folder.remove(self._token_file())

    def logging_in(self) -> ContextManager[None]:
        """One run at a time logs in, for no longer than it may take."""
        ledger = self._ledger()
        return nullcontext() if ledger is None else ledger.logging_in()

    def held(self) -> Optional[Held]:
        """Why a login must not be made now."""
        ledger = self._ledger()
        return None if ledger is None else ledger.held()

    def begin(self) -> Optional[Held]:
        """Note a login that is about to be sent, or say why it must not be made after all."""
        ledger = self._ledger()
        return None if ledger is None else ledger.begin()

    def succeeded(self) -> None:
        """The login that was noted gave a token."""
        ledger = self._ledger()
        if ledger is not None:
            ledger.succeeded()

    def failed(self, outcome: Outcome) -> None:
        """The login that was noted, or the token that it gave, came to nothing."""
        ledger = self._ledger()
        if ledger is not None:
            ledger.failed(outcome)

    def _ledger(self) -> Optional[Ledger]:
        # Most runs have a token, and no need for it.
        if self._made is None and self._folder is not None:
            from .alike import name
            from .ledger import Ledger

            account = name(self._url, self._user)
            self._made = Ledger(self._folder, account, self._secrets, self._limit, self._clock)
        return self._made

    def _token_file(self) -> str:
        """Where the token of this caller is kept; empty if it is not."""
        if not self._tokens or self._folder is None:
            return ""
        if not self._caller:
            return "token-%s.json" % self._name
        # The values of headers are secrets, and the names of files are not.
        ledger = self._ledger()
        digest = ledger.veiled(self._name.encode() + self._caller) if ledger else ""
        return "token-%s.json" % digest[:32] if digest else ""


def _address(url: str) -> str:
    """An address as every spelling of it comes to."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return "%s://%s:%s%s" % (parts.scheme, parts.hostname, port, parts.path)
