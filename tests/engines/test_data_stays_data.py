# SPDX-License-Identifier: BSD-2-Clause
"""What stands in a deployment's data is data, on engines with the configuration that Debian's packages bring.

Each value that would be a command, configuration or code somewhere is either refused, or the engine loads it, checks
the host and sends its notifications, and nothing has come of it. What may be a title is shown as it was written.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .conftest import leave_out
from .daemon import Daemon, free_port
from .engine import Engine
from .icinga import Icinga
from .nagios import Nagios, define
from .nrpe import Nrpe
from .record import State
from .site import Site, leading_to_icinga2, leading_to_nagios, leading_to_nrpe, running
from .stock import FOLDERS, Carrier, Letter, copy_icinga, nagios_objects, nagios_settings
from .user import User

#: What ends quotes, begins commands, macros, lines or expressions somewhere. Only a command makes the file `{mark}`.
SHAPES = {
    "single quote": "127.0.0.1' & touch {mark} & '",
    "double quote": '127.0.0.1" ; touch {mark} ; "',
    "backticks": "x `touch {mark}`",
    "substitution": "x$(touch {mark})",
    "list": "x; touch {mark}; y",
    "pipe": "x | touch {mark} | y",
    "line": "x\ntouch {mark}",
    "letter": "~!touch {mark}",
    "line of a letter": "x\\n~!touch {mark}\\n",
    "octal": "x\\012~!touch {mark}\\012",
    "backslash": "x\\",
    "quote after backslash": "x\\\\' & touch {mark} & '",
    "argument": "x!y\\!`touch {mark}`",
    "expression": 'generic-host"; log("evalu" + "ated"); vars.x = "y',
    "macro": "$HOSTNAME$ $host.name$ $ARG1$ $USER1$",
    "option": "--extra-opts=evil@{mark}.ini",
    "directive": "x\n    check_command evil\n",
    "markup": "<script>alert(1)</script>",
    "template": "{{{{ lookup('ansible.builtin.pipe', 'touch {mark}') }}}}",
    # NRPE reads a line of its configuration in pieces of 2046 bytes.
    "long": "{filler}command[evil]=touch {mark} #",
}
EVALUATED = "evaluated"

#: How a deployment says something of this kind in a key that is more than a text.
NESTED: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "url": lambda text: {"hostname": None, "port": None, "url": f"https://localhost/{text}"},
    "nodes": lambda text: {"nodes": [text]},
    "limits": lambda text: {"checks": ["space"], "limits": {"space": {"warning": [text]}}},
    "states": lambda text: {"states": {"disconnected": text}},
    "checks": lambda text: {"checks": [text]},
    "password": lambda text: {"username": "monitor", "password": text},
    "ca_file": lambda text: {"ca_file": f"/{text}"},
    "header_file": lambda text: {"header_file": f"/{text}"},
}
KEYS = (
    *("name", "display_name", "address", "hostname", "port", "timeout", "username", "token", "insecure"),
    *("shards", "min_spares", "host_template", "zone", "command_endpoint", *NESTED),
)
#: The keys that say where the API is and as whom: they come to the checks by a file, and to no engine.
FILED = ("username", "token", "password", "ca_file", "header_file")


class Attack(NamedTuple):
    """A deployment with a value that is more than data somewhere."""

    key: str
    shape: str
    mark: Path
    deployment: dict[str, Any]

    @property
    def name(self) -> str:
        """That of its host, where it has come that far."""
        return str(self.deployment["name"])


def attacks(folder: Path, engine: str, port: int) -> list[Attack]:
    """All of them; what one of them runs makes its mark in the folder."""
    found: list[Attack] = []
    for key, (shape, text) in itertools.product(KEYS, SHAPES.items()):
        mark = folder / str(len(found))
        text = text.format(mark=mark, filler="x" * 1700)
        said = NESTED[key](text) if key in NESTED else {key: text}
        sound = {"name": f"{engine}{mark.name}", "hostname": "127.0.0.1", "port": port, "checks": ["socket"]}
        found.append(Attack(key, shape, mark, {**sound, **said}))
    return found


ASCII = [chr(point) for point in range(0x20, 0x7F)]
#: Every printable character in the middle, what is no letter or digit at either end, too, and what people write.
TITLES = [
    *(f"x{char}x" for char in ASCII),
    *(text for char in ASCII if not char.isalnum() for text in (f"{char}x", f"x{char}")),
    *(
        "Haus A\\",
        "Berlin!",
        "5 $",
        "O'Brien & Söhne",
        "100 %",
        "a\\ b",
        "null",
        "*",
        "Größe: 5 €, 日本語 🙂",
        "#1",
        "a|b",
    ),
    *("}", "x }", "define host {", "% d", "//", "/* x */", "{{{ x }}}", "A \\\\", "a;;b", "\\;", "\\!"),
]
#: Those that people are likeliest to write, which no engine may refuse.
ORDINARY = ("Berlin!", "O'Brien & Söhne", "100 %", "Größe: 5 €, 日本語 🙂", "#1", "x(x", "x+x", "x/x", "x,x", "x:x")


def titled(engine: str) -> list[dict[str, Any]]:
    """A deployment for each title."""
    return [
        {"name": f"{engine}-t{number}", "display_name": title, "hostname": "wa.example.com", "checks": ["socket"]}
        for number, title in enumerate(TITLES)
    ]


JUDGE = """
import json, sys
from ansible_collections.wabiz.monitoring.plugins.filter.deployment_mistakes import deployment_mistakes
many, engine = json.load(sys.stdin)
json.dump([deployment_mistakes([one], {}, ["socket"], engine) for one in many], sys.stdout)
"""


def mistakes(site: Site, deployments: Iterable[Mapping[str, Any]], engine: str) -> list[list[str]]:
    """What the role has against each of them."""
    done = subprocess.run(
        [sys.executable, "-c", JUDGE],
        env={**os.environ, "PYTHONPATH": str(site.folder / "collections")},
        input=json.dumps([list(deployments), engine]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: list[list[str]] = json.loads(done.stdout)
    return told


class Stage(NamedTuple):
    """A monitoring host, and what the role has against each attack and each title."""

    name: str
    engine: Daemon
    carrier: Carrier
    attacks: list[tuple[Attack, list[str]]]
    titles: list[tuple[dict[str, Any], list[str]]]

    @property
    def loaded(self) -> list[Attack]:
        """The attacks that the engine has to do with."""
        return [attack for attack, told in self.attacks if not told]


NAGIOS = define("host", {"name": "watched", "use": "linux-server", "register": 0})
ICINGA = """\
include <plugins>
object NotificationComponent "notification" {}
template Host "watched" {
    import "generic-host"
    vars.notification["mail"] = { groups = [ "icingaadmins" ] }
}
include_recursive "conf.d"
"""
QUIET = 'object IcingaApplication "app" { enable_host_checks = false, enable_service_checks = false }\n'


def unsafe(value: Any) -> Any:
    """The same for Ansible, which is not to take any text of it for a template: as data from elsewhere comes to it."""
    if isinstance(value, dict):
        return {key: unsafe(one) for key, one in value.items()}
    if isinstance(value, list):
        return [unsafe(one) for one in value]
    return {"__ansible_unsafe": value} if isinstance(value, str) and "{{" in value else value


@pytest.fixture(scope="module")
def stages(
    user: User,
    scratch: Path,
    site: Site,
    wheels: Path,
    nagios4: Callable[..., Nagios],
    icinga2: Callable[..., Icinga],
    nrpe: Callable[[], Nrpe],
) -> Iterator[dict[str, Stage]]:
    """Hosts that have everything which is not refused; their engines check nothing unless they are asked to."""
    for folder in FOLDERS:
        if not folder.is_dir():
            leave_out(f"{folder}, which Debian's packages have")
    carriers = {name: Carrier(user, scratch / f"{name}-carrier") for name in ("nagios", "icinga2", "nrpe")}
    conf_d = user.folder(scratch / "stock-nagios")
    quiet = {"execute_host_checks": "0", "execute_service_checks": "0"}
    nagios = nagios4(nagios_objects(carriers["nagios"]) + NAGIOS, cfg_dir=str(conf_d), **{**nagios_settings(), **quiet})
    icinga = icinga2(ICINGA)
    objects = copy_icinga(user, icinga.folder / "conf", carriers["icinga2"])
    user.file(objects / "app.conf", QUIET)
    daemon = nrpe()
    engines: dict[str, Daemon] = {"nagios": nagios, "icinga2": icinga, "nrpe": daemon}
    # The checks of all and what they are told by a file come from one host.
    root = site.add("checks", engine="none", wheel_folder=str(wheels))
    shared = {"install": False, "plugin_folder": str(root / "plugins"), "folder": str(root / "etc")}
    site.add("nagios", engine="nagios", **leading_to_nagios(nagios, conf_d), **shared)
    site.add("icinga2", engine="icinga2", **leading_to_icinga2(icinga, objects), **shared)
    site.add("nrpe", engine="nrpe", **leading_to_nrpe(daemon), **shared)

    found, port = {}, free_port()
    everything: list[dict[str, Any]] = []
    for name, engine in engines.items():
        these = attacks(user.folder(scratch / f"{name}-marks"), name, port)
        judged = list(zip(these, mistakes(site, [attack.deployment for attack in these], name), strict=True))
        titles = list(zip(titled(name), mistakes(site, titled(name), name), strict=True))
        found[name] = Stage(name, engine, carriers[name], judged, titles)
        deployments = [attack.deployment for attack in found[name].loaded]
        deployments += [deployment for deployment, told in titles if not told]
        everything += deployments
        outcome = site.play(only=[name], deployments=unsafe(deployments), host_template="watched", **extras(name))
        assert outcome.code == 0, outcome.failures
    outcome = site.play(only=["checks"], deployments=unsafe(everything))
    assert outcome.code == 0, outcome.failures
    with ExitStack() as stack:
        stack.enter_context(running(*engines.values()))
        yield found


def extras(name: str) -> dict[str, object]:
    """Variables of the role for one engine."""
    return {"nagios_contact_groups": ["admins"], "nagios_interval_length": 1} if name == "nagios" else {}


@pytest.fixture(params=["nagios", "icinga2", "nrpe"])
def stage(request: pytest.FixtureRequest, stages: dict[str, Stage]) -> Stage:
    """Each engine in turn."""
    return stages[request.param]


@pytest.fixture(params=["nagios", "icinga2"])
def showing(request: pytest.FixtureRequest, stages: dict[str, Stage]) -> Stage:
    """Each engine that has hosts and titles."""
    return stages[request.param]


def test_what_is_refused_is_refused_by_name(stage: Stage) -> None:
    refused = [(attack, told) for attack, told in stage.attacks if told]
    assert refused
    for attack, told in refused:
        name = repr(attack.name) if "\n" in attack.name else f"'{attack.name}'"
        assert told[0].startswith(f"deployment {name[:70]}"), told
        assert f": {attack.key}: " in told[0], told


def notify(engine: Engine, kind: str, hosts: Iterable[str]) -> None:
    """Have a letter sent about each host, or its service."""
    if isinstance(engine, Icinga):
        names = {"filter_vars": {"names": list(hosts)}, "author": "tests", "comment": "asked for", "force": True}
        only = {"Host": "host.name in names", "Service": 'host.name in names && service.name == "wabiz-socket"'}
        result = {"exit_status": 1, "plugin_output": "asked for"}
        # Its letter says what the last check did.
        engine.api("POST", "actions/process-check-result", {"type": kind, "filter": only[kind], **names, **result})
        engine.api("POST", "actions/send-custom-notification", {"type": kind, "filter": only[kind], **names})
    elif isinstance(engine, Nagios):
        of = {"Host": "SEND_CUSTOM_HOST_NOTIFICATION;{}", "Service": "SEND_CUSTOM_SVC_NOTIFICATION;{};wabiz-socket"}
        for host in hosts:
            engine.external_command(f"{of[kind].format(host)};2;tests;asked for")


def check(engine: Engine, hosts: list[str]) -> None:
    """Have the engine check hosts by itself, and wait until it has."""
    if isinstance(engine, Icinga):
        names = {"filter": "host.name in names", "filter_vars": {"names": hosts}}
        engine.api("POST", "actions/reschedule-check", {"type": "Host", "force": True, **names})
    elif isinstance(engine, Nagios):
        for host in hosts:
            engine.external_command(f"SCHEDULE_FORCED_HOST_CHECK;{host};0")

    def checked() -> set[str]:
        if isinstance(engine, Icinga):
            found = engine.api("GET", "objects/hosts?attrs=name&attrs=last_check_result")
            return {one["attrs"]["name"] for one in found if one["attrs"]["last_check_result"]}
        assert isinstance(engine, Nagios)
        return {block["host_name"] for block in engine.statuses("hoststatus") if block["has_been_checked"] == "1"}

    engine.wait(lambda: set(hosts) <= checked() or None, lambda: f"all is checked but {set(hosts) - checked()}", 120)


def letters(stage: Stage, number: int, enough: Callable[[], object] = lambda: False) -> list[Letter]:
    """The letters that were asked for, once so many have been sent, or something else is enough."""

    def asked_for() -> list[Letter]:
        return [letter for letter in stage.carrier.letters if "CUSTOM" in letter.subject]

    def what() -> str:
        return f"{number} letters are sent, and not {len(asked_for())}"

    return stage.engine.wait(lambda: asked_for() if len(asked_for()) >= number or enough() else None, what, 120)


def test_nothing_that_a_deployment_says_is_executed(stage: Stage) -> None:
    loaded = stage.loaded

    def run() -> list[tuple[str, str]]:
        return [(attack.key, attack.shape) for attack in loaded if attack.mark.exists()]

    # Whatever the checks get by a file; and what an engine may not be kept from.
    assert {attack.key for attack in loaded} >= {*FILED, "nodes"}
    if isinstance(stage.engine, Nrpe):
        asked = [f"check_wabiz_{attack.name}_{attack.deployment['checks'][0]}" for attack in loaded]
        with ThreadPoolExecutor(4) as pool:
            records = list(pool.map(stage.engine.ask, asked))
        assert {record.output.split()[0] for record in records} == {"WABIZ"}
        assert "not defined" in stage.engine.ask("evil").output
    else:
        assert isinstance(stage.engine, Engine)
        hosts = [attack.name for attack in loaded]
        judged = [attack.name for attack in loaded if attack.key not in FILED]
        assert hosts
        check(stage.engine, hosts)
        for kind in ("Host", "Service"):
            notify(stage.engine, kind, hosts)
        # A shell that stumbles over something sends none.
        letters(stage, 2 * len(hosts), run)
        assert not run()
        for host in judged:
            stage.engine.force(host, "wabiz-socket")
        for host in judged:
            stage.engine.wait_for(host, "wabiz-socket", State.CRITICAL, 120)
    assert not run()
    assert EVALUATED not in stage.engine.tail()


def test_an_engine_has_every_title_as_it_was_written(showing: Stage) -> None:
    told = {deployment["name"]: deployment["display_name"] for deployment, told in showing.titles if not told}
    assert set(ORDINARY) <= set(told.values())
    if isinstance(showing.engine, Nagios):
        lines = (showing.engine.folder / "objects.cache").read_text(encoding="utf-8").splitlines()
        pairs = [line.strip().split("\t", 1) for line in lines if line.startswith(("\thost_name\t", "\talias\t"))]
        shown = {host: title for (_host, host), (word, title) in pairwise(pairs) if word == "alias"}
    else:
        assert isinstance(showing.engine, Icinga)
        found = showing.engine.api("GET", "objects/hosts?attrs=name&attrs=display_name")
        shown = {one["attrs"]["name"]: one["attrs"]["display_name"] for one in found}
    assert {host: shown.get(host) for host in told} == told


def test_a_title_that_is_refused_is_refused_by_name_with_what_would_be_right(showing: Stage) -> None:
    refused = {deployment["display_name"]: told for deployment, told in showing.titles if told}
    assert refused
    for title, told in refused.items():
        for sentence in told:
            assert re.match(r"deployment '[a-z0-9]+-t\d+': display_name: ", sentence)
            assert title in sentence
    # No more is lost than the engine's own commands and pages make of it.
    lost = {"nagios": set('"`$\\<;'), "icinga2": set("\\~")}
    assert not [title for title in refused if not set(title) & lost[showing.name] and title.strip() == title != "null"]


def test_letters_show_titles_as_they_were_written(showing: Stage) -> None:
    told = {deployment["name"]: deployment["display_name"] for deployment, told in showing.titles if not told}
    assert isinstance(showing.engine, Engine)
    showing.carrier.forget()
    # In the one kind of letter that shows them.
    notify(showing.engine, {"nagios": "Service", "icinga2": "Host"}[showing.name], told)
    found = letters(showing, len(told))
    subject, line = {
        "nagios": ("** CUSTOM Service Alert: {}/wabiz-socket is ", "Host: {}"),
        "icinga2": ("[CUSTOM] Host {} is ", "{} is "),
    }[showing.name]
    assert len(set(told.values())) == len(told)
    for title in told.values():
        (letter,) = [letter for letter in found if letter.subject.startswith(subject.format(title))]
        assert any(one.startswith(line.format(title)) for one in letter.body.splitlines()), letter


#: Variables of the role that reach a configuration, and what is told of each.
WRONG: Mapping[str, tuple[object, str]] = {
    "host_template": ('generic-host"; log("x"); vars.x = "y', "and should be names of letters"),
    "service_template": (["generic-service"], "it is a list, and should be text"),
    "service_prefix": ("wabiz\n}\ndefine command {", "and should be up to 64 letters"),
    "plugin_folder": ("/usr/lib/nagios/plugins\n", "and should be an absolute path"),
    "retry_interval": ("60; x", "it is text, and should be a number of seconds"),
    "nagios_interval_length": (0, "it is '0', and should be a number of seconds"),
    "attempts": (None, "it is nothing, and should be a number"),
    "nagios_contact_groups": (["admins;x"], "it is 'admins;x', and should be names"),
    "icinga2_agents": ("maybe", "it is text, and should be true or false"),
    "config_mode": (644, "it is a number, and should be text; put it in quotes"),
}


def test_the_role_tells_all_that_is_wrong_at_once_and_changes_nothing(stages: dict[str, Stage], site: Site) -> None:
    def configuration() -> dict[Path, bytes]:
        files = [path for name in stages for path in sorted(Path(stages[name].engine.folder).rglob("wabiz*"))]
        return {path: path.read_bytes() for path in files if path.is_file()}

    before = configuration()
    assert before
    deployments = [
        {"name": "berlin", "hostname": "wa.example.com", "address": "127.0.0.1' & reboot & '"},
        {"name": "bremen", "hostname": "wa.example.com", "port": "https", "display_name": 5},
        {"name": "hamburg", "hostname": "wa.example.com", "checks": ["sockets"], "insecure": [True]},
        "munich",
    ]
    said = {name: value for name, (value, _told) in WRONG.items()}
    outcome = site.play(only=list(stages), deployments=deployments, **said)
    assert outcome.count("failed") == dict.fromkeys(stages, 1)
    assert outcome.count("changed") == dict.fromkeys(stages, 0)
    for name, (_value, told) in WRONG.items():
        assert re.search(rf"check_plugins_{name}: .*{re.escape(told)}", outcome.failures), outcome.failures
    for told in (
        "deployment 'berlin': address: ",
        "deployment 'bremen': port: it is text, and should be a whole number from 1 to 65535",
        "deployment 'bremen': display_name: it is a number, and should be text; put it in quotes",
        "deployment 'hamburg': checks: it holds what is not a check; did you mean socket?",
        "deployment 'hamburg': insecure: it is a list, and should be true or false",
        "entry 4 is text, and should be a mapping",
    ):
        assert outcome.failures.count(told) == len(stages), outcome.failures
    assert configuration() == before
