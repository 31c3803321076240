# SPDX-License-Identifier: BSD-2-Clause
"""A plugin of pytest that writes down how each test ended, one word a line: ``pytest -p verdict --verdict FILE``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PASSED, SKIPPED, DENIED, BROKEN = "passed", "skipped", "denied", "broken"
#: The test said no, by an assertion; anything else that was raised is no verdict.
_DENIALS = (AssertionError, pytest.fail.Exception)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--verdict", type=Path, help="the file to write to")


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
    if call.when == "call" or call.excinfo:
        with item.config.getoption("--verdict").open("a") as file:
            file.write(f"{_word(call)}\n")


def _word(call: pytest.CallInfo[Any]) -> str:
    if call.excinfo is None:
        return PASSED
    error = call.excinfo.value
    if isinstance(error, pytest.skip.Exception):
        return SKIPPED
    # What a fixture asserts is what a test needs, not what it tests.
    return DENIED if call.when == "call" and isinstance(error, _DENIALS) else BROKEN
