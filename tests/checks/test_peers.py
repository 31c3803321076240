# SPDX-License-Identifier: BSD-2-Clause
"""Whatever is at the other end: every check and every module tells it, in time, and gives no secret away.

Each peer is asked twice by each of them: plainly, and through a proxy with every secret there can be.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import marks
import pytest
from commands import Runner, credentials
from faults import CONNECTION, ENDLESS_TOKEN, FAULTS, LOGIN, LOGOUT, STALE, SUPPORT, TOKEN
from forks import Forked, Forks
from forkserver import CHECKS, MODULES
from marks import GIVEN, HEADER, NETRC, PASSWORD, USER
from peers import PEERS, Peer, peer, variables
from proxy import Proxy
from told import TOLD, WAITING, Told, in_modules_words, told
from wabiz_monitoring._core.catalogue import CATALOGUE
from wabiz_monitoring._core.states import State

ONCE = "401 once"
"""Nobody is refused there who has no token to begin with."""

MOST = 64 * 2**20
"""The most memory that a run may take beyond what it had when it began."""


@pytest.fixture
def user(runner: Runner) -> Runner:
    """A user with a file that other programs log in by."""
    netrc = runner.home / ".netrc"
    netrc.write_text(f"machine localhost login evil password {NETRC}\ndefault login evil password {NETRC}\n")
    netrc.chmod(0o600)
    return runner


class Asked(NamedTuple):
    """One check or module, and how it asked."""

    name: str
    secretly: bool
    run: Callable[[], Forked]


def limit_of(name: str) -> float:
    """Seconds that a run has: few where it is known to wait, and enough elsewhere, however busy the machine is."""
    return 1 if name in WAITING else 20


def asking(name: str, at: Peer, proxy: Proxy | None, forks: Forks, user: Runner, folder: Path) -> Iterator[Asked]:
    """Every way in which a peer is to be asked."""
    fault = FAULTS.get(name, FAULTS["healthy"])
    # What a server says before it is asked gets lost behind the answer of a proxy.
    through = at.proxy or (None if fault.strikes == CONNECTION else proxy)
    headers = folder / "headers"
    headers.write_text(f"X-Key: {HEADER}\n")
    limit = limit_of(name)
    token = GIVEN if fault.strikes == SUPPORT else STALE
    for secretly in (False, True):
        way = variables(through) if through and (secretly or at.proxy) else {}
        for check in CHECKS:
            words = ["--url", at.url, "--ca-file", at.ca_file, "-t", f"{limit:g}", "-vvv"]
            words += ["--json", "--header-file", str(headers)] if secretly else ["--state-dir", "none"]
            more = {"WA_WEB_TOKEN": token} if secretly or name == ONCE else {}
            env = {**credentials(USER, PASSWORD), **way, **more}
            yield Asked(check, secretly, _command(forks, user, check, words, env))
        for module in forks.modules:
            options: dict[str, Any] = {"url": at.url, "ca_path": at.ca_file, "timeout": limit}
            options |= {"username": USER, "password": PASSWORD, "_ansible_verbosity": 3}
            options |= {"token": token} if secretly or name == ONCE else {}
            options |= {"headers": {"X-Key": HEADER}} if secretly else {}
            yield Asked(module, secretly, _module(forks, user, module, options, way))


def _command(forks: Forks, user: Runner, check: str, words: list[str], env: Mapping[str, str]) -> Callable[[], Forked]:
    return lambda: forks.command(user, f"check_wabiz_{check}", *words, env=env)


def _module(
    forks: Forks, user: Runner, module: str, options: Mapping[str, Any], env: Mapping[str, str]
) -> Callable[[], Forked]:
    return lambda: forks.module(user, module, options, env)


@pytest.mark.parametrize("name", PEERS)
def test_whatever_a_peer_does_it_is_told_in_time_and_learns_no_secret_that_is_not_for_it(
    name: str, request: pytest.FixtureRequest, user: Runner, tmp_path: Path
) -> None:
    with peer(name, tmp_path) as at, Proxy() as proxy, ThreadPoolExecutor(16) as pool:
        forks: Forks = request.getfixturevalue("deaf" if at.deaf else "forks")
        asked = list(asking(name, at, None if at.deaf else proxy, forks, user, tmp_path))
        limit = limit_of(name)
        for one, forked in zip(asked, pool.map(lambda one: one.run(), asked), strict=True):
            for _turn in range(2 if name in WAITING else 0):
                # The machine may have been busy, and sixteen runs at once are many; what hangs hangs each time.
                with suppress(AssertionError):
                    hold(one, forked, name, at.where, limit)
                    break
                hold_quiet(one, forked, forks)
                forked = one.run()
            hold_quiet(one, forked, forks)
            hold(one, forked, name, at.where, limit)
        assert list(marks.exposed(user.home)) == []
        if at.server:
            hold_server(at)
            # However many ran again: a fault that struck nobody has been tried on nobody.
            assert at.server.struck >= len(asked) / 2 or not FAULTS.get(name, FAULTS["healthy"]).strikes
        for one_proxy in filter(None, (at.proxy, proxy)):
            hold_proxy(one_proxy, at.where)


def hold_quiet(one: Asked, forked: Forked, forks: Forks) -> None:
    """Hold a run against what none may take or tell, however busy the machine is."""
    assert forked.peak < forks.size + MOST, f"{one.name}: {forked.peak / 2**20:.0f} MiB"
    assert forked.done.err == ""
    assert marks.found(forked.done.out) == [], f"{one.name}: {forked.done.out}"


def hold(one: Asked, forked: Forked, name: str, where: str, limit: float) -> None:
    """Hold what was said, and when, against what is to be said."""
    assert forked.done.in_time(limit), f"{one.name}: {forked.done.seconds} s"
    if one.name in MODULES:
        hold_module(one, forked, name, where, limit)
        return
    done = forked.done
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


def hold_module(one: Asked, forked: Forked, name: str, where: str, limit: float) -> None:
    """Hold what a module returned against what it is to say."""
    said = json.loads(forked.done.out)
    may_be = told(name, one.name)
    assert bool(said.get("failed")) == bool(may_be) == bool(forked.done.code), said
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
