# SPDX-License-Identifier: BSD-2-Clause
"""However a file of options, a header file, an address or a variable is damaged, no secret in it is ever shown.

The files are made from a grammar: the lines of a sound one in each order that brings the secret beside another, and
each way to damage a line, done to the secret's own or to one beside it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import marks
import pytest
from commands import Runner
from documents import single
from faults import FaultServer
from forks import Forks, Quick
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import examples
from wabiz_monitoring import check_all, check_build, check_clock, check_cluster, check_socket, check_space
from wabiz_monitoring.plugin.run import outcome

MARK = "marked-secret-in-text"
CHECKS = [module.CHECK for module in (check_socket, check_cluster, check_space, check_build, check_clock, check_all)]

Damage = Callable[[str], str]


def changed(line: str, separator: str) -> str:
    key, _equals, value = line.partition(" = ")
    return f"{key}{separator}{value}"


# What may happen to a line: it may become several, or, with a backspace at its end, lose that end.
DAMAGES: dict[str, Damage] = {
    "colon": lambda line: changed(line, ": "),
    "colon without a blank": lambda line: changed(line, ":"),
    "no equals sign": lambda line: changed(line, " "),
    "neither blanks": lambda line: changed(line, "="),
    "two equals signs": lambda line: changed(line, " == "),
    "arrow": lambda line: changed(line, " => "),
    "no value": lambda line: changed(line, " =\n"),
    "value on the next line": lambda line: changed(line, "\n"),
    "value indented on the next line": lambda line: changed(line, " =\n    "),
    "value on the next line, and no equals sign": lambda line: changed(line, "\n    "),
    "indented": lambda line: f"  {line}",
    "indented by a tab": lambda line: f"\t{line}",
    "indented by a blank that is none": lambda line: f"\u00a0{line}",
    "indented with a colon": lambda line: "    " + changed(line, ": "),
    "indented without an equals sign": lambda line: "    " + changed(line, " "),
    "indented without blanks": lambda line: "    " + changed(line, "="),
    "indented without blanks, with a colon": lambda line: "    " + changed(line, ":"),
    "value quoted": lambda line: changed(line, ' = "') + '"',
    "key quoted": lambda line: '"' + changed(line, '" = '),
    "as in JSON": lambda line: '  "' + changed(line, '": "') + '",',
    "all quoted": lambda line: f'"{line}"',
    "as an option": lambda line: f"--{line}",
    "as a shell's variable": lambda line: f"export {changed(line, '=')}",
    "in capitals": lambda line: line.partition(" ")[0].upper() + " " + line.partition(" ")[2],
    "misspelt": lambda line: line[:2] + line[3:],
    "key and value swapped": lambda line: " = ".join(reversed(line.split(" = "))),
    "run together": lambda line: changed(line, ""),
    "doubled": lambda line: f"{line}\n{line}",
    "doubled on one line": lambda line: f"{line} {line}",
    "doubled with a comma": lambda line: f"{line}, {line}",
    "carriage return before": lambda line: f"\r{line}",
    "carriage return after": lambda line: f"{line}\r",
    "carriage return for its end": lambda line: f"{line}\r\b",
    "vertical tab for its end": lambda line: f"{line}\v\b",
    "line separator for its end": lambda line: f"{line}\u2028\b",
    "end lost": lambda line: f"{line}\b",
    "a blank for its end": lambda line: f"{line} \b",
    "a comment for its end": lambda line: f"{line}  # \b",
    "byte order mark": lambda line: f"\ufeff{line}",
    "NUL before": lambda line: f"\0{line}",
    "NUL within": lambda line: changed(line, " =\0"),
    "NUL after": lambda line: f"{line}\0",
    "Latin-1": lambda line: f"{line}\udcff",
    "in brackets": lambda line: f"[{line}]",
    "after a bracket": lambda line: f"[{line}",
    "before a bracket": lambda line: f"{line}]",
    "behind a header": lambda line: f"[other] {line}",
    "behind its own header": lambda line: f"[wa] {line}",
    "without brackets": lambda line: line.strip("[]"),
    "without its last bracket": lambda line: line.rstrip("]"),
    "without its first bracket": lambda line: line.lstrip("["),
    "as a comment's end": lambda line: f"; {line}\r{line}",
}


def damaged(lines: list[str], at: int, damage: Damage) -> str:
    """The text of a file in which one line is damaged; a backspace takes away the end of the line that it ends."""
    return "\n".join([*lines[:at], damage(lines[at]), *lines[at + 1 :], ""]).replace("\b\n", "")


def neighbours(header: list[str], secret: str, others: list[str]) -> Iterator[tuple[list[str], list[int]]]:
    """The lines with the secret in each place, and the numbers of the secret's and of those beside it."""
    for at in range(len(others) + 1):
        lines = [*header, *others[:at], secret, *others[at:]]
        here = len(header) + at
        yield lines, [number for number in (here - 1, here, here + 1) if 0 <= number < len(lines)]


def silent(code: int, text: str, given: object) -> None:
    assert marks.found(text, [MARK]) == [], (given, text)
    assert code in (0, 1, 2, 3)
    assert "internal error" not in text, (given, text)


# Options.


def options(saved: Path) -> list[str]:
    """The lines of a section beside the secret; the last ones have values on lines of their own."""
    return [
        f"file = {saved}",
        "hostname = localhost",
        "username = monitor",
        "timeout = 5",
        "header-file = /no/such",
        "ca-file = /no/such",
        "client-cert = /no/such",
        "state-dir = /no/such",
        "port = 1",
        "json",
        "node = *",
        "    wa1*",
        "state = missing=ok",
        "    timeout=unknown",
        "[other]",
    ]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A healthy answer in a file."""
    path = tmp_path_factory.mktemp("saved") / "answer.json"
    path.write_bytes(single())
    return path


# The secret where it belongs, and in the place of what another option takes.
SECRETS = [
    f"password = {MARK}",
    f"token = {MARK}",
    f"url = https://localhost/?key={MARK}",
    f"hostname = me:{MARK}@localhost",
    f"port = {MARK}",
    f"username = me:{MARK}",
    f"timeout = {MARK}",
    f"state = {MARK}",
    f"warning = {MARK}",
    f"shards = {MARK}",
    f"json = {MARK}",
]


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_damaged_file_of_options_gives_its_secret_away(name: str, secret: str, saved: Path, tmp_path: Path) -> None:
    ini = tmp_path / "wa.ini"
    ini.touch(mode=0o600)
    checks = itertools.cycle(CHECKS)
    # Where it belongs it has each neighbour once; else a few, for what matters is the line itself.
    others = options(saved) if secret in SECRETS[:2] else options(saved)[:3]
    for lines, numbers in neighbours(["[wa]"], secret, others):
        for number in numbers:
            text = damaged(lines, number, DAMAGES[name])
            ini.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
            silent(*outcome(next(checks), [f"--extra-opts=wa@{ini}", "-vvv"]), text)


@settings(max_examples=examples(200))
@given(st.data())
def test_nor_does_one_that_is_damaged_in_several_places(
    saved: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    ini = tmp_path_factory.mktemp("options") / "wa.ini"
    ini.touch(mode=0o600)
    secret = data.draw(st.sampled_from(SECRETS))
    lines = ["[wa]", *data.draw(st.permutations([secret, *options(saved)]))]
    for at in data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=1, max_size=4, unique=True)):
        lines[at] = DAMAGES[data.draw(st.sampled_from(sorted(DAMAGES)))](lines[at])
    text = "\n".join([*lines, ""]).replace("\b\n", "")
    ini.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
    silent(*outcome(data.draw(st.sampled_from(CHECKS)), [f"--extra-opts=wa@{ini}", "-vvv"]), text)


# Headers.

HEADERS = ["X-Site: berlin", "# a comment", "", "X-Other:two words"]


@pytest.mark.parametrize("name", DAMAGES)
def test_no_damaged_header_file_gives_its_secret_away(name: str, tmp_path: Path) -> None:
    path = tmp_path / "headers"
    path.touch(mode=0o600)
    checks = itertools.cycle(CHECKS)

    def damage(line: str) -> str:
        return DAMAGES[name](line.replace(": ", " = ", 1)).replace(" = ", ": ")

    for secret in (f"X-Key: {MARK}", f"Authorization: Bearer {MARK}", f"Cookie: a={MARK}; b={MARK}"):
        for lines, numbers in neighbours([], secret, HEADERS):
            for number in numbers:
                text = damaged(lines, number, damage)
                path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
                words = ["-H", "localhost", "-p", "1", "--insecure", "--header-file", str(path)]
                silent(*outcome(next(checks), [*words, "-vvv"]), text)


def test_a_header_file_may_begin_with_a_byte_order_mark(tmp_path: Path, runner: Runner) -> None:
    path = tmp_path / "headers"
    path.write_bytes(b"\xef\xbb\xbfD360-API-KEY: marked-key\r\nX-Other: y\r\n")
    path.chmod(0o600)
    with FaultServer(tmp_path) as server:
        words = ["--url", server.url, "--ca-file", server.ca_file, "--header-file", str(path)]
        runner("check_wabiz_socket", *words)
        (request,) = server.received
    assert (request.headers["d360-api-key"], request.headers["x-other"]) == ("marked-key", "y")


# Addresses and variables.

SCHEMES = ["", "https://", "http://", "HTTPS:", "ftp://", "//", "https:/", " https://", "https://https://"]
USERS = ["", f"{MARK}@", f"me:{MARK}@", f"me:{MARK}%40", f"{MARK}:x@"]
HOSTS = ["localhost", "local host", "[::1", "[::1]", "l\u00f6calhost", "", "localhost\n", "localhost,localhost"]
PORTS = ["", ":1", ":x", f":{MARK}", ":99999", ":1:1"]
PATHS = ["", "/", "/wa", "/v1/support", "/a b", "/\x00", f"/{MARK}", f"/{MARK}/v1", f"/wa//{MARK}"]
KEYS = [
    *("", f"?key={MARK}", f"#key={MARK}", f"#{MARK}", f"?{MARK}", f";key={MARK}", f"&key={MARK}", f"%3Fkey={MARK}"),
    *(f"%3Fkey%3D{MARK}", f" key={MARK}", f"|{MARK}", f"<{MARK}>", f"\\{MARK}", f"={MARK}"),
]
PARTS = (SCHEMES, USERS, HOSTS, PORTS, PATHS, KEYS)


def addresses() -> Iterator[str]:
    """Every two parts of an address in all their forms, the others as they should be; those with a secret."""
    sound = ["https://", "", "localhost", ":1", "/wa", ""]
    for first, second in itertools.combinations(range(len(PARTS)), 2):
        for one, other in itertools.product(PARTS[first], PARTS[second]):
            parts = list(sound)
            parts[first], parts[second] = one, other
            for text in ("".join(parts), "".join(parts[1:])):
                if MARK in text:
                    yield text


ADDRESSES = list(dict.fromkeys(addresses()))


@pytest.mark.parametrize("at", range(3))
def test_no_address_gives_a_secret_in_it_away(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = itertools.cycle(CHECKS)
    for address in ADDRESSES:
        words = [("--url", address), ("-H", address), ()][at]
        if not words:
            # What the kernel lets a variable be.
            monkeypatch.setenv("WA_WEB_ENDPOINT", address.replace("\0", ""))
        silent(*outcome(next(checks), [*words, "--insecure", "--state-dir", "none", "-t", "2", "-vv"]), address)


VARIABLES = [
    {"WA_WEB_USERNAME": f"me:{MARK}"},
    {"WA_WEB_USERNAME": f"me\n{MARK}:"},
    {"WA_WEB_PASSWORD": f"{MARK}\n", "WA_WEB_USERNAME": "me"},
    {"WA_WEB_TOKEN": f"{MARK}\n"},
    {"WA_WEB_TOKEN": f"Bearer {MARK}"},
    {"WA_WEB_TOKEN": f"\u00e4{MARK}"},
    {"https_proxy": f"http://me:{MARK}@localhost:1"},
    {"https_proxy": f"me:{MARK}@localhost:x"},
    {"https_proxy": f"http://me:{MARK}@[::1"},
    {"https_proxy": f"socks5h://me:{MARK}@localhost:1"},
    {"https_proxy": f"ftp://localhost:1/?{MARK}"},
    {"no_proxy": f"{MARK}/x"},
    {"MP_CONFIG_FILE": f"/no/such\n{MARK}", "WA_WEB_TOKEN": MARK},
]


@pytest.mark.parametrize("variables", VARIABLES, ids=",".join)
def test_no_variable_gives_a_secret_in_it_away(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for check in CHECKS:
        for more in ([], ["--extra-opts=x"]):
            words = ["-H", "localhost", "-p", "1", "--state-dir", "none", "-vvv", *more]
            if "MP_CONFIG_FILE" not in variables or not more:
                silent(*outcome(check, words), variables)


UNDECODED = {
    # variable, and what is said of a byte in it that is not UTF-8
    "WA_WEB_PASSWORD": "usage: the password holds bytes that are not UTF-8",
    "WA_WEB_USERNAME": "usage: the user name holds bytes that are not UTF-8",
    "WA_WEB_TOKEN": "usage: the token holds characters that cannot stand in a header",
    "https_proxy": "the proxy on the way to localhost:1 failed: Connection refused",
}


@pytest.mark.parametrize("name", UNDECODED)
@pytest.mark.parametrize("state", ["none", "kept"])
def test_bytes_that_are_not_utf_8_are_no_error_of_ours(name: str, state: str, runner: Runner, tmp_path: Path) -> None:
    given = {"WA_WEB_USERNAME": "monitor", "WA_WEB_PASSWORD": "sound-password"}
    value = "http://me:\udcff\udcfe-secret@localhost:1" if name == "https_proxy" else "\udcff\udcfe-secret"
    where = "none" if state == "none" else str(tmp_path / state)
    words = ("-H", "localhost", "-p", "1", "--insecure", "--state-dir", where)
    done = runner.process(str(runner.bin / "check_wabiz_all"), *words, env={**given, name: value})
    assert UNDECODED[name] in done.first
    assert done.err == ""


@pytest.mark.parametrize("option", ["--ca-file", "--client-cert", "--client-key", "--header-file"])
@pytest.mark.parametrize("given", [f"-----BEGIN PRIVATE KEY-----{MARK}", f"begin\n{MARK}\nend"])
def test_a_text_in_the_place_of_a_path_is_not_repeated(option: str, given: str, tmp_path: Path, runner: Runner) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_text("x")
    more = ("--client-cert", str(cert)) if option == "--client-key" else ()
    done = runner("check_wabiz_all", "-H", "localhost", "-p", "1", "-vvv", *more, option, given)
    assert done.code == 3
    assert option in done.first
    assert marks.found(done.out, [MARK]) == []


# Modules.


NOT_SHOWN = [
    {"url": f"https://localhost:1;key={MARK}"},
    {"url": f"https://localhost:{MARK}"},
    {"hostname": f"localhost:{MARK}"},
    {"hostname": f"localhost {MARK}"},
    {"hostname": "localhost", "client_cert": f"-----BEGIN PRIVATE KEY-----{MARK}"},
    {"hostname": "localhost", "client_cert": "c", "client_key": f"begin\n{MARK}\nend"},
]


@pytest.mark.parametrize("options", NOT_SHOWN)
def test_what_is_no_address_or_path_is_not_shown_as_an_option(
    options: dict[str, Any], runner: Quick, forks: Forks
) -> None:
    for module in forks.modules:
        done = forks.module(runner, module, {"port": 1, "timeout": 2, **options}).done
        assert json.loads(done.out)["failed"]
        assert marks.found(done.out, [MARK]) == []


@pytest.mark.parametrize(
    "option", [{"url": "https://localhost:1"}, {"hostname": "localhost"}, {"hostname": "127.0.0.1"}]
)
def test_an_address_is_shown_as_an_option(option: dict[str, Any], runner: Quick, forks: Forks) -> None:
    done = forks.module(runner, "support_facts", {"timeout": 2, "validate_certs": False, **option}).done
    shown = json.loads(done.out)["invocation"]["module_args"]
    assert {name: shown[name] for name in option} == option


def test_modules_give_none_of_it_away(runner: Quick, forks: Forks) -> None:
    texts: list[dict[str, Any]] = [
        *({"url": address} for address in ADDRESSES[::40]),
        *({"hostname": address} for address in ADDRESSES[::40]),
        {"hostname": "localhost", "headers": f"X-Key: {MARK}"},
        {"hostname": "localhost", "headers": f"X-Key: {MARK}=x"},
        {"hostname": "localhost", "headers": f'{{"X-Key": "{MARK}"'},
        {"hostname": "localhost", "headers": {f"X-Key: {MARK}": "x"}},
        {"hostname": "localhost", "headers": {f"{MARK} x": MARK}},
        {"hostname": "localhost", "headers": {"X-Key": f"{MARK}\nX-Forged: yes"}},
        {"hostname": "localhost", "headers": [f"X-Key: {MARK}"]},
        {"hostname": "localhost", "username": f"me:{MARK}"},
        {"hostname": "localhost", "token": f"Bearer {MARK}"},
        {"hostname": "localhost", "username": "me", "password": f"\udcff{MARK}"},
        {"hostname": "localhost", "headers": {"X-Key": f"\udcff{MARK}"}},
    ]
    for module, options in itertools.product(forks.modules, texts):
        done = forks.module(runner, module, {"port": 1, "timeout": 2, **options}).done
        assert done.out, (options, done)
        told = json.loads(done.out)
        # What it was called with is the engine's to show, and shown to whoever called it.
        told.pop("invocation", None)
        assert told["failed"], options
        assert "internal error" not in done.out, options
        assert marks.found(json.dumps(told), [MARK]) == [], (options, told)
