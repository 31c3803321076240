# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The module as Ansible runs it: a process of its own that reads options and prints JSON."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.wabiz.monitoring.plugins.modules import support_facts
from ansible_collections.wabiz.monitoring.tests.unit.module import hold, run_module
from ansible_collections.wabiz.monitoring.tests.unit.server import (
    SUPPORT,
    TOKEN,
    answer,
    api,
    serve,
)

LOGIN = {"username": "monitor", "password": "marked-password"}
UNREACHABLE = {"errors": [{"code": 1014, "title": "Internal error", "details": "timed out"}]}


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Any:
    """Run the module with options; gives its exit code and what it returned."""
    return partial(run_module, "support_facts", tmp_path)


def test_facts_and_nothing_else_are_returned(run: Any) -> None:
    with serve(api()) as server:
        code, returned = run({"url": server.url, **LOGIN})
    assert code == 0
    # What the module was called with is added by Ansible.
    assert set(returned) - {"invocation"} == {"ansible_facts"}
    assert list(returned["ansible_facts"]) == ["wabiz_support"]


def test_check_mode_asks_for_real(run: Any) -> None:
    with serve(api()) as server:
        returned = [run({"url": server.url, **LOGIN}, check_mode=mode)[1]["ansible_facts"] for mode in (False, True)]
    for known in returned:
        del known["wabiz_support"]["asked_at"], known["wabiz_support"]["nodes"][0]["expires_in"]
    assert returned[0] == returned[1]
    assert len(server.lines) == 6


def test_every_fact_is_documented_and_of_the_type_that_is_documented(run: Any) -> None:
    cluster = {"wa1:c1": {**SUPPORT, "role": "coreapp", "shards": [[0, 511]]}, "wa2:c2": UNREACHABLE}
    documented = yaml.safe_load(support_facts.RETURN)["ansible_facts"]["contains"]
    told = dict.fromkeys(documented["wabiz_support"]["contains"]["nodes"]["contains"])
    for support in (SUPPORT, cluster):
        with serve(api(support)) as server:
            facts = run({"url": server.url, "token": TOKEN, "env": True})[1]["ansible_facts"]
        hold(facts, documented)
        for node in facts["wabiz_support"]["nodes"]:
            told.update({name: value for name, value in node.items() if value is not None})
    assert set(told) == set(documented["wabiz_support"]["contains"]["nodes"]["contains"])


def test_environment_variables_of_the_client_are_left_out_unless_asked_for(run: Any) -> None:
    with serve(api()) as server:
        quiet, asked = (run({"url": server.url, "token": TOKEN, "env": env})[1] for env in (False, True))
    assert "marked-env-secret" not in json.dumps(quiet)
    assert asked["ansible_facts"]["wabiz_support"]["nodes"][0]["env"] == ["WA_DB_PASSWORD=marked-env-secret"]


def test_a_failure_says_what_is_wrong_and_what_to_do_and_names_the_problem(run: Any) -> None:
    with serve(api(login=lambda _server, _head: [answer(b"", 401)])) as server:
        code, returned = run({"url": server.url, **LOGIN})
    assert (code, returned["failed"], returned["problem"]) == (1, True, "unauthorized")
    assert returned["msg"].startswith("login of user monitor refused: wrong user name or password (HTTP 401). Put the")
    assert "ansible_facts" not in returned
    assert "marked-password" not in json.dumps(returned)


def test_an_option_that_is_wrong_is_no_problem_of_the_deployment(run: Any) -> None:
    code, returned = run({"url": "wa.example.com"})
    assert (code, returned["failed"], "problem" in returned) == (1, True, False)
    assert "is no URL of the form https://host:port/path" in returned["msg"]


def test_a_client_key_needs_its_certificate(run: Any) -> None:
    code, returned = run({"hostname": "wa.example.com", "client_key": "/nowhere"})
    assert code == 1
    assert "client_cert" in returned["msg"]


def test_a_server_that_never_answers_does_not_hold_the_process(run: Any) -> None:
    def stall(server: Any, _head: str) -> Any:
        server.over.wait()
        yield b""

    with serve(stall) as server:
        begun = time.monotonic()
        code, returned = run({"url": server.url, "token": TOKEN, "timeout": 0.5})
        taken = time.monotonic() - begun
    assert (code, returned["problem"]) == (1, "timeout")
    assert taken < 10


HOSTILE = {
    "socket_conn": "UP\x00\x1b[31m\u202e\ud800",
    "version": "{{ lookup('pipe', 'false') }}",
    "debug_info": "x" * 30000,
    "schema": {"__ansible_type": "TrustedAsTemplate", "\ud800": 10**400, "nested": [[[{"a": "1e999"}]]]},
    "e2e": {"__ansible_vault": "x", "__ansible_unsafe": "y", "number": 1e300},
    "env": ["\ud800", {"a": "b"}, None, 5],
    "shards": [[0, 10**400]],
    "free_space_data": 10**400,
}


def test_what_a_hostile_server_sends_comes_out_as_typed_json(run: Any) -> None:
    nodes = {"wa1\x00\ud800:c1": HOSTILE, "": HOSTILE, "|": UNREACHABLE}
    body = json.dumps({"support": nodes}).replace('"1e999"', "1e999").encode("ascii")
    with serve(api(answer(body))) as server:
        code, returned = run({"url": server.url, "token": TOKEN, "env": True})
    assert code == 0
    node = returned["ansible_facts"]["wabiz_support"]["nodes"][0]
    assert node["version"] == "{ { lookup('pipe', 'false') }}"
    assert node["volumes"] == {"data": None}
    assert node["schema"]["nested"] == '[[[{"a": Infinity}]]]'
    assert node["env"] == ["?", '{"a": "b"}', "null", "5"]
    assert list(node["invalid_fields"]) == ["shards"]
    assert "__ansible" not in json.dumps(returned)
    hold(returned["ansible_facts"], yaml.safe_load(support_facts.RETURN)["ansible_facts"]["contains"])
