# SPDX-License-Identifier: BSD-2-Clause
"""Secrets that are marked as such, and the search for them: whole, in part, and in the forms that they come out in."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from faults import STALE, TOKEN
from wabiz_monitoring._core.text import clean

USER = "monitor"
PASSWORD = "marked-password"
GIVEN = "marked-token-given"
HEADER = "marked-header"
PROXY = "marked-proxy"
NETRC = "marked-netrc"
ENV = "marked-env-secret"
"""What the environment of a node holds, see documents.HEALTHY."""

ALL = (PASSWORD, GIVEN, HEADER, PROXY, NETRC, ENV, TOKEN, STALE)


def forms(secret: str) -> set[str]:
    """The ways in which a secret may come out."""
    pairs = {base64.b64encode(f"{user}:{secret}".encode()).decode() for user in (USER, "me")}
    bare = {pair.rstrip("=") for pair in pairs}
    return {secret, clean(secret, 1000), json.dumps(secret)[1:-1], quote(secret, safe=""), *pairs, *bare}


def found(text: str, secrets: Iterable[str] = ALL) -> list[str]:
    """The secrets that a text holds, or most of."""
    return [
        secret
        for secret in secrets
        if any(part in text for form in forms(secret) for part in (form, form[:10], form[-10:]))
    ]


def exposed(folder: Path) -> Iterator[Path]:
    """Files below a folder that others than their owner can read or write, and that hold a secret."""
    for path in folder.rglob("*"):
        for_others = path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        if for_others and found(path.read_bytes().decode("latin-1")):
            yield path
