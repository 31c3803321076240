# SPDX-License-Identifier: BSD-2-Clause
"""The commands against a living API: what an engine gets to see, scenario by scenario."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from commands import Done, Runner, credentials
from documents import UNREACHABLE, cluster, multiconnect, single
from faults import FaultServer
from wabiz_monitoring._core.states import State
from wabiz_monitoring.simulator import Simulator
from wabiz_monitoring.simulator.library import load_scenarios

CHECKS = ["socket", "cluster", "space", "build", "clock"]

HEALTHY = {
    "socket": "OK - connected",
    "cluster": "OK - single node",
    "space": "OK - data 48 GiB free, logs 21 GiB free, media_incoming 35 GiB free, media_outgoing 33 GiB free",
    "build": "OK - build expires in 89.9 days, on DAY",
    "clock": "OK - clock right",
}
ROOM = (
    "OK - data 48 GiB free on wa1 master, logs 21 GiB free on wa1 master, "
    "media_incoming 35 GiB free on wa1 master, media_outgoing 33 GiB free on wa1 master"
)
HA = {
    "socket": "OK - 1 of 1 nodes that must be connected are; shard 0 owned; 3 nodes standing by",
    "cluster": "OK - high availability, 4 nodes; shard 0 owned; 1 master and 1 coreapp standing by",
    "space": ROOM,
    "build": HEALTHY["build"],
    "clock": "OK - clock of wa1 master right",
}
MC4 = {
    "socket": "OK - 5 of 5 nodes that must be connected are; shards 0-3 owned; 2 nodes standing by",
    "cluster": "OK - multiconnect, 7 nodes; shards 0-3 owned; 1 master and 1 coreapp standing by",
    "space": ROOM,
    "build": HEALTHY["build"],
    "clock": HA["clock"],
}
GONE = "wa3 cannot be reached: error 1014: Internal error (could not connect to wa3:b84d17e2c65a)"
SIX = "; 6 of 7 nodes answered"

# What each check says, and what check_wabiz_all says; `...`: the sentences of all checks, one after the other.
SCENARIOS: dict[str, tuple[dict[str, str], Any]] = {
    "healthy-single": (HEALTHY, ...),
    "connecting": (
        {**HEALTHY, "socket": "WARNING - connecting (socket_conn SC)"},
        "WARNING - socket: connecting (socket_conn SC)",
    ),
    "disconnected": (
        {**HEALTHY, "socket": "CRITICAL - disconnected (socket_conn DN)"},
        "CRITICAL - socket: disconnected (socket_conn DN)",
    ),
    "receiving-offline": (
        {**HEALTHY, "socket": "OK - connected; receiving what waited while it was offline"},
        ...,
    ),
    "unregistered": (
        {**HEALTHY, "socket": "CRITICAL - no phone number is registered"},
        "CRITICAL - socket: no phone number is registered",
    ),
    "low-space": (
        {**HEALTHY, "space": "CRITICAL - logs 812 MiB free (critical below 1 GiB)"},
        "CRITICAL - space: logs 812 MiB free (critical below 1 GiB)",
    ),
    "unlimited-space": ({**HEALTHY, "space": "OK - every volume unlimited"}, ...),
    "expiring": (
        {**HEALTHY, "build": "CRITICAL - build expires in 4.9 days, on DAY (critical below 7 d)"},
        "CRITICAL - build: build expires in 4.9 days, on DAY (critical below 7 d)",
    ),
    "expired": (
        {**HEALTHY, "build": "CRITICAL - build expired 30 days ago, on DAY"},
        "CRITICAL - build: build expired 30 days ago, on DAY",
    ),
    "clock-off": (
        {**HEALTHY, "clock": "CRITICAL - clock 6.6 minutes behind (critical beyond 300 s)"},
        "CRITICAL - clock: clock 6.6 minutes behind (critical beyond 300 s)",
    ),
    "ha-healthy": (HA, ...),
    "ha-owner-down": (
        {
            **HA,
            "socket": "CRITICAL - wa1 coreapp is disconnected (socket_conn DN); "
            "messages of the control shard and shard 0 wait",
        },
        "CRITICAL - socket: wa1 coreapp is disconnected (socket_conn DN); "
        "messages of the control shard and shard 0 wait",
    ),
    "mc4-healthy": (MC4, ...),
    "mc4-shard-unowned": (
        {**MC4, "socket": "CRITICAL - nobody owns shard 2", "cluster": "CRITICAL - nobody owns shard 2"},
        "CRITICAL - socket: nobody owns shard 2",
    ),
    "mc4-contested": (
        {
            **MC4,
            "socket": "OK - 6 of 6 nodes that must be connected are; shards 0-3 owned; 1 node standing by",
            "cluster": "CRITICAL - shard 2 owned by wa3 and wa5 at once, and 1 more problem",
        },
        "CRITICAL - cluster: shard 2 owned by wa3 and wa5 at once, and 1 more problem",
    ),
    "mc4-node-unreachable": (
        {
            "socket": f"OK - 5 of 5 nodes that must be connected are; shards 0-3 owned; 1 node standing by{SIX}",
            "cluster": f"WARNING - {GONE}, and 1 more problem",
            "space": ROOM + SIX,
            "build": HEALTHY["build"] + SIX,
            "clock": HA["clock"] + SIX,
        },
        f"WARNING - cluster: {GONE}, and 1 more problem",
    ),
    "two-primary-masters": (
        {**MC4, "cluster": "CRITICAL - 2 masters are primary: wa1 master and wa2 master, and 1 more problem"},
        "CRITICAL - cluster: 2 masters are primary: wa1 master and wa2 master, and 1 more problem",
    ),
    "skewed-versions": (
        {
            **MC4,
            "cluster": "WARNING - versions differ: 2.45.1 on the front end, wa1 coreapp and 5 more, 2.43.3 on wa4",
        },
        "WARNING - cluster: versions differ: 2.45.1 on the front end, wa1 coreapp and 5 more, 2.43.3 on wa4",
    ),
}

_NUMBER = r"-?\d+(\.\d+)?"
_RANGE = rf"@?(({_NUMBER}|~):)?({_NUMBER})?"
# As the guidelines write performance data; a label with other characters stands in quotes.
_ONE = re.compile(rf"(\w+|'[\w. -]+')={_NUMBER}(B|s|)(;{_RANGE}(;{_RANGE}(;{_NUMBER}(;{_NUMBER})?)?)?)?", re.ASCII)


def asked(monitor: Runner, simulator: Simulator, check: str, *words: str) -> Done:
    return monitor(
        f"check_wabiz_{check}", "-H", "localhost", "-p", str(simulator.port), "--ca-file", simulator.ca_file, *words
    )


def plainly(line: str) -> str:
    """A line without what depends on the moment."""
    line = re.sub(r"on \d{4}-\d\d-\d\d \d\d:\d\d UTC", "on DAY", line)
    return re.sub(
        r"(clock(?: of wa1 master)?) (?:right to the second|\d(?:\.\d)? seconds? (?:ahead|behind))", r"\1 right", line
    )


def sound(done: Done) -> None:
    """What holds for all output: one line first, performance data that an engine can parse, and nothing else."""
    assert done.err == ""
    assert done.out.endswith("\n")
    assert all(line.isprintable() for line in done.lines)
    assert not [line for line in done.lines[1:] if "|" in line]
    labels = []
    for one in done.numbers.split():
        assert _ONE.fullmatch(one), one
        labels.append(one.partition("=")[0])
    assert len(set(labels)) == len(labels)


def test_every_scenario_is_here() -> None:
    assert set(SCENARIOS) == set(load_scenarios())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_check_says_of_a_scenario_what_it_finds(scenario: str, monitor: Runner, simulator: Simulator) -> None:
    lines, whole = SCENARIOS[scenario]
    simulator.use(scenario)
    for check in CHECKS:
        done = asked(monitor, simulator, check)
        sound(done)
        assert plainly(done.first) == f"WABIZ {check.upper()} {lines[check]}"
        assert done.code == int(State[lines[check].split()[0]])
    done = asked(monitor, simulator, "all")
    sound(done)
    if whole is ...:
        whole = "OK - " + "; ".join(line.removeprefix("OK - ") for line in lines.values())
    assert plainly(done.first) == f"WABIZ ALL {whole}".replace(f"{HA['clock'][5:]}{SIX}", "clock")
    assert done.code == int(State[whole.split()[0]])


@pytest.mark.parametrize("scenario", ["healthy-single", "low-space", "mc4-contested", "mc4-node-unreachable"])
def test_json_tells_the_same_with_the_same_exit_code(scenario: str, monitor: Runner, simulator: Simulator) -> None:
    simulator.use(scenario)
    for check in [*CHECKS, "all"]:
        plain = asked(monitor, simulator, check)
        done = asked(monitor, simulator, check, "--json")
        assert done.err == ""
        told = json.loads(done.out)
        assert (told["check"], told["exit_code"], State[told["state"]]) == (check, done.code, State(done.code))
        assert done.code == plain.code
        state = told["state"]
        assert plainly(f"WABIZ {check.upper()} {state} - {told['summary']}") == plainly(plain.first)
        numbers = {
            one["label"]: one for one in [*told["metrics"], *(m for c in told["children"] for m in c["metrics"])]
        }
        labels = [one.partition("=")[0].strip("'") for one in plain.numbers.split()]
        assert sorted(numbers) == sorted(labels)


def test_one_run_of_all_asks_once(own_simulator: Simulator, runner: Runner) -> None:
    monitor = Runner(runner.home, credentials(own_simulator.username, own_simulator.password))
    asked(monitor, own_simulator, "all")
    before = own_simulator.requests
    assert asked(monitor, own_simulator, "all").code == 0
    assert (own_simulator.requests - before, own_simulator.logins) == (1, 1)


def test_the_numbers_carry_their_limits_in_base_units(monitor: Runner, simulator: Simulator) -> None:
    assert asked(monitor, simulator, "socket").numbers == "connected=1;;;0;1 expected=1;;;0"
    space = asked(monitor, simulator, "space", "-w", "logs=2GiB", "-w", "30GB", "-c", "@0:1MB").numbers
    assert space == (
        "free_data=51539607552B;30000000000:;@1000000;0 free_logs=22548578304B;2147483648:;@1000000;0 "
        "free_media_incoming=37580963840B;30000000000:;@1000000;0 "
        "free_media_outgoing=35433480192B;30000000000:;@1000000;0"
    )
    build = asked(monitor, simulator, "build", "-w", "30d", "-c", "~:").numbers
    assert re.fullmatch(r"build_expires_in=77759\d\ds;2592000:", build)


def test_a_user_name_and_an_endpoint_from_the_environment_are_enough(simulator: Simulator, runner: Runner) -> None:
    endpoint = {"WA_WEB_ENDPOINT": f"localhost:{simulator.port}"}
    done = runner(
        "check_wabiz_socket", "--ca-file", simulator.ca_file, env={**endpoint, **credentials("monitor", "simulated")}
    )
    assert (done.code, done.first) == (0, "WABIZ SOCKET OK - connected")
    done = runner("check_wabiz_socket", "--ca-file", simulator.ca_file, env=endpoint)
    assert (done.code, done.first) == (3, "WABIZ SOCKET UNKNOWN - no credentials were given (HTTP 401)")


def test_secrets_come_from_an_extra_opts_file_and_win_over_the_environment(
    simulator: Simulator, runner: Runner, tmp_path: Path
) -> None:
    ini = tmp_path / "wa.ini"
    ini.write_text(
        f"[wa1]\nurl = {simulator.url}/v1/support\nca-file = {simulator.ca_file}\n"
        "username = monitor\npassword = simulated\nstate-dir = none\n"
    )
    ini.chmod(0o600)
    for word in ("WA_WEB_PASSWORD", "NOTHING"):
        done = runner("check_wabiz_socket", f"--extra-opts=wa1@{ini}", env={word: "marked-wrong-password"})
        assert (done.code, done.lines[1:]) == (0, [])
    ini.write_text(ini.read_text().replace("password = simulated", "token = no-such-token"))
    done = runner("check_wabiz_socket", f"--extra-opts=wa1@{ini}")
    assert done.first == "WABIZ SOCKET UNKNOWN - the token given is refused (HTTP 401)"


def test_a_path_before_v1_and_headers_for_a_gateway_are_sent(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "headers").write_text("# for the gateway\nD360-API-KEY: marked-key\n\nX-Other:two words \n")
    with FaultServer(tmp_path) as server:
        words = ["--url", f"{server.url}/wa/eins/", "--ca-file", server.ca_file]
        done = runner("check_wabiz_socket", *words, "--header-file", str(tmp_path / "headers"))
        (request,) = server.received
    assert done.code == 3
    assert (request.method, request.path) == ("GET", "/wa/eins/v1/support")
    assert request.headers["d360-api-key"] == "marked-key"
    assert request.headers["x-other"] == "two words"
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "line", ["no colon marked-secret", ": marked-secret", "X Y: marked-secret", "X: märked-secret"]
)
def test_a_header_that_cannot_be_is_a_usage_error_without_its_value(line: str, runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "headers").write_text(f"X-Good: yes\n{line}\n")
    done = runner("check_wabiz_socket", "-H", "localhost", "--header-file", str(tmp_path / "headers"))
    assert (done.code, done.err, len(done.lines)) == (3, "", 1)
    assert done.first.startswith("WABIZ SOCKET UNKNOWN - usage: ")
    assert "rked-secret" not in done.out


# What a reader sees of several problems.


def saved(tmp_path: Path, body: bytes) -> list[str]:
    (tmp_path / "answer.json").write_bytes(body)
    return ["--file", str(tmp_path / "answer.json")]


def test_several_problems_are_told_worst_first_a_line_each_with_what_to_do(runner: Runner, tmp_path: Path) -> None:
    body = single(socket_conn="SC", free_space_logs=5, expire_timestamp=..., debug_info="12025550143")
    done = runner("check_wabiz_all", *saved(tmp_path, body), "--state", "missing=unknown")
    sound(done)
    assert done.code == 2
    assert done.first == "WABIZ ALL CRITICAL - space: logs 5 B free (critical below 1 GiB), and 2 more problems"
    assert [line for line in done.lines[1:] if line.startswith("[")] == [
        "[CRITICAL] space: logs 5 B free (critical below 1 GiB)",
        "[UNKNOWN] build: no expire_timestamp in the answer",
        "[WARNING] socket: connecting (socket_conn SC)",
    ]
    assert len([line for line in done.lines if line.startswith("What to do: ")]) == 3


def test_a_long_list_is_cut_and_says_so(runner: Runner, tmp_path: Path) -> None:
    nodes = multiconnect(32)
    for key in list(nodes)[2:-1]:
        nodes[key]["free_space_logs"] = 5
    words = saved(tmp_path, cluster(nodes))
    done = runner("check_wabiz_space", *words)
    sound(done)
    assert done.first == "WABIZ SPACE CRITICAL - logs 5 B free on wa2 (critical below 1 GiB), and 31 more problems"
    told = [line for line in done.lines if line.startswith("[CRITICAL] ")]
    assert (len(told), done.lines[-1]) == (20, "and 12 more problems; -v shows all")
    whole = runner("check_wabiz_space", *words, "-v")
    assert len([line for line in whole.lines if line.startswith("[CRITICAL] ")]) == 32


def test_what_is_fine_is_told_to_those_who_ask_for_more(monitor: Runner, simulator: Simulator) -> None:
    simulator.use("mc4-node-unreachable")
    assert len(asked(monitor, simulator, "socket").lines) == 1
    more = asked(monitor, simulator, "socket", "-v")
    sound(more)
    assert len(more.lines) == 7
    assert "- wa1 master: primary_master, must be connected, owns the control shard: UP" in more.lines
    assert "- wa2 master: secondary_master, stands by: DN" in more.lines
    most = asked(monitor, simulator, "socket", "-vv")
    assert f"asking {simulator.url}" in most.lines
    assert [line for line in most.lines if re.fullmatch(r"the answer has \d+ bytes, asked for at .* UTC", line)]
    assert asked(monitor, simulator, "socket", "-vvv").lines[0] == more.lines[0]


def test_it_is_said_that_a_kept_token_was_taken_and_no_password_tried(monitor: Runner, simulator: Simulator) -> None:
    said = "with the token that an earlier login was given: the password is not tried while that is taken"
    assert said not in asked(monitor, simulator, "socket", "-vv").lines
    wrong = Runner(monitor.home, {**monitor.variables, **credentials("monitor", "mistyped")})
    done = asked(wrong, simulator, "socket", "-vv")
    assert (done.code, said in done.lines) == (0, True)
    assert said not in asked(wrong, simulator, "socket", "-v").lines


def test_a_single_form_that_cannot_be_reached_is_told(runner: Runner, tmp_path: Path) -> None:
    done = runner("check_wabiz_all", *saved(tmp_path, b'{"support": ' + json.dumps(UNREACHABLE).encode() + b"}"))
    told = "the front end cannot reach its node: error 1014: Internal error (connection timed out)"
    assert (done.code, done.first) == (2, f"WABIZ ALL CRITICAL - {told}")


def test_where_no_token_can_be_kept_it_is_said_to_those_who_named_the_place(
    monitor: Runner, simulator: Simulator
) -> None:
    told = "no token is kept, and no failed login remembered: /proc/nowhere: No such file or directory"
    named = asked(monitor, simulator, "socket", "--state-dir", "/proc/nowhere")
    assert (named.code, named.lines[1:]) == (0, [told])
    homeless = Runner(monitor.home, {**monitor.variables, "XDG_STATE_HOME": "/proc"})
    assert asked(homeless, simulator, "socket").lines[1:] == []
    told = "no token is kept, and no failed login remembered: /proc/wabiz-monitoring: No such file or directory"
    assert told in asked(homeless, simulator, "socket", "-v").lines


# Around the run.


def test_an_exit_code_survives_an_output_that_nobody_reads(installed: Runner, tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_bytes(single(socket_conn="DN"))
    for closed in (">&-", "> /dev/full", "2>&-", "<&-"):
        command = f'exec "$0" --file "$1" {closed}'
        done = installed.process(
            "sh", "-c", command, str(installed.bin / "check_wabiz_socket"), str(tmp_path / "answer.json")
        )
        assert (done.code, done.err) == (2, ""), closed


def test_an_interrupted_run_is_unknown_and_says_so(installed: Runner, tmp_path: Path) -> None:
    with FaultServer(tmp_path, "says nothing to the request") as server:
        command = [str(installed.bin / "check_wabiz_socket"), "--url", server.url, "--ca-file", server.ca_file]
        environment = installed.environment({"WA_WEB_TOKEN": "marked-token"})
        run = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        until = time.monotonic() + 30
        while not server.received and time.monotonic() < until:
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=30)
    assert (run.returncode, out, err) == (3, "WABIZ SOCKET UNKNOWN - interrupted\n", "")


@pytest.mark.parametrize(
    "variables", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LC_ALL": "de_DE.UTF-8"}, {"COLUMNS": "20"}]
)
def test_neither_locale_nor_terminal_changes_a_word(
    variables: dict[str, str], installed: Runner, tmp_path: Path
) -> None:
    words = saved(tmp_path, single(socket_conn="Zürich 東京"))
    told = "in no known socket state (socket_conn Zürich 東京)"
    done = installed("check_wabiz_socket", *words, env=variables)
    assert (done.code, done.err, done.first) == (3, "", f"WABIZ SOCKET UNKNOWN - {told}")


def test_without_home_or_any_environment_a_run_is_still_a_run(simulator: Simulator) -> None:
    command = ["env", "-i", str(Runner(Path("/")).bin / "check_wabiz_socket"), "--url", simulator.url]
    done = subprocess.run(
        [*command, "--ca-file", simulator.ca_file], capture_output=True, text=True, cwd="/", check=False
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("WABIZ SOCKET UNKNOWN - no credentials were given (HTTP 401)")
