# SPDX-License-Identifier: BSD-2-Clause
"""check_wabiz_all: all checks from one fetch, worst state first."""

from typing import NoReturn

from .check_build import CHECK as BUILD
from .check_clock import CHECK as CLOCK
from .check_cluster import CHECK as CLUSTER
from .check_socket import CHECK as SOCKET
from .check_space import CHECK as SPACE
from .plugin import Check
from .plugin.run import run

CHECKS = (SOCKET, CLUSTER, SPACE, BUILD, CLOCK)

CHECK = Check(
    name="all",
    asks="All checks from one fetch, worst state first.",
    thresholds=(
        "As in the checks themselves, with the name of what they are for: `-w space=10GiB -w logs=2GiB -c build=14d`. "
        "Defaults: space 5GiB and 1GiB, build 30d and 7d, clock 60s and 300s. Of a saved answer (--file) clocks are "
        "judged only with a limit for them: when it was asked for is a guess."
    ),
    metrics=tuple(dict.fromkeys(metric for check in CHECKS for metric in check.metrics)),
    cluster=True,
)


def main() -> NoReturn:
    """The command."""
    run(CHECK)
