# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Every flag of every role takes every spelling that modules take, and a word that is none is refused by name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE, BOOLEANS_TRUE
from ansible_collections.wabiz.monitoring.plugins.filter.deployment_mistakes import deployment_mistakes
from ansible_collections.wabiz.monitoring.plugins.filter.extra_opts import extra_opts
from ansible_collections.wabiz.monitoring.plugins.filter.flag import FilterModule, flag
from ansible_collections.wabiz.monitoring.plugins.filter.setting_mistakes import setting_mistakes

ROOT = Path(__file__.partition("/tests/unit/")[0])
OWN = "It holds true or false."
NONE: tuple[Any, ...] = ("maybe", "", "nein", "falsch", "2", 2, 0.5, None, [], [True], {"a": True})


def spellings(of: Any) -> list[Any]:
    """Each word as it is, in capitals, with a capital, and with blanks around it; and what is not text."""
    words = {str(word) for word in of if isinstance(word, str)}
    return [*words, *map(str.upper, words), *map(str.title, words), *(f" {word} " for word in words), *(of - words)]


TRUE, FALSE = spellings(set(BOOLEANS_TRUE)), spellings(set(BOOLEANS_FALSE))


def flags() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The variables of all roles that are flags: role, name, and how the role documents it."""
    for role in sorted((ROOT / "roles").iterdir()):
        specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
        for name, option in specs["main"]["options"].items():
            told = [option["description"]] if isinstance(option["description"], str) else option["description"]
            if option["type"] == "bool" or isinstance(option.get("default"), bool) or OWN in told:
                yield role.name, name, option


FLAGS = list(flags())


def test_there_are_flags_in_both_roles() -> None:
    assert {role for role, _name, _option in FLAGS} == {"check_plugins", "predeploy_gate"}


def test_every_spelling_is_what_it_says() -> None:
    assert {flag(word) for word in TRUE} == {True}
    assert {flag(word) for word in FALSE} == {False}
    for word in NONE:
        with pytest.raises(AnsibleFilterError, match="and should be true or false"):
            flag(word)
    assert FilterModule().filters() == {"flag": flag}


@pytest.mark.parametrize(("role", "name", "option"), FLAGS, ids=[name for _role, name, _option in FLAGS])
def test_a_flag_takes_every_spelling_and_a_word_that_is_none_is_refused_with_its_name(
    role: str, name: str, option: dict[str, Any]
) -> None:
    def told(value: Any) -> list[str]:
        if role == "check_plugins":
            return setting_mistakes({name: value})
        # As Ansible does before the role.
        read = ArgumentSpecValidator({name: {"type": option["type"]}}).validate({name: value})
        return list(read.error_messages)

    assert [word for word in (*TRUE, *FALSE) if told(word)] == []
    for word in NONE:
        # There one that holds nothing is not set.
        if role == "check_plugins" or word is not None:
            (sentence,) = told(word)
            assert name in sentence


def lines(role: str) -> Iterator[tuple[Path, str]]:
    """What the role does, without its comments; defaults and documentation are not that."""
    for part in ("tasks", "handlers", "templates", "vars"):
        for path in sorted((ROOT / "roles" / role).glob(f"{part}/*")):
            for line in path.read_text(encoding="utf-8").splitlines():
                if not line.lstrip().startswith("#"):
                    yield path, line


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, name, _option in FLAGS])
def test_wherever_a_flag_is_used_it_is_read_first(role: str, name: str) -> None:
    # A module reads its options itself, and a message says what to set.
    option = re.escape(name.removeprefix(f"{role}_"))
    handed_on = rf"^ *{option}: \"{{{{ {name} \| default\(omit\) }}}}\"$"
    read = re.compile(rf"\bset {name} to true\b|{name} \| wabiz\.monitoring\.flag\b|{handed_on}")
    used = [(path, line) for path, line in lines(role) if re.search(rf"\b{name}\b", line)]
    assert used
    assert [
        (path.name, line) for path, line in used if len(re.findall(rf"\b{name}\b", line)) != len(read.findall(line))
    ] == []


def test_a_flag_of_a_deployment_takes_every_spelling() -> None:
    specs = yaml.safe_load((ROOT / "roles/check_plugins/meta/argument_specs.yml").read_text(encoding="utf-8"))
    keys = specs["argument_specs"]["main"]["options"]["check_plugins_deployments"]["options"]
    named = [name for name, option in keys.items() if option["type"] == "bool"]
    assert named
    for name, (wanted, words) in itertools.product(named, ((True, TRUE), (False, FALSE))):
        for word in words:
            text = extra_opts([{"name": "a", "hostname": "b", name: word}])
            assert (f"{name} = yes" in text) == wanted
        for word in (word for word in NONE if word is not None):
            (sentence,) = deployment_mistakes([{"name": "a", "hostname": "b", name: word}])
            assert sentence.startswith(f"deployment 'a': {name}: it is ")
