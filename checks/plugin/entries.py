# SPDX-License-Identifier: BSD-2-Clause
"""Keys and their values, from the lines of a section.

A secret may stand anywhere by mistake: below another key, behind a colon, on one line with something else. What looks
like that is a mistake of its own, for as the value of another option it would be shown.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wabiz_monitoring._core.text import closest

from . import Check
from .ini import Line, Mistake
from .options import OPTIONS, Option

SECRETS = ("password", "token")
"""Keys that are no options."""

_ALL_KEYS = {flag.lstrip("-") for option in OPTIONS for flag in option.flags}
# Not compiled before they are needed: most runs need none of them.
_FIRST_WORD = r"""["'-]*([A-Za-z][\w-]*)"""
_LIKE_A_KEY = r"""["']?[A-Za-z][\w-]*["']?(\s|[=:]\s)"""


class Entry(NamedTuple):
    """A key and its values, each with the number of its line."""

    number: int
    key: str
    values: list[tuple[int, str]]


def entries(lines: list[Line], known: Mapping[str, Option], check: Check) -> Iterable[Entry]:
    """The entries of one piece of a section. Raises Mistake."""
    found: dict[str, Entry] = {}
    last: Entry | None = None
    for line in lines:
        if line.indented:
            last = _continued(line, last, known)
            last.values.append((line.number, line.text))
            continue
        key, equals, value = (part.strip() for part in line.text.partition("="))
        if key not in known and key not in SECRETS:
            raise Mistake(line.number, _unreadable(line.text, key if equals else "", known, check))
        if key in found:
            told = f"key {key!r} stands twice; write several values on lines of their own below one key"
            raise Mistake(line.number, told)
        last = found[key] = Entry(line.number, key, [(line.number, value)] if value else [])
    return found.values()


def mentions_secret(line: Line) -> bool:
    """Whether a line seems to hold a secret, be it as it should be or not."""
    return line.text.lower().lstrip("\"'").startswith(SECRETS)


def check_alone(number: int, value: str, option: Option) -> None:
    """Raise Mistake for the value of an option in which another key seems to stand."""
    # What is read strictly was read already; only a word that may be anything can have swallowed another.
    free = not option.expects or " " in value
    if free and any(char in value for char in " =:") and _keys_within(option.action == "append").search(value):
        raise Mistake(number, f"what follows {option.flags[-1][2:]} looks like two keys on one line")


@functools.cache
def _keys_within(patterns: bool) -> re.Pattern[str]:
    names = "|".join(sorted((name for name in (*_ALL_KEYS, *SECRETS) if len(name) > 1), key=len, reverse=True))
    # A colon ends the host in a pattern of nodes.
    colon = r":\s" if patterns else ":"
    return re.compile(
        rf"""({names})["']?\s*(=|{colon})|({"|".join(SECRETS)})["']?\s*:|(^|\s)({names})\s""", re.IGNORECASE
    )


def _continued(line: Line, entry: Entry | None, known: Mapping[str, Option]) -> Entry:
    """The entry that an indented line is a further value of."""
    if entry is None:
        raise Mistake(line.number, "indented, below no key; a key begins in the first column")
    option = known.get(entry.key)
    if option is None or option.action != "append":
        told = f"indented, but {entry.key} above it takes no further value; a key begins in the first column"
        raise Mistake(line.number, told)
    if re.match(_LIKE_A_KEY, line.text) or (not option.expects and _keys_within(True).match(line.text)):
        told = f"indented like a value of {entry.key}, but it looks like a key, which begins in the first column"
        raise Mistake(line.number, told)
    return entry


def _unreadable(text: str, key: str, known: Mapping[str, Option], check: Check) -> str:
    """What is wrong with a line whose key (empty: it has no equals sign) is none."""
    if key in _ALL_KEYS:
        return f"{check.command} has no option {key}"
    first = re.match(_FIRST_WORD, text)
    word = first[1] if first else ""
    if key.strip("\"'-") in (*known, *SECRETS):
        return f"a key stands there without dashes and quotes: {word} = ..."
    if word in known or word in SECRETS:
        return f"between {word} and its value belongs an equals sign: {word} = ..."
    hint = closest(word.lower(), [*SECRETS, *(name for name in known if len(name) > 1)])
    return (f"{check.command} has no option of this name" if key else "not of the form key = value") + hint
