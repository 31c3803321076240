# SPDX-License-Identifier: BSD-2-Clause
"""What is needed is said where it is needed: on the pages to their readers, by the packages to what installs them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import collection
import pytest
import yaml
from test_house import MAY_IMPORT

ROOT = collection.ROOT
NEEDED = "## What is needed\n"
PAGES = [path for path in sorted((ROOT / "docs").glob("*.md")) if NEEDED in path.read_text(encoding="utf-8")]

#: What every Debian has, what a checkout with its controller has, and what the pages install themselves.
THERE = {
    *(
        "cat",
        "cd",
        "chmod",
        "chown",
        "cp",
        "export",
        "install",
        "ls",
        "mkdir",
        "set",
        "sh",
        "sudo",
        "systemctl",
        "usermod",
    ),
    *("ansible-galaxy", "ansible-playbook", "ansible-vault", "make", "runuser"),
    *("icinga2", "nagios4", "python3"),
}
#: Commands, and the packages of Debian that have them.
PACKAGES = {
    "/usr/lib/nagios/plugins/check_nrpe": "nagios-nrpe-plugin",
    "curl": "curl",
    "jq": "jq",
    "openssl": "openssl",
}


def typed(text: str) -> set[str]:
    """The commands that the lines of a page's shell blocks begin with."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in re.sub(r"\\\n\s*", " ", block).splitlines()]
    return {re.sub(r"^(sudo|\w+=\S+) ", "", line).split()[0] for line in lines if re.match(r"[\w/~]", line)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_the_tools_that_it_has_its_readers_type(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    section = text.partition(NEEDED)[2].partition("\n## ")[0]
    others = {command for command in typed(text) if command not in THERE and "wabiz" not in command}
    assert others <= set(PACKAGES), "a tool of no package that is known here"
    assert {PACKAGES[one] for one in others if PACKAGES[one] not in section} == set()


def test_what_the_checks_import_is_what_pip_installs_with_them() -> None:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]

    def names(requirements: list[str]) -> set[str]:
        return {re.match(r"[\w.-]+", each)[0].lower().replace("pyyaml", "yaml") for each in requirements}  # type: ignore[index]

    for folder, extra in (("checks/source", None), ("checks/plugin", None), ("checks/simulator", "simulator")):
        foreign = {name for name in MAY_IMPORT[folder] if "wabiz" not in name}
        assert foreign <= names([*project["dependencies"], *(extras[extra] if extra else ())]), folder


def test_every_place_that_says_which_ansible_is_needed_says_the_same() -> None:
    said = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    (least,) = re.findall(r">=(\d+\.\d+)\.0", said)
    places = {
        "README.md": r"ansible-core (\d+\.\d+)",
        "plugins/module_utils/_module.py": r"_LEAST = \((\d+, \d+)\)",
        "roles/check_plugins/tasks/main.yml": r"version\('(\d+\.\d+)'|ansible-core (\d+\.\d+) or",
        "roles/predeploy_gate/tasks/begin.yml": r"version\('(\d+\.\d+)'|ansible-core (\d+\.\d+) or",
        "roles/check_plugins/meta/main.yml": r'min_ansible_version: "(\d+\.\d+)"',
        "roles/predeploy_gate/meta/main.yml": r'min_ansible_version: "(\d+\.\d+)"',
        **{f"docs/{page.name}": r"ansible-core (\d+\.\d+) or" for page in PAGES},
    }
    for place, pattern in places.items():
        found = ["".join(one) for one in re.findall(pattern, (ROOT / place).read_text(encoding="utf-8"))]
        assert found, place
        assert {one.replace(", ", ".") for one in found} == {least}, place


def test_to_look_what_is_missing_changes_nothing_and_names_what_installs_it(tmp_path: Path) -> None:
    # Nothing is there: not even what the script itself would need for more than a look.
    script = ROOT / "tests" / "engines" / "install.sh"
    done = subprocess.run(
        ["/bin/sh", script, "look"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    # What Debian keeps where an ordinary PATH does not look may be there.
    assert re.fullmatch(
        r"left out: tests that need .*curl \(on Debian, root gets them by: make engines\)\n", done.stdout
    )


def test_no_target_but_its_own_installs_the_engines() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    calls = re.findall(r"^\t@?(tests/engines/install\.sh.*)$", makefile, re.MULTILINE)
    assert sorted(calls) == ["tests/engines/install.sh", "tests/engines/install.sh look"]
    assert [
        line for line in makefile.splitlines() if re.match(r"\w+:.* engines\b(?!.*##)", line.partition("##")[0])
    ] == []
