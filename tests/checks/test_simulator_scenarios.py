# SPDX-License-Identifier: BSD-2-Clause
"""Scenario files: what those that come along say, and what becomes of those that users write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from wabiz_monitoring.simulator import ScenarioError
from wabiz_monitoring.simulator.library import load_scenarios

NOW = 1_519_313_366.0  # 2018-02-22T15:29:26
NO_LIMIT = 9223372036853727000
GIB = 2**30

# What each scenario of the single form changes in the healthy one.
SINGLE: dict[str, dict[str, Any]] = {
    "healthy-single": {},
    "connecting": {"socket_conn": "SC"},
    "disconnected": {"socket_conn": "DN"},
    "receiving-offline": {"socket_conn": "UP receiving offline"},
    "unregistered": {"debug_info": "unregistered", "socket_conn": "DN"},
    "low-space": {"free_space_logs": 812 * 2**20},
    "unlimited-space": {
        "free_space_data": NO_LIMIT,
        "free_space_logs": NO_LIMIT,
        "free_space_media_incoming": NO_LIMIT,
        "free_space_media_outgoing": NO_LIMIT,
    },
    "expiring": {"expire_timestamp": "2018-02-27T15:29:26"},
    "expired": {"expire_timestamp": "2018-01-23T15:29:26"},
    "clock-off": {"device_iso8601": "2018-02-22T15:22:46"},
}

HA = """
wa1 primary_master   -     DN
wa1 coreapp          -1 0  UP
wa2 secondary_master -     DN
wa2 coreapp          -     DN
"""

MC4 = """
wa1 primary_master   -1    UP
wa1 coreapp          0     UP
wa2 secondary_master -     DN
wa2 coreapp          1     UP
wa3 coreapp          2     UP
wa4 coreapp          3     UP
wa5 coreapp          -     DN
"""

# What each scenario of the cluster form says: host, role, shards and connection of its nodes.
CLUSTER = {
    "ha-healthy": HA,
    "ha-owner-down": HA.replace("-1 0  UP", "-1 0  DN"),
    "mc4-healthy": MC4,
    "mc4-shard-unowned": MC4.replace("2     UP", "-     DN"),
    "mc4-contested": MC4.replace("wa5 coreapp          -     DN", "wa5 coreapp          2     UP"),
    "mc4-node-unreachable": MC4.replace("wa3 coreapp          2     UP", "wa3 unreachable").replace(
        "wa5 coreapp          -     DN", "wa5 coreapp          2     UP"
    ),
    "two-primary-masters": MC4.replace("wa2 secondary_master", "wa2 primary_master"),
    "skewed-versions": MC4,
}


def support(name: str, directory: Path | None = None) -> dict[str, Any]:
    status, answer = load_scenarios(directory)[name].answer(NOW, NOW)
    assert (status, answer["meta"]) == (200, {"version": "v2.45.1", "api_status": "stable"})
    content = answer["support"]
    assert isinstance(content, dict)
    return content


def in_a_line(key: str, node: Mapping[str, Any]) -> str:
    host, container = key.split(":")
    assert re.fullmatch("[0-9a-f]{12}", container)
    if "errors" in node:
        return f"{host} unreachable"
    assert all(lower == upper for lower, upper in node["shards"])
    shards = " ".join(str(lower) for lower, _rest in node["shards"]) or "-"
    return f"{host} {node['role']} {shards} {node['socket_conn']}"


def test_these_are_all_the_scenarios_that_come_along() -> None:
    assert set(load_scenarios()) == {*SINGLE, *CLUSTER}


def test_the_healthy_node_has_space_time_and_the_right_clock() -> None:
    node = support("healthy-single")
    free = [value for field, value in node.items() if field.startswith("free_space_")]
    assert len(set(free)) == 4
    assert all(20 * GIB < value < 100 * GIB for value in free)
    assert node["expire_timestamp"] == "2018-05-23T15:29:26"
    assert node["device_iso8601"] == "2018-02-22T15:29:26"
    assert (node["socket_conn"], node["context"]) == ("UP", "healthcheck")
    # The vendor's names mislead: this way round, the language is in lower case and the country is not.
    assert (node["lc"], node["lg"]) == ("en", "US")


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_scenario_differs_from_the_healthy_one_in_its_cause_alone(name: str) -> None:
    assert support(name) == {**support("healthy-single"), **SINGLE[name]}


@pytest.mark.parametrize("name", CLUSTER)
def test_a_cluster_scenario_has_these_nodes_with_these_shards(name: str) -> None:
    lines = [in_a_line(key, node) for key, node in support(name).items()]
    assert lines == [" ".join(line.split()) for line in CLUSTER[name].strip().splitlines()]


@pytest.mark.parametrize("name", CLUSTER)
def test_a_node_of_a_cluster_has_all_fields_of_the_single_form_and_two_more(name: str) -> None:
    fields = {*support("healthy-single"), "role", "shards"}
    assert all(set(node) in (fields, {"errors"}) for node in support(name).values())


def test_skewed_versions_are_one_nodes_and_no_other_scenario_has_any() -> None:
    for name in CLUSTER:
        versions = [(node["version"], node["description"]) for node in support(name).values() if "version" in node]
        assert len(set(versions)) == (2 if name == "skewed-versions" else 1)
        assert versions.count(versions[0]) >= len(versions) - 1


@pytest.mark.parametrize("name", [*SINGLE, *CLUSTER])
def test_every_node_that_answers_has_a_secret_in_its_environment_for_leaks_to_show(name: str) -> None:
    content = support(name)
    for node in [content] if name in SINGLE else content.values():
        assert "errors" in node or "WA_DB_PASSWORD=simulated-env-secret" in node["env"]


# Users' own files


def write(directory: Path, **files: str) -> Path:
    for name, content in files.items():
        (directory / f"{name}.yml").write_text(content, encoding="utf-8")
    return directory


def test_a_scenario_of_ones_own_stands_beside_the_others_and_extends_one_by_one(tmp_path: Path) -> None:
    write(
        tmp_path,
        mine="{description: mine, extends: theirs, fields: {lc: de}}",
        theirs="{description: theirs, extends: low-space, fields: {lc: fr, lg: FR}}",
    )
    assert support("mine", tmp_path) == {**support("low-space"), "lc": "de", "lg": "FR"}
    scenarios = load_scenarios(tmp_path)
    assert (scenarios["mine"].description, scenarios["theirs"].description) == ("mine", "theirs")
    assert "expired" in scenarios


def test_a_node_has_what_is_common_then_its_own_and_keeps_what_it_inherits(tmp_path: Path) -> None:
    write(
        tmp_path,
        mine="{description: x, extends: ha-healthy, fields: {lc: FR},"
        " nodes: {'wa1:7d20c3f1a6e8': {lc: DE}, 'wa9:0123456789ab': {}}}",
    )
    nodes, before = support("mine", tmp_path), support("ha-healthy")
    assert list(nodes) == [*before, "wa9:0123456789ab"]
    assert nodes["wa1:7d20c3f1a6e8"] == {**before["wa1:7d20c3f1a6e8"], "lc": "DE"}
    assert nodes["wa2:c61f2e07d9b4"] == {**before["wa2:c61f2e07d9b4"], "lc": "FR"}
    assert nodes["wa9:0123456789ab"] == nodes["wa2:c61f2e07d9b4"]


def test_null_takes_out_a_field_a_time_or_a_node(tmp_path: Path) -> None:
    write(
        tmp_path,
        mine="{description: x, extends: ha-healthy, fields: {env: null, clock_offset: null},"
        " nodes: {'wa2:c61f2e07d9b4': null, 'wa1:7d20c3f1a6e8': {expires_in: null}}}",
    )
    nodes, before = support("mine", tmp_path), support("ha-healthy")
    assert list(nodes) == list(before)[:3]
    gone = set(before["wa1:7d20c3f1a6e8"]) - set(nodes["wa1:7d20c3f1a6e8"])
    assert gone == {"env", "device_iso8601", "expire_timestamp"}


def test_lengths_of_time_have_units_or_are_seconds(tmp_path: Path) -> None:
    offsets = {"a": "-1.5h", "b": "+2m", "c": "-30", "d": "1w", "e": "0s"}
    write(
        tmp_path,
        **{
            k: f"{{description: x, extends: healthy-single, fields: {{clock_offset: {v}}}}}" for k, v in offsets.items()
        },
    )
    assert [support(name, tmp_path)["device_iso8601"] for name in offsets] == [
        "2018-02-22T13:59:26",
        "2018-02-22T15:31:26",
        "2018-02-22T15:28:56",
        "2018-03-01T15:29:26",
        "2018-02-22T15:29:26",
    ]


# What is wrong in a file mine.yml, and what the message says after the file's name.
MISTAKES = {
    "": "must be a table of keys and values, not None",
    "description: x\n  extends: y": "line 2: not YAML: mapping values are not allowed",
    "!!python/name:os.system {}": "line 1: not YAML: could not determine a constructor for the tag",
    "\x07": "not YAML: ",
    "description: x": "'form' is missing",
    "extends: healthy-single": "'description' is missing",
    "{description: x, extends: helthy-single}": "extends: there is no scenario 'helthy-single'; did you mean",
    "{description: x, extends: mine}": "extends: 'mine' extends this scenario in its turn",
    "{description: x, extend: healthy-single}": "unknown key 'extend'; did you mean 'extends'?",
    "{zzz: x}": "unknown key 'zzz'; there are description, extends, form, front_end_version, fields, nodes",
    "{1: x}": "the key 1 must be a text: put it in quotes",
    "{form: double}": "form: must be single or cluster, not 'double'",
    "{description: 1}": "description: must be a text (in quotes where YAML sees something else), not 1",
    "{fields: [a]}": "fields: must be a table of keys and values, not ['a']",
    "{fields: {socket_con: UP}}": "fields: unknown key 'socket_con'; did you mean 'socket_conn'?",
    "{nodes: {wa1: {socket_con: UP}}}": "nodes: wa1: unknown key 'socket_con'; did you mean 'socket_conn'?",
    "{nodes: [wa1]}": "nodes: must be a table of keys and values, not ['wa1']",
    "{fields: {lc: NO}}": "fields: lc: must be a text (in quotes where YAML sees something else), not False",
    "{fields: {free_space_data: 9.2e18}}": "fields: free_space_data: must be a number of bytes (YAML wants a",
    "{fields: {free_space_data: true}}": "fields: free_space_data: must be a number of bytes",
    "{fields: {free_space_data: .inf}}": "fields: free_space_data: cannot be sent as JSON",
    "{fields: {e2e: {identity_timestamp: 2018-02-22}}}": "fields: e2e: cannot be sent as JSON (Object of type date",
    "{fields: {multi_connect: 1}}": "fields: multi_connect: must be true or false, not 1",
    "{fields: {shards: -1}}": "fields: shards: must be a list, not -1",
    "{fields: {schema: 1}}": "fields: schema: must be a table of keys and values, not 1",
    "{fields: {expire_timestamp: x}}": "fields: unknown key 'expire_timestamp'; the simulator makes it from expires_in",
    "{fields: {device_iso8601: x}}": "fields: unknown key 'device_iso8601'; the simulator makes it from clock_offset",
    "{fields: {expires_in: 3 days}}": "fields: expires_in: '3 days' is no length of time: write a number",
    "{fields: {expires_in: true}}": "fields: expires_in: True is no length of time",
    "{fields: {expires_in: 101000w}}": "fields: expires_in: '101000w' is too long: a century is the most",
    "{fields: {expires_in: .nan}}": "fields: expires_in: nan is too long: a century is the most",
    "{description: x, extends: healthy-single, fields: {delay: -1s}}": "delay: -1s is less than nothing",
    "{description: x, extends: healthy-single, nodes: {wa1: {}}}": "nodes: the single form has none; write the fields",
    "{description: x, extends: healthy-single, form: cluster}": "nodes: the cluster form needs at least one",
}


@pytest.mark.parametrize("content", MISTAKES)
def test_a_mistake_in_a_file_is_told_in_one_line_with_the_file_and_what_would_be_right(
    tmp_path: Path, content: str
) -> None:
    write(tmp_path, mine=content)
    with pytest.raises(ScenarioError) as caught:
        load_scenarios(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'mine.yml'}: {MISTAKES[content]}")
    assert "\n" not in message


def test_two_scenarios_that_extend_each_other_are_a_mistake(tmp_path: Path) -> None:
    write(tmp_path, a="{description: x, extends: b}", b="{description: x, extends: a}")
    with pytest.raises(ScenarioError, match="extends: 'a' extends this scenario in its turn"):
        load_scenarios(tmp_path)


def test_a_name_that_is_taken_is_a_mistake(tmp_path: Path) -> None:
    write(tmp_path, expired="{description: x, extends: healthy-single}")
    with pytest.raises(ScenarioError, match=r"expired\.yml: the simulator has a scenario of this name already"):
        load_scenarios(tmp_path)


def test_a_directory_that_is_not_there_or_a_file_that_is_not_text_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="nowhere: no such directory"):
        load_scenarios(tmp_path / "nowhere")
    (tmp_path / "mine.yml").write_bytes(b"\xff")
    with pytest.raises(ScenarioError, match=r"mine\.yml: cannot be read: .*utf-8"):
        load_scenarios(tmp_path)


def test_the_files_on_the_reference_page_are_right_and_its_table_names_every_scenario(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(description:.*?)```", page, re.DOTALL)
    write(tmp_path, **{f"example{number}": example for number, example in enumerate(examples)})
    assert len(load_scenarios(tmp_path)) == len({*SINGLE, *CLUSTER}) + 3
    table = page.partition("## Scenarios")[2].partition("## Your own")[0]
    assert set(re.findall(r"^\| ([a-z0-9-]+) \|", table, re.MULTILINE)) - {"name"} == {*SINGLE, *CLUSTER}
