# SPDX-License-Identifier: BSD-2-Clause
"""A copy of the checkout with an environment of its own, in which nothing of the checkout itself is used.

The tools are those of the running environment; the distribution, its commands, the collection and the tests are the
copy's. An editable install would always lead back to the checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import collection
import distribution

_BIN = Path(sys.executable).parent


class Overlay:
    """The copy and its environment, in the new folder ``folder``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        #: Where the copy is. Modules, and tests of theirs, are found by the names of its folders.
        self.root = collection.copy(folder / "ansible_collections" / "wabiz" / "monitoring")
        self._folder = folder
        self._environment = folder / "environment"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self._environment], check=True)
        self._link_packages()
        self._copy_commands()

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables for what is run in the copy."""
        path = os.pathsep.join([str(self._environment / "bin"), os.environ["PATH"]])
        return {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PATH": path,
            "PYTHONPATH": os.pathsep.join(map(str, [self._folder, self.root / "tests"])),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self._folder / "hypothesis"),
        }

    def command(self, *words: str | Path) -> list[str]:
        """The words that run the environment's Python."""
        return [str(self._environment / "bin" / "python"), *map(str, words)]

    def _link_packages(self) -> None:
        base = {"base": str(self._environment), "platbase": str(self._environment)}
        packages = Path(sysconfig.get_path("purelib", vars=base))
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.startswith("__editable__") and not (packages / entry.name).exists():
                (packages / entry.name).symlink_to(entry)
        distribution.link(packages, self.root)

    def _copy_commands(self) -> None:
        python = self._environment / "bin" / "python"
        for command in _BIN.iterdir():
            here = self._environment / "bin" / command.name
            if here.exists() or not command.is_file():
                continue
            content = command.read_bytes()
            first, line, rest = content.partition(b"\n")
            if first.startswith(b"#!" + os.fsencode(_BIN / "python")):
                here.write_bytes(b"#!" + os.fsencode(python) + line + rest)
                here.chmod(0o755)
            else:
                here.symlink_to(command)
