# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Every mistake in a list of deployments is told, with what would be right, and no secret is."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.wabiz.monitoring.plugins.filter import extra_opts, monitored_deployments
from ansible_collections.wabiz.monitoring.plugins.filter.deployment_mistakes import FilterModule, deployment_mistakes
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._deployments import Mistakes, read_all

ROOT = __file__.partition("/tests/unit/")[0]
ROLE = f"{ROOT}/roles/check_plugins"
PAGES = (
    "roles/check_plugins/README.md",
    "docs/on-nagios.md",
    "docs/on-icinga2.md",
    "docs/with-nrpe.md",
    "docs/simulator.md",
)
SECRET = "marked-secret"
SOUND = {"name": "berlin", "hostname": "wa.example.com"}

NAME = "up to 64 letters, digits, dots, dashes and underscores are allowed, a letter or digit first"
NO_HOST = "this is no host name or address; a whole URL belongs to the option url, a port to the option port"
BLANK = "is empty, or begins or ends with a blank"
UNPRINTABLE = "holds characters that cannot be printed"
PATH = "it is no absolute path; engines run the checks in a folder of their own"
HIDDEN = "it is empty, begins or ends with a blank, or holds characters that cannot be printed"

#: What a deployment says in place of the sound one, `...` for nothing, and what is told of it.
MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"name": "two words"}, f"name: 'two words': {NAME}"),
    ({"name": "-first"}, f"name: '-first': {NAME}"),
    ({"name": "größe"}, f"name: 'größe': {NAME}"),
    ({"name": "x;`reboot`"}, f"name: 'x;`reboot`': {NAME}"),
    ({"name": "a\nb"}, f"name: 'a\\nb': {NAME}"),
    ({"name": "n" * 65}, f"name: '{'n' * 65}': {NAME}"),
    ({"name": ""}, f"name: '': {NAME}"),
    ({"display_name": "a\nb"}, rf"display_name: 'a\nb' {UNPRINTABLE}"),
    ({"address": ""}, f"address: '' {BLANK}"),
    ({"hostname": ...}, "it says neither hostname nor url"),
    ({"hostname": "two words"}, f"hostname: {NO_HOST}"),
    ({"hostname": "wa:1"}, f"hostname: {NO_HOST}"),
    ({"hostname": " wa"}, f"hostname: ' wa' {BLANK}"),
    ({"hostname": ["wa"]}, "hostname: it is no text, but list"),
    ({"port": 0}, "port: '0' is no whole number from 1 to 65535"),
    ({"port": 65536}, "port: '65536' is no whole number from 1 to 65535"),
    ({"port": 1.5}, "port: '1.5' is no whole number from 1 to 65535"),
    ({"port": "٣"}, "port: '٣' is no whole number from 1 to 65535"),
    ({"port": True}, "port: it is no text, but bool"),
    ({"url": "https://wa"}, "hostname and url exclude each other"),
    ({"hostname": ..., "url": "ftp://wa"}, "url: this is no URL of the form https://host:port/path"),
    ({"hostname": ..., "url": "https://wa", "port": 1}, "port goes with hostname; in a url it stands inside"),
    (
        {"hostname": ..., "url": f"https://me:{SECRET}@wa"},
        "url: credentials do not belong in a URL or address, which logs show; give user name and password apart",
    ),
    (
        {"hostname": ..., "url": f"https://wa/?key={SECRET}"},
        "url: the URL has a query or a fragment; only the part before /v1 is wanted",
    ),
    ({"timeout": 0}, "timeout: '0' is no number of seconds, above 0 and up to 3600"),
    ({"timeout": "nan"}, "timeout: 'nan' is no number of seconds, above 0 and up to 3600"),
    ({"timeout": 3601}, "timeout: '3601' is no number of seconds, above 0 and up to 3600"),
    ({"username": "a:b"}, "a user name cannot hold a colon"),
    ({"username": "a\tb"}, rf"username: 'a\tb' {UNPRINTABLE}"),
    ({"password": SECRET}, "password needs username"),
    ({"username": "me", "password": f"{SECRET}\n"}, f"password: {HIDDEN}"),
    ({"username": "me", "password": f" {SECRET}"}, f"password: {HIDDEN}"),
    ({"username": "me", "password": [SECRET]}, f"password: {HIDDEN}"),
    ({"username": "me", "password": ""}, f"password: {HIDDEN}"),
    ({"token": f"{SECRET}\x00"}, f"token: {HIDDEN}"),
    ({"token": f"{SECRET}ß"}, "the token holds characters that cannot stand in a header"),
    ({"passwort": SECRET}, "'passwort' is no key of a deployment; did you mean password?"),
    ({"hostnam": SECRET}, "'hostnam' is no key of a deployment; did you mean hostname?"),
    ({"ca_file": "ca.pem"}, f"ca_file: {PATH}"),
    ({"client_key": f"-----BEGIN PRIVATE KEY-----\n{SECRET}", "client_cert": "/c"}, f"client_key: {PATH}"),
    ({"header_file": f"D360-API-KEY: {SECRET}"}, f"header_file: {PATH}"),
    ({"client_key": "/key.pem"}, "client_key needs client_cert"),
    ({"insecure": "maybe"}, "insecure: 'maybe' is neither true nor false"),
    ({"insecure": True, "ca_file": "/ca.pem"}, "insecure and ca_file contradict each other"),
    (
        {"hostname": ..., "url": "http://wa.example.com"},
        "url: http:// sends user name, password and token in clear text; write https://, or add insecure: true",
    ),
    ({"state_dir": "tokens"}, f"state_dir: {PATH}"),
    (
        {"checks": ["sockets"]},
        "checks: 'sockets' is no check; did you mean socket? (known: socket, cluster, space, build, clock, all)",
    ),
    ({"checks": []}, "checks: there is none"),
    ({"checks": {"socket": True}}, "checks: it is no list"),
    ({"limits": "10GiB"}, "limits: it is no mapping of checks to limits"),
    ({"limits": {"socket": {}}}, "limits: 'socket' is no check with limits (known: space, build, clock)"),
    ({"limits": {"space": "10GiB"}}, "limits: space: it is no mapping of warning and critical to ranges"),
    ({"limits": {"space": {"warn": "1"}}}, "limits: space: it is no mapping of warning and critical to ranges"),
    (
        {"limits": {"space": {"warning": "10Gib"}}},
        "limits: warning 10Gib: 'Gib' is no unit here; use B, kB, KB, MB, GB, TB, KiB, MiB, GiB, TiB",
    ),
    (
        {"limits": {"space": {"warning": ["lgos=9GiB"]}}},
        "limits: warning cannot be set for 'lgos'; did you mean logs? "
        "(known: space, data, logs, media_incoming, media_outgoing)",
    ),
    (
        {"limits": {"space": {"warning": "500MiB"}}},
        "limits: warning 500MiB for space can never fire: critical 1GiB swallows it "
        "(its default; give it too, ~: for none)",
    ),
    ({"limits": {"build": {"warning": "60d"}}, "checks": ["socket"]}, "limits: build is not among its checks"),
    ({"states": ["expired"]}, "states: it is no mapping of problems to states"),
    ({"states": {"expired": "fine"}}, "states: 'fine' is no state; write ok, warning, critical or unknown"),
    ({"states": {"expired": "ok"}, "checks": ["socket"]}, "states: none of its checks judges expired"),
    ({"nodes": {"wa1": True}}, "nodes: it is no list"),
    ({"ignore_nodes": ["wa1\n"]}, rf"ignore_nodes: 'wa1\n' {UNPRINTABLE}"),
    ({"shards": 0}, "shards: '0' is no whole number from 1 to 1024"),
    ({"min_spares": -1}, "min_spares: '-1' is no whole number from 0 to 1024"),
    ({"zone": ["berlin"]}, "zone: it is no text, but list"),
    (
        {"zone": "../berlin"},
        f"zone: '../berlin': {NAME}",
    ),
]


def deployment(**differing: Any) -> dict[str, Any]:
    """The sound deployment with differences."""
    return {key: value for key, value in {**SOUND, **differing}.items() if value is not ...}


@pytest.mark.parametrize(("differing", "told"), MISTAKES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_mistake_is_told_with_what_would_be_right(differing: dict[str, Any], told: str) -> None:
    one = deployment(**differing)
    assert deployment_mistakes([one]) == [f"deployment {one['name']!r}: {told}"]


@pytest.mark.parametrize("differing", [differing for differing, _told in MISTAKES if SECRET in repr(differing)])
def test_no_secret_is_repeated_by_any_filter(differing: dict[str, Any]) -> None:
    wrong = [deployment(**differing), deployment(name=..., password=SECRET, token=SECRET)]
    assert SECRET not in repr(deployment_mistakes(wrong))
    for write in (extra_opts.extra_opts, lambda many: monitored_deployments.monitored_deployments(many, "/file")):
        with pytest.raises(AnsibleFilterError) as refused:
            write(wrong)
        assert SECRET not in repr(refused.value) + str(refused.value)
        # Nor through what it was raised from, which Ansible shows.
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__


def test_every_key_that_can_be_wrong_has_its_mistake() -> None:
    keys = set(options()) - {"host_template", "zone", "command_endpoint", "display_name", "client_cert", "nodes"}
    assert keys <= {key for differing, _told in MISTAKES for key in differing}


def options() -> dict[str, Any]:
    """What the role says that a deployment can hold."""
    with open(f"{ROLE}/meta/argument_specs.yml", encoding="utf-8") as file:
        specification = yaml.safe_load(file)["argument_specs"]["main"]["options"]
    read: dict[str, Any] = specification["check_plugins_deployments"]["options"]
    return read


def test_the_keys_are_those_of_the_role() -> None:
    assert deployment_mistakes([deployment(**{key: None for key in options() if key not in SOUND})]) == []
    assert "'more' is no key of a deployment" in deployment_mistakes([deployment(more=1)])[0]


def test_every_mistake_of_every_deployment_is_told_at_once() -> None:
    wrong = [deployment(port=0, shards=0), "berlin", None, {"hostname": "wa"}, deployment(name="hamburg", timeout=-1)]
    assert deployment_mistakes(wrong) == [
        "deployment 'berlin': port: '0' is no whole number from 1 to 65535",
        "deployment 'berlin': shards: '0' is no whole number from 1 to 1024",
        "entry 2 is no deployment, but str",
        "entry 3 is no deployment, but NoneType",
        "entry 4: it has no name",
        "deployment 'hamburg': timeout: '-1' is no number of seconds, above 0 and up to 3600",
    ]


def test_of_very_many_mistakes_the_rest_is_counted() -> None:
    told = deployment_mistakes([{"name": f"wa{number}"} for number in range(30)])
    assert len(told) == 21
    assert told[-1] == "and 10 more"


@pytest.mark.parametrize("other", ["berlin", "Berlin"])
def test_a_name_stands_once_whatever_its_case(other: str) -> None:
    assert deployment_mistakes([SOUND, deployment(name=other)]) == [f"the name {other!r} stands twice"]


def test_what_all_have_in_common_is_said_once_and_overridden() -> None:
    common = {"hostname": "wa.example.com", "shards": 0}
    assert deployment_mistakes([{"name": "a", "shards": 4}], common) == []
    assert deployment_mistakes([{"name": "a"}], common) == [
        "deployment 'a': shards: '0' is no whole number from 1 to 1024"
    ]
    assert deployment_mistakes([SOUND], {}, ["sockets"])[0].startswith("deployment 'berlin': checks: 'sockets'")


def test_what_is_sound_is_no_mistake() -> None:
    assert deployment_mistakes([]) == []
    assert deployment_mistakes([SOUND, deployment(name="x", hostname="::1", state_dir="none", password=None)]) == []
    assert FilterModule().filters() == {"deployment_mistakes": deployment_mistakes}


def test_the_sentences_are_there_for_other_code_too() -> None:
    with pytest.raises(Mistakes) as wrong:
        read_all([deployment(port=0)], {}, ["socket"])
    assert str(wrong.value) == "\n".join(wrong.value.sentences)


def shown(page: str) -> list[dict[str, Any]]:
    """The deployments in the YAML of a page: in plays, or by themselves."""
    with open(f"{ROOT}/{page}", encoding="utf-8") as file:
        parsed = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", file.read(), re.M | re.S)]
    lists = [read for read in parsed if isinstance(read, list)]
    plays = [play for play in lists if "roles" in play[0]]
    in_plays = [play[0]["roles"][0]["vars"]["check_plugins_deployments"] for play in plays]
    return [one for found in (*in_plays, *(read for read in lists if read not in plays)) for one in found]


@pytest.mark.parametrize("page", PAGES)
def test_the_deployments_that_the_pages_show_have_no_mistakes(page: str) -> None:
    deployments = shown(page)
    assert deployments
    for one in deployments:
        assert deployment_mistakes([one], {"hostname": "wa.example.com", "username": "monitor"}) == []
