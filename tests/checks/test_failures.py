# SPDX-License-Identifier: BSD-2-Clause
"""Everything that can be wrong on the way to the answer: its own problem, words that say what to do, in time."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import trustme
from commands import Done, Runner, credentials, in_time
from faults import FAULTS, LOGIN, LOGOUT, SUPPORT, TOKEN, FaultServer
from wabiz_monitoring.core.catalogue import CATALOGUE
from wabiz_monitoring.core.states import State

PASSWORD = "marked-password"
LIMIT = 2
"""Seconds that a run has here."""

CURL = "see with curl what answers at this address: a proxy, a login page, another service"
CUT = "a proxy or the front end cut it short: look at their logs"
PASSWORDS = "put the user name and password right; nothing is known about the deployment until then"
LOCKED = "find what logs in with a wrong password from this address; the lock ends within the hour"
CLOSED = "look at the log of the web front end, or of a proxy before it"
BEHIND = "the web front end answers: look at its log, and at the nodes and the database behind it"
BEFORE = "look at the log of the proxy or gateway, and whether the web front end behind it runs"
SLOW = "the front end waits 10 s for every node that drops packets: look for a dead node, or raise the timeout"
PATH = "see whether the path in the address is right: before /v1 stands only what a gateway adds"
DIRECT = "give the address that answers itself"
NO_HTTP = "see what listens on this port"

IN_TIME = ("timeout", "no complete answer from {where} within 2 s", SLOW)
BREAKS = ("invalid", "the answer of {where} breaks off", CUT)
GONE = ("unreachable", "{where} closed the connection without an answer", CLOSED)
STRANGE = ("invalid", "what {where} sends is no HTTP", NO_HTTP)
LARGE = ("invalid", "the answer of {where} is larger than 8 MiB", CURL)
REFUSED = "login of user monitor refused: "
PAGE = "not in the API's words: a proxy or gateway in between answers"

TOLD = {
    # fault: (problem, sentence, what to do); None: the check is none the worse for it
    "healthy": None,
    "says nothing": IN_TIME,
    "closes at once": GONE,
    "resets at once": GONE,
    "speaks plain HTTP": (
        "unreachable",
        "{where} does not speak TLS",
        "see whether this is the port of the web front end",
    ),
    "speaks something else": (
        "unreachable",
        "{where} does not speak TLS",
        "see whether this is the port of the web front end",
    ),
    "ends the handshake": (
        "unreachable",
        "{where} ended the TLS handshake (sslv3 alert handshake failure)",
        "see whether it wants a client certificate (--client-cert)",
    ),
    "says nothing within TLS": IN_TIME,
    "closes within TLS": GONE,
    "speaks no HTTP": STRANGE,
    "login: empty 401": ("unauthorized", REFUSED + "wrong user name or password (HTTP 401)", PASSWORDS),
    "login: password must change": (
        "unauthorized",
        REFUSED + "its password must be changed first (HTTP 401)",
        PASSWORDS,
    ),
    "login: 403": (
        "unauthorized",
        "not allowed to read /v1/users/login (HTTP 403, error 1005: Access denied)",
        PASSWORDS,
    ),
    "login: locked out": ("throttled", REFUSED + "too many failed logins from this address (HTTP 429)", LOCKED),
    "login: 500": ("unreachable", "the API does not work: HTTP 500, error 1023: Database error (gone away)", BEHIND),
    "login: a page": ("invalid", "an HTML page came instead of JSON: it calls itself 'Sign in'", CURL),
    "login: no path": ("invalid", f"nothing at /v1/users/login (HTTP 404, {PAGE})", PATH),
    "login: redirect": ("invalid", "a redirect to https://{where}/elsewhere (HTTP 302), which is not followed", DIRECT),
    "login: no token": ("invalid", "the answer to the login holds no token", CURL),
    "login: odd users": ("invalid", "the answer to the login holds no token", CURL),
    "login: forged token": ("invalid", "the answer to the login holds no token", CURL),
    "login: cut": ("invalid", "the answer breaks off after 16 bytes", CUT),
    "login: says nothing": IN_TIME,
    "logout: 500": None,
    "logout: closes": None,
    "logout: says nothing": None,
    "204": ("invalid", "an unexpected answer from /v1/support (HTTP 204)", CURL),
    "301": ("invalid", "a redirect to https://{where}/elsewhere (HTTP 301), which is not followed", DIRECT),
    "302": ("invalid", "a redirect to https://{where}/elsewhere (HTTP 302), which is not followed", DIRECT),
    "307": ("invalid", "a redirect to https://{where}/elsewhere (HTTP 307), which is not followed", DIRECT),
    "redirect to nowhere": ("invalid", "a redirect to nowhere (HTTP 302), which is not followed", DIRECT),
    "redirect with syntax": ("invalid", "a redirect to https://x//a=1;(b) (HTTP 302), which is not followed", DIRECT),
    "400": ("invalid", "an unexpected answer from /v1/support (HTTP 400, error 1000: Generic error (what?))", CURL),
    "401": ("unauthorized", "the token just given out is refused (HTTP 401)", PASSWORDS),
    "401 empty": ("unauthorized", "the token just given out is refused (HTTP 401)", PASSWORDS),
    "403": ("unauthorized", "not allowed to read /v1/support (HTTP 403, error 1005: Access denied)", PASSWORDS),
    "403 page": ("unauthorized", f"not allowed to read /v1/support (HTTP 403, {PAGE})", PASSWORDS),
    "404": ("invalid", "nothing at /v1/support (HTTP 404, error 1006: Resource not found)", PATH),
    "404 page": ("invalid", f"nothing at /v1/support (HTTP 404, {PAGE})", PATH),
    "407": (
        "unreachable",
        "the proxy wants a password (HTTP 407)",
        "put it into the proxy's address in the environment",
    ),
    "429": ("throttled", "too many requests (HTTP 429, error 1015: Too many requests (slow down))", LOCKED),
    "500": ("unreachable", "the API does not work: HTTP 500, error 1014: Internal error (node is unreachable)", BEHIND),
    "500 empty": ("unreachable", "the API does not work: HTTP 500", BEHIND),
    "500 odd": ("unreachable", f"the API does not work: HTTP 500, {PAGE}", BEFORE),
    "502 page": ("unreachable", f"the API does not work: HTTP 502, {PAGE}", BEFORE),
    "503": ("unreachable", "the API does not work: HTTP 503, error 1016: Service unavailable", BEHIND),
    "504 page": ("unreachable", f"the API does not work: HTTP 504, {PAGE}", BEFORE),
    "555": ("unreachable", f"the API does not work: HTTP 555, {PAGE}", BEFORE),
    **dict.fromkeys(
        ["echoes", "echoes in full", "echoes cut", "login: echoes", "login: echoes in full", "login: echoes cut"],
        ("unreachable", "the API does not work: HTTP 500, error 1014: ", BEHIND),
    ),
    "echoes in a page": ("invalid", "an HTML page came instead of JSON: it calls itself 'Who is ***?'", CURL),
    "login: echoes in a page": (
        "invalid",
        "an HTML page came instead of JSON: it calls itself 'Who is monitor:***?'",
        CURL,
    ),
    "echoes in an answer": (
        "socket-unknown",
        "in no known socket state (socket_conn ***)",
        "look at the node's log; report the word if it is a new one",
    ),
    "echoes as the place": (
        "invalid",
        "a redirect to https://***@wa.example/ (HTTP 302), which is not followed",
        DIRECT,
    ),
    "a page": ("invalid", "an HTML page came instead of JSON: it calls itself 'Welcome'", CURL),
    "a page with syntax": ("invalid", "an HTML page came instead of JSON: it calls itself 'a / b=1;2 [31m &lt;'", CURL),
    "empty": ("invalid", "the answer is empty", CURL),
    "an error with 200": ("unreachable", "the API answered with error 1014: Internal error (database gone)", BEHIND),
    "no support": ("invalid", "the answer holds no 'support', so it is not that of /v1/support", CURL),
    "half the JSON": ("invalid", "the answer breaks off after {half} bytes", CUT),
    "half the body": BREAKS,
    "half a chunk": BREAKS,
    "no last chunk": BREAKS,
    "no chunk": STRANGE,
    "half the head": ("invalid", "the answer is empty", CURL),
    "no answer": GONE,
    "reset": GONE,
    "reset within the body": BREAKS,
    "no status line": STRANGE,
    "endless header": STRANGE,
    "too many headers": STRANGE,
    "too large": LARGE,
    "too large when unpacked": LARGE,
    "packed": None,
    "badly packed": ("invalid", "the answer of {where} cannot be unpacked", CUT),
    "half packed": ("invalid", "the answer breaks off after ", CUT),
    "says nothing to the request": IN_TIME,
    "drips the head": IN_TIME,
    "drips the body": IN_TIME,
    "drips chunks": IN_TIME,
    "stops within the body": IN_TIME,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultServer]:
    with FaultServer(tmp_path_factory.mktemp("faults")) as server:
        yield server


def ask(runner: Runner, server: FaultServer, *words: str, check: str = "socket", where: str = "") -> Done:
    address = ["--url", where or server.url, "--ca-file", server.ca_file, "-t", str(LIMIT), "--state-dir", "none"]
    return runner(f"check_wabiz_{check}", *address, *words, env=credentials("monitor", PASSWORD))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_its_own_words_with_its_own_state_and_in_time(
    fault: str, server: FaultServer, runner: Runner
) -> None:
    server.use(fault)
    done = in_time(LIMIT, lambda: ask(runner, server))
    told = TOLD[fault]
    assert done.err == ""
    if told is None:
        assert (done.code, done.lines) == (0, ["WABIZ SOCKET OK - connected | connected=1;;;0;1 expected=1;;;0"])
        return
    problem, sentence, remedy = told
    state = CATALOGUE[problem].state
    where = f"localhost:{server.port}"
    sentence = sentence.format(where=where, half="411")
    assert done.code == int(state)
    line, remedied = done.lines
    assert line.startswith(f"WABIZ SOCKET {state.name} - {sentence}")
    # Whether a connection that closes is seen as an end or as a reset is a matter of moments.
    assert remedied.removesuffix("; perhaps it wants a --client-cert") == f"What to do: {remedy}"
    assert done.out.replace("\n", "").isprintable()
    assert "|" not in done.out or problem == "socket-unknown"
    assert not {PASSWORD, TOKEN, "Traceback"} & set(done.out.replace("'", " ").split())


def test_every_fault_is_told(server: FaultServer) -> None:
    assert set(TOLD) == set(FAULTS)


@pytest.mark.parametrize("fault", ["301", "302", "307", "login: redirect"])
def test_nothing_is_sent_to_where_a_redirect_points(fault: str, server: FaultServer, runner: Runner) -> None:
    server.use(fault)
    ask(runner, server)
    assert "/elsewhere" not in {request.path for request in server.received}


def test_whatever_the_fault_a_run_logs_in_once_and_asks_once(server: FaultServer, runner: Runner) -> None:
    for fault in ("500", "a page", "429", "401", "half the JSON"):
        server.use(fault)
        ask(runner, server)
        assert [request.path for request in server.received] == [LOGIN, SUPPORT, LOGOUT]


@pytest.mark.parametrize("check", ["cluster", "space", "build", "clock", "all"])
def test_every_check_tells_the_same_trouble_alike(check: str, server: FaultServer, runner: Runner) -> None:
    server.use("502 page")
    done = ask(runner, server, check=check)
    assert (done.code, done.err) == (2, "")
    assert done.first == f"WABIZ {check.upper()} CRITICAL - the API does not work: HTTP 502, {PAGE}"
    server.use("a page")
    assert ask(runner, server, check=check).code == 3


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
    server.use(fault)
    for state in State:
        done = ask(runner, server, "--state", f"{problem}={state.name.lower()}")
        assert (done.code, done.err) == (int(state), "")
        assert done.first.startswith(f"WABIZ SOCKET {state.name} - ")


def test_trouble_is_valid_json_too(server: FaultServer, runner: Runner) -> None:
    for fault in ("502 page", "a page with syntax", "says nothing", "echoes"):
        server.use(fault)
        done = ask(runner, server, "--json", "-vvv")
        told = json.loads(done.out)
        assert (told["exit_code"], told["state"]) == (done.code, State(done.code).name)
        (finding,) = told["findings"]
        assert finding["problem"] in CATALOGUE
        assert told["summary"] == finding["text"]
        assert TOKEN not in done.out


# The way there.


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert isinstance(port, int)
        return port


def test_a_port_where_nobody_listens_is_refused(server: FaultServer, runner: Runner) -> None:
    where = f"localhost:{closed_port()}"
    done = in_time(1, lambda: ask(runner, server, where=f"https://{where}"))
    assert (done.code, done.lines) == (
        2,
        [
            f"WABIZ SOCKET CRITICAL - {where} refuses connections",
            "What to do: see whether the web front end runs and listens on this port",
        ],
    )


def test_a_port_that_accepts_nobody_any_more_ends_in_time(server: FaultServer, runner: Runner) -> None:
    # A full backlog: connections are neither taken nor refused.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _turn in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        done = in_time(LIMIT, lambda: ask(runner, server, where=f"https://localhost:{port}"))
        for one in waiting:
            one.close()
    assert (done.code, done.first) == (
        2,
        f"WABIZ SOCKET CRITICAL - no complete answer from localhost:{port} within 2 s",
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", ".example", "x" * 64 + ".example", "-", "x" * 253])
def test_a_name_that_has_no_address_is_told(host: str, server: FaultServer, runner: Runner) -> None:
    done = in_time(LIMIT, lambda: ask(runner, server, where=f"https://{host}:9090"))
    shown = f"{host}:9090" if len(host) < 76 else host[:77] + "..."
    assert (done.code, done.err) == (2, "")
    assert done.lines == [
        f"WABIZ SOCKET CRITICAL - the name in {shown} cannot be resolved",
        "What to do: see whether the name is right and the resolver answers",
    ]


# Certificates.


def untrusted(tmp_path: Path) -> tuple[dict[str, tuple[trustme.LeafCert, trustme.CA, str, str]], trustme.CA]:
    ca, other = trustme.CA(), trustme.CA()
    past = datetime.now(timezone.utc) - timedelta(days=2)
    return {
        "of an unknown CA": (
            other.issue_cert("localhost"),
            ca,
            "the certificate of {where} is of an unknown CA",
            "give that CA with --ca-file",
        ),
        "expired": (
            ca.issue_cert("localhost", not_before=past - timedelta(days=2), not_after=past),
            ca,
            "the certificate of {where} has expired",
            "renew it",
        ),
        "not valid yet": (
            ca.issue_cert("localhost", not_before=past + timedelta(days=9), not_after=past + timedelta(days=20)),
            ca,
            "the certificate of {where} is not valid yet",
            "see whether this host's clock is right",
        ),
        "for another name": (
            ca.issue_cert("wa.example"),
            ca,
            "the certificate of {where} is for another name",
            "use the name that it was made for with -H or --url",
        ),
    }, ca


@pytest.mark.parametrize("wrong", ["of an unknown CA", "expired", "not valid yet", "for another name"])
def test_a_certificate_that_is_not_trusted_says_why_and_what_to_do(wrong: str, tmp_path: Path, runner: Runner) -> None:
    certificate, trusted, sentence, remedy = untrusted(tmp_path)[0][wrong]
    with FaultServer(tmp_path, certificate=certificate) as server:
        trusted.cert_pem.write_to_path(server.ca_file)
        done = ask(runner, server)
        where = f"localhost:{server.port}"
        assert (done.code, done.err) == (2, "")
        assert done.lines == [f"WABIZ SOCKET CRITICAL - {sentence.format(where=where)}", f"What to do: {remedy}"]
        # Nothing was said to a server that is not trusted.
        assert server.received == []


def test_a_certificate_for_another_address_says_so(tmp_path: Path, runner: Runner) -> None:
    ca = trustme.CA()
    with FaultServer(tmp_path, certificate=ca.issue_cert("localhost")) as server:
        ca.cert_pem.write_to_path(server.ca_file)
        done = ask(runner, server, where=f"https://127.0.0.1:{server.port}")
    assert done.first == f"WABIZ SOCKET CRITICAL - the certificate of 127.0.0.1:{server.port} is for another address"


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
    words = ["--client-cert", str(tmp_path / "cert.pem"), "--client-key", str(tmp_path / "key.pem")]
    done = in_time(1, lambda: runner("check_wabiz_socket", "-H", "localhost", *words))
    assert (done.code, done.err, len(done.lines)) == (3, "", 1)
    assert done.first.startswith("WABIZ SOCKET UNKNOWN - usage: --client-cert")
