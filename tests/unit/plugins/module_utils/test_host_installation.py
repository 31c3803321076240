# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Whose the code is, is found out before root runs any of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.installation import found

ANOTHER = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what belongs to another user")


def a_python(folder: Path, told: Path) -> Path:
    """A command that tells when it runs, and what a Python of the role would say then."""
    folder.mkdir(exist_ok=True)
    python = folder / "python3"
    python.write_text(
        f'#!/bin/sh\necho ran >>{told}\necho \'{{"version": "3.11", "new": true, "venv": true}}\'\n', encoding="utf-8"
    )
    python.chmod(0o755)
    return python


def owned(root: Path, python: Path) -> Path:
    os.chown(python, ANOTHER, ANOTHER)
    return python


def open_to_all(root: Path, python: Path) -> Path:
    python.chmod(0o777)
    return python


def in_a_folder_of_theirs(root: Path, python: Path) -> Path:
    os.chown(python.parent, ANOTHER, ANOTHER)
    return python


def by_a_link_of_theirs(root: Path, python: Path) -> Path:
    link = root / "link"
    link.symlink_to(python)
    os.chown(link, ANOTHER, ANOTHER, follow_symlinks=False)
    return link


def by_a_link_to_theirs(root: Path, python: Path) -> Path:
    os.chown(python, ANOTHER, ANOTHER)
    (root / "link").symlink_to(python)
    return root / "link"


def by_a_folder_that_is_a_link_of_theirs(root: Path, python: Path) -> Path:
    link = root / "bin"
    link.symlink_to(python.parent)
    os.chown(link, ANOTHER, ANOTHER, follow_symlinks=False)
    return link / "python3"


def with_a_library_of_theirs(root: Path, python: Path) -> Path:
    library = root / "lib" / "python3.11"
    library.mkdir(parents=True)
    os.chown(library, ANOTHER, ANOTHER)
    return python


def in_a_virtual_environment_of_theirs(root: Path, python: Path) -> Path:
    (root / "pyvenv.cfg").write_text("home = /usr/bin\n", encoding="utf-8")
    (root / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    os.chown(root / "lib" / "python3.11" / "site-packages", ANOTHER, ANOTHER)
    return python


def looked_at(python: str, root: Path, venv: Path | None = None) -> dict[str, Any]:
    return found(python, str(venv or root / "venv"), str(root / "plugins"), [])


@pytest.mark.parametrize("named", ["by its path", "by its name"])
@pytest.mark.parametrize(
    "spoil",
    [
        owned,
        open_to_all,
        in_a_folder_of_theirs,
        by_a_link_of_theirs,
        by_a_link_to_theirs,
        by_a_folder_that_is_a_link_of_theirs,
        with_a_library_of_theirs,
        in_a_virtual_environment_of_theirs,
    ],
)
def test_a_python_that_another_user_can_change_is_not_run_to_be_looked_at(
    spoil: Callable[[Path, Path], Path], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = spoil(tmp_path, a_python(tmp_path / "theirs", tmp_path / "ran"))
    if named == "by its name":
        monkeypatch.setenv("PATH", str(path.parent))
    told = looked_at(str(path) if named == "by its path" else path.name, tmp_path)
    assert not (tmp_path / "ran").exists()
    assert told["weak"].startswith(f"root would run {path}, but ")
    assert (told["python"], told["installed"]) == ("", "")


@pytest.mark.parametrize("how", ["by its path", "by its name", "from the current folder"])
def test_a_python_that_only_root_can_change_is_run(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = a_python(tmp_path / "ours", tmp_path / "ran")
    monkeypatch.setenv("PATH", f"{path.parent}:/bin")
    monkeypatch.chdir(tmp_path)
    names = {"by its path": str(path), "by its name": path.name, "from the current folder": f"ours/{path.name}"}
    told = looked_at(names[how], tmp_path)
    assert (told["weak"], told["python"], told["python_new_enough"]) == ("", "3.11", True)
    assert (tmp_path / "ran").read_text() == "ran\n"
