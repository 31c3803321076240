# SPDX-License-Identifier: BSD-2-Clause
"""Checks on other machines than the engine's, as docs/on-many-machines.md has it: its files are what is tried.

An Icinga 2 master, a satellite and an agent, and Nagios with a host that has NRPE, each a daemon on this machine. The
tests follow them through their life, in the order in which they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import collection
import pytest
import yaml
from shown import files, text_of

from .daemon import free_port
from .icinga import Icinga
from .monitored import Monitored
from .nagios import Nagios
from .nrpe import Nrpe
from .pager import Pager
from .record import State
from .site import Outcome, Site, hang_up, running
from .user import User

TEXT = text_of("docs/on-many-machines.md")
PAGE = files("docs/on-many-machines.md")
MASTER, SATELLITE, AGENT, NRPE = NODES = tuple(
    f"{name}.example.com" for name in ("master", "satellite", "agent", "nrpe")
)
SECRET = "Kuckucksuhr"
SERVICES = [f"wabiz-{check}" for check in ("socket", "cluster", "space", "build", "clock")]
WELL, BAD = (dict.fromkeys(SERVICES, state) for state in (State.OK, State.CRITICAL))

#: Times in seconds: the socket is looked at all the time, the others when a test asks for it.
PACE = {
    **{f"{service.removeprefix('wabiz-')}_interval": 3600 for service in SERVICES},
    "socket_interval": 2,
    "retry_interval": 1,
    "attempts": 2,
    "dependent_attempts": 8,
}

#: A satellite reads the configuration anew when it has come, and only then an agent gets its own.
PATIENCE = 180

#: What the master has beside what the page says: somebody who is told of everything, hosts too.
MASTER_HAS = """\
object NotificationComponent "notification" {{}}
object NotificationCommand "host" {{ command = [ "{notify}", "$host.name$", "$host.state$" ] }}
object NotificationCommand "service" {{ command = [ "{notify}", "$host.name$", "$service.name$", "$service.state$" ] }}
object User "operator" {{}}
apply Notification "operator" to Host {{
    command = "host", users = [ "operator" ], types = [ Problem ], interval = 0
    assign where true
}}
apply Notification "operator" to Service {{
    command = "service", users = [ "operator" ], types = [ Problem ], interval = 0
    assign where true
}}
"""

NAGIOS_HAS = """\
define contact {{
    contact_name                  operator
    host_notification_options     n
    service_notification_options  w,u,c
    host_notification_period      always
    service_notification_period   always
    host_notification_commands    silence
    service_notification_commands notify
}}
define command {{
    command_name notify
    command_line {notify} $HOSTNAME$ $SERVICEDESC$ $SERVICESTATE$
}}
define host {{
    name                  generic-host
    check_period          always
    max_check_attempts    1
    register              0
}}
define service {{
    name                  generic-service
    check_period          always
    notification_period   always
    contacts              operator
    check_interval        3600
    retry_interval        1
    notification_interval 0
    register              0
}}
"""


@dataclass
class Scene:
    """Several machines, what they watch, and who is told."""

    site: Site
    deployment: Monitored
    master: Icinga
    satellite: Icinga
    agent: Icinga
    nagios: Nagios
    nrpe: Nrpe
    pagers: dict[str, Pager]
    outcomes: list[Outcome] = field(default_factory=list)

    def states(self, services: Iterable[str] = SERVICES) -> dict[str, State]:
        """What the master says of services that are checked now."""
        # In the first minute of its life a satellite does not listen when the master wants a check at once.
        return self.master.states("wa-berlin", services, PATIENCE, self.satellite)

    def play(self, *arguments: str, **variables: Any) -> Outcome:
        """Run the plays of the page."""
        outcome = self.site.play("--diff", *arguments, **variables)
        self.outcomes.append(outcome)
        return outcome

    @property
    def zones(self) -> Path:
        """The folder of what the master tells the zones."""
        return self.master.folder / "conf" / "zones.d"

    def hosts_files(self) -> dict[str, str]:
        """What the role says about hosts, by zone."""
        found = self.zones.glob("*/wabiz-hosts.conf")
        return {path.parent.name: path.read_text(encoding="utf-8") for path in found}


class Reader:
    """Somebody who follows the page, with the places of this machine."""

    def __init__(self, replaced: dict[str, str]) -> None:
        """What stands for a pattern of the page."""
        self._replaced = replaced
        for pattern in replaced:
            assert any(re.search(pattern, text, re.MULTILINE) for text in PAGE.values()), pattern

    def here(self, text: str) -> str:
        """What the page says, as it has to be here."""
        for pattern, ours in self._replaced.items():
            text = re.sub(pattern, ours, text, flags=re.MULTILINE)
        return text

    def read(self, path: str) -> str:
        """A file of the page, as it has to be here."""
        return self.here(PAGE[path])


@pytest.fixture(scope="module")
def scene(
    user: User,
    scratch: Path,
    site: Site,
    wheels: Path,
    nagios4: Callable[..., Nagios],
    icinga2: Callable[..., Icinga],
    nrpe: Callable[[], Nrpe],
) -> Iterator[Scene]:
    """Machines with everything that a reader of the page has, and nothing of ours."""
    deployment = Monitored(user, scratch / "distributed-deployment", SECRET)
    deployment.start()
    homes = {name: site.folder / name for name in NODES}
    ports = {name: free_port() for name in (MASTER, SATELLITE, AGENT)}
    zones = re.sub(
        r'host = "(.+?)"', lambda node: f'host = "127.0.0.1", port = {ports[node[1]]}', PAGE["/etc/icinga2/zones.conf"]
    )
    # Mostly an agent's zone has the agent's name, but it need not.
    zones = zones.replace(f'object Zone "{AGENT}"', 'object Zone "elsewhere"')
    in_icinga, in_nagios = (Pager(user, scratch / f"distributed-{name}-pager") for name in ("icinga", "nagios"))
    extra = {
        MASTER: MASTER_HAS.format(notify=in_icinga.command),
        # Where the master would look for the checks there is nothing.
        AGENT: f'const WabizPluginDir = "{homes[AGENT] / "plugins"}"\n',
    }
    nodes = {name: icinga2(extra.get(name, ""), name=name, zones=zones, port=port) for name, port in ports.items()}
    master = nodes[MASTER]
    asked = nrpe()
    reader = Reader(
        {
            "/etc/icinga2/": f"{master.folder}/conf/",
            "/srv/wheels": str(wheels),
            "/etc/ssl/wabiz/ca.pem": str(deployment.ca_file),
            r"^( +)hostname: wa\.example\.com$": rf"\1hostname: localhost\n\1port: {deployment.port}",
            "^  become: true\n": "",
            "icinga_agents": AGENT,
            "icinga_master": MASTER,
            "hostalive": "dummy",
            "interval = (1m|30s)": "interval = 1s",
            r"-H \$HOSTADDRESS\$": rf"\g<0> -p {asked.port}",
            "(?<=address {4})nrpe.example.com": "127.0.0.1",
        }
    )
    user.folder(master.folder / "conf" / "zones.d")
    for path in (path for path in PAGE if path.startswith("/etc/icinga2/zones.d/")):
        place = Path(reader.here(path))
        user.folder(place.parent)
        user.file(place, reader.read(path))
    (site.folder / "group_vars").mkdir()
    (site.folder / "group_vars" / "all.yml").write_text(reader.read("group_vars/all.yml"), encoding="utf-8")
    (site.folder / "play.yml").write_text(reader.read("icinga2.yml") + reader.read("nrpe.yml"), encoding="utf-8")

    site.add(AGENT)
    site.add(
        MASTER,
        plugin_folder=str(homes[MASTER] / "nowhere"),
        extra_opts_file=str(homes[AGENT] / "etc" / "deployments.ini"),
        icinga2_main=str(master.configuration),
        validator=master.validator(),
        reload_command=hang_up(master),
        **PACE,
    )
    # The same machine as the agent's, to install things once.
    site.add(
        NRPE,
        venv=str(homes[AGENT] / "venv"),
        plugin_folder=str(homes[AGENT] / "plugins"),
        nrpe_main=str(asked.configuration),
        nrpe_file=str(asked.include_folder / "wabiz.cfg"),
        validator=asked.validator(),
        reload_command=hang_up(asked),
    )
    for variables in site.hosts.values():
        variables["vault_wabiz_password"] = SECRET
    objects = NAGIOS_HAS.format(notify=in_nagios.command) + reader.read("/etc/nagios4/conf.d/wabiz.cfg")
    pagers = {"icinga": in_icinga, "nagios": in_nagios}
    yield Scene(site, deployment, master, nodes[SATELLITE], nodes[AGENT], nagios4(objects), asked, pagers)
    deployment.stop()


@pytest.fixture(scope="module")
def rehearsed(scene: Scene) -> Outcome:
    """The master's play in check mode, before anything is there."""
    return scene.play("--check", "--limit", MASTER)


@pytest.fixture(scope="module")
def applied(scene: Scene, rehearsed: Outcome) -> Outcome:
    """The plays, for the first time."""
    return scene.play()


@pytest.fixture(scope="module")
def started(scene: Scene, applied: Outcome) -> Iterator[Scene]:
    """The daemons, started on what the role wrote, and the configuration come to all of them."""
    assert applied.code == 0, applied.failures
    with running(scene.master, scene.satellite, scene.agent, scene.nrpe, scene.nagios):
        for node, kind, name in (
            (scene.satellite, "services", "wa-berlin!wabiz-clock"),
            (scene.agent, "checkcommands", "wabiz_clock"),
        ):
            node.wait(
                lambda: node.knows(kind, name) or None,  # noqa: B023
                lambda: f"{name} has come to {node.folder.name}",  # noqa: B023
                PATIENCE,
            )
        scene.master.wait_for("wa-berlin", "wabiz-socket", State.OK, PATIENCE)
        yield scene


def wait_for_host(master: Icinga, host: str, state: State, timeout: float = PATIENCE) -> None:
    """Wait until a host is up (OK) or down (CRITICAL), for sure."""

    def reached() -> bool | None:
        attributes = master.attributes("hosts", host)
        return (attributes["state"] == bool(state) and attributes["state_type"] == 1) or None

    master.wait(reached, lambda: f"{host} is {state.name}", timeout)


def test_in_check_mode_the_plays_change_nothing(scene: Scene, rehearsed: Outcome) -> None:
    assert rehearsed.code == 0, rehearsed.failures
    assert sorted(path.name for path in scene.zones.rglob("*")) == sorted(
        ["global-templates", "master", "templates.conf", "satellites.conf"]
    )


def test_the_master_has_the_configuration_and_neither_checks_nor_passwords(scene: Scene, applied: Outcome) -> None:
    assert applied.code == 0, applied.failures
    assert [path.name for path in (scene.site.folder / MASTER).rglob("*")] == ["plugins"]
    assert list(scene.hosts_files()) == ["berlin"]
    accepted, words = scene.master.verify()
    assert accepted, words
    assert "Instantiated 5 Services" in words
    holding = [path for path in scene.site.folder.rglob("*.ini") if SECRET in path.read_text(encoding="utf-8")]
    assert {path.relative_to(scene.site.folder).parts[0] for path in holding} == {AGENT, NRPE}
    assert SECRET not in "".join(outcome.output for outcome in scene.outcomes)


def test_a_second_run_changes_nothing(scene: Scene, applied: Outcome) -> None:
    again = scene.play("--limit", MASTER)
    assert (again.count("failed"), again.count("changed")) == ({MASTER: 0}, {MASTER: 0}), again.output


def test_the_agent_runs_the_checks_and_the_master_turns_red_and_green(started: Scene) -> None:
    master, simulator = started.master, started.deployment.simulator
    assert started.states() == WELL
    for service in SERVICES:
        result = master.attributes("services", f"wa-berlin!{service}")["last_check_result"]
        assert (result["check_source"], result["scheduling_source"]) == (AGENT, SATELLITE)
        (command,) = {word for word in result["command"] if "/check_wabiz_" in word}
        assert command.startswith(str(started.site.folder / AGENT / "plugins"))
    for scenario, service in (("disconnected", "socket"), ("low-space", "space"), ("expired", "build")):
        simulator.use(scenario)
        some = dict.fromkeys(("wabiz-socket", "wabiz-space", "wabiz-build"), State.OK)
        assert started.states(some) == {**some, f"wabiz-{service}": State.CRITICAL}
    simulator.use("healthy-single")
    assert started.states() == WELL


def test_one_cause_pages_once(started: Scene) -> None:
    master, pager = started.master, started.pagers["icinga"]
    assert started.states() == WELL
    pager.forget()
    started.deployment.stop()
    try:
        assert started.states() == BAD
        for service in SERVICES:
            master.wait_until_sure("wa-berlin", service, State.CRITICAL, PATIENCE)
        # One more check each: what was to be told has been told by then.
        assert started.states() == BAD
        assert pager.pages == ["wa-berlin wabiz-socket CRITICAL"]
    finally:
        started.deployment.start()


def test_without_the_satellite_the_master_keeps_what_it_knew_and_then_learns_what_is(started: Scene) -> None:
    master, simulator = started.master, started.deployment.simulator
    assert started.states() == WELL
    started.pagers["icinga"].forget()
    started.satellite.kill()
    wait_for_host(master, SATELLITE, State.CRITICAL)
    known = master.service("wa-berlin", "wabiz-socket")
    simulator.use("disconnected")
    master.force("wa-berlin", "wabiz-socket")
    # Several looks at the satellite later the master knows no more about the services.
    looked = master.attributes("hosts", SATELLITE)["last_check"]
    master.wait(
        lambda: master.attributes("hosts", SATELLITE)["last_check"] > looked + 3 or None,
        lambda: "the master has looked again",
        PATIENCE,
    )
    assert master.service("wa-berlin", "wabiz-socket") == known
    assert known
    assert known.state == State.OK
    assert started.pagers["icinga"].pages == [f"{SATELLITE} DOWN"]
    started.satellite.start()
    wait_for_host(master, SATELLITE, State.OK)
    # It comes by itself, too, but a check that was under way when the satellite went is awaited for a while first.
    assert started.states() == {**WELL, "wabiz-socket": State.CRITICAL}
    simulator.use("healthy-single")
    assert started.states() == WELL


def test_of_an_agent_that_is_gone_one_page_tells(started: Scene) -> None:
    master, satellite, pager = started.master, started.satellite, started.pagers["icinga"]
    wait_for_host(master, f"wabiz-{AGENT}", State.OK)
    pager.forget()
    started.agent.kill()
    started.deployment.simulator.use("disconnected")
    wait_for_host(master, f"wabiz-{AGENT}", State.CRITICAL)
    record = master.service("wa-berlin", "wabiz-socket")
    assert record
    # Icinga says that the agent is lost by itself, but not before the satellite has run for five minutes.
    assert record.state in (State.OK, State.UNKNOWN)
    lost = {"exit_status": 3, "plugin_output": f"Remote Icinga instance '{AGENT}' is not connected to '{SATELLITE}'"}
    for service in SERVICES:
        for _attempt in range(PACE["dependent_attempts"]):
            satellite.action("process-check-result", "wa-berlin", service, **lost)
    for service in SERVICES:
        master.wait_until_sure("wa-berlin", service, State.UNKNOWN, PATIENCE)
    assert pager.pages == [f"wabiz-{AGENT} DOWN"]
    started.agent.start()
    wait_for_host(master, f"wabiz-{AGENT}", State.OK)
    master.wait_for("wa-berlin", "wabiz-socket", State.CRITICAL, PATIENCE)
    started.deployment.simulator.use("healthy-single")
    assert started.states() == WELL


def test_a_deployment_without_the_zone_that_its_file_is_named_for_is_refused(started: Scene) -> None:
    before = started.hosts_files()
    outcome = started.play("--limit", MASTER, "-e", '{"wabiz_deployments": [{"name": "x", "hostname": "localhost"}]}')
    assert "wabiz-hosts.conf is named for a zone, which some deployments have not: x" in outcome.failures
    assert started.hosts_files() == before


def test_a_deployment_moves_from_zone_to_zone_in_one_run(started: Scene) -> None:
    # Somebody else has hosts in that zone, too.
    own = started.zones / "berlin" / "own.conf"
    started.site.user.file(own, 'object Host "own" { check_command = "dummy" }\n')
    moved = '{"wabiz_deployments": [{"name": "wa-berlin", "hostname": "localhost", "zone": "master"}]}'
    outcome = started.play("--limit", MASTER, "-e", moved)
    assert outcome.code == 0, outcome.failures
    assert list(started.hosts_files()) == ["master"]
    started.master.wait(lambda: started.master.knows("hosts", "own") or None, lambda: "the master knows", PATIENCE)
    assert started.master.attributes("hosts", "wa-berlin")["zone"] == "master"


def test_absent_removes_all_that_the_role_made_and_nothing_else(started: Scene) -> None:
    outcome = started.play("--limit", MASTER, state="absent")
    assert outcome.code == 0, outcome.failures
    left = sorted(str(path.relative_to(started.zones)) for path in started.zones.rglob("*.conf"))
    assert left == ["berlin/own.conf", "global-templates/templates.conf", "master/satellites.conf"]


def test_nagios_turns_red_and_green_with_what_nrpe_tells(started: Scene) -> None:
    simulator, services = started.deployment.simulator, ["wabiz-socket", "wabiz-space"]
    for scenario, states in (
        ("healthy-single", [State.OK, State.OK]),
        ("disconnected", [State.CRITICAL, State.OK]),
        ("low-space", [State.OK, State.CRITICAL]),
        ("healthy-single", [State.OK, State.OK]),
    ):
        simulator.use(scenario)
        assert started.nagios.states("wa-hamburg", services) == dict(zip(services, states, strict=True))


@pytest.mark.parametrize("gone", ["deployment", "nrpe"])
def test_one_cause_pages_once_in_nagios_too(started: Scene, gone: str) -> None:
    nagios, services = started.nagios, ["wabiz-space", "wabiz-socket"]
    assert nagios.states("wa-hamburg", services) == dict.fromkeys(services, State.OK)
    started.pagers["nagios"].forget()
    what: Monitored | Nrpe = getattr(started, gone)
    what.stop()
    try:
        assert nagios.states("wa-hamburg", services) == dict.fromkeys(services, State.CRITICAL)
        for service in services:
            nagios.wait_until_sure("wa-hamburg", service, State.CRITICAL)
        assert nagios.states("wa-hamburg", services) == dict.fromkeys(services, State.CRITICAL)
        assert started.pagers["nagios"].pages == ["wa-hamburg wabiz-socket CRITICAL"]
    finally:
        what.start()


def test_where_the_checks_are_not_run_any_more_nothing_of_them_is_left(started: Scene) -> None:
    outcome = started.play("--limit", AGENT, install=False)
    assert outcome.code == 0, outcome.failures
    assert [path.name for path in (started.site.folder / AGENT).rglob("*")] == ["plugins"]


def test_the_page_reckons_with_the_intervals_of_the_role() -> None:
    defaults = yaml.safe_load(
        (collection.ROOT / "roles" / "check_plugins" / "defaults" / "main.yml").read_text(encoding="utf-8")
    )
    pace = {
        check: 60 / defaults[f"check_plugins_{check}_interval"] for check in (*defaults["check_plugins_checks"], "all")
    }
    all_in_one = pace.pop("all")
    text = " ".join(TEXT.split())
    assert f"{sum(pace.values()):.1f} times a minute" in text
    cpu = [f"{each * 100 * cost / 60:.1f}" for each in (sum(pace.values()), all_in_one) for cost in (0.1, 0.2)]
    assert "100 deployments need {} to {} of a CPU, and {} to {} with `check_wabiz_all`".format(*cpu) in text
