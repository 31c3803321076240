# SPDX-License-Identifier: BSD-2-Clause
"""Failures on the way to the answer, told by the commands; what every peer can do stands in test_peers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme
from commands import Done, Runner, credentials, in_time
from faults import LOGIN, LOGOUT, SUPPORT, FaultServer
from forks import Forks
from forkserver import CHECKS
from told import WAITING
from wabiz_monitoring._core.states import State

PASSWORD = "marked-password"
LIMIT = 2
"""Seconds that a run has here where it waits for as long as it may."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultServer]:
    with FaultServer(tmp_path_factory.mktemp("faults")) as server:
        yield server


def ask(
    runner: Runner, server: FaultServer, *words: str, check: str = "socket", where: str = "", limit: float = 20
) -> Done:
    address = ["--url", where or server.url, "--ca-file", server.ca_file, "-t", f"{limit:g}", "--state-dir", "none"]
    return runner(f"check_wabiz_{check}", *address, *words, env=credentials("monitor", PASSWORD))


def test_whatever_the_fault_a_run_logs_in_once_and_asks_once(server: FaultServer, runner: Runner) -> None:
    for fault in ("500", "a page", "429", "403", "half the JSON"):
        server.use(fault)
        ask(runner, server)
        assert [request.path for request in server.received] == [LOGIN, SUPPORT, LOGOUT]


def test_a_new_token_that_is_refused_is_tried_once_more(server: FaultServer, runner: Runner) -> None:
    server.use("401")
    ask(runner, server)
    assert [request.path for request in server.received] == [LOGIN, SUPPORT, SUPPORT, LOGOUT]


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("502 page", "unreachable"),
        ("says nothing", "timeout"),
        ("403", "unauthorized"),
        ("429", "throttled"),
        ("204", "invalid"),
    ],
)
def test_each_trouble_can_be_given_another_state(fault: str, problem: str, server: FaultServer, runner: Runner) -> None:
    def one(state: State) -> Done:
        return ask(runner, server, "--state", f"{problem}={state.name.lower()}", limit=limit)

    server.use(fault)
    limit = 1 if fault in WAITING else 20
    with ThreadPoolExecutor() as pool:
        for state, done in zip(State, pool.map(one, State), strict=True):
            assert (done.code, done.err) == (int(state), "")
            assert done.first.startswith(f"WABIZ SOCKET {state.name} - ")


def test_an_installed_command_ends_in_time_its_start_included(server: FaultServer, installed: Runner) -> None:
    def one(check: str) -> Done:
        return in_time(LIMIT, lambda limit: ask(installed, server, check=check, limit=limit))

    server.use("says nothing to the request")
    with ThreadPoolExecutor(2) as pool:
        for check, done in zip(CHECKS, pool.map(one, CHECKS), strict=True):
            assert (done.code, done.err) == (2, "")
            where = f"localhost:{server.port}"
            assert (
                done.first
                == f"WABIZ {check.upper()} CRITICAL - no complete answer from {where} within {done.limit:g} s"
            )


# The way there.


@pytest.mark.parametrize("host", ["a..b", ".example", "x" * 64 + ".example", "x" * 253])
def test_a_name_that_no_resolver_can_be_asked_for_is_told(host: str, server: FaultServer, installed: Runner) -> None:
    # As long as what is asked and answered takes, several times: on a busy machine the start takes most of it.
    server.use("healthy")
    limit = 1 + round(3 * ask(installed, server).seconds)
    done = in_time(limit, lambda limit: ask(installed, server, where=f"https://{host}:9090", limit=limit))
    shown = f"{host}:9090" if len(host) < 76 else host[:77] + "..."
    assert (done.code, done.err) == (2, "")
    assert done.lines == [
        f"WABIZ SOCKET CRITICAL - the name in {shown} cannot be resolved",
        "What to do: see whether the name is right and the resolver answers",
    ]


# Certificates.


def test_without_a_ca_file_the_systems_store_decides(tmp_path: Path, server: FaultServer, runner: Runner) -> None:
    server.use("healthy")
    words = ["--url", server.url, "--state-dir", "none"]
    secret = credentials("monitor", PASSWORD)
    done = runner("check_wabiz_socket", *words, env=secret)
    assert (done.code, done.lines) == (
        2,
        [
            f"WABIZ SOCKET CRITICAL - the certificate of localhost:{server.port} is of an unknown CA",
            "What to do: give that CA with --ca-file",
        ],
    )
    # OpenSSL's own variables are the system's way to say where the store is; those of requests are not.
    assert runner("check_wabiz_socket", *words, env={**secret, "SSL_CERT_FILE": server.ca_file}).code == 0
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert runner("check_wabiz_socket", *words, env={**secret, variable: server.ca_file}).code == 2


def test_a_bundle_in_the_environment_does_not_replace_the_ca_file(server: FaultServer, runner: Runner) -> None:
    server.use("healthy")
    odd = {"REQUESTS_CA_BUNDLE": "/no/such/file", "CURL_CA_BUNDLE": "/no/such/file", "SSL_CERT_FILE": "/no/such/file"}
    done = Runner(runner.home, odd)
    assert ask(done, server).code == 0


def test_insecure_asks_whoever_answers(tmp_path: Path, runner: Runner) -> None:
    with FaultServer(tmp_path, certificate=trustme.CA().issue_cert("wa.example")) as server:
        words = ["--url", server.url, "--insecure", "--state-dir", "none"]
        done = runner("check_wabiz_socket", *words, env=credentials("monitor", PASSWORD))
        assert (done.code, done.err) == (0, "")


CLEAR = "http:// was asked for: user name, password and token go over the network in clear text"


def test_nothing_goes_to_an_http_address_unless_that_was_meant(tmp_path: Path, runner: Runner, forks: Forks) -> None:
    with FaultServer(tmp_path, plain=True) as server:
        words = ["--url", server.url, "--state-dir", "none"]
        done = runner("check_wabiz_socket", *words, env=credentials("monitor", PASSWORD))
        told = "http:// sends user name, password and token in clear text; write https://, or add "
        assert (done.code, done.lines) == (3, [f"WABIZ SOCKET UNKNOWN - usage: {told}--insecure"])
        options = {"url": server.url, "username": "monitor", "password": PASSWORD}
        for module in forks.modules:
            said = json.loads(forks.module(runner, module, options).done.out)
            assert (said["failed"], said["msg"]) == (True, f"{told}validate_certs: false")
        assert server.connections == 0


def test_who_means_an_http_address_is_served_and_told_when_asking_for_more(
    tmp_path: Path, runner: Runner, forks: Forks
) -> None:
    with FaultServer(tmp_path, plain=True) as server:
        words = ["--url", server.url, "--insecure", "--state-dir", "none"]
        for more, told in ([], []), (["-v"], [CLEAR]):
            done = runner("check_wabiz_socket", *words, *more, env=credentials("monitor", PASSWORD))
            assert done.code == 0
            assert [line for line in done.lines if "clear text" in line] == told
        options = {"url": server.url, "username": "monitor", "password": PASSWORD, "validate_certs": False}
        for module in forks.modules:
            for verbosity, told in (0, []), (1, [CLEAR]):
                said = json.loads(forks.module(runner, module, {**options, "_ansible_verbosity": verbosity}).done.out)
                assert not said.get("failed")
                assert (CLEAR in json.dumps(said)) == bool(told)
        assert [request.path for request in server.received[:3]] == [LOGIN, SUPPORT, LOGOUT]


def test_a_self_signed_certificate_is_trusted_when_it_is_the_ca_file(tmp_path: Path, runner: Runner) -> None:
    # As the product makes them; trustme signs with an intermediate CA here, which is no root either.
    root = trustme.CA()
    middle = root.create_child_ca()
    with FaultServer(tmp_path, certificate=middle.issue_cert("localhost")) as server:
        middle.cert_pem.write_to_path(server.ca_file)
        assert ask(runner, server).code == 0


def test_a_client_certificate_is_shown_where_it_is_wanted(tmp_path: Path, runner: Runner) -> None:
    clients = trustme.CA()
    mine = clients.issue_cert("monitor@wa.example")
    mine.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    mine.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    mine.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    with FaultServer(tmp_path, client_ca=clients) as server:
        without = ask(runner, server)
        assert (without.code, without.err) == (2, "")
        assert without.lines[1].startswith("What to do: ")
        assert "--client-cert" in without.lines[1]
        assert ask(runner, server, "--client-cert", str(tmp_path / "both.pem")).code == 0
        apart = ["--client-cert", str(tmp_path / "cert.pem"), "--client-key", str(tmp_path / "key.pem")]
        assert ask(runner, server, *apart).code == 0
        half = ask(runner, server, "--client-cert", str(tmp_path / "cert.pem"))
        assert (half.code, len(half.lines)) == (3, 1)
        assert "usage: --client-cert" in half.first


def test_a_key_with_a_passphrase_asks_nobody(tmp_path: Path, runner: Runner) -> None:
    mine = trustme.CA().issue_cert("monitor@wa.example")
    (tmp_path / "cert.pem").write_bytes(mine.cert_chain_pems[0].bytes())
    # To know that it is locked is all that matters, so what is locked in is nothing.
    lock = [
        "Proc-Type: 4,ENCRYPTED",
        "DEK-Info: AES-128-CBC,00000000000000000000000000000000",
        "",
        "AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    lines = ["-----BEGIN RSA PRIVATE KEY-----", *lock, "-----END RSA PRIVATE KEY-----", ""]
    (tmp_path / "key.pem").write_text("\n".join(lines))
    (tmp_path / "key.pem").chmod(0o600)
    words = ["--client-cert", str(tmp_path / "cert.pem"), "--client-key", str(tmp_path / "key.pem")]
    done = in_time(1, lambda _limit: runner("check_wabiz_socket", "-H", "localhost", *words))
    assert (done.code, done.err, len(done.lines)) == (3, "", 1)
    assert (
        done.first
        == f"WABIZ SOCKET UNKNOWN - usage: {' '.join(words[2:])}: this key has a passphrase; give one without"
    )
