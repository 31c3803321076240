# SPDX-License-Identifier: BSD-2-Clause
"""What the size of a cluster costs: 64 nodes may take twice the CPU time that one takes, and no more."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from measure import ENVIRONMENT, alternately, table

ROUNDS = 15
MOST = 2.0

# A single node is no whole cluster; that is not what is measured, so both are judged without it.
OPTIONS = ("--min-spares", "0", "--state", "no-primary-master=ok", "--state", "no-secondary-master=ok")


def node(role: str, shards: list[list[int]], connection: str) -> dict[str, Any]:
    """All fields that the vendor documents, in sizes as they are."""
    return {
        "context": "healthcheck",
        "db_engine": "MYSQL",
        "db_info": ["mysql driver 8.0.33"],
        "debug_info": "12025550143",
        "description": "WhatsApp Business client 2.45.1",
        "device_iso8601": "2198-12-31T00:00:00",
        "e2e": {"identity_timestamp": "1700000000", "registration_id": "1804289383"},
        "env": [f"WA_SETTING_{number}=of a length that settings have" for number in range(12)],
        "expire_timestamp": "2199-01-01T00:00:00",
        "free_space_data": 51539607552,
        "free_space_logs": 22548578304,
        "free_space_media_incoming": 37580963840,
        "free_space_media_outgoing": 35433480192,
        "lc": "US",
        "lg": "en",
        "multi_connect": True,
        "os_name": "ubuntu-x86_64",
        "os_version": "16.04",
        "role": role,
        "schema": dict.fromkeys(("axolotl", "callback", "cluster", "config", "contact", "jobqueue", "message"), 21),
        "shards": shards,
        "socket_conn": connection,
        "version": "2.45.1",
    }


def answer(nodes: dict[str, Any]) -> str:
    return json.dumps({"support": nodes, "meta": {"version": "v2.45.1", "api_status": "stable"}})


def one() -> str:
    """A cluster of a single node, which owns everything."""
    return answer({"wa1:0f4c9a5be217": node("coreapp", [[-1, -1], [0, 0]], "UP")})


def sixty_four(connection: str = "UP") -> str:
    """Two masters, 32 owners and 30 spares, two nodes a host."""
    rows = [("primary_master", [[-1, -1]], connection), ("secondary_master", [], "DN")]
    rows += [("coreapp", [[shard, shard]], connection) for shard in range(32)] + [("coreapp", [], "DN")] * 30
    return answer({f"wa{at // 2}:{at:012x}": node(*row) for at, row in enumerate(rows)})


def test_sixty_four_nodes_cost_at_most_twice_the_cpu_of_one(commands: Path, tmp_path: Path) -> None:
    runs: dict[str, list[str | Path]] = {}
    for name, text, state in (
        ("1 node", one(), 0),
        ("64 nodes", sixty_four(), 0),
        ("64 nodes, 33 of them disconnected", sixty_four("DN"), 2),
    ):
        file = tmp_path / f"{name}.json"
        file.write_text(text)
        runs[name] = [commands / "check_wabiz_all", "--file", file, *OPTIONS]
        done = subprocess.run(runs[name], capture_output=True, text=True, env=ENVIRONMENT, check=False)
        assert (done.returncode, done.stderr) == (state, ""), done.stdout
    runs["the interpreter alone"] = [commands / "python", "-c", "pass"]

    costs = alternately(runs, ROUNDS)

    print(f"\n{table(costs, ROUNDS)}")
    for name in ("64 nodes", "64 nodes, 33 of them disconnected"):
        assert costs[name].median <= MOST * costs["1 node"].median
