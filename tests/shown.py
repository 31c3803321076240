# SPDX-License-Identifier: BSD-2-Clause
"""What the pages written by hand show: their blocks, tables and titles, for tests that hold them to it.

A block that a test does something with stands below a comment: `<!-- scenario: NAME -->` names what the simulator
answers meanwhile, `<!-- file: PATH -->` is saved before. A line of output that ends in `...` goes on in truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import collection

ROOT = collection.ROOT
BLOCK = re.compile(r"(?:^<!-- (scenario|file): (.+?) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")

# What differs from one run to the next.
PASSING = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "DAY"),
    (re.compile(r"\b[\d.]+ days"), "N days"),
    (re.compile(r"\bclock [^;|]*[^;| ]"), "clock N"),
    (re.compile(r"(build_expires_in|clock_offset)=-?[\d.]+s"), r"\1=Ns"),
    (re.compile(r"^\[\d{10}\]"), "[TIME]"),
)


class Block(NamedTuple):
    """A fenced block of a page, and the comment above it."""

    page: str
    kind: str
    note: str
    language: str
    text: str


def text_of(page: str) -> str:
    """The text of a page, which is named from the root."""
    return (ROOT / page).read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """What stands between the title `## TITLE` and the next one."""
    return text_of(page).partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(page: str, title: str = "") -> Iterator[Block]:
    """The blocks of a page, in their order, or only those below a title."""
    for found in BLOCK.finditer(section(page, title) if title else text_of(page)):
        yield Block(page, found[1] or "", found[2] or "", found[3], found[4])


def files(page: str) -> dict[str, str]:
    """The text of each file that a page shows, by its path."""
    return {block.note: block.text for block in blocks(page) if block.kind == "file"}


def of(language: str, pages: Iterable[str]) -> list[Block]:
    """The blocks in a language, page after page."""
    return [block for page in pages for block in blocks(page) if block.language == language]


def only(language: str, page: str) -> str:
    """The text of the one block in a language."""
    (block,) = of(language, (page,))
    return block.text


def table(page: str, title: str) -> list[list[str]]:
    """The rows of the table below a title; a cell that is nothing but code comes without its quotes."""
    rows = [line.strip("|").split("|") for line in section(page, title).splitlines() if line.startswith("|")]
    return [[re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in row] for row in rows[2:]]


def troubles(page: str) -> list[str]:
    """The lines that a page says what to do about: titles that are nothing but code, `...` for what differs."""
    return re.findall(r"^### `(.+)`$", text_of(page), re.MULTILINE)


def normal(line: str) -> str:
    """A line of output without what differs from one run to the next."""
    for pattern, word in PASSING:
        line = pattern.sub(word, line)
    return line


def hold(printed: Iterable[str], shown: Iterable[str]) -> None:
    """Hold the lines that were printed against those that a page shows."""
    for is_line, said in zip(map(normal, printed), map(normal, shown), strict=True):
        if said.endswith(" ..."):
            assert is_line.startswith(said.removesuffix("..."))
        else:
            assert is_line == said
