# SPDX-License-Identifier: BSD-2-Clause
"""What is installed for the tests is locked: every version, with hashes, as the files ask that are written by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HASHED = re.compile(r"^(\S+)==(\S+)(?: ; (.+?))? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)

Lock = dict[tuple[str, str], str]
"""The hashes of each name and version."""

needed = PROJECT["dependencies"]
wanted = {
    "checks": needed,
    "demo": [*needed, *PROJECT["optional-dependencies"]["simulator"], "ansible-core", "setuptools"],
    "tests": [*needed, *re.findall(r"^[^#\n]+", TOOLS, re.MULTILINE)],
}


def lock(name: str) -> Lock:
    text = (ROOT / "tests" / "locks" / f"{name}.txt").read_text(encoding="utf-8")
    assert not HASHED.sub("", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)), "something has no hash"
    return {(found[1], found[2]): found[4] for found in HASHED.finditer(text)}


@pytest.mark.parametrize("name", wanted)
def test_what_is_asked_for_is_locked_in_a_version_that_will_do(name: str) -> None:
    locked = lock(name)
    for text in wanted[name]:
        requirement = Requirement(text)
        versions = [version for found, version in locked if found == requirement.name.lower()]
        assert versions, f"{requirement.name} is not locked: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{text}: make lock"


@pytest.mark.parametrize(("part", "whole"), [("checks", "demo"), ("demo", "tests")])
def test_one_version_of_each_serves_all(part: str, whole: str) -> None:
    rest = lock(part).items() - lock(whole).items()
    # Where the tests of the collection are left out, the demo takes an Ansible of its own.
    assert {name for (name, _version), _hashes in rest} <= {"ansible-core", "resolvelib"}
