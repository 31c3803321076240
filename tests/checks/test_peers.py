# SPDX-License-Identifier: BSD-2-Clause
"""Whatever is at the other end: every check and every module tells it, in time, and gives no secret away.

Each peer is asked twice by each of them: plainly, and through a proxy with every secret there can be.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import marks
import pytest
from asking import Asked, asking
from commands import Runner
from faults import ENDLESS_TOKEN, FAULTS, LOGIN, LOGOUT, STALE, SUPPORT, TOKEN, WRONG_IN_EVERY_FIELD
from forks import Forks, Taken
from forkserver import CHECKS, MODULES
from marks import GIVEN, HEADER, NETRC, PASSWORD, USER
from peers import KINDS, PEERS, WAYS, Peer, peer
from proxy import Proxy
from told import TOLD, WAITING, Told, in_modules_words, is_late, limit_of, told
from wabiz_monitoring._core.catalogue import CATALOGUE
from wabiz_monitoring._core.states import State
from yardstick import LATE, Healthy, Yardstick, kind_of, most, yardstick

OTHER = Path("/usr/bin/python3")

SAMPLE = (
    *("healthy", "too large", "as many nodes as are believed", "as much as is believed"),
    "values without number, late",
    *("drips the body", "logout: drips", "echoes in full", "refuses connections"),
)
ALONE = ("all", *MODULES)
"""The peers that are also asked by processes of their own, and by whom."""


@pytest.fixture
def user(runner: Runner) -> Runner:
    """A user with a file that other programs log in by."""
    netrc = runner.home / ".netrc"
    netrc.write_text(f"machine localhost login evil password {NETRC}\ndefault login evil password {NETRC}\n")
    netrc.chmod(0o600)
    return runner


@pytest.fixture(scope="session")
def healthy(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Yardstick:
    """What a healthy run takes here and now."""
    home = tmp_path_factory.mktemp("healthy")
    return yardstick(forks, Runner(home), home)


@pytest.fixture(scope="session")
def other_forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Forks of the system's own Python, which users have: its build, and that of its OpenSSL, may differ from ours."""
    if not OTHER.exists() or OTHER.resolve() == Path(sys.executable).resolve():
        pytest.skip(f"left out: {OTHER} is no other Python than the one that runs the tests")
    with Forks(tmp_path_factory.mktemp("other"), python=str(OTHER)) as forks:
        yield forks


@pytest.mark.parametrize("name", PEERS)
def test_whatever_a_peer_does_it_is_told_in_time_and_learns_no_secret_that_is_not_for_it(
    name: str, request: pytest.FixtureRequest, user: Runner, healthy: Yardstick, tmp_path: Path
) -> None:
    with peer(name, tmp_path) as at:
        hold_peer(name, at, request.getfixturevalue("deaf" if at.deaf else "forks"), user, healthy, tmp_path)


@pytest.mark.parametrize("name", [name for kind in ("Nothing", *WAYS, "Framing") for name in KINDS[kind]])
def test_the_systems_own_python_tells_the_same(
    name: str, other_forks: Forks, user: Runner, healthy: Yardstick, tmp_path: Path
) -> None:
    with peer(name, tmp_path) as at:
        if at.deaf:
            pytest.skip("left out: names are resolved by the system, whatever the Python")
        hold_peer(name, at, other_forks, user, healthy, tmp_path)


def hold_peer(name: str, at: Peer, forks: Forks, user: Runner, healthy: Yardstick, tmp_path: Path) -> None:
    """Ask a peer in every way, and hold all that comes of it against what is promised."""
    with Proxy() as proxy, ThreadPoolExecutor(16) as pool:
        asked = list(asking(name, at, None if at.deaf else proxy, forks.modules, tmp_path))
        limit = limit_of(name)
        for one, taken in zip(asked, pool.map(lambda one: one.forked(forks, user), asked), strict=True):
            room = 0.0
            for _turn in range(2 if name in WAITING else 0):
                # Sixteen runs at once are many. What hangs hangs each time, also beside a process that only waits, and
                # is as late as the machine makes it.
                with suppress(AssertionError):
                    hold(one, taken, name, at.where, limit, room)
                    break
                hold_quiet(one, taken)
                waiting = pool.submit(forks.wait, limit)
                taken = one.forked(forks, user)
                room = waiting.result().late(limit)
            hold_quiet(one, taken)
            hold(one, taken, name, at.where, limit, room)
            hold_memory(one, healthy[kind_of(one)], healthy[kind_of(one)].would_take(taken, forks))
        assert list(marks.exposed(user.home)) == []
        if at.server:
            hold_server(at)
            # However many ran again: a fault that struck nobody has been tried on nobody.
            assert at.server.struck >= len(asked) / 4 or not FAULTS.get(name, FAULTS["healthy"]).strikes
        for one_proxy in filter(None, (at.proxy, proxy)):
            hold_proxy(one_proxy, at.where)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_process_of_its_own_takes_no_more_than_its_fork_is_said_to_take(
    name: str, forks: Forks, user: Runner, healthy: Yardstick, tmp_path: Path
) -> None:
    with peer(name, tmp_path) as at, ThreadPoolExecutor(4) as pool:
        limit = limit_of(name)
        plainly = [one for one in asking(name, at, None, forks.modules, tmp_path) if not one.secretly]
        asked = [one for one in plainly if one.name in ALONE]
        # How far a run comes with what is late depends on the machine; a fork that comes to the end takes the most.
        late = is_late(name)
        forked = pool.map(lambda one: (one.patiently() if late else one).forked(forks, user), asked)
        alone = pool.map(lambda one: one.alone(forks.collections, user), asked)
        for one, fork, process in zip(asked, forked, alone, strict=True):
            usual = healthy[kind_of(one)]
            hold_quiet(one, process)
            hold_memory(one, usual, process.peak)
            assert late or process.done.code == fork.done.code
            # Its start is no part of what is limited; and what hangs hangs each time.
            ends = limit + usual.seconds
            assert process.late(ends) < LATE or one.alone(forks.collections, user).late(ends) < LATE
            assert process.peak < usual.would_take(fork, forks) * 1.1


@pytest.mark.parametrize("tool", ["all", "health_gate"])
def test_many_findings_at_each_node_take_no_more_memory_than_is_promised(
    tool: str, forks: Forks, user: Runner, healthy: Yardstick, tmp_path: Path
) -> None:
    with peer("healthy", tmp_path) as at:
        assert at.server
        at.server.use(WRONG_IN_EVERY_FIELD)
        for one in asking("healthy", at, None, forks.modules, tmp_path):
            if one.name == tool:
                taken = one.patiently().alone(forks.collections, user)
                hold_quiet(one, taken)
                assert taken.done.out.count("belongs") > 192, taken.done.out[:200]
                hold_memory(one, healthy[kind_of(one)], taken.peak)


def hold_quiet(one: Asked, taken: Taken) -> None:
    """Hold a run against what none may tell, however busy the machine is."""
    assert taken.done.err == ""
    assert marks.found(taken.done.out) == [], f"{one.name}: {taken.done.out}"


def hold_memory(one: Asked, healthy: Healthy, memory: float) -> None:
    """Hold the most memory that a run had against what a healthy one has."""
    told = f"{one.name}: {memory / 2**20:.1f} MiB, a healthy run: {healthy.memory / 2**20:.1f} MiB"
    assert memory < most(healthy.memory), told


def hold(one: Asked, taken: Taken, name: str, where: str, limit: float, room: float = 0) -> None:
    """Hold what was said, and when, against what is to be said; `room` is by how much all are late."""
    assert taken.late(limit) < LATE + room, f"{one.name}: {taken.late(limit)} s late, as all are by {room} s"
    if one.is_module:
        hold_module(one, taken, name, where, limit)
        return
    done = taken.done
    may_be = told(name, one.name)
    states = {CATALOGUE[row.problem].state for row in may_be} or {State.OK}
    assert done.code in {int(state) for state in states}, done
    if one.secretly:
        said = json.loads(done.out)
        assert (said["check"], State[said["state"]]) == (one.name, State(done.code))
        assert {row.problem for row in may_be} >= {bad["problem"] for bad in said["problems"][:1]}
        return
    assert done.out.replace("\n", "").isprintable()
    assert not [line for line in done.lines[1:] if "|" in line]
    start = f"WABIZ {one.name.upper()} {State(done.code).name} - "
    assert done.first.startswith(start)
    if may_be:
        texts = [filled(row, where, limit) for row in may_be]
        fits = [row for row, text in zip(may_be, texts, strict=True) if done.first[len(start) :].startswith(text)]
        assert fits, f"{done.first!r} is none of {texts}"
        assert {f"What to do: {row.remedy}" for row in fits} & set(done.lines), done.lines


def filled(row: Told, where: str, limit: float) -> str:
    """The sentence of this very run."""
    return row.text.format(where=where, port=where.rpartition(":")[2], limit=f"{limit:g}")


def hold_module(one: Asked, taken: Taken, name: str, where: str, limit: float) -> None:
    """Hold what a module returned against what it is to say."""
    said = json.loads(taken.done.out)
    may_be = told(name, one.name)
    assert bool(said.get("failed")) == bool(may_be) == bool(taken.done.code), said
    if not may_be:
        return
    if one.name == "support_facts":
        assert said["problem"] in {row.problem for row in may_be}
    else:
        assert said["findings"][0]["problem"] in {row.problem for row in may_be}
    if not one.secretly:
        told_by_it = said["msg"].lower()
        texts = [filled(row, where, limit).lower() for row in may_be]
        fits = [row for row, text in zip(may_be, texts, strict=True) if text in told_by_it]
        assert fits, f"{said['msg']!r} is none of {texts}"
        assert [row for row in fits if in_modules_words(row.remedy).lower() in told_by_it], said["msg"]


def hold_server(at: Peer) -> None:
    """Hold what came in at the server against what is for it, and for that path."""
    assert at.server
    basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    bearers = {f"Bearer {token}" for token in (TOKEN, STALE, GIVEN, ENDLESS_TOKEN)}
    for request in at.server.received:
        # Neither a redirect's target nor anything else.
        assert request.path in (LOGIN, SUPPORT, LOGOUT)
        said = request.headers.get("authorization")
        assert said == basic if request.path == LOGIN else said in bearers, request
        rest = {name: value for name, value in request.headers.items() if name not in ("authorization", "x-key")}
        assert marks.found(str(rest)) == []
        assert request.headers.get("x-key", HEADER) == HEADER


def hold_proxy(proxy: Proxy, where: str) -> None:
    """Hold what a proxy got to see: where to, its own password, and nothing that is not encrypted."""
    for head in proxy.asked:
        assert head.startswith(f"CONNECT {where} HTTP/1.")
        shown = head.replace(base64.b64encode(f"me:{marks.PROXY}".encode()).decode(), "")
        assert marks.found(shown) == []
        assert "\r\nauthorization:" not in head.lower()
    for sent in proxy.passed_on:
        # The first byte of every TLS handshake.
        assert sent[:1] in (b"", b"\x16")
        assert marks.found(sent.decode("latin-1")) == []


def test_what_is_to_be_said_is_written_down_for_each_peer_and_no_other() -> None:
    assert set(TOLD) == set(PEERS)


def test_what_is_to_be_said_names_problems_of_the_catalogue() -> None:
    names = {row.problem for name in TOLD for check in (*CHECKS, *MODULES) for row in told(name, check)}
    assert names <= set(CATALOGUE)
    assert {"unreachable", "timeout", "unauthorized", "throttled", "invalid"} <= names


@pytest.mark.parametrize("name", ["TLS 1.0 only", "TLS 1.1 only"])
def test_a_client_that_takes_old_tls_would_be_served(name: str, tmp_path: Path) -> None:
    lenient = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        lenient.minimum_version = ssl.TLSVersion.TLSv1
    lenient.set_ciphers("ALL:@SECLEVEL=0")
    with peer(name, tmp_path) as at:
        lenient.load_verify_locations(at.ca_file)
        host, _colon, port = at.where.partition(":")
        connection = socket.create_connection((host, int(port)))
        with lenient.wrap_socket(connection, server_hostname=host) as secured:
            assert secured.version() == {"TLS 1.0 only": "TLSv1", "TLS 1.1 only": "TLSv1.1"}[name]
