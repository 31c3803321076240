# SPDX-License-Identifier: BSD-2-Clause
"""The page on a hostile world says what is tried: its table is made of that, and may not drift."""

from __future__ import annotations

import hostile_world
from peers import KINDS, PEERS


def test_the_table_says_what_is_tried() -> None:
    written = hostile_world.PAGE.read_text(encoding="utf-8")
    assert written == hostile_world.page(written), "make it anew: python tests/checks/hostile_world.py"


def test_every_peer_has_its_line() -> None:
    assert set(hostile_world.HEADS) == set(KINDS)
    lines = hostile_world.made().splitlines()
    assert [name for name in PEERS if len([line for line in lines if line.startswith(f"| {name} | ")]) != 1] == []
