# SPDX-License-Identifier: BSD-2-Clause
"""What benches share."""

from __future__ import annotations

from pathlib import Path

import distribution
import pytest


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the commands and the interpreter of an installed distribution, its bytecode compiled."""
    return distribution.install(tmp_path_factory.mktemp("installed") / "environment")
