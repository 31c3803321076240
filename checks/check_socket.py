# SPDX-License-Identifier: BSD-2-Clause
"""check_wabiz_socket: is every node that should be connected connected?"""

from typing import NoReturn

from .plugin import Check
from .plugin.run import run

CHECK = Check(
    name="socket",
    asks="Is every node that should be connected connected? A standby that is disconnected is healthy.",
    metrics=(
        ("connected", "", "nodes that must be connected and are"),
        ("expected", "", "nodes that must be connected"),
    ),
    cluster=True,
)


def main() -> NoReturn:
    """The command."""
    run(CHECK)
