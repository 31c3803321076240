# SPDX-License-Identifier: BSD-2-Clause
"""Whoever asks, with whatever passwords, whatever comes back, and whatever the clock does: nobody is locked out."""

from __future__ import annotations

import json
import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import pytest
from commands import BIN, Runner, credentials
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from samples import examples
from simulated import ANSWERS, DAY, HOUR, MINUTE, MOST, RIGHT, WELL, World
from wabiz_monitoring._core.attempts import WORD, Uptime
from wabiz_monitoring._core.catalogue import CATALOGUE
from wabiz_monitoring.simulator import Simulator


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    # Digests are slow on purpose, and days are long.
    monkeypatch.setattr("wabiz_monitoring._edge.ledger._ROUNDS", 1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state")


HERDS = [
    *((1, answer, 6 * HOUR, MINUTE) for answer in ANSWERS),
    *(pytest.param(50, answer, 3 * HOUR, 10 * MINUTE, marks=pytest.mark.soak) for answer in ("401", "500", "killed")),
    *((number, "401", 6 * HOUR, 5 * MINUTE) for number in (2, 5, 12)),
    pytest.param(1, "401", 2 * DAY, 2 * MINUTE, marks=pytest.mark.soak),
]
"""How many wrong passwords there are, what comes of them, for how long they run, and how often."""


@pytest.mark.parametrize(("number", "answer", "length", "pause"), HERDS)
def test_wrong_passwords_that_run_on_and_on_lock_nobody_out_and_a_right_one_works_at_once(
    number: int, answer: str, length: float, pause: float, world: World
) -> None:
    world.wrong = answer
    for _turn in range(int(length / pause)):
        for which in range(number):
            assert world.run(f"wrong{which}") != WELL
        world.now += pause
    assert 0 < world.worst() <= MOST
    if answer != "locked out":
        assert [world.run(RIGHT), world.run(RIGHT)] == [WELL, WELL]
        assert len(world.rows) == 1


@pytest.mark.parametrize("tokens", [True, False], ids=["checks", "modules"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_right_password_is_tried_no_more_often_whatever_comes_back(answer: str, tokens: bool, world: World) -> None:
    world.troubled = answer
    for _turn in range(int(3 * HOUR / 30)):
        world.run(RIGHT, tokens)
        world.now += 30
    assert 0 < world.worst() <= MOST
    assert len(world.rows) == world.killed
    world.troubled = ""
    waited = 0.0
    while world.run(RIGHT, tokens) != WELL:
        world.now += 30
        waited += 30
    assert waited <= 15 * MINUTE


@pytest.mark.parametrize("tokens", [True, False], ids=["checks", "modules"])
def test_a_login_whose_token_serves_nothing_is_given_back_and_counts(tokens: bool, world: World) -> None:
    world.deaf = True
    for _turn in range(int(3 * HOUR / MINUTE)):
        told = world.run(RIGHT, tokens)
        assert told.startswith("unauthorized: the token just given out is refused (HTTP 401)")
        world.now += MINUTE
    assert 0 < world.worst() <= MOST
    assert world.rows == set()


@pytest.mark.parametrize("number", range(10))
def test_a_right_password_after_some_wrong_ones_works_at_the_very_next_run(number: int, world: World) -> None:
    for which in range(number):
        world.run(f"wrong{which}")
    assert len(world.came_to_nothing) == number
    assert world.run(RIGHT) == WELL


def test_a_herd_of_wrong_passwords_leaves_room_for_a_right_one_within_the_hour(world: World) -> None:
    for _turn in range(6):
        for which in range(50):
            world.run(f"wrong{which}")
        world.now += MINUTE
    assert world.run(RIGHT) == WELL


def test_a_wrong_password_that_runs_beside_a_right_one_is_not_helped_by_it(world: World) -> None:
    for _turn in range(int(3 * HOUR / MINUTE)):
        assert world.run("wrong") != WELL
        assert world.run(RIGHT, tokens=False) == WELL
        world.now += MINUTE
    assert 0 < world.worst() <= MOST
    assert world.rows == set()


def test_a_password_put_right_on_the_server_is_tried_within_five_minutes(world: World) -> None:
    world.troubled = "401"
    assert world.run(RIGHT) != WELL
    world.troubled = ""
    minutes = 0
    while world.run(RIGHT) != WELL:
        world.now += MINUTE
        minutes += 1
    assert minutes <= 5


def test_a_lock_out_is_waited_for_with_every_password(world: World) -> None:
    world.troubled = "locked out"
    assert world.run("one").startswith("throttled")
    world.troubled = ""
    assert world.run(RIGHT).startswith("throttled: login of user monitor refused: too many failed logins from this")
    world.now += 5 * MINUTE
    assert world.run(RIGHT) == WELL


def test_who_has_to_wait_without_having_been_tried_is_told_for_what(world: World) -> None:
    told = [world.run(f"wrong{which}") for which in range(11)]
    assert told[-1] == (
        "unauthorized: login of user monitor not tried for 4.9 minutes, so that this address is not locked out: "
        "10 logins failed within the hour"
    )


@pytest.mark.parametrize("pause", [90, 600, 3 * 3600])
def test_a_machine_that_starts_anew_again_and_again_locks_nobody_out(pause: float, world: World) -> None:
    for _turn in range(200):
        world.run("wrong")
        world.restart()
        world.now += pause
    assert 0 < world.worst() <= MOST
    assert world.run(RIGHT) == WELL


APART: Mapping[str, Callable[[int, float], Uptime]] = {
    "a time of its own, ahead": lambda turn, now: Uptime("in" if turn % 2 else "out", now + turn % 2 * 10**6),
    "a time of its own, a little ahead": lambda turn, now: Uptime("in" if turn % 2 else "out", now + turn % 2 * 7200),
    "a time of its own, behind": lambda turn, now: Uptime("in" if turn % 2 else "out", now - turn % 2 * 7200),
    "two machines": lambda turn, now: Uptime("ab"[turn % 2], now + turn % 2 * 10**6),
    "two machines of which one has just started": lambda turn, now: Uptime("ab"[turn % 2], now - turn % 2 * DAY),
    "nine machines": lambda turn, now: Uptime(f"machine{turn % 9}", now + turn % 9 * 5000),
    "two machines, hour by hour": lambda turn, now: Uptime("ab"[turn // 60 % 2], now + turn // 60 % 2 * 10**6),
    "set back each time": lambda turn, now: Uptime("start", 7200 + turn % 2),
    "set back each hour": lambda turn, now: Uptime("start", 7200 + turn % 60 * MINUTE),
    "another start each time": lambda turn, now: Uptime(f"start{turn}", 7200),
    "another start each hour": lambda turn, now: Uptime(f"start{turn // 60}", 7200 + turn % 60 * MINUTE),
    "stands still": lambda turn, now: Uptime("start", 7200),
    "goes slowly": lambda turn, now: Uptime("start", now / 2),
}
"""Clocks of runs that share a folder, minute by minute: what each shows in its turn, and at what time."""


@pytest.mark.parametrize(
    ("number", "answer"),
    [(1, "401"), *(pytest.param(5, answer, marks=pytest.mark.soak) for answer in ("500", "killed"))],
)
@pytest.mark.parametrize("clocks", APART)
def test_clocks_that_know_nothing_of_each_other_lock_nobody_out(
    clocks: str, number: int, answer: str, world: World
) -> None:
    begun, world.wrong = world.now, answer
    for turn in range(int(8 * HOUR / MINUTE)):
        world.clock = partial(APART[clocks], turn, 2 * DAY + world.now - begun)
        for which in range(number):
            assert world.run(f"wrong{which}") != WELL
        world.now = begun + (turn + 1) * MINUTE
    assert 0 < world.worst() <= MOST
    if answer == "401":
        assert world.run(RIGHT) == WELL


@pytest.mark.parametrize("clocks", ["two machines", "nine machines", "a time of its own, ahead"])
def test_machines_that_share_a_folder_notice_that_a_password_was_put_right(clocks: str, world: World) -> None:
    begun, turn = world.now, 0
    for turn in range(180):
        world.clock = partial(APART[clocks], turn, DAY + world.now - begun)
        world.troubled = "401" if turn < 150 else ""
        told = world.run(RIGHT)
        world.now = begun + (turn + 1) * MINUTE
    assert told == WELL


SPELLINGS = {
    "localhost": (
        *("https://localhost:9090", "https://LOCALHOST:9090", "https://localhost.:9090", "http://localhost:9090"),
        *("https://localhost.localdomain:9090", "https://wa.localhost:9090", "https://ip6-localhost:9090"),
        *("https://127.0.0.1:9090", "https://127.0.1.1:9090", "https://127.1:9090", "https://2130706433:9090"),
        *("https://0x7f.1:9090", "https://0.0.0.0:9090", "https://[::1]:9090", "https://[::ffff:127.0.0.1]:9090"),
        *("https://[0:0:0:0:0:0:0:1]:9090", "https://[::]:9090", "https://localhost:09090"),
        *("https://localhost:9090" + path for path in ("/.", "/%2e", "/v1/..", "/a/../", "/gateway", "/%67ateway")),
    ),
    "an address": (
        *("https://192.0.2.1", "https://192.0.2.1:443", "http://192.0.2.1:443", "https://3221225985"),
        *("https://192.0.513", "https://[::ffff:192.0.2.1]", "https://[::ffff:c000:201]", "https://192.0.2.1/api"),
    ),
    "an address of IPv6": ("https://[2001:db8::1]", "https://[2001:DB8:0::0:1]", "https://[2001:db8::0.0.0.1]"),
}
"""Ways to write the address of one API."""

USERS = (
    "m\u00f6nitor",
    "mo\u0308nitor",
    "M\u00d6NITOR",
    "monitor",
    " monitor ",
    "moni tor",
    "m\u00f8nitor",
    "mon\u0131tor",
    "Monitor",
    "\uff4donitor",
    "mon\u200bitor",
)
"""Ways to write a user that a database may take for one."""


@pytest.mark.parametrize("api", SPELLINGS)
def test_an_api_has_one_account_however_its_address_is_written(api: str, world: World) -> None:
    for _turn in range(120):
        for url in SPELLINGS[api]:
            world.run("wrong", url=url)
        world.now += MINUTE
    assert len(list(world.folder.glob("account-*.json"))) == 1
    assert 0 < world.worst() <= MOST


def test_a_user_has_one_account_however_the_name_is_written(world: World) -> None:
    for _turn in range(120):
        for user in USERS:
            world.run("wrong", user=user)
        world.now += MINUTE
    assert 0 < world.worst() <= MOST


def test_what_one_spelling_of_a_user_is_refused_another_may_try_at_once(world: World) -> None:
    world.troubled = "401"
    world.run(RIGHT, user="Monitor")
    world.run(RIGHT, url="https://wa.example:9090/other")
    world.troubled = ""
    assert world.run(RIGHT) == WELL


APART_IN_TRUTH = ("unshare", "--time", "--boottime", "1000000", "--fork")


def test_a_check_in_a_time_of_its_own_shares_the_account(runner: Runner, tmp_path: Path) -> None:
    if subprocess.run([*APART_IN_TRUTH, "true"], capture_output=True, check=False).returncode:
        pytest.skip("left out: a namespace of time cannot be made here")
    given = credentials("monitor", "marked-wrong-password")
    with Simulator(password="marked-password") as sim:
        words = ["--url", sim.url, "--ca-file", sim.ca_file, "--state-dir", str(tmp_path / "state")]
        for turn in range(6):
            command = (*(APART_IN_TRUTH if turn % 2 else ()), str(BIN / "check_wabiz_socket"), *words)
            assert runner.process(*command, env=given).code == 3
        assert sim.failed_logins == 1


# The clock on the wall says anything at all, and something else each time.
JUMPY = """
import sys, time
real, ahead = time.time, float(sys.argv.pop(1))
time.time = lambda: real() + ahead
from wabiz_monitoring.check_socket import main
main()
"""


def test_a_clock_that_is_set_makes_no_difference(runner: Runner) -> None:
    given = credentials("monitor", "marked-wrong-password")
    with Simulator(password="marked-password") as sim:
        words = ["--url", sim.url, "--ca-file", sim.ca_file]
        for ahead in (0, 10**9, -(10**9), 301, 3601, -301, 86400):
            assert runner.python(JUMPY, str(ahead), *words, env=given).code == 3
        assert sim.failed_logins == 1


def test_each_gets_its_turn(world: World) -> None:
    # The right one is the last of many that come at the same time.
    for _turn in range(int(DAY / (10 * MINUTE))):
        for which in range(15):
            world.run(f"wrong{which}")
        if world.run(RIGHT) == WELL:
            break
        world.now += 10 * MINUTE
    assert world.run(RIGHT) == WELL


def test_callers_that_are_told_apart_by_their_headers_share_the_account_of_their_user(world: World) -> None:
    for _turn in range(int(3 * HOUR / (3 * MINUTE))):
        for tenant in "abcdef":
            world.run("wrong", headers={"X-Tenant": tenant})
        world.now += 3 * MINUTE
    assert 0 < world.worst() <= MOST


@contextmanager
def no_room() -> Iterator[None]:
    """Nothing can be written to any file meanwhile, as on a disk that is full or read-only."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_nothing_can_be_noted_what_was_refused_is_not_tried_again(world: World) -> None:
    assert world.run("wrong").endswith("wrong user name or password (HTTP 401)")
    with no_room():
        for _turn in range(3):
            world.now += HOUR
            assert world.run("wrong").endswith(
                "wrong user name or password (HTTP 401); not tried again while that cannot be noted"
            )
        # And what was not is tried, since a check that fails where it is needed most is worse than none.
        assert [world.run(RIGHT), world.run(RIGHT)] == [WELL, WELL]
        assert world.rows == set()
    assert len(world.came_to_nothing) == 1


def test_an_account_that_makes_no_sense_is_as_none_and_stays_as_small_as_ever(world: World) -> None:
    world.run("wrong")
    (account,) = world.folder.glob("account-*.json")
    sound, size = json.loads(account.read_text()), account.stat().st_size
    hostile = [json.dumps({**sound, name: value}) for name in sound for value in HOSTILE]
    late = [[FULL, LATE]] * 4
    longest = (late, max(CATALOGUE, key=len), 99999, 99999, 1)
    known = {f"{number:0{WORD}}": longest for number in range(64)}
    full = json.dumps({**sound, "known": known, "attempts": [[FULL, late, 1, 1]] * 24}, separators=(",", ":"))
    assert len(full) < size
    for text in (*hostile, full, "", "{", "[]", "null", "[" * 10**5, "\0", "\ud800"):
        account.write_bytes(text.encode("utf-8", "surrogatepass"))
        world.run("another")
        assert account.stat().st_size == size
        world.now += DAY
        assert world.run(RIGHT) == WELL
        world.rows.clear()


HUGE = 10**400
LONG = "x" * 10**5
FULL = "f" * WORD
LATE = 10**9 - 0.001
ODD: tuple[object, ...] = (None, True, False, 5, -1, 1.5, -1e300, 1e300, HUGE, "", "5", "\ud800", LONG, [], {}, [[]])
HOSTILE: tuple[object, ...] = (
    *(*ODD, [{}], {"": {}}, {"": []}, [None] * 10**4),
    *([["a", odd, 0, 0]] for odd in ODD),
    *([["a", [odd], 0, 0]] for odd in ODD),
    *([["a", [["b", odd]], 0, 0]] for odd in ODD),
    *([[odd, [[odd, 5]], 0, 0]] for odd in ODD),
    *([["a", [["b", 5]], odd, odd]] for odd in ODD),
    *({"a": [odd, "unauthorized", 401, 0, 0]} for odd in ODD),
    *({"a": [[["b", odd]], "unauthorized", 401, 0, 0]} for odd in ODD),
    *({"a": [[["b", 5]], odd, 401, 0, 0]} for odd in ODD),
    *({"a": [[["b", 5]], "unauthorized", odd, odd, odd]} for odd in ODD),
    *([["\u2028", [['"', 5]], 0, 0]], {"a": [[["b", 5]], "nonsense", 401, 0, 0]}, {LONG: [[["b", 5]]]}),
    *([["a", [["b", 5]] * 99, 0, 0]], {"a": [[["b", 5]] * 99]}),
)
"""What an attacker, or a disk, may have put there."""


class Lives(RuleBasedStateMachine):
    """Whatever happens to a machine, in any order."""

    @initialize()
    def begin(self) -> None:
        """An empty folder; and a clock on the wall that says anything at all."""
        self.folder = TemporaryDirectory()
        self.world = World(Path(self.folder.name) / "state")
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("wabiz_monitoring._edge.ledger._ROUNDS", 1)

    @rule(number=st.integers(0, 50), answer=st.sampled_from(sorted(ANSWERS)), tokens=st.booleans())
    def one_runs_with_a_wrong_password(self, number: int, answer: str, tokens: bool) -> None:
        self.world.wrong = answer
        self.world.run(f"wrong{number}", tokens)

    @rule(count=st.integers(1, 40), answer=st.sampled_from(sorted(ANSWERS)), pause=st.floats(0, 900))
    def some_run_in_a_row(self, count: int, answer: str, pause: float) -> None:
        self.world.wrong = answer
        for number in range(count):
            self.world.run(f"wrong{number % 3}", tokens=number % 2 == 0)
            self.world.now += pause

    @rule(troubled=st.sampled_from(["", *sorted(ANSWERS)]), deaf=st.booleans(), tokens=st.booleans())
    def one_runs_with_the_right_password(self, troubled: str, deaf: bool, tokens: bool) -> None:
        self.world.troubled, self.world.deaf = troubled, deaf
        self.world.run(RIGHT, tokens)
        self.world.troubled, self.world.deaf = "", False

    @rule(seconds=st.one_of(st.sampled_from([1, 60, 299, 300, 3599, 3600, DAY]), st.floats(0, 8000)))
    def time_goes_by(self, seconds: float) -> None:
        self.world.now += seconds

    @rule()
    def the_machine_starts_anew(self) -> None:
        self.world.restart()

    @rule(which=st.integers(0, 5), ahead=st.sampled_from([-5, 301, 4000, -4000, 10**6]))
    def one_of_many_machines_goes_on(self, which: int, ahead: float) -> None:
        # Some of them are namespaces of time on one machine.
        self.world.clock = lambda: Uptime(f"machine{which}a{ahead % 7}", self.world.now - 9.9e8 + which * ahead)

    @rule(wall=st.floats(-1e10, 1e11))
    def the_clock_on_the_wall_is_set(self, wall: float) -> None:
        self.patch.setattr(time, "time", lambda: wall)

    @rule()
    def all_tokens_die(self) -> None:
        self.world.rows.clear()
        self.world.killed = 0

    @invariant()
    def nobody_is_locked_out_and_no_row_is_left(self) -> None:
        if hasattr(self, "world"):
            assert self.world.worst() <= MOST
            assert len(self.world.rows) <= 1 + self.world.killed

    def teardown(self) -> None:
        """Set the clock right again."""
        if hasattr(self, "patch"):
            self.patch.undo()
            self.folder.cleanup()


Lives.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=30, deadline=None)
TestWhateverHappensInAnyOrder = Lives.TestCase
