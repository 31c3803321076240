# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Ask an engine whether it would accept its configuration with some of the files changed, before any is changed.

It is asked about a copy of its main configuration file that leads to the changed files. All of this is done with the
rights of the engine's user, who may own what is read and can get at the copy.
"""

from __future__ import annotations

import abc
import os
import re
import secrets
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple, Type

from .folders import Refused

_LONGEST = 65536
"""The most characters of what an engine says that are told; the last ones are its verdict."""

Changes = Dict[Path, Optional[str]]
"""What takes the place of each file; None: nothing does."""


class Trial(NamedTuple):
    """What is to be tried."""

    engine: str
    main: str
    """The engine's main configuration file."""
    command: List[str]
    """Validates a configuration; {main} stands for the copy of the main file, {folder} for the copy's folder."""
    changes: Dict[str, Optional[str]]
    """The text of each file that changes; None for a file that goes."""


def objection(trial: Trial) -> str:
    """What the engine objects to; nothing if it accepts. Raises Refused and OSError."""
    changes: Changes = {Path(os.path.realpath(path)): text for path, text in trial.changes.items()}
    with tempfile.TemporaryDirectory(prefix="wabiz-try-") as folder:
        engine = ENGINES[trial.engine](Path(folder), Path(os.path.realpath(trial.main)), changes)
        engine.stage()
        accepted, told = engine.run(trial.command)
    if accepted:
        return ""
    told = re.sub(r"\n{2,}", "\n", told).strip("\n")[-_LONGEST:]
    return "%s\n%s refuses the configuration: nothing was changed" % (told, trial.command[0])


class NotRead(Refused):
    """The engine does not read a file at all, so that it would accept whatever that holds."""

    def __init__(self, main: Path, path: Path, advice: str) -> None:
        super().__init__("%s does not lead to %s, so the engine would never read it: %s" % (main, path, advice))


class Engine(abc.ABC):
    """A copy of a main configuration file, in a folder of its own, that leads to the changed files."""

    def __init__(self, folder: Path, main: Path, changes: Changes) -> None:
        self.folder = folder
        self.main = main
        self.changes = changes
        self.copy = folder / main.name

    @abc.abstractmethod
    def stage(self) -> None:
        """Write the copy. Raises NotRead when it does not lead to a changed file, as far as that can be told."""

    def run(self, command: List[str]) -> Tuple[bool, str]:
        """Whether the engine accepts the copy, and what it said. Raises NotRead."""
        code, said = self.call(command)
        return not code, said.replace(str(self.folder), str(self.main.parent))

    def call(self, command: List[str]) -> Tuple[int, str]:
        words = [word.replace("{main}", str(self.copy)).replace("{folder}", str(self.folder)) for word in command]
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")


class Listing(Engine):
    """A main file of lines ``directive=path``, some of which lead to another file or to all files of a folder."""

    leads_to_file: Tuple[str, ...]
    leads_to_folder: Tuple[str, ...]

    def stage(self) -> None:
        self.read: List[Path] = []
        lines = [line for number, line in enumerate(text(self.main).splitlines()) for line in self.line(number, line)]
        for path, new in self.changes.items():
            if new is not None and path not in self.read:
                raise NotRead(self.main, path, "add %s=%s" % (self.leads_to_file[0], path))
        write(self.copy, "\n".join([*self.before(), *lines, *self.after(len(lines))]) + "\n")

    def before(self) -> List[str]:
        """Lines for the beginning of the copy."""
        return []

    def after(self, lines: int) -> List[str]:
        """Lines for the end of the copy, which has so many already."""
        return []

    def line(self, number: int, line: str) -> Iterator[str]:
        """What stands in the copy for a line of the original."""
        directive, equals, value = (part.strip() for part in line.partition("="))
        if equals and directive in (*self.leads_to_file, *self.leads_to_folder):
            path = Path(os.path.realpath(self.main.parent / value))
            inside = [changed for changed in self.changes if changed == path or path in changed.parents]
            self.read += [changed for changed in inside if changed == path or changed.suffix == ".cfg"]
            named = self.replaced(number, path) if inside else self.main.parent / value
            yield from ["%s=%s" % (directive, named)] if named else []
        else:
            yield line

    def replaced(self, number: int, path: Path) -> Optional[Path]:
        """What stands for a file or a folder that is changed, or in which something is."""
        target = self.folder / ("%d.cfg" % number)
        if path not in self.changes:
            return mirror(path, target, self.changes) if path.is_dir() else path
        new = self.changes[path]
        return None if new is None else write(target, new)


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

    def before(self) -> List[str]:
        self.log = self.folder / "log"
        return ["log_file=%s" % self.log]

    def line(self, number: int, line: str) -> Iterator[str]:
        if line.partition("=")[0].strip() != "log_file":
            yield from super().line(number, line)

    def replaced(self, number: int, path: Path) -> Optional[Path]:
        gone: Changes = dict.fromkeys(self.changes)
        return None if path in gone else mirror(path, self.folder / ("%d.cfg" % number), gone)

    def after(self, lines: int) -> List[str]:
        self.places: List[Tuple[Path, int]] = []
        added: List[str] = []
        for path, new in self.changes.items():
            if new is not None:
                self.places.append((path, 1 + lines + len(added)))
                added += new.splitlines()
        return added

    def run(self, command: List[str]) -> Tuple[bool, str]:
        code, said = self.call(command)
        told, unknown = self.relocated(said + (text(self.log) if self.log.exists() else ""))
        return not code and not unknown, told

    def relocated(self, said: str) -> Tuple[str, bool]:
        """What it said, with the places of the files themselves, and whether one of the new lines is an unknown one."""
        unknown = False

        def place_of(match: "re.Match[str]") -> str:
            nonlocal unknown
            for path, offset in reversed(self.places):
                if int(match[2]) > offset:
                    unknown = unknown or "Unknown option" in match[1]
                    return "%s'%s' - Line %d" % (match[1], path, int(match[2]) - offset)
            return match[0]

        pattern = r"(.*)'%s' - Line (\d+)" % re.escape(str(self.copy))
        return re.sub(pattern, place_of, said).replace(str(self.folder), str(self.main.parent)), unknown


class Icinga(Engine):
    """Icinga 2 has a language, in which files include others in many ways, from where the main file is."""

    def stage(self) -> None:
        for path in self.changes:
            if self.main.parent not in path.parents:
                raise NotRead(self.main, path, "it has to lie below %s" % self.main.parent)
        self.fill(self.main.parent, self.folder)
        # Only a file that is read can say so.
        self.marks = {path: secrets.token_hex(8) for path, new in self.changes.items() if new is not None}
        for path, mark in self.marks.items():
            copied = self.folder / path.relative_to(self.main.parent)
            copied.parent.mkdir(parents=True, exist_ok=True)
            write(copied, '%s\nlog("%s")\n' % (self.changes[path], mark))

    def fill(self, source: Path, target: Path) -> None:
        """Copy a folder with the changes in it."""
        for entry in sorted(source.iterdir()):
            copied = target / entry.name
            if entry in self.changes:
                continue
            if entry.is_symlink():
                copied.symlink_to(os.readlink(entry))
            elif not os.access(entry, os.R_OK | (os.X_OK if entry.is_dir() else 0)):
                # Not for the engine, or it shall say so itself.
                copied.symlink_to(entry)
            elif entry.is_dir():
                copied.mkdir()
                self.fill(entry, copied)
            elif entry.is_file() and entry.suffix == ".conf":
                # An include by the whole path must lead into the copy as well.
                write(copied, text(entry).replace('"%s/' % self.main.parent, '"%s/' % self.folder))
            elif entry.is_file():
                copied.symlink_to(entry)

    def run(self, command: List[str]) -> Tuple[bool, str]:
        accepted, told = super().run(command)
        for path, mark in self.marks.items():
            if accepted and mark not in told:
                raise NotRead(self.main, path, 'include it, for example with include "%s"' % path)
        return accepted, told


ENGINES: Dict[str, Type[Engine]] = {"nagios": Nagios, "icinga2": Icinga, "nrpe": Nrpe}


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    return path


def mirror(source: Path, target: Path, changes: Changes) -> Path:
    """The folder ``source`` as it would be: links to what stays, and the changed files. Gives the new folder."""
    target.mkdir()
    for entry in sorted(source.iterdir()):
        if any(entry in path.parents for path in changes):
            mirror(entry, target / entry.name, changes)
        elif entry not in changes:
            (target / entry.name).symlink_to(entry)
    for path, new in changes.items():
        if path.parent == source and new is not None:
            write(target / path.name, new)
    return target
