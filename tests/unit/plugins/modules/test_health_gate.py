# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The gate as Ansible runs it: what it takes, what it returns, and that it stays shut."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.catalogue import CATALOGUE
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.deployment import parse
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.facts import facts
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.redaction import Redaction
from ansible_collections.wabiz.monitoring.plugins.modules import health_gate
from ansible_collections.wabiz.monitoring.tests.unit.module import hold, run_module
from ansible_collections.wabiz.monitoring.tests.unit.server import SUPPORT, TOKEN, answer, api, serve

LOGIN = {"username": "monitor", "password": "marked-password"}
UNREACHABLE = {"errors": [{"code": 1014, "title": "Internal error", "details": "timed out"}]}
RETURNED = yaml.safe_load(health_gate.RETURN)
OPTIONS = yaml.safe_load(health_gate.DOCUMENTATION)["options"]


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Any:
    """Run the module with options; gives its exit code and what it returned."""
    return partial(run_module, "health_gate", tmp_path)


def healthy(now: datetime | None = None, **differing: Any) -> dict[str, Any]:
    """The fields of a node with which all is well now, or at another time."""
    moment = now or datetime.now(timezone.utc)
    times = {"device_iso8601": moment, "expire_timestamp": moment + timedelta(days=90)}
    told = {name: time.strftime("%Y-%m-%dT%H:%M:%S") for name, time in times.items()}
    free = {f"free_space_{volume}": 2**35 for volume in ("data", "logs", "media_incoming", "media_outgoing")}
    return {**SUPPORT, **told, **free, **differing}


def standby(**differing: Any) -> dict[str, Any]:
    """A node that stands by."""
    return healthy(**{"role": "coreapp", "shards": [], "socket_conn": "DN", **differing})


def cluster(**differing: Any) -> dict[str, Any]:
    """High availability with one coreapp to spare; the nodes are m1, m2, c1, c2, each on a host called as it is."""
    nodes = {
        "m1": standby(role="primary_master"),
        "m2": standby(role="secondary_master"),
        "c1": standby(shards=[[-1, -1], [0, 0]], socket_conn="UP"),
        "c2": standby(),
        **differing,
    }
    return {f"{name}:{name}": fields for name, fields in nodes.items()}


def gathered(support: Any, asked_at: datetime | None = None) -> Any:
    """Facts about an answer."""
    deployment = parse(json.dumps({"support": support}).encode(), Redaction())
    known = facts(deployment, asked_at or datetime.now(timezone.utc), True)
    return json.loads(json.dumps(known))


def test_a_healthy_deployment_passes(run: Any) -> None:
    with serve(api(healthy())) as server:
        code, returned = run({"url": server.url, **LOGIN})
    assert (code, returned["passed"], returned["state"], returned["findings"]) == (0, True, "OK", [])
    assert returned["msg"].startswith("connected; single node; data 32 GiB free")
    assert server.lines == ["POST /v1/users/login", "GET /v1/support", "POST /v1/users/logout"]


def test_all_reasons_stand_in_one_message(run: Any) -> None:
    with serve(api(healthy(socket_conn="DN", free_space_logs=5, schema=1, free_space_data=None))) as server:
        code, returned = run({"url": server.url, **LOGIN})
    assert (code, returned["failed"], returned["passed"], returned["state"]) == (1, True, False, "CRITICAL")
    reasons = [line for line in returned["msg"].splitlines() if line.startswith("- ")]
    assert reasons == [
        "- CRITICAL socket: disconnected (socket_conn DN)",
        "- CRITICAL space: logs 5 B free (critical below 1 GiB)",
        "- UNKNOWN space: free_space_data is null where a number of bytes belongs",
    ]
    assert returned["msg"].startswith("not safe to go on, 3 reasons:\n")


def test_everything_returned_is_documented_and_of_the_type_that_is_documented(run: Any) -> None:
    nodes = cluster(c1=UNREACHABLE, m2=standby(role="secondary_master", free_space_logs=5))
    with serve(api(nodes)) as server:
        code, returned = run({"url": server.url, "token": TOKEN, "without": ["m1:m1"]})
    assert code == 1
    returned = {name: value for name, value in returned.items() if name not in ("invocation", "failed")}
    assert set(returned) == set(RETURNED)
    hold(returned, RETURNED)
    for finding in returned["findings"]:
        assert set(finding) == set(RETURNED["findings"]["contains"])
        assert finding["check"] in RETURNED["findings"]["contains"]["check"]["choices"]
        assert finding["state"] in RETURNED["state"]["choices"]
    assert {bool(finding["problem"]) for finding in returned["findings"]} == {True, False}
    assert [list(finding["nodes"]) for finding in returned["findings"] if finding["subject"]] == [["m2:m2"]]


def test_check_mode_asks_for_real(run: Any) -> None:
    with serve(api(healthy(socket_conn="DN"))) as server:
        code, returned = run({"url": server.url, **LOGIN}, check_mode=True)
    assert (code, returned["state"]) == (1, "CRITICAL")
    assert server.lines[1] == "GET /v1/support"


def test_the_cluster_is_judged_as_it_will_be_without_a_node(run: Any) -> None:
    with serve(api(cluster())) as server:
        code, returned = run({"url": server.url, "token": TOKEN, "without": "c1:*"})
        assert (code, returned["state"], returned["answered"]) == (0, "WARNING", {"c1:*": 1})
        assert returned["premise"] == "without c1: the control shard and shard 0 move to c2; no spare left"
        code, returned = run({"url": server.url, "token": TOKEN, "without": ["c1:*", "c2:*"]})
        assert (code, returned["state"], returned["answered"]) == (1, "CRITICAL", {"c1:*": 1, "c2:*": 1})
        code, returned = run({"url": server.url, "token": TOKEN, "min_nodes": {"c1:*": 1, "*": "5"}})
        assert (code, [row["text"] for row in returned["findings"]]) == (1, ["4 of 5 nodes fitting * answered"])


TERMS = [
    ({"states": {"disconnected": "warning"}}, 0),
    ({"states": {"disconnected": "warning"}, "fail_on": ["warning", "critical"]}, 1),
    ({"states": {"disconnected": "unknown"}, "fail_on": "critical"}, 0),
    ({"states": {"disconnected": "ok"}, "min_free_space": {"data": "33GiB"}}, 1),
    ({"states": {"disconnected": "ok"}, "min_free_space": 2.0**36}, 1),
    ({"states": {"disconnected": "ok"}, "min_build_lifetime": "13w"}, 1),
    ({"states": {"disconnected": "ok"}, "max_clock_offset": "-2h:-1h"}, 1),
    ({"states": {"disconnected": "ok"}, "ignore_nodes": ["gone:*"], "shards": 1, "min_spares": 0}, 0),
]


@pytest.mark.parametrize(("options", "expected"), TERMS)
def test_the_terms_decide(run: Any, options: dict[str, Any], expected: int) -> None:
    code, returned = run({"support": gathered(healthy(socket_conn="DN")), **options})
    assert (code, returned["passed"]) == (expected, not expected), returned["msg"]


def test_an_api_that_cannot_be_asked_is_a_finding_like_any_other(run: Any) -> None:
    with serve(api(login=lambda _server, _head: [answer(b"", 401)])) as server:
        code, returned = run({"url": server.url, **LOGIN})
        assert (code, returned["state"], returned["findings"][0]["problem"]) == (1, "UNKNOWN", "unauthorized")
        assert "- UNKNOWN login of user monitor refused: wrong user name or password (HTTP 401)\n" in returned["msg"]
        hold({"findings": returned["findings"]}, RETURNED)
        assert run({"url": server.url, **LOGIN, "fail_on": "critical"})[0] == 0
        assert run({"url": server.url, **LOGIN, "states": {"unauthorized": "critical"}, "fail_on": "critical"})[0] == 1


def test_a_server_that_never_answers_is_a_finding_and_does_not_hold_the_process(run: Any) -> None:
    def stall(server: Any, _head: str) -> Any:
        server.over.wait()
        yield b""

    with serve(stall) as server:
        begun = time.monotonic()
        code, returned = run({"url": server.url, "token": TOKEN, "timeout": 0.5, "without": "wa1:*"})
        taken = time.monotonic() - begun
    assert (code, returned["findings"][0]["problem"], returned["answered"]) == (1, "timeout", {})
    assert taken < 10


# A fact in place of the API


def test_with_a_fact_the_api_is_not_asked_and_its_options_are_not_needed(run: Any) -> None:
    asked_at = datetime.now(timezone.utc) - timedelta(hours=1)
    known = gathered(healthy(asked_at), asked_at)
    code, returned = run({"support": known})
    assert (code, returned["state"], returned["asked_at"]) == (0, "OK", known["asked_at"])
    # As when they are set for the whole action group.
    with serve(api(healthy())) as server:
        assert run({"support": known, "url": server.url, **LOGIN})[0] == 0
    assert server.lines == []


def test_the_clocks_of_a_fact_are_held_against_its_time_and_its_build_against_now(run: Any) -> None:
    asked_at = datetime.now(timezone.utc) - timedelta(days=89)
    code, returned = run({"support": gathered(healthy(asked_at), asked_at)})
    assert (code, [finding["subject"] for finding in returned["findings"]]) == (1, ["build"])


def test_what_are_no_facts_is_told_as_such(run: Any) -> None:
    for known in ({}, {"ansible_facts": 1}, {"form": "single", "nodes": ["x"]}):
        code, returned = run({"support": known})
        assert (code, "findings" in returned) == (1, False)
        assert returned["msg"].startswith("support: ")


# What must not be seen


def test_no_secret_is_returned(run: Any) -> None:
    with serve(api(healthy(description="marked-password and " + TOKEN))) as server:
        shown = json.dumps(run({"url": server.url, **LOGIN, "headers": {"x": "marked-header"}})[1])
    known = gathered(healthy())
    assert "marked-env-secret" in json.dumps(known)
    shown += json.dumps(run({"support": known})[1])
    assert not re.search(r"marked-|token-given", shown)


HOSTILE = {
    "socket_conn": "UP\x00\x1b[31m\u202e\ud800",
    "version": "{{ lookup('pipe', 'false') }}",
    "debug_info": "x" * 100000,
    "shards": [[0, 10**400]],
    "schema": {"__ansible_type": "TrustedAsTemplate"},
    "free_space_data": 10**400,
    "role": "coreapp",
}


def test_what_a_hostile_server_sends_comes_out_as_typed_text_on_one_line_each(run: Any) -> None:
    body = json.dumps({"support": {"wa1\x00\ud800\n:c1": HOSTILE, "": HOSTILE, "|": UNREACHABLE}}).encode("ascii")
    with serve(api(answer(body))) as server:
        code, returned = run({"url": server.url, "token": TOKEN})
    assert code == 1
    hold({"findings": returned["findings"]}, RETURNED)
    texts = [finding["text"] for finding in returned["findings"]]
    assert all(text.isprintable() and len(text) < 1000 for text in texts)
    lines = returned["msg"].splitlines()
    assert all(line.startswith(("not safe", "- ", "  What to do: ")) for line in lines)


# What cannot be meant

WRONG = [
    ({"states": {"disconnected": True}}, "states: 'True' is no state; write ok, warning, critical or unknown"),
    ({"min_free_space": True}, "min_free_space: write a size such as 10GiB"),
    ({"min_free_space": {"logs": None}}, "min_free_space: write a size such as 10GiB"),
    ({"min_free_space": {"log": "10GiB"}}, "min_free_space: 'log' is no volume; did you mean logs?"),
    ({"shards": 5000}, "shards: 5000 is no number from 1 to 1024"),
    ({"min_nodes": {"*": "many"}}, "min_nodes: 'many' is no number of nodes"),
    ({"fail_on": []}, "fail_on: a gate fails on critical"),
    ({"fail_on": "ok"}, "option fail_on takes one of critical, unknown, warning; "),
    ({"timeout": 0}, "timeout is a number of seconds"),
    ({"client_key": "/nowhere"}, "missing parameter(s) required by 'client_key': client_cert"),
]


@pytest.mark.parametrize(("options", "says"), WRONG, ids=[says for _options, says in WRONG])
def test_a_bad_value_is_told_with_its_option_before_anybody_is_asked(
    run: Any, options: dict[str, Any], says: str
) -> None:
    with serve(api(healthy())) as server:
        code, returned = run({"url": server.url, **LOGIN, **options})
    assert (code, "findings" in returned, server.lines) == (1, False, [])
    assert returned["msg"].startswith(says)


def test_a_node_that_does_not_exist_is_told_with_those_that_do(run: Any) -> None:
    code, returned = run({"support": gathered(cluster()), "without": "wa3:*"})
    assert (code, "findings" in returned) == (1, False)
    assert returned["msg"] == "without: wa3:*: no such node; the answer names m1:m1, m2:m2, c1:c1 and c2:c2"


def test_somebody_must_be_asked(run: Any) -> None:
    code, returned = run({})
    assert (code, "findings" in returned) == (1, False)
    assert returned["msg"].startswith("say where the API is")


# The documentation


def test_every_problem_is_named_where_states_are_set() -> None:
    (line,) = [line for line in OPTIONS["states"]["description"] if line.startswith("The problems are ")]
    assert re.findall(r"V\(([a-z-]+)\)", line) == list(CATALOGUE)


def test_the_examples_name_options_and_problems_that_exist() -> None:
    for task in yaml.safe_load(health_gate.EXAMPLES):
        options = task.get("wabiz.monitoring.health_gate") or {}
        assert set(options) <= {*OPTIONS, "hostname", "username", "password", "ca_path"}
        assert set(options.get("states", {})) <= set(CATALOGUE)
