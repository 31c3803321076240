# SPDX-License-Identifier: BSD-2-Clause
"""The files that a user names: who else can read or change them is found out, and each is read once, up to a size."""

from __future__ import annotations

import importlib
import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from forks import NAMESPACES
from wabiz_monitoring._core.misuse import Misuse
from wabiz_monitoring._edge import reach
from wabiz_monitoring._edge.files import LARGEST, Files, lent, read_whole

STRANGER = 12345
"""A user and a group that nobody on this machine is."""


class Laid(NamedTuple):
    """Modes and owners on the way to a file: of the folder, of the file, and of a symlink to it (None: no symlink)."""

    folder: int = 0o755
    file: int = 0o600
    folder_owner: int = 0
    owner: int = 0
    group: int = 0
    link_owner: int | None = None


# How it lies there, and what is said; PATH, FOLDER and LINK stand for the three.
SILENT = [
    Laid(),
    # A service's user reads what belongs to root by way of the group.
    Laid(file=0o640, group=STRANGER),
    # Others may make files of their own there, and that is all.
    Laid(folder=0o1777),
    Laid(link_owner=0),
    # Whoever is in root's group is trusted like root.
    Laid(file=0o660),
]
NOTED = [
    (Laid(file=0o620, group=STRANGER), f"group {STRANGER} can change PATH: chmod g-w PATH"),
    (Laid(owner=STRANGER), f"user {STRANGER} can change PATH: chown root PATH"),
    (Laid(folder_owner=STRANGER), f"user {STRANGER} can replace PATH: chown root FOLDER"),
    (Laid(link_owner=STRANGER), f"user {STRANGER} can change LINK: chown -h root LINK"),
    (Laid(file=0o644), "PATH holds a secret and everybody can read it: chmod o-r it"),
]
REFUSED = [
    (Laid(file=0o602), "everybody can change PATH: chmod o-w PATH"),
    (Laid(folder=0o777), "everybody can replace PATH: chmod o-w FOLDER"),
    # The worst counts.
    (Laid(folder=0o777, owner=STRANGER), "everybody can replace PATH: chmod o-w FOLDER"),
    (Laid(folder=0o777, link_owner=0), "everybody can replace LINK: chmod o-w FOLDER"),
]


@pytest.fixture
def root() -> None:
    """Leaves a test out for users who cannot give files away."""
    if os.geteuid() != 0:
        pytest.skip("left out: only root can give a file to another user")


def laid(tmp_path: Path, how: Laid) -> dict[str, str]:
    """A file laid out that way: what FOLDER, PATH and LINK stand for, and the path that a user names."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path, link = folder / "file", tmp_path / "link"
    path.write_bytes(b"content")
    os.chown(path, how.owner, how.group)
    path.chmod(how.file)
    os.chown(folder, how.folder_owner, 0)
    folder.chmod(how.folder)
    if how.link_owner is not None:
        link.symlink_to(path)
        os.chown(link, how.link_owner, 0, follow_symlinks=False)
    named = path if how.link_owner is None else link
    return {"PATH": str(path), "FOLDER": str(folder), "LINK": str(link), "named": str(named)}


def spelt(told: str, places: dict[str, str]) -> str:
    for name, path in places.items():
        told = told.replace(name, path)
    return told


def read(path: str) -> Files:
    files = Files()
    content = files.read("--option", path)
    assert content.data == b"content"
    files.holds_secret(content)
    return files


@pytest.mark.parametrize("how", SILENT)
def test_a_file_that_nobody_else_can_change_is_read_without_a_word(how: Laid, tmp_path: Path, root: None) -> None:
    assert read(laid(tmp_path, how)["named"]).notes == []


@pytest.mark.parametrize(("how", "told"), NOTED)
def test_who_else_can_read_or_change_it_is_noted(how: Laid, told: str, tmp_path: Path, root: None) -> None:
    places = laid(tmp_path, how)
    assert read(places["named"]).notes == [spelt(told, places)]


@pytest.mark.parametrize(("how", "told"), REFUSED)
def test_what_everybody_can_change_is_refused(how: Laid, told: str, tmp_path: Path, root: None) -> None:
    places = laid(tmp_path, how)
    with pytest.raises(Misuse) as refused:
        read(places["named"])
    assert str(refused.value) == spelt(f"--option {places['named']} is refused: {told}", places)


def as_user(number: int, work: Callable[[], list[str]]) -> list[str]:
    """What work gives when a user of this number, in a group of the same, does it."""
    # That user may not be allowed to read the library of this Python.
    importlib.import_module("grp")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(number)
        os.setuid(number)
        os.write(writer, json.dumps(work()).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        told: list[str] = json.loads(pipe.read())
    os.waitpid(child, 0)
    return told


@pytest.mark.parametrize(("number", "notes"), [(4321, []), (321, ["group 321 can change PATH: chmod g-w PATH"])])
def test_a_group_of_ones_own_is_as_good_as_oneself(number: int, notes: list[str], root: None) -> None:
    # Many systems give each person such a group, and let it write. That of a service may have members.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "file")
        path.write_bytes(b"content")
        os.chown(path, number, number)
        path.chmod(0o660)
        told = [spelt(note, {"PATH": str(path)}) for note in notes]
        assert as_user(number, lambda: read(str(path)).notes) == told


OWNER, USER, ITS_GROUP, GROUP, MOST, OTHERS = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
"""Of whom a line of an access control list is; MOST is what users and groups that are named have at most."""
WHOM = {USER: f"user {STRANGER}", GROUP: f"group {STRANGER}"}


def list_rights(path: Path, *lines: tuple[int, int, int], most: int = 7, of_group: int = 5, of_others: int = 0) -> None:
    """Give a file or folder an access control list, as the kernel wants to be told."""
    rest = [(OWNER, 7, -1), (ITS_GROUP, of_group, -1), (MOST, most, -1), (OTHERS, of_others, -1)]
    listed = b"".join(struct.pack("<HHi", *line) for line in sorted([*rest, *lines]))
    try:
        os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + listed)
    except OSError:
        pytest.skip("left out: this file system keeps no rights of single users")


@pytest.mark.parametrize("kind", [USER, GROUP])
@pytest.mark.parametrize("place", ["PATH", "FOLDER"])
def test_whom_an_access_control_list_lets_change_it_is_noted(place: str, kind: int, tmp_path: Path, root: None) -> None:
    # The mode shows that as a right of the group, which is root's.
    places = laid(tmp_path, Laid())
    list_rights(Path(places[place]), (kind, 2 if place == "PATH" else 3, STRANGER), of_others=1)
    does = "change" if place == "PATH" else "replace"
    remedy = f"setfacl -x {'u' if kind == USER else 'g'}:{STRANGER} {places[place]}"
    assert read(places["named"]).notes == [f"{WHOM[kind]} can {does} {places['PATH']}: {remedy}"]


@pytest.mark.parametrize("kind", [USER, GROUP])
def test_whom_an_access_control_list_lets_read_a_secret_is_noted(kind: int, tmp_path: Path, root: None) -> None:
    places = laid(tmp_path, Laid())
    list_rights(Path(places["PATH"]), (kind, 4, STRANGER), most=4, of_group=0)
    remedy = f"setfacl -x {'u' if kind == USER else 'g'}:{STRANGER} it"
    assert read(places["named"]).notes == [f"{places['PATH']} holds a secret and {WHOM[kind]} can read it: {remedy}"]


@pytest.mark.parametrize(
    ("group", "lines", "most", "of_group"),
    [
        # What the mask takes away nobody has; what the group has not, the mode nevertheless shows.
        (0, [(USER, 7, STRANGER)], 0, 7),
        (STRANGER, [(USER, 7, 0)], 7, 4),
        # Root, and whoever is trusted like root, can do that anyway.
        (0, [(USER, 7, 0), (GROUP, 7, 0)], 7, 7),
    ],
)
def test_an_access_control_list_that_gives_nobody_else_a_right_is_no_word_worth(
    group: int, lines: list[tuple[int, int, int]], most: int, of_group: int, tmp_path: Path, root: None
) -> None:
    places = laid(tmp_path, Laid(group=group))
    list_rights(Path(places["PATH"]), *lines, most=most, of_group=of_group)
    assert read(places["named"]).notes == []


def test_a_service_s_user_may_read_by_an_access_control_list_as_by_a_group(root: None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "file")
        path.write_bytes(b"content")
        list_rights(path, (USER, 4, 321), most=4, of_group=0)
        assert as_user(321, lambda: read(str(path)).notes) == []


@pytest.mark.parametrize("how", ["a member", "a first group"])
def test_a_group_of_ones_own_with_others_in_it_is_not_ones_own(how: str, root: None) -> None:
    number, other = 4321, 5432
    first = other if how == "a member" else number
    accounts = {
        "passwd": f"me:x:{number}:{number}::/:/bin/sh\nyou:x:{other}:{first}::/:/bin/sh\n",
        "group": f"me:x:{number}:{'you' if how == 'a member' else 'me'}\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "file")
        path.write_bytes(b"content")
        os.chown(path, number, number)
        path.chmod(0o660)
        # The accounts of this machine stay as they are.
        mounted = []
        for name, text in accounts.items():
            Path(folder, name).write_text(text)
            mounted.append(f"mount --bind {folder}/{name} /etc/{name}")
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
            pytest.skip("left out: this machine lets root have no file systems of its own (unshare --mount)")
        program = "import grp, os, sys, wabiz_monitoring._edge.acl; from wabiz_monitoring._edge.files import Files\n"
        program += "files = Files()\n"
        program += f"os.setgroups([]); os.setgid({number}); os.setuid({number})\n"
        program += "files.read('--option', sys.argv[1]); print(*files.notes)"
        script = " && ".join([*mounted, 'exec "$@"'])
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-c", program, path],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == (f"group {number} can change {path}: chmod g-w {path}\n", "")


def test_an_absolute_path_needs_no_current_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "file").chmod(0o600)
    gone = tmp_path / "gone"
    gone.mkdir()

    def work() -> list[str]:
        os.chdir(gone)
        gone.rmdir()
        return read(str(tmp_path / "file")).notes

    assert as_user(os.geteuid(), work) == []


def test_an_owner_whom_nobody_here_can_be_is_not_told(own_namespaces: None, root: None, tmp_path: Path) -> None:
    # In a container without root's powers whatever belongs to the real root seems to belong to nobody.
    path = tmp_path / "file"
    path.write_bytes(b"content")
    os.chown(path, STRANGER, 0)
    path.chmod(0o640)
    program = "import sys; from wabiz_monitoring._edge.files import Files; files = Files()\n"
    program += "files.read('--option', sys.argv[1]); print(files.notes)"
    for before, notes in (([], f"['user {STRANGER} can change {path}: chown root {path}']"), (NAMESPACES, "[]")):
        done = subprocess.run(
            [*before, sys.executable, "-c", program, path], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"{notes}\n"


def test_a_relative_path_is_judged_by_all_the_folders_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "open" / "shut").mkdir(parents=True)
    (tmp_path / "open" / "shut" / "file").write_bytes(b"content")
    (tmp_path / "open").chmod(0o777)
    monkeypatch.chdir(tmp_path / "open" / "shut")
    for path in ("file", "../shut/file", "./file"):
        with pytest.raises(Misuse, match=r"everybody can replace"):
            read(path)


def test_what_goes_on_without_end_is_read_up_to_a_size() -> None:
    with pytest.raises(Misuse, match=r"^--option /dev/zero: larger than 4 MiB$"):
        Files().read("--option", "/dev/zero")
    assert len(read_whole("/dev/zero", 1000).data) == 1001


def test_a_file_may_be_as_large_as_that(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(LARGEST))
    assert len(Files().read("--option", str(path)).data) == LARGEST


@pytest.mark.parametrize(
    ("path", "told"),
    [("/no/such", "No such file or directory"), ("/", "Is a directory"), ("a\0b", "a path cannot hold")],
)
def test_what_cannot_be_read_is_told_by_its_option(path: str, told: str) -> None:
    with pytest.raises(Misuse, match=f"^--option .*: {told}"):
        Files().read("--option", path)


def test_where_a_file_system_may_not_answer_it_is_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As of one that lies on a network, though this one answers.
    monkeypatch.setattr(reach, "_far", lambda: {str(tmp_path)})
    path = tmp_path / "file"
    path.write_bytes(b"content")
    for mode, told in ((0o600, []), (0o644, [f"{path} holds a secret and everybody can read it: chmod o-r it"])):
        path.chmod(mode)
        assert read(str(path)).notes == told
    path.chmod(0o602)
    with pytest.raises(Misuse, match=r"is refused: everybody can change"):
        read(str(path))
    with pytest.raises(Misuse, match=r"No such file or directory"):
        read(str(tmp_path / "none"))


def test_a_pipe_is_read_to_its_end() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"content")
    os.close(writer)
    assert read(f"/dev/fd/{reader}").notes == []
    os.close(reader)


@pytest.mark.parametrize("memory", [True, False])
def test_what_was_read_is_lent_under_a_path_for_as_long_as_it_is_needed(
    memory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not memory:
        # As on other systems than Linux.
        monkeypatch.delattr(os, "memfd_create")
    with lent(b"x" * 100_000) as path:
        for _turn in range(2):
            assert Path(path).read_bytes() == b"x" * 100_000
    assert not Path(path).exists()
