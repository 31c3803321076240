# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of values that a user can give, what is allowed in each, and the sentence for what is not.

A value that comes through here is of one type, and holds nothing but what its kind allows. Where it is written, it is
quoted nevertheless (see `_places`): neither relies on the other.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple, NoReturn

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.address import DEFAULT_PORT, from_host, from_url
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.misuse import Misuse


class Kind(NamedTuple):
    """What a value is."""

    allowed: str
    """What it may be, in words that go after "may hold"."""
    read: Callable[[object], Any]
    """Gives the value as it is used, or raises Misuse with a sentence on what is wrong with it."""


def described(value: object) -> str:
    """What YAML made of something, in words."""
    names: tuple[tuple[Any, str], ...] = (
        (type(None), "nothing"),
        (bool, "a boolean"),
        ((int, float), "a number"),
        (str, "text"),
        (datetime.date, "a date"),
        (Mapping, "a mapping"),
        (Sequence, "a list"),
    )
    return next((name for types, name in names if isinstance(value, types)), "of another type")


def shown(text: str, most: int = 80) -> str:
    """A text within a message: as it is, if it can be printed."""
    text = text if len(text) <= most else text[: most - 3] + "..."
    return "'%s'" % text if text.isprintable() else repr(str(text))


def measured(text: str) -> str:
    """What was given in the place of a number or a word: a number as it is; any other text may be a secret."""
    return shown(text) if re.fullmatch(r"(-?[0-9]{1,9}(\.[0-9]{1,6})?)?", text) else "text"


def choice(*words: str) -> Kind:
    """One of some words."""
    allowed = "one of %s" % ", ".join(words)

    def read(value: object) -> str:
        text = text_of(value)
        if text not in words:
            raise Misuse("it is %s, and should be %s" % (measured(text), allowed))
        return text

    return Kind(allowed, read)


def text_of(value: object) -> str:
    """A text that is one."""
    if isinstance(value, str):
        return str(value)
    # What YAML reads as something else has lost how it was written.
    hint = "; put it in quotes" if isinstance(value, (bool, int, float, datetime.date)) else ""
    raise Misuse("it is %s, and should be text%s" % (described(value), hint))


def number_of(value: object) -> str:
    """A number, or a text that may be one: inventories in other formats than YAML have nothing but texts."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Misuse("it is %s, and should be a number" % described(value))
    return str(value)


def line(most: int = 255) -> Callable[[object], str]:
    """Text on one line."""

    def read(value: object) -> str:
        text = text_of(value)
        if not text.isprintable():
            raise Misuse("%s holds characters that cannot be printed" % shown(text))
        if not text or text != text.strip():
            raise Misuse("%s is empty, or begins or ends with a blank" % shown(text))
        if len(text) > most:
            raise Misuse("%s has %d characters, and %d are allowed" % (shown(text), len(text), most))
        return text

    return read


def fitting(pattern: str, allowed: str) -> Kind:
    """Text of which all fits a pattern."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        text = text_of(value)
        if not compiled.fullmatch(text):
            raise Misuse("it is %s, and should be %s" % (shown(text), allowed))
        return text

    return Kind(allowed, read)


def hidden(kind: Kind) -> Kind:
    """The same kind; a value that does not fit is not repeated, because it may be a secret."""

    def read(value: object) -> Any:
        text = text_of(value)
        try:
            return kind.read(text)
        except Misuse:
            raise Misuse("it should be %s" % kind.allowed) from None

    return Kind(kind.allowed, read)


def whole(least: int, most: int) -> Kind:
    """A whole number."""
    allowed = "a whole number from %d to %d" % (least, most)

    def read(value: object) -> int:
        text = number_of(value)
        if not (re.fullmatch(r"[0-9]{1,9}", text) and least <= int(text) <= most):
            raise Misuse("it is %s, and should be %s" % (measured(text), allowed))
        return int(text)

    return Kind(allowed, read)


def seconds(most: int, least: int = 0) -> Kind:
    """A duration, as it was written."""
    allowed = "a number of seconds, %s %d and up to %d" % ("from" if least else "above", least, most)

    def read(value: object) -> str:
        text = number_of(value)
        if not (re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) and least <= float(text) <= most and float(text)):
            raise Misuse("it is %s, and should be %s" % (measured(text), allowed))
        return text

    return Kind(allowed, read)


def _flag(value: object) -> bool:
    try:
        # As the options of modules are read.
        return bool(boolean(value)) if isinstance(value, (bool, int, float, str)) else _not_a_flag(described(value))
    except TypeError:
        return _not_a_flag(measured(str(value)))


def _not_a_flag(told: str) -> NoReturn:
    raise Misuse("it is %s, and should be true or false" % told)


def listed(kind: Kind, plural: str, least: int = 0) -> Kind:
    """A list; one by itself is a list of one."""

    def read(value: object) -> list[Any]:
        if isinstance(value, Mapping) or value is None:
            raise Misuse("it is %s, and should be a list" % described(value))
        values = value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else [value]
        if len(values) < least:
            raise Misuse("the list is empty")
        return [kind.read(one) for one in values]

    return Kind("a list of %s, or one of them" % plural, read)


def _host(value: object) -> str:
    text = text_of(value)
    from_host(text, DEFAULT_PORT)
    if text.startswith("-"):
        raise Misuse("%s begins with a dash, as an option of a command does" % shown(text))
    return text


def _url(value: object) -> str:
    text = text_of(value)
    if len(text) > 2000:
        raise Misuse("it has %d characters, and 2000 are allowed" % len(text))
    return from_url(text)


def _path(value: object) -> str:
    text = line(1000)(value)
    # Engines run the checks in a folder of their own.
    if not text.startswith("/"):
        raise Misuse("%s does not begin with /" % shown(text))
    return text


FLAG = Kind("true or false", _flag)
TEXT = Kind("text of up to 255 characters on one line", line())
NAME = fitting(
    r"(?!null\Z)[A-Za-z0-9][A-Za-z0-9_.-]{0,63}",
    "up to 64 letters, digits, dots, dashes and underscores, a letter or digit first, and not the word null",
)
NODE = fitting(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}",
    "up to 253 letters, digits, dots, dashes and underscores, a letter or digit first",
)
"""The name of a zone or an endpoint, which gets into those of files and hosts."""
HOST = Kind("a host name or an IP address", _host)
URL = Kind("the http(s) address before /v1, without credentials and query", _url)
PORT = whole(1, 65535)
PATH = hidden(Kind("an absolute path of up to 1000 characters on one line", _path))
"""A file of the host that runs the checks."""
PLAIN_PATH = fitting(r"/[A-Za-z0-9_./+=@-]{1,200}", "an absolute path of up to 200 letters, digits and _./+=@-")
"""One that stands in configurations and commands where nothing quotes it."""
OBJECTS = fitting(
    r"{0}(?: ?, ?{0})*".format(r"[\w.:/@+#()-](?:[\w .:/@+#()-]{0,126}[\w.:/@+#()-])?"),
    "names of letters, digits, blanks and _.:/@+#()- with commas between them",
)
"""Names of objects that others have made: templates, groups."""
