# SPDX-License-Identifier: BSD-2-Clause
"""check_wabiz_clock: how far the node's clock is off."""

from typing import NoReturn

from .plugin import Check
from .plugin.run import run

CHECK = Check(
    name="clock",
    asks="How far is the clock of each node off ours? With --file: off the time at which the file was written.",
    thresholds=(
        "Seconds that the node is ahead, negative when it is behind. A bare value is the largest offset either way: "
        "`-w 60s` is `-w -60s:60s`. Units: s, m, h, d, w. Default: -w 60s -c 300s. Clocks that "
        "are all off as local time would be, and do not say their zone, are WARNING at the most."
    ),
    metrics=(("clock_offset", "s", "seconds by which the node is ahead of us; negative when it is behind"),),
)


def main() -> NoReturn:
    """The command."""
    run(CHECK)
