# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places of an engine's configuration that a value is written into, and how it is written to mean itself there.

What no way of writing makes harmless is refused. That concerns the titles of deployments: the engines' own commands
for notifications put them into shells and letters, and their web pages into markup, which no quoting here can change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple


def _nagios_value(value: object) -> str:
    """What follows a directive's name: a semicolon begins a comment, a backslash at the end joins the next line."""
    text = _line(value).replace(";", "\\;")
    return text + "\\" if text.endswith("\\") else text


def _nagios_argument(value: object) -> str:
    """An argument within a check_command: a dollar sign begins a macro, an exclamation mark the next argument."""
    return _nagios_value(_line(value).replace("$", "$$").replace("!", "\\!"))


def _nrpe_command(value: object) -> str:
    """A part of a command line of NRPE, where a dollar sign begins a macro."""
    return _line(value).replace("$", "$$")


def _icinga2_string(value: object) -> str:
    """A string in the language of Icinga 2, which is written as in JSON."""
    return json.dumps(_printable(value), ensure_ascii=False)


def _icinga2_variable(value: object) -> str:
    """The value of a custom variable, whatever it is. Icinga 2 expands macros in these, and nowhere else."""
    if isinstance(value, str):
        return _icinga2_string(value.replace("$", "$$"))
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join(map(_icinga2_variable, value))
    return _number(value)


def _number(value: object) -> str:
    """A number, in digits."""
    number = float(value) if isinstance(value, (str, int, float)) else None
    # Neither is infinite, or needs an exponent, which not every engine reads.
    if number is None or isinstance(value, bool) or not abs(number) < 1e12:
        raise ValueError("%r is not a number" % (value,))
    return ("%.6f" % number).rstrip("0").rstrip(".")


def _printable(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("%r is not a line of text" % (value,))
    return str(value)


def _line(value: object) -> str:
    text = _printable(value)
    # The engines leave out what is at the ends.
    if text != text.strip():
        raise ValueError("%r begins or ends with a blank" % text)
    return text


PLACES: Mapping[str, Callable[[object], str]] = {
    "nagios_value": _nagios_value,
    "nagios_argument": _nagios_argument,
    "nrpe_command": _nrpe_command,
    "icinga2_string": _icinga2_string,
    "icinga2_variable": _icinga2_variable,
    "number": _number,
}


def written(value: Any, place: str) -> str:
    """How a value is written into a place. Raises ValueError for what cannot stand there."""
    return PLACES[place](value)


class Trap(NamedTuple):
    """What a title cannot hold, because of what an engine does with it."""

    pattern: re.Pattern[str]
    why: str
    right: str


TITLES: Mapping[str, tuple[Trap, ...]] = {
    "nagios": (
        Trap(
            re.compile(r'["`$\\]'),
            "Nagios' commands for notifications put it between the double quotes of a shell",
            'leave out " ` $ and \\',
        ),
        Trap(re.compile(r"<"), "Nagios' web pages take what follows < for markup", "leave out <"),
        Trap(re.compile(r";"), "Nagios' web pages take what follows ; for a comment", "leave out ;"),
        Trap(re.compile(r"\Anull\Z"), "Nagios takes it for no title at all", "write anything but null"),
    ),
    "icinga2": (
        Trap(
            re.compile(r"\\(?! |\Z)"),
            "Icinga 2's scripts for notifications take \\ and what follows for one character, the end of a line say",
            "leave out \\ except before a blank and at the end",
        ),
        Trap(
            re.compile(r"\A~"),
            "Icinga 2's scripts for notifications begin a line with it, and some mail programs run a line with ~",
            "begin it without ~",
        ),
    ),
}
"""By engine; the others show no titles."""


def traps(title: str, engine: str | None) -> list[Trap]:
    """Those that a title would walk into with an engine, or with any when it is None."""
    return [
        trap for name, these in TITLES.items() if engine in (None, name) for trap in these if trap.pattern.search(title)
    ]


def title_rules() -> list[str]:
    """What a title has to be, in sentences."""
    names = {"nagios": "Nagios", "icinga2": "Icinga 2"}
    return [
        "With %s, %s: %s." % (names[engine], trap.right, trap.why) for engine, these in TITLES.items() for trap in these
    ]


LONGEST: Mapping[str, int] = {
    # Nagios cuts an argument after 8191 bytes, and NRPE takes what follows 2046 for a line of its own. Before the words
    # of a check stand the paths of its command and file, the deployment's name and the command's.
    "nagios": 8000,
    "nrpe": 1200,
}
"""What the words by which a check judges may come to at most as they are written, in bytes."""
