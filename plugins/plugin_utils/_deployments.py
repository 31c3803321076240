# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the deployments that a user lists to what an engine's configuration says about them.

What is wrong is found here, on the controller, by the code that the checks themselves run on: a threshold with a slip
in it must not wait for the engine to turn a service UNKNOWN.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ansible_collections.wabiz.monitoring.plugins.module_utils._core.address import encrypted
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.catalogue import CATALOGUE, parse_states
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.limits import parse_limits
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.misuse import Misuse
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.session import credentials
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.text import closest
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._kinds import (
    FLAG,
    HOST,
    NAME,
    NODE,
    OBJECTS,
    PATH,
    PORT,
    TEXT,
    URL,
    Kind,
    described,
    hidden,
    line,
    listed,
    measured,
    number_of,
    seconds,
    shown,
    text_of,
    whole,
)
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._places import LONGEST, traps, written

CHECKS = ("socket", "cluster", "space", "build", "clock", "all")
"""The checks, the one first that the others of a deployment depend on."""
STANDARD = CHECKS[:-1]
"""What a deployment gets when nobody says otherwise."""
LIMITED = ("space", "build", "clock")
"""The checks with thresholds."""
ENGINES = ("nagios", "icinga2", "nrpe", "none")
"""Whose configuration is written; the last one stands for nobody's."""
_PARENTS = ("socket", "all")
"""The checks that others may depend on: when the API does not answer, the first that there is speaks for all."""
_WITH_SHARDS = ("socket", "cluster", "all")
_WITH_SPARES = ("cluster", "all")

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


def read_all(raw: object, defaults: object, checks: object, engine: str | None = None) -> list[Deployment]:
    """The deployments that a user listed; what one does not say, `defaults` say, and `checks` those that it gets.

    They have to be fit for one engine, or for every one when none is named. Raises Mistakes with everything that is
    wrong with any of them.
    """
    wrong: list[str] = []
    if engine not in (None, *ENGINES):
        wrong.append("the engine is %s, and should be one of %s" % (measured(str(engine)), ", ".join(ENGINES)))
    common = _common(defaults, checks, wrong)
    if not isinstance(raw, Sequence) or isinstance(raw, (str, bytes)):
        raise Mistakes([*wrong, "the deployments are %s, and should be a list" % described(raw)])
    found: list[Deployment] = []
    for number, one in enumerate(raw, 1):
        if not isinstance(one, Mapping):
            wrong.append("entry %d is %s, and should be a mapping" % (number, described(one)))
            continue
        settings = {**common, **{str(key): value for key, value in one.items()}}
        reader = _Reader({key: value for key, value in settings.items() if value is not None}, engine)
        deployment = reader.deployment()
        name = settings.get("name")
        told = "deployment %s" % shown(name) if isinstance(name, str) else "entry %d" % number
        wrong += ["%s: %s" % (told, sentence) for sentence in reader.wrong]
        if deployment:
            found.append(deployment)
    wrong += ["the name %s stands twice" % shown(name) for name in _repeated(one.name for one in found)]
    if wrong:
        raise Mistakes(wrong)
    return found


def _common(defaults: object, checks: object, wrong: list[str]) -> dict[str, Any]:
    """What all deployments have that do not say otherwise. What is wrong with it is said here, once, and left out."""
    if not isinstance(defaults, Mapping):
        wrong.append("the defaults of deployments are %s, and should be a mapping" % described(defaults))
        defaults = {}
    said = {"checks": checks, **{str(key): value for key, value in defaults.items() if value is not None}}
    sound: dict[str, Any] = {}
    for key, value in said.items():
        whose = "defaults of deployments" if key in defaults else "deployments that do not name their own"
        if key in _OWN:
            wrong.append("%s: %s differs from deployment to deployment" % (whose, key))
        elif key not in KEYS:
            wrong.append("%s: %s" % (whose, _unknown(key)))
        else:
            try:
                KEYS[key].read(value)
                sound[key] = value
            except Misuse as error:
                wrong.append("%s: %s: %s" % (whose, key, error))
                sound[key] = _WRONG
    return sound


def _unknown(key: str) -> str:
    return "%s is not a key of a deployment%s" % (shown(key), closest(key, KEYS))


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
                "options": _quoted(service.words),
                "arguments": _quoted((option, *service.words)),
            }
            for service in deployment.services
        ],
        "variables": {
            "wabiz_checks": checks,
            "wabiz_extra_opts": "%s@%s" % (deployment.name, extra_opts_file),
            **deployment.variables,
        },
    }


def _quoted(words: Iterable[str]) -> str:
    return " ".join(map(shlex.quote, words))


class _Reader:
    """Reads one deployment, and collects what is wrong with it."""

    def __init__(self, raw: Raw, engine: str | None) -> None:
        self.raw = raw
        self.engine = engine
        self.wrong: list[str] = []

    def deployment(self) -> Deployment | None:
        self.wrong += [_unknown(key) for key in self.raw if key not in KEYS]
        name = self._get("name")
        if "name" not in self.raw:
            self.wrong.append("it has no name")
        title = self._get("display_name") or name
        self.wrong += [
            "display_name: %s: %s; %s" % (shown(title), trap.why, trap.right)
            for trap in traps(title or "", self.engine)
        ]
        connection = self._connection()
        secrets = self._secrets(connection.get("username"))
        checks = self._get("checks") or ()
        judgement = self._judgement(checks)
        services = tuple(Service(check, tuple(_words(check, judgement))) for check in checks)
        self._measure(services)
        address = self._get("address") or _host_of(connection)
        zone, endpoint, template = (self._get(key) for key in ("zone", "command_endpoint", "host_template"))
        if self.wrong or not name or not title:
            return None
        return Deployment(
            name=name,
            title=title,
            address=address,
            connection=connection,
            secrets=secrets,
            services=services,
            variables={**_place(connection), **_variables(checks, judgement)},
            host_template=template,
            zone=zone or "",
            command_endpoint=endpoint or "",
        )

    def _get(self, key: str) -> Any:
        """The value of a key, None if it is not there or wrong."""
        if self.raw.get(key, _WRONG) is _WRONG:
            return None
        try:
            return KEYS[key].read(self.raw[key])
        except Misuse as error:
            self.wrong.append("%s: %s" % (key, error))
            return None

    def _measure(self, services: Iterable[Service]) -> None:
        for service in services:
            written_out = written(_quoted(service.words), "nagios_argument")
            for engine, most in LONGEST.items():
                length = len(written_out.encode())
                if self.engine in (None, engine) and length > most:
                    self.wrong.append(
                        "nodes, ignore_nodes, limits and states come to %d bytes in the command of the check %s, and "
                        "should come to %d at most for %s" % (length, service.check, most, _ENGINES[engine])
                    )

    def _connection(self) -> dict[str, str]:
        found = {}
        for key in _CONNECTION:
            value = self._get(key)
            if value not in (None, False):
                # In such a file a flag is a word.
                found[key.replace("_", "-")] = "yes" if value is True else str(value)
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
        except Misuse as error:
            self.wrong.append("url: %s" % error)
        return found

    def _secrets(self, username: str | None) -> dict[str, str]:
        found = {key: value for key in ("password", "token") if (value := self._get(key)) is not None}
        if "password" in found and not username:
            self.wrong.append("password needs username")
        return found

    def _judgement(self, checks: Sequence[str]) -> _Judgement:
        judgement = _Judgement(
            limits=self._get("limits") or {},
            states=self._get("states") or {},
            nodes=self._get("nodes") or [],
            ignored=self._get("ignore_nodes") or [],
            shards=self._get("shards"),
            spares=self._get("min_spares"),
        )
        for check in judgement.limits:
            if checks and check not in checks and "all" not in checks:
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
    """Where the API is: said in the extra-opts file too, but the engine's users look at the host.

    An address with a path stands in that file only: some gateways take a key there.
    """
    numbers = {"port": int, "timeout": float}
    return {
        "wabiz_%s" % key: numbers.get(key, str)(connection[key])
        for key in ("url", "hostname", "port", "timeout")
        if key in connection and not (key == "url" and urlsplit(connection[key]).path)
    }


def _host_of(connection: Mapping[str, str]) -> str:
    if "url" in connection:
        return urlsplit(connection["url"]).hostname or ""
    return connection.get("hostname", "").strip("[]")


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    # Engines on file systems, and people, do not tell them apart by case.
    return sorted({name for name in names if name.lower() in seen or seen.add(name.lower())})  # type: ignore[func-returns-value]


def _pattern(value: object) -> str:
    text = TEXT.read(value)
    if text.startswith("-"):
        # Icinga 2 gives it to the check as a word of its own.
        raise Misuse("%s begins with a dash, as an option of a check does" % shown(text))
    return str(text)


def _state_dir(value: object) -> str:
    return "none" if value == "none" else str(PATH.read(value))


def _username(value: object) -> str:
    text = str(TEXT.read(value))
    credentials(text, None, None)
    return text


def _token(value: object) -> str:
    text = str(_SECRET.read(value))
    credentials(None, None, text)
    return text


def _checks(value: object) -> list[str]:
    found = listed(TEXT, "checks", least=1).read(value)
    for check in found:
        if check not in CHECKS:
            raise Misuse("it holds what is not a check%s (known: %s)" % (closest(check, CHECKS), ", ".join(CHECKS)))
    return [check for check in CHECKS if check in found]


def _states(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise Misuse("it is %s, and should be a mapping of problems to states" % described(value))
    states = {text_of(problem): text_of(state) for problem, state in value.items()}
    for problem, state in states.items():
        # What is read of them repeats what it cannot read.
        if problem not in CATALOGUE:
            told = (closest(problem, CATALOGUE), ", ".join(CATALOGUE))
            raise Misuse("it holds what is not a problem%s (known: %s)" % told)
        try:
            parse_states(["%s=%s" % (problem, state)])
        except Misuse:
            raise Misuse("%s should be ok, warning, critical or unknown" % problem) from None
    return states


def _limits(value: object) -> dict[str, dict[str, list[str]]]:
    if not isinstance(value, Mapping):
        raise Misuse("it is %s, and should be a mapping of checks to limits" % described(value))
    found: dict[str, dict[str, list[str]]] = {}
    for check, limits in value.items():
        if check not in LIMITED:
            raise Misuse("it holds what is not a check with limits (known: %s)" % ", ".join(LIMITED))
        if not isinstance(limits, Mapping) or not set(limits) <= {"warning", "critical"}:
            raise Misuse("%s: it should be a mapping of warning and critical to ranges" % check)
        ranges = {str(kind): _RANGES.read(words) for kind, words in limits.items() if words is not None}
        parse_limits(str(check), ranges.get("warning", ()), ranges.get("critical", ()), ("warning", "critical"))
        found[str(check)] = ranges
    return found


_RANGES = listed(Kind("a range", lambda value: TEXT.read(number_of(value))), "ranges")
_PATTERNS = listed(Kind("a pattern", _pattern), "shell patterns without a dash at the beginning")
_SECRET = hidden(Kind("text of up to 8000 characters on one line, without blanks at its ends", line(8000)))
_ENGINES = {"nagios": "Nagios", "nrpe": "NRPE"}
_WRONG = object()
"""In the place of a value that has been found wrong already."""

CHECK_NAMES = Kind("a list of some of %s, or one of them" % ", ".join(CHECKS), _checks)

# How the API is reached: what an extra-opts file says.
_CONNECTION: Mapping[str, Kind] = {
    "hostname": HOST,
    "port": PORT,
    "url": URL,
    "timeout": seconds(3600),
    "username": Kind(TEXT.allowed + ", without a colon", _username),
    "ca_file": PATH,
    "insecure": FLAG,
    "client_cert": PATH,
    "client_key": PATH,
    "header_file": PATH,
    "state_dir": Kind(PATH.allowed + ", or none", _state_dir),
}
KEYS: Mapping[str, Kind] = {
    "name": NAME,
    "display_name": TEXT,
    "address": HOST,
    **_CONNECTION,
    "password": _SECRET,
    "token": Kind("up to 8000 visible ASCII characters", _token),
    "checks": CHECK_NAMES,
    "limits": Kind("a mapping of some of %s to warning and critical ranges" % ", ".join(LIMITED), _limits),
    "states": Kind("a mapping of problems that its checks judge to ok, warning, critical or unknown", _states),
    "nodes": _PATTERNS,
    "ignore_nodes": _PATTERNS,
    "shards": whole(1, 1024),
    "min_spares": whole(0, 1024),
    "host_template": OBJECTS,
    "zone": NODE,
    "command_endpoint": NODE,
}
"""What a deployment can say, and what each may be; the pages and the role's arguments say the same."""
_OWN = ("name",)


def shortened(sentences: Sequence[str], most: int = 20) -> list[str]:
    """Mistakes for a message; of very many the rest is counted."""
    if len(sentences) <= most:
        return list(sentences)
    return [*sentences[:most], "and %d more" % (len(sentences) - most)]
