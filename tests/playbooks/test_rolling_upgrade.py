# SPDX-License-Identifier: BSD-2-Clause
"""The rolling upgrade, run by Ansible on a simulated cluster whose nodes go down and come back as the tasks run."""

from __future__ import annotations

import socket

import pytest
from wabiz_monitoring.simulator import Simulator

from .controller import Controller

PLAYBOOK = "wabiz.monitoring.rolling_upgrade"
HOSTS = ("wa1", "wa2", "wa3", "wa4", "wa5")


def upgraded(*hosts: str) -> list[str]:
    """The journal of an upgrade of these hosts, one after another, each of them down alone."""
    return [line for host in hosts for line in (f"downtime {host}", f"upgrade {host}: down are {host}", f"end {host}")]


@pytest.mark.usefixtures("late")
def test_with_a_spare_every_host_is_upgraded_one_after_another(controller: Controller, sim: Simulator) -> None:
    played = controller.play(PLAYBOOK, HOSTS, returns="down")
    assert played.code == 0, played.out
    assert played.journal == upgraded(*HOSTS)
    assert set(sim.nodes.values()) == {"up"}
    # The nodes took their time, and it waited for them.
    assert played.count("FAILED - RETRYING: ") >= len(HOSTS)
    assert (sim.failed_logins, sim.tokens) == (0, ())


def test_without_a_spare_it_stops_before_anything_is_touched(controller: Controller, sim: Simulator) -> None:
    sim.change_nodes("wa5:*", "gone")
    before = sim.nodes
    played = controller.play(PLAYBOOK, HOSTS[:4])
    assert played.code != 0
    assert (played.journal, sim.nodes) == ([], before)
    for shard, host in enumerate(HOSTS[:4]):
        assert f"no spare is left for shard {shard})" in played.out
        assert f"fatal: [{host}" in played.out
    assert "Upgrade one host after another" not in played.out.partition("PLAY [")[2].partition("PLAY [")[2]


def test_a_host_that_could_be_done_without_is_not_touched_either_if_a_later_one_could_not(
    controller: Controller, sim: Simulator
) -> None:
    # All that wa1 has now is the lead; its coreapp is gone, and the spare has its shard.
    sim.change_nodes("wa1:2a7f48c1e9d0", "gone")
    played = controller.play(PLAYBOOK, ["wa1", "wa2"])
    assert played.code != 0
    assert played.journal == []
    assert "fatal: [wa2" in played.out
    assert "fatal: [wa1" not in played.out
    assert controller.play(PLAYBOOK, ["wa1"]).journal == upgraded("wa1")


@pytest.mark.parametrize("returns", ["down", "gone"])
def test_a_node_that_does_not_come_back_stops_the_rollout_and_its_downtime_ends(
    controller: Controller, sim: Simulator, returns: str
) -> None:
    played = controller.play(PLAYBOOK, ["wa3", "wa4"], returns=returns, predeploy_gate_wait=8, predeploy_gate_timeout=4)
    assert played.code != 0
    # The spare has taken over, so the cluster alone would not miss it.
    assert played.journal == upgraded("wa3")
    assert "- CRITICAL 0 of 1 node fitting wa3:* answered" in played.out
    assert sim.nodes["wa4:4e03c9d7fa18"] == "up"


def test_a_node_may_come_back_in_a_new_container_while_the_row_of_the_old_one_lingers(
    controller: Controller, sim: Simulator
) -> None:
    played = controller.play(PLAYBOOK, ["wa3", "wa1"], returns="renewed")
    assert played.code == 0, played.out
    assert [line.partition(":")[0] for line in played.journal if "upgrade" in line] == ["upgrade wa3", "upgrade wa1"]
    assert sorted(sim.nodes.values()).count("down") == 3


def test_every_host_may_come_back_in_new_containers_while_all_the_old_rows_linger(
    controller: Controller, sim: Simulator
) -> None:
    rows = len(sim.nodes)
    played = controller.play(PLAYBOOK, HOSTS, returns="renewed")
    assert played.code == 0, played.out
    upgrades = [line.partition(":")[0] for line in played.journal if line.startswith("upgrade")]
    assert upgrades == [f"upgrade {host}" for host in HOSTS]
    assert sorted(sim.nodes.values()) == ["down"] * rows + ["up"] * rows


def test_an_upgrade_that_fails_stops_the_rollout_and_its_downtime_ends(controller: Controller) -> None:
    played = controller.play(PLAYBOOK, ["wa3", "wa4"], returns="fails")
    assert played.code != 0
    assert played.journal == upgraded("wa3")


def test_check_mode_asks_for_real_and_touches_nothing(controller: Controller, sim: Simulator) -> None:
    before = sim.nodes
    played = controller.play(PLAYBOOK, ["wa3", "wa4"], "--check")
    assert played.code == 0, played.out
    assert (played.journal, sim.nodes) == ([], before)
    assert sim.logins >= 6
    sim.change_nodes("wa5:*", "gone")
    assert controller.play(PLAYBOOK, ["wa3", "wa4"], "--check").code != 0


def test_a_wrong_password_is_tried_once(controller: Controller, sim: Simulator) -> None:
    played = controller.play(PLAYBOOK, HOSTS, predeploy_gate_password="marked-wrong")
    assert played.code != 0
    assert "wrong user name or password" in played.out
    assert "marked-wrong" not in played.out
    assert (sim.failed_logins, played.journal) == (1, [])


@pytest.mark.parametrize("tasks", [None, "", "upgrade.yml", "/nowhere/upgrade.yml"])
def test_without_tasks_nobody_is_asked(controller: Controller, sim: Simulator, tasks: str | None) -> None:
    played = controller.play(PLAYBOOK, ["wa3"], rolling_upgrade_tasks=tasks)
    assert played.code != 0
    assert "rolling_upgrade_tasks must be the absolute path of a file of tasks" in played.out
    assert sim.requests == 0


def test_nodes_can_have_other_names_than_their_hosts(controller: Controller) -> None:
    hosts = {"web.example.com": {"rolling_upgrade_without": ["wa3:*", "wa5:*"]}}
    played = controller.play(PLAYBOOK, hosts)
    assert played.code != 0
    assert "without wa3 and wa5: no spare is left for shard 2" in played.out
    played = controller.play(PLAYBOOK, {"wa3.example.com": {}}, "--check")
    assert played.code == 0, played.out


def test_a_host_that_is_lost_ends_the_rollout_at_once(controller: Controller, sim: Simulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    lost = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": port}
    played = controller.play(PLAYBOOK, {"wa3": lost, "wa4": {}}, predeploy_gate_before_tasks="")
    assert played.code != 0
    assert "UNREACHABLE" in played.out
    assert played.journal == []
    assert set(sim.nodes.values()) == {"up"}


def test_a_pattern_may_stand_by_itself_as_an_inventory_of_another_format_gives_it(
    controller: Controller, sim: Simulator
) -> None:
    played = controller.play(PLAYBOOK, {"wa3": {"rolling_upgrade_without": "wa3:*"}})
    assert played.code == 0, played.out
    assert played.journal == upgraded("wa3")


def test_a_mistake_that_only_matters_afterwards_stops_it_before_anything_is_touched(
    controller: Controller, sim: Simulator
) -> None:
    played = controller.play(PLAYBOOK, HOSTS[:2], predeploy_gate_after_states={"connecting": "bad"})
    assert played.code != 0
    assert "predeploy_gate_after_states: 'bad' is no state" in played.out
    assert (sim.requests, played.journal, set(sim.nodes.values())) == (0, [], {"up"})
