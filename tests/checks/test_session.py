# SPDX-License-Identifier: BSD-2-Clause
"""Logging in as rarely as can be: kept tokens, refusals held back, and nothing left behind for others to read."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import marks
import pytest
import requests
from commands import BIN, Runner, credentials, in_time
from documents import PLACE
from faults import EACH, FAULTS, LOGIN, LOGOUT, SUPPORT, Act, Fault, FaultServer, Wire, usual
from marks import PASSWORD
from monitoring import WELL, Clock, Monitor
from wabiz_monitoring._core.attempts import WORD
from wabiz_monitoring._core.catalogue import CATALOGUE, Trouble
from wabiz_monitoring._core.http import Reply
from wabiz_monitoring._core.session import Credentials, ask
from wabiz_monitoring._core.session import credentials as given
from wabiz_monitoring._edge.keeper import DiskKeeper, caller
from wabiz_monitoring.simulator import Simulator

WRONG = "marked-wrong-password"
KINDS = ["account.json", "account.lock", "login.lock", "token.json"]
"""The files of one caller."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sim(clock: Clock) -> Iterator[Simulator]:
    with Simulator(password=PASSWORD, clock=clock) as sim:
        yield sim


@pytest.fixture
def monitor(sim: Simulator, tmp_path: Path) -> Monitor:
    return Monitor(sim, tmp_path / "state")


def test_the_token_of_one_login_serves_all_later_runs(sim: Simulator, monitor: Monitor) -> None:
    assert [monitor.run() for _turn in range(4)] == [WELL] * 4
    assert (sim.logins, sim.logouts, sim.requests) == (1, 0, 5)


@pytest.mark.parametrize("token", ["a b", "a\tb", "a\nX-Evil: 1", "\x7f", "ü", " ", "\ud800"])
def test_what_would_end_or_forge_a_header_is_no_token(token: str) -> None:
    with pytest.raises(ValueError, match="holds characters that cannot stand in a header"):
        given(None, None, token)
    with pytest.raises(Trouble, match="holds no token"):
        ask(
            lambda _request: Reply(200, json.dumps({"users": [{"token": token}]}).encode()),
            Credentials("monitor", PASSWORD),
            PLACE,
        )


def test_a_token_that_was_revoked_costs_one_login(sim: Simulator, monitor: Monitor) -> None:
    monitor.run()
    sim.revoke_tokens()
    assert [monitor.run(), monitor.run()] == [WELL, WELL]
    assert (sim.logins, len(sim.tokens)) == (2, 1)


def test_a_token_that_the_server_lets_expire_costs_one_login(sim: Simulator, monitor: Monitor, clock: Clock) -> None:
    monitor.run()
    clock.ahead = 8 * 86400
    assert [monitor.run(), monitor.run()] == [WELL, WELL]
    assert sim.logins == 2


def test_a_token_without_an_expiry_is_kept_until_it_is_refused(tmp_path: Path) -> None:
    with FaultServer(tmp_path) as server:
        monitor = Monitor(server, tmp_path / "state")
        assert {monitor.run(), monitor.run()} == {"2.18.22"}
        assert [request.path for request in server.received] == [LOGIN, SUPPORT, SUPPORT]


def test_a_refused_login_is_held_back(sim: Simulator, tmp_path: Path) -> None:
    monitor = Monitor(sim, tmp_path / "state", WRONG)
    refused = "unauthorized: login of user monitor refused: wrong user name or password (HTTP 401)"
    assert monitor.run() == refused
    before = sim.requests
    again = [monitor.run() for _turn in range(3)]
    assert {told.partition("; ")[0] for told in again} == {refused}
    assert all("not tried again for 4.9 minutes, so that this address is not locked out" in told for told in again)
    assert (sim.requests, sim.failed_logins) == (before, 1)


def test_it_is_held_back_for_five_minutes_and_then_tried_again(sim: Simulator, tmp_path: Path, clock: Clock) -> None:
    monitor = Monitor(sim, tmp_path / "state", WRONG, clock.uptime)
    monitor.run()
    clock.ahead += 290
    monitor.run()
    assert sim.failed_logins == 1
    clock.ahead += 10
    monitor.run()
    assert sim.failed_logins == 2


def test_other_credentials_are_tried_at_once(sim: Simulator, tmp_path: Path) -> None:
    wrong, right = (Monitor(sim, tmp_path / "state", password) for password in (WRONG, PASSWORD))
    wrong.run()
    assert right.run() == WELL
    assert (sim.logins, sim.failed_logins) == (1, 1)


def test_a_kept_token_that_dies_together_with_the_password_ends_in_one_try(sim: Simulator, monitor: Monitor) -> None:
    monitor.run()
    # The product's own way to change a password: the tokens go with it here.
    requests.post(
        f"{sim.url}/v1/users/login",
        auth=("monitor", PASSWORD),
        json={"new_password": "another"},
        verify=sim.ca_file,
        timeout=10,
    ).raise_for_status()
    sim.revoke_tokens()
    assert [monitor.run().split(":")[0] for _turn in range(5)] == ["unauthorized"] * 5
    assert sim.failed_logins == 1


def test_a_lock_out_is_told_as_such_and_held_back(sim: Simulator, tmp_path: Path) -> None:
    for _turn in range(31):
        requests.post(f"{sim.url}/v1/users/login", auth=("monitor", WRONG), verify=sim.ca_file, timeout=10)
    monitor = Monitor(sim, tmp_path / "state")
    locked = "throttled: login of user monitor refused: too many failed logins from this address (HTTP 429)"
    assert monitor.run() == locked
    before = sim.requests
    assert monitor.run().startswith(f"{locked}; not tried again for ")
    assert sim.requests == before


@pytest.mark.parametrize("fault", ["login: 500", "login: a page", "login: cut", "login: redirect", "login: no token"])
def test_a_login_that_fails_for_other_reasons_is_tried_once_more_and_then_held_back(fault: str, tmp_path: Path) -> None:
    with FaultServer(tmp_path, fault) as server:
        monitor = Monitor(server, tmp_path / "state")
        first = monitor.run()
        assert monitor.run() == first
        held = [monitor.run() for _turn in range(3)]
        assert [request.path for request in server.received] == [LOGIN, LOGIN]
    assert all("; not tried again for 1.6 minutes, so that this address is not locked out" in told for told in held)
    assert {told.partition(":")[0] for told in held} == {first.partition(":")[0]}


@pytest.mark.parametrize(
    "fault", ["login: empty 401", "login: password must change", "login: 403", "login: locked out"]
)
def test_a_login_that_is_refused_is_tried_once(fault: str, tmp_path: Path) -> None:
    with FaultServer(tmp_path, fault) as server:
        monitor = Monitor(server, tmp_path / "state")
        first = monitor.run()
        assert monitor.run().startswith(f"{first}; not tried again for ")
        assert [request.path for request in server.received] == [LOGIN]


def test_a_fresh_token_that_is_refused_is_no_reason_to_log_in_again(tmp_path: Path) -> None:
    with FaultServer(tmp_path, "401") as server:
        monitor = Monitor(server, tmp_path / "state")
        assert monitor.run() == "unauthorized: the token just given out is refused (HTTP 401)"
        # Each login leaves a row on the server.
        assert [request.path for request in server.received] == [LOGIN, SUPPORT, SUPPORT, LOGOUT]
        assert monitor.run().startswith("unauthorized: the token just given out is refused (HTTP 401); not tried again")
        assert [request.path for request in server.received] == [LOGIN, SUPPORT, SUPPORT, LOGOUT]


@pytest.mark.parametrize("state", ["state", "none"])
def test_a_fresh_token_that_is_refused_once_is_tried_again_and_serves(
    state: str, runner: Runner, tmp_path: Path
) -> None:
    with FaultServer(tmp_path) as server:
        server.use(Fault(SUPPORT, slips(1)))
        words = ["--url", server.url, "--ca-file", server.ca_file, "--state-dir", state]
        for _turn in range(2):
            assert runner("check_wabiz_socket", *words, env=credentials("monitor", PASSWORD)).code == 0
        asked = [request.path for request in server.received]
    first = [LOGIN, SUPPORT, SUPPORT]
    assert asked == [*first, LOGOUT, LOGIN, SUPPORT, LOGOUT] if state == "none" else [*first, SUPPORT]


def slips(times: int) -> Act:
    """Refuse what is asked so many times, whoever asks."""
    left = [times]

    def act(wire: Wire) -> None:
        left[0] -= 1
        if left[0] >= 0:
            wire.error(401, 1005, "Access denied", "invalid token")
        else:
            usual(wire)

    return act


def test_a_kept_token_that_is_refused_by_a_slip_leaves_no_row_behind(tmp_path: Path) -> None:
    with FaultServer(tmp_path) as server:
        monitor = Monitor(server, tmp_path / "state")
        monitor.run()
        server.use(Fault(SUPPORT, slips(1)))
        assert [monitor.run(), monitor.run()] == ["2.18.22"] * 2
        # It may live nevertheless.
        assert [request.path for request in server.received] == [SUPPORT, LOGIN, SUPPORT, LOGOUT, SUPPORT]


def test_a_user_who_may_not_read_does_not_log_in_again_and_again(tmp_path: Path) -> None:
    with FaultServer(tmp_path, "403") as server:
        monitor = Monitor(server, tmp_path / "state")
        assert {monitor.run().split(":")[0] for _turn in range(3)} == {"unauthorized"}
        assert [request.path for request in server.received].count(LOGIN) == 1


def test_a_login_sends_the_password_and_no_new_one(tmp_path: Path) -> None:
    with FaultServer(tmp_path) as server:
        Monitor(server, tmp_path / "state").run()
        login = server.received[0]
    basic = base64.b64encode(f"monitor:{PASSWORD}".encode()).decode()
    assert (login.method, login.headers["authorization"]) == ("POST", f"Basic {basic}")
    assert login.headers.get("content-length", "0") == "0"


def test_without_a_state_folder_every_run_logs_out(sim: Simulator) -> None:
    monitor = Monitor(sim, None)
    assert [monitor.run(), monitor.run()] == [WELL, WELL]
    assert (sim.logins, sim.logouts, sim.tokens) == (2, 2, ())


@pytest.mark.parametrize("fault", ["500", "half the JSON", "404", "no answer"])
def test_it_logs_out_even_when_the_answer_is_no_good(fault: str, tmp_path: Path) -> None:
    with FaultServer(tmp_path, fault) as server:
        Monitor(server, None).run()
        assert [request.path for request in server.received] == [LOGIN, SUPPORT, LOGOUT]


def test_a_token_that_was_given_is_used_as_it_is(sim: Simulator) -> None:
    Monitor(sim, None).run()
    token = requests.post(
        f"{sim.url}/v1/users/login", auth=("monitor", PASSWORD), verify=sim.ca_file, timeout=10
    ).json()["users"][0]["token"]
    before = (sim.logins, sim.logouts)
    monitor = Monitor(sim, None, None)
    monitor.credentials = Credentials(None, None, token)
    assert monitor.run() == WELL
    monitor.credentials = Credentials("monitor", PASSWORD, token)
    assert monitor.run() == WELL
    assert (sim.logins, sim.logouts) == before


def test_a_given_token_that_is_refused_falls_back_to_a_login_where_there_is_one(sim: Simulator) -> None:
    monitor = Monitor(sim, None, None)
    monitor.credentials = Credentials(None, None, "no-such-token")
    assert monitor.run() == "unauthorized: the token given is refused (HTTP 401)"
    monitor.credentials = Credentials("monitor", PASSWORD, "no-such-token")
    assert monitor.run() == WELL
    assert (sim.logins, sim.logouts) == (1, 1)


def test_nobody_asks_with_half_of_the_credentials(sim: Simulator) -> None:
    monitor = Monitor(sim, None, None)
    halves = {
        "no credentials were given": Credentials(),
        "no password was given for user monitor": Credentials("monitor"),
        "no user name was given": Credentials(None, PASSWORD),
    }
    for told, half in halves.items():
        monitor.credentials = half
        assert monitor.run() == f"unauthorized: {told} (HTTP 401)"
    assert (sim.logins, sim.failed_logins) == (0, 0)


# What is remembered of a server that says whatever it likes.


def echoes(status: int) -> Act:
    """Refuse, and repeat what was said."""

    def act(wire: Wire) -> None:
        said = wire.request.headers["authorization"]
        wire.error(status, 1005, said, base64.b64decode(said.partition(" ")[2]).decode())

    return act


SAYS = {
    **{name: fault for name, fault in FAULTS.items() if fault.strikes == LOGIN and name != "login: says nothing"},
    **{f"login: {status} that echoes": Fault(LOGIN, echoes(status)) for status in (400, 401, 403, 429, 500)},
}


@pytest.mark.parametrize("name", SAYS)
def test_of_what_a_server_said_numbers_are_remembered_and_nothing_else(
    name: str, runner: Runner, tmp_path: Path
) -> None:
    with FaultServer(tmp_path) as server:
        server.use(SAYS[name])
        words = ["--url", server.url, "--ca-file", server.ca_file, "--state-dir", str(tmp_path / "state"), "-vvv"]
        told = [runner("check_wabiz_socket", *words, env=credentials("monitor", PASSWORD)).out for _turn in range(4)]
        asked = [request.path for request in server.received]
    (account,) = (tmp_path / "state").glob("account-*.json")
    texts = set(re.findall(r'"([^"]*)"', account.read_text()))
    assert {text for text in texts if not re.fullmatch("[0-9a-f]*", text)} <= {"salt", "attempts", "known", *CATALOGUE}
    if asked.count(LOGIN) < 4:
        # The words of those that are held back are ours.
        assert "not tried again for" in told[-1]
        assert not marks.found(told[-1])
        assert "1005" not in told[-1] or re.search(r"\(HTTP \d{3}, error 1005\)", told[-1])


# The state folder.


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_files_are_for_their_owner_only_whatever_the_umask(sim: Simulator, runner: Runner) -> None:
    command = f"umask 0; exec {BIN}/check_wabiz_socket --url {sim.url} --ca-file {sim.ca_file}"
    done = runner.process("sh", "-c", command, env=credentials("monitor", PASSWORD))
    assert done.code == 0, done
    folder = runner.home / ".local" / "state" / "wabiz-monitoring"
    assert mode(folder) == 0o700
    files = list(folder.iterdir())
    assert {mode(file) for file in files} == {0o600}
    assert sorted(file.name.partition("-")[0] + file.suffix for file in files) == KINDS


def test_the_folder_follows_xdg(sim: Simulator, runner: Runner, tmp_path: Path) -> None:
    state = tmp_path / "xdg"
    state.mkdir()
    words = ["--url", sim.url, "--ca-file", sim.ca_file]
    assert (
        runner(
            "check_wabiz_socket", *words, env={"XDG_STATE_HOME": str(state), **credentials("monitor", PASSWORD)}
        ).code
        == 0
    )
    assert [path.name for path in state.iterdir()] == ["wabiz-monitoring"]
    assert list(runner.home.iterdir()) == []


def test_nothing_is_left_lying_about(sim: Simulator, monitor: Monitor) -> None:
    for _turn in range(3):
        monitor.run()
        sim.revoke_tokens()
    assert monitor.folder
    assert sorted(path.name.partition("-")[0] + path.suffix for path in monitor.folder.iterdir()) == KINDS


def test_each_user_and_each_address_has_its_own_token(sim: Simulator, tmp_path: Path) -> None:
    Monitor(sim, tmp_path / "state").run()
    other = Monitor(sim, tmp_path / "state", WRONG)
    other.credentials = Credentials("other", WRONG)
    assert other.run().startswith("unauthorized")
    with FaultServer(tmp_path) as server:
        assert Monitor(server, tmp_path / "state").run() == "2.18.22"
    assert len(list((tmp_path / "state").glob("account-*.json"))) == 3
    assert len(list((tmp_path / "state").glob("token-*.json"))) == 2


def test_each_caller_behind_one_address_has_a_token_and_nobody_elses(runner: Runner, tmp_path: Path) -> None:
    def tenants(wire: Wire) -> None:
        tenant = wire.request.headers["x-tenant"]
        if wire.request.path == LOGIN:
            wire.answer(200, json.dumps({"users": [{"token": f"marked-token-of-{tenant}"}]}).encode())
        elif wire.request.headers["authorization"] == f"Bearer marked-token-of-{tenant}":
            usual(wire)
        else:
            wire.error(401, 1005, "Access denied", "invalid token")

    for tenant in ("one", "two"):
        (tmp_path / tenant).write_text(f"X-Tenant: {tenant}\n")
    with FaultServer(tmp_path) as server:
        server.use(Fault(EACH, tenants))
        words = ["--url", server.url, "--ca-file", server.ca_file, "--state-dir", str(tmp_path / "state")]
        for _turn in range(5):
            for tenant in ("one", "two"):
                more = ["--header-file", str(tmp_path / tenant)]
                assert runner("check_wabiz_socket", *words, *more, env=credentials("monitor", PASSWORD)).code == 0
        asked = [request.path for request in server.received]
    assert (asked.count(LOGIN), asked.count(SUPPORT), len(asked)) == (2, 10, 12)


def test_what_tells_callers_apart_is_neither_in_the_names_nor_in_the_files_of_a_folder(
    sim: Simulator, tmp_path: Path
) -> None:
    names = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        monitor = Monitor(sim, folder, headers={"X-Tenant": "marked-tenant"})
        assert [monitor.run(), monitor.run()] == [WELL, WELL]
        names.append(monitor.kept.name)
        held = b"".join(path.read_bytes() for path in folder.iterdir())
        assert b"marked-tenant" not in held
        assert sim.url.encode() not in held
    assert sim.logins == 2
    # A digest that anybody can make would be the same.
    assert names[0] != names[1]


def test_headers_and_the_certificate_of_a_client_tell_callers_apart() -> None:
    callers = [
        caller({}, b""),
        caller({"X-A": "1"}, b""),
        caller({"X-A": "2"}, b""),
        caller({"X-B": "1"}, b""),
        caller({}, b"one certificate"),
        caller({}, b"another certificate"),
        caller({"X-A": "1"}, b"one certificate"),
    ]
    assert len(set(callers)) == len(callers)
    assert caller({"X-A": "1", "X-B": "2"}, b"") == caller({"x-b": "2", "x-a": "1"}, b"")


def test_neither_password_nor_an_easy_digest_of_it_reaches_the_disk(sim: Simulator, tmp_path: Path) -> None:
    Monitor(sim, tmp_path / "state").run()
    Monitor(sim, tmp_path / "state", WRONG).run()
    sim.revoke_tokens()
    Monitor(sim, tmp_path / "state", WRONG).run()
    held = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert b'"unauthorized",401' in held
    (account,) = (tmp_path / "state").glob("account-*.json")
    salt = json.loads(account.read_bytes())["salt"].encode()
    for password in (PASSWORD, WRONG):
        raw, quoted = password.encode(), json.dumps(password).encode()
        easy = [each for word in (raw, quoted) for each in (word, salt + word, word + salt)]
        # As much of a digest as the file has.
        digests = [
            hashlib.new(how, each).hexdigest()[:WORD] for how in ("md5", "sha1", "sha256", "sha512") for each in easy
        ]
        plain = [raw, base64.b64encode(raw), base64.b64encode(b"monitor:" + raw), *map(str.encode, digests)]
        assert not [form for form in plain if form in held]


def test_a_folder_that_is_a_symlink_is_not_used(sim: Simulator, monitor: Monitor, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "state").symlink_to(tmp_path / "elsewhere")
    for folder in (tmp_path / "state", f"{tmp_path}/state/"):
        keeper = DiskKeeper(str(folder), sim.url, monitor.credentials)
        assert keeper.why_not
    assert monitor.run() == WELL
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (sim.logins, sim.logouts) == (1, 1)


def test_a_folder_that_others_may_write_to_is_not_used(sim: Simulator, monitor: Monitor, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o770)
    assert monitor.run() == WELL
    assert list((tmp_path / "state").iterdir()) == []
    assert (sim.logins, sim.logouts) == (1, 1)
    assert DiskKeeper(str(monitor.folder), sim.url, monitor.credentials).why_not == "others may write to it"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/proc/nowhere/at/all", "No such file or directory"),
        ("/dev/null", "Not a directory"),
        ("/proc/self/state", "No such file or directory"),
        ("", "No such file or directory"),
    ],
)
def test_a_folder_that_cannot_be_is_told(path: str, told: str) -> None:
    keeper = DiskKeeper(path, "https://localhost", Credentials("monitor", PASSWORD))
    assert keeper.why_not == told


root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")


@root
def test_a_folder_of_somebody_else_is_not_used(sim: Simulator, monitor: Monitor, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    os.chown(tmp_path / "state", 65534, 65534)
    assert monitor.run() == WELL
    assert (sim.logins, sim.logouts) == (1, 1)
    assert DiskKeeper(str(monitor.folder), sim.url, monitor.credentials).why_not == "it belongs to another user"


@root
def test_nothing_is_made_in_what_belongs_to_another_user(sim: Simulator, monitor: Monitor, tmp_path: Path) -> None:
    # As when root acts for one whose home it has taken over; who owns that could put anything in its place.
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    monitor.folder = home / ".local" / "state" / "wabiz-monitoring"
    assert monitor.run() == WELL
    assert list(home.iterdir()) == []
    assert (sim.logins, sim.logouts) == (1, 1)
    assert monitor.keeper().why_not == f"user 65534 can change {home}: chown root {home}"


@root
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("how", ["their link", "their folder", "their right to the folder", "a folder of all"])
def test_no_way_is_taken_that_another_user_can_change(
    how: str, there: bool, sim: Simulator, monitor: Monitor, tmp_path: Path
) -> None:
    real, way = tmp_path / "real", tmp_path / "way"
    real.mkdir()
    if how == "their link":
        way.symlink_to(real)
        os.chown(way, 12345, 12345, follow_symlinks=False)
    else:
        way = real
    if there:
        (way / "state").mkdir(mode=0o700)
    if how == "their folder":
        os.chown(real, 12345, 0)
    elif how == "their right to the folder":
        os.chown(real, 0, 12345)
        real.chmod(0o775)
    elif how == "a folder of all":
        real.chmod(0o777)
    monitor.folder = way / "state"
    assert monitor.run() == WELL
    assert [path.name for path in real.rglob("*")] == ["state"] * there
    assert (sim.logins, sim.logouts) == (1, 1)
    whose = {"their right to the folder": "group 12345", "a folder of all": "everybody"}.get(how, "user 12345")
    assert monitor.keeper().why_not.startswith(f"{whose} can change {way}: ch")


@root
def test_a_folder_of_ones_own_where_all_may_make_theirs_is_used(
    sim: Simulator, monitor: Monitor, tmp_path: Path
) -> None:
    # As in /tmp.
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    (tmp_path / "link").symlink_to(tmp_path / "shared")
    for monitor.folder in (tmp_path / "shared" / "state", tmp_path / "link" / "state"):
        assert monitor.run() == WELL
    assert (sim.logins, sim.logouts) == (1, 0)


@pytest.mark.parametrize("base", ["state", "./state", "../state"])
def test_a_relative_xdg_state_home_is_not_one(base: str, sim: Simulator, runner: Runner) -> None:
    words = ["--url", sim.url, "--ca-file", sim.ca_file]
    done = runner("check_wabiz_socket", *words, env={"XDG_STATE_HOME": base, **credentials("monitor", PASSWORD)})
    assert done.code == 0
    assert (runner.home / ".local" / "state" / "wabiz-monitoring").is_dir()


@root
def test_a_file_of_somebody_else_is_not_believed(sim: Simulator, monitor: Monitor) -> None:
    monitor.run()
    os.chown(monitor.kept, 65534, 65534)
    monitor.run()
    assert sim.logins == 2
    assert monitor.kept.stat().st_uid == 0


def test_a_file_that_others_could_read_is_not_believed(sim: Simulator, monitor: Monitor) -> None:
    monitor.run()
    monitor.kept.chmod(0o644)
    monitor.run()
    assert sim.logins == 2
    assert mode(monitor.kept) == 0o600


def test_a_file_that_is_a_symlink_is_neither_read_nor_written_through(
    sim: Simulator, monitor: Monitor, tmp_path: Path
) -> None:
    monitor.run()
    target, name = tmp_path / "target", monitor.kept.name
    monitor.kept.rename(target)
    held = target.read_bytes()
    (tmp_path / "state" / name).symlink_to(target)
    assert monitor.keeper().token() is None
    assert monitor.run() == WELL
    assert target.read_bytes() == held
    assert not monitor.kept.is_symlink()


def test_a_lock_that_is_a_symlink_is_not_made_elsewhere(sim: Simulator, monitor: Monitor, tmp_path: Path) -> None:
    monitor.run()
    for lock in (tmp_path / "state").glob("*.lock"):
        lock.unlink()
        lock.symlink_to(tmp_path / "planted")
    sim.revoke_tokens()
    assert monitor.run() == WELL
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"token": 5}',
        '{"token": ""}',
        '{"token": "a b"}',
        '{"token": "a\\r\\nX-Evil: 1"}',
        "[" * 5000,
        '{"token": "' + "x" * 20000 + '"}',
    ],
)
def test_a_token_that_is_kept_is_not_believed_when_it_makes_no_sense(
    sim: Simulator, monitor: Monitor, content: str
) -> None:
    monitor.run()
    monitor.kept.write_text(content)
    assert monitor.run() == WELL
    assert sim.logins == 2


def test_a_pipe_or_a_folder_in_the_place_of_the_file_holds_nobody_up(
    sim: Simulator, monitor: Monitor, runner: Runner
) -> None:
    monitor.run()
    kept = monitor.kept
    words = ["--url", sim.url, "--ca-file", sim.ca_file, "--state-dir", str(kept.parent)]
    kept.unlink()
    os.mkfifo(kept, 0o600)
    assert runner("check_wabiz_socket", *words, "-t", "5", env=credentials("monitor", PASSWORD)).code == 0
    kept.unlink()
    kept.mkdir()
    assert monitor.run() == WELL
    assert sim.logouts == 1


def test_a_lock_that_is_never_let_go_ends_with_the_time_limit(
    sim: Simulator, installed: Runner, tmp_path: Path
) -> None:
    monitor = Monitor(sim, tmp_path / "state")
    monitor.run()
    sim.revoke_tokens()
    (lock,) = (tmp_path / "state").glob("login-*.lock")
    words = ["--url", sim.url, "--ca-file", sim.ca_file, "--state-dir", str(tmp_path / "state")]
    given = credentials("monitor", PASSWORD)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = in_time(3, lambda limit: installed("check_wabiz_socket", *words, "-t", f"{limit:g}", env=given))
    assert (done.code, done.first) == (
        2,
        f"WABIZ SOCKET CRITICAL - another run was still logging in to localhost:{sim.port} after {done.limit:g} s",
    )


def test_many_runs_at_once_with_a_wrong_password_try_it_once(sim: Simulator, runner: Runner) -> None:
    command = [str(BIN / "check_wabiz_socket"), "--url", sim.url, "--ca-file", sim.ca_file]
    environment = runner.environment(credentials("monitor", WRONG))
    runs = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _turn in range(10)]
    assert {run.wait(60) for run in runs} == {3}
    assert sim.failed_logins == 1
