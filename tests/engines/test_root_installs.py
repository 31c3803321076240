# SPDX-License-Identifier: BSD-2-Clause
"""The Pythons that the role starts as root when it installs: whose code they run, and what others see of them."""

from __future__ import annotations

import base64
import http.server
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import distribution
import pytest
import yaml
from processes import commands
from shown import ROOT

from .module import run_module
from .site import PLAY, Site
from .user import User

#: Others may try the same on this machine.
MARK = secrets.token_hex(8)
PASSWORDS = {name: f"{MARK}-{name}-p%40ss" for name in ("index", "extra", "links", "proxy")}
RUN_PIP = ROOT / "roles/check_plugins/files/run_pip.py"

#: Modules that a Python would take from the current folder or from PYTHONPATH; each tells when it is taken.
PLANTED = ("glob", "json", "subprocess", "runpy", "pip", "venv", "ensurepip", "importlib", "zipfile", "pwd")
TELLTALE = """
import os
with open("/proc/self/cmdline", "rb") as file, open({told!r}, "ab") as told:
    told.write(__name__.encode() + b" " + file.read().replace(b"\\0", b" ").replace(b"\\n", b" ") + b"\\n")
raise ImportError("planted")
"""


@pytest.fixture(scope="module")
def folder_of_wheels(user: User, scratch: Path) -> Path:
    """Wheels of the distribution and of all that it depends on."""
    return distribution.wheels(scratch / "wheels", distribution.interpreter(user.prefix))


class Index(http.server.ThreadingHTTPServer):
    """An index of packages and the proxy before it, which want passwords, and answer once they may."""

    daemon_threads = True

    def __init__(self, wheels: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.wheels = wheels
        self.asked = threading.Event()
        self.go = threading.Event()
        self.accepted: set[str] = set()
        """Which passwords have been given."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Answering(http.server.BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.asked.set()
        self.server.go.wait(120)
        asked = urllib.parse.urlsplit(self.path)
        name = (asked.hostname or "").partition(".")[0]
        for header, of, refusal in (("Proxy-Authorization", "proxy", 407), ("Authorization", name, 401)):
            given = base64.b64decode((self.headers[header] or "Basic ").partition(" ")[2]).decode()
            if given != f"user-{of}:{urllib.parse.unquote(PASSWORDS[of])}":
                self.answer(refusal, b"")
                return
            self.server.accepted.add(of)
        wheels = {path.name: path for path in self.server.wheels.iterdir()} if name == "index" else {}
        last = asked.path.strip("/").rpartition("/")[2]
        if last in wheels:
            self.answer(200, wheels[last].read_bytes(), "application/octet-stream")
        else:
            package = re.sub(r"[-_.]+", "_", last)
            links = [f'<a href="{each}">{each}</a>' for each in wheels if each.lower().startswith(f"{package}-")]
            self.answer(200, "\n".join(links).encode(), "text/html")

    def answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        if status in (401, 407):
            self.send_header("WWW-Authenticate" if status == 401 else "Proxy-Authenticate", "Basic")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def index_of(wheels: Path) -> Iterator[Index]:
    with Index(wheels) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.go.set()
            server.shutdown()
            thread.join()


def with_passwords(port: int) -> list[str]:
    """Every argument of pip that may hold a password, each with one."""
    address = {name: f"http://user-{name}:{password}@{name}.example" for name, password in PASSWORDS.items()}
    trusted = [word for name in PASSWORDS for word in ("--trusted-host", f"{name}.example")]
    proxy = address["proxy"].replace("proxy.example", f"127.0.0.1:{port}")
    more = [f"--extra-index-url={address['extra']}", "-f", f"{address['links']}/", "--proxy", proxy]
    return ["--index-url", address["index"], *more, *trusted, "--no-cache-dir"]


def shown(text: str) -> list[str]:
    """Which passwords a text shows, in any form in which pip, Ansible or a server have them."""
    forms = {}
    for name, password in PASSWORDS.items():
        meant = urllib.parse.unquote(password)
        forms[name] = {password, meant, base64.b64encode(f"user-{name}:{meant}".encode()).decode(), f"{MARK}-{name}"}
    return sorted(name for name, those in forms.items() if any(each in text for each in those))


def alone(site: Site, host: str, **variables: Any) -> Path:
    """Add a host that gets the checks and no engine."""
    return site.add(host, engine="none", deployments=[], **variables)


@pytest.mark.soak
def test_the_password_of_an_index_is_used_and_seen_nowhere(site: Site, folder_of_wheels: Path) -> None:
    with ThreadPoolExecutor(1) as pool, index_of(folder_of_wheels) as server:
        arguments = with_passwords(server.port)
        alone(site, "indexed", pip_arguments=arguments)
        playing = pool.submit(site.play, "-vvv", "--diff", only=["indexed"])
        assert server.asked.wait(300), playing.result().output
        words = [" ".join(each) for _pid, each in commands()]
        assert [line for line in words if "run_pip" in line or "/arguments" in line]
        assert [line for line in words if shown(line)] == []
        server.go.set()
        outcome = playing.result()
        assert outcome.code == 0, outcome.failures
        assert {"index", "proxy"} <= server.accepted
        assert shown(outcome.output) == []
        failed = site.play("-vvv", "--diff", only=["indexed"], version="9.9.9")
        assert "No matching distribution found for wabiz-monitoring==9.9.9" in failed.failures
        assert shown(failed.output) == []


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"http://user-index:{PASSWORDS['index']}@index.example", "http://****@index.example"),
        (f"user-index:{PASSWORDS['index']}@index.example:3128", "****@index.example:3128"),
        (f"https://{PASSWORDS['index']}@index.example", "https://****@index.example"),
    ],
    ids=["user and password", "without a scheme", "a password alone"],
)
def test_an_address_that_pip_tells_is_told_without_its_password(address: str, told: str, tmp_path: Path) -> None:
    # A slip of the pen: pip says what it was given.
    (tmp_path / "arguments").write_text(json.dumps(["install", f"--timeout={address}"]), encoding="utf-8")
    command = [sys.executable, "-I", "-c", RUN_PIP.read_text(encoding="utf-8"), str(tmp_path / "arguments")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"'{told}'" in done.stderr
    assert shown(done.stdout + done.stderr) == []


def test_where_pip_would_show_a_password_it_does_not_start(site: Site) -> None:
    alone(site, "building", package="wabiz-monitoring", pip_arguments=[*with_passwords(9), "--no-binary=:all:"])
    outcome = site.play("-vvv", only=["building"])
    assert "the password would stand in the process list: leave out --no-binary" in outcome.failures
    assert shown(outcome.output) == []
    assert not Path(site.hosts["building"]["check_plugins_venv"]).exists()
    package = f"wabiz @ https://user-index:{MARK}-index@index.example"
    named = site.play("-vvv", only=["building"], pip_arguments=[], package=package)
    assert "check_plugins_package is a name" in named.failures


@pytest.mark.soak
def test_nothing_of_the_current_folder_or_of_pythonpath_runs_as_root(site: Site, folder_of_wheels: Path) -> None:
    alone(site, "planted", wheel_folder=str(folder_of_wheels))
    planted = site.folder / "current"
    planted.mkdir()
    told = planted / "told"
    told.touch()
    for place, names in (
        (planted / "path", ("sitecustomize", "pip", "venv", "ensurepip", "runpy")),
        (planted, PLANTED),
    ):
        place.mkdir(exist_ok=True)
        for name in names:
            (place / f"{name}.py").write_text(TELLTALE.format(told=str(told)), encoding="utf-8")
    play = yaml.safe_load(PLAY)
    play[0]["environment"] = {"PYTHONPATH": str(planted / "path")}
    (planted / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    (planted / "hosts.json").write_text(
        json.dumps({"all": {"hosts": {"planted": site.hosts["planted"]}}}), encoding="utf-8"
    )
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "hosts.json", "play.yml"]
    for state in ("present", "absent"):
        outcome = site.run(*command, "-e", f"check_plugins_state={state}", folder=planted)
        assert outcome.code == 0, outcome.failures
    # PYTHONPATH is Ansible's own affair for its own processes, which say so.
    ran = [line for line in told.read_text(encoding="utf-8").splitlines() if line.startswith("sitecustomize")]
    others = [line for line in told.read_text(encoding="utf-8").splitlines() if line not in ran]
    assert ran
    assert others == []
    assert [line for line in ran if " -c " in line or " -m " in line] == []


def spoil_above(root: Path, user: User) -> str:
    user.folder(root)
    return str(root)


def spoil_within(root: Path, user: User) -> str:
    (root / "venv" / "bin").mkdir(parents=True)
    user.own(root / "venv" / "bin", 0o755)
    return str(root / "venv" / "bin")


def spoil_for_all(root: Path, user: User) -> str:
    root.chmod(0o777)
    return str(root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights that another can gain")
@pytest.mark.parametrize("spoil", [spoil_above, spoil_within, spoil_for_all])
def test_root_runs_nothing_that_another_user_can_change(spoil: Any, user: User, scratch: Path) -> None:
    root = scratch / f"{spoil.__name__}"
    root.mkdir()
    (root / "venv").mkdir()
    place = spoil(root, user)
    (root / "venv" / "bin").mkdir(exist_ok=True)
    python = root / "venv" / "bin" / "python"
    python.write_text(f"#!/bin/sh\nid -u >>{root}/ran\necho 0.1.0\n", encoding="utf-8")
    python.chmod(0o755)
    told = run_module(
        "check_plugins_info",
        python=distribution.interpreter(user.prefix),
        venv=str(root / "venv"),
        plugin_folder=str(root / "plugins"),
        paths=[],
    )
    assert not (root / "ran").exists()
    assert told["weak"].startswith(f"root would run {root}/venv, but ")
    assert f" can change {place}: ch" in told["weak"]
    assert told["installed"] == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights that another can gain")
def test_the_role_refuses_a_virtual_environment_that_another_user_can_change(site: Site, user: User) -> None:
    theirs = user.folder(site.folder / "theirs")
    alone(site, "theirs", venv=str(theirs / "venv"))
    outcome = site.play(only=["theirs"])
    said = f"root would run {theirs}/venv, but user {user.uid} can change {theirs}: chown root {theirs}"
    assert said in outcome.failures
    assert not (theirs / "venv").exists()
