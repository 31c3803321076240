# SPDX-License-Identifier: BSD-2-Clause
"""The collection where Ansible's own tools want it: a copy in a folder ``.../ansible_collections/wabiz/monitoring``.

ansible-test refuses to work elsewhere, and does not follow symbolic links there.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: The pip that ansible-test of the pinned ansible-core bootstraps into the environments that it makes.
PIP = "24.2"

#: Python versions that modules may meet on the hosts which they run on.
PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")

BOOTSTRAP = f"""\
# Stands in for the script that ansible-test otherwise downloads: pip comes with Python, and the index has the rest.
import subprocess
import sys

for arguments in (["ensurepip"], ["pip", "install", "--disable-pip-version-check", "pip=={PIP}"]):
    subprocess.run([sys.executable, "-m", *arguments], check=True, stdout=subprocess.DEVNULL)
"""


def files(root: Path = ROOT) -> Iterator[Path]:
    """The project's files, relative to ``root``: what git tracks or would add; without git, what .gitignore leaves."""
    return _files_by_git(root) or _files_by_name(root)


def _files_by_git(root: Path) -> Iterator[Path] | None:
    # A checkout may belong to somebody else than the user who runs the tests; to list its files is harmless.
    command = ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    if listed.returncode or not listed.stdout:
        return None
    names = (Path(os.fsdecode(name)) for name in listed.stdout.split(b"\0") if name)
    return (name for name in names if (root / name).is_file())


def _files_by_name(root: Path) -> Iterator[Path]:
    lines = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line for line in lines if line and not line.startswith("#")] + [".git"]
    for folder, folders, names in os.walk(root):
        for found in (folders, names):
            found[:] = sorted(name for name in found if not any(fnmatch.fnmatch(name, pattern) for pattern in ignored))
        yield from (Path(folder, name).relative_to(root) for name in names)


def copy(target: Path, root: Path = ROOT) -> Path:
    """Copy the project's files into the folder ``target``, which must not exist yet; gives ``target`` back."""
    target.mkdir(parents=True)
    for name in files(root):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, target / name)
    return target


def home(folder: Path) -> Path:
    """A home folder for Ansible's tools, so that the user's own ``~/.ansible`` is neither read nor changed.

    It holds the bootstrap of pip, and shows pip the user's settings (the index may be a mirror). What ansible-test
    installs stays in it, for the next run.
    """
    cache = folder / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{PIP.replace('.', '_')}.py").write_text(BOOTSTRAP, encoding="utf-8")
    (folder / ".config").mkdir(exist_ok=True)
    for settings in (".config/pip", ".pip"):
        if (Path.home() / settings).is_dir() and not (folder / settings).is_symlink():
            (folder / settings).symlink_to(Path.home() / settings)
    return folder


def interpreters() -> dict[str, Path]:
    """Version and file of every Python of ``PYTHONS`` that is here; the interpreter itself, not a shim before it."""
    found = {}
    for version in PYTHONS:
        candidates = (
            Path(folder, f"python{version}") for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        )
        for candidate in filter(Path.is_file, candidates):
            told = subprocess.run(
                [candidate, "-I", "-c", "import sys; print(sys.executable)"],
                capture_output=True,
                text=True,
                check=False,
            )
            if told.returncode == 0 and told.stdout.strip():
                found[version] = Path(told.stdout.strip()).resolve()
                break
    # Shims of a version manager answer only for versions that are switched on: look at what is installed beside ours.
    beside = Path(sys.executable).resolve().parent.parent.parent
    for executable in sorted(beside.glob("*/bin/python3.*")):
        match = re.fullmatch(r"python(3\.\d+)", executable.name)
        if match and match[1] in PYTHONS and executable.parent.parent.name.startswith(match[1]):
            found.setdefault(match[1], executable)
    return found


def environment(home_folder: Path, interpreters_folder: Path | None = None) -> dict[str, str]:
    """Environment variables for Ansible's tools: their home, the running environment first on the PATH, no colour."""
    first = [str(interpreters_folder)] if interpreters_folder else []
    path = os.pathsep.join([*first, str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {**kept, "HOME": str(home_folder), "PATH": path, "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"}
