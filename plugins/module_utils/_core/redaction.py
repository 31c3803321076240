# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The last line of defence: whatever is printed or returned, no secret of this run is in it."""

from __future__ import annotations

import json
from typing import Any, Iterable, List, Mapping, Optional
from urllib.parse import quote, unquote, urlsplit

from .session import Credentials
from .text import clean

_SHORTEST = 6
"""Shorter words are too likely to be part of an honest sentence."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class Redaction:
    """Replaces secrets by `***`."""

    def __init__(
        self, credentials: Credentials, headers: Iterable[str], environment: Optional[Mapping[str, str]] = None
    ) -> None:
        """`headers` are the values of headers for a gateway; passwords of proxies come from the environment."""
        self._secrets: List[str] = []
        for secret in (credentials.password, credentials.token, *headers):
            self.learn(secret or "")
        for name in _PROXIES:
            self.learn(_password((environment or {}).get(name, "")))

    def learn(self, secret: str) -> None:
        """Hide this one, too: a token that a login gave, say."""
        whole = len(secret) * 4
        # As it is, as it stands in a URL, as it comes out of cleaning, and as it stands in JSON.
        forms = {secret, unquote(secret), quote(secret, safe=""), clean(secret, whole), json.dumps(secret)[1:-1]}
        self._secrets += [form for form in forms if len(form) >= _SHORTEST and form not in self._secrets]
        self._secrets.sort(key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        # Where a sentence was cut, the beginning of a secret may have been left.
        return "...".join(map(self._without_stump, text.split("...")))

    def throughout(self, value: Any) -> Any:
        """Data without the secrets: every text in it, names too."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {self.throughout(name): self.throughout(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.throughout(item) for item in value]
        return value

    def _without_stump(self, part: str) -> str:
        for secret in self._secrets:
            # An answer may hold thousands of cut words, and a token be thousands of letters long.
            at = part.find(secret[:_SHORTEST], max(0, len(part) - len(secret)))
            while at >= 0:
                if secret.startswith(part[at:]):
                    return part[:at] + "***"
                at = part.find(secret[:_SHORTEST], at + 1)
        return part


def _password(address: str) -> str:
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return ""
