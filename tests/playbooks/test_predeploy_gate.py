# SPDX-License-Identifier: BSD-2-Clause
"""The role predeploy_gate in plays of its users: how long it waits, for whom it asks, what it does before and after."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from wabiz_monitoring.simulator import Simulator

from .controller import PASSWORD, TASKS, Controller

ROOT = Path(__file__).parent.parent.parent
ROLE = ROOT / "roles" / "predeploy_gate"
MODULES = ROOT / "plugins" / "modules"


def play(*entries: str, **keywords: Any) -> str:
    """A play that takes the role's entry points one after another."""
    tasks = [
        {
            "name": "Enter",
            "ansible.builtin.include_role": {"name": "wabiz.monitoring.predeploy_gate", "tasks_from": name},
        }
        for name in entries
    ]
    return yaml.safe_dump([{"name": "Play", "hosts": "wabiz", "gather_facts": False, "tasks": tasks, **keywords}])


def waits(played: Any) -> int:
    """How often it asked again."""
    count: int = played.count("FAILED - RETRYING: ")
    return count


@pytest.mark.usefixtures("late")
def test_it_waits_until_it_is_safe(controller: Controller, sim: Simulator) -> None:
    sim.change_nodes("wa[35]:*", "down")
    played = controller.play(play("main"), ["wa1"])
    assert played.code == 0, played.out
    assert waits(played) >= 1
    assert played.journal == ["downtime wa1"]


def test_it_waits_no_longer_than_told_all_attempts_together(controller: Controller, sim: Simulator) -> None:
    sim.change_nodes("wa[35]:*", "down")
    played = controller.play(
        play("main"), ["wa1"], predeploy_gate_wait=15, predeploy_gate_timeout=2, predeploy_gate_retries=1000
    )
    assert played.code != 0
    # Each pause is a second, and the last attempt has to begin two seconds before the end.
    assert 1 <= waits(played) <= 13
    assert "not safe to go on" in played.out
    assert played.journal == []
    # No attempt is made that may not be over in time.
    assert waits(controller.play(play("main"), ["wa1"], predeploy_gate_wait=0)) == 0


def test_it_asks_no_more_often_than_told(controller: Controller, sim: Simulator) -> None:
    sim.change_nodes("wa[35]:*", "down")
    before = sim.logins
    played = controller.play(play("main"), ["wa1"], predeploy_gate_retries=2)
    assert played.code != 0
    assert (waits(played), sim.logins - before) == (2, 3)


#: What it is told, and how often it tries again at most.
TRIES: list[tuple[dict[str, Any], int]] = [
    ({"wait": 3600, "delay": 1}, 3600),
    ({"wait": "3600", "delay": "1"}, 3600),
    ({"wait": 605, "delay": 10}, 61),
    ({"wait": 60, "delay": 0}, 6000),
    ({"wait": 0, "delay": 10}, 0),
    ({"wait": 3600, "delay": 1, "retries": "5"}, 5),
    ({"wait": 3600, "delay": 1, "retries": 0}, 0),
]


def test_it_tries_for_as_long_as_it_has_time_unless_told_how_often(controller: Controller) -> None:
    enter = {"name": "wabiz.monitoring.predeploy_gate", "tasks_from": "finish", "public": True}
    tasks = yaml.safe_load((ROLE / "tasks" / "ask.yml").read_text(encoding="utf-8"))
    shows = [
        {
            "name": "Show",
            "ansible.builtin.debug": {"msg": f"case {number} tries {tasks[0]['retries']} times"},
            "vars": {f"predeploy_gate_{name}": value for name, value in told.items()},
        }
        for number, (told, _tries) in enumerate(TRIES)
    ]
    own = {"predeploy_gate_wait": ..., "predeploy_gate_delay": ...}
    entering = {"name": "Enter", "ansible.builtin.include_role": enter}
    played = controller.play(play(tasks=[entering, *shows]), ["wa1"], **own)
    for number, (_told, tries) in enumerate(TRIES):
        assert f"case {number} tries {tries} times" in played.out


def test_a_mistake_in_an_option_is_told_at_once(controller: Controller, sim: Simulator) -> None:
    played = controller.play(play("main"), ["wa1"], predeploy_gate_min_free_space={"log": "1GiB"})
    assert "min_free_space: 'log' is no volume; did you mean logs?" in played.out
    assert (played.code != 0, waits(played), sim.requests) == (True, 0, 0)
    played = controller.play(play("main"), ["wa1"], predeploy_gate_without=["wa9:*"])
    assert "without: wa9:*: no such node" in played.out
    assert (played.code != 0, waits(played)) == (True, 0)
    played = controller.play(play("main"), ["wa1"], predeploy_gate_retries="often")
    assert "argument 'predeploy_gate_retries' is of type" in played.out
    assert played.code != 0


@pytest.mark.parametrize("entry", ["main", "each", "after"])
def test_a_mistake_in_what_is_meant_for_later_is_told_before_anybody_is_asked(
    controller: Controller, sim: Simulator, entry: str
) -> None:
    wrong = {"predeploy_gate_after_states": {"connecting": "bad"}, "predeploy_gate_min_nodes": {"wa3:*": "many"}}
    played = controller.play(play(entry), ["wa1"], **wrong)
    assert (played.code != 0, sim.requests, played.journal) == (True, 0, [])
    assert "predeploy_gate_after_states: 'bad' is no state; write ok, warning, critical or unknown" in played.out
    assert "predeploy_gate_min_nodes: 'many' is no number of nodes" in played.out


#: One node in hand, as inventories give it, and two.
LISTS: dict[Any, dict[str, int]] = {
    "wa3:*": {"wa3:*": 1},
    "wa3:*,wa4:*": {"wa3:*": 1, "wa4:*": 1},
    "wa3:*, wa4:*": {"wa3:*": 1, "wa4:*": 1},
    ("wa3:*",): {"wa3:*": 1},
}


@pytest.mark.parametrize("without", LISTS)
def test_one_pattern_by_itself_is_a_list_of_one(controller: Controller, sim: Simulator, without: Any) -> None:
    sim.change_nodes("wa4:*", "down")
    hosts = {"wa3": {"predeploy_gate_without": without, "predeploy_gate_states": {"node-unreachable": "ok"}}}
    played = controller.play(play("after"), hosts, predeploy_gate_wait=0)
    missing = [pattern for pattern in LISTS[without] if pattern != "wa3:*"]
    assert (played.code != 0) == bool(missing), played.out
    for pattern in missing:
        assert f"0 of 1 node fitting {pattern} answered" in played.out


def test_every_list_of_the_role_may_be_one_by_itself(controller: Controller, sim: Simulator) -> None:
    documented = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    lists = {name for name, option in documented["main"]["options"].items() if option["type"] == "list"}
    by_itself = {
        "predeploy_gate_without": "wa3:*",
        "predeploy_gate_ignore_nodes": "wa4:*",
        "predeploy_gate_fail_on": "critical",
    }
    assert lists == set(by_itself)
    played = controller.play(play("main", "each", "after"), ["wa3"], predeploy_gate_wait=0, **by_itself)
    assert played.code == 0, played.out


def test_after_alone_demands_that_a_node_in_hand_answers(controller: Controller, sim: Simulator) -> None:
    assert controller.play(play("after"), each("wa3"), predeploy_gate_wait=0).code == 0
    # More than one, if so many are asked for.
    played = controller.play(play("after"), each("wa3", predeploy_gate_min_nodes={"wa3:*": 9}), predeploy_gate_wait=0)
    assert (played.code != 0, "1 of 9 nodes fitting wa3:* answered" in played.out) == (True, True)
    sim.change_nodes("wa3:*", "gone")
    played = controller.play(play("after"), each("wa3"), predeploy_gate_wait=0)
    assert (played.code != 0, "0 of 1 node fitting wa3:* answered" in played.out) == (True, True)


@pytest.mark.parametrize("name", ["predeploy_gate_before_tasks", "predeploy_gate_after_tasks"])
def test_a_file_of_tasks_that_is_not_there_is_told_before_anything_is_done(
    controller: Controller, sim: Simulator, name: str
) -> None:
    played = controller.play(play("main"), ["wa1"], **{name: "nowhere.yml"})
    assert played.code != 0
    assert f"{name}: there is no file {controller.plays}/nowhere.yml" in played.out
    assert (sim.requests, played.journal) == (0, [])


def test_a_file_of_tasks_may_lie_beside_the_playbook(controller: Controller) -> None:
    (controller.plays / "mine.yml").write_text((TASKS / "downtime.yml").read_text(encoding="utf-8"), encoding="utf-8")
    played = controller.play(play("main"), ["wa1"], predeploy_gate_before_tasks="mine.yml")
    assert played.journal == ["downtime wa1"], played.out


# For whom it asks


def each(*hosts: str, **more: Any) -> dict[str, Any]:
    return {host: {"predeploy_gate_without": [f"{host}:*"], **more} for host in hosts}


def test_hosts_in_hand_at_once_are_judged_together_and_asked_for_once(controller: Controller, sim: Simulator) -> None:
    played = controller.play(play("main"), each("wa3", "wa4"), predeploy_gate_wait=0)
    assert played.code != 0
    assert "without wa3 and wa4: shard 2 moves to wa5; no spare is left for shard 3" in played.out
    assert (sim.logins, played.journal) == (1, [])
    played = controller.play(play("main", serial=1), each("wa3", "wa4"))
    assert played.code == 0, played.out
    assert sim.logins == 3


def test_hosts_of_several_deployments_are_asked_for_at_their_own(controller: Controller, sim: Simulator) -> None:
    with Simulator("ha-healthy", password=PASSWORD) as other:
        hosts = {
            **each("wa3", predeploy_gate_url=sim.url, predeploy_gate_ca_path=sim.ca_file),
            **each("wa1", predeploy_gate_url=other.url, predeploy_gate_ca_path=other.ca_file),
        }
        played = controller.play(play("main", "after"), hosts, predeploy_gate_url=..., predeploy_gate_ca_path=...)
        assert played.code == 0, played.out
        assert (sim.logins, other.logins) == (2, 2)
    assert sorted(played.journal) == ["downtime wa1", "downtime wa3"]


def test_what_the_role_is_not_told_comes_from_the_environment_of_the_host_that_asks(
    controller: Controller, sim: Simulator
) -> None:
    controller.environment = {
        "WA_WEB_ENDPOINT": sim.url.partition("://")[2],
        "WA_WEB_USERNAME": sim.username,
        "WA_WEB_PASSWORD": PASSWORD,
    }
    unset = {f"predeploy_gate_{name}": ... for name in ("url", "username", "password")}
    played = controller.play(play("main", "after"), each("wa3", "wa4"), predeploy_gate_wait=0, **unset)
    assert "without wa3 and wa4: shard 2 moves to wa5; no spare is left for shard 3" in played.out
    # Whose address that is cannot be told, so each host asks.
    assert sim.logins == 2


def test_only_the_host_that_asks_does_so_and_as_the_user_who_plays(controller: Controller) -> None:
    # What is done on the hosts is done as somebody who is not known here.
    played = controller.play(
        play("main", "each", "after", become=True, become_method="su", become_user="nobody-of-that-name"),
        each("wa3"),
        predeploy_gate_before_tasks="",
    )
    assert played.code == 0, played.out
    assert played.count("[wa3 -> localhost]") >= 5


# Before and after


def test_the_verdict_is_there_for_the_tasks_that_follow(controller: Controller) -> None:
    show = {"name": "Show", "ansible.builtin.debug": {"msg": "it says {{ predeploy_gate_verdict.state }}"}}
    enter = yaml.safe_load(play("main"))[0]["tasks"]
    played = controller.play(play(tasks=[*enter, show]), each("wa3"))
    assert "it says WARNING" in played.out


def test_what_was_not_begun_is_not_ended(controller: Controller) -> None:
    played = controller.play(play("finish"), ["wa3"])
    assert (played.code, played.journal) == (0, []), played.out


def test_what_was_begun_is_ended_once(controller: Controller) -> None:
    played = controller.play(play("main", "finish", "finish"), ["wa3"], predeploy_gate_before_tasks="")
    assert (played.code, played.journal) == (0, ["end wa3"]), played.out


def test_a_node_that_still_connects_is_not_back(controller: Controller, sim: Simulator, tmp_path: Path) -> None:
    (tmp_path / "late.yml").write_text(
        "{description: x, extends: mc4-healthy, nodes: {'wa3:b84d17e2c65a': {socket_conn: SC}}}", encoding="utf-8"
    )
    with Simulator("late", scenarios=tmp_path, password=PASSWORD) as late:
        told = {"predeploy_gate_url": late.url, "predeploy_gate_ca_path": late.ca_file, "predeploy_gate_wait": 0}
        assert controller.play(play("main"), each("wa4"), **told).code == 0
        played = controller.play(play("after"), each("wa4"), **told)
        assert played.code != 0
        assert "- CRITICAL socket: wa3 is connecting (socket_conn SC)" in played.out
        told["predeploy_gate_after_states"] = {}
        assert controller.play(play("after"), each("wa4"), **told).code == 0


def test_a_node_that_was_gone_before_must_be_there_after(controller: Controller, sim: Simulator) -> None:
    sim.change_nodes("wa3:*", "down")
    played = controller.play(play("main", "after"), each("wa3"), predeploy_gate_wait=0)
    assert played.code != 0
    assert "0 of 1 node fitting wa3:* answered" in played.out
    assert played.journal == ["downtime wa3"]


# Options


def options(module: str) -> set[str]:
    """The options of a module, those of its documentation fragment among them."""
    texts = [MODULES / f"{module}.py", MODULES.parent / "doc_fragments" / "api.py"]
    blocks = [
        text.read_text(encoding="utf-8").partition('DOCUMENTATION = r"""')[2].partition('"""')[0] for text in texts
    ]
    return {name for block in blocks for name in yaml.safe_load(block).get("options", {})}


def passed_on(file: str, module: str) -> set[str]:
    """The options that a task of the role sets."""
    for task in yaml.safe_load((ROLE / "tasks" / file).read_text(encoding="utf-8")):
        if f"wabiz.monitoring.{module}" in task:
            return set(task[f"wabiz.monitoring.{module}"])
    raise AssertionError(f"no task of {file} asks {module}")


def test_every_option_of_the_modules_is_one_of_the_role() -> None:
    documented = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    assert passed_on("ask.yml", "health_gate") == options("health_gate")
    assert passed_on("each.yml", "support_facts") == options("support_facts") - {"env"}
    for entry in documented.values():
        assert {f"predeploy_gate_{name}" for name in options("health_gate") - {"support"}} <= set(entry["options"])


def test_defaults_are_as_documented() -> None:
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    for entry in yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))[
        "argument_specs"
    ].values():
        told = {name: option["default"] for name, option in entry["options"].items() if "default" in option}
        assert told == defaults


def test_every_entry_point_is_documented() -> None:
    documented = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    steps = {"begin", "ask", "preflight"}
    assert {path.stem for path in (ROLE / "tasks").glob("*.yml")} - steps == set(documented)


# Documentation


def code(page: str) -> Any:
    """The first block of YAML of a page."""
    return yaml.safe_load((ROOT / page).read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0])


def test_the_play_of_the_readme_runs(controller: Controller, sim: Simulator) -> None:
    files = {"upgrade.yml": "upgrade.yml", "begin-downtime.yml": "downtime.yml", "end-downtime.yml": "end.yml"}
    for name, tasks in files.items():
        (controller.plays / name).write_text((TASKS / tasks).read_text(encoding="utf-8"), encoding="utf-8")
    (shown,) = code("roles/predeploy_gate/README.md")
    vault = shown["vars"].pop("predeploy_gate_password").strip("{} ")
    shown["vars"] |= {"predeploy_gate_hostname": "localhost", "predeploy_gate_port": sim.port}
    shown["vars"] |= {"predeploy_gate_ca_path": sim.ca_file}
    own = dict.fromkeys(("url", "ca_path", "username", "before_tasks", "after_tasks"), ...)
    played = controller.play(
        yaml.safe_dump([shown]),
        ["wa3", "wa4"],
        predeploy_gate_password=f"{{{{ {vault} }}}}",
        **{vault: PASSWORD},
        **{f"predeploy_gate_{name}": value for name, value in own.items()},
    )
    assert played.code == 0, played.out
    assert [line.split(":")[0] for line in played.journal] == [
        f"{what} {host}" for host in ("wa3", "wa4") for what in ("downtime", "upgrade", "end")
    ]


def test_the_variables_of_the_page_on_gates_are_the_role_s() -> None:
    documented = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    assert set(code("docs/gating.md")) <= set(documented["main"]["options"])
    playbook = (ROOT / "playbooks" / "rolling_upgrade.yml").read_text(encoding="utf-8")
    for name in re.findall(r"rolling_upgrade_\w+", (ROOT / "docs" / "gating.md").read_text(encoding="utf-8")):
        assert f"{{{{ {name} " in playbook
