# SPDX-License-Identifier: BSD-2-Clause
"""The last line of defence: whatever is printed, no secret of this run is in it."""

import base64
import os
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

from wabiz_monitoring.core.session import Credentials

_SHORTEST = 6
"""Shorter words are too likely to be part of an honest sentence."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class Redaction:
    """Replaces secrets by `***`."""

    def __init__(self, credentials: Credentials, headers: Iterable[str]) -> None:
        """`headers` are the values of headers for a gateway; passwords of proxies come from the environment."""
        pair = f"{credentials.username}:{credentials.password}"
        proxies = [urlsplit(os.environ.get(name, "")).password for name in _PROXIES]
        plain = [credentials.password, credentials.token, *headers, *proxies]
        known = {form for secret in plain if secret for form in (secret, unquote(secret), quote(secret, safe=""))}
        if credentials.password:
            known.add(base64.b64encode(pair.encode("utf-8", "replace")).decode())
        self._secrets = sorted((secret for secret in known if len(secret) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
