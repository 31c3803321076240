# SPDX-License-Identifier: BSD-2-Clause
"""The examples of the modules' pages run as they stand, also where a deployment says little of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from wabiz_monitoring.simulator import Simulator

from .controller import PASSWORD, Controller

ROOT = Path(__file__).parents[2]
SETTINGS = {
    # As newer versions of Ansible will have it.
    "ANSIBLE_INJECT_FACT_VARS": "False",
    "ANSIBLE_DEPRECATION_WARNINGS": "True",
}
BARE = """
description: a build that says nothing but its name
extends: healthy-single
fields:
  expires_in: null
  free_space_data: null
  free_space_logs: null
  free_space_media_incoming: null
  free_space_media_outgoing: null
  version: null
"""
README = re.compile(r"```yaml\n(- name: Look before the upgrade\n.*?)```", re.DOTALL)


def examples(module: str) -> str:
    """The tasks that a module's page shows, as a playbook."""
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    tasks = re.search(r'EXAMPLES = r"""(.*?)"""', text, re.DOTALL)
    assert tasks
    head = "- hosts: wabiz\n  gather_facts: false\n  tasks:\n"
    return head + "".join(f"    {line}\n" for line in tasks[1].splitlines())


def of_readme() -> str:
    (play,) = README.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert isinstance(play, str)
    return play


PLAYS = {
    "README": of_readme(),
    "support_facts": examples("support_facts"),
    "health_gate": examples("health_gate"),
    "demo": (ROOT / "demo" / "facts.yml").read_text(encoding="utf-8"),
}


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "bare.yml").write_text(BARE, encoding="utf-8")
    with Simulator("mc4-healthy", scenarios=folder, password=PASSWORD) as sim:
        yield sim


def here(play: str, sim: Simulator) -> str:
    """A play that asks the simulator in the place of the deployment that it names."""
    for written in ("/etc/ssl/wabiz/ca.pem", "ca_path: wabiz-ca.pem"):
        play = play.replace(written, written.replace(written.rpartition(": ")[2], sim.ca_file))
    play = re.sub(r"^( *)hostname: wa\.example\.com$", rf"\1hostname: localhost\n\1port: {sim.port}", play, flags=re.M)
    assert yaml.safe_load(play)
    return play


@pytest.mark.parametrize("scenario", ["mc4-healthy", "bare"])
@pytest.mark.parametrize("name", PLAYS)
def test_an_example_runs_without_facts_among_the_variables(
    name: str, scenario: str, sim: Simulator, controller: Controller
) -> None:
    sim.use(scenario)
    environment = {"WA_WEB_ENDPOINT": f"localhost:{sim.port}", "WA_WEB_USERNAME": "monitor"}
    controller.environment = {**SETTINGS, **environment, "WA_WEB_PASSWORD": PASSWORD}
    done = controller.play(here(PLAYS[name], sim), ["wa"], wabiz_password=PASSWORD, ca=sim.ca_file)
    told = re.findall(r'"msg": "(.*)"', done.out)
    # What cannot be known of a build does not pass for sound; but it is the example that says so.
    stops = scenario == "bare" and name in ("README", "health_gate")
    assert done.code == (2 if stops else 0), done.out
    assert not stops or any(text.startswith(("Assertion failed", "not safe to go on")) for text in told), done.out
    for fault in ("DEPRECATION", "undefined", "not supported between", "Traceback"):
        assert fault not in done.out
