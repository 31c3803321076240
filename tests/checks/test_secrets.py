# SPDX-License-Identifier: BSD-2-Clause
"""No run prints a secret, whatever goes wrong and however much it is asked to say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import marks
import pytest
from commands import Done, Runner, credentials
from documents import UNREACHABLE, cluster, high_availability, single
from faults import FAULTS, TOKEN, FaultServer
from marks import ENV, GIVEN, PASSWORD, PROXY
from wabiz_monitoring._core.session import Credentials

# What a password may look like, and what output makes of it.
ODD = [
    "pa|ss`w<o>rd",
    "with \"quotes\" and 'more'",
    "back\\slash\\n",
    "p\u00e4ssw\u00f6rt\u20ac",
    "white  space\tinside",
    "100%25sure&more=1",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultServer]:
    with FaultServer(tmp_path_factory.mktemp("secrets")) as server:
        yield server


def silent(done: Done, *secrets: str) -> None:
    """Nothing of the secrets is in the output, not even most of one."""
    assert marks.found(done.out + done.err, secrets) == [], done


@pytest.mark.parametrize("password", ODD)
def test_a_password_stays_hidden_whatever_it_is_made_of(password: str, server: FaultServer, runner: Runner) -> None:
    words = ["--url", server.url, "--ca-file", server.ca_file, "--state-dir", "none"]
    for fault in (name for name in FAULTS if name.startswith("login: echoes")):
        server.use(fault)
        for more in (["-vvv"], ["--json"]):
            done = runner("check_wabiz_socket", *words, *more, env=credentials("monitor", password))
            assert server.received, done
            silent(done, password)


def test_a_token_that_was_kept_is_hidden_like_a_given_one(server: FaultServer, runner: Runner) -> None:
    words = ["--url", server.url, "--ca-file", server.ca_file]
    server.use("healthy")
    assert runner("check_wabiz_socket", *words, env=credentials("monitor", PASSWORD)).code == 0
    for fault in ("echoes", "echoes in full", "echoes cut", "echoes in a page", "echoes in an answer"):
        server.use(fault)
        silent(runner("check_wabiz_all", *words, "-vvv", env=credentials("monitor", PASSWORD)), TOKEN, PASSWORD)


def test_what_the_environment_of_a_node_holds_is_printed_by_nothing(runner: Runner) -> None:
    secret = [f"WA_DB_PASSWORD={ENV}", {"nested": [ENV]}]
    nodes = {key: {**node, "env": secret} for key, node in high_availability().items()}
    bodies = [
        single(env=secret),
        single(env=ENV),
        single(env={"WA_DB_PASSWORD": ENV}),
        single(env=secret, socket_conn="DN", free_space_logs=-1, expire_timestamp="x", version=[ENV]),
        cluster(nodes),
        cluster({**nodes, "wa2:c2": UNREACHABLE}),
        single(env=secret)[:-200],
        single(env=secret).replace(b'"env"', b'"env": 1, "env"'),
    ]
    for body in bodies:
        for check in ("socket", "cluster", "space", "build", "clock", "all"):
            for more in (["-vvv"], ["--json", "-vvv"]):
                silent(runner(f"check_wabiz_{check}", "--file", "-", *more, stdin=body), ENV)


def test_secrets_in_a_proxy_s_address_or_an_options_file_are_hidden(
    server: FaultServer, runner: Runner, tmp_path: Path
) -> None:
    server.use("echoes")
    ini = tmp_path / "wa.ini"
    ini.write_text(
        f"[wa]\nurl={server.url}\nca-file={server.ca_file}\npassword={PASSWORD}\ntoken={GIVEN}\nusername=me\n"
    )
    proxy = {"https_proxy": f"http://me:{PROXY}@localhost:1"}
    for variables in ({}, proxy):
        silent(runner("check_wabiz_socket", f"--extra-opts=wa@{ini}", "-vvv", env=variables), PASSWORD, GIVEN, PROXY)


def test_an_internal_error_shows_places_and_no_values(runner: Runner) -> None:
    program = (
        "import wabiz_monitoring.plugin.sources as sources\n"
        "def broken(settings, *more):\n"
        "    raise RuntimeError(str(settings.credentials.password) + ' | ' + settings.credentials.token)\n"
        "sources.source = broken\n"
        "from wabiz_monitoring.check_socket import main\n"
        "main()\n"
    )
    variables = {**credentials("monitor", PASSWORD), "WA_WEB_TOKEN": GIVEN}
    for more, lines in (([], 1), (["-vvv"], 2)):
        done = runner.python(program, "-H", "localhost", *more, env=variables)
        assert (done.code, done.err) == (3, "")
        assert done.first.startswith("WABIZ SOCKET UNKNOWN - internal error: RuntimeError at ")
        assert len(done.lines) >= lines
        silent(done, PASSWORD, GIVEN)


def test_credentials_show_nothing_of_themselves() -> None:
    assert PASSWORD not in repr(Credentials("monitor", PASSWORD, GIVEN))
    assert PASSWORD not in f"{Credentials('monitor', PASSWORD, GIVEN)}"


def test_the_passwords_of_this_test_are_nowhere_in_its_own_environment() -> None:
    assert not [name for name, value in os.environ.items() if PASSWORD in value]
