# SPDX-License-Identifier: BSD-2-Clause
"""What a hostile server puts into names, versions and errors, as the engines' own parsers read it: one status line, and
the same numbers as with harmless words.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from .engine import Engine
from .icinga import Icinga
from .nagios import Nagios, define
from .record import Record, State
from .user import User

TAME = "harmless"
WORDS = {
    TAME: "wa",
    "lines": "a\nWABIZ ALL OK - fine\r\nb\x0bc\x85d\u2028e",
    "bar": "a | free_data=1B;2;3 | b",
    "quotes": "it's 'quoted' \"twice\" ''",
    "numbers": "evil=1;2;3;4;5 'x'=2s",
    "escapes": "\x1b[2J\x1b]0;title\x07\x00\x08\x7f",
    "backslashes": "a\\nb\\|c\\\\n\\x7c",
    "direction": "\u202egnol\u202d\u2066\u2067\u200f\ufeff",
    "markup": "<script>alert(1)</script><img src=x onerror=x>&lt;b&gt;",
    "macros": "$HOSTNAME$ $SERVICEOUTPUT$ $$ $host.name$ `id` $(id) %s%n {{ 7*7 }}",
    "surrogates": "\ud800\udfff",
    "thousands": "x|'=\n" * 2_000,
}
#: More than is believed of one name.
MILLIONS = "x|'=\n" * 1_200_000
#: More than a body may have.
TOO_LARGE = "x" * 10_000_000

NUMBER = re.compile(r"-?\d+(\.\d+)?(B|s|)(;.*)?")


def document(word: str) -> bytes:
    """A cluster of two nodes, one of them unreachable, whose every name and text is the word."""
    owner = {
        "role": "coreapp",
        "shards": [[-1, -1], [0, 0]],
        "socket_conn": "UP",
        "device_iso8601": "2018-06-01T00:00:00Z",
        "expire_timestamp": "2018-09-27T14:26:07",
        "free_space_data": 5 * 2**40,
        "free_space_logs": 2**29,
        "free_space_media_incoming": 9223372036853727000,
        "free_space_media_outgoing": 2**31,
    }
    short = word[:1000]
    owner |= {"version": short, "description": short, "debug_info": short, "schema": {short: short}, "lc": short}
    gone = {"errors": [{"code": 1014, "title": short, "details": short}]}
    support = {f"{word}1:c1": owner, f"{short}2:c2": gone}
    return json.dumps({"support": support, "meta": {"version": short}}).encode()


BODIES: Mapping[str, bytes] = {
    **{name: document(word) for name, word in WORDS.items()},
    "millions": document(MILLIONS),
    "too large": document(TOO_LARGE),
    "page": b"<html><title>a | b=1\n'x' $HOSTNAME$</title></html>",
    "refused": json.dumps({"errors": [{"code": 1, "title": "a | b=1;2\n", "details": "'=\\n\x1b"}]}).encode(),
}
#: What is no deployment: state and line.
REFUSED = {
    "millions": (State.UNKNOWN, "the answer says little for its size: 7212506 bytes for 37 values"),
    "too large": (State.UNKNOWN, "the answer is larger than 8 MiB"),
    "page": (State.UNKNOWN, "an HTML page came instead of JSON: it calls itself 'a / b=1 'x' $HOSTNAME$'"),
    "refused": (State.CRITICAL, "the API answered with error 1: a / b=1;2 ('=/n)"),
}


@pytest.fixture(scope="module")
def commands(user: User, scratch: Path, checks: Path) -> Mapping[str, list[str]]:
    """A check of each answer, which lies in a file."""
    found = {}
    for name, body in BODIES.items():
        file = scratch / f"{name.replace(' ', '-')}.json"
        file.write_bytes(body)
        user.own(file, 0o600)
        # The clocks are held against the file's time.
        os.utime(file, (1527811200, 1527811200))
        found[name] = [str(checks / "check_wabiz_all"), "--file", str(file), "-v"]
    return found


@pytest.fixture(scope="module")
def in_nagios(nagios4: Callable[..., Nagios], commands: Mapping[str, list[str]]) -> Iterator[Nagios]:
    """Nagios with a service for each answer."""
    objects = define("host", {"host_name": "wabiz", "max_check_attempts": 1, "check_period": "always"})
    for at, (name, command) in enumerate(commands.items()):
        service: dict[str, Any] = {"host_name": "wabiz", "service_description": name, "check_command": f"judge{at}"}
        service |= {"check_period": "always", "check_interval": 3600, "max_check_attempts": 1}
        objects += define("command", {"command_name": f"judge{at}", "command_line": " ".join(command)})
        objects += define("service", service)
    with nagios4(objects) as engine:
        yield engine


@pytest.fixture(scope="module")
def in_icinga(icinga2: Callable[..., Icinga], commands: Mapping[str, list[str]]) -> Iterator[Icinga]:
    """Icinga 2 with a service for each answer."""
    configuration = 'object Host "wabiz" { check_command = "dummy", check_interval = 1h }\n'
    for at, (name, command) in enumerate(commands.items()):
        words = ", ".join(f'"{word}"' for word in command)
        configuration += f"""
            object CheckCommand "judge{at}" {{ command = [ {words} ] }}
            object Service "{name}" {{
                host_name = "wabiz", check_command = "judge{at}", max_check_attempts = 1, check_interval = 1h
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


def read(engine: Engine, name: str) -> Record:
    """What the engine has of an answer, once it has been judged."""
    return engine.wait(lambda: engine.service("wabiz", name), lambda: f"{name} is judged", 60)


def numbers(record: Record) -> list[str]:
    """The performance data without their labels, which order them, and without the one that depends on the day."""
    return sorted(value for label, value in record.metrics.items() if not label.endswith("build_expires_in"))


@pytest.mark.parametrize("name", [name for name in WORDS if name != TAME])
def test_an_engine_reads_one_status_line_and_the_numbers_of_a_harmless_answer(engine: Engine, name: str) -> None:
    tame, record = read(engine, TAME), read(engine, name)
    assert record.state == tame.state == State.CRITICAL
    assert re.fullmatch(r"WABIZ ALL CRITICAL - [^|<>\\`\n]+", record.output.rstrip())
    assert record.output.isprintable()
    assert len(record.long_output.splitlines()) == len(tame.long_output.splitlines())
    assert all(line.isprintable() for line in record.long_output.split("\n"))
    assert numbers(record) == numbers(tame)
    assert "5497558138880B;5368709120:;1073741824:;0" in numbers(record)
    assert all(re.fullmatch(r"[\w.-]+", label, re.ASCII) for label in record.metrics)
    assert all(NUMBER.fullmatch(value) for value in record.metrics.values())
    # Engines count the pieces by blanks.
    assert len(record.perf_data.split()) == len(record.metrics) == len(tame.metrics)


@pytest.mark.parametrize("name", REFUSED)
def test_an_engine_reads_one_status_line_where_there_is_nothing_to_judge(engine: Engine, name: str) -> None:
    record = read(engine, name)
    state, line = REFUSED[name]
    assert record.state == state
    # Nagios writes a colon for a semicolon.
    assert record.output.rstrip().replace(";", ":") == f"WABIZ ALL {state.name} - {line}".replace(";", ":")
    assert record.metrics == {}
    assert record.long_output.startswith("What to do: ")
    assert len(record.long_output.splitlines()) == 1


@pytest.mark.parametrize("name", WORDS)
def test_icinga_makes_a_number_of_every_piece(in_icinga: Icinga, name: str) -> None:
    record = read(in_icinga, name)
    result = f'get_service("wabiz", "{name}").last_check_result.performance_data'
    parsed = in_icinga.evaluate(f"{result}.map(parse_performance_data)")
    assert [entry["label"] for entry in parsed] == list(record.metrics)
    assert [entry["value"] for entry in parsed if entry["label"].endswith("free_data")] == [5 * 2**40]
