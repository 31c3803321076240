# SPDX-License-Identifier: BSD-2-Clause
"""Ask an engine whether it would accept its configuration with some of the files changed, before any is changed.

    try_configuration.py ENGINE MAIN [--with FILE=NEW]... [--without FILE]... -- COMMAND...

MAIN is the engine's main configuration file. COMMAND validates a configuration; in its words {main} stands for a copy
of MAIN that leads to the changed files, and {folder} for the copy's folder. The exit code is 0 when the engine accepts.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

Changes = dict[Path, Path | None]
"""What takes the place of each file; None: nothing does."""

INCLUDES = {
    "nagios": {"cfg_file": False, "cfg_dir": True},
    "nrpe": {"include": False, "include_file": False, "include_dir": True},
}
"""The directives that lead to another file (False) or to all files of a folder (True)."""


class NotRead(Exception):
    """The engine does not read a file at all, so that it would be accepted whatever it holds."""

    def __init__(self, main: Path, path: Path, advice: str) -> None:
        super().__init__(f"{main} does not lead to {path}, so the engine would never read it: {advice}")


class Staged:
    """A copy of a main configuration file, in a folder of its own, that leads to the changed files."""

    def __init__(self, folder: Path, main: Path, changes: Changes) -> None:
        self.folder = folder
        self.main = main
        self.changes = changes
        self.copy = folder / main.name
        like(folder, main.parent)

    def mirror(self, source: Path, target: Path) -> Path:
        """The folder ``source`` as it would be: links to what stays, and the changed files."""
        target.mkdir()
        like(target, source)
        for entry in sorted(source.iterdir()):
            if any(entry in path.parents for path in self.changes):
                self.mirror(entry, target / entry.name)
            elif entry not in self.changes:
                (target / entry.name).symlink_to(entry)
        for path, new in self.changes.items():
            if path.parent == source and new:
                place(new, target / path.name, source)
        return target


class Listing(Staged):
    """Nagios and NRPE: lines of ``directive=path``."""

    def __init__(self, folder: Path, main: Path, changes: Changes, engine: str) -> None:
        super().__init__(folder, main, changes)
        self.includes = INCLUDES[engine]
        self.engine = engine
        self.read: set[Path] = set()

    def stage(self) -> None:
        lines = [self.line(number, line) for number, line in enumerate(text(self.main).splitlines())]
        self.copy.write_text("\n".join(filter(None, lines)) + "\n", encoding="utf-8", errors="surrogateescape")
        like(self.copy, self.main)
        for path, new in self.changes.items():
            if new and path not in self.read:
                directive = next(name for name, whole_folder in self.includes.items() if not whole_folder)
                raise NotRead(self.main, path, f"add {directive}={path}")

    def line(self, number: int, line: str) -> str:
        directive, equals, value = (part.strip() for part in line.partition("="))
        if not equals or directive not in self.includes:
            return self.absolute(line)
        named = (self.main.parent / value) if self.engine == "nagios" else Path(value)
        # The same file may be reached through links.
        path = named.resolve()
        if not self.includes[directive]:
            if path in self.changes:
                self.read.add(path)
                new = self.changes[path]
                return f"{directive}={place(new, self.folder / f'{number}.cfg', path.parent)}" if new else ""
            return f"{directive}={named}"
        inside = [changed for changed in self.changes if path in changed.parents and changed.suffix == ".cfg"]
        self.read.update(inside)
        return f"{directive}={self.mirror(path, self.folder / str(number)) if inside and path.is_dir() else named}"

    def absolute(self, line: str) -> str:
        # Nagios looks for them beside its main configuration file, and that is a copy now.
        directive, _, value = (part.strip() for part in line.partition("="))
        if self.engine == "nagios" and directive == "resource_file":
            return f"{directive}={self.main.parent / value}"
        return line


class Tree(Staged):
    """Icinga 2: a language with includes of many kinds, which are found from the folder of the main file."""

    def stage(self) -> None:
        source = self.main.parent
        for path in self.changes:
            if source not in path.parents:
                raise NotRead(self.main, path, f"it has to lie below {source}")
        self.fill(source, self.folder)
        self.mark = secrets.token_hex(8)
        for path, new in self.changes.items():
            if new:
                copied = self.folder / path.relative_to(source)
                with copied.open("a", encoding="utf-8") as file:
                    file.write(f'\nlog("{self.mark_of(path)}")\n')

    def mark_of(self, path: Path) -> str:
        return f"{self.mark}-{list(self.changes).index(path)}"

    def fill(self, source: Path, target: Path) -> None:
        for entry in sorted(source.iterdir()):
            copied = target / entry.name
            if entry in self.changes:
                continue
            if entry.is_symlink():
                copied.symlink_to(os.readlink(entry))
            elif entry.is_dir():
                copied.mkdir()
                self.fill(entry, copied)
                like(copied, entry)
            elif entry.suffix == ".conf":
                # An include by the whole path must lead into the copy as well.
                told = text(entry).replace(f'"{self.main.parent}/', f'"{self.folder}/')
                copied.write_text(told, encoding="utf-8", errors="surrogateescape")
                like(copied, entry)
            elif entry.is_file():
                copied.symlink_to(entry)
        for path, new in self.changes.items():
            if path.parent == source and new:
                place(new, target / path.name, source)

    def verify(self, output: str) -> None:
        """Raise NotRead unless the marks of all changed files are in what the engine said."""
        for path, new in self.changes.items():
            if new and self.mark_of(path) not in output:
                raise NotRead(self.main, path, f'include it, for example with include "{path}"')


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def like(path: Path, model: Path) -> None:
    """Give a file or folder the owner and mode of another: an engine drops its rights before it reads."""
    told = model.stat()
    if os.geteuid() == 0:
        os.chown(path, told.st_uid, told.st_gid)
    path.chmod(told.st_mode & 0o7777 | (0o700 if path.is_dir() else 0o600))


def place(new: Path, target: Path, folder: Path) -> Path:
    """Copy a new file; the folder that it is for says who may read it."""
    shutil.copyfile(new, target)
    like(target, folder)
    target.chmod(target.stat().st_mode & 0o666)
    return target


def try_out(engine: str, main: Path, changes: Changes, command: list[str]) -> tuple[int, str]:
    """The validator's exit code and what it said."""
    with tempfile.TemporaryDirectory(prefix="wabiz-try-") as folder:
        staged: Listing | Tree
        if engine == "icinga2":
            staged = Tree(Path(folder), main, changes)
        else:
            staged = Listing(Path(folder), main, changes, engine)
        staged.stage()
        words = [word.replace("{main}", str(staged.copy)).replace("{folder}", folder) for word in command]
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            errors="replace",
        )
        output = done.stdout.replace(folder, str(main.parent))
        if not done.returncode and isinstance(staged, Tree):
            staged.verify(output)
        return done.returncode, output


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("engine", choices=(*INCLUDES, "icinga2"))
    parser.add_argument("main", type=Path)
    parser.add_argument("--with", action="append", default=[], dest="changed", metavar="FILE=NEW")
    parser.add_argument("--without", action="append", default=[], metavar="FILE")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    changes: Changes = {Path(path).resolve(): None for path in options.without}
    for pair in options.changed:
        path, _, new = pair.partition("=")
        changes[Path(path).resolve()] = Path(new)
    try:
        code, output = try_out(options.engine, options.main.resolve(), changes, options.command)
    except (NotRead, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    if code:
        print(re.sub(r"\n{2,}", "\n", output), file=sys.stderr)
        print(f"{options.command[0]} refuses the configuration: nothing was changed", file=sys.stderr)
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
