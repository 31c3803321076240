# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures for tests with real engines: with whose rights, where, and the distribution as its users install it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import distribution
import pytest

from . import icinga, nagios
from . import nrpe as nrpe_daemon
from .site import PLAYBOOK, Site
from .user import User, engine_user, executable


def leave_out(what: str) -> None:
    """Skip the test for want of an engine; where the engines are owed (WABIZ_REQUIRE_ENGINES), fail it."""
    reason = f"engine missing: {what}"
    if os.environ.get("WABIZ_REQUIRE_ENGINES"):
        pytest.fail(reason)
    pytest.skip(reason)


def new_folder(scratch: Path, prefix: str) -> Path:
    """An engine restores what it finds: each gets a folder in which nobody was before."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=scratch))


@pytest.fixture(scope="session")
def user() -> User:
    """Whose rights the engines have."""
    found = engine_user()
    if found is None:
        leave_out("there is no user nagios")
    assert found
    return found


@pytest.fixture(scope="session")
def scratch(user: User) -> Iterator[Path]:
    """A folder that the engines can read."""
    with user.scratch() as folder:
        yield folder


@pytest.fixture(scope="module")
def nagios4(user: User, scratch: Path) -> Callable[..., nagios.Nagios]:
    """Makes a Nagios in a folder of its own: ``nagios4(objects)``."""
    if executable(nagios.EXECUTABLE) is None:
        leave_out("Nagios 4")
    return lambda objects, **settings: nagios.Nagios(user, new_folder(scratch, "nagios-"), objects, **settings)


@pytest.fixture(scope="session")
def authority(user: User, scratch: Path) -> icinga.Authority:
    """Signs the certificates of all Icinga daemons."""
    if executable(icinga.EXECUTABLE) is None:
        leave_out("Icinga 2")
    return icinga.Authority(user, scratch / "authority")


@pytest.fixture(scope="module")
def icinga2(user: User, scratch: Path, authority: icinga.Authority) -> Callable[..., icinga.Icinga]:
    """Makes an Icinga 2 in a folder of its own: ``icinga2(configuration)``."""

    def make(configuration: str, **more: Any) -> icinga.Icinga:
        return icinga.Icinga(user, new_folder(scratch, "icinga-"), configuration, authority, **more)

    return make


@pytest.fixture(scope="module")
def nrpe(user: User, scratch: Path) -> Callable[[], nrpe_daemon.Nrpe]:
    """Makes an NRPE in a folder of its own: ``nrpe()``."""
    if executable(nrpe_daemon.EXECUTABLE) is None or not nrpe_daemon.ASKER.exists():
        leave_out("NRPE")
    return lambda: nrpe_daemon.Nrpe(user, new_folder(scratch, "nrpe-"))


@pytest.fixture(scope="session")
def checks(user: User, scratch: Path) -> Path:
    """The folder of the check plugins, from a wheel in a virtual environment that the engines can read."""
    return distribution.install(scratch / "installed", distribution.interpreter(user.prefix))


@pytest.fixture(scope="session")
def wheels(checks: Path) -> Path:
    """A folder with wheels of the distribution and of all that it depends on."""
    return checks.parent.with_name(f"{checks.parent.name}-wheels")


@pytest.fixture(scope="module")
def site(user: User, scratch: Path) -> Site:
    """Monitoring hosts for the role, none yet."""
    if not PLAYBOOK.exists():
        pytest.skip("left out: ansible-playbook is not here (it needs Python 3.11)")
    folder = new_folder(scratch, "site-")
    folder.chmod(0o755)
    return Site(user, folder, distribution.interpreter(user.prefix))
