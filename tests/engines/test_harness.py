# SPDX-License-Identifier: BSD-2-Clause
"""The harness tells what the engines believe: tried with a plugin whose answer is a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import distribution
import pytest
from processes import commands

from .conftest import leave_out
from .daemon import DaemonError
from .engine import Engine
from .icinga import Icinga
from .nagios import Nagios, define
from .record import State
from .user import User

ANSWER = "all is well | load=1.5;2;3;0 free=20480B;;@0:10\nsecond line"


@pytest.fixture
def answer(user: User, scratch: Path) -> Path:
    """A file with the state and the output of the plugin."""
    return user.file(scratch / "answer", f"0\n{ANSWER}\n")


@pytest.fixture
def plugin(user: User, scratch: Path, answer: Path) -> Path:
    """A plugin that prints what the file says."""
    script = user.file(scratch / "plugin", f"#!/bin/sh\ntail -n +2 {answer}\nexit $(head -n 1 {answer})\n")
    return user.own(script, 0o755)


@pytest.fixture
def in_nagios(nagios4: Callable[..., Nagios], plugin: Path) -> Iterator[Nagios]:
    """Nagios with one service, checked every second."""
    host = {"host_name": "here", "address": "127.0.0.1", "max_check_attempts": 1, "check_period": "always"}
    command = {"command_name": "told", "command_line": plugin}
    service = {
        "host_name": "here",
        "service_description": "told",
        "check_command": "told",
        "check_period": "always",
        "check_interval": 1,
        "max_check_attempts": 1,
    }
    objects = define("host", host) + define("command", command) + define("service", service)
    with nagios4(objects) as engine:
        yield engine


@pytest.fixture
def in_icinga(icinga2: Callable[..., Icinga], plugin: Path) -> Iterator[Icinga]:
    """Icinga 2 with one service, checked every second."""
    configuration = f"""
        object CheckCommand "told" {{ command = [ "{plugin}" ] }}
        object Host "here" {{ check_command = "dummy", check_interval = 1h }}
        object Service "told" {{
            host_name = "here", check_command = "told", check_interval = 1s, retry_interval = 1s, max_check_attempts = 1
        }}
    """
    with icinga2(configuration) as engine:
        yield engine


@pytest.fixture(params=["in_nagios", "in_icinga"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Engine)
    return found


def test_a_record_is_what_the_engine_made_of_the_output(engine: Engine) -> None:
    record = engine.wait_for("here", "told", State.OK)
    assert record.hard
    assert record.output.rstrip() == "all is well"
    assert record.long_output.split("\n")[0] == "second line"
    assert record.metrics == {"load": "1.5;2;3;0", "free": "20480B;;@0:10"}


def test_a_change_of_state_is_seen_by_waiting(engine: Engine, answer: Path) -> None:
    engine.wait_for("here", "told", State.OK)
    answer.write_text("2\nall is lost\n", encoding="utf-8")
    assert engine.wait_for("here", "told", State.CRITICAL).output == "all is lost"


def test_a_state_that_does_not_come_is_told_with_what_came_instead(engine: Engine) -> None:
    engine.wait_for("here", "told", State.OK)
    with pytest.raises(DaemonError, match=r"in vain until told is CRITICAL: Record\(state=<State.OK"):
        engine.wait_for("here", "told", State.CRITICAL, timeout=0.2)


def test_a_forced_check_is_a_later_one(engine: Engine) -> None:
    first = engine.wait_for("here", "told", State.OK)
    assert engine.check_now("here", "told").checked > first.checked


def test_nothing_of_an_engine_is_left_when_it_ends(engine: Engine, plugin: Path, answer: Path) -> None:
    plugin.write_text("#!/bin/sh\nsleep 600\n", encoding="utf-8")

    def family_with_plugin() -> set[int] | None:
        family = engine.processes()
        return family if any(words[:2] == ["sleep", "600"] for pid, words in commands() if pid in family) else None

    family = engine.wait(family_with_plugin, lambda: "the plugin sleeps", 30)
    engine.stop()
    assert not family & set(dict(commands()))


def test_an_engine_that_refuses_its_configuration_says_why(
    nagios4: Callable[..., Nagios], icinga2: Callable[..., Icinga]
) -> None:
    for make, nonsense in ((nagios4, "define nonsense {\n}\n"), (icinga2, "object Nonsense {}\n")):
        broken = make(nonsense)
        accepted, words = broken.verify()
        assert not accepted
        assert "nonsense" in words.lower()
        with pytest.raises(DaemonError, match=r"(?is)is not running.*nonsense"):
            broken.start()


def test_a_missing_engine_skips_a_test_and_fails_it_where_engines_are_owed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WABIZ_REQUIRE_ENGINES", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^engine missing: Nagios 4$"):
        leave_out("Nagios 4")
    monkeypatch.setenv("WABIZ_REQUIRE_ENGINES", "1")
    with pytest.raises(pytest.fail.Exception, match=r"^engine missing: Nagios 4$"):
        leave_out("Nagios 4")


def test_what_icinga_makes_of_performance_data_can_be_asked(in_icinga: Icinga) -> None:
    parsed = in_icinga.evaluate('parse_performance_data("load=1.5s;2;3;0")')
    assert (parsed["value"], parsed["unit"], parsed["warn"], parsed["crit"], parsed["min"]) == (1.5, "seconds", 2, 3, 0)


def test_what_runs_with_the_engines_rights_finds_no_home_to_leave_something_in(user: User) -> None:
    looks = "import os; print(os.path.isdir(os.path.expanduser('~')))"
    assert user.run(distribution.interpreter(user.prefix), "-I", "-c", looks).stdout == "False\n"
