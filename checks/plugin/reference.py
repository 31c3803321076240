# SPDX-License-Identifier: BSD-2-Clause
"""The text of help and reference pages, made from the tables that the checks run by."""

import textwrap

from wabiz_monitoring.core.catalogue import CATALOGUE, Problem

from . import Check


def problems_of(check: Check) -> list[Problem]:
    """The problems that a check can find, in the catalogue's order."""
    return [row for row in CATALOGUE.values() if check.name == "all" or check.name in row.judged_by]


def states_text(check: Check) -> str:
    """The end of the help: thresholds, and every problem with its default state."""
    lines = []
    if check.thresholds:
        lines += ["Thresholds:", *_wrapped(check.thresholds, "  "), ""]
    lines += ["States (change one with --state PROBLEM=STATE):"]
    for row in problems_of(check):
        lines += _wrapped(row.meaning, " " * 32, f"  {row.name:<20} {row.state.name:<9}")
    lines += ["", "Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (also usage errors, -h and -V)."]
    return "\n".join(lines)


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(text.replace("`", ""), 100, initial_indent=first or indent, subsequent_indent=indent)
