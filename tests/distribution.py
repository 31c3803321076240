# SPDX-License-Identifier: BSD-2-Clause
"""The distribution as its users get it: built into a wheel and installed into a virtual environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import collection

LOCK = collection.ROOT / "tests" / "locks" / "checks.txt"

#: Packages of the distribution that lie in the collection, where modules need them; both call them by one name, so that
#: they find each other by relative imports.
SHARED = {name: f"plugins/module_utils/{name}" for name in ("_core", "_edge")}
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def interpreter(prefix: Sequence[str] = ()) -> str:
    """A Python that a command with this prefix (to be another user, say) can run: the running one, or the system's."""
    wanted = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"
    for candidate in (str(Path(sys.executable).resolve()), "/usr/bin/python3"):
        # Through a shell: the program that changes the user may itself start what that user cannot.
        command = [*prefix, "sh", "-c", 'exec "$0" -c "$1"', candidate, wanted]
        if subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0:
            return candidate
    raise RuntimeError("no Python that other users can run (on Debian: apt install python3-venv)")


def link(folder: Path, root: Path = collection.ROOT) -> None:
    """Make links in the folder ``folder`` by which a checkout has its import names there."""
    package = folder / "wabiz_monitoring"
    package.mkdir()
    for entry in (root / "checks").iterdir():
        (package / entry.name).symlink_to(entry)
    for name, shared in SHARED.items():
        (package / name).symlink_to(root / shared)


def wheel(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """Put a wheel of this checkout into the folder `folder`; each change is a file, a text in it, and another one.

    It is built from a copy, because a build leaves its traces beside the sources.
    """
    source = collection.copy(folder.with_name(f"{folder.name}-source"))
    for name, old, new in changes:
        text = (source / name).read_text(encoding="utf-8")
        assert old in text, name
        (source / name).write_text(text.replace(old, new), encoding="utf-8")
    _run(sys.executable, *PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    shutil.rmtree(source)
    (built,) = folder.glob("wabiz_monitoring-*.whl")
    return built


def wheels(folder: Path, python: str | Path = sys.executable) -> Path:
    """Put wheels of this checkout and of all that it depends on into the new folder ``folder``; gives it back.

    What it depends on is what is locked.
    """
    wheel(folder)
    locked = ("--require-hashes", "--only-binary", ":all:", "--requirement", LOCK)
    _run(python, *PIP, "download", *locked, "--dest", folder)
    return folder


def install(folder: Path, python: str = sys.executable) -> Path:
    """Install this checkout into the new virtual environment ``folder``; gives its folder of commands.

    The wheels stay beside it, in a folder of the same name and ``-wheels``.
    """
    _run(python, "-m", "venv", folder)
    bin_folder = folder / "bin"
    found = wheels(folder.with_name(f"{folder.name}-wheels"), bin_folder / "python")
    options = ("--compile", "--no-index", "--find-links", found)
    _run(bin_folder / "python", *PIP, "install", *options, "wabiz-monitoring")
    return bin_folder


def _run(*command: str | Path) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
