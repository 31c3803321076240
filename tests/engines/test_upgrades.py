# SPDX-License-Identifier: BSD-2-Clause
"""What is installed is replaced by what is built later, also under the same version number; and nothing else is."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

import collection
import distribution
import pytest
from shown import ROOT

from .site import Site
from .user import User

#: A fault that the older wheel has: a file, what stands there today, and what stood there.
FAULT = ("checks/plugin/parser.py", "{parser.prog} {__version__}", "{parser.prog} {__version__} (unpatched)")


class Built(NamedTuple):
    """Wheels of one version number, and the folder of what they depend on."""

    older: Path
    today: Path
    needed: Path


@pytest.fixture(scope="module")
def built(user: User, scratch: Path) -> Built:
    """A wheel with a fault, and the one that mends it."""
    needed = distribution.wheels(scratch / "upgrade-wheels", distribution.interpreter(user.prefix))
    (today,) = needed.glob("wabiz_monitoring-*.whl")
    older = distribution.wheel(scratch / "upgrade-older", FAULT)
    assert older.name == today.name
    return Built(older, today, needed)


def said(venv: Path) -> str:
    """What an installed check says of its version."""
    command = [str(venv / "bin" / "check_wabiz_space"), "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def alone(site: Site, host: str, built: Built, **variables: object) -> Path:
    """Add a host that gets the checks and no engine, from a folder of wheels; gives its virtual environment."""
    offline = ["--no-index", "--find-links", str(built.needed)]
    return site.add(host, engine="none", deployments=[], pip_arguments=offline, **variables) / "venv"


def test_the_role_replaces_what_is_installed_by_other_code_of_the_same_version(site: Site, built: Built) -> None:
    venv = alone(site, "upgraded", built)
    told = []
    for source in ({"wheel": built.older}, {"wheel": built.today}, {"wheel_folder": built.needed}):
        outcome = site.play(only=["upgraded"], **{name: str(path) for name, path in source.items()})
        assert outcome.code == 0, outcome.failures
        told.append((outcome.count("changed")["upgraded"] > 0, "(unpatched)" in said(venv)))
    # The folder has the same wheel as was installed before.
    assert told == [(True, True), (True, False), (False, False)]


def test_without_a_wheel_nothing_is_installed_that_could_be_a_stranger_s(site: Site, built: Built) -> None:
    venv = alone(site, "empty-handed", built)
    outcome = site.play(only=["empty-handed"])
    assert "Set check_plugins_wheel or check_plugins_wheel_folder" in outcome.failures
    assert not venv.exists()


def test_the_role_goes_on_with_what_was_installed_by_hand_as_readme_says(site: Site, built: Built) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (made, installed) = [line for line in readme.splitlines() if "/opt/wabiz-monitoring" in line][:2]
    venv = alone(site, "by-hand", built)
    for line in (made.replace("python3", site.python, 1), installed.replace("install .", f"install {built.older}")):
        words = line.replace("/opt/wabiz-monitoring", str(venv)).split()
        more = ["--no-index", "--find-links", str(built.needed)] if "install" in words else []
        subprocess.run([*words, *more], check=True, capture_output=True)
    outcome = site.play(only=["by-hand"], wheel=str(built.today))
    assert outcome.code == 0, outcome.failures
    assert "(unpatched)" not in said(venv)


def test_the_role_says_how_it_is_given_a_virtual_environment_that_is_not_its_own(site: Site, built: Built) -> None:
    venv = alone(site, "handed-over", built, wheel=str(built.today))
    subprocess.run([site.python, "-m", "venv", venv], check=True)
    refused = site.play(only=["handed-over"])
    assert f"{venv} is there and was not made by this role" in refused.failures
    command = f"{site.python} -m venv --upgrade --prompt wabiz-monitoring {venv}"
    assert command.replace(site.python, "python3", 1) in refused.failures
    subprocess.run(command.split(), check=True)
    outcome = site.play(only=["handed-over"])
    assert outcome.code == 0, outcome.failures
    assert said(venv).startswith("check_wabiz_space ")


def test_pip_replaces_what_is_installed_as_the_pages_say(site: Site, built: Built) -> None:
    venv = site.folder / "by-pip"
    subprocess.run([site.python, "-m", "venv", venv], check=True)
    pip = [str(venv / "bin" / "pip"), "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--no-index", "--find-links", built.needed, built.older], check=True)
    assert "(unpatched)" in said(venv)
    subprocess.run([*pip, "--no-index", "--find-links", built.needed, "--force-reinstall", built.today], check=True)
    assert "(unpatched)" not in said(venv)


def test_galaxy_replaces_what_is_installed_as_the_pages_say(site: Site) -> None:
    marked = "a later one"
    archives = {}
    for name in ("older", "today"):
        source = collection.copy(site.folder / name / "source")
        if name == "today":
            (source / "docs" / "index.md").write_text(marked, encoding="utf-8")
        done = site.run("ansible-galaxy", "collection", "build", "--output-path", str(site.folder / name), str(source))
        assert done.code == 0, done.output
        (archives[name],) = (site.folder / name).glob("*.tar.gz")
    place = site.folder / "galaxy"
    for archive in archives.values():
        command = ["collection", "install", "--force", "--offline", "-p", str(place), str(archive)]
        done = site.run("ansible-galaxy", *command)
        assert done.code == 0, done.output
    installed = place / "ansible_collections" / "wabiz" / "monitoring" / "docs" / "index.md"
    assert installed.read_text(encoding="utf-8") == marked
