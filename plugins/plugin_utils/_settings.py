# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role check_plugins, and what each may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.wabiz.monitoring.plugins.module_utils._core.misuse import Misuse
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._deployments import ENGINES
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._kinds import (
    FLAG,
    OBJECTS,
    PLAIN_PATH,
    TEXT,
    Kind,
    choice,
    described,
    fitting,
    hidden,
    listed,
    seconds,
    text_of,
    whole,
)

PREFIX = "check_plugins_"


def _words_of(kind: Kind) -> Kind:
    def read(value: object) -> list[str]:
        # One text would be one word, whatever blanks it holds.
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
            raise Misuse("it is %s, and should be a list of words" % described(value))
        return [kind.read(word) for word in value]

    return Kind("a list of words", read)


def _or_nothing(kind: Kind) -> Kind:
    return Kind(kind.allowed + ", or nothing", lambda value: value if value == "" else kind.read(value))


_WORDS = _words_of(TEXT)
_NOTES = Kind("text", text_of)
_INTERVAL = seconds(31 * 86400, least=1)
_ATTEMPTS = whole(1, 1000)
_MODE = fitting(r"0?[0-7]{3,4}", "a mode of octal digits in quotes, such as '0640'")
_ACCOUNT = fitting(r"[\w.][\w.@+\\-]{0,63}\$?", "the name or, in quotes, the number of an account")
_FILE = fitting(
    r"/[^\x00-\x1f\x7f'\"\\%{}*?\[\]]{1,255}", "an absolute path without quotes, backslashes, % { } * ? [ and ]"
)
_MAYBE_LINE = _or_nothing(TEXT)

SETTINGS: Mapping[str, Kind] = {
    "engine": choice(*ENGINES),
    "state": choice("present", "absent"),
    "remove_many": FLAG,
    "install": FLAG,
    "package": _MAYBE_LINE,
    "version": _or_nothing(fitting(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,63}", "a version, in quotes")),
    "wheel": _MAYBE_LINE,
    "wheel_folder": _MAYBE_LINE,
    # They may hold a password.
    "pip_arguments": _words_of(hidden(TEXT)),
    "python": fitting(r"[A-Za-z0-9_./+][A-Za-z0-9_./+-]{0,254}", "the name or path of a command"),
    **dict.fromkeys(("venv", "plugin_folder", "folder", "state_folder", "extra_opts_file"), PLAIN_PATH),
    **dict.fromkeys(
        ("user", "group", "credentials_owner", "credentials_group", "config_owner", "config_group"), _ACCOUNT
    ),
    **dict.fromkeys(("credentials_mode", "config_mode"), _MODE),
    **{"%s_interval" % what: _INTERVAL for what in ("socket", "cluster", "space", "build", "clock", "all", "retry")},
    "attempts": _ATTEMPTS,
    "dependent_attempts": _ATTEMPTS,
    "host_template": _or_nothing(OBJECTS),
    "service_template": _or_nothing(OBJECTS),
    "service_prefix": _or_nothing(
        fitting(r"[^\W_][\w .:-]{0,63}", "up to 64 letters, digits, blanks and _.:-, a letter or digit first")
    ),
    "validator": _WORDS,
    "service": _or_nothing(fitting(r"[A-Za-z0-9_.:@\\-]{1,255}", "the name of a service")),
    "reload_command": _WORDS,
    **dict.fromkeys(("nagios_main", "nagios_file", "icinga2_main", "nrpe_main", "nrpe_file"), _FILE),
    "nagios_interval_length": seconds(86400, least=1),
    "nagios_contact_groups": listed(OBJECTS, "names of letters, digits, blanks and _.:/@+#()-"),
    **dict.fromkeys(("nagios_extra", "icinga2_extra", "nrpe_extra"), _NOTES),
    "icinga2_commands_file": _FILE,
    "icinga2_services_file": _FILE,
    "icinga2_hosts_file": Kind(
        _FILE.allowed + ", but for {zone}", lambda value: _FILE.read(text_of(value).replace("{zone}", "zone"))
    ),
    "icinga2_hosts": FLAG,
    "icinga2_agents": FLAG,
}
"""By the rest of the variable's name. The deployments and what they have in common are read by `_deployments`."""


def mistakes(said: Mapping[str, Any]) -> list[str]:
    """A sentence for each variable that is not what it may be."""
    wrong = []
    for name, kind in SETTINGS.items():
        if PREFIX + name in said:
            try:
                kind.read(said[PREFIX + name])
            except Misuse as error:
                wrong.append("%s%s: %s" % (PREFIX, name, error))
    if said.get(PREFIX + "engine") == "nagios":
        empty = [name for name in ("host_template", "service_template") if said.get(PREFIX + name) == ""]
        wrong += ["%s%s: it is empty, and Nagios needs a template" % (PREFIX, name) for name in empty]
    return wrong
