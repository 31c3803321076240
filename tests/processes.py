# SPDX-License-Identifier: BSD-2-Clause
"""The processes of this machine, as far as we may look at them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path


def commands() -> Iterator[tuple[int, list[str]]]:
    """Id and words of the command of every process that still runs."""
    return _everywhere("cmdline")


def environments() -> Iterator[tuple[int, list[str]]]:
    """Id and environment variables (``NAME=value``) of every process that still runs."""
    return _everywhere("environ")


def family(pid: int) -> Iterator[int]:
    """The id of a process, and those of all that came from it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            yield from family(int(child))


def told(pid: int, name: str) -> str:
    """What a file of a process says, such as `cmdline`; nothing when the process is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _everywhere(name: str) -> Iterator[tuple[int, list[str]]]:
    # A process that has ended, but whose parent has not heard of it yet, lists nothing there.
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                if text := (entry / name).read_text(encoding="utf-8", errors="replace"):
                    yield int(entry.name), text.split("\0")
