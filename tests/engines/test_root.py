# SPDX-License-Identifier: BSD-2-Clause
"""What the role does as root where the engine's user can write, while that user does what it can to gain from it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import distribution
import pytest
import yaml
from shown import ROOT

from .conftest import leave_out, new_folder
from .module import run_module
from .user import User, executable

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights that another can gain")

#: `make soak` takes more.
ROUNDS = int(os.environ.get("WABIZ_ROUNDS", "3"))
MARK = "what only root may read"
RACER = Path(__file__).with_name("racer.py").read_text(encoding="utf-8")
TOKEN = f"token-{'0123456789abcdef' * 2}.json"
ROLE = yaml.safe_load((ROOT / "roles/check_plugins/vars/main.yml").read_text(encoding="utf-8"))
VALIDATORS = ROLE["check_plugins__validator"]
(TOKENS,) = ROLE["check_plugins__token_files"]


@dataclass(frozen=True)
class Stock:
    """An engine as Debian's package brings it."""

    folder: str
    main: str
    file: str
    """What the role writes."""
    text: str
    """Something that the engine accepts there."""


STOCK = {
    "nagios": Stock("/etc/nagios4", "nagios.cfg", "conf.d/wabiz.cfg", "# wabiz\n"),
    "icinga2": Stock("/etc/icinga2", "icinga2.conf", "conf.d/wabiz-hosts.conf", "// wabiz\n"),
    "nrpe": Stock("/etc/nagios", "nrpe.cfg", "nrpe.d/wabiz.cfg", "command[wabiz]=/bin/true\n"),
}


@dataclass(frozen=True)
class Arena:
    """A monitoring host, as a folder, with what only root may read."""

    user: User
    folder: Path

    @property
    def secret(self) -> Path:
        """A folder that nobody else may enter, with files of the names that the role removes and writes."""
        return self.folder / "secret"

    @property
    def home(self) -> Path:
        """A folder of the engine's user."""
        return self.user.folder(self.folder / "home")

    @property
    def tries(self) -> Path:
        """Where everybody can put files for a while, and configurations are tried."""
        folder = self.folder / "tmp"
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o1777)
        return folder

    def add_secrets(self, *names: str) -> None:
        self.secret.mkdir(mode=0o700)
        for name in ("root-only", *names):
            (self.secret / name).touch(mode=0o600)
            (self.secret / name).write_text(MARK, encoding="utf-8")

    def secrets(self) -> dict[str, tuple[int, int, int, str]]:
        """All that is secret: whose it is, who may do what with it, and what it is."""
        found = {}
        for path in (self.secret, *self.secret.rglob("*")):
            status = path.lstat()
            content = path.read_text(encoding="utf-8") if path.is_file() else ""
            found[path.name] = (status.st_uid, status.st_gid, status.st_mode, content)
        return found

    def install(self, engine: str) -> Stock:
        """The configuration that the engine's package brings, with its owners, in a folder of this host."""
        stock = STOCK[engine]
        if executable({"nagios": "nagios4"}.get(engine, engine)) is None or not Path(stock.folder).is_dir():
            leave_out(f"{engine} as Debian packs it")
        conf = self.folder / "conf"
        subprocess.run(["cp", "-a", stock.folder, conf], check=True)
        for path in conf.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.suffix in (".cfg", ".conf"):
                text = path.read_text(encoding="utf-8")
                # In place: whose it is stays as it is.
                path.write_text(text.replace(f"{stock.folder}/", f"{conf}/"), encoding="utf-8")
        return stock

    def give_away(self, folder: Path) -> None:
        """As where the whole configuration belongs to the engine's user."""
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.user.uid, self.user.gid, follow_symlinks=False)

    def trial(self, engine: str) -> dict[str, Any]:
        """How the role has the engine asked."""
        main = str(self.folder / "conf" / STOCK[engine].main)
        return {
            "engine": engine,
            "main": main,
            "user": self.user.name,
            "group": self.user.group,
            "command": VALIDATORS[engine],
        }

    def write(self, engine: str, text: str = "", **more: Any) -> dict[str, Any]:
        """Have the role write its file for an engine; gives what comes of it."""
        stock = STOCK[engine]
        new = self.folder / "new"
        new.write_text(text or stock.text, encoding="utf-8")
        new.chmod(0o600)
        entry = {"path": str(self.folder / "conf" / stock.file), "src": str(new), "mode": "0644"}
        trial = {**self.trial(engine), **more}
        return run_module("check_plugins_files", entries=[entry], trial=trial, scratch=str(self.tries))

    @contextlib.contextmanager
    def raced(self, **spec: list[Any]) -> Iterator[None]:
        """The engine's user works against root while the block runs."""
        python = distribution.interpreter(self.user.prefix)
        command = [*self.user.prefix, python, "-I", "-c", RACER, json.dumps(spec)]
        with subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE) as racer:
            assert racer.stdout
            try:
                assert racer.stdout.readline() == b"ready\n"
                yield
                assert racer.poll() is None
            finally:
                racer.kill()


@pytest.fixture
def arena(user: User, scratch: Path) -> Iterator[Arena]:
    """A host on which nothing is yet."""
    folder = new_folder(scratch, "arena-")
    folder.chmod(0o755)
    yield Arena(user, folder)
    shutil.rmtree(folder)


def race_the_trial(arena: Arena, engine: str, number: int) -> dict[str, Any]:
    """The user plants links where the configuration is tried, where it is put, or on the way there."""
    stock = arena.install(engine)
    conf = arena.folder / "conf"
    arena.give_away(conf)
    victim, folder = str(arena.secret / "root-only"), str((conf / stock.file).parent)
    links = dict.fromkeys((stock.main, "log", "constants.conf", "zones.conf", "0.cfg", "conf.d"), victim)
    tricks: dict[str, list[Any]] = {
        "plant": [[str(arena.tries), "wabiz-try-", links]],
        "replace": [[folder, f".{Path(stock.file).name}", victim], [folder, Path(stock.file).name, victim]],
        "swap": [[folder, str(arena.secret)]],
    }
    name = list(tricks)[number % len(tricks)]
    with arena.raced(**{name: tricks[name]}):
        # What is refused is told: a good occasion to be told something else.
        return arena.write(engine, "" if number % 2 else "nonsense {\n")


def race_the_uninstall(arena: Arena, engine: str, number: int) -> dict[str, Any]:
    """The user exchanges the folders in which files are removed."""
    home = arena.home
    for name, file in (("etc", "deployments.ini"), ("state", TOKEN), ("conf.d", "wabiz.cfg")):
        place = arena.user.folder(home / name)
        arena.user.file(place / file, "own")
    arena.user.folder(arena.user.folder(home / "zones.d") / "zone")
    with arena.raced(swap=[[str(home / name), str(arena.secret)] for name in ("etc", "state", "conf.d", "zones.d")]):
        entries = [
            {"path": str(home / "etc" / "deployments.ini"), "state": "absent"},
            {"path": str(home / "conf.d" / "wabiz.cfg"), "state": "absent"},
            {**TOKENS, "path": str(home / "state")},
            *({"path": str(home / name), "state": "emptied"} for name in ("zones.d/zone", "etc", "state")),
        ]
        return run_module("check_plugins_files", entries=[entries[number % len(entries)]])


RACES = {"nagios": race_the_trial, "icinga2": race_the_trial, "nrpe": race_the_trial, "uninstall": race_the_uninstall}


@pytest.mark.parametrize("what", RACES)
def test_who_races_root_gains_nothing(what: str, user: User, scratch: Path) -> None:
    lost = []
    for number in range(ROUNDS):
        folder = new_folder(scratch, "race-")
        folder.chmod(0o755)
        arena = Arena(user, folder)
        arena.add_secrets("deployments.ini", TOKEN, "wabiz.cfg", "zone", Path(STOCK["icinga2"].file).name)
        before = arena.secrets()
        told = RACES[what](arena, what, number)
        if arena.secrets() != before or MARK in told["printed"]:
            lost.append((number, told["printed"]))
        shutil.rmtree(folder)
    assert lost == []


def linked_file(arena: Arena) -> dict[str, Any]:
    (arena.home / "file").symlink_to(arena.secret / "root-only")
    return {"path": "file", "content": "new", "mode": "0644"}


def shown_file(arena: Arena) -> dict[str, Any]:
    new = arena.folder / "new"
    new.write_text("new", encoding="utf-8")
    (arena.home / "file").symlink_to(arena.secret / "root-only")
    return {"path": "file", "src": str(new), "mode": "0644"}


def hard_link(arena: Arena) -> dict[str, Any]:
    entry = shown_file(arena)
    (arena.home / "file").unlink()
    os.link(arena.secret / "root-only", arena.home / "file")
    return {**entry, "mode": "0600"}


def pipe(arena: Arena) -> dict[str, Any]:
    os.mkfifo(arena.home / "file", 0o644)
    return {"path": "file", "content": "new", "mode": "0644"}


def linked_folder(arena: Arena) -> dict[str, Any]:
    (arena.home / "etc").symlink_to(arena.secret)
    return {"path": "etc/root-only", "content": "new", "mode": "0644"}


def linked_state(arena: Arena) -> dict[str, Any]:
    (arena.home / "state").symlink_to(arena.secret)
    return {"path": "state", "state": "directory", "owner": arena.user.name, "mode": "0700"}


def state_above(arena: Arena) -> dict[str, Any]:
    (arena.home / "var").symlink_to(arena.secret)
    return {"path": "var/state", "state": "directory", "owner": arena.user.name, "mode": "0700"}


def another_folder(arena: Arena) -> dict[str, Any]:
    # A folder of root's, moved to where the user's own is to be.
    (arena.home / "state").mkdir(mode=0o700)
    return {"path": "state", "state": "directory", "owner": arena.user.name, "mode": "0700"}


def link_in_link(arena: Arena) -> dict[str, Any]:
    (arena.home / "plugins").symlink_to(arena.secret)
    return {"path": "plugins/root-only", "state": "link", "src": "/bin/true"}


def removed_in_link(arena: Arena) -> dict[str, Any]:
    (arena.home / "etc").symlink_to(arena.secret)
    return {"path": "etc/root-only", "state": "absent"}


def cleared_link(arena: Arena) -> dict[str, Any]:
    (arena.home / "state").symlink_to(arena.secret)
    return {"path": "state", "state": "cleared", "names": ".*"}


def tree_of_another(arena: Arena) -> dict[str, Any]:
    (arena.home / "venv").mkdir(mode=0o700)
    (arena.home / "venv" / "file").write_text("root's", encoding="utf-8")
    return {"path": "venv", "state": "gone"}


#: What lies in wait for root in a folder of the engine's user, and what root says of it; nothing if it takes its place.
PLANTED: dict[Callable[[Arena], dict[str, Any]], str] = {
    linked_file: "",
    shown_file: "",
    hard_link: "",
    pipe: "",
    linked_folder: "is a symbolic link that user",
    linked_state: "is a symbolic link that user",
    state_above: "is a symbolic link that user",
    another_folder: "has another owner or mode than it shall have",
    link_in_link: "is a symbolic link that user",
    removed_in_link: "is a symbolic link that user",
    cleared_link: "is a symbolic link that user",
    tree_of_another: "can put another folder there",
}


@pytest.mark.parametrize("plant", PLANTED)
def test_what_lies_in_wait_for_root_gains_nothing(plant: Callable[[Arena], dict[str, Any]], arena: Arena) -> None:
    arena.add_secrets()
    entry = plant(arena)
    before = arena.secrets()
    told = run_module("check_plugins_files", entries=[{**entry, "path": str(arena.home / entry["path"])}])
    assert arena.secrets() == before
    assert MARK not in told["printed"]
    assert told.get("failed", False) is bool(PLANTED[plant]), told
    assert PLANTED[plant] in told.get("msg", "")
    if not PLANTED[plant]:
        assert (arena.home / "file").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("engine", STOCK)
def test_the_engine_is_asked_with_the_rights_of_its_user(
    arena: Arena, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena.add_secrets()
    arena.install(engine)
    monkeypatch.setenv("OF_ROOT_ALONE", "in the environment")
    ask = f"id -un; id -gn; pwd; cat {arena.secret}/root-only; env; ls -l {{folder}}; false"
    told = arena.write(engine, command=["sh", "-c", ask])["msg"]
    assert told.splitlines()[:3] == [arena.user.name, arena.user.group, "/"]
    assert "Permission denied" in told
    assert "OF_ROOT_ALONE" not in told


def test_where_root_s_own_place_for_a_while_is_closed_the_engine_is_asked_elsewhere(arena: Arena) -> None:
    arena.install("nagios")
    # Slashes are left out, as the folder's name is not told.
    ask = ["sh", "-c", "echo {folder} | tr / :; false"]
    here = f"{arena.tries}/wabiz-try-".replace("/", ":")
    assert arena.write("nagios", command=ask)["msg"].startswith(here)
    arena.tries.chmod(0o700)
    told = arena.write("nagios", command=ask)["msg"]
    assert ":wabiz-try-" in told
    assert here not in told


@pytest.mark.parametrize("engine", STOCK)
def test_what_the_engine_s_user_cannot_read_is_not_told_by_way_of_the_trial(arena: Arena, engine: str) -> None:
    arena.add_secrets()
    stock = arena.install(engine)
    arena.give_away(arena.folder / "conf")
    written = arena.folder / "conf" / stock.file
    for planted in (written.with_name(f"other{written.suffix}"), arena.folder / "conf" / stock.main):
        written.unlink(missing_ok=True)
        planted.unlink(missing_ok=True)
        planted.symlink_to(arena.secret / "root-only")
        told = arena.write(engine)
        assert MARK not in told["printed"]
    assert told["failed"]


@pytest.mark.parametrize("engine", STOCK)
def test_on_what_debian_brings_the_engine_accepts_the_file_and_it_is_root_s(arena: Arena, engine: str) -> None:
    stock = arena.install(engine)
    told = arena.write(engine)
    assert told["changed"], told
    written = arena.folder / "conf" / stock.file
    status = written.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, 0, 0o644)
    assert written.read_text(encoding="utf-8") == stock.text
    assert not arena.write(engine)["changed"]
