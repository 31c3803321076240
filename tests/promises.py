# SPDX-License-Identifier: BSD-2-Clause
"""The promises that SECURITY.md makes: its table, read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import collection

PAGE = collection.ROOT / "SECURITY.md"
HEAD = "| name | promise | against whom | held by |"
_TEST = re.compile(r"`(tests/[^`]+\.py::[^`]+)`")


class Promise(NamedTuple):
    """What is promised against whom, and the tests that fail when it is broken."""

    name: str
    text: str
    against: str
    tests: tuple[str, ...]


def promises(page: str) -> Iterator[Promise]:
    """The rows of all tables of promises on the page."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and _TEST.search(cells[3]):
            name, text, against, tests = cells
            yield Promise(name.strip("`"), text, against, tuple(_TEST.findall(tests)))


def prose(page: str) -> str:
    """The page without those rows."""
    return "\n".join(line for line in page.splitlines() if not list(promises(line)))
