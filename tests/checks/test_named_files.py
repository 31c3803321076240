# SPDX-License-Identifier: BSD-2-Clause
"""Whatever lies where a user says that a file is, a run ends in time, stays small, and says who else can get at it."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import deadmount
import pytest
import trustme
from commands import Done, Runner, credentials, in_time, unhurried
from documents import single
from forks import NAMESPACES, Forks, Quick
from wabiz_monitoring._edge.files import LARGEST
from wabiz_monitoring.simulator import Simulator

ADDRESS = ("-H", "localhost", "-p", "1", "--state-dir", "none")

# Each way to name a file, with what else it takes to get as far as to read it; FILE is the file.
NAMED = {
    "extra-opts": ("--extra-opts=wa@FILE",),
    "a header file": (*ADDRESS, "--header-file", "FILE"),
    "the CAs to trust": (*ADDRESS, "--ca-file", "FILE"),
    "a client certificate": (*ADDRESS, "--client-cert", "FILE"),
    "a client's key": (*ADDRESS, "--client-cert", "/dev/null", "--client-key", "FILE"),
}
MODULES = {
    "ca_path": {"ca_path": "FILE"},
    "client_cert": {"client_cert": "FILE"},
    "client_key": {"client_cert": "/dev/null", "client_key": "FILE"},
}
SECRET = "marked-secret"
# What stands in each, with a secret.
CONTENT = {
    "extra-opts": f"[wa]\nhostname = localhost\npassword = {SECRET}\n",
    "a header file": f"X-Key: {SECRET}\n",
    "the CAs to trust": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n",
    "a client certificate": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n",
    "a client's key": f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n",
}


def words(named: str, path: str | Path) -> list[str]:
    return [word.replace("FILE", str(path)) for word in NAMED[named]]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A healthy answer in a file."""
    path = tmp_path / "answer.json"
    path.write_bytes(single(expire_timestamp="2199-01-01T00:00:00", device_iso8601=...))
    return path


@pytest.fixture(params=["a pipe without a writer", "a pipe whose writer says nothing", "a pipe that stops halfway"])
def stuck(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file that is never read to its end."""
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    if request.param == "a pipe without a writer":
        yield path
        return
    writer = os.open(path, os.O_RDWR)
    if request.param == "a pipe that stops halfway":
        os.write(writer, b"[wa]\npassword = marked-secret\nX-Key: marked-secret\n")
    yield path
    os.close(writer)


@pytest.mark.parametrize("named", NAMED)
def test_a_file_that_is_never_read_to_its_end_is_told_in_time(named: str, stuck: Path, runner: Runner) -> None:
    done = in_time(1, lambda limit: runner("check_wabiz_socket", "-t", f"{limit:g}", *words(named, stuck)))
    assert (done.code, done.err, len(done.lines)) == (3, "", 1)
    assert (
        f"{stuck}: not read to its end within {done.limit:g} s; see whether it is a pipe that nobody writes to"
        in done.first
    )
    assert SECRET not in done.out


@pytest.mark.parametrize("option", MODULES)
def test_so_it_is_by_modules(option: str, stuck: Path, runner: Quick, forks: Forks) -> None:
    options = {name: value.replace("FILE", str(stuck)) for name, value in MODULES[option].items()}
    options |= {"url": "https://localhost:1"}
    for module in forks.modules:

        def run(limit: float, module: str = module) -> Done:
            return forks.module(runner, module, {**options, "timeout": f"{limit:g}"}).done

        done = in_time(1, run)
        expected = f"{option} {stuck}: not read to its end within {done.limit:g} s"
        assert json.loads(done.out)["msg"].startswith(expected)


def test_the_limit_counts_from_the_beginning_for_all_that_is_read(runner: Runner, tmp_path: Path) -> None:
    # The first pipe takes most of the time, and the limit that it says holds for the second one as well.
    first, second = tmp_path / "first", tmp_path / "second"
    os.mkfifo(first, 0o600)
    os.mkfifo(second, 0o600)

    def run(limit: float) -> Done:
        text = f"[wa]\nt = {limit:g}\nheader-file = {second}\n"
        writer = Timer(limit * 2 / 3, first.write_text, [text])
        writer.start()
        done = runner("check_wabiz_all", "-H", "x", f"--extra-opts=wa@{first}")
        writer.join()
        return done

    done = in_time(1.5, run)
    assert f"--header-file {second}: not read to its end within {done.limit:g} s" in done.first


@pytest.mark.parametrize("named", NAMED)
def test_a_file_without_end_takes_neither_time_nor_memory(named: str, runner: Quick, forks: Forks) -> None:
    ran = forks.command(runner, "check_wabiz_socket", *words(named, "/dev/zero"))
    assert (ran.done.code, ran.done.err) == (3, "")
    assert ran.done.first.endswith(f"/dev/zero: larger than {LARGEST // 2**20} MiB")
    assert ran.peak < forks.size + 4 * LARGEST


def test_a_saved_answer_that_is_never_read_to_its_end_is_told_in_time(stuck: Path, runner: Runner) -> None:
    done = in_time(1, lambda limit: runner("check_wabiz_socket", "-t", f"{limit:g}", "--file", str(stuck)))
    assert (done.code, done.err) == (2, "")
    assert done.first.startswith("WABIZ SOCKET CRITICAL - no complete answer from ")
    assert "see whether it is a pipe that nobody writes to" in done.out


@pytest.mark.parametrize("how", ["deaf", "mute"])
@pytest.mark.parametrize("named", ["extra-opts", "a header file", "the CAs to trust", "a saved answer"])
def test_a_run_ends_where_a_file_system_does_not_answer(
    named: str, how: str, own_namespaces: None, installed: Runner, tmp_path: Path
) -> None:
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("left out: this user cannot make a file system of his own (/dev/fuse)")
    (tmp_path / "mount").mkdir()
    asked = words(named, tmp_path / "mount" / "file") if named in NAMED else ["--file", f"{tmp_path}/mount/file"]
    # Without a network it is all the same: the file comes first.
    mount = [*NAMESPACES, sys.executable, deadmount.__file__, str(tmp_path / "mount"), how]
    check = str(installed.bin / "check_wabiz_socket")
    done = unhurried(3, lambda limit: installed.process(*mount, check, "-t", f"{limit:g}", *asked))
    assert done.err == ""
    told = json.loads(done.out)
    assert told["code"] == (2 if named == "a saved answer" else 3), done
    assert f" within {done.limit:g} s" in told["out"]
    assert "lies on a file system that does not answer" in told["out"]


def test_options_and_headers_may_come_from_pipes_of_a_shell(installed: Runner, saved: Path) -> None:
    script = '"$0" --extra-opts=wa@<(printf "[wa]\\nfile = $1\\nurl = https://x\\n") --header-file <(echo X-Key: value)'
    done = installed.process("bash", "-c", script, str(installed.bin / "check_wabiz_socket"), str(saved))
    assert (done.code, done.out.count("\n"), done.err) == (0, 1, "")


def test_a_certificate_may_come_from_a_pipe(installed: Runner, simulator: Simulator, tmp_path: Path) -> None:
    mine = trustme.CA().issue_cert("monitor@wa.example")
    pem, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    mine.private_key_and_cert_chain_pem.write_to_path(str(pem))
    mine.private_key_pem.write_to_path(str(key))
    address = ["-H", "localhost", "-p", str(simulator.port), "--ca-file", simulator.ca_file]
    asked = {
        "CAs": '"$0" "$@" --ca-file <(cat "$CA")',
        "certificate and key in one": '"$0" "$@" --client-cert <(cat "$PEM")',
        "certificate and key": '"$0" "$@" --client-cert <(cat "$PEM") --client-key <(cat "$KEY")',
    }
    env = {
        **credentials(simulator.username, simulator.password),
        "CA": simulator.ca_file,
        "PEM": str(pem),
        "KEY": str(key),
    }
    for script in asked.values():
        words = ["bash", "-c", script, str(installed.bin / "check_wabiz_socket"), *address]
        done = installed.process(*words, env=env)
        assert (done.code, len(done.lines), done.err) == (0, 1, ""), done


# Who else can read or change a file. How it is found out is tried in test_user_files.py.


@pytest.fixture(params=NAMED)
def named(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[str]]:
    """A file with a secret, and the words that name it."""
    path = tmp_path / "named"
    path.write_text(CONTENT[request.param])
    path.chmod(0o600)
    return path, words(request.param, path)


def test_a_file_that_everybody_can_change_is_refused(named: tuple[Path, list[str]], runner: Runner) -> None:
    path, words = named
    path.chmod(0o602)
    done = runner("check_wabiz_socket", *words)
    assert (done.code, done.err, len(done.lines)) == (3, "", 1)
    assert done.first.startswith("WABIZ SOCKET UNKNOWN - usage: --")
    assert done.first.endswith(f"{path} is refused: everybody can change {path}: chmod o-w {path}")


def test_a_secret_that_everybody_can_read_is_told_each_time(
    named: tuple[Path, list[str]], runner: Runner, tmp_path: Path
) -> None:
    path, words = named
    told = f"{path} holds a secret and everybody can read it: chmod o-r it"
    # A run that goes well or ill, and each kind of mistake: a word, an option of ours, an answer that is not there.
    runs = [[], ["-vvv"], ["--hostnme"], ["-t", "0"], ["--state", "x"], ["--insecure", "--ca-file", "/no/such"]]
    for mode in (0o644, 0o640):
        path.chmod(mode)
        for more in runs:
            done = runner("check_wabiz_socket", *words, *more)
            assert (done.out.count(told), done.err) == (int(mode == 0o644), ""), done
            # A usage error is one line, whatever there is to say.
            assert len(done.lines) == 1 or " usage: " not in done.first
            as_json = runner("check_wabiz_socket", *words, *more, "--json")
            assert (json.loads(as_json.out)["notes"].count(told), as_json.err) == (int(mode == 0o644), ""), as_json
            assert SECRET not in done.out + as_json.out


def test_a_mistake_in_a_file_hides_nothing_of_who_can_read_it(tmp_path: Path, runner: Runner) -> None:
    path = tmp_path / "wa.ini"
    path.write_text(f"[wa]\npassword: {SECRET}\n")
    path.chmod(0o644)
    done = runner("check_wabiz_socket", f"--extra-opts=wa@{path}")
    assert done.first.startswith(f"WABIZ SOCKET UNKNOWN - usage: {path}, section [wa], line 2: ")
    assert done.first.endswith(f" (besides: {path} holds a secret and everybody can read it: chmod o-r it)")
    assert len(done.lines) == 1


@pytest.mark.parametrize("option", MODULES)
def test_modules_warn_of_it_and_refuse_it(option: str, runner: Quick, forks: Forks, tmp_path: Path) -> None:
    path = tmp_path / "named.pem"
    path.write_text(CONTENT["a client's key"])
    options = {name: value.replace("FILE", str(path)) for name, value in MODULES[option].items()}
    told = f"{path} holds a secret and everybody can read it: chmod o-r it"
    refused = f"{option} {path} is refused: everybody can change {path}: chmod o-w {path}"
    # Beside a mistake, too.
    for module, more in itertools.product(forks.modules, ({}, {"timeout": 0})):
        asked = {"url": "https://localhost:1", **options, **more}
        path.chmod(0o644)
        done = json.loads(forks.module(runner, module, asked).done.out)
        assert told in json.dumps(done["warnings"])
        path.chmod(0o602)
        done = json.loads(forks.module(runner, module, asked).done.out)
        assert (done["msg"] == refused) if not more else (refused in json.dumps(done["warnings"]))


# The shape of JSON.


def shape(data: Any) -> Any:
    """What a consumer relies on: names and types, of what may be empty or null only the name."""
    if isinstance(data, dict):
        return {name: shape(value) for name, value in data.items()}
    return type(data).__name__ if not isinstance(data, list) else "list"


@pytest.mark.parametrize("more", [["--hostnme"], ["-t", "0"], ["--node", "x"], ["--extra-opts=@/no/such"], ["x"]])
def test_a_usage_error_keeps_the_shape_of_json(more: list[str], saved: Path, runner: Runner) -> None:
    good = json.loads(runner("check_wabiz_socket", "--file", str(saved), "--json").out)
    plain = runner("check_wabiz_socket", "--file", str(saved), *more)
    done = runner("check_wabiz_socket", "--file", str(saved), *more, "--json")
    told = json.loads(done.out)
    assert (done.code, done.err, plain.code) == (3, "", 3)
    assert {**shape(told), "premise": ""} == {**shape(good), "premise": ""}
    assert (told["check"], told["state"], told["exit_code"]) == ("socket", "UNKNOWN", 3)
    assert plain.first == f"WABIZ SOCKET UNKNOWN - {told['summary']}"
    assert [(one["problem"], one["text"]) for one in told["problems"]] == [("usage", told["summary"])]


def test_an_internal_error_keeps_it_too(runner: Runner) -> None:
    program = "import wabiz_monitoring.plugin.sources as sources\nsources.source = None\n"
    program += "from wabiz_monitoring.check_socket import main\nmain()\n"
    done = runner.python(program, "-H", "localhost", "--json")
    told = json.loads(done.out)
    assert (done.code, done.err, told["state"]) == (3, "", "UNKNOWN")
    assert told["summary"].startswith("internal error: TypeError at run.py:")
    assert [one["problem"] for one in told["problems"]] == ["internal"]
