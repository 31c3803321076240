# SPDX-License-Identifier: BSD-2-Clause
"""The text below the options in the help, made from the tables that the checks run by; reference pages share it."""

import textwrap
from collections.abc import Iterator

from wabiz_monitoring._core.catalogue import CATALOGUE, Problem
from wabiz_monitoring._core.states import State

from . import Check
from .examples import EXAMPLES, Example, command

SECRETS = (
    "The password comes from WA_WEB_PASSWORD, a token from WA_WEB_TOKEN, or both from an extra-opts file (keys "
    "`password` and `token`). There is no option for them: a command line can be read by every user of the host."
)
BROKEN_LIMITS = (
    ("limit of -w", State.WARNING, "A value is outside of the range given with `-w`, or of its default."),
    ("limit of -c", State.CRITICAL, "A value is outside of the range given with `-c`, or of its default."),
)
_WIDTH = 100


def problems_of(check: Check) -> list[Problem]:
    """The problems that a check can find, in the catalogue's order."""
    return [row for row in CATALOGUE.values() if check.name == "all" or check.name in row.judged_by]


def states_text(check: Check) -> str:
    """The end of the help: thresholds, every problem with its default state, secrets, examples."""
    lines = []
    if check.thresholds:
        lines += ["Thresholds:", *_wrapped(check.thresholds, "  "), ""]
    lines.append("States (change that of a problem with --state PROBLEM=STATE):")
    rows = [(row.name, row.state, row.meaning) for row in problems_of(check)]
    for name, state, meaning in [*(BROKEN_LIMITS if check.thresholds else ()), *rows]:
        lines += _wrapped(meaning, " " * 32, f"  {name:<20} {state.name:<8} ")
    lines += ["", "Secrets:", *_wrapped(SECRETS, "  "), "", "Examples:"]
    for example in _typed(check):
        lines += [f"  {command(check, example.arguments)}", *_wrapped(example.says, "      ")]
    lines += ["", "Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (also usage errors, -h and -V)."]
    return "\n".join(lines)


def _typed(check: Check) -> Iterator[Example]:
    yield Example("", "with the defaults; the user name from WA_WEB_USERNAME")
    yield from (example for example in EXAMPLES[check.name] if example.arguments)
    yield Example(
        "", "with the options and the password in section [wa] of a file", ("--extra-opts=wa@/etc/wabiz.ini",)
    )


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(
        text.replace("`", ""), _WIDTH, initial_indent=indent if first is None else first, subsequent_indent=indent
    )
