# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the deployments that a user lists to what an engine's configuration says about them.

What is wrong is found here, on the controller, by the code that the checks themselves run on: a threshold with a slip
in it must not wait for the engine to turn a service UNKNOWN.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple

from ansible_collections.wabiz.monitoring.plugins.module_utils._core.address import (
    DEFAULT_PORT,
    encrypted,
    from_host,
    from_url,
)
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.catalogue import CATALOGUE, parse_states
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.limits import parse_limits
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.session import credentials
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.text import closest

CHECKS = ("socket", "cluster", "space", "build", "clock", "all")
"""The checks, the one first that the others of a deployment depend on."""
STANDARD = CHECKS[:-1]
"""What a deployment gets when nobody says otherwise."""
LIMITED = ("space", "build", "clock")
"""The checks with thresholds."""
_PARENTS = ("socket", "all")
"""The checks that others may depend on: when the API does not answer, the first that there is speaks for all."""
_WITH_SHARDS = ("socket", "cluster", "all")
_WITH_SPARES = ("cluster", "all")

# Stands in object names, file names, INI sections and commands of all engines, and is never quoted there.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NO = ("no", "false", "off", "0")
_YES = ("yes", "true", "on", "1")

Raw = Mapping[str, Any]


class Mistakes(Exception):
    """What is wrong with a list of deployments, a sentence each, without any secret."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = list(sentences)


class Service(NamedTuple):
    """One check of one deployment."""

    check: str
    words: tuple[str, ...]
    """How it judges, as words of the check's command line."""


class Deployment(NamedTuple):
    """One deployment, all of it read and sound."""

    name: str
    title: str
    address: str
    """Where the engine's own host check finds the host."""
    connection: Mapping[str, str]
    """How the API is reached: keys and values for an extra-opts file, without secrets."""
    secrets: Mapping[str, str]
    services: tuple[Service, ...]
    variables: Mapping[str, Any]
    """Where the API is and how the checks judge, as Icinga 2 custom variables."""
    host_template: str | None
    zone: str
    command_endpoint: str


def read_all(raw: Iterable[object], defaults: Raw, checks: Sequence[str]) -> list[Deployment]:
    """The deployments that a user listed; what one does not say, `defaults` say, and `checks` those that it gets.

    Raises Mistakes with everything that is wrong with any of them.
    """
    found: list[Deployment] = []
    wrong: list[str] = []
    for number, one in enumerate(raw, 1):
        if not isinstance(one, Mapping):
            wrong.append("entry %d is no deployment, but %s" % (number, type(one).__name__))
            continue
        settings = {"checks": checks, **defaults, **one}
        told = "deployment %r" % str(settings["name"]) if "name" in settings else "entry %d" % number
        reader = _Reader({str(key): value for key, value in settings.items() if value is not None})
        deployment = reader.deployment()
        wrong += ["%s: %s" % (told, sentence) for sentence in reader.wrong]
        if deployment:
            found.append(deployment)
    wrong += ["the name %r stands twice" % name for name in _repeated(one.name for one in found)]
    if wrong:
        raise Mistakes(wrong)
    return found


def sections(deployments: Iterable[Deployment], state_folder: str) -> str:
    """The sections of an extra-opts file, one a deployment: how to reach the API, and as whom. It holds secrets."""
    blocks = []
    for deployment in deployments:
        state = {"state-dir": state_folder} if state_folder and "state-dir" not in deployment.connection else {}
        pairs = {**deployment.connection, **state, **deployment.secrets}
        blocks.append("\n".join(["[%s]" % deployment.name, *("%s = %s" % pair for pair in pairs.items())]) + "\n")
    return "\n".join(blocks)


def as_data(deployment: Deployment, extra_opts_file: str) -> dict[str, Any]:
    """A deployment for templates, without secrets. Words are quoted for a shell, which Nagios and NRPE go through."""
    checks = [service.check for service in deployment.services]
    parent = next((check for check in _PARENTS if check in checks), "")
    option = "--extra-opts=%s@%s" % (deployment.name, extra_opts_file)
    return {
        "name": deployment.name,
        "title": deployment.title,
        "address": deployment.address,
        "host_template": deployment.host_template,
        "zone": deployment.zone,
        "command_endpoint": deployment.command_endpoint,
        "parent": parent,
        "dependents": [check for check in checks if parent and check != parent],
        "services": [
            {
                "check": service.check,
                "options": " ".join(shlex.quote(word) for word in service.words),
                "arguments": " ".join(shlex.quote(word) for word in (option, *service.words)),
            }
            for service in deployment.services
        ],
        "variables": {
            "wabiz_checks": checks,
            "wabiz_extra_opts": "%s@%s" % (deployment.name, extra_opts_file),
            **deployment.variables,
        },
    }


class _Reader:
    """Reads one deployment, and collects what is wrong with it."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.wrong: list[str] = []

    def deployment(self) -> Deployment | None:
        unknown = [key for key in self.raw if key not in _KEYS]
        self.wrong += ["%r is no key of a deployment%s" % (key, closest(key, _KEYS)) for key in unknown]
        name = self._get("name", _name)
        if name is None and "name" not in self.raw:
            self.wrong.append("it has no name")
        connection = self._connection()
        secrets = self._secrets(connection.get("username"))
        checks = self._get("checks", _checks) or ()
        judgement = self._judgement(checks)
        host = self._get("address", _line) or _host_of(connection)
        title = self._get("display_name", _line) or name
        # The names of a zone and of an endpoint get into those of files and of hosts.
        zone, endpoint = (self._get(key, _name) for key in ("zone", "command_endpoint"))
        template = self._get("host_template", _line)
        if self.wrong or not name or not title:
            return None
        return Deployment(
            name=name,
            title=title,
            address=host,
            connection=connection,
            secrets=secrets,
            services=tuple(Service(check, tuple(_words(check, judgement))) for check in checks),
            variables={**_place(connection), **_variables(checks, judgement)},
            host_template=template,
            zone=zone or "",
            command_endpoint=endpoint or "",
        )

    def _get(self, key: str, read: Callable[[Any], Any]) -> Any:
        """The value of a key, None if it is not there or wrong; of a secret nothing is repeated."""
        if key not in self.raw:
            return None
        try:
            return read(self.raw[key])
        except ValueError as error:
            self.wrong.append("%s: %s" % (key, error))
            return None

    def _connection(self) -> dict[str, str]:
        found = {}
        for key, read in _CONNECTION.items():
            value = self._get(key, read)
            if value is not None and value != "":
                found[key.replace("_", "-")] = str(value)
        if "hostname" in found and "url" in found:
            self.wrong.append("hostname and url exclude each other")
        elif not {"hostname", "url"} & {key.replace("_", "-") for key in self.raw}:
            self.wrong.append("it says neither hostname nor url")
        if "url" in found and "port" in self.raw:
            self.wrong.append("port goes with hostname; in a url it stands inside")
        if "client-key" in found and "client-cert" not in found:
            self.wrong.append("client_key needs client_cert")
        if "insecure" in found and "ca-file" in found:
            self.wrong.append("insecure and ca_file contradict each other")
        try:
            encrypted(found.get("url", "https://"), "insecure" in found, "insecure: true")
        except ValueError as error:
            self.wrong.append("url: %s" % error)
        return found

    def _secrets(self, username: str | None) -> dict[str, str]:
        found = {key: value for key in ("password", "token") if (value := self._get(key, _secret)) is not None}
        if "password" in found and not username:
            self.wrong.append("password needs username")
        try:
            credentials(username, found.get("password"), found.get("token"))
        except ValueError as error:
            self.wrong.append(str(error))
        return found

    def _judgement(self, checks: Sequence[str]) -> _Judgement:
        judgement = _Judgement(
            limits=self._get("limits", _limits) or {},
            states=self._get("states", _states) or {},
            nodes=self._get("nodes", _lines) or [],
            ignored=self._get("ignore_nodes", _lines) or [],
            shards=self._get("shards", _whole(1, 1024)),
            spares=self._get("min_spares", _whole(0, 1024)),
        )
        for check in judgement.limits:
            if check not in checks and "all" not in checks:
                self.wrong.append("limits: %s is not among its checks" % check)
        for problem in judgement.states:
            if checks and "all" not in checks and not set(CATALOGUE[problem].judged_by) & set(checks):
                self.wrong.append("states: none of its checks judges %s" % problem)
        return judgement


class _Judgement(NamedTuple):
    limits: Mapping[str, Mapping[str, list[str]]]
    states: Mapping[str, str]
    nodes: list[str]
    ignored: list[str]
    shards: int | None
    spares: int | None


def _words(check: str, judgement: _Judgement) -> Iterator[str]:
    for option, values in _options(check, judgement):
        yield from ("--%s=%s" % (option, value) for value in values)


def _options(check: str, judgement: _Judgement) -> Iterator[tuple[str, list[str]]]:
    """The options with which a check judges, and their values; in long form, where a value may begin with a dash."""
    for kind in ("warning", "critical"):
        yield kind, _thresholds(check, kind, judgement)
    yield "state", ["%s=%s" % pair for pair in judgement.states.items() if _judges(check, pair[0])]
    yield "node", judgement.nodes
    yield "ignore-node", judgement.ignored
    if judgement.shards is not None and check in _WITH_SHARDS:
        yield "shards", [str(judgement.shards)]
    if judgement.spares is not None and check in _WITH_SPARES:
        yield "min-spares", [str(judgement.spares)]


def _thresholds(check: str, kind: str, judgement: _Judgement) -> list[str]:
    if check != "all":
        return judgement.limits.get(check, {}).get(kind, [])
    # There a bare range does not say what it is for.
    return [
        word if "=" in word else "%s=%s" % (of, word)
        for of, limits in judgement.limits.items()
        for word in limits.get(kind, [])
    ]


def _judges(check: str, problem: str) -> bool:
    return check == "all" or check in CATALOGUE[problem].judged_by


def _variables(checks: Iterable[str], judgement: _Judgement) -> dict[str, Any]:
    """Custom variables: those whose values differ from check to check have its name in theirs."""
    found: dict[str, Any] = {}
    for check in checks:
        for option, values in _options(check, judgement):
            word = option.replace("-", "_")
            if values and option in ("warning", "critical", "state"):
                found["wabiz_%s_%s" % (check, word)] = values
            elif values:
                found["wabiz_%s" % word] = int(values[0]) if option in ("shards", "min-spares") else values
    return found


def _place(connection: Mapping[str, str]) -> dict[str, Any]:
    """Where the API is: said in the extra-opts file too, but the engine's users look at the host."""
    numbers = {"port": int, "timeout": float}
    return {
        "wabiz_%s" % key: numbers.get(key, str)(connection[key])
        for key in ("url", "hostname", "port", "timeout")
        if key in connection
    }


def _host_of(connection: Mapping[str, str]) -> str:
    if "url" in connection:
        host = re.sub(r"^https?://|[/].*$", "", connection["url"])
        return re.sub(r":\d+$", "", host).strip("[]")
    return connection.get("hostname", "").strip("[]")


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    # Engines on file systems, and people, do not tell them apart by case.
    return sorted({name for name in names if name.lower() in seen or seen.add(name.lower())})  # type: ignore[func-returns-value]


def _line(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("it is no text, but %s" % type(value).__name__)
    text = str(value)
    if not text.isprintable():
        raise ValueError("%r holds characters that cannot be printed" % text)
    if not text or text != text.strip():
        raise ValueError("%r is empty, or begins or ends with a blank" % text)
    return text


def _lines(value: object) -> list[str]:
    if isinstance(value, Mapping):
        raise ValueError("it is no list")
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [_line(one) for one in values]


def _secret(value: object) -> str:
    try:
        return _line(value)
    except ValueError:
        raise ValueError(
            "it is empty, begins or ends with a blank, or holds characters that cannot be printed"
        ) from None


def _name(value: object) -> str:
    text = value if isinstance(value, str) else _line(value)
    if not _NAME.fullmatch(text):
        raise ValueError(
            "%r: up to 64 letters, digits, dots, dashes and underscores are allowed, a letter or digit first" % text
        )
    return text


def _port(value: object) -> int:
    return _whole(1, 65535)(value)


def _whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        text = _line(value)
        if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
            raise ValueError("%r is no whole number from %d to %d" % (text, least, most))
        return int(text)

    return read


def _hostname(value: object) -> str:
    from_host(_line(value), DEFAULT_PORT)
    return _line(value)


def _url(value: object) -> str:
    return from_url(_line(value))


def _seconds(value: object) -> str:
    text = _line(value)
    try:
        sound = 0 < float(text) <= 3600
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("%r is no number of seconds, above 0 and up to 3600" % text)
    return text


def _flag(value: object) -> str:
    text = str(value).lower()
    if text not in (*_YES, *_NO):
        raise ValueError("%r is neither true nor false" % text)
    return "yes" if text in _YES else ""


def _path(value: object) -> str:
    # Not repeated: somebody may have put there what the file should hold, a key say.
    try:
        text = _line(value)
    except ValueError:
        text = ""
    if not text.startswith("/"):
        raise ValueError("it is no absolute path; engines run the checks in a folder of their own")
    return text


def _state_dir(value: object) -> str:
    return "none" if str(value) == "none" else _path(value)


def _checks(value: object) -> list[str]:
    found = _lines(value)
    for check in found:
        if check not in CHECKS:
            raise ValueError("%r is no check%s (known: %s)" % (check, closest(check, CHECKS), ", ".join(CHECKS)))
    if not found:
        raise ValueError("there is none")
    return [check for check in CHECKS if check in found]


def _states(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("it is no mapping of problems to states")
    states = {str(problem): str(state) for problem, state in value.items()}
    parse_states("%s=%s" % pair for pair in states.items())
    return states


def _limits(value: object) -> dict[str, dict[str, list[str]]]:
    if not isinstance(value, Mapping):
        raise ValueError("it is no mapping of checks to limits")
    found: dict[str, dict[str, list[str]]] = {}
    for check, limits in value.items():
        if check not in LIMITED:
            raise ValueError("%r is no check with limits (known: %s)" % (str(check), ", ".join(LIMITED)))
        if not isinstance(limits, Mapping) or not set(limits) <= {"warning", "critical"}:
            raise ValueError("%s: it is no mapping of warning and critical to ranges" % check)
        ranges = {str(kind): _lines(words) for kind, words in limits.items() if words is not None}
        parse_limits(str(check), ranges.get("warning", ()), ranges.get("critical", ()), ("warning", "critical"))
        found[str(check)] = ranges
    return found


_CONNECTION: Mapping[str, Callable[[Any], Any]] = {
    "hostname": _hostname,
    "port": _port,
    "url": _url,
    "timeout": _seconds,
    "username": _line,
    "ca_file": _path,
    "insecure": _flag,
    "client_cert": _path,
    "client_key": _path,
    "header_file": _path,
    "state_dir": _state_dir,
}
_KEYS = (
    "name",
    "display_name",
    "address",
    *_CONNECTION,
    "password",
    "token",
    "checks",
    "limits",
    "states",
    "nodes",
    "ignore_nodes",
    "shards",
    "min_spares",
    "host_template",
    "zone",
    "command_endpoint",
)


def shortened(sentences: Sequence[str], most: int = 20) -> list[str]:
    """Mistakes for a message; of very many the rest is counted."""
    if len(sentences) <= most:
        return list(sentences)
    return [*sentences[:most], "and %d more" % (len(sentences) - most)]
