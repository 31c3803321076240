# SPDX-License-Identifier: BSD-2-Clause
"""The checks as active services of a real engine, over HTTPS with a login: the deployment goes bad and recovers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from wabiz_monitoring.simulator import Simulator

from .engine import Engine
from .icinga import Icinga
from .nagios import Nagios, define
from .record import Record, State
from .user import User

INTERVAL = 2


@dataclass(frozen=True)
class Case:
    """A check, what goes bad, and what the engine then has of it: the outputs and the performance data are patterns."""

    scenario: str
    healthy: str
    healthy_metrics: Mapping[str, str]
    bad: str
    bad_metrics: Mapping[str, str]


SPACE = {f"free_{name}": r"\d+B;5368709120:;1073741824:;0" for name in ("data", "media_incoming", "media_outgoing")}

CASES = {
    "socket": Case(
        scenario="disconnected",
        healthy="WABIZ SOCKET OK - connected",
        healthy_metrics={"connected": "1;;;0;1", "expected": "1;;;0"},
        bad=r"WABIZ SOCKET CRITICAL - disconnected \(socket_conn DN\)",
        bad_metrics={"connected": "0;;;0;1", "expected": "1;;;0"},
    ),
    "space": Case(
        scenario="low-space",
        healthy="WABIZ SPACE OK - data 48 GiB free, logs 21 GiB free, .*",
        healthy_metrics={**SPACE, "free_logs": "22548578304B;5368709120:;1073741824:;0"},
        bad=r"WABIZ SPACE CRITICAL - logs 812 MiB free \(critical below 1 GiB\)",
        bad_metrics={**SPACE, "free_logs": "851443712B;5368709120:;1073741824:;0"},
    ),
    "build": Case(
        scenario="expired",
        healthy=r"WABIZ BUILD OK - build expires in 89\.9 days, on .* UTC",
        healthy_metrics={"build_expires_in": "77759[0-9]{2}s;2592000:;604800:"},
        bad=r"WABIZ BUILD CRITICAL - build expired 30 days ago, on .* UTC",
        bad_metrics={"build_expires_in": "-25920[0-9]{2}s;2592000:;604800:"},
    ),
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A deployment that changes when the test says so."""
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def commands(user: User, scratch: Path, checks: Path, simulator: Simulator) -> Mapping[str, list[str]]:
    """Each check's command, as an administrator writes it; the password is in a file that only the engine reads."""
    ca_file = Path(shutil.copy(simulator.ca_file, scratch / "wabiz-ca.pem"))
    user.own(ca_file, 0o644)
    section = f"[wabiz]\nusername = {simulator.username}\npassword = {simulator.password}\n"
    options = user.file(scratch / "wabiz.ini", section)
    common = ["-H", "localhost", "-p", str(simulator.port), "--ca-file", str(ca_file), f"--extra-opts=wabiz@{options}"]
    return {name: [str(checks / f"check_wabiz_{name}"), *common] for name in CASES}


@pytest.fixture(scope="module")
def in_nagios(nagios4: Callable[..., Nagios], commands: Mapping[str, list[str]]) -> Iterator[Nagios]:
    """Nagios with a service for each check."""
    objects = define("host", {"host_name": "wabiz", "max_check_attempts": 1, "check_period": "always"})
    for name, command in commands.items():
        service = {
            "host_name": "wabiz",
            "service_description": name,
            "check_command": f"wabiz_{name}",
            "check_period": "always",
            "check_interval": INTERVAL,
            "max_check_attempts": 1,
        }
        objects += define("command", {"command_name": f"wabiz_{name}", "command_line": " ".join(command)})
        objects += define("service", service)
    with nagios4(objects) as engine:
        yield engine


@pytest.fixture(scope="module")
def in_icinga(icinga2: Callable[..., Icinga], commands: Mapping[str, list[str]]) -> Iterator[Icinga]:
    """Icinga 2 with a service for each check."""
    configuration = 'object Host "wabiz" { check_command = "dummy" }\n'
    for name, command in commands.items():
        words = ", ".join(f'"{word}"' for word in command)
        configuration += f"""
            object CheckCommand "wabiz_{name}" {{ command = [ {words} ] }}
            object Service "{name}" {{
                host_name = "wabiz", check_command = "wabiz_{name}", max_check_attempts = 1
                check_interval = {INTERVAL}s, retry_interval = {INTERVAL}s
            }}
        """
    with icinga2(configuration) as engine:
        yield engine


@pytest.fixture(scope="module", params=["in_nagios", "in_icinga"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Engine)
    return found


def assert_told(record: Record, output: str, metrics: Mapping[str, str]) -> None:
    """The engine has this output and exactly these metrics."""
    assert re.fullmatch(output, record.output.rstrip()), record
    assert record.metrics.keys() == metrics.keys()
    assert not [name for name, value in metrics.items() if not re.fullmatch(value, record.metrics[name])], record


@pytest.mark.parametrize("name", CASES)
def test_a_service_goes_critical_and_recovers_with_the_deployment(
    engine: Engine, simulator: Simulator, name: str
) -> None:
    case = CASES[name]
    simulator.use("healthy-single")
    assert_told(engine.wait_for("wabiz", name, State.OK), case.healthy, case.healthy_metrics)
    simulator.use(case.scenario)
    assert_told(engine.wait_for("wabiz", name, State.CRITICAL), case.bad, case.bad_metrics)
    simulator.use("healthy-single")
    assert_told(engine.wait_for("wabiz", name, State.OK), case.healthy, case.healthy_metrics)


def test_icinga_reads_the_numbers_with_unit_and_limits(in_icinga: Icinga, simulator: Simulator) -> None:
    simulator.use("healthy-single")
    in_icinga.wait_for("wabiz", "space", State.OK)
    result = 'get_service("wabiz", "space").last_check_result.performance_data'
    parsed = in_icinga.evaluate(f"{result}.map(parse_performance_data)")
    assert [(entry["label"], entry["unit"], entry["min"]) for entry in parsed] == [
        (f"free_{name}", "bytes", 0) for name in ("data", "logs", "media_incoming", "media_outgoing")
    ]
    assert [entry["value"] for entry in parsed if entry["label"] == "free_logs"] == [22548578304]


def test_a_check_uses_the_login_of_an_earlier_one(engine: Engine, simulator: Simulator) -> None:
    before = simulator.logins
    for name in CASES:
        engine.check_now("wabiz", name)
    assert simulator.logins == before
