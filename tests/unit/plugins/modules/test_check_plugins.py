# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The modules of the role check_plugins as Ansible runs them, where nobody works against them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.wabiz.monitoring.plugins.modules import check_plugins_info
from ansible_collections.wabiz.monitoring.tests.unit.module import hold, run_module

SECRET = "marked-password"
#: What a host has at first; a text is a file, None is a folder.
BEFORE = {
    "etc": None,
    "etc/old": "old",
    "state": None,
    "state/0": "token",
    "state/own": "own",
    "empty": None,
    "tree": None,
}

#: What is asked for, and what is there afterwards.
WANTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"path": "etc/new", "content": SECRET, "mode": "0640"}, {"etc/new": SECRET}),
    ({"path": "etc/old", "content": "new", "mode": "0600"}, {"etc/old": "new"}),
    ({"path": "state/0", "state": "absent"}, {"state/0": ...}),
    ({"path": "some/where/new", "state": "directory"}, {"some": None, "some/where": None, "some/where/new": None}),
    ({"path": "etc", "state": "directory", "mode": "0700"}, {}),
    ({"path": "etc/link", "state": "link", "src": "/nowhere"}, {"etc/link": "-> /nowhere"}),
    ({"path": "etc/old", "state": "link", "src": "/nowhere"}, {"etc/old": "-> /nowhere"}),
    ({"path": "state", "state": "cleared", "names": "[0-9]"}, {"state/0": ...}),
    ({"path": "empty", "state": "emptied"}, {"empty": ...}),
    ({"path": "tree", "state": "gone"}, {"tree": ...}),
]

#: What is so already.
SETTLED: list[dict[str, Any]] = [
    {"path": "no/such", "state": "absent"},
    {"path": "no/such", "state": "cleared", "names": ".*"},
    {"path": "no/such", "state": "emptied"},
    {"path": "no/such", "state": "gone"},
    {"path": "state", "state": "emptied"},
    {"path": "state", "state": "cleared", "names": "ow"},
]

#: What cannot be, and why.
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"path": "etc/new", "content": "", "mode": "u=rw"}, "mode u=rw is not three octal digits, as in 0644"),
    ({"path": "etc/new", "content": "", "owner": "no-such"}, "there is no user no-such or no group None on this host"),
    (
        {"path": "etc", "state": "directory", "group": "no-such"},
        "there is no user None or no group no-such on this host",
    ),
    ({"path": "etc/old", "state": "directory"}, "old is no folder"),
    ({"path": "no/such", "content": ""}, "no: No such file or directory"),
    ({"path": "etc", "state": "absent"}, "etc: Is a directory"),
    ({"path": "etc/new", "src": "etc"}, "etc is not a file that only root can change"),
]


@pytest.fixture(name="host")
def _host(tmp_path: Path) -> Path:
    host = tmp_path / "host"
    host.mkdir()
    for name, text in BEFORE.items():
        if text is None:
            (host / name).mkdir()
        else:
            (host / name).write_text(text)
    return host


def there(host: Path) -> dict[str, str | None]:
    """All that a host has."""
    found: dict[str, str | None] = {}
    for path in host.rglob("*"):
        name = str(path.relative_to(host))
        found[name] = None if path.is_dir() else path.read_text() if path.is_file() else f"-> {os.readlink(path)}"
    return found


def settle(host: Path, entry: dict[str, Any], **internal: Any) -> tuple[int, dict[str, Any]]:
    paths = {key: str(host / entry[key]) for key in ("path", "src") if key in entry}
    return run_module("check_plugins_files", host.parent, {"entries": [{**entry, **paths}]}, **internal)


@pytest.mark.parametrize(("entry", "differing"), WANTED)
def test_an_entry_is_settled_once_and_check_mode_only_says_so(
    entry: dict[str, Any], differing: dict[str, Any], host: Path
) -> None:
    before = there(host)
    code, told = settle(host, entry, check_mode=True, diff=True)
    assert (code, told["changed"], told["paths"]) == (0, True, [str(host / entry["path"])])
    assert there(host) == before
    for changed in (True, False):
        code, told = settle(host, entry, diff=True)
        assert (code, told["changed"]) == (0, changed)
        wanted = {name: text for name, text in {**before, **differing}.items() if text is not ...}
        assert there(host) == wanted
        assert SECRET not in str(told)
    if entry.get("mode"):
        assert oct((host / entry["path"]).stat().st_mode & 0o777) == oct(int(entry["mode"], 8))


@pytest.mark.parametrize("entry", SETTLED)
def test_what_is_so_already_is_left_alone(entry: dict[str, Any], host: Path) -> None:
    before = there(host)
    assert settle(host, entry)[1]["changed"] is False
    assert there(host) == before


@pytest.mark.parametrize(("entry", "reason"), REFUSED)
def test_what_cannot_be_is_refused_in_one_line(entry: dict[str, Any], reason: str, host: Path) -> None:
    before = there(host)
    code, told = settle(host, entry)
    assert (code, told["failed"]) == (1, True)
    assert reason in told["msg"]
    assert len(told["msg"].splitlines()) == 1
    assert there(host) == before


def test_an_owner_who_is_not_there_yet_does_not_stop_check_mode(host: Path) -> None:
    code, told = settle(host, {"path": "etc/new", "content": "", "owner": "no-such"}, check_mode=True)
    assert (code, told["changed"]) == (0, True)


def test_the_difference_is_shown_and_nothing_of_what_is_secret(host: Path) -> None:
    (host / "new").write_text("new\n")
    for path in (host / "new", host / "etc" / "old"):
        path.chmod(0o644)
    entry = {"path": "etc/old", "mode": "0644"}
    (shown,) = settle(host, {**entry, "src": "new"}, check_mode=True, diff=True)[1]["diff"]
    assert (shown["before"], shown["after"], shown["after_header"]) == ("old", "new\n", str(host / "etc" / "old"))
    assert settle(host, {**entry, "content": SECRET}, check_mode=True, diff=True)[1]["diff"] == []


def test_what_is_there_is_told_as_documented(tmp_path: Path) -> None:
    paths = {"python": sys.executable, "venv": str(tmp_path / "venv"), "plugin_folder": str(tmp_path)}
    (tmp_path / "wabiz-a.conf").write_text("// Written by the role wabiz.monitoring.check_plugins")
    (tmp_path / "wabiz-b.conf").write_text("// Written by somebody else")
    (tmp_path / "check_wabiz_socket").symlink_to(tmp_path / "venv" / "bin" / "check_wabiz_socket")
    (tmp_path / "check_wabiz_space").symlink_to("/nowhere")
    asked = [str(tmp_path / "wabiz-*.conf"), str(tmp_path / "wabiz-b.conf")]
    code, told = run_module("check_plugins_info", tmp_path, {**paths, "paths": asked}, check_mode=True)
    assert code == 0
    del told["invocation"]
    hold(told, yaml.safe_load(check_plugins_info.RETURN))
    assert told["found"] == {asked[0]: [str(tmp_path / "wabiz-a.conf")], asked[1]: [str(tmp_path / "wabiz-b.conf")]}
    assert told["links"] == [str(tmp_path / "check_wabiz_socket")]
    assert (told["venv_exists"], told["venv_ours"], told["installed"]) == (False, False, "")


@pytest.mark.parametrize(
    ("python", "reason"), [("/no/such/python", "cannot be run: No such file"), ("false", "cannot be used: ")]
)
def test_a_python_that_cannot_be_used_is_told(python: str, reason: str, tmp_path: Path) -> None:
    options = {"python": python, "venv": str(tmp_path / "venv"), "plugin_folder": str(tmp_path), "paths": []}
    code, told = run_module("check_plugins_info", tmp_path, options)
    assert (code, told["failed"]) == (1, True)
    assert told["msg"].startswith(f"{python} {reason}")
