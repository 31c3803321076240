# SPDX-License-Identifier: BSD-2-Clause
"""check_wabiz_cluster: is the cluster whole, and would it survive the next failure?"""

from typing import NoReturn

from .plugin import Check
from .plugin.run import run

CHECK = Check(
    name="cluster",
    asks="Is the cluster whole, and would it survive the next failure? A single node is OK.",
    metrics=(
        ("nodes", "", "nodes in the answer that are judged"),
        ("unreachable", "", "nodes that the front end cannot reach"),
        ("connected", "", "nodes that must be connected and are"),
        ("expected", "", "nodes that must be connected"),
        ("shards_owned", "", "normal shards that have an owner"),
        ("shards_total", "", "normal shards"),
        ("masters", "", "masters that answered"),
        ("spare_coreapps", "", "coreapps that stand by"),
    ),
    cluster=True,
)


def main() -> NoReturn:
    """The command."""
    run(CHECK)
