# SPDX-License-Identifier: BSD-2-Clause
"""check_wabiz_build: how long until the build expires."""

from typing import NoReturn

from .plugin import Check
from .plugin.run import run

CHECK = Check(
    name="build",
    asks="How long until the build expires? An expired client stops passing messages.",
    thresholds=(
        "Time until the build expires. A bare value is the least that is acceptable: `-w 30d` is `-w 30d:`. "
        "Units: s, m, h, d, w. Default: -w 30d -c 7d."
    ),
    metrics=(("build_expires_in", "s", "seconds until the build expires; negative when it has"),),
)


def main() -> NoReturn:
    """The command."""
    run(CHECK)
