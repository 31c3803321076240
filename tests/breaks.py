# SPDX-License-Identifier: BSD-2-Clause
"""Breaks each promise on purpose, in a copy, and sees whether its test notices: ``breaks.py [--sample] [PROMISE...]``.

A break is a piece of text in one file and what takes its place; tests/breaks has all of them. Its test must pass
without it, and with it must fail by an assertion. The exit code is the number of breaks that were not noticed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import collection
import verdict
import yaml
from overlay import Overlay

FOLDER = collection.ROOT / "tests" / "breaks"
BIN = Path(sys.executable).parent
_AT_ONCE = 2
_SHOWN = 30
_LIMIT = 900
"""Seconds after which a test counts as hanging."""


class Break(NamedTuple):
    """One place of the code made wrong."""

    promise: str
    """The name of the promise that is broken by it."""
    says: str
    """What is wrong then."""
    file: str
    find: str
    put: str
    test: str
    """The test that must notice, as pytest names it."""
    sample: bool = False
    """Whether ``make test`` tries it."""

    def trouble(self, root: Path) -> str:
        """Why it does not apply to a checkout; empty if it does."""
        try:
            times = (root / self.file).read_text(encoding="utf-8").count(self.find)
        except FileNotFoundError:
            return f"there is no {self.file}"
        return "" if times == 1 else f"what it looks for stands {times} times in {self.file}, not once: {self.find!r}"


def breaks() -> list[Break]:
    """All of them."""
    files = sorted(FOLDER.glob("*.yml"))
    return [Break(**row) for file in files for row in yaml.safe_load(file.read_text(encoding="utf-8"))]


class LeftOut(Exception):
    """The test of a break is left out on this machine; the message is why."""


class Bench:
    """A copy in which one break at a time is tried."""

    def __init__(self, folder: Path) -> None:
        self._overlay = Overlay(folder)
        self._said = folder / "verdict"
        self._passed: set[str] = set()
        self._moment = time.time()

    def __call__(self, one: Break) -> str:
        """What is wrong with a break; empty if its test notices it. Raises LeftOut."""
        if told := one.trouble(self._overlay.root):
            return f"it does not apply any more: {told}"
        if one.test not in self._passed:
            words, printed = self._run(one.test)
            if set(words) == {verdict.SKIPPED}:
                raise LeftOut(next((line for line in printed.splitlines() if line.startswith("SKIPPED")), ""))
            if not words or set(words) != {verdict.PASSED}:
                return f"without it the test does not pass ({_count(words)}):\n{printed}"
            self._passed.add(one.test)
        with self._broken(one) as path:
            if told := _unsound(path):
                return f"it is no code that runs:\n{told}"
            words, printed = self._run(one.test)
        if verdict.DENIED in words and set(words) <= {verdict.PASSED, verdict.DENIED}:
            return ""
        return f"the test does not notice it ({_count(words)}):\n{printed}"

    @contextmanager
    def _broken(self, one: Break) -> Iterator[Path]:
        path = self._overlay.root / one.file
        whole = path.read_text(encoding="utf-8")
        self._write(path, whole.replace(one.find, one.put))
        try:
            yield path
        finally:
            self._write(path, whole)

    def _write(self, path: Path, text: str) -> None:
        # Python knows by a file's time, in whole seconds, and by its size whether what it compiled of it is still true.
        self._moment += 2
        path.write_text(text, encoding="utf-8")
        os.utime(path, (self._moment, self._moment))

    def _run(self, test: str) -> tuple[list[str], str]:
        """How the tests ended, and what was printed."""
        self._said.unlink(missing_ok=True)
        options = ("-q", "-rs", "-x", "-p", "no:cacheprovider", "-p", "verdict", "--verdict", self._said)
        process = subprocess.Popen(
            self._overlay.command("-m", "pytest", *options, test),
            cwd=self._overlay.root,
            env=self._overlay.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            printed, _none = process.communicate(timeout=_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            printed, _none = process.communicate()
        words = self._said.read_text(encoding="utf-8").split() if self._said.exists() else []
        # An error that is not in a test leaves no word.
        words += [] if process.returncode in (0, 1) else [verdict.BROKEN]
        return words, "\n".join(line[:200] for line in printed.decode(errors="replace").splitlines()[-_SHOWN:])


def _count(words: list[str]) -> str:
    return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words)) or "no test ran"


def _unsound(path: Path) -> str:
    """What makes a Python file fail before it does anything wrong: bad syntax, names that nobody has defined."""
    if path.suffix != ".py":
        return ""
    command = ("ruff", "check", "--quiet", "--isolated", "--no-cache", "--select", "E9,F63,F7,F82")
    done = subprocess.run([BIN / command[0], *command[1:], path], capture_output=True, text=True, check=False)
    return done.stdout


def failures(wanted: list[Break], folder: Path) -> int:
    """Try breaks, two at a time, and tell how each went; gives the number of those that were not noticed."""
    benches: SimpleQueue[Bench] = SimpleQueue()
    for at in range(min(_AT_ONCE, len(wanted))):
        benches.put(Bench(folder / f"bench{at}"))

    def tried(one: Break) -> bool:
        bench = benches.get()
        begun = time.monotonic()
        wrong = ""
        try:
            wrong = bench(one)
            outcome = "NOT NOTICED" if wrong else "noticed"
        except LeftOut as reason:
            outcome = "left out"
            one = one._replace(says=f"{one.says} ({reason})")
        finally:
            benches.put(bench)
        print(f"{outcome:<11}{time.monotonic() - begun:7.1f} s  {one.promise}: {one.says}", flush=True)
        if wrong:
            print(f"    {one.test}\n    {wrong}", flush=True)
        return not wrong

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(tried, wanted)).count(False)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("promises", nargs="*", metavar="PROMISE", help="the name of a promise: all of them by default")
    parser.add_argument("--sample", action="store_true", help="only a few that are quick")
    chosen = parser.parse_args()
    known = breaks()
    if unknown := sorted(set(chosen.promises) - {one.promise for one in known}):
        parser.error(f"no break of {', '.join(unknown)}")
    wanted = [
        one
        for one in known
        if (one.sample or not chosen.sample) and (one.promise in chosen.promises or not chosen.promises)
    ]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="wabiz-breaks-") as scratch:
        # Engines have users of their own.
        Path(scratch).chmod(0o755)
        failed = failures(wanted, Path(scratch))
    print(f"{len(wanted)} breaks in {time.monotonic() - begun:.0f} s, {len(wanted) - failed} noticed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
