# SPDX-License-Identifier: BSD-2-Clause
"""The type of text from outside: it becomes part of a message by one way only, and the type checker holds that."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import BIN
from stages import Room
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._core.text import Foreign, say


def test_foreign_text_is_formatted_by_nobody() -> None:
    word = Foreign("some word", Redaction())
    ways: tuple[Callable[[], object], ...] = (
        lambda: str(word),
        lambda: f"{word}",
        lambda: "%s" % word,  # noqa: UP031
        lambda: " ".join([word]),  # type: ignore[list-item]
        lambda: "a " + word,  # type: ignore[operator]
        lambda: json.dumps({"a": word}),
        lambda: say("%s", "some word"),  # type: ignore[arg-type]
    )
    for way in ways:
        with pytest.raises(TypeError):
            way()
    assert "some word" not in repr([word])
    assert say("it says %s", word) == "it says some word"


VIOLATIONS = """
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._core.result import Finding, Result
from wabiz_monitoring._core.states import State
from wabiz_monitoring._core.text import Foreign, say

place = Redaction()
word = Foreign("word", place)
text: str = input()
"""
REFUSED = [
    'Trouble("invalid", text)',
    'Trouble("invalid", "it says %s" % text)',
    'Trouble("invalid", f"it says {word}")',
    'Trouble("invalid", word)',
    'Trouble("invalid", say("it says %s", text))',
    'Trouble("invalid", say("it is so"), text)',
    'Finding(State.OK, text, say("do"))',
    'Finding(State.OK, say("it is so"), say("do"), nodes=(text,))',
    'Result("all", "it says " + text)',
    'Result("all", say("it is so"), observations=(word,))',
    "say(word)",
]


def test_the_type_checker_refuses_a_message_of_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "violations.py"
    sound = 'Trouble("invalid", say("it says %s", word))'
    path.write_text("\n".join([VIOLATIONS, *REFUSED, sound]) + "\n")
    done = subprocess.run(
        [BIN / "mypy", "--strict", "--no-error-summary", "--cache-dir", tmp_path / "cache", path],
        env={**os.environ, "MYPYPATH": str(Room(tmp_path).types)},
        capture_output=True,
        text=True,
        check=False,
    )
    first = VIOLATIONS.count("\n") + 2
    refused = {int(line.split(":")[1]) for line in done.stdout.splitlines() if "error:" in line}
    assert refused == set(range(first, first + len(REFUSED))), done.stdout + done.stderr
