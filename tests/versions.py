# SPDX-License-Identifier: BSD-2-Clause
"""The distribution on other Pythons, with other versions of what it depends on: what pyproject.toml accepts works."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import collection
import samples

#: What the libraries do for the checks, and the simulator that answers: a quick sample; the whole in a soak.
SAMPLE = ("test_commands.py", "test_proxies.py", "test_raw_answers.py", "test_simulator_command.py")
WHOLE = (
    *SAMPLE,
    *("test_failures.py", "test_foreign_servers.py", "test_lock_out.py", "test_peers.py", "test_session.py"),
    *("test_simulator.py", "test_simulator_nodes.py", "test_simulator_scenarios.py", "test_traps.py", "test_usage.py"),
)

#: Of tests/requirements.txt, what runs these tests.
TOOLS = ("hypothesis", "pytest", "pytest-timeout", "pytest-xdist", "setuptools")

#: The Python that Debian's packages and the pages are about.
SYSTEM = Path("/usr/bin/python3")

BUILD = "import ssl, sys; print(sys.version, ssl.OPENSSL_VERSION, *ssl.create_default_context().get_ciphers())"


class Choice(NamedTuple):
    """Which versions of what it depends on, as uv calls them, and which Python."""

    says: str
    resolution: str
    python: Callable[[], Path | None]
    missing: str


def oldest() -> Path | None:
    """The oldest Python here that pyproject.toml allows, if there is one older than ours."""
    return _here("3.10")


def newest() -> Path | None:
    """The newest of all that are here."""
    return _here(collection.PYTHONS[-1])


def system() -> Path | None:
    """The system's own Python, where it is another build than the one in use."""
    if not SYSTEM.exists() or _told(SYSTEM, BUILD) in ("", _told(Path(sys.executable), BUILD)):
        return None
    return SYSTEM


def _here(version: str) -> Path | None:
    return collection.interpreters().get(version)


def _told(python: Path, code: str) -> str:
    return subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=False).stdout


CHOICES = {
    "oldest": Choice("the lowest versions that pyproject.toml allows", "lowest-direct", oldest, "Python 3.10"),
    "newest": Choice("the newest versions", "highest", newest, f"Python {collection.PYTHONS[-1]}"),
    "system": Choice("the locked versions", "locked", system, f"another build of Python as {SYSTEM}"),
}


def requirements() -> list[str]:
    """The tools, each in the version that the tests are written for."""
    written = (collection.ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-z-]+)==(\S+)", written, re.MULTILINE)
    return [f"{name}=={version}" for name, version in pinned if name in TOOLS]


def commands(choice: Choice, python: Path, folder: Path) -> list[list[str | Path]]:
    """What makes the new virtual environment `folder`, and what runs the tests in it."""
    inside = folder / "bin" / "python"
    install = ["uv", "pip", "install", "--quiet", "--python", inside]
    locked = choice.resolution == "locked"
    how = ["--constraint", collection.ROOT / "tests/locks/tests.txt"] if locked else ["--resolution", choice.resolution]
    return [
        ["uv", "venv", "--quiet", "--python", python, folder],
        [*install, *how, *requirements(), "--editable", f"{collection.ROOT}[simulator]"],
        [inside, "-c", SHOWS],
        [inside, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-n", "2", *samples.MARKED, *chosen()],
    ]


SHOWS = """
import importlib.metadata as found, platform, ssl
names = ("nagiosplugin", "requests", "urllib3", "starlette", "uvicorn", "trustme", "PyYAML")
told = ", ".join("%s %s" % (name, found.version(name)) for name in names)
print("NOTE: Python %s with %s: %s" % (platform.python_version(), ssl.OPENSSL_VERSION, told))
"""


def chosen() -> list[Path]:
    """The files of the tests."""
    return [collection.ROOT / "tests" / "checks" / name for name in (WHOLE if samples.ALL else SAMPLE)]


def environment(cache: Path) -> dict[str, str]:
    """Variables for these commands: what they load is kept with ours, and no other Python is brought along."""
    return {
        "UV_CACHE_DIR": str(cache),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(cache.parent / "hypothesis"),
    }


#: What Debian 12 has; it runs on the Pythons up to 3.11.
OLD_ANSIBLE = "ansible-core==2.14.18"

#: What all of these say, four times.
REFUSAL = "wabiz.monitoring needs ansible-core 2.17 or newer"
REFUSALS = """
- name: Everything that can be called
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Each module that asks the API
      wabiz.monitoring.support_facts: &asked {hostname: localhost, port: 1, username: monitor, password: simulated}
      ignore_errors: true
    - name: Each of them
      wabiz.monitoring.health_gate: *asked
      ignore_errors: true
    - name: Each role
      vars: {check_plugins_engine: none}
      block: [{name: The first, include_role: {name: wabiz.monitoring.check_plugins}}]
      rescue: [{name: Go on, meta: noop}]
    - name: Each of them
      block: [{name: The second, include_role: {name: wabiz.monitoring.predeploy_gate}}]
      rescue: [{name: Go on, meta: noop}]
"""


def with_old_ansible(python: Path, folder: Path) -> list[list[str | Path]]:
    """What makes the new virtual environment `folder` with an Ansible that is too old, and what runs a play with it."""
    inside = folder / "bin" / "python"
    play = folder.with_suffix(".yml")
    play.write_text(REFUSALS, encoding="utf-8")
    return [
        ["uv", "venv", "--quiet", "--python", python, folder],
        ["uv", "pip", "install", "--quiet", "--python", inside, OLD_ANSIBLE],
        [folder / "bin" / "ansible-playbook", "--connection", "local", "--inventory", "localhost,", play],
    ]


def refusals(told: str) -> list[str]:
    """What each task of that play said when it failed."""
    return re.findall(r'^fatal: .*"msg": "([^"]*)"', told, re.MULTILINE)
