# SPDX-License-Identifier: BSD-2-Clause
"""One section of an INI file, in the format of the Monitoring Plugins.

The standard library's reader is for a file that a program has to itself. This one looks at the section of one name and
at nothing else: a file for all plugins of a host holds what others wrote, in their own ways. And whatever is wrong with
a line, the line itself is not repeated: it may hold a secret.
"""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from wabiz_monitoring._core.text import clean, closest, listed

_COMMENTS = (b"#", b";")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PLAIN = r"[\w.@ -]{1,64}"
"""Names of sections that are shown: what holds other characters may be something else, in brackets by mistake."""


class Mistake(Exception):
    """What is wrong, in a clause that says nothing of what stands there; `line` is its number, 0 is the whole file."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


class Line(NamedTuple):
    """A line of the section that says something; its text is without the blanks at either end."""

    number: int
    text: str
    indented: bool


def section(data: bytes, name: str) -> list[list[Line]]:
    """The lines of the section of this name, below each of its headers: it may stand in several pieces.

    Raises Mistake when there is none, or when something in it is no text.
    """
    if data.startswith(_UTF16):
        raise Mistake(0, "is UTF-16 text; save it as UTF-8")
    others: list[str] = []
    pieces: list[list[Line]] = []
    mine, first = False, 0
    for number, raw in _lines(data):
        header = _header(raw)
        if header is None:
            if mine:
                pieces[-1].append(_line(number, raw))
            elif not (pieces or others):
                first = first or number
            continue
        found, sound = header
        # An indented one may be meant as a value of the key above it.
        if ((mine or found == name) and not sound) or (mine and raw[:1].isspace()):
            raise Mistake(number, "a [section] stands alone on its line, from the first column on")
        mine = found == name
        if mine:
            pieces.append([])
        else:
            others.append(found)
    if not pieces:
        told = f"; line {first} stands before the first [section]" if first and not others else _instead(name, others)
        raise Mistake(0, f"has no section [{clean(name)}]{told}")
    return pieces


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    for number, raw in enumerate(data.splitlines(), 1):
        # Also where files that each begin with one were put together.
        line = raw.removeprefix(codecs.BOM_UTF8).rstrip()
        if line and not line.lstrip().startswith(_COMMENTS):
            yield number, line


def _header(raw: bytes) -> tuple[str, bool] | None:
    """The name in brackets, and whether it stands alone there; None for a line that is no header."""
    line = raw.lstrip()
    if not line.startswith(b"[") or (line != raw and not line.endswith(b"]")):
        return None
    name, bracket, rest = line[1:].partition(b"]")
    alone = not rest.strip() or rest.strip().startswith(_COMMENTS)
    return name.decode("utf-8", "replace").strip(), bool(bracket) and alone


def _line(number: int, raw: bytes) -> Line:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Mistake(number, "not UTF-8 text") from None
    if not text.replace("\t", " ").isprintable():
        raise Mistake(number, "it holds a character that cannot be printed")
    return Line(number, text.strip(), text[:1].isspace())


def _instead(name: str, others: list[str]) -> str:
    plain = [f"[{other}]" for other in dict.fromkeys(others) if re.fullmatch(_PLAIN, other)]
    return closest(f"[{name}]", plain) or f"; it has {listed(plain)}"
