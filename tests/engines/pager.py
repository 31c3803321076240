# SPDX-License-Identifier: BSD-2-Clause
"""Who is notified, and of what: a command that adds its words to a file."""

from __future__ import annotations

from pathlib import Path

from .user import User


class Pager:
    """A command for an engine's notifications; each call of it is a page."""

    def __init__(self, user: User, folder: Path) -> None:
        user.folder(folder)
        self._told = user.file(folder / "told", "")
        script = user.file(folder / "notify", f'#!/bin/sh\necho "$@" >>{self._told}\n')
        self.command = user.own(script, 0o755)

    def forget(self) -> None:
        """Forget the pages up to now."""
        self._told.write_text("", encoding="utf-8")

    @property
    def pages(self) -> list[str]:
        """The words of each page."""
        return self._told.read_text(encoding="utf-8").splitlines()
