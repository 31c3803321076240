# SPDX-License-Identifier: BSD-2-Clause
"""The page on a hostile world says what is tried: its table is made of that, and may not drift."""

from __future__ import annotations

import figures
import hostile_world
from peers import KINDS, PEERS
from yardstick import LATE, most

MEASURE = "measure what differs: python tests/checks/figures.py [PEER...]"


def test_the_table_says_what_is_tried() -> None:
    written = hostile_world.PAGE.read_text(encoding="utf-8")
    assert written == hostile_world.page(written), "make it anew: python tests/checks/hostile_world.py"


def test_every_peer_has_its_line() -> None:
    assert set(hostile_world.HEADS) == set(KINDS)
    lines = hostile_world.made().splitlines()
    assert [name for name in PEERS if len([line for line in lines if line.startswith(f"| {name} | ")]) != 1] == []


def test_figures_of_memory_and_time_are_there_for_each_peer_and_no_other() -> None:
    written = hostile_world.PAGE.read_text(encoding="utf-8")
    measured = figures.read(written)
    assert set(measured.peers) == set(PEERS), MEASURE
    assert written == figures.page(written, measured), MEASURE


def test_the_figures_keep_what_is_promised() -> None:
    measured = figures.read(hostile_world.PAGE.read_text(encoding="utf-8"))
    mib = 2**20
    for name, by_tool in measured.peers.items():
        for tool, taken in by_tool.items():
            assert taken.memory * mib < most(measured.healthy[tool] * mib), name
            assert (taken.late or 0) < LATE, name
