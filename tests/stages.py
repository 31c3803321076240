# SPDX-License-Identifier: BSD-2-Clause
"""Everything that ``make test`` does, stage by stage: ``stages.py [STAGE...]``, all of them unless some are named.

A stage that passes says so in one line with its time, and repeats the closing lines of the tests that it ran; one that
fails shows all that it printed, and the others run nevertheless. The exit code is the number of stages that failed.
Stages of different lanes run side by side, so what they print comes when they end.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import collection
import distribution
import samples
import versions

ROOT = collection.ROOT
BIN = Path(sys.executable).parent
LOCKS = ROOT / "tests" / "locks"
CACHE = Path(sys.prefix) / "cache"

#: What the collection consists of once it is installed; the rest of this root belongs to the distribution.
COLLECTION_HOLDS = (
    *("CHANGELOG.rst", "FILES.json", "LICENSES", "MANIFEST.json", "README.md", "SECURITY.md", "changelogs", "docs"),
    *("extensions", "meta", "playbooks", "plugins", "roles"),
    *("tests", "tests/integration", "tests/sanity", "tests/unit"),
)

#: What of a passing stage's output is repeated: how the tests ended, which were left out and why.
CLOSING = re.compile(r"^(=+ .*\b(passed|skipped|no tests ran)\b.*=+|\d+ passed\b.*|SKIPPED .*|NOTE: .*)$")

#: What installing packages says is of no interest when a stage fails afterwards.
CHATTER = re.compile(
    r"^(WARNING: Location |Looking in |Collecting |Processing |Installing |Successfully |Using cached |Requirement )|"
    r"^ +(Downloading|━)"
)


class StageError(Exception):
    """A stage did not pass; what it printed says why."""


class LeftOut(Exception):
    """A stage could not do its work, and nothing of this project is the reason; the message is the reason."""


@dataclass(frozen=True)
class Room:
    """Where the stages work: a scratch folder, removed at the end."""

    scratch: Path

    @functools.cached_property
    def collection(self) -> Path:
        """The copy of the collection; it has to be writable, and outside of any git checkout."""
        return collection.copy(self.scratch / "ansible_collections" / "wabiz" / "monitoring")

    @functools.cached_property
    def interpreters(self) -> Path:
        """A folder of links to the Python versions found; their own folders hold other tools that must not be found."""
        folder = self.scratch / "bin"
        folder.mkdir()
        for version, executable in collection.interpreters().items():
            (folder / f"python{version}").symlink_to(executable)
        return folder

    @functools.cached_property
    def types(self) -> Path:
        """The distribution under its import names, for the type checker: it does not understand an editable install."""
        folder = self.scratch / "types"
        folder.mkdir()
        distribution.link(folder)
        return folder


class Run:
    """One stage's run: runs commands, keeps what they print."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.printed = ""

    def __call__(self, *command: str | Path, cwd: Path = ROOT, **variables: str) -> str:
        """Run a tool of this environment with more environment variables; gives what it printed, or StageError."""
        caches = {"RUFF_CACHE_DIR": str(CACHE / "ruff"), "MYPY_CACHE_DIR": str(CACHE / "mypy")}
        return self._run(command, cwd, {**os.environ, **caches, **variables})

    def pytest(self, *arguments: str | Path) -> str:
        """Run pytest; its caches stay out of the checkout."""
        cache = f"cache_dir={CACHE / 'pytest'}"
        return self(
            *("pytest", "-q", "-rs", "-o", cache, *samples.MARKED, *arguments),
            HYPOTHESIS_STORAGE_DIRECTORY=str(CACHE / "hypothesis"),
        )

    def ansible(self, *command: str | Path) -> str:
        """Run one of Ansible's tools in the copy of the collection."""
        environment = collection.environment(collection.home(CACHE / "home"), self.room.interpreters)
        return self._run(
            command, self.room.collection, {**environment, "ANSIBLE_COLLECTIONS_PATH": str(self.room.scratch)}
        )

    def note(self, text: str) -> None:
        """Say something that is shown when the stage passes, too."""
        self.printed += f"NOTE: {text}\n"

    def _run(self, command: tuple[str | Path, ...], cwd: Path, environment: Mapping[str, str]) -> str:
        tool = BIN / command[0]
        arguments = [str(tool if tool.exists() else command[0]), *map(str, command[1:])]
        done = subprocess.run(
            arguments,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        text = done.stdout.decode(errors="replace")
        self.printed += f"$ {' '.join(map(str, command))}\n{text}"
        if done.returncode:
            self.printed += f"(exit code {done.returncode})\n"
            raise StageError
        return text


#: Folders of Python files that are no package of the distribution or the collection; each is checked on its own.
LOOSE = ("tests/checks", "tests/engines", "tests/playbooks", "tests/bench", "tests/fuzz", "demo")


def types(run: Run) -> None:
    copy = run.room.collection
    path = os.pathsep.join(map(str, [run.room.types, copy.parents[2], ROOT / "tests"]))
    try:
        run("mypy", "-p", "wabiz_monitoring", MYPYPATH=path)
        for part in ("plugins", "tests/unit"):
            if (copy / part).exists():
                name = f"ansible_collections.wabiz.monitoring.{part.replace('/', '.')}"
                # Ansible is not typed, and does not say so either.
                run("mypy", "--disable-error-code", "import-untyped", "-p", name, MYPYPATH=path)
        for folder in LOOSE:
            if (ROOT / folder).exists():
                run("mypy", folder, MYPYPATH=path)
        run("mypy", *sorted((ROOT / "tests").glob("*.py")), MYPYPATH=path)
    finally:
        # The reader wants to know the file to mend.
        package = run.room.types / "wabiz_monitoring"
        shared = [(package / name, folder) for name, folder in distribution.SHARED.items()]
        for shown, real in (*shared, (package, "checks"), (copy, ".")):
            run.printed = run.printed.replace(f"{shown}/", f"{real}/")


def interpreters(run: Run) -> None:
    missing = [version for version in collection.PYTHONS if not (run.room.interpreters / f"python{version}").exists()]
    if missing:
        run.note(f"left out, not on this machine: Python {', '.join(missing)}")
    run.ansible(
        "ansible-test", "sanity", "--python", "default", "--test", "compile", "--test", "import", "--color", "no"
    )


def galaxy(run: Run) -> None:
    built, installed = run.room.scratch / "built", run.room.scratch / "installed"
    run.ansible("ansible-galaxy", "collection", "build", "--output-path", built)
    (archive,) = built.iterdir()
    run.ansible(
        "ansible-galaxy", "collection", "install", "--offline", "--force", "--collections-path", installed, archive
    )
    root = installed / "ansible_collections" / "wabiz" / "monitoring"
    carried = {str(path.relative_to(root)) for folder in (root, root / "tests") for path in folder.iterdir()}
    if foreign := sorted(carried.difference(COLLECTION_HOLDS)):
        run.note(f"not the collection's, build_ignore in galaxy.yml should name it: {', '.join(foreign)}")
        raise StageError
    run.ansible(BIN / "python", "-m", "galaxy_importer.main", archive)


def fuzz(run: Run) -> None:
    for target, runs in (("answer", 8_000), ("threshold", 100_000), ("response", 4_000)):
        # Of what it finds the input is printed, too.
        options = (f"-runs={runs}", "-print_final_stats=1", f"-artifact_prefix={run.room.scratch}/")
        told = run("python", "-m", "fuzz", target, *options, cwd=ROOT / "tests")
        (done,) = re.findall(r"^stat::number_of_executed_units: (\d+)$", told, re.MULTILINE)
        run.note(f"{target}: {done} inputs, nothing found")


def audit(run: Run) -> None:
    asked = ("--disable-pip", "--require-hashes", "--requirement", LOCKS / "tests.txt", "--progress-spinner", "off")
    try:
        told = run("pip-audit", *asked, "--format", "json")
    except StageError:
        # It fails for a vulnerability, which it tells, and where there is nobody to ask.
        if "requests.exceptions.ConnectionError" in run.printed:
            raise LeftOut("no package index can be reached") from None
        raise
    answer = json.loads(next(line for line in told.splitlines() if line.startswith("{")))
    untold = [each["name"] for each in answer["dependencies"] if "skip_reason" in each]
    if len(untold) == len(answer["dependencies"]):
        raise LeftOut("the package index answers no questions about vulnerabilities")
    if untold:
        run.note(f"the package index knows nothing of {', '.join(untold)}")


def with_versions(name: str) -> Callable[[Run], None]:
    """The work of a stage that runs tests on another Python, with other versions of the libraries."""
    choice = versions.CHOICES[name]

    def work(run: Run) -> None:
        python = choice.python()
        if python is None:
            raise LeftOut(f"{choice.missing} is not on this machine")
        for command in versions.commands(choice, python, run.room.scratch / name):
            run(*command, cwd=ROOT, **versions.environment(CACHE / "uv"))

    return work


def old_ansible(run: Run) -> None:
    python = versions.oldest()
    if python is None:
        raise LeftOut("Python 3.10 is not on this machine")
    home = collection.environment(collection.home(CACHE / "home"))
    paths = {"ANSIBLE_COLLECTIONS_PATH": str(run.room.collection.parents[2]), "ANSIBLE_NOCOLOR": "1"}
    for command in versions.with_old_ansible(python, run.room.scratch / "old-ansible"):
        told = run(*command, cwd=ROOT, HOME=home["HOME"], **paths, **versions.environment(CACHE / "uv"))
    said = versions.refusals(told)
    if len(said) != 4 or {one.partition("; this is ")[0] for one in said} != {versions.REFUSAL}:
        raise StageError


@dataclass(frozen=True)
class Stage:
    """What it does, the tool or module without which it is left out, and the lane that it runs in."""

    says: str
    work: Callable[[Run], object]
    needs: str = "python"
    lane: str = "collection"

    @property
    def missing(self) -> bool:
        """Whether it is left out."""
        return not (BIN / self.needs).exists() and importlib.util.find_spec(self.needs) is None


PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# What it skips is what another stage does for each Python.
SANITY = (
    *("ansible-test", "sanity", "--python", PYTHON, "--color", "no"),
    *("--skip-test", "compile", "--skip-test", "import"),
)
DOCS = (
    "antsibull-docs",
    "lint-collection-docs",
    "--plugin-docs",
    "--validate-collection-refs=all",
    "--skip-rstcheck",
    ".",
)

STAGES = {
    "ruff": Stage("the linter, for security too", lambda run: run("ruff", "check", ".")),
    "format": Stage("the formatter has nothing to change", lambda run: run("ruff", "format", "--check", ".")),
    "types": Stage("the type checker, over all Python files", types),
    "audit": Stage("no tool or library that is locked has a vulnerability that is known", audit, "pip-audit"),
    "sanity": Stage("ansible-test sanity", lambda run: run.ansible(*SANITY), "ansible-test"),
    "interpreters": Stage("the collection compiles and imports on each Python here", interpreters, "ansible-test"),
    "units": Stage(
        "ansible-test units", lambda run: run.ansible("ansible-test", "units", "--python", PYTHON), "ansible-test"
    ),
    "integration": Stage(
        "ansible-test integration",
        lambda run: run.ansible("ansible-test", "integration", "--python", PYTHON),
        "ansible-test",
    ),
    "ansible-lint": Stage(
        "ansible-lint, profile production",
        lambda run: run.ansible("ansible-lint", "--offline", "--nocolor", "--profile", "production"),
        "ansible-lint",
    ),
    "old-ansible": Stage("an Ansible that is too old is told so by every role and module", old_ansible, "uv"),
    "docs": Stage("the collection's documentation", lambda run: run.ansible(*DOCS), "antsibull-docs"),
    "changelog": Stage(
        "the changelog's fragments", lambda run: run.ansible("antsibull-changelog", "lint"), "antsibull-changelog"
    ),
    "galaxy": Stage("the collection builds, installs, and Galaxy would import it", galaxy, "ansible-galaxy"),
    "checks": Stage("the distribution's tests", lambda run: run.pytest("-n", "2", "tests/checks"), lane="checks"),
    **{
        name: Stage(f"commands, sources, transport and simulator with {choice.says}", with_versions(name), "uv")
        for name, choice in versions.CHOICES.items()
    },
    "breaks": Stage(
        "what breaks a promise on purpose is noticed, a sample of it",
        lambda run: run.note(run("python", ROOT / "tests" / "breaks.py", "--sample").splitlines()[-1]),
    ),
    "fuzz": Stage("the parsers, whatever they are given", fuzz, "atheris", lane="checks"),
    "playbooks": Stage(
        "the gate, the rolling upgrade and the modules in real plays",
        lambda run: run.pytest("-n", "2", "tests/playbooks"),
        "ansible-playbook",
        lane="checks",
    ),
    "engines": Stage(
        "the checks, the role and the pages in the real engines",
        lambda run: run.pytest("-n", "3", "--dist", "loadfile", "tests/engines"),  # they wait a lot
        lane="engines",
    ),
}


def report(name: str, room: Room) -> bool:
    """Run one stage and tell how it went."""
    stage = STAGES[name]
    begun = time.monotonic()
    run = Run(room)
    passed = True
    try:
        if stage.missing:
            raise LeftOut(f"{stage.needs} is not in {BIN} (it needs Python 3.11)")
        stage.work(run)
        outcome = f"passed: {stage.says}"
    except LeftOut as reason:
        outcome = f"left out: {reason}"
    except StageError:
        passed = False
        outcome = f"FAILED: {stage.says}"
    ended = f"{name:<13}{time.monotonic() - begun:6.1f} s  {outcome}"
    shown = [line for line in run.printed.splitlines() if (CLOSING.match(line) if passed else not CHATTER.match(line))]
    # In one piece: another lane may have something to tell at the same time.
    print("\n".join([ended, *(f"    {line}" for line in shown)]), flush=True)
    return passed


def failures(names: Iterable[str], room: Room) -> list[str]:
    """Run stages, each lane's one after another in the order given; gives the names of those that failed."""
    lanes: dict[str, list[str]] = {}
    for name in names:
        lanes.setdefault(STAGES[name].lane, []).append(name)
    with ThreadPoolExecutor(len(lanes)) as pool:
        return [name for lane in pool.map(lambda lane: _failures(lane, room), lanes.values()) for name in lane]


def _failures(lane: list[str], room: Room) -> list[str]:
    return [name for name in lane if not report(name, room)]


def _public(scratch: Path) -> Path:
    """A place for what tests and tools keep for a while: those that are killed leave it behind, and it goes with ours.

    Like the system's own: engines, which are other users, write there, too.
    """
    scratch.chmod(0o755)
    place = scratch / "t"
    place.mkdir()
    place.chmod(0o1777)
    return place


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"one of {', '.join(STAGES)}")
    names = parser.parse_args().stages or list(STAGES)
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        parser.error(f"no such stage: {', '.join(unknown)}")
    # A job in the background is deaf to interrupts, and so is all that it starts; tests interrupt what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Thousands of runs start what is here: it is compiled once, and git and `make clean` know where that lies.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="wabiz-") as scratch:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_public(Path(scratch)))
        failed = failures(names, Room(Path(scratch)))
    told = f"failed: {', '.join(failed)}" if failed else "all passed"
    print(f"{len(names)} stages in {time.monotonic() - begun:.0f} s, {told}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
