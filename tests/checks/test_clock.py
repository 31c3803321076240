# SPDX-License-Identifier: BSD-2-Clause
"""check_wabiz_clock: how far a node's clock is off, what is a time zone instead, and what our own time is."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import documents
import pytest
from clusters import notation
from commands import BIN, Done, Runner, credentials
from documents import NOW, POLICY, parse
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.limits import parse_limits
from wabiz_monitoring._core.result import Result
from wabiz_monitoring._core.states import State
from wabiz_monitoring.simulator import Simulator

OK, WARNING, CRITICAL = State.OK, State.WARNING, State.CRITICAL


class Told(NamedTuple):
    """What the node says (it is 2018-06-01T00:00:00Z), under which limits, and what is to be said of it."""

    time: str
    state: State
    sentence: str
    offset: float
    limits: tuple[str, ...] = ()


def probably(zone: str) -> str:
    return f"; probably local time, UTC{zone}, and no fault of the clock"


CLOCKS = {
    "right": Told("2018-06-01T00:00:00", OK, "clock right to the second", 0),
    "right within the second that the API tells": Told("2018-06-01T00:00:00.900", OK, "clock right to the second", 0.9),
    "a little ahead": Told("2018-06-01T00:00:45", OK, "clock 45 seconds ahead", 45),
    "a little behind": Told("2018-05-31T23:59:15", OK, "clock 45 seconds behind", -45),
    "on the warning limit, ahead": Told("2018-06-01T00:01:00", OK, "clock 1 minute ahead", 60),
    "on the warning limit, behind": Told("2018-05-31T23:59:00", OK, "clock 1 minute behind", -60),
    "past the warning limit, ahead": Told(
        "2018-06-01T00:01:01", WARNING, "clock 1 minute ahead (warning beyond 60 s)", 61
    ),
    "past the warning limit, behind": Told(
        "2018-05-31T23:58:59", WARNING, "clock 1 minute behind (warning beyond 60 s)", -61
    ),
    "on the critical limit": Told("2018-06-01T00:05:00", WARNING, "clock 5 minutes ahead (warning beyond 60 s)", 300),
    "past the critical limit, ahead": Told(
        "2018-06-01T00:05:01", CRITICAL, "clock 5 minutes ahead (critical beyond 300 s)", 301
    ),
    "past the critical limit, behind": Told(
        "2018-05-31T23:54:59", CRITICAL, "clock 5 minutes behind (critical beyond 300 s)", -301
    ),
    "years off": Told("2016-06-01T00:00:00", CRITICAL, "clock 730 days behind (critical beyond 300 s)", -730 * 86400),
    # A time that carries its zone is what it says: its offset is never explained away.
    "in UTC, and says so": Told("2018-06-01T00:00:00Z", OK, "clock right to the second", 0),
    "in a zone, and says so": Told("2018-06-01T02:00:00+02:00", OK, "clock right to the second", 0),
    "in a zone to the west, written tight": Told("2018-05-31T20:30:00-0330", OK, "clock right to the second", 0),
    "with the space and the offset of the other times of the API": Told(
        "2018-06-01 00:00:10+00:00", OK, "clock 10 seconds ahead", 10
    ),
    "two hours ahead of UTC, and says that it is UTC": Told(
        "2018-06-01T02:00:00Z", CRITICAL, "clock 2 hours ahead (critical beyond 300 s)", 7200
    ),
    "an hour off in its own zone": Told(
        "2018-06-01T03:00:00+02:00", CRITICAL, "clock 1 hour ahead (critical beyond 300 s)", 3600
    ),
    # A time without a zone is UTC; an offset like a zone's is told as one, and is a warning at the most.
    "two hours ahead": Told(
        "2018-06-01T02:00:00", WARNING, f"clock 2 hours ahead{probably('+2:00')} (warning beyond 60 s)", 7200
    ),
    "five hours and three quarters ahead": Told(
        "2018-06-01T05:45:00", WARNING, f"clock 5.7 hours ahead{probably('+5:45')} (warning beyond 60 s)", 20700
    ),
    "three hours and a half behind": Told(
        "2018-05-31T20:30:00", WARNING, f"clock 3.5 hours behind{probably('-3:30')} (warning beyond 60 s)", -12600
    ),
    "a quarter of an hour ahead": Told(
        "2018-06-01T00:15:00", CRITICAL, "clock 15 minutes ahead (critical beyond 300 s)", 900
    ),
    "a quarter of an hour behind": Told(
        "2018-05-31T23:45:00", CRITICAL, "clock 15 minutes behind (critical beyond 300 s)", -900
    ),
    "two hours and a minute ahead": Told(
        "2018-06-01T02:01:00", WARNING, f"clock 2 hours ahead{probably('+2:00')} (warning beyond 60 s)", 7260
    ),
    "two hours less a minute ahead": Told(
        "2018-06-01T01:59:00", WARNING, f"clock 1.9 hours ahead{probably('+2:00')} (warning beyond 60 s)", 7140
    ),
    "two hours and more than a minute ahead": Told(
        "2018-06-01T02:01:01", CRITICAL, "clock 2 hours ahead (critical beyond 300 s)", 7261
    ),
    "two hours less more than a minute ahead": Told(
        "2018-06-01T01:58:59", CRITICAL, "clock 1.9 hours ahead (critical beyond 300 s)", 7139
    ),
    "three hours and a half behind, and half a minute": Told(
        "2018-05-31T20:29:30", WARNING, f"clock 3.5 hours behind{probably('-3:30')} (warning beyond 60 s)", -12630
    ),
    "three hours and a half behind, and two minutes": Told(
        "2018-05-31T20:28:00", CRITICAL, "clock 3.5 hours behind (critical beyond 300 s)", -12720
    ),
    "the easternmost zone": Told(
        "2018-06-01T14:00:00", WARNING, f"clock 14 hours ahead{probably('+14:00')} (warning beyond 60 s)", 50400
    ),
    "further east than there are zones": Told(
        "2018-06-01T14:15:00", CRITICAL, "clock 14.2 hours ahead (critical beyond 300 s)", 51300
    ),
    "the westernmost zone": Told(
        "2018-05-31T12:00:00", WARNING, f"clock 12 hours behind{probably('-12:00')} (warning beyond 60 s)", -43200
    ),
    "further west than there are zones": Told(
        "2018-05-31T11:45:00", CRITICAL, "clock 12.2 hours behind (critical beyond 300 s)", -44100
    ),
    "a day ahead": Told("2018-06-02T00:00:00", CRITICAL, "clock 1 day ahead (critical beyond 300 s)", 86400),
    # Other limits: what is near enough to a zone is what would be near enough to the true time.
    "narrow limits make a narrow quarter": Told(
        "2018-06-01T02:00:20", CRITICAL, "clock 2 hours ahead (critical beyond 20 s)", 7220, ("10s", "20s")
    ),
    "and within them it is still a zone": Told(
        "2018-06-01T02:00:10",
        WARNING,
        f"clock 2 hours ahead{probably('+2:00')} (warning beyond 10 s)",
        7210,
        ("10s", "20s"),
    ),
    "a few seconds are nothing beside a zone, whatever the limits": Told(
        "2018-06-01T02:00:04",
        WARNING,
        f"clock 2 hours ahead{probably('+2:00')} (warning beyond 1 s)",
        7204,
        ("1s", "2s"),
    ),
    "limits wider than a zone": Told(
        "2018-06-01T02:00:00", OK, f"clock 2 hours ahead{probably('+2:00')}", 7200, ("1d", "2d")
    ),
    "limits wider than a quarter do not make everything a zone": Told(
        "2018-06-01T02:07:00", OK, "clock 2.1 hours ahead", 7620, ("1d", "2d")
    ),
    "one side only: late is bad": Told(
        "2018-05-31T23:59:20", CRITICAL, "clock 40 seconds behind (critical below -30 s)", -40, ("-10s:", "-30s:")
    ),
    "one side only: early is not": Told("2018-06-01T00:04:00", OK, "clock 4 minutes ahead", 240, ("-10s:", "-30s:")),
    "limits that are switched off": Told(
        "2018-06-01T02:00:00", OK, f"clock 2 hours ahead{probably('+2:00')}", 7200, ("~:", "~:")
    ),
}


def judged(body: bytes, limits: tuple[str, ...] = ()) -> Result:
    chosen = parse_limits("clock", limits[:1], limits[1:])
    return judge("clock", parse(body), POLICY._replace(limits=chosen))


@pytest.mark.parametrize("told", CLOCKS.values(), ids=CLOCKS.keys())
def test_a_clock_is_told_as_its_case_says(told: Told) -> None:
    result = judged(documents.single(device_iso8601=told.time), told.limits)

    assert result.state == told.state
    if told.state == OK:
        assert (result.findings, result.summary) == ((), told.sentence)
    else:
        (finding,) = result.findings
        assert (finding.text, finding.subject, finding.problem) == (told.sentence, "clock", None)
    (metric,) = result.metrics
    assert (metric.label, metric.value, metric.unit) == ("clock_offset", told.offset, "s")


def test_a_time_that_is_missing_or_none_is_told() -> None:
    missing = judged(documents.single(device_iso8601=...))
    wrong = judged(documents.single(device_iso8601="soon"))

    assert [(row.problem, row.text) for row in missing.findings] == [("missing", "no device_iso8601 in the answer")]
    assert [(row.problem, row.text) for row in wrong.findings] == [
        ("invalid", "device_iso8601 is 'soon' where a time such as 2018-09-27T14:26:07 belongs")
    ]
    assert missing.metrics == wrong.metrics == ()
    assert missing.summary == "no time told"


def test_each_node_of_a_cluster_has_a_clock_of_its_own_and_the_worst_is_the_summary() -> None:
    nodes = """
        wa1:m  primary    -     DN  device_iso8601=2018-06-01T00:00:05
        wa1:c  coreapp    -1,0  UP  device_iso8601=2018-05-31T23:59:10
        wa2:m  secondary  -     DN  device_iso8601=2018-05-31T22:00:00
        wa2:c  unreachable
        wa3:c  coreapp    -     DN  device_iso8601=2018-06-01T00:02:00
    """
    result = judged(documents.document(notation.nodes(nodes)))

    assert [(row.state.name, row.text, row.nodes) for row in result.findings] == [
        ("CRITICAL", "clock of wa2 master 2 hours behind (critical beyond 300 s)", ("wa2:m",)),
        ("WARNING", "clock of wa3 2 minutes ahead (warning beyond 60 s)", ("wa3:c",)),
    ]
    assert result.summary == "clock of wa2 master 2 hours behind; 4 of 5 nodes answered"
    assert {metric.label: metric.value for metric in result.metrics} == {
        "wa1_master_clock_offset": 5,
        "wa1_coreapp_clock_offset": -50,
        "wa2_master_clock_offset": -7200,
        "wa3_coreapp_clock_offset": 120,
    }


def at(moment: datetime) -> bytes:
    """An answer that was given at a moment, by a clock that was right."""
    return documents.single(device_iso8601=moment.strftime("%Y-%m-%dT%H:%M:%S"), expire_timestamp="2199-01-01T00:00:00")


def offset(done: Done) -> float:
    assert done.numbers.startswith("clock_offset=")
    return float(done.numbers.partition("=")[2].partition("s")[0])


def test_a_saved_answer_is_held_against_the_time_at_which_it_was_written(runner: Runner, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(at(NOW))
    os.utime(file, (NOW.timestamp(), NOW.timestamp()))

    right = runner("check_wabiz_clock", "--file", str(file))
    os.utime(file, (NOW.timestamp() - 400, NOW.timestamp() - 400))
    wrong = runner("check_wabiz_clock", "--file", str(file))

    assert (right.code, right.out) == (
        0,
        "WABIZ CLOCK OK - clock right to the second | clock_offset=0s;-60:60;-300:300\n",
    )
    assert (wrong.code, offset(wrong)) == (2, 400)


def test_all_leaves_the_clock_of_a_saved_answer_out_as_copying_a_file_changes_its_time(
    runner: Runner, tmp_path: Path
) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(at(NOW))

    saved = runner("check_wabiz_all", "--file", str(file))
    piped = runner("check_wabiz_all", "--file", "-", stdin=file.read_bytes())

    assert (saved.code, "clock_offset" in saved.out) == (0, False)
    assert "; clocks not judged (of a saved answer only with a limit for clock) |" in saved.out
    assert (piped.code, "clock_offset=-" in piped.out) == (2, True)


@pytest.mark.parametrize("limits", [("-w", "clock=10s", "-c", "clock=30s"), ("-w", "clock=30s"), ("-c", "clock=300s")])
def test_all_judges_the_clock_of_a_saved_answer_when_it_is_given_a_limit_for_it(
    limits: tuple[str, ...], runner: Runner, tmp_path: Path
) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(at(NOW))
    os.utime(file, (NOW.timestamp() + 400, NOW.timestamp() + 400))

    done = runner("check_wabiz_all", "--file", str(file), *limits)

    assert done.first.startswith("WABIZ ALL ")
    assert (done.code > 0, "clock 6.6 minutes behind" in done.first, "not judged" in done.out) == (True, True, False)


def test_clocks_that_all_tell_local_time_are_a_warning_and_one_that_differs_is_a_fault() -> None:
    nodes = """
        wa1:m  primary    -     DN  device_iso8601=2018-06-01T{}:00:05
        wa1:c  coreapp    -1,0  UP  device_iso8601=2018-06-01T02:00:00
        wa2:m  secondary  -     DN  device_iso8601=2018-06-01T00:00:00Z
        wa2:c  unreachable
    """
    alike, apart = (judged(documents.document(notation.nodes(nodes.format(hour)))) for hour in ("02", "00"))

    assert [(row.state.name, row.text) for row in alike.findings] == [
        ("WARNING", f"clock of wa1 {role} 2 hours ahead{probably('+2:00')} (warning beyond 60 s)")
        for role in ("master", "coreapp")
    ]
    assert [(row.state.name, row.text) for row in apart.findings] == [
        ("CRITICAL", "clock of wa1 coreapp 2 hours ahead (critical beyond 300 s)")
    ]


def test_an_answer_that_is_piped_in_was_asked_for_now(runner: Runner) -> None:
    now = datetime.now(timezone.utc)

    right = runner("check_wabiz_clock", "--file", "-", stdin=at(now))
    late = runner("check_wabiz_clock", "--file", "-", stdin=at(now - timedelta(seconds=120)))

    assert (right.code, late.code) == (0, 1)
    assert -60 < offset(right) <= 0
    assert -180 < offset(late) <= -120


def test_a_file_that_stands_for_standard_input_is_a_saved_answer_too(runner: Runner, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(at(NOW))
    os.utime(file, (NOW.timestamp(), NOW.timestamp()))

    with file.open("rb") as stdin:
        done = subprocess.run(
            [str(BIN / "check_wabiz_clock"), "--file", "-"],
            stdin=stdin,
            capture_output=True,
            env=runner.environment(),
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stdout.partition(b" | ")[0]) == (0, b"WABIZ CLOCK OK - clock right to the second")


def test_a_living_node_that_is_slow_is_told_over_https(monitor: Runner, simulator: Simulator) -> None:
    simulator.use("clock-off")

    done = monitor("check_wabiz_clock", "--url", simulator.url, "--ca-file", simulator.ca_file)

    assert (done.code, done.err) == (2, "")
    assert done.first == "WABIZ CLOCK CRITICAL - clock 6.6 minutes behind (critical beyond 300 s)"
    assert -402 < offset(done) <= -400


def test_our_time_is_that_in_the_middle_of_the_request(runner: Runner, tmp_path: Path) -> None:
    # A front end that waits 4 s for its node, and then tells the time: half of that is taken for the way there.
    (tmp_path / "slow.yml").write_text("description: slow\nextends: healthy-single\nfields: {delay: 4s}\n")
    with Simulator("slow", scenarios=tmp_path) as slow:
        done = runner(
            "check_wabiz_clock",
            *("--url", slow.url, "--ca-file", slow.ca_file),
            env=credentials(slow.username, slow.password),
        )

    # 4 s if our time were that of asking, 0 if it were that of the answer; up to a second is cut off by the API.
    assert done.code == 0
    assert 0.9 < offset(done) <= 2.1


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_the_time_zone_of_the_monitoring_host_does_not_matter(zone: str, runner: Runner, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(at(NOW))
    os.utime(file, (NOW.timestamp(), NOW.timestamp()))

    done = runner("check_wabiz_clock", "--file", str(file), env={"TZ": zone})

    assert (done.code, offset(done)) == (0, 0)


def test_a_node_in_local_time_is_told_with_a_hint_and_is_a_warning(runner: Runner) -> None:
    with Simulator("healthy-single", clock=lambda: time.time() + 7200) as local:
        done = runner(
            "check_wabiz_clock",
            *("--url", local.url, "--ca-file", local.ca_file),
            env=credentials(local.username, local.password),
        )

    assert done.code == 1
    assert done.first.endswith(f"{probably('+2:00')} (warning beyond 60 s)")
