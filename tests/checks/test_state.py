# SPDX-License-Identifier: BSD-2-Clause
"""A state folder with which things go wrong: a run still says the truth, and follows, trusts and loses nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import BIN, Done, Runner, credentials
from faults import LOGIN, LOGOUT, SUPPORT, TOKEN, Fault, FaultServer, Wire
from forks import Forks
from marks import PASSWORD
from monitoring import WELL, Monitor
from wabiz_monitoring._core.session import Credentials
from wabiz_monitoring._edge.keeper import DiskKeeper
from wabiz_monitoring.simulator import Simulator

AT_ONCE = 200
KINDS = ["account.json", "account.lock", "login.lock", "token.json"]
"""The files of one caller."""


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(password=PASSWORD) as sim:
        yield sim


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def words(server: Simulator | FaultServer, state: Path) -> list[str]:
    return ["--url", server.url, "--ca-file", server.ca_file, "--state-dir", str(state)]


def run(runner: Runner, server: Simulator | FaultServer, state: Path) -> Done:
    return runner("check_wabiz_socket", *words(server, state), env=credentials("monitor", PASSWORD))


def well(done: Done) -> bool:
    """Whether a run says the truth about a deployment that is well."""
    return (done.code, done.err, done.first) == (0, "", "WABIZ SOCKET OK - connected")


# Many at once.


def together(forks: Forks, sim: Simulator, runner: Runner, state: Path, password: str = PASSWORD) -> list[Done]:
    def one(number: int) -> Done:
        check = ("socket", "cluster", "space", "build", "clock", "all")[number % 6]
        given = credentials("monitor", password)
        return forks.command(runner, f"check_wabiz_{check}", *words(sim, state), "-t", "60", env=given).done

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


@pytest.mark.parametrize("how", ["revoked", "never there"])
def test_many_runs_at_once_on_one_dead_token_log_in_once(
    how: str, forks: Forks, sim: Simulator, runner: Runner, state: Path
) -> None:
    if how != "never there":
        monitor = Monitor(sim, state)
        assert monitor.run() == WELL
        sim.revoke_tokens()
    before = sim.logins
    done = together(forks, sim, runner, state)
    assert {(one.code, one.err) for one in done} == {(0, "")}, [one for one in done if one.code]
    assert (sim.logins - before, len(sim.tokens)) == (1, 1)
    assert sorted(path.name.partition("-")[0] + path.suffix for path in state.iterdir()) == KINDS


def test_two_hundred_runs_at_once_with_a_wrong_password_try_it_once(
    forks: Forks, sim: Simulator, runner: Runner, state: Path
) -> None:
    done = together(forks, sim, runner, state, password="marked-wrong-password")
    assert {(one.code, one.err) for one in done} == {(3, "")}
    assert sim.failed_logins == 1


def test_checks_and_modules_at_once_with_a_wrong_password_try_it_once(
    forks: Forks, sim: Simulator, runner: Runner
) -> None:
    if not forks.modules:
        pytest.skip("left out: no Ansible for the modules")
    given = credentials("monitor", "marked-wrong-password")

    def one(number: int) -> Done:
        if number % 2:
            words = ("--url", sim.url, "--ca-file", sim.ca_file, "-t", "60")
            return forks.command(runner, "check_wabiz_socket", *words, env=given).done
        options = {"url": sim.url, "ca_path": sim.ca_file, "timeout": 60}
        return forks.module(runner, forks.modules[number % 4 // 2], options, env=given).done

    with ThreadPoolExecutor(50) as pool:
        done = list(pool.map(one, range(50)))
    assert {(one.code, one.err) for one in done} == {(3, ""), (1, "")}
    assert all("wrong user name or password (HTTP 401)" in one.out for one in done)
    assert sim.failed_logins == 1


def test_modules_at_once_with_the_right_password_are_all_well_and_leave_no_row(
    forks: Forks, sim: Simulator, runner: Runner
) -> None:
    if not forks.modules:
        pytest.skip("left out: no Ansible for the modules")
    options = {"url": sim.url, "ca_path": sim.ca_file, "timeout": 60}
    given = credentials("monitor", PASSWORD)
    with ThreadPoolExecutor(35) as pool:
        done = list(pool.map(lambda _turn: forks.module(runner, "support_facts", options, env=given).done, range(35)))
    assert {(one.code, one.err) for one in done} == {(0, "")}
    assert (sim.logins, sim.logouts, sim.tokens) == (35, 35, ())
    # What belongs to a task ends with the task.
    folder = runner.home / ".local" / "state" / "wabiz-monitoring"
    assert sorted(path.name.partition("-")[0] + path.suffix for path in folder.iterdir()) == KINDS[:-1]


# A process that is killed.

# Between the writing of a file and its renaming.
KILLED = """
import os, signal
os.replace = lambda *paths, **folders: os.kill(os.getpid(), signal.SIGKILL)
from wabiz_monitoring.check_socket import main
main()
"""


def test_a_run_that_is_killed_while_it_writes_costs_the_next_one_nothing(
    sim: Simulator, runner: Runner, state: Path
) -> None:
    done = runner.python(KILLED, *words(sim, state), env=credentials("monitor", PASSWORD))
    assert (done.code, done.out) == (-signal.SIGKILL, "")
    (left,) = state.glob(".*")
    assert left.stat().st_mode & 0o777 == 0o600
    assert well(run(runner, sim, state))
    # Somebody may still be writing it.
    assert left.exists()
    os.utime(left, (time.time() - 3700, time.time() - 3700))
    (state / ".of-somebody-else").touch()
    os.utime(state / ".of-somebody-else", (0, 0))
    sim.revoke_tokens()
    assert well(run(runner, sim, state))
    assert sorted(path.name for path in state.glob(".*")) == [".of-somebody-else"]


def test_a_run_that_is_killed_at_any_moment_leaves_what_was_kept_whole(
    sim: Simulator, runner: Runner, state: Path
) -> None:
    command = [str(BIN / "check_wabiz_socket"), *words(sim, state)]
    environment = runner.environment(credentials("monitor", PASSWORD))
    for hundredths in range(5, 45, 8):
        sim.revoke_tokens()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            process.wait(hundredths / 100)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert well(run(runner, sim, state))


def started(runner: Runner, server: Simulator | FaultServer, state: Path, *more: str) -> subprocess.Popen[bytes]:
    """A run that goes on by itself."""
    command = [str(BIN / "check_wabiz_socket"), *words(server, state), *more]
    environment = runner.environment(credentials("monitor", PASSWORD))
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def in_the_middle_of_a_login(process: subprocess.Popen[bytes], server: FaultServer, logins: int) -> bool:
    """Whether a run gets there; false when it ends without."""
    while asked(server).count(LOGIN) == logins:
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    return True


def asked(server: FaultServer) -> list[str]:
    """What was asked for, in its order."""
    return [request.path for request in server.received]


def test_runs_that_are_killed_in_the_middle_of_a_login_lock_nobody_out(
    runner: Runner, state: Path, tmp_path: Path
) -> None:
    with FaultServer(tmp_path, "login: says nothing") as server:
        for turn in range(15):
            process = started(runner, server, state)
            if in_the_middle_of_a_login(process, server, min(turn, 2)):
                process.kill()
            process.wait()
        # A slip may be tried once more, and what comes after that has to wait.
        assert asked(server) == [LOGIN] * 2


def test_a_login_that_is_refused_only_after_the_time_limit_counts(runner: Runner, state: Path, tmp_path: Path) -> None:
    def late(wire: Wire) -> None:
        wire.wait(2)
        wire.answer(401)

    with FaultServer(tmp_path) as server:
        server.use(Fault(LOGIN, late))
        for _turn in range(6):
            done = runner("check_wabiz_socket", *words(server, state), "-t", "1", env=credentials("monitor", PASSWORD))
            assert done.code == 2, done
        assert asked(server) == [LOGIN] * 2
    assert done.first.startswith(
        "WABIZ SOCKET CRITICAL - login of user monitor failed: no answer; not tried again for 1.6 minutes"
    )


def test_who_cannot_be_reached_has_not_been_asked(runner: Runner, state: Path, tmp_path: Path) -> None:
    given = credentials("monitor", PASSWORD)
    with Simulator(password=PASSWORD) as sim:
        (tmp_path / "other").mkdir()
        stranger = FaultServer(tmp_path / "other")
        for _turn in range(15):
            # Nobody knows that certificate.
            untrusted = ["--url", sim.url, "--ca-file", stranger.ca_file, "--state-dir", str(state)]
            assert runner("check_wabiz_socket", *untrusted, env=given).code == 2
        assert well(run(runner, sim, state))
        assert (sim.logins, sim.failed_logins) == (1, 0)


def test_a_run_that_hangs_in_its_login_keeps_others_out_no_longer_than_its_limit(
    installed: Runner, state: Path, tmp_path: Path
) -> None:
    with FaultServer(tmp_path, "login: says nothing") as server:
        # On a busy machine it takes longer to get there.
        tries = (started(installed, server, state, "-t", limit) for limit in ("2", "8", "32"))
        process = next(one for one in tries if in_the_middle_of_a_login(one, server, 0))
        process.send_signal(signal.SIGSTOP)
        try:
            server.use("healthy")
            given = credentials("monitor", PASSWORD)
            done = installed("check_wabiz_socket", *words(server, state), "-t", "40", env=given)
            assert process.poll() is None
        finally:
            process.kill()
            process.wait()
        assert well(done), done


# A disk on which nothing can be kept: a file system of our own, in a namespace of our own.


def check(sim: Simulator, state: Path) -> str:
    return f'"{BIN}/check_wabiz_socket" {" ".join(words(sim, state))}'


def mounted(runner: Runner, options: str, before: str, sim: Simulator, state: Path, then: str = "") -> list[Done]:
    """Runs of a check on a small file system: after `before`, and once more after `then`."""
    state.mkdir()
    script = [f"mount -t tmpfs -o mode=700,{options} none {state}", f"cd {state}", before]
    script += [f"{check(sim, state)}; echo = $?", then, f"{check(sim, state)}; echo = $?"]
    mine = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    done = runner.process(*mine, "\n".join(script), env=credentials("monitor", PASSWORD))
    assert done.err == ""
    return [Done(int(code), text, "", 0) for text, code in re.findall(r"(.+?)\n= (\d+)\n", done.out, re.DOTALL)]


FULL = "dd if=/dev/zero of=rest bs=4096 2>/dev/null"


@pytest.mark.parametrize(
    ("options", "before"),
    [
        ("size=32k", FULL),
        # A file can be made there, but nothing be written into it.
        ("size=32k", f"{FULL}; rm -f rest; dd if=/dev/zero of=rest bs=4096 count=8 2>/dev/null"),
        ("size=64k,nr_inodes=2", "touch one two 2>/dev/null"),
        ("size=64k", "mount -o remount,ro {state}"),
    ],
    ids=["full", "full of data", "full of files", "read-only"],
)
def test_a_token_that_a_disk_cannot_keep_is_given_back(
    options: str, before: str, own_namespaces: None, sim: Simulator, runner: Runner, state: Path
) -> None:
    told = mounted(runner, options, before.format(state=state), sim, state)
    assert [well(done) for done in told] == [True, True], told
    assert (sim.logins, sim.logouts, sim.tokens) == (2, 2, ())


@pytest.mark.parametrize("then", [FULL, "mount -o remount,ro {state}"], ids=["full", "read-only"])
def test_a_token_that_was_kept_serves_on_a_disk_that_can_keep_no_other(
    then: str, own_namespaces: None, sim: Simulator, runner: Runner, state: Path
) -> None:
    told = mounted(runner, "size=32k", "", sim, state, then.format(state=state))
    assert [well(done) for done in told] == [True, True], told
    assert (sim.logins, sim.logouts) == (1, 0)


def test_a_refusal_is_remembered_on_a_disk_that_is_full_where_something_was_kept(
    own_namespaces: None, sim: Simulator, runner: Runner, state: Path
) -> None:
    # Of the token, nothing can be read any more.
    before = f"{check(sim, state)} >/dev/null; {FULL}; echo x | dd conv=notrunc of=$(ls token-*.json) 2>/dev/null"
    told = mounted(runner, "size=32k", f"{before}; export WA_WEB_PASSWORD=marked-wrong-password", sim, state)
    assert ["not tried again" in done.out for done in told] == [False, True], told
    assert (sim.logins, sim.failed_logins) == (1, 1)


def test_a_file_larger_than_may_be_written_is_not_kept(sim: Simulator, runner: Runner) -> None:
    command = f"ulimit -f 0; exec {BIN}/check_wabiz_socket --url {sim.url} --ca-file {sim.ca_file}"
    done = runner.process("sh", "-c", command, env=credentials("monitor", PASSWORD))
    assert (done.code, done.err) == (0, "")
    assert (sim.logins, sim.logouts, sim.tokens) == (1, 1, ())


# What lies where it should not.


@pytest.mark.parametrize("what", ["pipe", "folder", "link to nowhere", "link to a file", "file of somebody else"])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_lies_in_the_place_of_a_file_the_truth_is_told(
    what: str, kind: str, runner: Runner, state: Path, tmp_path: Path
) -> None:
    state.mkdir(mode=0o700)
    server = FaultServer(tmp_path)
    name = DiskKeeper(str(state), server.url, Credentials("monitor", PASSWORD))._name
    place = state / kind.replace(".", f"-{name}.")
    target = tmp_path / "target"
    if what == "pipe":
        os.mkfifo(place, 0o600)
    elif what == "folder":
        place.mkdir()
    elif what == "file of somebody else":
        if os.geteuid():
            pytest.skip("only root can give a file to somebody else")
        place.write_text('{"token": "marked-foreign-token"}')
        os.chown(place, 65534, 65534)
    else:
        place.symlink_to(target)
        if what == "link to a file":
            target.write_text('{"token": "marked-foreign-token"}')
            target.chmod(0o600)
    before = target.read_bytes() if target.exists() else None
    with server:
        assert well(run(runner, server, state))
        assert well(run(runner, server, state))
    assert (target.read_bytes() if target.exists() else None) == before
    # A token that lay there was not sent; ours was kept, or handed back.
    assert {request.headers["authorization"] for request in server.received if request.path != LOGIN} == {
        f"Bearer {TOKEN}"
    }
    assert asked(server) in ([LOGIN, SUPPORT, SUPPORT], [LOGIN, SUPPORT, LOGOUT] * 2)


def test_a_file_system_without_locks_is_none_the_worse(sim: Simulator, runner: Runner, state: Path) -> None:
    # As NFS without its lock service answers.
    program = (
        "import errno, fcntl\n"
        "def flock(*args):\n    raise OSError(errno.ENOLCK, 'No locks available')\n"
        "fcntl.flock = flock\n"
        "from wabiz_monitoring.check_socket import main\nmain()\n"
    )
    for _turn in range(2):
        assert well(runner.python(program, *words(sim, state), env=credentials("monitor", PASSWORD)))
    assert sim.logins == 1


def test_a_token_too_long_to_be_kept_is_given_back(tmp_path: Path) -> None:
    with FaultServer(tmp_path, "login: endless token") as server:
        monitor = Monitor(server, tmp_path / "state")
        assert [monitor.run(), monitor.run()] == ["2.18.22"] * 2
        assert [request.path for request in server.received] == [LOGIN, SUPPORT, LOGOUT] * 2


def test_a_server_whose_clock_is_years_behind_is_not_logged_in_to_with_every_run(tmp_path: Path) -> None:
    with Simulator(password=PASSWORD, clock=lambda: time.time() - 10**8) as sim:
        monitor = Monitor(sim, tmp_path / "state")
        assert {monitor.run() for _turn in range(4)} == {WELL}
        assert (sim.logins, len(sim.tokens)) == (1, 1)
