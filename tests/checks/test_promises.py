# SPDX-License-Identifier: BSD-2-Clause
"""What SECURITY.md promises stands on tests that exist, and on breaks that show that they notice."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import breaks
import collection
import pytest
from promises import PAGE, promises, prose

ROOT = collection.ROOT
WRITTEN = PAGE.read_text(encoding="utf-8")
PROMISES = {promise.name: promise for promise in promises(WRITTEN)}
BREAKS = breaks.breaks()

#: Words that promise more than a test can hold, unless a row of the table says which one.
STRONG = re.compile(
    r"\b(nothing|never|proof|always|impossible|guarantee[sd]?|cannot be|under no circumstances|in no case|secure)\b",
    re.I,
)


def functions(path: Path) -> set[str]:
    """The tests that pytest finds in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_the_page_promises_something_and_no_name_twice() -> None:
    assert len(PROMISES) == len(list(promises(WRITTEN))) > 5
    # Nor does a row lose its test by a slip of the pen.
    rows = [line for line in WRITTEN.splitlines() if line.startswith("| `")]
    assert len(rows) == len(PROMISES)


@pytest.mark.parametrize("name", PROMISES)
def test_every_test_that_holds_a_promise_is_there(name: str) -> None:
    for test in PROMISES[name].tests:
        path, function = test.split("::")
        assert Path(path).name.startswith("test_")
        assert function in functions(ROOT / path)


def test_every_promise_is_broken_by_something_and_what_breaks_it_is_noticed_by_a_test_of_its_row() -> None:
    broken = {one.promise: one for one in BREAKS}
    assert set(broken) == set(PROMISES)
    for one in BREAKS:
        assert one.test.partition("[")[0] in PROMISES[one.promise].tests, one


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: f"{one.promise}: {one.says}")
def test_every_break_applies(one: breaks.Break) -> None:
    assert one.trouble(ROOT) == ""
    assert one.find != one.put


def test_there_is_a_sample_and_it_is_small() -> None:
    assert 3 <= len([one for one in BREAKS if one.sample]) <= 8


def test_strong_words_stand_in_the_table_only() -> None:
    assert [line for line in prose(WRITTEN).splitlines() if STRONG.search(line)] == []
