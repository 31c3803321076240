# SPDX-License-Identifier: BSD-2-Clause
"""From the bytes of an answer to records: both forms, everything optional, nothing believed."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from documents import (
    HEALTHY,
    META,
    POLICY,
    UNREACHABLE,
    cluster,
    document,
    fields,
    high_availability,
    multiconnect,
    parse,
    single,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import examples
from wabiz_monitoring._core.catalogue import CATALOGUE, Trouble
from wabiz_monitoring._core.deployment import CLUSTER, SINGLE, UNLIMITED, Deployment
from wabiz_monitoring._core.judge import JUDGES, judge
from wabiz_monitoring._core.times import Moment

EXPIRES = datetime(2018, 9, 27, 14, 26, 7, tzinfo=timezone.utc)

VALUES = [
    # field as the vendor writes it, value in the answer, attribute of the record, value there
    ("context", "healthcheck", "context", "healthcheck"),
    ("db_engine", "PGSQL", "db_engine", "PGSQL"),
    ("db_info", ["a", "b"], "db_info", ("a", "b")),
    ("db_info", [], "db_info", ()),
    ("debug_info", "unregistered", "debug_info", "unregistered"),
    ("description", "Version 2.18.22", "description", "Version 2.18.22"),
    ("device_iso8601", "2018-06-01T00:00:00", "time", Moment(datetime(2018, 6, 1, tzinfo=timezone.utc), False)),
    ("device_iso8601", "2018-06-01T02:00:00+02:00", "time", Moment(datetime(2018, 6, 1, tzinfo=timezone.utc), True)),
    ("device_iso8601", "2018-06-01 00:00:00Z", "time", Moment(datetime(2018, 6, 1, tzinfo=timezone.utc), True)),
    ("e2e", {"registration_id": "1"}, "e2e", {"registration_id": 1}),
    ("env", ["A=b"], "env", ("A=b",)),
    ("env", [{"A": "b"}, 1], "env", ('{"A": "b"}', "1")),
    ("expire_timestamp", "2018-09-27T14:26:07", "expires", Moment(EXPIRES, False)),
    ("expire_timestamp", "2018-09-27 14:26:07+00:00", "expires", Moment(EXPIRES, True)),
    ("lc", "ZZ", "lc", "ZZ"),
    ("lg", "ZZ", "lg", "ZZ"),
    ("multi_connect", True, "multi_connect", True),
    ("os_name", "ubuntu-x86_64", "os_name", "ubuntu-x86_64"),
    ("os_version", "16.04", "os_version", "16.04"),
    ("role", "coreapp", "role", "coreapp"),
    ("role", "a new role", "role", "a new role"),
    ("schema", {"axolotl": 3}, "schema", {"axolotl": 3}),
    ("shards", [], "shards", ()),
    ("shards", [[-1, -1], [0, 0]], "shards", ((-1, -1), (0, 0))),
    ("shards", [[0, 511]], "shards", ((0, 511),)),
    ("shards", [[0.0, 3.0]], "shards", ((0, 3),)),
    ("shards", [["-1", "-1"], ["0", " 7 "]], "shards", ((-1, -1), (0, 7))),
    ("multi_connect", "true", "multi_connect", True),
    ("multi_connect", "False", "multi_connect", False),
    ("socket_conn", "UP receiving offline", "socket", "UP receiving offline"),
    ("socket_conn", "", "socket", ""),
    ("version", "v2.18.22", "version", "v2.18.22"),
    # A lone surrogate is legal JSON and fatal to whoever writes it as UTF-8.
    ("description", "\ud800", "description", "?"),
]

FREE = [
    # value in the answer, bytes; None is unlimited
    (0, 0),
    (1, 1),
    (812 * 2**20, 812 * 2**20),
    (51539607552.0, 51539607552),
    (1.5, 1),
    (4.6e18, 4600000000000000000),
    (UNLIMITED - 1, UNLIMITED - 1),
    (UNLIMITED, None),
    # 2^63 - 2^20 after a trip through a double, as the product's own documentation shows it.
    (9223372036853727000, None),
    (9.223372036853727e18, None),
    (2**63 - 1, None),
    (2**64, None),
    (10**30, None),
    (1e300, None),
    # As text, as some gateways and databases have it.
    ("14269902848", 14269902848),
    (" 0 ", 0),
    ("+1024", 1024),
    ("51539607552.0", 51539607552),
    ("4.6e18", 4600000000000000000),
    ("9223372036853727000", None),
    ("9.223372036853727e18", None),
    # No digit is lost on the way through a double.
    ("4611686018427387903", UNLIMITED - 1),
]

DEFECTS = [
    # field, value in the answer, what is told of it
    ("socket_conn", 1, "a number where text belongs"),
    ("socket_conn", None, "null where text belongs"),
    ("socket_conn", ["UP"], "a list where text belongs"),
    ("socket_conn", True, "true or false where text belongs"),
    ("version", {"major": 2}, "an object where text belongs"),
    ("debug_info", 12025550143, "a number where text belongs"),
    ("role", [], "a list where text belongs"),
    ("db_info", "mysql", "text where a list belongs"),
    ("db_info", [1], "a number where text belongs"),
    ("env", {"A": "b"}, "an object where a list belongs"),
    ("e2e", [], "a list where an object belongs"),
    ("e2e", {str(at): at for at in range(257)}, "257 entries where at most 256 belong"),
    ("db_info", ["driver"] * 257, "257 entries where at most 256 belong"),
    ("env", ["A=b"] * 8000, "8000 entries where at most 256 belong"),
    ("schema", 3, "a number where an object belongs"),
    ("multi_connect", 1, "a number where true or false belongs"),
    ("multi_connect", "perhaps", "text where true or false belongs"),
    ("expire_timestamp", 1538058367, "a number where text belongs"),
    ("expire_timestamp", "soon", "'soon' where a time such as 2018-09-27T14:26:07 belongs"),
    ("expire_timestamp", "2018-02-30T00:00:00", "'2018-02-30T00:00:00' where a time such as"),
    ("expire_timestamp", "<b>|\n" * 30, "where a time such as 2018-09-27T14:26:07 belongs"),
    ("device_iso8601", "", "'' where a time such as"),
    ("free_space_logs", "", "'' where a number of bytes belongs"),
    ("free_space_logs", "plenty", "'plenty' where a number of bytes belongs"),
    ("free_space_logs", "14 GiB", "'14 GiB' where a number of bytes belongs"),
    ("free_space_logs", "0x10", "'0x10' where a number of bytes belongs"),
    ("free_space_logs", "-1", "-1 where a number of bytes belongs"),
    ("free_space_logs", "nan", "'nan' where a number of bytes belongs"),
    ("free_space_logs", "9" * 1000, "'999999999999999999999...' where a number of bytes belongs"),
    ("free_space_logs", "١٢", "where a number of bytes belongs"),
    ("free_space_logs", None, "null where a number of bytes belongs"),
    ("free_space_logs", True, "true or false where a number of bytes belongs"),
    ("free_space_logs", -1, "-1 where a number of bytes belongs"),
    ("free_space_logs", -0.5, "-0.5 where a number of bytes belongs"),
    ("free_space_logs", [1], "a list where a number of bytes belongs"),
    ("shards", "[[0,0]]", "text where a list belongs"),
    ("shards", {"0": 0}, "an object where a list belongs"),
    ("shards", [0], "a number where a pair [lower, upper] belongs"),
    ("shards", [[0]], "a list where a pair [lower, upper] belongs"),
    ("shards", [[0, 1, 2]], "a list where a pair [lower, upper] belongs"),
    ("shards", [["0", "x"]], "'x' where a whole number belongs"),
    ("shards", [["0", "0.5"]], "a fraction where a whole number belongs"),
    ("shards", [[0, None]], "null where a whole number belongs"),
    ("shards", [[False, True]], "true or false where a whole number belongs"),
    ("shards", [[0, 0.5]], "a fraction where a whole number belongs"),
    ("shards", [[3, 1]], "the pair [3, 1], which is no range of shards"),
    ("shards", [[-2, 0]], "the pair [-2, 0], which is no range of shards"),
    ("shards", [[0, 10**9]], "the pair [0, 1000000000], which is no range of shards"),
    ("shards", [[0, 10**400]], "100000000000000000000... where a whole number belongs"),
    ("shards", [[0, 1e300]], "1e+300 where a whole number belongs"),
]

NO_ANSWERS = [
    # body, problem, what is told
    (b"{}", "invalid", "the answer holds no 'support', so it is not that of /v1/support"),
    (b'{"status": "ok"}', "invalid", "the answer holds no 'support'"),
    (b'{"support": null}', "invalid", "the answer has null as 'support'"),
    (b'{"support": []}', "invalid", "the answer has a list as 'support'"),
    (b'{"support": "UP"}', "invalid", "the answer has text as 'support'"),
    (b'{"support": {}}', "invalid", "the answer has nothing under 'support'"),
    (b'{"support": {"wa1:c1": {}, "wa2:c2": 1}}', "invalid", "node wa2:c2 is a number, not an object"),
    (b'{"support": {"wa1:c1": {}, "w|\\n": null}}', "invalid", "node w/U+000A is null, not an object"),
    (
        b'{"errors": [{"code": 1014, "title": "Internal error", "details": "database gone"}]}',
        "unreachable",
        "the API answered with error 1014: Internal error (database gone)",
    ),
    (b'{"errors": []}', "unreachable", "the API answered with error"),
    (b'{"errors": [7], "support": null}', "unreachable", "the API answered with error"),
    (b'{"errors": [{"code": "x|\\n", "title": 3}]}', "unreachable", "the API answered with error"),
    (
        b'{"support": {"errors": [{"code": 1014, "title": "Internal error"}]}}',
        "unreachable",
        "the front end cannot reach its node: error 1014: Internal error",
    ),
]


def only(body: bytes) -> Any:
    (node,) = parse(body).nodes
    return node


def test_the_single_form_is_a_deployment_of_one_node_without_a_name() -> None:
    deployment = parse(single())
    assert deployment.form == SINGLE
    assert deployment.front_version == "v2.18.22"
    node = only(single())
    assert (node.key, node.shown_key, node.host, node.container, node.name, node.label) == (None, "", "", None, "", "")
    assert node.reachable
    assert node.defects == {}


def test_the_cluster_form_has_a_node_a_key() -> None:
    deployment = parse(cluster(high_availability()))
    assert deployment.form == CLUSTER
    nodes: Any = [(node.key, node.shown_key, node.host, node.container, node.role) for node in deployment.nodes]
    assert nodes == [
        ("wa1:m1", "wa1:m1", "wa1", "m1", "primary_master"),
        ("wa2:m2", "wa2:m2", "wa2", "m2", "secondary_master"),
        ("wa1:c1", "wa1:c1", "wa1", "c1", "coreapp"),
        ("wa2:c2", "wa2:c2", "wa2", "c2", "coreapp"),
    ]


def test_a_cluster_with_one_live_node_is_still_a_cluster() -> None:
    assert parse(cluster({"wa1:c1": fields(context=...)})).form == CLUSTER


def test_a_single_form_of_objects_only_is_no_cluster() -> None:
    assert parse(document({"e2e": HEALTHY["e2e"], "schema": HEALTHY["schema"]})).form == SINGLE


def test_a_key_may_be_a_bare_host_or_hold_more_colons() -> None:
    nodes = parse(cluster({"wa1": {}, "wa2:c2": {}, "2001:db8::1:c3": {}, "wa4:": {}, ":c5": {}})).nodes
    assert [(node.host, node.container) for node in nodes] == [
        ("wa1", None),
        ("wa2", "c2"),
        ("2001:db8::1", "c3"),
        ("wa4", ""),
        (":c5", "c5"),
    ]
    assert all(node.name and node.label for node in nodes)


def test_what_an_error_says_of_node_and_port_is_told_to_its_end() -> None:
    told = "Failed to connect to coreapp wa3.whatsapp.example.com port 6252: Connection timed out after 10001 ms (113)"
    nodes = {
        **high_availability(),
        "wa3:c3": {"errors": [{"code": "1014", "title": "Internal error", "details": told}]},
    }
    result = judge("cluster", parse(cluster(nodes)), POLICY)
    texts = [finding.text for finding in result.findings if finding.problem == "node-unreachable"]
    assert texts == [f"wa3 cannot be reached: error 1014: Internal error ({told})"]
    assert f"wa3: error 1014: Internal error ({told})" in result.observations


def test_what_is_advised_for_a_field_that_cannot_be_read_is_about_the_field() -> None:
    findings = judge("space", parse(single(free_space_logs="plenty")), POLICY).findings
    assert [finding.problem for finding in findings] == ["invalid"]
    assert "proxy" not in findings[0].remedy
    assert "field" in findings[0].remedy


@pytest.mark.parametrize(("field", "value", "attribute", "read"), VALUES)
def test_a_field_becomes_a_typed_value(field: str, value: object, attribute: str, read: object) -> None:
    assert getattr(only(document({"os_name": "x", field: value})), attribute) == read


@pytest.mark.parametrize(("value", "read"), FREE)
def test_free_space_is_a_whole_number_of_bytes_or_unlimited(value: float, read: int | None) -> None:
    node = only(single(free_space_logs=value))
    assert node.free["logs"] == read
    assert node.defects == {}


@pytest.mark.parametrize(("field", "value", "told"), DEFECTS)
def test_a_field_of_the_wrong_type_is_a_defect_and_otherwise_absent(field: str, value: object, told: str) -> None:
    node = only(single(**{field: value}))
    assert list(node.defects) == [field]
    assert told in node.defects[field]
    assert node.defects[field].isprintable()
    healthy = only(single(**{field: ...}))
    assert node._replace(defects={}) == healthy


@pytest.mark.parametrize("field", sorted(HEALTHY))
def test_no_field_is_needed(field: str) -> None:
    assert only(single(**{field: ...})).defects == {}


def test_a_volume_that_is_not_told_is_not_there() -> None:
    assert list(only(single(free_space_logs=...)).free) == ["data", "media_incoming", "media_outgoing"]


def test_a_field_that_nobody_has_heard_of_is_passed_over() -> None:
    assert only(single(a_new_field={"x": [1]}, free_space_tmp=5)) == only(single())


def test_an_unreachable_node_keeps_its_key_and_tells_its_error() -> None:
    deployment = parse(cluster({"wa1:c1": fields(), "wa2:c2": UNREACHABLE}))
    there, gone = deployment.nodes
    told: Any = gone
    assert (there.reachable, gone.reachable) == (True, False)
    assert told.error == (1014, "Internal error", "connection timed out")
    assert (told.key, told.socket, told.role, told.shards, told.free) == ("wa2:c2", None, None, None, {})
    assert deployment.answered == (there,)


@pytest.mark.parametrize(
    "errors", [[], None, {}, "text", [1], [{"code": True, "title": 1, "details": []}], [{"title": "\ud800"}]]
)
def test_an_error_without_rhyme_or_reason_still_means_unreachable(errors: object) -> None:
    (node,) = parse(cluster({"wa1:c1": {"errors": errors}})).nodes
    assert not node.reachable
    assert node.error is not None
    assert node.error.code is None


def test_fields_that_stand_beside_errors_are_not_believed() -> None:
    (node,) = parse(cluster({"wa1:c1": {**UNREACHABLE, "socket_conn": "UP"}})).nodes
    assert not node.reachable
    assert node.socket is None


def test_errors_beside_the_fields_of_a_single_node_are_those_of_a_node_that_cannot_be_reached() -> None:
    with pytest.raises(Trouble) as trouble:
        parse(single(**UNREACHABLE))
    assert (trouble.value.problem, trouble.value.text) == (
        "unreachable",
        "the front end cannot reach its node: error 1014: Internal error (connection timed out)",
    )


@pytest.mark.parametrize("errors", [[], None, {}])
def test_no_errors_beside_fields_are_none(errors: object) -> None:
    (node,) = parse(cluster({"wa1:c1": {"errors": errors, "socket_conn": "UP"}})).nodes
    assert node.reachable
    assert node.socket == "UP"


@pytest.mark.parametrize(("body", "problem", "told"), NO_ANSWERS)
def test_what_is_no_support_answer_is_told_apart(body: bytes, problem: str, told: str) -> None:
    with pytest.raises(Trouble) as trouble:
        parse(body)
    assert trouble.value.problem == problem
    assert trouble.value.text.startswith(told)
    assert trouble.value.text.isprintable()


@pytest.mark.parametrize("meta", [..., None, [], "v1", {}, {"version": 2}, {"version": None}])
def test_the_front_end_need_not_tell_its_version(meta: object) -> None:
    assert parse(document(fields(), meta=meta)).front_version is None


def test_the_front_end_of_a_cluster_has_a_version_of_its_own() -> None:
    assert parse(document({"wa1:c1": fields(version="2.18.1")}, meta=META)).front_version == "v2.18.22"


# What a server may answer, near the right answer and far from it.

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(
        ["UP", "DN", "SC", "UNK", "unregistered", "coreapp", "primary_master", "2018-09-27T14:26:07", "\ud800"]
    )
    | st.sampled_from([10**400, -(10**400), 1e308, 2**63])
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_SHARDS = st.lists(st.lists(_JSON | st.integers(-2, 9), min_size=1, max_size=3), max_size=3)
_NODE = st.dictionaries(st.sampled_from(sorted(HEALTHY)), _JSON, max_size=8).flatmap(
    lambda node: st.fixed_dictionaries({}, optional={"shards": _SHARDS, "role": _JSON, "errors": _JSON}).map(
        lambda more: {**node, **more}
    )
)
_KEYS = st.sampled_from(["wa1:c1", "wa1:c2", "wa2", ":", "", "a|b\n"]) | st.text(max_size=8)
_SUPPORT = _NODE | st.dictionaries(_KEYS, _NODE | _JSON, max_size=4)
_ANSWERS = st.fixed_dictionaries({}, optional={"support": _SUPPORT | _JSON, "meta": _JSON, "errors": _JSON})


@settings(max_examples=examples(300))
@given(_ANSWERS | _JSON)
def test_any_json_is_either_a_deployment_that_can_be_judged_or_trouble(answer: object) -> None:
    deployment: Deployment | Trouble
    try:
        deployment = parse(json.dumps(answer).encode())
    except Trouble as trouble:
        deployment = trouble
    if isinstance(deployment, Trouble):
        assert deployment.problem in CATALOGUE
        assert deployment.text.isprintable()
        return
    assert isinstance(deployment, Deployment)
    for node in deployment.nodes:
        assert all(value is None or 0 <= value < UNLIMITED for value in node.free.values())
        assert node.name.isprintable()
    for check in [*JUDGES, "all"]:
        result = judge(check, deployment, POLICY)
        assert result.summary.isprintable()
        for _check, finding in result.every_finding:
            assert finding.text.isprintable()
            assert finding.remedy.isprintable()


@settings(max_examples=50)
@given(st.permutations(sorted(multiconnect())), st.data())
def test_neither_the_order_nor_the_names_of_nodes_change_a_state(order: list[str], data: st.DataObject) -> None:
    nodes = multiconnect()
    broken = data.draw(st.sampled_from(order))
    nodes[broken] = data.draw(
        st.sampled_from([UNREACHABLE, {**nodes[broken], "socket_conn": "SC"}, {"role": "coreapp"}])
    )
    names = data.draw(st.lists(st.text("abcdef:-.", min_size=1, max_size=6), min_size=7, max_size=7, unique=True))
    renamed = {name: nodes[key] for name, key in zip(names, order, strict=True)}
    for check in JUDGES:
        before = judge(check, parse(cluster(nodes)), POLICY)
        after = judge(check, parse(cluster(renamed)), POLICY)
        assert [(found.state, found.problem) for _check, found in before.every_finding] == [
            (found.state, found.problem) for _check, found in after.every_finding
        ]
        assert len({metric.label for metric in after.metrics}) == len(after.metrics)


def test_the_labels_of_graphs_do_not_change_when_two_coreapps_swap() -> None:
    before, after = high_availability(), high_availability()
    after["wa1:c1"], after["wa2:c2"] = after["wa2:c2"], after["wa1:c1"]
    after["wa1:m1"]["role"], after["wa2:m2"]["role"] = after["wa2:m2"]["role"], after["wa1:m1"]["role"]
    for check in [*JUDGES, "all"]:
        labels = [
            sorted(metric.label for child in [result, *result.children] for metric in child.metrics)
            for result in (judge(check, parse(cluster(nodes)), POLICY) for nodes in (before, after))
        ]
        assert labels[0] == labels[1]
        assert labels[0]


def test_a_container_made_anew_keeps_its_label() -> None:
    nodes = high_availability()
    before = [node.label for node in parse(cluster(nodes)).nodes]
    after = [node.label for node in parse(cluster({f"{key}99": node for key, node in nodes.items()})).nodes]
    assert before == after == ["wa1_master", "wa2_master", "wa1_coreapp", "wa2_coreapp"]
