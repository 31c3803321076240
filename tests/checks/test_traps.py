# SPDX-License-Identifier: BSD-2-Clause
"""Traps of the libraries and of the language that others have fallen into: here they stay closed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from commands import Done, Runner, credentials, in_time
from documents import POLICY, cluster, high_availability, parse, single
from faults import SUPPORT, TOKEN, Fault, FaultServer, Wire, usual
from proxy import Proxy
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.result import Metric, Result
from wabiz_monitoring._core.text import say
from wabiz_monitoring.plugin.lines import lines
from wabiz_monitoring.simulator import Simulator

PASSWORD = "marked-password"
FRESH = {"expire_timestamp": "2199-01-01T00:00:00"}


def judged(runner: Runner, check: str, body: bytes, *words: str) -> Done:
    done = runner(f"check_wabiz_{check}", "--file", "-", *words, stdin=body)
    assert done.err == ""
    return done


# nagiosplugin 1.4.


def test_a_negative_number_without_a_threshold_is_no_alert(runner: Runner) -> None:
    body = single(expire_timestamp="2018-01-01T00:00:00")
    done = judged(runner, "build", body, "-w", "~:", "-c", "~:", "--state", "expired=ok")
    assert done.code == 0
    assert done.numbers.startswith("build_expires_in=-")
    assert done.numbers.endswith("s")


def test_a_number_that_is_none_passes_no_range(runner: Runner) -> None:
    for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"):
        done = judged(runner, "space", single(free_space_logs=0).replace(b'logs": 0', b'logs": ' + number))
        assert done.code == 3, number
        assert done.first.startswith("WABIZ SPACE UNKNOWN - ")
        assert "nan" not in done.numbers.lower()
        assert "inf" not in done.numbers.lower()


def test_a_limit_of_nothing_is_a_limit(runner: Runner) -> None:
    late = judged(runner, "clock", single(), "-c", "0")
    assert (late.code, late.numbers.split(";")[1:]) == (2, ["", "0"])
    full = judged(runner, "space", single(free_space_logs=0), "-c", "@0", "-w", "~:")
    assert (full.code, full.first) == (2, "WABIZ SPACE CRITICAL - logs 0 B free (critical within nothing to 0 B)")


def test_an_outage_outranks_what_is_unknown_and_that_a_warning(runner: Runner) -> None:
    for word, code, name in (("DN", 2, "CRITICAL"), ("SC", 3, "UNKNOWN"), ("UP", 3, "UNKNOWN")):
        done = judged(runner, "all", single(**FRESH, device_iso8601=..., socket_conn=word))
        assert done.code == code
        assert done.first.startswith(f"WABIZ ALL {name} - ")


def test_numbers_are_digits_however_the_server_writes_them(runner: Runner) -> None:
    body = single(free_space_logs=4.0e18, free_space_data=5.4e10, multi_connect=True)
    done = judged(runner, "space", body)
    assert "free_logs=4000000000000000000B;" in done.numbers
    assert "free_data=54000000000B;" in done.numbers
    assert "True" not in judged(runner, "socket", body).numbers


def test_every_number_is_written_in_digits() -> None:
    numbers = [9.2e18, 1e-7, True, -396.0, 0.25, 2**63]
    result = Result("space", say("x"), metrics=tuple(Metric(f"m{at}", number) for at, number in enumerate(numbers)))
    shown = lines(result, 0)[0].partition(" | ")[2].split()
    assert shown == ["m0=9200000000000000000", "m1=0", "m2=1", "m3=-396", "m4=0.25", "m5=9223372036854775808"]


def test_neither_line_breaks_nor_pipes_of_the_server_reach_the_output(runner: Runner) -> None:
    evil = "a\nb\r\nc | evil=1;2 <script>\u2028\u202e\x1b[31m\ud800"
    for field in ("socket_conn", "version", "description", "debug_info", "expire_timestamp", "free_space_logs", "role"):
        for check in ("socket", "space", "build", "clock", "all", "cluster"):
            for words in ((), ("-vv",)):
                done = judged(runner, check, single(**{**FRESH, field: evil}), *words)
                assert done.code in (0, 2, 3)
                assert all(line.isprintable() for line in done.lines)
                assert not [line for line in done.lines[1:] if "|" in line]
                assert "evil" not in done.numbers


def test_hosts_with_odd_names_make_labels_that_engines_can_read(runner: Runner) -> None:
    names = ["wa'1=x", "wa|2\n", "wa 3;4", "東京"]
    nodes = dict(zip((f"{name}:c" for name in names), high_availability().values(), strict=True))
    done = judged(runner, "space", cluster(nodes), "-v")
    assert done.code == 0
    labels = {one.partition("=")[0] for one in done.numbers.split(" ")}
    assert {label for label in labels if label.endswith("free_logs")} == {
        "wa_1_x_master_free_logs",
        "wa_2U_000A_master_free_logs",
        "wa_3_4_coreapp_free_logs",
        "U_6771U_4EAC_coreapp_free_logs",
    }


def test_two_results_in_one_process_do_not_mix() -> None:
    bad = judge("socket", parse(single(socket_conn="DN")), POLICY)
    good = judge("socket", parse(single()), POLICY)
    alone = lines(good, 0)
    lines(bad, 3)
    assert lines(good, 0) == alone == ["WABIZ SOCKET OK - connected | connected=1;;;0;1 expected=1;;;0"]


# A library that is missing or broken: UNKNOWN in one line, not WARNING in a traceback.

BROKEN = {
    "missing": "raise ModuleNotFoundError(\"No module named '{0}'\", name='{0}')",
    "too old": "raise ImportError('cannot import name x')",
    "not Python": "this is no Python",
    "leaving": "raise SystemExit(0)",
    "talkative": "import sys; print('noise', file=sys.stderr) if 0 else None; raise RuntimeError('a | b\\n' * 9)",
    "interrupted": "raise KeyboardInterrupt",
}


@pytest.mark.parametrize("library", ["requests", "urllib3", "nagiosplugin", "argparse", "json", "ssl"])
@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_library_ends_in_unknown(how: str, library: str, runner: Runner, tmp_path: Path) -> None:
    (tmp_path / f"{library}.py").write_text(BROKEN[how].format(library))
    # In front of everything, as a stray file in the working directory would be.
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from wabiz_monitoring.check_socket import main; main()"
    for words in (["-H", "localhost", "-p", "1"], ["-H", "localhost", "-p", "1", "-vvv"]):
        done = runner.python(code, *words, env={"WA_WEB_TOKEN": "marked-token"})
        assert (done.code, done.err) == (3, ""), done
        if how == "interrupted":
            assert done.out == "WABIZ SOCKET UNKNOWN - interrupted\n"
        else:
            assert done.first.startswith("WABIZ SOCKET UNKNOWN - internal error: ")
            assert f" in the library {library} ({tmp_path / library}.py:1)" in done.first
        if how == "missing":
            assert f"({library} is not installed)" in done.first
        assert "|" not in done.out
        assert "marked-token" not in done.out
        if words[-1] != "-vvv":
            assert len(done.lines) == 1


@pytest.mark.parametrize(
    ("library", "text"),
    [
        ("urllib3", "import urllib3.exceptions; del urllib3.exceptions.NameResolutionError"),
        ("requests", "import requests.adapters; del requests.adapters.HTTPAdapter"),
    ],
)
def test_a_library_of_another_version_is_named(library: str, text: str, runner: Runner) -> None:
    code = f"{text}; from wabiz_monitoring.check_socket import main; main()"
    done = runner.python(code, "-H", "localhost", "-p", "1", env={"WA_WEB_TOKEN": "marked-token"})
    assert (done.code, done.err, len(done.lines)) == (3, "", 1)
    assert re.search(rf"AttributeError in the library {library} \(/\S+/{library}/\w+\.py\)", done.first), done


def test_warnings_of_libraries_disturb_nobody(installed: Runner, tmp_path: Path) -> None:
    # urllib3 has one for every request without verification.
    with FaultServer(tmp_path) as server:
        for how in ("always", "error", "default"):
            env = {**credentials("monitor", PASSWORD), "PYTHONWARNINGS": how}
            done = installed("check_wabiz_socket", "--url", server.url, "--insecure", "--state-dir", "none", env=env)
            assert (done.code, done.err) == (0, "")


# The time limit.

# A resolver that never answers: a call into C that hangs, and no handler of a signal runs until it returns.
HANGING = """
import os, socket
reader, writer = os.pipe()
def getaddrinfo(*args, **more):
    while True:
        os.read(reader, 1)
socket.getaddrinfo = getaddrinfo
from wabiz_monitoring.check_socket import main
main()
"""
# One that never rests either, so that whoever watches the clock has to fight for his turn.
BUSY = HANGING.replace("os.read(reader, 1)", "pass")


@pytest.mark.parametrize("program", [HANGING, BUSY], ids=["hanging", "busy"])
def test_a_resolver_that_never_answers_ends_with_the_time_limit(program: str, installed: Runner) -> None:
    words = ["-H", "wa.example", "--state-dir", "none"]
    given = credentials("monitor", PASSWORD)
    done = in_time(1, lambda limit: installed.python(program, *words, "-t", f"{limit:g}", env=given))
    assert (done.code, done.err) == (2, "")
    assert done.first == f"WABIZ SOCKET CRITICAL - the name in wa.example:9090 was not resolved within {done.limit:g} s"


def test_what_others_do_at_the_end_of_a_process_holds_nobody_up(installed: Runner) -> None:
    program = "import atexit, threading, time\natexit.register(time.sleep, 30)\n"
    program += "threading.Thread(target=time.sleep, args=(30,)).start()\n"
    program += "from wabiz_monitoring.check_socket import main\nmain()\n"
    done = in_time(1, lambda _limit: installed.python(program, "--file", "-", stdin=single()))
    assert (done.code, done.err) == (0, "")


def test_a_pipe_that_nobody_writes_to_ends_with_the_time_limit(installed: Runner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    # Open for both, so that the reader waits for what is written and not for a writer.
    words = ["sh", "-c", 'exec "$0" --file - -t 1 <>"$1"', str(installed.bin / "check_wabiz_socket")]
    done = in_time(1, lambda _limit: installed.process(*words, str(tmp_path / "pipe")))
    assert (done.code, done.err) == (2, "")
    assert done.first == "WABIZ SOCKET CRITICAL - no complete answer from standard input within 1 s"


def test_the_time_limit_may_be_a_fraction(installed: Runner, tmp_path: Path) -> None:
    with FaultServer(tmp_path, "says nothing within TLS") as server:
        words = ["--url", server.url, "--ca-file", server.ca_file, "-t", "0.3"]
        done = in_time(
            0.3, lambda _limit: installed("check_wabiz_socket", *words, env={"WA_WEB_TOKEN": "marked-token"})
        )
    assert done.first == f"WABIZ SOCKET CRITICAL - no complete answer from localhost:{server.port} within 0.3 s"


# requests 2.34.


def test_a_server_that_closes_the_connections_it_kept_is_as_healthy_as_ever(runner: Runner, tmp_path: Path) -> None:
    def act(wire: Wire) -> None:
        # Fewer connections than requests: this one came on a connection that was kept.
        if server.connections < len(server.received):
            raise ValueError
        usual(wire)

    with FaultServer(tmp_path) as server:
        server.use(Fault(SUPPORT, act))
        words = ["--url", server.url, "--ca-file", server.ca_file, "--state-dir", "none"]
        done = runner("check_wabiz_socket", *words, env=credentials("watcher", PASSWORD))
    assert (done.code, server.struck) == (0, 1)


def test_netrc_does_not_replace_what_we_send(runner: Runner, tmp_path: Path) -> None:
    netrc = runner.home / ".netrc"
    netrc.write_text("machine localhost login evil password marked-netrc\ndefault login evil password marked-netrc\n")
    netrc.chmod(0o600)
    with FaultServer(tmp_path) as server:
        words = ["--url", server.url, "--ca-file", server.ca_file]
        for variables in ({}, {"NETRC": str(netrc)}):
            server.use("healthy")
            done = runner("check_wabiz_socket", *words, env={**credentials("monitor", PASSWORD), **variables})
            assert (done.code, done.err) == (0, "")
            assert server.received[-1].path == SUPPORT
            assert server.received[-1].headers["authorization"] == f"Bearer {TOKEN}"


def test_netrc_gives_no_credentials_to_who_has_none(runner: Runner, tmp_path: Path) -> None:
    (runner.home / ".netrc").write_text("default login evil password marked-netrc\n")
    with FaultServer(tmp_path) as server:
        runner("check_wabiz_socket", "--url", server.url, "--ca-file", server.ca_file)
        assert ["authorization" in request.headers for request in server.received] == [False]


def test_the_trust_is_loaded_once_and_no_bundle_of_requests(simulator: Simulator, runner: Runner) -> None:
    # Each load of a bundle is 20 ms; a run makes up to three requests.
    program = """
import ssl, sys
loads = []
kept = ssl.SSLContext.load_verify_locations
def counted(self, *args, **more):
    loads.append(args or more)
    return kept(self, *args, **more)
ssl.SSLContext.load_verify_locations = counted
import wabiz_monitoring.plugin.run as run
from wabiz_monitoring.check_socket import CHECK
code, text = run.outcome(CHECK, sys.argv[1:])
print(code, len(loads))
"""
    words = ["--url", simulator.url, "--ca-file", simulator.ca_file, "--state-dir", "none"]
    done = runner.python(program, *words, env=credentials(simulator.username, simulator.password))
    assert (done.err, done.out) == ("", "0 1\n")


@pytest.fixture
def behind(tmp_path: Path, runner: Runner) -> tuple[FaultServer, list[str], dict[str, str]]:
    """A healthy server, the words that lead to it, and credentials for it."""
    server = FaultServer(tmp_path)
    words = ["--url", server.url, "--ca-file", server.ca_file, "-t", "2", "--state-dir", "none"]
    return server, words, credentials("monitor", PASSWORD)


def proxied(proxy: Proxy, more: str = "") -> dict[str, str]:
    return {"https_proxy": f"http://{more}localhost:{proxy.port}"}


def test_the_proxy_of_the_environment_is_used(
    behind: tuple[FaultServer, list[str], dict[str, str]], runner: Runner
) -> None:
    server, words, secrets = behind
    with server, Proxy() as proxy:
        done = runner("check_wabiz_socket", *words, env={**secrets, **proxied(proxy, "me:marked%20word@")})
        assert (done.code, done.err) == (0, "")
        # What is for the API is not for the proxy, and the other way round.
        assert {head.split()[1] for head in proxy.asked} == {f"localhost:{server.port}"}
        assert all("Proxy-Authorization: Basic bWU6bWFya2VkIHdvcmQ=" in head for head in proxy.asked)
        assert not [head for head in proxy.asked if "\r\nAuthorization" in head]
        assert all("proxy-authorization" not in request.headers for request in server.received)
        proxy.asked.clear()
        done = runner("check_wabiz_socket", *words, env={**secrets, **proxied(proxy), "no_proxy": "localhost"})
        assert (done.code, proxy.asked) == (0, [])


PROXIES = [
    ("wants a password", "wants a password (HTTP 407)"),
    ("refuses", "failed: it answered with HTTP 403"),
    ("finds nobody", "failed: it answered with HTTP 503"),
]


@pytest.mark.parametrize(("way", "told"), PROXIES)
def test_a_proxy_that_does_not_let_us_through_is_told_as_such(
    way: str, told: str, behind: tuple[FaultServer, list[str], dict[str, str]], runner: Runner
) -> None:
    server, words, secrets = behind
    with server, Proxy(way) as proxy:
        done = runner("check_wabiz_socket", *words, "-vvv", env={**secrets, **proxied(proxy, "me:marked-proxy@")})
        assert (done.code, done.err) == (2, "")
        assert done.first == f"WABIZ SOCKET CRITICAL - the proxy on the way to localhost:{server.port} {told}"
        assert done.lines[1].startswith("What to do: the proxy comes from https_proxy in the environment: put it right")
        assert "marked-proxy" not in done.out
        assert server.received == []


def test_a_proxy_that_is_not_there_or_hangs_is_told_in_time(
    behind: tuple[FaultServer, list[str], dict[str, str]], installed: Runner
) -> None:
    server, words, secrets = behind
    with server:
        with Proxy("says nothing") as proxy:
            given = {**secrets, **proxied(proxy)}
            done = in_time(2, lambda limit: installed("check_wabiz_socket", *words, "-t", f"{limit:g}", env=given))
        where = f"localhost:{server.port}"
        assert (
            done.first
            == f"WABIZ SOCKET CRITICAL - the proxy on the way to {where} did not answer within {done.limit:g} s"
        )
        with Proxy("hangs up") as proxy:
            done = installed("check_wabiz_socket", *words, env={**secrets, **proxied(proxy)})
        assert done.code == 2
        gone = installed("check_wabiz_socket", *words, env={**secrets, "https_proxy": "http://localhost:1"})
        assert gone.first == (
            f"WABIZ SOCKET CRITICAL - the proxy on the way to localhost:{server.port} failed: Connection refused"
        )


# Start-up.


def imported(done: Done) -> set[str]:
    return {line.rpartition("|")[2].strip() for line in done.err.splitlines() if line.startswith("import time:")}


def test_a_saved_answer_is_judged_without_the_libraries_for_asking(runner: Runner) -> None:
    program = "from wabiz_monitoring.check_socket import main; main()"
    done = runner.python(program, "--file", "-", stdin=single(), env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.code == 0
    heavy = {"requests", "urllib3", "asyncio", "sqlite3", "difflib", "dataclasses", "inspect", "starlette"}
    assert heavy & imported(done) == set()


def test_an_answer_is_asked_for_without_what_it_does_not_take(simulator: Simulator, runner: Runner) -> None:
    program = "from wabiz_monitoring.check_socket import main; main()"
    words = ["--url", simulator.url, "--ca-file", simulator.ca_file]
    variables = {**credentials(simulator.username, simulator.password), "PYTHONPROFILEIMPORTTIME": "1"}
    done = runner.python(program, *words, env=variables)
    assert done.code == 0
    assert {"asyncio", "sqlite3", "difflib", "starlette", "uvicorn", "yaml"} & imported(done) == set()
    assert "requests" in imported(done)


def test_json_holds_no_number_that_is_none(runner: Runner) -> None:
    done = judged(runner, "all", single(**FRESH, free_space_logs=2**63), "--json")
    assert json.loads(done.out, parse_constant=pytest.fail)["check"] == "all"
