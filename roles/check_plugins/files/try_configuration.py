# SPDX-License-Identifier: BSD-2-Clause
"""Ask an engine whether it would accept its configuration with some of the files changed, before any is changed.

    try_configuration.py ENGINE MAIN [--with FILE=NEW]... [--without FILE]... -- COMMAND...

MAIN is the engine's main configuration file. COMMAND validates a configuration; in its words {main} stands for a copy
of MAIN that leads to the changed files, and {folder} for the copy's folder. The exit code is 0 when the engine accepts.
"""

from __future__ import annotations

import abc
import argparse
import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

Changes = dict[Path, "Path | None"]
"""What takes the place of each file; None: nothing does."""


class NotRead(Exception):
    """The engine does not read a file at all, so that it would accept whatever that holds."""

    def __init__(self, main: Path, path: Path, advice: str) -> None:
        super().__init__(f"{main} does not lead to {path}, so the engine would never read it: {advice}")


class Engine(abc.ABC):
    """A copy of a main configuration file, in a folder of its own, that leads to the changed files."""

    def __init__(self, folder: Path, main: Path, changes: Changes) -> None:
        self.folder = folder
        self.main = main
        self.changes = changes
        self.copy = folder / main.name
        like(folder, main.parent)

    @abc.abstractmethod
    def stage(self) -> None:
        """Write the copy. Raises NotRead when it does not lead to a changed file, as far as that can be told."""

    def run(self, command: list[str]) -> tuple[bool, str]:
        """Whether the engine accepts the copy, and what it said. Raises NotRead."""
        done = self.call(command)
        return not done.returncode, done.stdout.replace(str(self.folder), str(self.main.parent))

    def call(self, command: list[str], user: str | None = None) -> subprocess.CompletedProcess[str]:
        words = [word.replace("{main}", str(self.copy)).replace("{folder}", str(self.folder)) for word in command]
        return subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            errors="replace",
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
        )


class Listing(Engine):
    """A main file of lines ``directive=path``, some of which lead to another file or to all files of a folder."""

    leads_to_file: tuple[str, ...]
    leads_to_folder: tuple[str, ...]

    def stage(self) -> None:
        self.read: set[Path] = set()
        lines = [line for number, line in enumerate(text(self.main).splitlines()) for line in self.line(number, line)]
        for path, new in self.changes.items():
            if new and path not in self.read:
                raise NotRead(self.main, path, f"add {self.leads_to_file[0]}={path}")
        write(self.copy, "\n".join([*self.before(), *lines, *self.after(len(lines))]) + "\n")
        like(self.copy, self.main)

    def before(self) -> list[str]:
        """Lines for the beginning of the copy."""
        return []

    def after(self, lines: int) -> list[str]:
        """Lines for the end of the copy, which has so many already."""
        return []

    def line(self, number: int, line: str) -> Iterator[str]:
        """What stands in the copy for a line of the original."""
        directive, equals, value = (part.strip() for part in line.partition("="))
        if equals and directive in (*self.leads_to_file, *self.leads_to_folder):
            path = Path(os.path.realpath(self.main.parent / value))
            inside = [changed for changed in self.changes if changed == path or path in changed.parents]
            self.read.update(changed for changed in inside if changed == path or changed.suffix == ".cfg")
            named = self.replaced(number, path) if inside else self.main.parent / value
            yield from [f"{directive}={named}"] if named else []
        else:
            yield line

    def replaced(self, number: int, path: Path) -> Path | None:
        """What stands for a file or a folder that is changed, or in which something is."""
        target = self.folder / f"{number}.cfg"
        if path not in self.changes:
            return mirror(path, target, self.changes) if path.is_dir() else path
        new = self.changes[path]
        return place(new, target, path.parent) if new else None


class Nagios(Listing):
    """Nagios tells every mistake, and ends with an error."""

    leads_to_file = ("cfg_file", "resource_file")
    leads_to_folder = ("cfg_dir",)


class Nrpe(Listing):
    """NRPE goes on after a mistake in a file that it was led to: the new lines have to stand in the copy itself.

    It speaks to a log only, and refuses to be root.
    """

    leads_to_file = ("include", "include_file")
    leads_to_folder = ("include_dir",)

    def before(self) -> list[str]:
        self.log = self.folder / "log"
        return [f"log_file={self.log}"]

    def line(self, number: int, line: str) -> Iterator[str]:
        if line.partition("=")[0].strip() != "log_file":
            yield from super().line(number, line)

    def replaced(self, number: int, path: Path) -> Path | None:
        gone: Changes = dict.fromkeys(self.changes)
        return None if path in gone else mirror(path, self.folder / f"{number}.cfg", gone)

    def after(self, lines: int) -> list[str]:
        self.places: list[tuple[Path, int]] = []
        added: list[str] = []
        for path, new in self.changes.items():
            if new:
                self.places.append((path, 1 + lines + len(added)))
                added += text(new).splitlines()
        return added

    def run(self, command: list[str]) -> tuple[bool, str]:
        user = None
        if os.geteuid() == 0:
            found = re.search(r"^\s*nrpe_user\s*=\s*(\S+)", text(self.main), re.MULTILINE)
            user = found[1] if found else "nagios"
            for path in (self.folder, self.copy):
                shutil.chown(path, user)
        done = self.call(command, user)
        said = done.stdout + (text(self.log) if self.log.exists() else "")
        told, unknown = self.relocated(said)
        return not done.returncode and not unknown, told

    def relocated(self, said: str) -> tuple[str, bool]:
        """What it said, with the places of the files themselves, and whether one of the new lines is an unknown one."""
        unknown = False

        def place_of(match: re.Match[str]) -> str:
            nonlocal unknown
            for path, offset in reversed(self.places):
                if int(match[2]) > offset:
                    unknown = unknown or "Unknown option" in match[1]
                    return f"{match[1]}'{path}' - Line {int(match[2]) - offset}"
            return match[0]

        pattern = rf"(.*)'{re.escape(str(self.copy))}' - Line (\d+)"
        return re.sub(pattern, place_of, said).replace(str(self.folder), str(self.main.parent)), unknown


class Icinga(Engine):
    """Icinga 2 has a language, in which files include others in many ways, from where the main file is."""

    def stage(self) -> None:
        for path in self.changes:
            if self.main.parent not in path.parents:
                raise NotRead(self.main, path, f"it has to lie below {self.main.parent}")
        self.fill(self.main.parent, self.folder)
        for path, new in self.changes.items():
            if new:
                self.put(new, self.folder / path.relative_to(self.main.parent))
        # Only a file that is read can say so.
        self.marks = {path: secrets.token_hex(8) for path, new in self.changes.items() if new}
        for path, mark in self.marks.items():
            with (self.folder / path.relative_to(self.main.parent)).open("a", encoding="utf-8") as file:
                file.write(f'\nlog("{mark}")\n')

    def fill(self, source: Path, target: Path) -> None:
        """Copy a folder with the changes in it."""
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
                write(copied, text(entry).replace(f'"{self.main.parent}/', f'"{self.folder}/'))
                like(copied, entry)
            elif entry.is_file():
                copied.symlink_to(entry)

    def put(self, new: Path, target: Path) -> None:
        """Copy a new file; its folder may be as new."""
        for folder in reversed(target.parents):
            if not folder.exists():
                folder.mkdir()
                like(folder, self.main.parent)
        place(new, target, target.parent)

    def run(self, command: list[str]) -> tuple[bool, str]:
        accepted, told = super().run(command)
        for path, mark in self.marks.items():
            if accepted and mark not in told:
                raise NotRead(self.main, path, f'include it, for example with include "{path}"')
        return accepted, told


ENGINES: dict[str, type[Engine]] = {"nagios": Nagios, "icinga2": Icinga, "nrpe": Nrpe}


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8", errors="surrogateescape")


def like(path: Path, model: Path) -> None:
    """Give a file or folder the owner and mode of another: engines drop their rights before they read."""
    told = model.stat()
    if os.geteuid() == 0:
        os.chown(path, told.st_uid, told.st_gid)
    path.chmod(told.st_mode & 0o777 | (0o700 if path.is_dir() else 0o600))


def place(new: Path, target: Path, folder: Path) -> Path:
    """Copy a new file; the folder that it is for says who may read it. Gives the copy."""
    shutil.copyfile(new, target)
    like(target, folder)
    target.chmod(target.stat().st_mode & 0o666)
    return target


def mirror(source: Path, target: Path, changes: Changes) -> Path:
    """The folder ``source`` as it would be: links to what stays, and the changed files. Gives the new folder."""
    target.mkdir()
    like(target, source)
    for entry in sorted(source.iterdir()):
        if any(entry in path.parents for path in changes):
            mirror(entry, target / entry.name, changes)
        elif entry not in changes:
            (target / entry.name).symlink_to(entry)
    for path, new in changes.items():
        if path.parent == source and new:
            place(new, target / path.name, source)
    return target


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("main", type=Path)
    parser.add_argument("--with", action="append", default=[], dest="changed", metavar="FILE=NEW")
    parser.add_argument("--without", action="append", default=[], metavar="FILE")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    changes: Changes = {Path(os.path.realpath(path)): None for path in options.without}
    for pair in options.changed:
        path, _rest, new = pair.partition("=")
        changes[Path(os.path.realpath(path))] = Path(new)
    with tempfile.TemporaryDirectory(prefix="wabiz-try-") as folder:
        try:
            engine = ENGINES[options.engine](Path(folder), Path(os.path.realpath(options.main)), changes)
            engine.stage()
            accepted, told = engine.run(options.command)
        except (NotRead, OSError) as problem:
            print(problem, file=sys.stderr)
            return 1
    if not accepted:
        print(re.sub(r"\n{2,}", "\n", told), file=sys.stderr)
        print(f"{options.command[0]} refuses the configuration: nothing was changed", file=sys.stderr)
    return 0 if accepted else 1


if __name__ == "__main__":
    sys.exit(main())
