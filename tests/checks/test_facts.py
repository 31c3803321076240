# SPDX-License-Identifier: BSD-2-Clause
"""A deployment as facts for playbooks, and back."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from documents import HEALTHY, NOW, PLACE, POLICY, UNREACHABLE, cluster, document, fields, multiconnect, parse, single
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import examples
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.facts import Gathered, facts, from_facts
from wabiz_monitoring._core.judge import judge

ASKED = NOW + timedelta(milliseconds=250)


def told(body: bytes, **options: bool) -> Any:
    """The facts of an answer as a playbook gets them, that is after a trip as JSON."""
    return json.loads(json.dumps(facts(parse(body), ASKED, **options), allow_nan=False).encode("utf-8"))


def read_back(known: Any) -> Gathered:
    """The deployment that facts were made of."""
    return from_facts(known, PLACE)


def test_a_single_node_is_told_whole_and_typed() -> None:
    known = told(single())
    (node,) = known.pop("nodes")
    assert known == {"form": "single", "front_version": "v2.18.22", "asked_at": "2018-06-01T00:00:00.250Z"}
    assert node == {
        "key": "",
        "name": "",
        "host": "",
        "container": None,
        "reachable": True,
        "error": None,
        "invalid_fields": {},
        "context": "healthcheck",
        "db_engine": "MYSQL",
        "db_info": ["mysql driver 8.0.33"],
        "debug_info": "12025550143",
        "description": "Version 2.18.22",
        "device_time": "2018-06-01T00:00:00Z",
        "device_time_zoned": False,
        "e2e": {"identity_timestamp": 1527811200, "registration_id": 123},
        "expires_at": "2018-09-27T14:26:07Z",
        "expires_in": 10247166,
        "lc": "en",
        "lg": "US",
        "multi_connect": False,
        "os_name": "ubuntu-x86_64",
        "os_version": "16.04",
        "registered": True,
        "role": None,
        "schema": HEALTHY["schema"],
        "shards": None,
        "socket_conn": "UP",
        "version": "2.18.22",
        "volumes": {
            "data": 48 * 2**30,
            "logs": 21 * 2**30,
            "media_incoming": 35 * 2**30,
            "media_outgoing": 33 * 2**30,
        },
    }


def test_an_unreachable_node_tells_its_error_and_nothing_else() -> None:
    node = told(cluster({"wa1:c1": UNREACHABLE}))["nodes"][0]
    assert (node["reachable"], node["name"], node["host"], node["container"]) == (False, "wa1", "wa1", "c1")
    assert node["error"] == {"code": 1014, "title": "Internal error", "details": "connection timed out"}
    assert node["volumes"] == node["invalid_fields"] == {}
    assert node["socket_conn"] is None


@pytest.mark.parametrize(
    ("answer", "name", "value"),
    [
        ({"free_space_logs": 9.223372036853727e18}, "volumes.logs", None),
        ({"debug_info": "unregistered"}, "registered", False),
        ({"debug_info": ...}, "registered", None),
        ({"device_iso8601": "2018-06-01T02:00:00+02:00"}, "device_time", "2018-06-01T00:00:00Z"),
        ({"device_iso8601": "2018-06-01T02:00:00+02:00"}, "device_time_zoned", True),
        ({"expire_timestamp": "2018-05-31T00:00:00"}, "expires_in", -86400),
        ({"shards": [[-1, -1], [0, 511]]}, "shards", [[-1, -1], [0, 511]]),
        ({"socket_conn": 1}, "invalid_fields.socket_conn", "a number where text belongs"),
        ({"schema": {"message": "33", "hash": "0x1f", "nested": {"a": [1]}}}, "schema.message", 33),
        ({"schema": {"message": "33", "hash": "0x1f", "nested": {"a": [1]}}}, "schema.hash", "0x1f"),
        ({"schema": {"message": "33", "hash": "0x1f", "nested": {"a": [1]}}}, "schema.nested", '{"a": [1]}'),
        ({"schema": {"message": 33, "__ansible_type": "x"}}, "schema", {"message": 33}),
        ({"e2e": {"__ansible_vault": "x"}}, "e2e", {}),
    ],
)
def test_a_value_is_told_in_its_type(answer: dict[str, Any], name: str, value: object) -> None:
    known: Any = told(single(**answer))["nodes"][0]
    for step in name.split("."):
        known = known[step]
    assert known == value
    assert type(known) is type(value)


def test_a_volume_that_is_not_told_is_not_there() -> None:
    assert "logs" not in told(single(free_space_logs=...))["nodes"][0]["volumes"]


def test_env_is_there_only_when_asked_for() -> None:
    assert "marked-env-secret" not in json.dumps(told(single()))
    assert told(single(), with_env=True)["nodes"][0]["env"] == ["WA_DB_PASSWORD=marked-env-secret"]
    assert told(single(env=...), with_env=True)["nodes"][0]["env"] is None


# What a server may answer, mostly sound.

_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["\ud800", "a'\"|\\`\n", "{{ 1 + 1 }}", 10**400, 1e308, -(2**63)]),
)
_NESTED = st.recursive(
    _JUNK, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
_TIMES = st.builds(
    lambda moment, zone: moment.isoformat() + zone,
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),
    st.sampled_from(["", "Z", "+02:00", "-0930"]),
)
_SOUND = {
    **dict.fromkeys(HEALTHY, st.text(max_size=8)),
    **dict.fromkeys(("device_iso8601", "expire_timestamp"), _TIMES),
    **{name: st.integers(0, 2**64) | st.floats(0) for name in HEALTHY if name.startswith("free_space")},
    **dict.fromkeys(("schema", "e2e"), st.dictionaries(st.text(max_size=4), _NESTED, max_size=4)),
    "db_info": st.lists(st.text(max_size=5), max_size=2),
    "env": st.lists(_NESTED, max_size=2),
    "multi_connect": st.booleans(),
    "role": st.sampled_from(["primary_master", "secondary_master", "coreapp"]) | st.text(max_size=8),
    "shards": st.lists(st.tuples(st.integers(-1, 3), st.integers(3, 9)).map(list), max_size=2),
    "socket_conn": st.sampled_from(["UP", "DN", "SC", "UNK", "UP receiving offline"]),
}
_NODES = st.fixed_dictionaries({}, optional={name: sound | sound | sound | _NESTED for name, sound in _SOUND.items()})
_ERRORS = st.fixed_dictionaries({"errors": st.just(UNREACHABLE["errors"]) | _NESTED})
_KEYS = st.sampled_from(["wa1:c1", "wa1:c2", "wa2", ":", "", "a|b\n"]) | st.text(max_size=8)
_BODIES = st.builds(
    document,
    _NODES | st.dictionaries(_KEYS, _NODES | _NODES | _ERRORS, min_size=1, max_size=4),
    meta=st.just(...) | st.fixed_dictionaries({"version": st.text(max_size=8) | _NESTED}),
)


@settings(max_examples=examples(500))
@given(_BODIES, st.booleans())
def test_facts_hold_everything_that_is_judged(body: bytes, with_env: bool) -> None:
    try:
        deployment = parse(body)
    except Trouble:
        return
    known = told(body, with_env=with_env)
    gathered = read_back(known)
    assert gathered.asked_at == ASKED
    known = told(body)
    assert json.loads(json.dumps(facts(gathered.deployment, gathered.asked_at))) == known
    assert judge("all", gathered.deployment, POLICY) == judge("all", deployment, POLICY)


@settings(max_examples=examples(300))
@given(_BODIES)
def test_facts_are_of_the_types_that_are_documented(body: bytes) -> None:
    try:
        nodes = told(body, with_env=True)["nodes"]
    except Trouble:
        return
    for node in nodes:
        for name, value in node.items():
            assert value is None or type(value) in TYPES.get(name, (str,)), name
            if isinstance(value, list) and name != "shards":
                assert all(isinstance(item, str) for item in value)
            if isinstance(value, dict) and name != "volumes":
                assert all(type(item) in (int, str) for item in value.values() if item is not None)
            if isinstance(value, int):
                assert abs(value) < 2**63


TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("reachable", "device_time_zoned", "multi_connect", "registered"), (bool,)),
    **dict.fromkeys(("db_info", "env", "shards"), (list,)),
    **dict.fromkeys(("e2e", "error", "invalid_fields", "schema", "volumes"), (dict,)),
    "expires_in": (int,),
}


def test_what_can_be_derived_is_derived_anew() -> None:
    known = told(cluster(multiconnect()))
    for node in known["nodes"]:
        node.update(name="x", host="x", container="x", reachable=False, registered=False, expires_in=-1)
    assert read_back(known).deployment == read_back(told(cluster(multiconnect()))).deployment


def change(known: Any, path: str, value: object) -> Any:
    """Facts with the value at a path replaced."""
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner = known
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return known


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("form", "double", "this is no wabiz_support fact"),
        ("nodes", [], "this is no wabiz_support fact"),
        ("nodes", {}, "this is no wabiz_support fact"),
        ("nodes", [{"key": "a"}, {"key": "b"}], "one node, not 2"),
        ("nodes.0", "UP", "nodes[0] is no node of a wabiz_support fact"),
        ("nodes.0.key", None, "nodes[0] is no node of a wabiz_support fact"),
        ("nodes.0.error", "gone", "nodes[0].error is no mapping"),
        ("nodes.0.socket_conn", 1, "nodes[0].socket_conn is a number where text belongs"),
        ("nodes.0.shards", [[3, 1]], "nodes[0].shards is the pair [3, 1], which is no range of shards"),
        ("nodes.0.expires_at", "soon", "nodes[0].expires_at is 'soon' where a time"),
        ("nodes.0.expires_at", 5, "nodes[0].expires_at is no text"),
        ("nodes.0.device_time", [], "nodes[0].device_time is no text"),
        ("nodes.0.volumes", 5, "nodes[0].volumes is no mapping"),
        ("nodes.0.volumes", {"log": 5}, "nodes[0].volumes: 'log' is no volume; did you mean logs?"),
        ("nodes.0.volumes.logs", -1, "nodes[0].volumes.logs is -1 where a number of bytes belongs"),
        ("nodes.0.invalid_fields", ["x"], "nodes[0].invalid_fields is no mapping"),
        ("nodes.0.invalid_fields", {"x": 1}, "nodes[0].invalid_fields is no mapping"),
        ("front_version", 2, "front_version is no text"),
        ("asked_at", None, "asked_at holds no time"),
        ("asked_at", "noon", "asked_at holds no time"),
        ("asked_at", 7, "asked_at is no text"),
    ],
)
def test_what_are_no_facts_is_told_where_it_is_wrong(path: str, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        read_back(change(told(single()), path, value))


def test_facts_that_lack_a_value_are_judged_without_it() -> None:
    known = told(single())
    for name in ("socket_conn", "volumes", "invalid_fields", "device_time_zoned"):
        del known["nodes"][0][name]
    gathered = read_back(known)
    gone = {name: ... for name in HEALTHY if name.startswith("free_space") or name in ("socket_conn",)}
    assert facts(gathered.deployment, ASKED) == facts(parse(document(fields(**gone))), ASKED)


def test_our_time_may_have_any_zone() -> None:
    here = datetime(2018, 6, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert read_back(facts(parse(single()), here)).asked_at == here
