# SPDX-License-Identifier: BSD-2-Clause
"""The copy of the project that Ansible's tools work on holds what git would hold, with git and without it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import collection
import pytest

KEPT = {".gitignore", "galaxy.yml", "plugins/modules/support_facts.py", "tests/builder.py"}
IGNORED = {
    ".venv/bin/python",
    "plugins/__pycache__/x.pyc",
    "plugins/x.pyc",
    "wabiz.egg-info/PKG-INFO",
    "build/lib/x.py",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without git."""
    root = tmp_path / "project"
    for name in KEPT | IGNORED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / ".gitignore").write_text("# what tools leave\n.venv\n__pycache__\n*.pyc\n*.egg-info\nbuild\n", "utf-8")
    return root


def copied(project: Path) -> set[str]:
    copy = collection.copy(project.with_name("copy"), project)
    return {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()}


def in_git(project: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)


needs_git = pytest.mark.skipif(not shutil.which("git"), reason="git is not on this machine")


def test_without_git_the_ignored_files_stay_behind(project: Path) -> None:
    assert copied(project) == KEPT


@needs_git
def test_with_git_new_files_are_copied_and_deleted_ones_are_not(project: Path) -> None:
    in_git(project)
    (project / "gone.py").touch()
    subprocess.run(["git", "add", "gone.py", "galaxy.yml"], cwd=project, check=True)
    (project / "gone.py").unlink()
    assert copied(project) == KEPT


@needs_git
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_checkout_of_somebody_else_is_read_by_git_all_the_same(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_git(project)
    # Known to git alone: that it stays behind shows who was asked.
    (project / ".git" / "info" / "exclude").write_text("builder.py\n", "utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    os.chown(project, 65534, 65534)
    os.chown(project / ".git", 65534, 65534)
    assert copied(project) == KEPT - {"tests/builder.py"}
