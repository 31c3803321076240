# SPDX-License-Identifier: BSD-2-Clause
"""The role's check commands for Icinga 2 are those of the checks' own options."""

from __future__ import annotations

from .check_commands import FILE, made


def test_the_check_commands_are_made_from_the_table_of_options() -> None:
    assert FILE.read_text(encoding="utf-8") == made(), "run: python tests/engines/check_commands.py"
