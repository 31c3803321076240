# SPDX-License-Identifier: BSD-2-Clause
"""Nodes of the simulator go down and come back: what they were given moves, as far as there is anybody to take it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import documents
import pytest
import requests
from documents import parse
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.result import Result
from wabiz_monitoring.simulator import Simulator
from wabiz_monitoring.simulator.accounts import Accounts
from wabiz_monitoring.simulator.api import Api
from wabiz_monitoring.simulator.library import load_scenarios

MC4 = """
wa1 primary_master   -1    UP
wa1 coreapp          0     UP
wa2 secondary_master -     DN
wa2 coreapp          1     UP
wa3 coreapp          2     UP
wa4 coreapp          3     UP
wa5 coreapp          -     DN
"""
HA = """
wa1 primary_master   -     DN
wa1 coreapp          -1 0  UP
wa2 secondary_master -     DN
wa2 coreapp          -     DN
"""

Changes = list[tuple[str, str]]

AFTER: dict[str, tuple[str, Changes, str]] = {
    "nothing happened": ("mc4-healthy", [], MC4),
    "an owner is down": (
        "mc4-healthy",
        [("wa3:*", "down")],
        """
        wa1 primary_master   -1    UP
        wa1 coreapp          0     UP
        wa2 secondary_master -     DN
        wa2 coreapp          1     UP
        wa3
        wa4 coreapp          3     UP
        wa5 coreapp          2     UP
        """,
    ),
    "it comes back and stands by": (
        "mc4-healthy",
        [("wa3:*", "down"), ("wa3:*", "up")],
        """
        wa1 primary_master   -1    UP
        wa1 coreapp          0     UP
        wa2 secondary_master -     DN
        wa2 coreapp          1     UP
        wa3 coreapp          -     DN
        wa4 coreapp          3     UP
        wa5 coreapp          2     UP
        """,
    ),
    "nobody is left to take its shard": (
        "mc4-healthy",
        [("wa5:*", "gone"), ("wa3:*", "down")],
        """
        wa1 primary_master   -1    UP
        wa1 coreapp          0     UP
        wa2 secondary_master -     DN
        wa2 coreapp          1     UP
        wa3
        wa4 coreapp          3     UP
        """,
    ),
    "whoever comes first takes it": (
        "mc4-healthy",
        [("wa5:*", "down"), ("wa3:*", "down"), ("wa5:*", "up"), ("wa3:*", "up")],
        """
        wa1 primary_master   -1    UP
        wa1 coreapp          0     UP
        wa2 secondary_master -     DN
        wa2 coreapp          1     UP
        wa3 coreapp          -     DN
        wa4 coreapp          3     UP
        wa5 coreapp          2     UP
        """,
    ),
    "a host with the lead and a shard is down": (
        "mc4-healthy",
        [("wa1:*", "down")],
        """
        wa1
        wa1
        wa2 primary_master   -1    UP
        wa2 coreapp          1     UP
        wa3 coreapp          2     UP
        wa4 coreapp          3     UP
        wa5 coreapp          0     UP
        """,
    ),
    "and stands by in both when it is back": (
        "mc4-healthy",
        [("wa1:*", "down"), ("wa1:*", "up")],
        """
        wa1 secondary_master -     DN
        wa1 coreapp          -     DN
        wa2 primary_master   -1    UP
        wa2 coreapp          1     UP
        wa3 coreapp          2     UP
        wa4 coreapp          3     UP
        wa5 coreapp          0     UP
        """,
    ),
    "without any master nothing moves": (
        "mc4-healthy",
        [("wa1:91d3be6c0f52", "down"), ("wa2:d05e8b3721fc", "down"), ("wa4:*", "down")],
        """
        wa1
        wa1 coreapp          0     UP
        wa2
        wa2 coreapp          1     UP
        wa3 coreapp          2     UP
        wa4
        wa5 coreapp          -     DN
        """,
    ),
    "until one is back": (
        "mc4-healthy",
        [("wa[12]:[9d]*", "down"), ("wa4:*", "down"), ("wa2:d05e8b3721fc", "up")],
        """
        wa1
        wa1 coreapp          0     UP
        wa2 primary_master   -1    UP
        wa2 coreapp          1     UP
        wa3 coreapp          2     UP
        wa4
        wa5 coreapp          3     UP
        """,
    ),
    "what was up already keeps what it has": ("mc4-healthy", [("*", "up")], MC4),
    "all come back at once": ("mc4-healthy", [("*", "down"), ("*", "up")], MC4),
    "in a new container": (
        "mc4-healthy",
        [("wa3:*", "down"), ("wa3:*", "renewed")],
        """
        wa1 primary_master   -1    UP
        wa1 coreapp          0     UP
        wa2 secondary_master -     DN
        wa2 coreapp          1     UP
        wa3
        wa3 coreapp          -     DN
        wa4 coreapp          3     UP
        wa5 coreapp          2     UP
        """,
    ),
    "the row of the old container stays as it is": (
        "mc4-healthy",
        [("wa3:*", "renewed"), ("wa3:*", "down"), ("wa3:*", "up"), ("wa3:b84d17e2c65a", "renewed")],
        """
        wa1 primary_master   -1    UP
        wa1 coreapp          0     UP
        wa2 secondary_master -     DN
        wa2 coreapp          1     UP
        wa3
        wa3 coreapp          -     DN
        wa4 coreapp          3     UP
        wa5 coreapp          2     UP
        """,
    ),
    "in high availability everything goes to one": (
        "ha-healthy",
        [("wa1:*", "down")],
        """
        wa1
        wa1
        wa2 primary_master   -     DN
        wa2 coreapp          -1 0  UP
        """,
    ),
}


class Client:
    """Asks the simulator, and steers it, over HTTPS."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = sim.ca_file
        login = self.session.post(f"{sim.url}/v1/users/login", auth=(sim.username, sim.password)).json()
        self.session.headers["Authorization"] = f"Bearer {login['users'][0]['token']}"

    def put(self, pattern: str, state: str) -> requests.Response:
        return self.session.put(f"{self.sim.url}/simulator/nodes/{pattern}", data=state)

    def body(self) -> bytes:
        return self.session.get(f"{self.sim.url}/v1/support").content

    def table(self) -> list[list[str]]:
        """Host, role, shards and connection of each node; of one that is down the host alone."""
        support: dict[str, Any] = json.loads(self.body())["support"]
        return sorted(row(key.partition(":")[0], fields) for key, fields in support.items())


def row(host: str, fields: dict[str, Any]) -> list[str]:
    if "errors" in fields:
        return [host]
    shards = " ".join(str(lower) for lower, _upper in fields["shards"])
    return [host, fields["role"], shards or "-", fields["socket_conn"]]


def written(table: str) -> list[list[str]]:
    rows = [line.split() for line in table.strip().splitlines()]
    return sorted([cells[0], cells[1], " ".join(cells[2:-1]), cells[-1]] if len(cells) > 1 else cells for cells in rows)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Simulator() as sim:
        yield Client(sim)


@pytest.mark.parametrize(("scenario", "changes", "table"), AFTER.values(), ids=AFTER)
def test_what_a_node_was_given_moves(client: Client, scenario: str, changes: Changes, table: str) -> None:
    client.sim.use(scenario)
    for pattern, state in changes:
        assert client.put(pattern, state).status_code == 200
    assert client.table() == written(table)


def found(result: Result) -> set[tuple[str | None, str]]:
    """What is found of the cluster, but for the node that does not answer."""
    pairs = {(finding.problem, finding.text.partition("; ")[0]) for _check, finding in result.every_finding}
    return {pair for pair in pairs if pair[0] != "node-unreachable"}


@pytest.mark.parametrize("host", ["wa1", "wa2", "wa3", "wa4", "wa5"])
@pytest.mark.parametrize("spare", [True, False])
def test_it_happens_what_is_foretold(client: Client, host: str, spare: bool) -> None:
    client.sim.use("mc4-healthy")
    if not spare:
        client.sim.change_nodes("wa5:*" if host != "wa5" else "wa4:*", "gone")
    # What there is to own is known from before.
    policy = documents.POLICY._replace(shards=4)
    foretold = judge("cluster", parse(client.body()), policy, [f"{host}:*"])
    client.sim.change_nodes(f"{host}:*", "down")
    assert found(judge("cluster", parse(client.body()), policy)) == found(foretold)


def test_a_change_can_take_its_time() -> None:
    now = 1_700_000_000.0
    with Simulator("mc4-healthy", clock=lambda: now) as sim:
        client = Client(sim)
        assert client.put("wa3:*", "down").json()["wa3:b84d17e2c65a"] == "down"
        assert client.put("wa3:*", "up in 90s").json()["wa3:b84d17e2c65a"] == "down"
        now += 89
        assert client.table().count(["wa3"]) == 1
        now += 1
        assert client.table() == written(AFTER["it comes back and stands by"][2])


def test_the_nodes_and_their_states_can_be_asked_for(client: Client) -> None:
    client.sim.use("ha-healthy")
    told = client.put("wa2:c61f2e07d9b4", "down").json()
    assert told == client.session.get(f"{client.sim.url}/simulator/nodes").json() == client.sim.nodes
    assert told == {
        "wa1:0f4c9a5be217": "up",
        "wa1:7d20c3f1a6e8": "up",
        "wa2:3be85d94c70a": "up",
        "wa2:c61f2e07d9b4": "down",
    }


def test_a_scenario_begins_anew_when_it_is_used_again(client: Client) -> None:
    client.sim.use("mc4-healthy")
    client.sim.change_nodes("*", "down")
    client.sim.use("mc4-healthy")
    assert client.table() == written(MC4)


WRONG = [
    ("mc4-healthy", "wa9:*", "down", "no node fits 'wa9:*'; there are wa1:91d3be6c0f52, "),
    ("healthy-single", "*", "down", "no node fits '*'; the single form has none"),
    ("mc4-healthy", "wa1:*", "off", "'off' is no state of a node: write down, up, renewed, gone"),
    ("mc4-healthy", "wa1:*", "", "'' is no state of a node"),
    ("mc4-healthy", "wa1:*", "up in a while", "'a while' is no length of time"),
    ("mc4-healthy", "wa1:*", "up in -5s", "-5 s is in the past"),
]


@pytest.mark.parametrize(("scenario", "pattern", "state", "says"), WRONG, ids=[says for *_rest, says in WRONG])
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    client: Client, scenario: str, pattern: str, state: str, says: str
) -> None:
    client.sim.use(scenario)
    before = client.sim.nodes
    answer = client.put(pattern, state)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["details"].startswith(says)
    assert client.sim.nodes == before


def test_nobody_changes_nodes_from_another_machine() -> None:
    # No test can come from another machine, so this one stands where the web server does.
    async def wait(unused_delay: float) -> None: ...

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"down"}

    async def send(message: Any) -> None:
        sent.append(message)

    api = Api(load_scenarios(), "ha-healthy", Accounts("monitor", "simulated", 60, time.time), time.time, wait)
    sent: list[Any] = []
    path = "/simulator/nodes/*"
    scope = {"type": "http", "method": "PUT", "path": path, "query_string": b"", "headers": []}
    asyncio.run(api({**scope, "client": ("192.0.2.1", 40000)}, receive, send))
    assert (sent[0]["status"], set(api.nodes.values())) == (403, {"up"})
    asyncio.run(api({**scope, "client": ("127.0.0.1", 40000)}, receive, send))
    assert set(api.nodes.values()) == {"down"}
