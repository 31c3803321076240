# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What the templates of the role get to write: nothing secret, and words that survive a shell."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
import yaml
from ansible_collections.wabiz.monitoring.plugins.filter import monitored_deployments as plugin
from ansible_collections.wabiz.monitoring.plugins.filter.extra_opts import extra_opts
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._deployments import ENGINES
from ansible_collections.wabiz.monitoring.tests.unit.module import hold

FILE = "/etc/wabiz-monitoring/deployments.ini"
SOUND = {"name": "berlin", "hostname": "wa.example.com"}
SECRET = "marked-secret"

HOSTILE = [
    "$(reboot)",
    "`reboot`",
    "a; b & c | d > e < f",
    "it's",
    'he said "no"',
    "'\"'\"'",
    "*",
    "~",
    "!!",
    "\\",
    "\\'",
    "#x",
    "$HOME ${HOME} %HOME%",
    "[!a]?",
    "ü 🙂",
    "{main}",
]


def monitored(engine: str = "none", **differing: Any) -> dict[str, Any]:
    """What is told of the sound deployment with differences."""
    (one,) = plugin.monitored_deployments([{**SOUND, **differing}], FILE, engine=engine)
    return one


def in_shell(words: str) -> list[str]:
    """The words that a command gets when a shell has read its line."""
    done = subprocess.run(
        ["sh", "-c", f"set -- {words}; for word; do printf '%s\\0' \"$word\"; done"], capture_output=True, check=True
    )
    return done.stdout.decode("utf-8").split("\0")[:-1]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_shell_makes_nothing_of_what_a_user_wrote(pattern: str) -> None:
    (service,) = monitored(ignore_nodes=[pattern, "wa1:*"], checks=["socket"])["services"]
    words = [f"--ignore-node={pattern}", "--ignore-node=wa1:*"]
    assert in_shell(service["options"]) == words
    assert in_shell(service["arguments"]) == [f"--extra-opts=berlin@{FILE}", *words]


def test_hostile_titles_come_through_as_data() -> None:
    for title in HOSTILE:
        assert monitored(display_name=title)["title"] == title


#: What a deployment says beside its name and host, and the words by which each check judges then.
JUDGEMENTS: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({}, {"socket": [], "cluster": [], "space": [], "build": [], "clock": []}),
    (
        {"checks": ["clock", "space"], "limits": {"space": {"warning": ["10GiB", "logs=2GiB"], "critical": "1GiB"}}},
        {"space": ["--warning=10GiB", "--warning=logs=2GiB", "--critical=1GiB"], "clock": []},
    ),
    (
        {"checks": ["all"], "limits": {"space": {"warning": ["10GiB", "logs=2GiB"]}, "clock": {"critical": "-9m:9m"}}},
        {"all": ["--warning=space=10GiB", "--warning=logs=2GiB", "--critical=clock=-9m:9m"]},
    ),
    (
        {"checks": ["socket", "cluster", "space"], "states": {"shard-unowned": "warning", "missing": "ok"}},
        {
            "socket": ["--state=shard-unowned=warning", "--state=missing=ok"],
            "cluster": ["--state=shard-unowned=warning", "--state=missing=ok"],
            "space": ["--state=missing=ok"],
        },
    ),
    (
        {"checks": ["socket", "cluster", "space"], "shards": 4, "min_spares": 0, "nodes": "wa1:*"},
        {
            "socket": ["--node=wa1:*", "--shards=4"],
            "cluster": ["--node=wa1:*", "--shards=4", "--min-spares=0"],
            "space": ["--node=wa1:*"],
        },
    ),
]


@pytest.mark.parametrize(("said", "judged"), JUDGEMENTS)
def test_each_check_is_told_what_concerns_it(said: dict[str, Any], judged: dict[str, list[str]]) -> None:
    told = monitored(**said)
    assert {service["check"]: in_shell(service["options"]) for service in told["services"]} == judged
    assert told["variables"]["wabiz_checks"] == list(judged)


def test_variables_of_icinga_2_are_named_for_what_they_are_for() -> None:
    limits = {"space": {"warning": "10GiB"}}
    told = monitored(limits=limits, states={"expired": "ok"}, shards=4, port=9091, timeout=45, ignore_nodes="wa1:*")
    assert told["variables"] == {
        "wabiz_checks": ["socket", "cluster", "space", "build", "clock"],
        "wabiz_extra_opts": f"berlin@{FILE}",
        "wabiz_hostname": "wa.example.com",
        "wabiz_port": 9091,
        "wabiz_timeout": 45.0,
        "wabiz_space_warning": ["10GiB"],
        "wabiz_build_state": ["expired=ok"],
        "wabiz_ignore_node": ["wa1:*"],
        "wabiz_shards": 4,
    }


#: The checks of a deployment, the one that speaks for all when the API does not answer, and those that are silent then.
PARENTS = [
    (["clock", "socket", "all"], "socket", ["clock", "all"]),
    (["space", "all"], "all", ["space"]),
    (["space", "build"], "", []),
    (["socket"], "socket", []),
]


@pytest.mark.parametrize(("checks", "parent", "dependents"), PARENTS)
def test_one_check_speaks_for_all(checks: list[str], parent: str, dependents: list[str]) -> None:
    told = monitored(checks=checks)
    assert (told["parent"], told["dependents"]) == (parent, dependents)


#: Where the API is, and where the engine's own check of the host looks.
ADDRESSES = [
    ({"hostname": "wa.example.com"}, "wa.example.com"),
    ({"hostname": "[::1]"}, "::1"),
    ({"hostname": None, "url": "https://gateway.example.com:8443/wa"}, "gateway.example.com"),
    ({"hostname": None, "url": "http://[2001:db8::1]:80/", "insecure": True}, "2001:db8::1"),
    ({"address": "192.0.2.7"}, "192.0.2.7"),
]


@pytest.mark.parametrize(("said", "address"), ADDRESSES)
def test_the_host_is_found_where_the_api_is_unless_it_is_said(said: dict[str, Any], address: str) -> None:
    assert monitored(**said)["address"] == address


@pytest.mark.parametrize("path", ["/KeyOfGateway42x/wa", "/wa", "/wa/v1/support", "/a%2Fb"])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_path_of_an_address_is_in_the_file_of_secrets_only(engine: str, path: str) -> None:
    # Some gateways take a key there, and what is told gets into files that all can read and into words of processes.
    url = f"https://gateway.example.com:8443{path}"
    told = monitored(engine, hostname=None, url=url)
    kept = path.removesuffix("/v1/support")
    assert kept not in str(told).replace(FILE, "")
    assert told["variables"].get("wabiz_url") is None
    assert f"url = https://gateway.example.com:8443{kept}\n" in extra_opts([{"name": "berlin", "url": url}])


def test_an_address_without_a_path_is_told_to_the_engine_s_users() -> None:
    told = monitored("icinga2", hostname=None, url="https://gateway.example.com:8443/")
    assert told["variables"]["wabiz_url"] == "https://gateway.example.com:8443"


def test_nothing_secret_is_told_and_all_that_is_told_is_documented() -> None:
    told = monitored(
        username="me", password=SECRET, token=SECRET, zone="berlin", command_endpoint="a", host_template="t"
    )
    assert SECRET not in repr(told)
    hold(told, yaml.safe_load(plugin.RETURN)["_value"]["contains"])
