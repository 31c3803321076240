# SPDX-License-Identifier: BSD-2-Clause
"""What the tasks of the roles start and write on a host, wherever they stand: as files of tasks say it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import collection
import yaml

ROOT = collection.ROOT
ROLES = ROOT / "roles"

#: Modules of Ansible that start a program, and where they are told which.
STARTING = {"command": "argv", "shell": "cmd", "raw": "_raw_params", "script": "cmd", "expect": "command", "pip": None}

#: Tasks that start a Python: if this list becomes empty, the test has lost sight of them.
KNOWN = {"Fill it", "Install the package"}


#: Modules of Ansible that work on files. They go by path, and so do what another user leads them to.
BY_PATH = {
    *("acl", "assemble", "blockinfile", "copy", "fetch", "file", "find", "get_url", "lineinfile", "replace", "slurp"),
    *("stat", "synchronize", "template", "unarchive", "uri"),
}

#: A folder that root has made, in one from which nobody else can take it away.
PLACE = "{{ check_plugins__place.path }}"


def tasks(found: Any) -> Iterator[dict[str, Any]]:
    """Every task of a file, those in blocks included."""
    for each in found or []:
        yield each
        for part in ("block", "rescue", "always"):
            yield from tasks(each.get(part))


def written() -> Iterator[tuple[dict[str, Any], str, Any]]:
    """Every task of a role, the name of its module without its collection, and what that is told."""
    for path in [*ROLES.glob("*/tasks/*.yml"), *ROLES.glob("*/handlers/*.yml")]:
        for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8"))):
            for key, told in task.items():
                yield task, re.sub(r"^ansible\.(builtin|legacy)\.", "", key), told


def started() -> Iterator[tuple[str, list[str]]]:
    """The name of each task that starts a program, and its words."""
    for task, module, told in written():
        if module in STARTING:
            words = told.get(STARTING[module], told.get("cmd")) if isinstance(told, dict) else told
            yield task["name"], words if isinstance(words, list) else str(words).split()


def is_python(word: str) -> bool:
    return bool(re.search(r"python[0-9.]*(\b|$)|check_plugins_python", word.replace("{{ ", "").replace(" }}", "")))


def test_a_task_that_starts_a_python_isolates_it() -> None:
    found = {name: words for name, words in started() if any(is_python(word) for word in words)}
    assert set(found) >= KNOWN
    for name, words in found.items():
        (at,) = [number for number, word in enumerate(words) if is_python(word)]
        assert words[at + 1] == "-I", name


def commands(path: Path) -> Iterator[list[str]]:
    """The words of the commands that a file starts and that it writes as a list, as their sources."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("subprocess.", "os.exec", "os.spawn")):
            for argument in node.args:
                if isinstance(argument, ast.List):
                    yield [ast.unparse(word) for word in argument.elts]


def test_a_file_that_starts_a_python_isolates_it() -> None:
    found = []
    for path in [*ROLES.rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]:
        for words in commands(path):
            if re.search(r"python|^command$|sys\.executable", words[0]):
                found.append(words[0])
                assert words[1] == "'-I'", path
    assert found == ["sys.executable", "command", "python"]


def test_a_task_works_on_files_by_path_only_in_a_folder_of_root_s_own() -> None:
    by_path = [(task["name"], told) for task, module, told in written() if module in BY_PATH]
    assert len(by_path) >= 5
    for name, told in by_path:
        assert (told.get("dest") or told.get("path") or "").startswith(PLACE), name


def test_a_task_starts_nothing_but_python_and_what_the_admin_names() -> None:
    others = {" ".join(words) for _name, words in started() if not any(is_python(word) for word in words)}
    assert others == {"{{ check_plugins_reload_command }}"}
