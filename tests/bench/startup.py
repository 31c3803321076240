# SPDX-License-Identifier: BSD-2-Clause
"""What a one-shot check costs beside the least that it could: a script with the same libraries and the same request."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from measure import ENVIRONMENT, alternately, table

ROUNDS = 25
MOST = 1.15

MINIMAL = """
import os

import nagiosplugin
import requests

reply = requests.get(
    os.environ["URL"] + "/v1/support",
    headers={"Authorization": "Bearer " + os.environ["TOKEN"]},
    verify=os.environ["CA"],
    timeout=30,
)
connected = reply.json()["support"]["socket_conn"] == "UP"
print("WABIZ SOCKET", nagiosplugin.Ok if connected else nagiosplugin.Critical)
"""

FLOORS = {
    "the two libraries, imported": "import nagiosplugin, requests",
    "the interpreter alone": "pass",
}


class Server(NamedTuple):
    """The simulator, in a process of its own."""

    url: str
    ca: str


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "wabiz_monitoring.simulator", "--port", "0", "--cert-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        # `wabiz-simulator: SCENARIO on URL (CA FILE)`, once it is ready.
        words = process.stdout.readline().split()
        yield Server(words[3], words[5].rstrip(")"))
        process.terminate()


def test_a_check_costs_little_more_than_what_it_takes(commands: Path, server: Server, tmp_path: Path) -> None:
    login = requests.post(f"{server.url}/v1/users/login", auth=("monitor", "simulated"), verify=server.ca, timeout=30)
    minimal = tmp_path / "minimal.py"
    minimal.write_text(MINIMAL)
    env = {
        **ENVIRONMENT,
        "URL": server.url,
        "CA": server.ca,
        "TOKEN": login.json()["users"][0]["token"],
        "HOME": str(tmp_path),
        "WA_WEB_USERNAME": "monitor",
        "WA_WEB_PASSWORD": "simulated",
    }
    python = commands / "python"
    runs: dict[str, list[str | Path]] = {
        "a minimal script": [python, minimal],
        # The first, uncounted round logs in and keeps the token.
        "check_wabiz_socket": [commands / "check_wabiz_socket", "--url", server.url, "--ca-file", server.ca],
        "check_wabiz_all": [commands / "check_wabiz_all", "--url", server.url, "--ca-file", server.ca],
        **{name: [python, "-c", program] for name, program in FLOORS.items()},
    }
    for name in list(runs)[:3]:
        done = subprocess.run(runs[name], capture_output=True, text=True, env=env, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout

    costs = alternately(runs, ROUNDS, env)

    print(f"\n{table(costs, ROUNDS)}")
    for name, cost in costs.items():
        print(f"  {name}: from {min(cost.times):.1f} to {max(cost.times):.1f} ms")
    assert costs["check_wabiz_socket"].median <= MOST * costs["a minimal script"].median
