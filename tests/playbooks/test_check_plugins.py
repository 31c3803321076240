# SPDX-License-Identifier: BSD-2-Clause
"""The role check_plugins on a host that is a folder: flags in every spelling, and what becomes of the deployments."""

from __future__ import annotations

import grp
import os
import pwd
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .controller import Controller, Played

ENTER = {"name": "wabiz.monitoring.check_plugins"}


def deployments(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, "hostname": f"{name}.example.com", **more} for name in names]


class Host:
    """A folder in which an engine's configuration is, which accepts everything."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.folder = controller.folder / "host"
        (self.folder / "conf.d").mkdir(parents=True)
        (self.folder / "plugins").mkdir()
        (self.folder / "main").write_text(f"cfg_dir={self.folder}/conf.d\n", encoding="utf-8")
        self.file = self.folder / "conf.d" / "wabiz.cfg"
        me = {"user": pwd.getpwuid(os.geteuid()).pw_name, "group": grp.getgrgid(os.getegid()).gr_name}
        own = {
            **me,
            "engine": "nagios",
            "install": False,
            "plugin_folder": f"{self.folder}/plugins",
            "folder": f"{self.folder}/etc",
            "state_folder": f"{self.folder}/state",
            "venv": f"{self.folder}/venv",
            "config_owner": me["user"],
            "config_group": me["group"],
            "nagios_main": f"{self.folder}/main",
            "nagios_file": f"{self.folder}/conf.d/wabiz.cfg",
            **{
                f"icinga2_{name}_file": f"{self.folder}/conf.d/{name}.conf"
                for name in ("commands", "services", "hosts")
            },
            "validator": ["true"],
            "reload_command": ["true"],
        }
        self.variables = {f"check_plugins_{name}": value for name, value in own.items()}

    def play(self, *words: str, **variables: Any) -> Played:
        """Run the role."""
        return self.enter([{"name": "Enter", "ansible.builtin.include_role": ENTER}], *words, **variables)

    def enter(self, tasks: list[dict[str, Any]], *words: str, **variables: Any) -> Played:
        """Run tasks."""
        text = yaml.safe_dump([{"name": "Play", "hosts": "wabiz", "gather_facts": False, "tasks": tasks}])
        told = {f"check_plugins_{name}": value for name, value in variables.items()}
        return self.controller.play(text, ["monitor"], *words, **{**self.variables, **told})

    def content(self) -> dict[str, bytes]:
        """All files."""
        return {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def names(self, *names: str) -> set[str]:
        """Those of the names that the engine reads."""
        text = self.file.read_text(encoding="utf-8")
        return {name for name in names if name in text}


@pytest.fixture
def nagios(controller: Controller) -> Host:
    return Host(controller)


def test_what_becomes_of_the_deployments_is_said_by_name_in_check_mode_too(nagios: Host) -> None:
    played = nagios.play(deployments=deployments("ulm", "bonn", "kiel", "jena"))
    assert played.code == 0, played.out
    assert "+4 -0 ~0 deployments; added bonn, jena, kiel, ulm" in played.out
    before = nagios.content()
    changed = [*deployments("ulm", "bonn"), *deployments("kiel", limits={"space": {"warning": "9GiB"}})]
    following = [*changed, *deployments("mainz")]
    for words in (["--check"], []):
        played = nagios.play(*words, deployments=following)
        assert played.code == 0, played.out
        assert "+1 -1 ~1 deployments; added mainz; removed jena; changed kiel" in played.out
        assert (nagios.content() == before) == bool(words)
    assert "+0 -0 ~0 deployments" in nagios.play(deployments=following).out


def test_a_list_that_would_remove_most_is_refused_before_anything_is_changed_unless_that_is_meant(nagios: Host) -> None:
    assert nagios.play(deployments=deployments("ulm", "bonn", "kiel")).code == 0
    before = nagios.content()
    for words, slip, lost in (
        ([], ..., "3 of the 3 that are on this host: bonn, kiel, ulm."),
        (["--check"], deployments("ulm"), "2 of the 3 that are on this host: bonn, kiel."),
    ):
        played = nagios.play(*words, deployments=slip)
        assert (played.code != 0, nagios.content() == before) == (True, True)
        assert f"would remove {lost} If that is meant, set check_plugins_remove_many to true" in played.out
    played = nagios.play(deployments=[], remove_many="yes")
    assert played.code == 0, played.out
    assert "+0 -3 ~0 deployments; removed bonn, kiel, ulm" in played.out


def test_half_may_go_and_absent_removes_all(nagios: Host) -> None:
    assert nagios.play(deployments=deployments("ulm", "bonn")).code == 0
    played = nagios.play(deployments=deployments("ulm"))
    assert (played.code, "+0 -1 ~0 deployments; removed bonn" in played.out) == (0, True)
    played = nagios.play(state="absent")
    assert (played.code, "+0 -1 ~0 deployments; removed ulm" in played.out) == (0, True)


@pytest.mark.parametrize("words", [[], ["--check"]])
def test_a_second_list_for_the_same_files_is_refused_in_one_run(nagios: Host, words: list[str]) -> None:
    loop = {
        "name": "Enter",
        "ansible.builtin.include_role": ENTER,
        "vars": {"check_plugins_deployments": "{{ item }}"},
        "loop": [deployments("ulm", "bonn"), deployments("ulm", "kiel")],
    }
    played = nagios.enter([loop], *words)
    assert played.code != 0
    assert "from the same files: bonn. A host has one list: give all of its deployments at once" in played.out
    if not words:
        assert nagios.names("ulm", "bonn", "kiel") == {"ulm", "bonn"}


def test_the_same_list_twice_a_longer_one_and_another_file_are_no_second_list(nagios: Host) -> None:
    other = {
        "check_plugins_nagios_file": f"{nagios.folder}/conf.d/other.cfg",
        "check_plugins_extra_opts_file": f"{nagios.folder}/etc/other.ini",
    }
    # One that is given for all would win.
    file = nagios.variables.pop("check_plugins_nagios_file")
    own = {"check_plugins_nagios_file": file}
    tasks = [
        {
            "name": "Enter",
            "ansible.builtin.include_role": ENTER,
            "vars": {"check_plugins_deployments": these, **own, **more},
        }
        for these, more in (
            (deployments("ulm"), {}),
            (deployments("ulm"), {}),
            (deployments("ulm", "kiel"), {}),
            (deployments("bonn"), other),
        )
    ]
    played = nagios.enter(tasks)
    assert played.code == 0, played.out
    assert nagios.names("ulm", "kiel", "bonn") == {"ulm", "kiel"}


@pytest.mark.parametrize(
    ("word", "installs"), [("false", False), ("N", False), ("Off", False), ("true", True), ("y", True), ("T", True)]
)
def test_a_flag_as_text_is_what_it_says(nagios: Host, word: str, installs: bool) -> None:
    played = nagios.play("--check", install=word, deployments=deployments("ulm"))
    assert played.code == 0, played.out
    assert ("Link the checks into the plugin folder" in played.out) == installs


def test_a_word_that_is_no_flag_is_refused_with_the_name_of_the_variable(nagios: Host) -> None:
    played = nagios.play(install="nein", remove_many="vielleicht", icinga2_agents="2")
    assert played.code != 0
    for name in ("install", "remove_many", "icinga2_agents"):
        assert re.search(rf"check_plugins_{name}: it is [^,]+, and should be true or false", played.out)
    assert not Path(nagios.file).exists()
