# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The role's page and its arguments say of every variable and key what the code allows in it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._deployments import CHECK_NAMES, KEYS
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._places import title_rules
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._settings import PREFIX, SETTINGS

ROLE = __file__.partition("/tests/unit/")[0] + "/roles/check_plugins"
#: Those that Ansible itself looks at, and documents the choices of.
CHOSEN = ("engine", "state")
ALLOWED = {**{PREFIX + name: kind.allowed for name, kind in SETTINGS.items()}, f"{PREFIX}checks": CHECK_NAMES.allowed}


def options() -> dict[str, Any]:
    """The variables as the role documents them."""
    with open(f"{ROLE}/meta/argument_specs.yml", encoding="utf-8") as file:
        read: dict[str, Any] = yaml.safe_load(file)["argument_specs"]["main"]["options"]
    return read


OPTIONS = options()


@pytest.mark.parametrize("name", [name for name in ALLOWED if name.removeprefix(PREFIX) not in CHOSEN])
def test_a_variable_is_documented_with_what_it_holds(name: str) -> None:
    assert f"It holds {ALLOWED[name]}." in OPTIONS[name]["description"]


@pytest.mark.parametrize("name", CHOSEN)
def test_a_choice_is_documented_as_one(name: str) -> None:
    assert ", ".join(OPTIONS[PREFIX + name]["choices"]) in ALLOWED[PREFIX + name]


@pytest.mark.parametrize("name", KEYS)
def test_a_key_of_a_deployment_is_documented_with_what_it_holds(name: str) -> None:
    described = OPTIONS[f"{PREFIX}deployments"]["options"][name]["description"]
    assert f"It holds {KEYS[name].allowed}." in described
    if name == "display_name":
        assert described[-len(title_rules()) :] == title_rules()


def test_ansible_looks_at_nothing_that_it_would_tell_in_other_words() -> None:
    # It comes before the role does, and would tell the first mistake without the deployment that it is in.
    looked_at = {name for name, option in OPTIONS.items() if option["type"] not in ("raw", "str", "path")}
    assert looked_at == set()
    assert {name for name, option in OPTIONS.items() if "choices" in option} == {PREFIX + name for name in CHOSEN}


def test_the_page_of_the_role_says_what_each_key_holds() -> None:
    table = ["| key | holds |", "|---|---|", *(f"| `{name}` | {kind.allowed} |" for name, kind in KEYS.items())]
    wanted = "\n".join([*table, "", *(f"- {rule}" for rule in title_rules())]) + "\n"
    with open(f"{ROLE}/README.md", encoding="utf-8") as file:
        assert f"\n{wanted}" in file.read(), f"it has to say:\n{wanted}"
