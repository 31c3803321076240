# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Text that comes from outside, made fit for a status line, and numbers as people read them."""

from __future__ import annotations

import re
from typing import Iterable, List, Sequence

# `|` starts performance data, angle brackets are markup in the engines' web pages, and a backslash is read as an
# escape by the engines' spool files.
_STAND_INS = str.maketrans({"|": "/", "<": "(", ">": ")", "\\": "/", "`": "'"})
_NOT_IN_LABEL = re.compile(r"[^A-Za-z0-9.-]+")

LONGEST_WORD = 80
LONGEST_LABEL = 48


def clean(text: object, longest: int = LONGEST_WORD) -> str:
    """One line of printable text without the characters that engines and their web pages read as syntax.

    Control characters, line breaks, direction marks and lone surrogates become spaces; what is longer than
    `longest` characters is cut and ends in `...`.
    """
    # Cut first: a hostile answer may hold megabytes, and no more than a line of them is ever shown.
    whole = str(text)
    raw = whole[: longest * 4]
    words = "".join(char if char.isprintable() else " " for char in raw).translate(_STAND_INS).split()
    line = " ".join(words)
    return line if len(line) <= longest and raw == whole else line[: longest - 3].rstrip() + "..."


def label(text: str) -> str:
    """A word for a performance data label: letters, digits, `.`, `-`; anything else becomes one underscore."""
    return _NOT_IN_LABEL.sub("_", text)[:LONGEST_LABEL].strip("_") or "node"


def listing(items: Sequence[str], most: int = 6) -> str:
    """`a, b and c`; of more than `most` items the rest is counted: `a, b and 7 more`."""
    if len(items) > most:
        items = [*items[: most - 1], "%d more" % (len(items) - most + 1)]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else "none"


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 node`, `2 nodes`."""
    return "%d %s" % (number, singular if number == 1 else plural or singular + "s")


def closest(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` when one of the known words is near, else an empty string."""
    import difflib  # only ever needed on the way to an error

    near: List[str] = difflib.get_close_matches(word, list(known), 1)
    return "; did you mean %s?" % near[0] if near else ""
