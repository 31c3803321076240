# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How modules ask the API: over real connections, to servers that behave in every way that servers do."""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
import ssl
import subprocess
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.wabiz.monitoring.plugins.module_utils._api import Api, failure, from_params
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.catalogue import Trouble
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.deployment import Deployment
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.document import LARGEST
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.misuse import Misuse
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.redaction import Redaction
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.session import Credentials
from ansible_collections.wabiz.monitoring.tests.unit.server import (
    SUPPORT,
    TOKEN,
    Answer,
    Server,
    answer,
    api,
    chunked,
    serve,
)

MONITOR = Credentials("monitor", "marked-password")
BEARER = Credentials(token=TOKEN)
BODY = json.dumps({"support": SUPPORT}).encode("ascii")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Failed logins are remembered there.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name in ("SSL_CERT_FILE", "WA_WEB_ENDPOINT", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def ask(url: str, credentials: Credentials = BEARER, **options: Any) -> Deployment:
    """What the API at a URL says, asked for at most 10 s."""
    return Api(url, credentials, Redaction(credentials), **{"timeout": 10.0, **options}).gather()[0]


def trouble(url: str, credentials: Credentials = BEARER, **options: Any) -> Trouble:
    """What stands in the way of an answer."""
    with pytest.raises(Trouble) as found:
        ask(url, credentials, **options)
    return found.value


def test_a_login_is_made_and_given_back() -> None:
    with serve(api()) as server:
        deployment = ask(server.url, MONITOR)
    assert deployment.nodes[0].socket == "UP"
    assert server.lines == ["POST /v1/users/login", "GET /v1/support", "POST /v1/users/logout"]
    basic = base64.b64encode(b"monitor:marked-password").decode("ascii")
    assert f"\r\nAuthorization: Basic {basic}\r\n" in server.heads[0]
    assert basic not in "".join(server.heads[1:])


def test_a_token_needs_no_login_and_is_kept() -> None:
    with serve(api()) as server:
        ask(server.url)
    assert server.lines == ["GET /v1/support"]


def test_headers_for_a_gateway_go_with_every_request() -> None:
    with serve(api()) as server:
        ask(server.url + "/behind", MONITOR._replace(token=TOKEN), headers={"D360-Api-Key": "marked-key"})
    assert server.lines == ["GET /behind/v1/support"]
    with serve(api()) as server:
        ask(server.url, MONITOR, headers={"D360-Api-Key": "marked-key"})
    assert all("\r\nD360-Api-Key: marked-key\r\n" in head for head in server.heads)


def test_nothing_is_taken_from_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("default login else password marked-netrc\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    with serve(api()) as server:
        assert trouble(server.url, Credentials()).problem == "unauthorized"
    assert "Authorization" not in server.heads[0]


def test_no_cookie_is_sent_back() -> None:
    def told(server: Server, head: str) -> Iterable[bytes]:
        (whole,) = api()(server, head)
        return [whole.replace(b"\r\n", b"\r\nSet-Cookie: kept=yes\r\n", 1)]

    with serve(told) as server:
        ask(server.url, MONITOR)
    assert "Cookie" not in "".join(server.heads)


def test_a_redirect_is_not_followed() -> None:
    def redirect(server: Server, _head: str) -> Iterable[bytes]:
        return [answer(b"", 302, f"Location: {server.url}/elsewhere\r\n")]

    with serve(redirect) as server:
        found = trouble(server.url)
    assert found.problem == "invalid"
    assert f"redirect to {server.url}/... (HTTP 302)" in found.text
    assert server.lines == ["GET /v1/support"]


PACKED = gzip.compress(BODY)


@pytest.mark.parametrize(
    "whole",
    [
        answer(BODY),
        answer(b"\xef\xbb\xbf" + BODY),
        chunked(BODY[:10], BODY[10:], b""),
        answer(PACKED, headers="Content-Encoding: gzip\r\n"),
        chunked(PACKED[:10], PACKED[10:], b"", headers="Content-Encoding: gzip\r\n"),
    ],
    ids=["plain", "with a byte order mark", "chunked", "packed", "packed and chunked"],
)
def test_an_answer_may_come_in_any_form_of_http(whole: bytes) -> None:
    with serve(api(whole)) as server:
        assert ask(server.url).nodes[0].version == "2.45.1"


def _envelope(status: int, code: int) -> bytes:
    return answer({"errors": [{"code": code, "title": "Some title"}]}, status)


LARGE = b'{"support": "%s"}' % (b"x" * LARGEST)

ANSWERS = {
    "an empty 401": (answer(b"", 401), "unauthorized", "the token given is refused"),
    "403": (_envelope(403, 1005), "unauthorized", "(HTTP 403, error 1005)"),
    "404": (_envelope(404, 1006), "invalid", "nothing at /v1/support (HTTP 404"),
    "429": (_envelope(429, 1015), "throttled", "too many requests (HTTP 429"),
    "500": (_envelope(500, 1014), "unreachable", "HTTP 500, error 1014: Some title"),
    "a gateway's page": (answer(b"<html>", 502), "unreachable", "HTTP 502, not in the API's words"),
    "a proxy that wants a password": (answer(b"", 407), "unreachable", "the proxy wants a password"),
    "a page with 200": (answer(b"<html><title>Log in</title>"), "invalid", "it calls itself 'Log in'"),
    "nothing with 200": (answer(b""), "invalid", "the answer is empty"),
    "no content": (answer(b"", 204), "invalid", "an unexpected answer"),
    "cut JSON": (answer(BODY[:50]), "invalid", "the answer breaks off after 50 bytes"),
    "cut": (answer(BODY, length=len(BODY) + 5), "invalid", "breaks off"),
    "cut error": (answer(b"{", 500, length=9), "invalid", "breaks off"),
    "cut chunk": (chunked(BODY)[:-10], "invalid", "breaks off"),
    "no last chunk": (chunked(BODY), "invalid", "breaks off"),
    "cut gzip": (answer(PACKED[:-20], headers="Content-Encoding: gzip\r\n"), "invalid", "breaks off"),
    "no gzip": (answer(BODY, headers="Content-Encoding: gzip\r\n"), "invalid", "cannot be unpacked"),
    "too large": (answer(LARGE), "invalid", "the answer is larger than 8 MiB"),
    "a bomb": (
        answer(gzip.compress(LARGE * 8), headers="Content-Encoding: gzip\r\n"),
        "invalid",
        "the answer is larger than 8 MiB",
    ),
    "no HTTP": (b"220 mail.example.com ESMTP\r\n", "invalid", "is no HTTP"),
    "nothing at all": (b"", "unreachable", "closed the connection without an answer"),
}


@pytest.mark.parametrize(("whole", "problem", "says"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_is_told_by_its_cause(whole: bytes, problem: str, says: str) -> None:
    with serve(lambda _server, _head: [whole]) as server:
        found = trouble(server.url)
    assert found.problem == problem
    assert says in found.text


def test_what_unpacks_to_more_than_is_believed_is_not_unpacked_whole() -> None:
    bomb = answer(gzip.compress(LARGE * 8), headers="Content-Encoding: gzip\r\n")
    with serve(lambda _server, _head: [bomb]) as server:
        tracemalloc.start()
        trouble(server.url)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 4 * LARGEST


def test_a_wrong_password_says_what_to_do_and_is_tried_once() -> None:
    with serve(api(login=lambda _server, _head: [answer(b"", 401)])) as server:
        found = trouble(server.url, MONITOR)
    assert server.lines == ["POST /v1/users/login"]
    assert failure(found) == {
        "msg": "login of user monitor refused: wrong user name or password (HTTP 401). Put the user name and password "
        "right; nothing is known about the deployment until then.",
        "problem": "unauthorized",
    }


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("127.0.0.1", "refuses connections"),
        ("nowhere.invalid", "the name in nowhere.invalid:"),
        ("a..b", "the name in a..b:"),
        ("x" * 64, "cannot be resolved"),
    ],
)
def test_a_server_that_is_not_there_is_told_by_its_cause(host: str, says: str) -> None:
    found = trouble(f"http://{host}:{free_port()}")
    assert found.problem == "unreachable"
    assert says in found.text


# The time limit


def stall(server: Server, _head: str) -> Iterator[bytes]:
    """Never answer."""
    server.over.wait()
    yield b""


def trickle(server: Server, _head: str) -> Iterator[bytes]:
    """Answer a byte at a time, without end."""
    yield answer(b"", length=1000000)
    while not server.over.wait(0.02):
        yield b" "


def dawdle(server: Server, head: str) -> Iterator[bytes]:
    """Answer every request, but late."""
    server.over.wait(0.6)
    yield from api()(server, head)


@pytest.mark.parametrize("told", [stall, trickle, dawdle])
def test_the_time_limit_is_for_the_whole_run(told: Answer) -> None:
    with serve(told) as server:
        begun = time.monotonic()
        found = trouble(server.url, MONITOR, timeout=1.0)
        taken = time.monotonic() - begun
    assert found.problem == "timeout"
    assert "timeout" in found.remedy
    # A part of it is kept for a logout.
    assert 0.7 < taken < 1.6


def test_a_logout_that_hangs_does_not_cost_the_answer() -> None:
    def told(server: Server, head: str) -> Iterable[bytes]:
        return stall(server, head) if head.startswith("POST /v1/users/logout ") else api()(server, head)

    with serve(told) as server:
        assert ask(server.url, MONITOR, timeout=2.0).nodes[0].socket == "UP"
    assert len(server.lines) == 3


def test_a_listener_that_never_accepts_runs_into_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        # Connections beyond the backlog are not answered.
        waiting = []
        for _attempt in range(3):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        found = trouble(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.5)
        for one in waiting:
            one.close()
    assert found.problem == "timeout"


# Certificates


class Tls:
    """A CA of the moment, and the server's certificate from it."""

    def __init__(self, folder: Path, name: str = "localhost") -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert(name)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self.server)
        self.ca = folder / (f"ca-{name}.pem")
        authority.cert_pem.write_to_path(str(self.ca))
        self.leaf = folder / (f"leaf-{name}.pem")
        certificate.cert_chain_pems[0].write_to_path(str(self.leaf))
        client = authority.issue_cert("client.example.com")
        self.client_cert = folder / (f"client-{name}.pem")
        self.client_key = folder / (f"client-{name}.key")
        client.cert_chain_pems[0].write_to_path(str(self.client_cert))
        client.private_key_pem.write_to_path(str(self.client_key))

    def wants_a_client(self) -> ssl.SSLContext:
        """The server's side when clients must show a certificate."""
        self.server.load_verify_locations(str(self.ca))
        self.server.verify_mode = ssl.CERT_REQUIRED
        return self.server


@pytest.fixture(name="tls")
def _tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


@pytest.mark.parametrize("trusted", ["ca", "leaf"])
def test_what_ca_path_names_is_trusted(tls: Tls, trusted: str) -> None:
    with serve(api(), tls.server) as server:
        ask(server.url, MONITOR, ca_path=str(getattr(tls, trusted)))
    assert len(server.lines) == 3


def test_a_certificate_of_an_unknown_ca_is_refused_before_the_password_is_sent(tls: Tls) -> None:
    with serve(api(), tls.server) as server:
        found = trouble(server.url, MONITOR)
    assert (found.problem, server.heads) == ("unreachable", [])
    assert found.text == f"the certificate of localhost:{server.port} is of an unknown CA"
    assert found.remedy == "give that CA with ca_path"


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    other = Tls(tmp_path, "other.example.com")
    with serve(api(), other.server) as server:
        found = trouble(server.url, ca_path=str(other.ca))
    assert (found.problem, server.heads) == ("unreachable", [])
    assert "is for another name" in found.text
    assert found.remedy == (
        "use a name that it was made for with url or hostname; only alternative names count, so that one with a common "
        "name alone is for no name"
    )


def test_whoever_does_not_want_certificates_verified_is_served(tls: Tls) -> None:
    with serve(api(), tls.server) as server:
        ask(server.url, validate_certs=False, ca_path="/nowhere")
    assert len(server.lines) == 1


def test_a_client_certificate_is_shown_where_one_is_wanted(tls: Tls) -> None:
    files: dict[str, Any] = {"client_cert": str(tls.client_cert), "client_key": str(tls.client_key)}
    with serve(api(), tls.wants_a_client()) as server:
        ask(server.url, ca_path=str(tls.ca), **files)
    with serve(api(), tls.wants_a_client()) as server:
        found = trouble(server.url, ca_path=str(tls.ca))
    assert found.problem == "unreachable"
    assert server.heads == []


def test_a_server_without_tls_is_told_apart() -> None:
    with serve(api()) as server:
        found = trouble(server.url.replace("http://", "https://"))
    assert found.problem == "unreachable"
    assert found.text == f"localhost:{server.port} does not speak TLS"


@pytest.mark.parametrize("option", ["ca_path", "client_cert"])
@pytest.mark.parametrize(("content", "says"), [(None, "No such file"), ("no certificate", "holds no usable PEM data")])
def test_a_certificate_file_that_cannot_be_used_is_named(
    tmp_path: Path, option: str, content: str | None, says: str
) -> None:
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_text(content)
    options: dict[str, Any] = {option: str(path)}
    with pytest.raises(Misuse, match=f"^{option} {path}.*{says}"):
        ask("https://localhost:1", **options)


def test_a_key_with_a_passphrase_is_an_error_and_no_question(tls: Tls, tmp_path: Path) -> None:
    locked = tmp_path / "locked.key"
    subprocess.run(
        ["openssl", "pkey", "-in", str(tls.client_key), "-aes256", "-passout", "pass:x", "-out", str(locked)],
        check=True,
        capture_output=True,
    )
    with pytest.raises(Misuse, match=rf"^client_key {locked}: this key has a passphrase; give one without$"):
        ask("https://localhost:1", client_cert=str(tls.client_cert), client_key=str(locked))
    both = tmp_path / "both.pem"
    both.write_bytes(tls.client_cert.read_bytes() + locked.read_bytes())
    both.chmod(0o600)
    with pytest.raises(Misuse, match=rf"^client_cert {both}: this key has a passphrase; give one without$"):
        ask("https://localhost:1", client_cert=str(both))


@pytest.mark.parametrize("kind", [["rsa"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]])
def test_a_key_of_another_certificate_is_named_as_that(tls: Tls, tmp_path: Path, kind: list[str]) -> None:
    other = tmp_path / "other.key"
    subprocess.run(["openssl", "genpkey", "-out", str(other), "-algorithm", *kind], check=True, capture_output=True)
    with pytest.raises(Misuse, match=rf"^client_key {other} is not the key of client_cert {tls.client_cert}$"):
        ask("https://localhost:1", client_cert=str(tls.client_cert), client_key=str(other))


def test_a_host_name_in_other_letters_is_told_how_to_be_written() -> None:
    for option in ({"hostname": "bücher.example"}, {"url": "https://bücher.example"}):
        with pytest.raises(Misuse, match=rf"^{next(iter(option))}: a host name is written in ASCII; write its form"):
            from_params({**PARAMS, **option}, Redaction())


# Proxies


def test_a_proxy_of_the_environment_is_used_unless_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(api()) as proxy, serve(api()) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        ask(server.url)
        assert (proxy.lines, server.lines) == ([f"GET {server.url}/v1/support"], [])
        ask(server.url, use_proxy=False)
        assert (len(proxy.lines), server.lines) == (1, ["GET /v1/support"])
        monkeypatch.setenv("no_proxy", "localhost")
        ask(server.url)
        assert (len(proxy.lines), len(server.lines)) == (1, 2)


@pytest.mark.parametrize(
    ("proxy", "says"),
    [("127.0.0.1", "failed: Connection refused"), ("a..b", "failed: "), ("nowhere.invalid", "failed: ")],
)
def test_a_proxy_that_fails_is_not_taken_for_the_api(proxy: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://{proxy}:{free_port()}")
    monkeypatch.setenv("no_proxy", "")
    found = trouble("https://wa.example.com:9090")
    assert found.problem == "unreachable"
    assert found.text.startswith("the proxy on the way to wa.example.com:9090 " + says)
    assert "use_proxy" in found.remedy


def test_a_proxy_that_wants_a_password_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _server, _head: [answer(b"", 407)]) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        found = trouble("https://wa.example.com:9090")
    assert proxy.lines == ["CONNECT wa.example.com:9090"]
    assert found.text == "the proxy on the way to wa.example.com:9090 wants a password (HTTP 407)"


# Options

PARAMS: dict[str, Any] = {
    **dict.fromkeys(("url", "hostname", "username", "password", "token", "headers"), None),
    **dict.fromkeys(("ca_path", "client_cert", "client_key"), None),
    "port": 9090,
    "validate_certs": True,
    "use_proxy": True,
    "timeout": 30.0,
}


@pytest.mark.parametrize(
    ("options", "endpoint", "url"),
    [
        ({"hostname": "wa.example.com"}, None, "https://wa.example.com:9090"),
        ({"hostname": "::1", "port": 443}, "other:1", "https://[::1]:443"),
        ({"url": "https://gw.example.com/wa/", "hostname": "wa"}, "other:1", "https://gw.example.com/wa"),
        ({"url": "http://gw.example.com/wa/", "validate_certs": False}, None, "http://gw.example.com/wa"),
        ({}, "wa.example.com:8443", "https://wa.example.com:8443"),
        ({}, "wa.example.com", "https://wa.example.com:9090"),
    ],
)
def test_an_address_comes_from_the_options_or_the_environment(
    options: dict[str, Any], endpoint: str | None, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if endpoint is not None:
        monkeypatch.setenv("WA_WEB_ENDPOINT", endpoint)
    assert from_params({**PARAMS, **options}, Redaction()).url == url


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hostname": None}, "say where the API is: hostname, url, or WA_WEB_ENDPOINT"),
        ({"hostname": "https://wa"}, "is no host name or address; a whole URL belongs to the option url"),
        ({"url": "wa.example.com"}, "is no URL of the form"),
        ({"url": "https://monitor:marked@wa"}, "credentials do not belong in a URL"),
        ({"url": "http://wa.example.com"}, "http:// sends user name, password and token in clear text"),
        ({"port": 0}, "0 is no port"),
        ({"port": 65536}, "65536 is no port"),
        ({"timeout": 0.0}, "timeout is a number of seconds, above 0 and up to 3600"),
        ({"timeout": 3601.0}, "timeout is a number of seconds"),
        ({"timeout": float("nan")}, "timeout is a number of seconds"),
        ({"username": "a:b"}, "a user name cannot hold a colon"),
        ({"token": "marked\nX-Forged: yes"}, "the token holds characters that cannot stand in a header"),
        ({"headers": {"X Y": "marked"}}, "the name of a header holds characters that cannot stand there"),
        ({"headers": {"X-Key: marked": "x"}}, "the name of a header holds characters that cannot stand there"),
        ({"headers": {"X": "marked\r\nY: 1"}}, "the value of the header X holds characters"),
    ],
)
def test_an_option_that_is_wrong_is_told_without_its_secret(options: dict[str, Any], says: str) -> None:
    with pytest.raises(Misuse, match=re.escape(says)) as error:
        from_params({**PARAMS, "hostname": "wa.example.com", **options}, Redaction())
    assert "marked" not in str(error.value)


def test_what_is_empty_counts_as_not_given() -> None:
    given = from_params({**PARAMS, "hostname": "wa", "username": "", "token": ""}, Redaction())
    assert given.credentials == Credentials()
