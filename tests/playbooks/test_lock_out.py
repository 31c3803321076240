# SPDX-License-Identifier: BSD-2-Clause
"""Plays over many hosts, which all log in as one user: a wrong password is tried once, and no row is left behind."""

from __future__ import annotations

from typing import Any

import yaml
from wabiz_monitoring.simulator import Simulator

from .controller import Controller, Played

HOSTS = [f"wa{number}" for number in range(1, 36)]


def ask(controller: Controller, sim: Simulator, hosts: list[str], **keywords: Any) -> Played:
    """Each host asks for itself, all at once."""
    options = {
        "url": "{{ predeploy_gate_url }}",
        "ca_path": "{{ predeploy_gate_ca_path }}",
        "username": "{{ predeploy_gate_username }}",
        "password": "{{ predeploy_gate_password }}",
    }
    task = {"name": "Ask", "wabiz.monitoring.support_facts": options, "delegate_to": "localhost", **keywords}
    play = {"name": "Play", "hosts": "wabiz", "gather_facts": False, "tasks": [task]}
    return controller.play(yaml.safe_dump([play]), hosts, "--forks", str(len(hosts)))


def test_a_play_over_many_hosts_with_a_wrong_password_tries_it_once(controller: Controller, sim: Simulator) -> None:
    sim._accounts.password = "another"
    played = ask(controller, sim, HOSTS)
    assert played.code == 2, played.out
    assert played.count('"problem": "unauthorized"') == len(HOSTS)
    assert (sim.logins, sim.failed_logins) == (0, 1)


def test_hosts_with_the_right_password_leave_no_row(controller: Controller, sim: Simulator) -> None:
    played = ask(controller, sim, HOSTS[:6])
    assert played.code == 0, played.out
    assert (sim.logins, sim.logouts, sim.tokens) == (6, 6, ())


def test_one_host_that_asks_again_and_again_with_a_wrong_password_tries_it_once(
    controller: Controller, sim: Simulator
) -> None:
    sim._accounts.password = "another"
    played = ask(controller, sim, HOSTS[:1], register="asked", until="asked is success", retries=2, delay=0)
    assert played.code == 2, played.out
    assert sim.failed_logins == 1
