# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What of an installation of the checks is on a host already."""

from __future__ import annotations

import errno
import glob
import json
import os
import shutil
import subprocess
from typing import Any, Callable, Dict, List, Optional, Tuple

from .._edge.exposure import Changer
from . import watched
from .contents import digest
from .folders import Refused, folder, weakness, weakness_of_command

_NAME = "wabiz-monitoring"
_CHECKS = ("socket", "cluster", "space", "build", "clock", "all")
_WRITER = b"wabiz.monitoring.check_plugins"

# Debian packs a part of what makes virtual environments separately.
_ABILITIES = """
import json, sys
try:
    import ensurepip, venv
except ImportError:
    able = False
else:
    able = True
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "new": sys.version_info >= (3, 10), "venv": able}))
"""

_NOT_ASKED: Dict[str, Any] = {"version": "", "new": False, "venv": False}

# Without pip nothing can be installed: after an upgrade of the system, say, when its Python is another one.
_VERSION = """
import json, pip
from importlib.metadata import PackageNotFoundError, distribution
try:
    found = distribution(%r)
    print(json.dumps([found.version, found.read_text("RECORD") or ""]))
except PackageNotFoundError:
    print(json.dumps(["none", ""]))
""" % (_NAME,)


def found(python: str, venv: str, plugin_folder: str, paths: List[str]) -> Dict[str, Any]:
    """What is there; in the paths, * stands for any name of a file or folder. Raises Refused and OSError."""
    command = _command(python)
    # Whose it is comes first: what another user can change is not run, not even to be looked at.
    weak_python, weak_venv = _weak(command, weakness_of_command), _weak(venv, weakness)
    weak = weak_python or weak_venv
    abilities = _NOT_ASKED if weak_python else _abilities(python, command)
    installed, contents = ("", "") if weak else _installed(venv)
    matching = {path: _matching(path) for path in paths}
    return {
        "python": abilities["version"],
        "python_new_enough": abilities["new"],
        "python_can_make_venv": abilities["venv"],
        "venv_exists": os.path.lexists(venv),
        "venv_ours": _made(venv),
        "weak": weak,
        "installed": installed,
        "contents": contents,
        "links": _links(venv, plugin_folder),
        "plugin_folder_exists": os.path.isdir(plugin_folder),
        "found": matching,
        "deployments": sorted({name for these in matching.values() for path in these for name in _watched(path)}),
        "paths": [path for these in matching.values() for path in these],
    }


def _command(python: str) -> str:
    """The path of a command: what is looked at is what is run."""
    found = shutil.which(python)
    if found is None:
        code = errno.EACCES if os.path.exists(python) else errno.ENOENT
        raise Refused("%s cannot be run: %s" % (python, os.strerror(code)))
    return os.path.join(os.getcwd(), found)


def _abilities(python: str, command: str) -> Dict[str, Any]:
    try:
        done = subprocess.run([command, "-I", "-c", _ABILITIES], cwd="/", capture_output=True, check=False)
    except OSError as error:
        raise Refused("%s cannot be run: %s" % (python, error.strerror)) from None
    if done.returncode:
        raise Refused("%s cannot be used: %s" % (python, done.stderr.decode("utf-8", "replace").strip()))
    told: Dict[str, Any] = json.loads(done.stdout.decode("utf-8"))
    return told


def _weak(what: str, look: Callable[[str], Optional[Changer]]) -> str:
    """Why root must not run it; nothing if only root can change it, or if we are not root."""
    other = look(what) if os.geteuid() == 0 else None
    if other is None:
        return ""
    told = (what, other.who, other.place, other.remedy, other.place)
    return "root would run %s, but %s can change %s: %s %s" % told


def _made(venv: str) -> bool:
    # The prompt that a virtual environment was made with is its signature.
    try:
        with folder(venv) as place:
            lines = (place.read("pyvenv.cfg") or b"").decode("utf-8", "replace").splitlines()
    except (OSError, Refused):
        return False
    return any(line.replace("'", "").split() == ["prompt", "=", _NAME] for line in lines)


def _installed(venv: str) -> Tuple[str, str]:
    """The distribution's version, "none", or nothing when the virtual environment is of no use; and its digest."""
    python = os.path.join(venv, "bin", "python")
    try:
        done = subprocess.run([python, "-I", "-c", _VERSION], cwd="/", capture_output=True, check=False)
    except OSError:
        return "", ""
    if done.returncode:
        return "", ""
    version, record = json.loads(done.stdout.decode("utf-8"))
    return version, digest(record)


def _matching(path: str) -> List[str]:
    found = glob.glob(path)
    return sorted(filter(_ours, found) if "*" in path else found)


def _ours(path: str) -> bool:
    # Somebody else may like the same name for a file: the first lines of ours say who wrote it.
    above, name = os.path.split(path)
    try:
        with folder(above) as place:
            return os.path.isdir(path) or place.holds(name, _WRITER)
    except (OSError, Refused):
        return False


def _watched(path: str) -> List[str]:
    """The deployments that a file is about, if the role wrote it."""
    above, name = os.path.split(path)
    try:
        with folder(above) as place:
            return watched.names(place.content(name))
    except (OSError, Refused):
        return []


def _links(venv: str, plugin_folder: str) -> List[str]:
    """The links of the plugin folder that lead into the virtual environment."""
    try:
        with folder(plugin_folder) as plugins:
            commands = ["check_wabiz_%s" % check for check in _CHECKS]
            ours = [each for each in commands if plugins.target(each) == os.path.join(venv, "bin", each)]
    except (OSError, Refused):
        return []
    return [os.path.join(plugin_folder, each) for each in ours]
