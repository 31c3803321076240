# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Every mistake in a list of deployments is told, with what would be right, and no secret is."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.wabiz.monitoring.plugins.filter import extra_opts, monitored_deployments
from ansible_collections.wabiz.monitoring.plugins.filter.deployment_mistakes import FilterModule, deployment_mistakes
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._deployments import KEYS, Mistakes, read_all

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

NAME = "up to 64 letters, digits, dots, dashes and underscores, a letter or digit first, and not the word null"
NODE = "up to 253 letters, digits, dots, dashes and underscores, a letter or digit first"
NO_HOST = "this is no host name or address; a whole URL belongs to the option url, a port to the option port"
TEMPLATES = "names of letters, digits, blanks and _.:/@+#()- with commas between them"
BLANK = "is empty, or begins or ends with a blank"
UNPRINTABLE = "holds characters that cannot be printed"
PATH = "it should be an absolute path of up to 1000 characters on one line"
HIDDEN = "it should be text of up to 8000 characters on one line, without blanks at its ends"
QUOTES = "and should be text; put it in quotes"
KNOWN = "(known: socket, cluster, space, build, clock, all)"
EXPRESSION = 'generic-host"; log("x"); vars.x = "y'
DEFAULTS = "defaults of deployments"
NAMELESS = "deployments that do not name their own"
SHELL = "Nagios' commands for notifications put it between the double quotes of a shell; leave out \" ` $ and \\"
ESCAPE = (
    "Icinga 2's scripts for notifications take \\ and what follows for one character, the end of a line say; "
    "leave out \\ except before a blank and at the end"
)


def deployment(**differing: Any) -> dict[str, Any]:
    """The sound deployment with differences."""
    return {key: value for key, value in {**SOUND, **differing}.items() if value is not ...}


#: What a deployment says in place of the sound one, `...` for nothing, and what is told of it.
MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"name": "two words"}, f"name: it is 'two words', and should be {NAME}"),
    ({"name": "-first"}, f"name: it is '-first', and should be {NAME}"),
    ({"name": "größe"}, f"name: it is 'größe', and should be {NAME}"),
    ({"name": "x;`reboot`"}, f"name: it is 'x;`reboot`', and should be {NAME}"),
    ({"name": "a\nb"}, f"name: it is 'a\\nb', and should be {NAME}"),
    ({"name": "n" * 65}, f"name: it is '{'n' * 65}', and should be {NAME}"),
    ({"name": ""}, f"name: it is '', and should be {NAME}"),
    ({"name": "null"}, f"name: it is 'null', and should be {NAME}"),
    ({"display_name": "a\nb"}, rf"display_name: 'a\nb' {UNPRINTABLE}"),
    ({"display_name": "a\u202eb"}, rf"display_name: 'a\u202eb' {UNPRINTABLE}"),
    ({"display_name": " a"}, f"display_name: ' a' {BLANK}"),
    ({"display_name": "t" * 256}, f"display_name: '{'t' * 77}...' has 256 characters, and 255 are allowed"),
    ({"display_name": 5}, f"display_name: it is a number, {QUOTES}"),
    ({"display_name": True}, f"display_name: it is a boolean, {QUOTES}"),
    ({"display_name": datetime.date(2024, 5, 14)}, f"display_name: it is a date, {QUOTES}"),
    ({"display_name": ["a"]}, "display_name: it is a list, and should be text"),
    ({"display_name": {"de": "a"}}, "display_name: it is a mapping, and should be text"),
    ({"address": "127.0.0.1' & reboot & '"}, f"address: {NO_HOST}"),
    ({"address": "a.example;b"}, f"address: {NO_HOST}"),
    ({"address": "-6"}, "address: '-6' begins with a dash, as an option of a command does"),
    ({"address": 5}, f"address: it is a number, {QUOTES}"),
    ({"hostname": "-6"}, "hostname: '-6' begins with a dash, as an option of a command does"),
    ({"address": ""}, f"address: {NO_HOST}"),
    ({"hostname": ...}, "it says neither hostname nor url"),
    ({"hostname": "two words"}, f"hostname: {NO_HOST}"),
    ({"hostname": "wa:1"}, f"hostname: {NO_HOST}"),
    ({"hostname": " wa"}, f"hostname: {NO_HOST}"),
    ({"hostname": ["wa"]}, "hostname: it is a list, and should be text"),
    ({"port": 0}, "port: it is '0', and should be a whole number from 1 to 65535"),
    ({"port": 65536}, "port: it is '65536', and should be a whole number from 1 to 65535"),
    ({"port": 1.5}, "port: it is '1.5', and should be a whole number from 1 to 65535"),
    ({"port": "٣"}, "port: it is text, and should be a whole number from 1 to 65535"),
    ({"port": True}, "port: it is a boolean, and should be a number"),
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
    ({"timeout": 0}, "timeout: it is '0', and should be a number of seconds, above 0 and up to 3600"),
    ({"timeout": "nan"}, "timeout: it is text, and should be a number of seconds, above 0 and up to 3600"),
    ({"timeout": 3601}, "timeout: it is '3601', and should be a number of seconds, above 0 and up to 3600"),
    ({"username": "a:b"}, "username: a user name cannot hold a colon"),
    ({"username": "a\tb"}, rf"username: 'a\tb' {UNPRINTABLE}"),
    ({"password": SECRET}, "password needs username"),
    ({"username": "me", "password": f"{SECRET}\n"}, f"password: {HIDDEN}"),
    ({"username": "me", "password": f" {SECRET}"}, f"password: {HIDDEN}"),
    ({"username": "me", "password": [SECRET]}, "password: it is a list, and should be text"),
    ({"username": "me", "password": 83}, f"password: it is a number, {QUOTES}"),
    ({"username": 45045}, f"username: it is a number, {QUOTES}"),
    ({"username": "me", "password": ""}, f"password: {HIDDEN}"),
    ({"token": f"{SECRET}\x00"}, f"token: {HIDDEN}"),
    ({"token": f"{SECRET}ß"}, "token: the token holds characters that cannot stand in a header"),
    ({"passwort": SECRET}, "'passwort' is not a key of a deployment; did you mean password?"),
    ({"hostnam": SECRET}, "'hostnam' is not a key of a deployment; did you mean hostname?"),
    ({"ca_file": "ca.pem"}, f"ca_file: {PATH}"),
    ({"client_key": f"-----BEGIN PRIVATE KEY-----\n{SECRET}", "client_cert": "/c"}, f"client_key: {PATH}"),
    ({"header_file": f"D360-API-KEY: {SECRET}"}, f"header_file: {PATH}"),
    ({"client_key": "/key.pem"}, "client_key needs client_cert"),
    ({"insecure": "maybe"}, "insecure: it is text, and should be true or false"),
    ({"insecure": True, "ca_file": "/ca.pem"}, "insecure and ca_file contradict each other"),
    (
        {"hostname": ..., "url": "http://wa.example.com"},
        "url: http:// sends user name, password and token in clear text; write https://, or add insecure: true",
    ),
    ({"state_dir": "tokens"}, f"state_dir: {PATH}"),
    (
        {"checks": ["sockets"]},
        "checks: it holds what is not a check; did you mean socket? (known: socket, cluster, space, build, clock, all)",
    ),
    ({"checks": []}, "checks: the list is empty"),
    ({"checks": {"socket": True}}, "checks: it is a mapping, and should be a list"),
    ({"limits": "10GiB"}, "limits: it is text, and should be a mapping of checks to limits"),
    ({"limits": {"socket": {}}}, "limits: it holds what is not a check with limits (known: space, build, clock)"),
    ({"limits": {"space": "10GiB"}}, "limits: space: it should be a mapping of warning and critical to ranges"),
    ({"limits": {"space": {"warn": "1"}}}, "limits: space: it should be a mapping of warning and critical to ranges"),
    (
        {"limits": {"space": {"warning": "10Gib"}}},
        "limits: warning 10Gib: 'Gib' is no unit here; use B, kB, KB, MB, GB, TB, KiB, MiB, GiB, TiB",
    ),
    (
        {"limits": {"space": {"warning": 10, "critical": 5}}},
        "limits: warning 10: '10' has no unit and would be 10 B; write 10GiB, or 10B if that is meant",
    ),
    (
        {"limits": {"build": {"critical": "-5d"}}},
        "limits: critical -5d: '-5d' can never fire: a build's time is never below 0 (to switch a limit off, write ~:)",
    ),
    (
        {"hostname": "bücher.example"},
        "hostname: a host name is written in ASCII; write its form that begins with xn--, as `idn2 NAME` prints it",
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
    ({"states": ["expired"]}, "states: it is a list, and should be a mapping of problems to states"),
    ({"states": {"expired": "fine"}}, "states: expired should be ok, warning, critical or unknown"),
    ({"states": {"expired": "ok"}, "checks": ["socket"]}, "states: none of its checks judges expired"),
    ({"nodes": {"wa1": True}}, "nodes: it is a mapping, and should be a list"),
    ({"nodes": "--extra-opts=x@/y"}, "nodes: '--extra-opts=x@/y' begins with a dash, as an option of a check does"),
    ({"nodes": [1]}, f"nodes: it is a number, {QUOTES}"),
    (
        {"nodes": ["x" * 250] * 5, "checks": ["space"]},
        "nodes, ignore_nodes, limits and states come to 1289 bytes in the command of the check space, "
        "and should come to 1200 at most for NRPE",
    ),
    (
        {"host_template": 'generic-host"; log("x"); vars.x = "y'},
        f"host_template: it is '{EXPRESSION}', and should be {TEMPLATES}",
    ),
    ({"host_template": ["a", "b"]}, "host_template: it is a list, and should be text"),
    ({"host_template": "a,,b"}, f"host_template: it is 'a,,b', and should be {TEMPLATES}"),
    ({"states": {"expired": True}}, f"states: it is a boolean, {QUOTES}"),
    ({"limits": {"space": {"warning": [[1]]}}}, "limits: it is a list, and should be a number"),
    ({"command_endpoint": "a b"}, f"command_endpoint: it is 'a b', and should be {NODE}"),
    ({"ignore_nodes": ["wa1\n"]}, rf"ignore_nodes: 'wa1\n' {UNPRINTABLE}"),
    ({"shards": 0}, "shards: it is '0', and should be a whole number from 1 to 1024"),
    ({"min_spares": -1}, "min_spares: it is '-1', and should be a whole number from 0 to 1024"),
    ({"zone": ["berlin"]}, "zone: it is a list, and should be text"),
    (
        {"zone": "../berlin"},
        f"zone: it is '../berlin', and should be {NODE}",
    ),
]


@pytest.mark.parametrize(("differing", "told"), MISTAKES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_mistake_is_told_with_what_would_be_right(differing: dict[str, Any], told: str) -> None:
    one = deployment(**differing)
    assert deployment_mistakes([one]) == [f"deployment {one['name']!r}: {told}"]


#: A title, the engine that is to show it, and what is told.
TITLES = [
    ("Haus A\\", "nagios", [f"'Haus A\\': {SHELL}"]),
    ("Haus A\\", "icinga2", []),
    ("Haus A\\", "nrpe", []),
    ("Haus A\\", None, [f"'Haus A\\': {SHELL}"]),
    ("Haus \\new", "icinga2", [f"'Haus \\new': {ESCAPE}"]),
    ("Haus \\new", None, [f"'Haus \\new': {SHELL}", f"'Haus \\new': {ESCAPE}"]),
    ("5 $", "nagios", [f"'5 $': {SHELL}"]),
    ("5 $", "icinga2", []),
    ("`reboot`", "nagios", [f"'`reboot`': {SHELL}"]),
    ('12"', "nagios", [f"'12\"': {SHELL}"]),
    ('12"', "icinga2", []),
    ("a < b", "nagios", ["'a < b': Nagios' web pages take what follows < for markup; leave out <"]),
    ("a; b", "nagios", ["'a; b': Nagios' web pages take what follows ; for a comment; leave out ;"]),
    ("a; b", "icinga2", []),
    ("null", "nagios", ["'null': Nagios takes it for no title at all; write anything but null"]),
    ("null and void", "nagios", []),
    (
        "~!reboot",
        "icinga2",
        [
            "'~!reboot': Icinga 2's scripts for notifications begin a line with it, and some mail programs run a line "
            "with ~; begin it without ~"
        ],
    ),
    *(
        (title, engine, [])
        for title in ("Berlin!", "O'Brien & Söhne", "100 %")
        for engine in ("nagios", "icinga2", None)
    ),
]


@pytest.mark.parametrize(("title", "engine", "told"), TITLES)
def test_a_title_is_refused_by_name_where_an_engine_could_not_show_it(
    title: str, engine: str | None, told: list[str]
) -> None:
    sentences = deployment_mistakes([deployment(display_name=title)], {}, ["socket"], engine)
    assert sentences == [f"deployment 'berlin': display_name: {sentence}" for sentence in told]


@pytest.mark.parametrize(
    ("many", "told"),
    [
        ("berlin", "the deployments are text, and should be a list"),
        ({"name": "berlin"}, "the deployments are a mapping, and should be a list"),
        (None, "the deployments are nothing, and should be a list"),
        ([{"name": None, "hostname": "wa"}], "entry 1: it has no name"),
        ([{"name": 12, "hostname": "wa"}], f"entry 1: name: it is a number, {QUOTES}"),
        ([{"name": ["a"], "hostname": "wa"}], "entry 1: name: it is a list, and should be text"),
        ([deployment(**{"5": 1})], "deployment 'berlin': '5' is not a key of a deployment"),
    ],
)
def test_what_is_no_list_of_deployments_is_told_in_words(many: Any, told: str) -> None:
    assert deployment_mistakes(many) == [told]


def test_an_engine_that_nobody_has_heard_of_is_a_mistake() -> None:
    told = "the engine is text, and should be one of nagios, icinga2, nrpe, none"
    assert deployment_mistakes([SOUND], {}, ["socket"], "naggios") == [told]


#: What YAML may make of a value.
TYPES: tuple[Any, ...] = (
    None,
    True,
    5,
    1.5,
    "text",
    "",
    ["a", None],
    [],
    {"a": 1},
    {},
    datetime.date(2024, 5, 14),
    b"bytes",
    [[["x"]]],
)
#: Words of Python's and Jinja's.
FOREIGN = re.compile(
    r"<class|NoneType|Traceback|\b(str|int|bool|dict|float|object|NoneType|tuple|iterable|attribute)\b"
)


#: The keys that hold something else but text.
OTHER = ("port", "timeout", "insecure", "checks", "limits", "states", "nodes", "ignore_nodes", "shards", "min_spares")


@pytest.mark.parametrize("key", KEYS)
def test_a_value_of_a_wrong_type_is_told_in_words(key: str) -> None:
    named = re.compile(rf"(deployment '|entry 1)[^:]*: (.*\b{key}\b|it has no name|it says)")
    for value in TYPES:
        told = deployment_mistakes([deployment(**{key: value})])
        assert all(named.match(one) for one in told), told
        assert not [one for one in told if FOREIGN.search(one)]
        if isinstance(value, datetime.date) or (key not in OTHER and not isinstance(value, (str, type(None)))):
            assert told


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


#: What is no number, switch or choice, where one is wanted.
UNFIT: tuple[dict[str, Any], ...] = (
    *({key: SECRET} for key in ("port", "timeout", "insecure", "shards", "min_spares", "checks", "states", "limits")),
    {"checks": ["socket", SECRET]},
    {"states": {SECRET: "ok"}},
    {"states": {"expired": SECRET}},
    {"limits": {SECRET: {}}},
)


@pytest.mark.parametrize("differing", UNFIT)
def test_what_does_not_fit_a_number_a_switch_or_a_choice_is_not_repeated(differing: dict[str, Any]) -> None:
    told = deployment_mistakes([deployment(**differing)])
    assert len(told) == 1
    assert SECRET not in told[0]
    assert re.match(rf"deployment '[^']*': {next(iter(differing))}: ", told[0])


def test_every_key_that_can_be_wrong_has_its_mistake() -> None:
    assert set(options()) - {"client_cert"} <= {key for differing, _told in MISTAKES for key in differing}


def options() -> dict[str, Any]:
    """What the role says that a deployment can hold."""
    with open(f"{ROLE}/meta/argument_specs.yml", encoding="utf-8") as file:
        specification = yaml.safe_load(file)["argument_specs"]["main"]["options"]
    read: dict[str, Any] = specification["check_plugins_deployments"]["options"]
    return read


def test_the_keys_are_those_of_the_role() -> None:
    assert deployment_mistakes([deployment(**{key: None for key in options() if key not in SOUND})]) == []
    assert "'more' is not a key of a deployment" in deployment_mistakes([deployment(more=1)])[0]


def test_every_mistake_of_every_deployment_is_told_at_once() -> None:
    wrong = [deployment(port=0, shards=0), "berlin", None, {"hostname": "wa"}, deployment(name="hamburg", timeout=-1)]
    assert deployment_mistakes(wrong) == [
        "deployment 'berlin': port: it is '0', and should be a whole number from 1 to 65535",
        "deployment 'berlin': shards: it is '0', and should be a whole number from 1 to 1024",
        "entry 2 is text, and should be a mapping",
        "entry 3 is nothing, and should be a mapping",
        "entry 4: it has no name",
        "deployment 'hamburg': timeout: it is '-1', and should be a number of seconds, above 0 and up to 3600",
    ]


def test_of_very_many_mistakes_the_rest_is_counted() -> None:
    told = deployment_mistakes([{"name": f"wa{number}"} for number in range(30)])
    assert len(told) == 21
    assert told[-1] == "and 10 more"


@pytest.mark.parametrize("other", ["berlin", "Berlin"])
def test_a_name_stands_once_whatever_its_case(other: str) -> None:
    assert deployment_mistakes([SOUND, deployment(name=other)]) == [f"the name {other!r} stands twice"]


def test_what_all_have_in_common_is_said_once_and_overridden() -> None:
    common = {"hostname": "wa.example.com", "states": {"shard-unowned": "ok"}, "password": None}
    assert deployment_mistakes([{"name": "a"}, {"name": "b", "states": {}, "checks": "space"}], common) == []
    assert deployment_mistakes([{"name": "b", "checks": "space"}], common) == [
        "deployment 'b': states: none of its checks judges shard-unowned"
    ]


#: What all have in common, the checks of those that name none, and what is told, once for however many there are.
COMMON: list[tuple[Any, Any, list[str]]] = [
    ({"shards": 0}, ["socket"], [f"{DEFAULTS}: shards: it is '0', and should be a whole number from 1 to 1024"]),
    ({"hostname": "two words"}, ["socket"], [f"{DEFAULTS}: hostname: {NO_HOST}"]),
    ({"shardz": 4}, ["socket"], [f"{DEFAULTS}: 'shardz' is not a key of a deployment; did you mean shards?"]),
    ({"name": "a"}, ["socket"], [f"{DEFAULTS}: name differs from deployment to deployment"]),
    ({"password": f"{SECRET}\n"}, ["socket"], [f"{DEFAULTS}: password: {HIDDEN}"]),
    ("shards=4", ["socket"], [f"the {DEFAULTS} are text, and should be a mapping"]),
    ({}, ["sockets"], [f"{NAMELESS}: checks: it holds what is not a check; did you mean socket? {KNOWN}"]),
    ({}, None, [f"{NAMELESS}: checks: it is nothing, and should be a list"]),
    ({}, {"socket": True}, [f"{NAMELESS}: checks: it is a mapping, and should be a list"]),
    ({"checks": ["space"]}, ["socket"], []),
]


@pytest.mark.parametrize(("common", "checks", "told"), COMMON)
def test_what_is_wrong_for_all_is_told_once(common: Any, checks: Any, told: list[str]) -> None:
    many = [{"name": f"wa{number}", "hostname": "wa.example.com"} for number in range(3)]
    if isinstance(common, dict) and "hostname" in common:
        many = [{"name": one["name"]} for one in many]
    assert deployment_mistakes(many, common, checks) == told


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
