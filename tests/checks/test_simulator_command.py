# SPDX-License-Identifier: BSD-2-Clause
"""The command wabiz-simulator, as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Timer

import pytest
import requests
from wabiz_monitoring.simulator.library import load_scenarios

COMMAND = [sys.executable, "-m", "wabiz_monitoring.simulator"]
READY = re.compile(r"wabiz-simulator: (?P<scenario>\S+) on (?P<url>https://localhost:\d+) \(CA (?P<ca>\S+/ca\.pem)\)\n")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False)


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    # Who waits for a line that never comes is not to wait for ever.
    watchdog = Timer(30, process.kill)
    watchdog.start()
    with process:
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def ready(process: subprocess.Popen[str]) -> re.Match[str]:
    assert process.stdout
    said = READY.fullmatch(process.stdout.readline())
    assert said
    return said


def login(url: str, ca: str, username: str, password: str) -> requests.Response:
    return requests.post(f"{url}/v1/users/login", auth=(username, password), verify=ca, timeout=10)


@pytest.mark.parametrize("library", ["starlette", "uvicorn", "trustme", "yaml"])
@pytest.mark.parametrize("entry", ["command", "module"])
def test_where_the_extra_is_not_installed_one_line_says_how_to_install_it(entry: str, library: str) -> None:
    # None in the table of modules is a library that is not there.
    start = {
        "command": "from wabiz_monitoring.simulator.__main__ import main; sys.exit(main(['--list']))",
        "module": "import runpy; runpy.run_module('wabiz_monitoring.simulator', run_name='__main__')",
    }
    code = f"import sys; sys.modules[{library!r}] = None; {start[entry]}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"wabiz-simulator: {library}")
    assert "pip install '.[simulator]'" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_one_line_when_it_is_ready_and_nothing_more_until_a_signal_ends_it(number: signal.Signals) -> None:
    with serving("--scenario", "expiring", WABIZ_SIMULATOR_PASSWORD="chosen") as process:
        said = ready(process)
        assert said["scenario"] == "expiring"
        assert login(said["url"], said["ca"], "monitor", "simulated").status_code == 401
        assert login(said["url"], said["ca"], "monitor", "chosen").status_code == 200
        process.send_signal(number)
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0
        assert not Path(said["ca"]).parent.exists()


def test_it_closes_what_clients_keep_open() -> None:
    with serving(PYTHONWARNINGS="always::ResourceWarning") as process, requests.Session() as client:
        said = ready(process)
        client.get(f"{said['url']}/v1/support", verify=said["ca"], timeout=10)
        process.terminate()
        assert process.communicate(timeout=10) == ("", "")


def test_options_choose_port_directory_user_life_and_scenarios(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("{description: x, extends: healthy-single}", encoding="utf-8")
    with serving() as process:
        # A port that was free a moment ago.
        port = ready(process)["url"].rpartition(":")[2]
    certificates = tmp_path / "certificates"
    with serving(
        *("--port", port, "--cert-dir", str(certificates), "--username", "somebody"),
        *("--token-life", "1h", "--scenarios", str(tmp_path), "--scenario", "mine"),
    ) as process:
        said = ready(process)
        assert (said["scenario"], said["url"]) == ("mine", f"https://localhost:{port}")
        assert said["ca"] == str(certificates / "ca.pem")
        answer = login(said["url"], said["ca"], "somebody", "simulated")
        assert answer.status_code == 200
        (user,) = answer.json()["users"]
        left = datetime.fromisoformat(user["expires_after"]) - datetime.now(timezone.utc)
        assert timedelta(minutes=50) < left < timedelta(minutes=61)
        scenario = requests.put(f"{said['url']}/simulator/scenario", data="low-space", verify=said["ca"], timeout=10)
        assert scenario.text == "low-space"
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert (certificates / "ca.pem").exists()


def test_the_list_names_every_scenario_and_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("{description: of my own, extends: healthy-single}", encoding="utf-8")
    done = run("--list", "--scenarios", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    listed = dict(re.split(r" {2,}", line, maxsplit=1) for line in done.stdout.splitlines())
    assert listed == {name: scenario.description for name, scenario in load_scenarios(tmp_path).items()}
    assert listed["mine"] == "of my own"


@pytest.mark.parametrize("name", ["expired", "mc4-node-unreachable"])
def test_a_printed_scenario_is_the_answer_that_would_be_served(name: str) -> None:
    done = run("--print", name)
    assert (done.returncode, done.stderr) == (0, "")
    printed = json.loads(done.stdout)
    _rest, served = load_scenarios()[name].answer(0, 0)
    assert printed["meta"] == served["meta"]
    assert list(printed["support"]) == list(served["support"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prot", "1"], "unknown option --prot; wabiz-simulator --help shows them all"),
        (["--user", "x"], "unknown option --user; wabiz-simulator --help shows them all"),
        # What was typed for a password is not repeated.
        (
            ["--password", "marked-secret"],
            "unknown option --password; the password comes from WABIZ_SIMULATOR_PASSWORD",
        ),
        (["--password=marked-secret"], "unknown option --password; the password comes from WABIZ_SIMULATOR_PASSWORD"),
        (["-pmarked-secret"], "unknown option -p; wabiz-simulator --help shows them all"),
        (["marked-secret"], "a word belongs to no option; wabiz-simulator --help shows them all"),
        (["--port"], "argument --port: expected one argument"),
        (["--port", "65536"], "argument --port: '65536' is not a port: write a number from 0 to 65535"),
        (["--port", "-1"], "argument --port: '-1' is not a port: write a number from 0 to 65535"),
        (["--port", "https"], "argument --port: 'https' is not a port: write a number from 0 to 65535"),
        (["--token-life", "7"], "argument --token-life: '7' is no length of time: write a number and s, m, h, d or w"),
        (["--token-life", "0s"], "argument --token-life: '0s' is no life at all: write a time above zero, such as 7d"),
        (["--scenario", "expird"], "there is no scenario 'expird'; did you mean 'expired'?"),
        (["--scenario", ""], "there is no scenario ''; there are clock-off, connecting,"),
        (["--print", ""], "there is no scenario ''; there are clock-off, connecting,"),
        (["--print", "expired", "--list"], "argument --list: not allowed with argument --print"),
        (["--scenarios", "nowhere"], "nowhere: no such directory"),
        (["--scenarios", "nowhere", "--list"], "nowhere: no such directory"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_status_2(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"wabiz-simulator: {said}")
    assert done.stderr.count("\n") == 1
    assert "marked-secret" not in done.stderr


def test_a_directory_that_is_not_to_be_had_is_one_line_and_exit_status_1(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("--cert-dir", str(tmp_path / "file"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"wabiz-simulator: --cert-dir {tmp_path / 'file'}: Not a directory\n"
    tmp_path.chmod(0o777)
    done = run("--cert-dir", str(tmp_path / "new"))
    assert (
        done.stderr
        == f"wabiz-simulator: --cert-dir {tmp_path / 'new'}: everybody can change it: chmod o-w {tmp_path}\n"
    )


def test_an_address_that_is_not_to_be_had_is_one_line_and_exit_status_1() -> None:
    with serving() as process:
        port = ready(process)["url"].rpartition(":")[2]
        done = run("--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"wabiz-simulator: cannot serve on 127.0.0.1 port {port}: [Errno ")
    assert done.stderr.count("\n") == 1


def test_every_option_of_the_help_is_on_the_reference_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    options = set(re.findall(r"--[a-z-]+", run("--help").stdout)) - {"--help"}
    assert options == set(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE))
