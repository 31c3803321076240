# SPDX-License-Identifier: BSD-2-Clause
"""Text that real servers and proxies put into answers, as all commands and modules print it or return it."""

from __future__ import annotations

import base64
import json
import re
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import documents
import pytest
from clothes import CLOTHES, dressed, printed, seen
from commands import Runner, credentials
from faults import LOGIN, SUPPORT, TOKEN, Fault, FaultServer
from forks import Forks
from listener import Listener, head
from marks import HEADER, PASSWORD, PROXY, USER


def _answer(make: Callable[[str], bytes], status: int = 200, strikes: str = SUPPORT) -> Callable[[str], Fault]:
    return lambda word: Fault(strikes, lambda wire: wire.answer(status, make(word)))


def _error(word: str) -> bytes:
    return json.dumps({"errors": [{"code": 1014, "title": word, "details": word}]}).encode()


def _nodes(word: str) -> bytes:
    silent = {"errors": [{"code": 1014, "title": "Internal error", "details": word}]}
    return documents.cluster({f"{word}:c1": documents.fields(), "wa2:c2": documents.standby(), "wa3:c3": silent})


def _texts(word: str) -> bytes:
    return documents.single(version=word, description=word, socket_conn=word, os_name=word, expire_timestamp=word)


_ANY = "".join(map(chr, range(0x21, 0x7F)))

SAYINGS: Mapping[str, Callable[[str], Fault]] = {
    "keys and errors of nodes": _answer(_nodes),
    "texts of a node": _answer(_texts),
    "an error": _answer(_error, 500),
    "a page": _answer(lambda word: f"<title>{word}</title>".encode()),
    "a redirect": lambda word: Fault(
        SUPPORT, lambda wire: wire.answer(302, Location=quote(f"https://{word}/", safe=_ANY))
    ),
    "a refused login": _answer(_error, 401, LOGIN),
    "a failed login": _answer(_error, 500, LOGIN),
    "a page for a login": _answer(lambda word: f"<title>{word}</title>".encode(), 200, LOGIN),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultServer]:
    with FaultServer(tmp_path_factory.mktemp("sayings")) as server:
        yield server


class Asking(NamedTuple):
    """All commands and modules that ask one server, with every secret that there can be."""

    server: FaultServer
    runner: Runner
    forks: Forks
    headers: str

    def __call__(self, env: Mapping[str, str] | None = None, path: str = "") -> Iterator[str]:
        """What they print and return."""
        known = {**credentials(USER, PASSWORD), **(env or {})}
        words = ["--url", self.server.url + path, "--ca-file", self.server.ca_file, "--state-dir", "none"]
        for more in (["-vvv"], ["--json", "-vvv"]):
            yield self.forks.command(
                self.runner, "check_wabiz_all", *words, *more, "--header-file", self.headers, env=known
            ).done.out
        options = {"url": self.server.url + path, "ca_path": self.server.ca_file, "_ansible_verbosity": 3}
        for module in self.forks.modules:
            fresh = {**known, "XDG_STATE_HOME": tempfile.mkdtemp(dir=self.runner.home)}
            secret = {"headers": {"X-Key": HEADER}, **({"env": True} if module == "support_facts" else {})}
            yield self.forks.module(self.runner, module, {**options, **secret}, fresh).done.out


@pytest.fixture
def asking(server: FaultServer, runner: Runner, forks: Forks, tmp_path: Path) -> Asking:
    headers = tmp_path / "headers"
    headers.touch(mode=0o600)
    headers.write_text(f"X-Key: {HEADER}\n")
    return Asking(server, runner, forks, str(headers))


@pytest.mark.parametrize("saying", SAYINGS)
def test_what_a_server_makes_of_secrets_is_in_no_output(saying: str, asking: Asking) -> None:
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    # A token that was not given yet is nobody's.
    secrets = [PASSWORD, HEADER, pair, *([] if "login" in saying else [TOKEN])]
    # All of them, over all that is said; every pair is tried without a server.
    for at, inner in list(enumerate(CLOTHES))[list(SAYINGS).index(saying) % 2 :: 2]:
        secret, outer = secrets[at % len(secrets)], list(CLOTHES)[at * 7 % len(CLOTHES)]
        asking.server.use(SAYINGS[saying](dressed(secret, inner, outer)))
        for output in asking():
            assert output
            for line in printed(output).splitlines():
                assert not [known for known in secrets if seen(line, known)], line
        assert asking.server.struck


class Talker(Listener):
    """A proxy whose reason is a word that was made of its own password."""

    word = ""

    def serve(self, connection: socket.socket) -> None:
        """Refuse, with that reason."""
        head(connection)
        connection.sendall(f"HTTP/1.1 502 {self.word}\r\nX-Reason: {self.word}\r\nContent-Length: 0\r\n\r\n".encode())


def test_what_a_proxy_makes_of_its_password_is_in_no_output(asking: Asking) -> None:
    pair = base64.b64encode(f"me:{PROXY}".encode()).decode()
    with Talker() as proxy:
        way = {"https_proxy": f"http://me:{PROXY}@localhost:{proxy.port}"}
        for word in (PROXY, pair, PROXY.upper(), "".join(f"%{byte:02x}" for byte in PROXY.encode())):
            proxy.word = word
            for output in asking(way):
                assert "proxy" in output
                for line in printed(output).splitlines():
                    assert not seen(line, PROXY), line
                    assert not seen(line, pair), line


def test_after_a_refused_login_nothing_is_quoted_that_the_server_said(asking: Asking) -> None:
    for status in (401, 403, 429):
        asking.server.use(_answer(_error, status, LOGIN)("One word"))
        for output in asking():
            assert "refused" in output
            assert "One word" not in output
    asking.server.use(_answer(_error, 403)("One word"))
    for output in asking():
        assert "(HTTP 403, error 1014)" in output
        assert "One word" not in output


KEY = "KeyOfGateway42x"


@pytest.mark.parametrize("saying", ["texts of a node", "an error", "a page", "a redirect"])
def test_a_key_in_the_path_of_the_address_is_in_no_output(saying: str, asking: Asking) -> None:
    said = SAYINGS[saying](f"localhost/{KEY}/ui" if saying == "a redirect" else KEY)
    asking.server.use(Fault(f"/{KEY}{SUPPORT}", said.act))
    for output in asking({"WA_WEB_TOKEN": TOKEN}, f"/{KEY}/"):
        assert "localhost" in output or "withheld" in output
        assert KEY not in output
    assert asking.server.struck


@pytest.mark.parametrize("saying", SAYINGS)
def test_no_line_of_any_output_begins_with_a_word_of_the_server_s(saying: str, asking: Asking) -> None:
    for mark in ("::set-output name=passed::true", "##vso[task.complete]"):
        asking.server.use(SAYINGS[saying](mark))
        for output in asking():
            for line in output.splitlines():
                assert not re.match(r"[\s\"',\[]*(:\s*:|#\s*#|set-output|vso)", line) or line.lstrip().startswith(
                    '"'
                ), line
            assert not re.search(r"::set|##vso", output)
        assert asking.server.struck


@pytest.mark.parametrize(("header", "host"), [("X-Tenant-Id: 536870", "wa1"), ("X-Site: berlin1", "berlin1")])
def test_a_header_s_value_rewrites_no_number_label_or_name(
    header: str, host: str, runner: Runner, forks: Forks, server: FaultServer, tmp_path: Path
) -> None:
    nodes = {key.replace("wa1", host): node for key, node in documents.high_availability().items()}
    nodes[f"{host}:c1"]["free_space_logs"] = 15032385536
    nodes[f"{host}:c1"]["e2e"] = {"registration_id": 536870}
    body = documents.cluster(nodes)
    headers = tmp_path / "headers"
    headers.touch(mode=0o600)
    headers.write_text(header + "\n")
    for words in (["-v"], ["--json"], ["-w", "logs=15032385537:", "-c", "logs=536870912:"]):
        plain = runner("check_wabiz_space", "--file", "-", *words, stdin=body)
        assert f"{host}_coreapp_free_logs" in plain.out
        assert "15032385536" in plain.out
        known = runner("check_wabiz_space", "--file", "-", *words, "--header-file", str(headers), stdin=body)
        assert (known.code, known.out) == (plain.code, plain.out)
    server.use(Fault(SUPPORT, lambda wire: wire.answer(200, body)))
    name, _colon, value = header.partition(": ")
    facts = [
        json.loads(
            forks.module(runner, "support_facts", {"url": server.url, "ca_path": server.ca_file, **more}).done.out
        )
        for more in ({"token": "t"}, {"token": "t", "headers": {name: value}})
    ]
    told = [one["ansible_facts"]["wabiz_support"]["nodes"] for one in facts]
    for node in (*told[0], *told[1]):
        # A second may have gone by.
        node.pop("expires_in", None)
    assert told[0] == told[1]
    assert [node["e2e"]["registration_id"] for node in told[1] if node["host"] == host] == [123, 536870]
