# SPDX-License-Identifier: BSD-2-Clause
"""check_wabiz_space: free space on data, logs, media_incoming and media_outgoing."""

from typing import NoReturn

from .plugin import Check
from .plugin.run import run

CHECK = Check(
    name="space",
    asks="Is there enough free space on data, logs, media_incoming and media_outgoing, on every node?",
    thresholds=(
        "Free bytes. A bare value is the least that is acceptable: `-w 10GiB` is `-w 10GiB:`. Units: B, kB, MB, GB, "
        "TB, KiB, MiB, GiB, TiB. One volume of its own: `-w logs=2GiB -w 5GiB`. Default: -w 5GiB -c 1GiB."
    ),
    metrics=tuple(
        (f"free_{volume}", "B", f"free bytes on {volume}; none when unlimited")
        for volume in ("data", "logs", "media_incoming", "media_outgoing")
    ),
)


def main() -> NoReturn:
    """The command."""
    run(CHECK)
