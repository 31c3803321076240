# SPDX-License-Identifier: BSD-2-Clause
"""What of an installation is on a host already: look.py VENV PLUGIN_FOLDER PATH..., told as JSON.

In a PATH, * stands for any name of a file or folder.
"""

# Up to here an older Python comes, too, and must be told that it is one.
from __future__ import annotations

import glob
import json
import os
import subprocess
import sys

NAME = "wabiz-monitoring"
CHECKS = ("socket", "cluster", "space", "build", "clock", "all")
WRITER = "wabiz.monitoring.check_plugins"
# Without pip nothing can be installed: after an upgrade of the system, say, when its Python is another one.
VERSION = f"""
import pip
from importlib.metadata import PackageNotFoundError, version
try:
    print(version({NAME!r}))
except PackageNotFoundError:
    print("none")
"""


def main(venv: str, plugin_folder: str, *paths: str) -> None:
    """Print what is there."""
    found = {path: sorted(filter(ours if "*" in path else None, glob.glob(path))) for path in paths}
    told = {
        "python": "{}.{}".format(*sys.version_info),
        "python_new_enough": sys.version_info >= (3, 10),
        "python_can_make_venv": can_make_venv(),
        "venv_exists": os.path.lexists(venv),
        "venv_ours": made(venv),
        "installed": installed(venv),
        "links": links(venv, plugin_folder),
        "plugin_folder_exists": os.path.isdir(plugin_folder),
        "found": found,
        "paths": [path for these in found.values() for path in these],
    }
    print(json.dumps(told))


def can_make_venv() -> bool:
    # Debian packs this part of Python separately.
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def made(venv: str) -> bool:
    # The prompt that a virtual environment was made with is its signature.
    try:
        with open(os.path.join(venv, "pyvenv.cfg"), encoding="utf-8") as file:
            return any(line.replace("'", "").split() == ["prompt", "=", NAME] for line in file)
    except OSError:
        return False


def ours(path: str) -> bool:
    # Somebody else may like the same name for a file: the first lines of ours say who wrote it.
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return WRITER in file.read()
    except OSError:
        return os.path.isdir(path)


def installed(venv: str) -> str:
    """The version of the distribution, "none", or nothing when the virtual environment is of no use."""
    try:
        python = os.path.join(venv, "bin", "python")
        done = subprocess.run([python, "-c", VERSION], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return ""
    return done.stdout.decode().strip()


def links(venv: str, plugin_folder: str) -> list[str]:
    """The links of the plugin folder that lead into the virtual environment."""
    found = []
    for check in CHECKS:
        command = f"check_wabiz_{check}"
        path = os.path.join(plugin_folder, command)
        if os.path.islink(path) and os.readlink(path) == os.path.join(venv, "bin", command):
            found.append(path)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
