# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Every variable of the role is held against what it may be, and the role, its pages and this code name the same."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
import yaml
from ansible_collections.wabiz.monitoring.plugins.filter.setting_mistakes import FilterModule, setting_mistakes
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._settings import PREFIX, SETTINGS

ROLE = __file__.partition("/tests/unit/")[0] + "/roles/check_plugins"
SECRET = "marked-secret"
#: The variables that the filter for deployments looks at.
OF_DEPLOYMENTS = {"deployments", "deployment_defaults", "checks"}

QUOTES = "and should be text; put it in quotes"
PLAIN = "and should be an absolute path of up to 200 letters, digits and _./+=@-"
FILE = "and should be an absolute path without quotes, backslashes, % { } * ? [ and ]"
INTERVAL = "and should be a number of seconds, from 1 and up to 2678400"
NAMES = "and should be names of letters, digits, blanks and _.:/@+#()- with commas between them"
MODE = "and should be a mode of octal digits in quotes, such as '0640'"
WORDS = "and should be a list of words"

#: A variable, its value, and what is told.
MISTAKES: list[tuple[str, Any, str]] = [
    ("engine", "naggios", "it is text, and should be one of nagios, icinga2, nrpe, none"),
    ("state", True, f"it is a boolean, {QUOTES}"),
    ("install", "maybe", "it is text, and should be true or false"),
    ("install", [True], "it is a list, and should be true or false"),
    ("icinga2_hosts", None, "it is nothing, and should be true or false"),
    ("icinga2_agents", 2, "it is '2', and should be true or false"),
    ("package", " x", "' x' is empty, or begins or ends with a blank"),
    ("version", 1.1, f"it is a number, {QUOTES}"),
    ("wheel", "/a\nb", r"'/a\nb' holds characters that cannot be printed"),
    ("wheel_folder", ["/a"], "it is a list, and should be text"),
    ("pip_arguments", f"--index-url https://me:{SECRET}@host", f"it is text, {WORDS}"),
    (
        "pip_arguments",
        [f"--index-url=https://me:{SECRET}@host\n"],
        "it should be text of up to 255 characters on one line",
    ),
    ("python", "-c", "it is '-c', and should be the name or path of a command"),
    ("venv", "/opt/two words", f"it is '/opt/two words', {PLAIN}"),
    ("plugin_folder", "/usr/lib/nagios/plugins\n", rf"it is '/usr/lib/nagios/plugins\n', {PLAIN}"),
    ("plugin_folder", "/x;`reboot`", f"it is '/x;`reboot`', {PLAIN}"),
    ("extra_opts_file", "$HOME/x", f"it is '$HOME/x', {PLAIN}"),
    ("folder", "etc", f"it is 'etc', {PLAIN}"),
    ("state_folder", 5, f"it is a number, {QUOTES}"),
    ("user", "a b", "it is 'a b', and should be the name or, in quotes, the number of an account"),
    ("config_owner", 0, f"it is a number, {QUOTES}"),
    ("config_mode", 640, f"it is a number, {QUOTES}"),
    ("credentials_mode", "rw-r-----", f"it is 'rw-r-----', {MODE}"),
    ("socket_interval", "5m", f"it is text, {INTERVAL}"),
    ("space_interval", 0, f"it is '0', {INTERVAL}"),
    ("retry_interval", "60\n}\nobject", f"it is text, {INTERVAL}"),
    ("build_interval", [60], "it is a list, and should be a number"),
    ("nagios_interval_length", 0, "it is '0', and should be a number of seconds, from 1 and up to 86400"),
    ("attempts", "3; x", "it is text, and should be a whole number from 1 to 1000"),
    ("dependent_attempts", 2.5, "it is '2.5', and should be a whole number from 1 to 1000"),
    ("host_template", 'a"; log("x")', f'it is \'a"; log("x")\', {NAMES}'),
    ("service_template", "a\n}\ndefine command {", rf"it is 'a\n}}\ndefine command {{', {NAMES}"),
    (
        "service_prefix",
        "wabiz;",
        "it is 'wabiz;', and should be up to 64 letters, digits, blanks and _.:-, a letter or digit first",
    ),
    ("service_prefix", None, "it is nothing, and should be text"),
    ("validator", "nagios4 -v {main}", f"it is text, {WORDS}"),
    ("reload_command", ["systemctl", 5], f"it is a number, {QUOTES}"),
    ("service", "a b", "it is 'a b', and should be the name of a service"),
    ("nagios_file", "wabiz.cfg", f"it is 'wabiz.cfg', {FILE}"),
    ("icinga2_hosts_file", "/x/{zone}*", f"it is '/x/zone*', {FILE}"),
    ("icinga2_commands_file", "/x/{zone}", f"it is '/x/{{zone}}', {FILE}"),
    ("nrpe_main", "/x'y", f'it is "/x\'y", {FILE}'.replace('"', "'")),
    ("nagios_contact_groups", ["a;b"], f"it is 'a;b', {NAMES}"),
    ("nagios_contact_groups", {"a": 1}, "it is a mapping, and should be a list"),
    ("nagios_extra", ["define host {"], "it is a list, and should be text"),
]


@pytest.mark.parametrize(("name", "value", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_would_be_right(name: str, value: Any, told: str) -> None:
    assert setting_mistakes({PREFIX + name: value}) == [f"{PREFIX}{name}: {told}"]


def test_all_mistakes_are_told_at_once() -> None:
    wrong = {PREFIX + name: value for name, value, _told in MISTAKES}
    told = setting_mistakes(wrong)
    assert [one.partition(":")[0] for one in told] == [PREFIX + name for name in SETTINGS if PREFIX + name in wrong]
    assert SECRET not in repr(told)


@pytest.mark.parametrize("name", ["host_template", "service_template"])
def test_nagios_needs_a_template_and_icinga_2_does_not(name: str) -> None:
    told = [f"{PREFIX}{name}: it is empty, and Nagios needs a template"]
    assert setting_mistakes({"check_plugins_engine": "nagios", PREFIX + name: ""}) == told
    assert setting_mistakes({"check_plugins_engine": "icinga2", PREFIX + name: ""}) == []


#: What people write, in YAML or, as text, in an inventory of another format.
SOUND: dict[str, list[Any]] = {
    "install": [True, False, "yes", "no", "True", "false", "0", 1],
    "version": ["", "0.1.0", "1.0rc1+local"],
    "pip_arguments": [[], ["--index-url", "https://pypi.example.com/simple"]],
    "python": ["python3", "/usr/bin/python3.11", "./python"],
    "user": ["nagios", "icinga", "svc-nagios", "EXAMPLE\\nagios", "nagios@example.com", "0", "build$"],
    "config_mode": ["0644", "644", "04755"],
    "socket_interval": [60, 60.0, "60", "0300", 1, 2678400],
    "attempts": [3, "3"],
    "host_template": ["generic-host", "generic-host,linux", "generic-host, linux", "Größe (neu)", ""],
    "service_prefix": ["wabiz-", "WhatsApp: ", "", "wa_"],
    "service": ["", "nagios4", "icinga2@berlin"],
    "nagios_file": ["/etc/nagios 4/conf.d/wabiz.cfg"],
    "icinga2_hosts_file": ["/etc/icinga2/zones.d/{zone}/hosts.conf"],
    "nagios_contact_groups": [[], ["admins", "night shift"], "admins", "admins,others", ["+admins"], "null"],
    "nagios_extra": ["", "define host {\n}\n"],
}


@pytest.mark.parametrize("name", SOUND)
def test_what_people_write_is_no_mistake(name: str) -> None:
    for value in SOUND[name]:
        assert setting_mistakes({PREFIX + name: value}) == []


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
FOREIGN = re.compile(r"<class|NoneType|\b(str|int|bool|dict|float|object|NoneType|tuple|iterable|attribute)\b")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_value_of_a_wrong_type_is_told_in_words(name: str) -> None:
    for value in TYPES:
        told = setting_mistakes({PREFIX + name: value})
        assert len(told) <= 1
        assert all(one.startswith(f"{PREFIX}{name}: ") for one in told)
        assert not [one for one in told if FOREIGN.search(one)]
    assert setting_mistakes({PREFIX + name: {"a": 1}})


def options() -> dict[str, Any]:
    """The variables as the role documents them."""
    with open(f"{ROLE}/meta/argument_specs.yml", encoding="utf-8") as file:
        read: dict[str, Any] = yaml.safe_load(file)["argument_specs"]["main"]["options"]
    return read


def test_every_variable_of_the_role_is_looked_at() -> None:
    assert set(options()) == {PREFIX + name for name in (*SETTINGS, *OF_DEPLOYMENTS)}


def test_the_defaults_of_the_role_are_no_mistakes() -> None:
    with open(f"{ROLE}/defaults/main.yml", encoding="utf-8") as file:
        defaults = yaml.safe_load(file)
    said = {name: value for name, value in defaults.items() if "{{" not in str(value)}
    assert len(said) > 40
    assert setting_mistakes(said) == []
    assert FilterModule().filters() == {"setting_mistakes": setting_mistakes}
