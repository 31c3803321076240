# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Every term on which the gate opens is held against what the module takes, those that count later among them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.wabiz.monitoring.plugins.filter.gate_mistakes import FilterModule, gate_mistakes
from ansible_collections.wabiz.monitoring.plugins.module_utils._terms import OPTIONS

ROLE = __file__.partition("/tests/unit/")[0] + "/roles/predeploy_gate"

#: A variable, its value, and what is told.
MISTAKES: list[tuple[str, Any, str]] = [
    ("after_states", {"conecting": "critical"}, "'conecting' is no problem; did you mean connecting?"),
    ("after_states", {"connecting": "bad"}, "'bad' is no state; write ok, warning, critical or unknown"),
    ("after_states", {"connecting": True}, "'True' is no state"),
    ("after_states", 5, "cannot be converted to a dict"),
    ("states", {"connecting": "bad"}, "'bad' is no state"),
    ("min_nodes", {"wa3:*": "many"}, "'many' is no number of nodes"),
    ("min_spares", -1, "-1 is no number from 0 to 1024"),
    ("min_spares", "many", "unable to convert to int"),
    ("shards", 0, "0 is no number from 1 to 1024"),
    ("min_build_lifetime", "14x", "'x' is no unit here"),
    ("max_clock_offset", "fast", "'fast'"),
    ("min_free_space", {"log": "1GiB"}, "'log' is no volume; did you mean logs?"),
    ("min_free_space", [1], "write a size such as 10GiB"),
    ("fail_on", "critical,often", "often"),
    ("fail_on", ["warning"], "a gate fails on critical"),
    ("without", {"wa3": 1}, "cannot be converted to a list"),
    ("ignore_nodes", {"wa3": 1}, "cannot be converted to a list"),
]


@pytest.mark.parametrize(("name", "value", "told"), MISTAKES)
def test_a_mistake_is_told_with_the_name_of_the_variable(name: str, value: Any, told: str) -> None:
    (sentence,) = gate_mistakes({f"predeploy_gate_{name}": value})
    assert sentence.startswith(f"predeploy_gate_{name}")
    assert told in sentence


def test_all_mistakes_are_told_at_once() -> None:
    wrong = {f"predeploy_gate_{name}": value for name, value, _told in MISTAKES}
    assert len(gate_mistakes(wrong)) == len(wrong)


#: What people write, in YAML or, as text, in an inventory of another format.
SOUND: dict[str, list[Any]] = {
    "without": ["wa3:*", "wa3:*,wa4:*", ["wa3:*"], [], None],
    "ignore_nodes": ["wa3:*", ["wa3:*"], []],
    "fail_on": ["critical", "critical,warning", ["critical", "unknown"]],
    "shards": [4, "4", None],
    "min_spares": [0, "1"],
    "min_nodes": [{"wa3:*": 1}, {"wa3:*": "2"}, {}],
    "states": [{"connecting": "critical"}, {}],
    "after_states": [{"connecting": "critical"}, {}],
    "min_free_space": ["10GiB", {"logs": "2GiB"}, None],
    "min_build_lifetime": ["14d"],
    "max_clock_offset": ["30s"],
}


@pytest.mark.parametrize("name", SOUND)
def test_what_people_write_is_no_mistake(name: str) -> None:
    for value in SOUND[name]:
        assert gate_mistakes({f"predeploy_gate_{name}": value}) == []


def test_every_term_of_the_module_is_looked_at() -> None:
    with open(f"{ROLE}/vars/main.yml", encoding="utf-8") as file:
        terms = set(yaml.safe_load(file)["predeploy_gate__terms"])
    assert terms == set(OPTIONS) - {"support"}
    assert set(SOUND) == {name for name, _value, _told in MISTAKES} == terms | {"after_states"}
    assert FilterModule().filters() == {"gate_mistakes": gate_mistakes}
