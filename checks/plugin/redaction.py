# SPDX-License-Identifier: BSD-2-Clause
"""The last line of defence: whatever is printed, no secret of this run is in it."""

import json
import os
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

from wabiz_monitoring.core.session import Credentials
from wabiz_monitoring.core.text import clean

_SHORTEST = 6
"""Shorter words are too likely to be part of an honest sentence."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class Redaction:
    """Replaces secrets by `***`."""

    def __init__(self, credentials: Credentials, headers: Iterable[str]) -> None:
        """`headers` are the values of headers for a gateway; passwords of proxies come from the environment."""
        self._secrets: list[str] = []
        proxies = [urlsplit(os.environ.get(name, "")).password for name in _PROXIES]
        for secret in (credentials.password, credentials.token, *headers, *proxies):
            self.learn(secret or "")

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
            text = "...".join(_without_stump(part, secret) for part in text.split("..."))
        return text


def _without_stump(part: str, secret: str) -> str:
    for length in range(len(secret) - 1, _SHORTEST - 1, -1):
        if part.endswith(secret[:length]):
            return part[:-length] + "***"
    return part
