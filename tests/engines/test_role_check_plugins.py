# SPDX-License-Identifier: BSD-2-Clause
"""The role check_plugins over hosts with Nagios, Icinga 2 and NRPE: from nothing to services that turn red and green.

The tests follow one site through its life, in the order in which they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from processes import commands

from .engine import Engine
from .icinga import Icinga
from .monitored import Monitored
from .nagios import Nagios, define
from .nrpe import Nrpe
from .pager import Pager
from .record import State
from .site import Outcome, Site, leading_to_icinga2, leading_to_nagios, leading_to_nrpe
from .site import running as run_engines
from .user import User

SECRET = "Wolkenkuckucksheim"
CHECKS = ("socket", "cluster", "space", "build", "clock")

#: A pattern with everything that Nagios, NRPE, a shell or Icinga would make something of.
PATTERN = r"""wa[!1]*;$HOME$ARG1$ \n 'x' "y" & | > `z` # % {main}"""

#: Times in seconds: what is well is checked when a test asks for it, what is bad every second until the engine is sure.
PACE = {
    **{f"{check}_interval": 3600 for check in (*CHECKS, "all")},
    "retry_interval": 1,
    "attempts": 2,
    "dependent_attempts": 8,
    "nagios_interval_length": 1,
}


@dataclass
class Scene:
    """A site, what it watches, and the engines of its hosts."""

    site: Site
    berlin: Monitored
    nagios: Nagios
    icinga2: Icinga
    nrpe: Nrpe
    pagers: dict[str, Pager]
    outcomes: list[Outcome] = field(default_factory=list)

    def deployments(self) -> list[dict[str, Any]]:
        """What the role is told to watch."""
        common = {"username": "monitor", "password": SECRET, "ca_file": str(self.berlin.ca_file)}
        return [
            {"name": "berlin", "hostname": "localhost", "port": self.berlin.port, **common},
            {
                "name": "gateway",
                "url": f"https://localhost:{self.berlin.port}/",
                "checks": ["all"],
                "limits": {"space": {"warning": ["10GiB", "logs=2GiB"]}, "clock": {"warning": "-90s:90s"}},
                "ignore_nodes": PATTERN,
                **common,
            },
        ]

    def play(self, *arguments: str, **variables: Any) -> Outcome:
        """Run the role, as talkative as it can be."""
        outcome = self.site.play("-vvv", "--diff", *arguments, **{"deployments": self.deployments(), **variables})
        self.outcomes.append(outcome)
        return outcome

    def hosts(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """The hosts and their variables."""
        return self.site.hosts.items()

    def files(self) -> dict[str, bytes]:
        """What the engines are configured with, by the role and by others."""
        folders = (Path(self.site.hosts["nagios"]["check_plugins_nagios_file"]).parent, self.icinga2.folder / "conf")
        found = [path for folder in (*folders, self.nrpe.include_folder) for path in folder.rglob("*")]
        return {str(path): path.read_bytes() for path in found if path.is_file()}


NAGIOS = """\
define contact {
    contact_name                  operator
    host_notification_options     n
    service_notification_options  w,u,c,r
    host_notification_period      always
    service_notification_period   always
    host_notification_commands    silence
    service_notification_commands notify
}
define contactgroup {
    contactgroup_name operators
    members           operator
}
define host {
    name                  generic-host
    check_period          always
    notification_period   always
    notification_interval 0
    register              0
}
define service {
    name                  generic-service
    check_period          always
    notification_period   always
    notification_interval 0
    register              0
}
define host {
    use                generic-host
    host_name          other
    max_check_attempts 1
}
define service {
    use                 generic-service
    host_name           other
    service_description own
    check_command       silence
    check_interval      3600
    max_check_attempts  1
}
"""

ICINGA = """\
object NotificationComponent "notification" {}
template Host "generic-host" { check_command = "dummy" }
template Service "generic-service" {}
object User "operator" {}
apply Notification "operator" to Service {
    command = "notify"
    users = [ "operator" ]
    interval = 0
    assign where service.vars.wabiz_check
}
include_recursive "conf.d"
"""


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
    """Hosts on which nothing of ours is yet; each gets the distribution by a way of its own."""
    (wheel,) = wheels.glob("wabiz_monitoring-*.whl")
    version = wheel.name.split("-")[1]
    offline = ["--no-index", "--find-links", str(wheels)]

    conf_d = user.folder(scratch / "nagios-conf.d")
    in_nagios = Pager(user, scratch / "nagios-pager")
    told = "$SERVICEDESC$ $SERVICESTATE$ $NOTIFICATIONTYPE$"
    objects = NAGIOS + define(
        "command", {"command_name": "notify", "command_line": f"{in_nagios.command} $HOSTNAME$ {told}"}
    )
    engine = nagios4(objects, cfg_dir=str(conf_d))
    site.add(
        "nagios",
        engine="nagios",
        wheel_folder=str(wheels),
        nagios_contact_groups=["operators"],
        **leading_to_nagios(engine, conf_d),
    )

    in_icinga = Pager(user, scratch / "icinga-pager")
    words = '"$host.name$", "$service.name$", "$service.state$", "$notification.type$"'
    command = f'object NotificationCommand "notify" {{ command = [ "{in_icinga.command}", {words} ] }}\n'
    icinga_engine = icinga2(ICINGA + command)
    icinga_conf_d = user.folder(icinga_engine.folder / "conf" / "conf.d")
    site.add(
        "icinga2",
        engine="icinga2",
        wheel=str(wheel),
        pip_arguments=offline,
        **leading_to_icinga2(icinga_engine, icinga_conf_d),
    )

    nrpe_engine = nrpe()
    site.add(
        "nrpe",
        engine="nrpe",
        package="wabiz-monitoring",
        version=version,
        pip_arguments=offline,
        **leading_to_nrpe(nrpe_engine),
    )
    for variables in site.hosts.values():
        variables.update({f"check_plugins_{name}": value for name, value in PACE.items()})
    berlin = Monitored(user, scratch / "berlin", SECRET)
    berlin.start()
    yield Scene(site, berlin, engine, icinga_engine, nrpe_engine, {"nagios": in_nagios, "icinga2": in_icinga})
    berlin.stop()


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def rehearsed(scene: Scene) -> tuple[Outcome, list[str], list[str]]:
    """The role in check mode on hosts without anything, and what was there before and after."""
    before = [name for host in scene.site.hosts for name in listing(scene.site.folder / host)] + sorted(scene.files())
    outcome = scene.play("--check")
    after = [name for host in scene.site.hosts for name in listing(scene.site.folder / host)] + sorted(scene.files())
    return outcome, before, after


@pytest.fixture(scope="module")
def applied(scene: Scene, rehearsed: object) -> Outcome:
    """The role, for the first time."""
    return scene.play()


@pytest.fixture(scope="module")
def running(scene: Scene, applied: Outcome) -> Iterator[Scene]:
    """The engines, started on what the role wrote."""
    assert applied.code == 0, applied.failures
    with run_engines(scene.nagios, scene.icinga2, scene.nrpe):
        yield scene


@pytest.fixture(params=["nagios", "icinga2"])
def engine(request: pytest.FixtureRequest, running: Scene) -> Engine:
    """Each engine that schedules by itself, in turn."""
    found = getattr(running, request.param)
    assert isinstance(found, Engine)
    return found


def test_check_mode_on_an_empty_host_says_what_it_would_do_and_does_nothing(
    rehearsed: tuple[Outcome, list[str], list[str]],
) -> None:
    outcome, before, after = rehearsed
    assert outcome.code == 0, outcome.failures
    assert after == before
    assert outcome.output.count("would be installed into") == 3
    for line in ("+define host {", '+object Host "berlin" {', "+command[check_wabiz_berlin_socket]="):
        assert line in outcome.output


def test_check_mode_where_not_even_an_engine_is_tells_what_is_missing_and_does_not_fail(scene: Scene) -> None:
    nowhere = scene.site.folder / "nowhere"
    paths = [f"{engine}_{file}" for engine in ("nagios", "nrpe") for file in ("main", "file")]
    paths += ["icinga2_main", "icinga2_commands_file", "icinga2_services_file", "icinga2_hosts_file"]
    paths += ["venv", "plugin_folder", "folder", "state_folder"]
    places = {path: str(nowhere / path / "x") for path in paths}
    outcome = scene.play("--check", user="nobody-of-that-name", group="none-of-that-name", **places)
    assert outcome.code == 0, outcome.failures
    assert outcome.output.count(f"{places['plugin_folder']} is not there; install the engine first") == 3
    for line in ("+define host {", '+object Host "berlin" {', "+command[check_wabiz_berlin_socket]="):
        assert line in outcome.output
    assert not nowhere.exists()


def test_the_role_installs_the_same_from_a_folder_of_wheels_a_wheel_and_a_package(
    scene: Scene, applied: Outcome
) -> None:
    assert applied.code == 0, applied.failures
    for _name, variables in scene.hosts():
        links = sorted(Path(variables["check_plugins_plugin_folder"]).iterdir())
        assert [link.name for link in links] == sorted(f"check_wabiz_{check}" for check in (*CHECKS, "all"))
        told = scene.site.user.run(links[0], "-V")
        assert (told.returncode, told.stdout.split()[0]) == (3, links[0].name), told


def test_a_second_run_changes_nothing(scene: Scene, applied: Outcome) -> None:
    again = scene.play()
    assert again.count("changed") == {"nagios": 0, "icinga2": 0, "nrpe": 0}, again.output
    assert again.count("failed") == {"nagios": 0, "icinga2": 0, "nrpe": 0}


def states(engine: Engine, checks: Iterable[str] = CHECKS) -> dict[str, State]:
    """What the engine now says of the deployment, check by check."""
    found = engine.states("berlin", [f"wabiz-{check}" for check in checks])
    return {service.removeprefix("wabiz-"): state for service, state in found.items()}


def test_services_turn_red_and_green_with_the_deployment(engine: Engine, running: Scene) -> None:
    well = dict.fromkeys(CHECKS, State.OK)
    simulator = running.berlin.simulator
    simulator.use("healthy-single")
    assert states(engine) == well
    for check, scenario in (("socket", "disconnected"), ("space", "low-space"), ("build", "expired")):
        simulator.use(scenario)
        assert states(engine, ["socket", "space", "build"]) == {
            **dict.fromkeys(("socket", "space", "build"), State.OK),
            check: State.CRITICAL,
        }
    simulator.use("healthy-single")
    assert states(engine) == well


def test_check_nrpe_sees_the_deployment_turn_red_and_green(running: Scene) -> None:
    for scenario, state in (("healthy-single", State.OK), ("expired", State.CRITICAL), ("healthy-single", State.OK)):
        running.berlin.simulator.use(scenario)
        record = running.nrpe.ask("check_wabiz_berlin_build")
        assert record.state == state
        assert record.output.startswith(f"WABIZ BUILD {state.name} - build expire")
        assert list(record.metrics) == ["build_expires_in"]


def test_one_login_serves_all_checks_of_a_host(running: Scene) -> None:
    running.nrpe.ask("check_wabiz_berlin_socket")
    before = running.berlin.simulator.logins
    for check in CHECKS:
        assert running.nrpe.ask(f"check_wabiz_berlin_{check}").state == State.OK
    assert running.berlin.simulator.logins == before


def test_no_command_line_of_a_running_check_has_the_password(running: Scene) -> None:
    def run_checks() -> None:
        for check in CHECKS:
            for engine in (running.nagios, running.icinga2):
                engine.force("berlin", f"wabiz-{check}")
        for check in CHECKS:
            running.nrpe.ask(f"check_wabiz_berlin_{check}")

    plugins = {each["check_plugins_plugin_folder"]: host for host, each in running.hosts()}
    seen: set[str] = set()
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(run_checks)
        while not asking.done() or seen != set(plugins.values()):
            for _name, words in commands():
                seen.update(host for folder, host in plugins.items() if any(folder in word for word in words))
                assert SECRET not in " ".join(words)


@pytest.fixture
def recorder(running: Scene) -> Iterator[Path]:
    """A plugin in the place of check_wabiz_all, on each host, that keeps the words of its command line in a folder."""
    folder = running.site.user.folder(running.site.folder / "words")
    places = {host: Path(each["check_plugins_plugin_folder"], "check_wabiz_all") for host, each in running.hosts()}
    links = {place: place.readlink() for place in places.values()}
    for host, place in places.items():
        script = f"""#!/bin/sh\nprintf '%s\\n' "$@" >{folder / host}.new && mv {folder / host}.new {folder / host}\n"""
        running.site.user.own(running.site.user.file(place.with_suffix(".new"), script), 0o755).replace(place)
    yield folder
    for place, link in links.items():
        place.unlink()
        place.symlink_to(link)


def test_what_a_check_is_told_reaches_it_word_for_word(running: Scene, recorder: Path) -> None:
    running.nrpe.ask("check_wabiz_gateway_all")
    for engine in (running.nagios, running.icinga2):
        engine.check_now("gateway", "wabiz-all")
    judgement = ["--warning=space=10GiB", "--warning=logs=2GiB", "--warning=clock=-90s:90s", f"--ignore-node={PATTERN}"]
    for host in ("nagios", "nrpe"):
        assert (recorder / host).read_text(encoding="utf-8").splitlines()[1:] == judgement
    # Icinga 2 gives an option and its value in two words.
    words = (recorder / "icinga2").read_text(encoding="utf-8").splitlines()
    assert set(judgement) <= {"=".join(pair) for pair in pairwise(words)}


def test_one_cause_pages_once(running: Scene) -> None:
    engines = {"nagios": running.nagios, "icinga2": running.icinga2}
    for name, engine in engines.items():
        assert states(engine) == dict.fromkeys(CHECKS, State.OK)
        running.pagers[name].forget()
    running.berlin.stop()
    for engine in engines.values():
        # The service that speaks for all is the last one to find out.
        assert states(engine, CHECKS[::-1]) == dict.fromkeys(CHECKS, State.CRITICAL)
    for engine in engines.values():
        for check in CHECKS:
            engine.wait_until_sure("berlin", f"wabiz-{check}", State.CRITICAL)
        # One more check each: what was to be told has been told by then.
        assert states(engine) == dict.fromkeys(CHECKS, State.CRITICAL)
    told = {name: pager.pages for name, pager in running.pagers.items()}
    running.berlin.start()
    assert {name: [line.split()[:3] for line in lines] for name, lines in told.items()} == {
        name: [["berlin", "wabiz-socket", "CRITICAL"]] for name in engines
    }


def test_a_hostile_name_is_refused_before_anything_is_changed(running: Scene) -> None:
    before = running.files()
    named = [
        *running.deployments(),
        {"name": "x!;`reboot`", "hostname": "localhost", "password": SECRET, "username": "monitor"},
        {"name": "y", "hostname": "localhost", "limits": {"space": {"warning": "10Gib"}}},
    ]
    outcome = running.play(deployments=named)
    assert outcome.count("failed") == {"nagios": 1, "icinga2": 1, "nrpe": 1}
    assert "deployment 'x!;`reboot`': name: " in outcome.failures
    assert "deployment 'y': limits: warning 10Gib: 'Gib' is no unit here" in outcome.failures
    assert running.files() == before


def test_what_an_engine_refuses_never_replaces_what_works(running: Scene) -> None:
    before = running.files()
    broken = {"nagios_extra": "define nonsense {\n}", "icinga2_extra": "object Nonsense {}", "nrpe_extra": "nonsense"}
    more = [*running.deployments(), {"name": "hamburg", "hostname": "hamburg.example.com"}]
    outcome = running.play(deployments=more, **broken)
    assert outcome.count("failed") == {"nagios": 1, "icinga2": 1, "nrpe": 1}
    assert outcome.failures.count("refuses the configuration: nothing was changed") == 3
    assert running.files() == before
    for engine in (running.nagios, running.icinga2):
        assert states(engine, ["socket"]) == {"socket": State.OK}
    assert running.nrpe.ask("check_wabiz_berlin_socket").state == State.OK


def test_a_file_that_the_engine_would_never_read_is_no_success(running: Scene) -> None:
    elsewhere = running.icinga2.folder / "conf" / "elsewhere.conf"
    outcome = running.play("--limit", "icinga2", icinga2_hosts_file=str(elsewhere))
    assert f"does not lead to {elsewhere}, so the engine would never read it" in outcome.failures
    assert not elsewhere.exists()


@pytest.mark.soak
def test_a_virtual_environment_that_an_upgrade_has_left_behind_is_made_anew(running: Scene) -> None:
    venv = Path(running.site.hosts["nrpe"]["check_plugins_venv"])
    (packages,) = (venv / "lib").glob("python3.*")
    # As when the Python that it was made with is another one now.
    packages.rename(packages.with_name("python3.0"))
    assert running.nrpe.ask("check_wabiz_berlin_socket").state == State.UNKNOWN
    outcome = running.play("--limit", "nrpe")
    assert outcome.code == 0, outcome.failures
    assert running.nrpe.ask("check_wabiz_berlin_socket").state == State.OK
    assert not packages.with_name("python3.0").exists()


def test_a_new_deployment_is_watched_after_the_play(running: Scene) -> None:
    more = {**running.deployments()[0], "name": "bremen"}
    outcome = running.play(deployments=[*running.deployments(), more])
    assert outcome.code == 0, outcome.failures
    for engine in (running.nagios, running.icinga2):
        wait_until_known(engine, "bremen")
        assert engine.check_now("bremen", "wabiz-socket").state == State.OK

    # It reads its files anew at its own pace.
    def answered() -> bool | None:
        return running.nrpe.ask("check_wabiz_bremen_socket").state == State.OK or None

    running.nrpe.wait(answered, lambda: "bremen is known", 60)


def wait_until_known(engine: Engine, host: str) -> None:
    """Wait until the engine has read its configuration anew."""

    def known() -> bool | None:
        if isinstance(engine, Nagios):
            return host in {block["host_name"] for block in engine.statuses("servicestatus")} or None
        try:
            engine.service(host, "wabiz-socket")
        except OSError:
            return None
        return True

    engine.wait(known, lambda: f"{host} is known", 60)


def test_what_somebody_else_needs_is_not_removed(running: Scene) -> None:
    own = Path(running.site.hosts["nagios"]["check_plugins_nagios_file"]).parent / "own.cfg"
    own.write_text(define("hostgroup", {"hostgroup_name": "mine", "members": "berlin"}), encoding="utf-8")
    before = running.files()
    outcome = running.play("--limit", "nagios", state="absent")
    assert "Could not find any host matching 'berlin'" in outcome.failures
    assert running.files() == before
    own.unlink()


def test_the_password_is_in_one_file_that_others_cannot_read(running: Scene) -> None:
    for _name, variables in running.hosts():
        holding = [path for path in Path(variables["check_plugins_folder"]).parent.rglob("*") if holds_secret(path)]
        assert holding == [Path(variables["check_plugins_folder"]) / "deployments.ini"]
        assert holding[0].stat().st_mode & 0o777 == 0o640
    engines = (running.nagios, running.icinga2, running.nrpe)
    assert not [path for engine in engines for path in engine.folder.rglob("*") if holds_secret(path)]
    assert not [path for path in running.site.home.rglob("*") if holds_secret(path)]


def holds_secret(path: Path) -> bool:
    return path.is_file() and not path.is_fifo() and SECRET.encode() in path.read_bytes()


@pytest.mark.soak
def test_two_thousand_deployments_are_written_in_one_run_and_accepted(running: Scene) -> None:
    common = {"checks": [*CHECKS, "all"], "limits": {"space": {"warning": ["10GiB", "logs=2GiB"], "critical": "1GiB"}}}
    many = [{"name": f"wa{n:04}", "hostname": f"wa{n:04}.example.com", **common} for n in range(2000)]
    # The engines that run are to go on with what they have.
    outcome = running.site.play(
        "--limit", "nagios,icinga2", deployments=many, remove_many=True, reload_command=["true"]
    )
    assert outcome.code == 0, outcome.failures
    for engine, told in ((running.nagios, "Checked 12001 services"), (running.icinga2, "Instantiated 12000 Services")):
        accepted, words = engine.verify()
        assert accepted, words
        assert told in words


def test_absent_removes_all_that_the_role_made_and_nothing_else(running: Scene) -> None:
    others = {path for path in running.files() if "wabiz" not in Path(path).name}
    for place in ("etc/ca.pem", "plugins/check_own", "state/own"):
        (running.site.folder / "nrpe" / place).write_text("somebody else's", encoding="utf-8")
    outcome = running.play(state="absent")
    assert outcome.code == 0, outcome.failures
    assert set(running.files()) == others
    left = {host: listing(running.site.folder / host) for host in running.site.hosts}
    others_own = ["etc", "etc/ca.pem", "plugins", "plugins/check_own", "state", "state/own"]
    assert left == {"nagios": ["plugins"], "icinga2": ["plugins"], "nrpe": others_own}
    again = running.play("--limit", "nrpe", state="absent")
    assert again.count("changed") == {"nrpe": 0}, again.output


def test_the_password_is_in_no_output_of_any_run(scene: Scene) -> None:
    assert len(scene.outcomes) >= 9
    assert not [outcome.output for outcome in scene.outcomes if SECRET in outcome.output]
