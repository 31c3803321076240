# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What root does in folders where another user may write: each step, with what that user could put in its way."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wabiz.monitoring.plugins.module_utils._host import folders
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.folders import (
    Folder,
    Owner,
    Refused,
    folder,
    weakness,
)

OURS = Owner(os.geteuid(), os.getegid(), 0o640)
ANOTHER = 65534
MARK = "what only root may read"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what belongs to another user")


@pytest.fixture(name="secret")
def _secret(tmp_path: Path) -> Path:
    """A file that is not to be read, changed or given away."""
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    path.write_text(MARK)
    return path


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Path:
    """A folder."""
    path = tmp_path / "place"
    path.mkdir(mode=0o755)
    return path


@pytest.fixture(name="theirs")
def _theirs(place: Path) -> Path:
    """The folder, when another user has it."""
    os.chown(place, ANOTHER, ANOTHER)
    return place


def entered(here: Folder) -> str:
    here.enter("link").close()
    return "entered"


#: What may be done with a name that is a link to the secret; it fails, or the link itself is meant.
STEPS: dict[str, Callable[[Folder], object]] = {
    "enter": entered,
    "read": lambda here: here.read("link", OURS),
    "holds": lambda here: here.holds("link", MARK.encode()) or None,
    "content": lambda here: here.content("link") or None,
    "write": lambda here: here.write("link", b"new", OURS),
    "link": lambda here: here.link("link", "elsewhere"),
    "make": lambda here: here.make("link", OURS),
    "remove": lambda here: here.remove("link"),
    "remove_empty": lambda here: here.remove_empty("link"),
    "remove_tree": lambda here: here.remove_tree("link"),
}


@pytest.mark.parametrize("leads_to", ["file", "folder"])
@pytest.mark.parametrize("step", STEPS)
def test_no_step_follows_a_link(step: str, leads_to: str, place: Path, secret: Path) -> None:
    target = secret if leads_to == "file" else secret.parent / "folder"
    if leads_to == "folder":
        target.mkdir()
        secret.rename(target / "secret")
    (place / "link").symlink_to(target)
    before = target.stat()
    try:
        with folder(str(place)) as here:
            assert STEPS[step](here) is None
    except OSError:
        assert step in ("enter", "make", "remove_empty", "remove_tree")
    after = target.stat()
    assert (after.st_uid, after.st_mode, after.st_mtime_ns) == (before.st_uid, before.st_mode, before.st_mtime_ns)
    assert (target if leads_to == "file" else target / "secret").read_text() == MARK


def test_every_step_on_a_name_is_tried() -> None:
    taking_a_name = {
        name
        for name, step in vars(Folder).items()
        if callable(step) and not name.startswith("_") and "name" in step.__code__.co_varnames
    }
    # These two are there to look at links.
    assert taking_a_name - {"status", "target"} == set(STEPS)


@pytest.mark.parametrize("kind", ["pipe", "folder", "socket"])
def test_what_is_no_file_is_not_read_and_not_waited_for(kind: str, place: Path) -> None:
    if kind == "folder":
        (place / "it").mkdir()
    else:
        os.mknod(place / "it", (stat.S_IFIFO if kind == "pipe" else stat.S_IFSOCK) | 0o600)
    with folder(str(place)) as here:
        assert here.read("it", OURS) is None


def test_a_new_file_is_root_s_alone_until_it_is_complete(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    change = os.fchmod

    def spy(descriptor: int, mode: int) -> None:
        (new,) = place.iterdir()
        seen.append((owner(new), new.read_text(), new.name == "new"))
        change(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", spy)
    with folder(str(place)) as here:
        here.write("new", b"all of it", OURS)
    assert seen == [(OURS._replace(mode=0o600), "all of it", False)]
    assert owner(place / "new") == OURS


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(place: Path) -> None:
    (place / "new" / "full").mkdir(parents=True)
    with folder(str(place)) as here, pytest.raises(OSError, match="directory"):
        here.write("new", b"x", OURS)
    assert [path.name for path in place.iterdir()] == ["new"]


@pytest.mark.parametrize("exchanged_for", ["a full one", "a link"])
def test_a_folder_that_was_exchanged_does_not_change_hands(
    exchanged_for: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = place.parent / "other"
    (other / "inside").mkdir(parents=True)
    make = os.mkdir

    def exchange(name: str, mode: int, dir_fd: int) -> None:
        make(name, mode, dir_fd=dir_fd)
        (place / name).rmdir()
        if exchanged_for == "a link":
            (other / "inside").rmdir()
            (place / name).symlink_to(other)
        else:
            other.rename(place / name)

    monkeypatch.setattr(os, "mkdir", exchange)
    with folder(str(place)) as here, pytest.raises((Refused, OSError)):
        here.make("new", OURS._replace(gid=ANOTHER))
    assert [path.stat().st_gid for path in (*place.iterdir(), *place.parent.glob("other"))] == [os.getegid()]


def test_a_tree_is_removed_and_what_its_links_lead_to_stays(place: Path, secret: Path) -> None:
    tree = place / "tree"
    (tree / "deep" / "deeper").mkdir(parents=True)
    (tree / "deep" / "file").touch()
    (tree / "to-file").symlink_to(secret)
    (tree / "deep" / "to-folder").symlink_to(secret.parent)
    with folder(str(place)) as here:
        here.remove_tree("tree")
    assert list(place.iterdir()) == []
    assert secret.read_text() == MARK


def owner(path: Path) -> Owner:
    return folders.owner_of(path.stat())


def test_links_that_only_we_can_change_are_followed(place: Path) -> None:
    (place / "real" / "inside").mkdir(parents=True)
    (place / "absolute").symlink_to(place / "real")
    (place / "relative").symlink_to("./absolute/../real")
    with folder(str(place / "relative" / "inside")) as here:
        here.write("new", b"x", OURS)
        assert here.path == str(place / "real" / "inside")
    assert (place / "real" / "inside" / "new").exists()


def test_a_link_that_leads_to_itself_is_no_endless_walk(place: Path) -> None:
    (place / "round").symlink_to("round")
    with pytest.raises(Refused, match="too many symbolic links"), folder(str(place / "round")):
        pass


@needs_root
def test_a_link_of_another_user_is_refused_in_one_sentence(theirs: Path) -> None:
    (theirs / "link").symlink_to("/etc")
    with pytest.raises(Refused) as refused, folder(str(theirs / "link" / "x")):
        pass
    assert str(refused.value) == (
        f"{theirs}/link is a symbolic link that user {ANOTHER} can change, so it is not followed: "
        "name the folder that it leads to"
    )


@needs_root
def test_where_all_can_write_only_our_own_links_are_followed(place: Path) -> None:
    place.chmod(0o1777)
    (place / "ours").symlink_to("/etc")
    (place / "theirs").symlink_to("/etc")
    os.chown(place / "theirs", ANOTHER, ANOTHER, follow_symlinks=False)
    with folder(str(place / "ours")) as here:
        assert here.path == "/etc"
    with pytest.raises(Refused), folder(str(place / "theirs")):
        pass


#: What another user can make of a file that is not to be read; each leads to the secret, or looks like ours.
@needs_root
@pytest.mark.parametrize("how", ["hard link", "other owner", "other mode", "ours"])
def test_in_a_folder_of_another_user_only_what_is_exactly_ours_is_read(how: str, theirs: Path, secret: Path) -> None:
    file = theirs / "file"
    if how == "hard link":
        os.link(secret, file)
        file.chmod(OURS.mode)
    else:
        file.write_text(MARK)
        file.chmod(0o600 if how == "other mode" else OURS.mode)
        os.chown(file, 0, 42 if how == "other owner" else 0)
    with folder(str(theirs)) as here:
        assert here.read("file", OURS) == (MARK.encode() if how == "ours" else None)


@needs_root
def test_a_folder_that_another_user_may_have_put_there_does_not_change_hands(theirs: Path) -> None:
    (theirs / "inside").mkdir()
    with folder(str(theirs / "inside")) as here, pytest.raises(Refused, match="can put others in its place"):
        here.give(OURS._replace(uid=ANOTHER))
    assert (theirs / "inside").stat().st_uid == 0


@needs_root
def test_a_folder_that_another_user_made_where_all_can_write_does_not_change_hands(place: Path) -> None:
    place.chmod(0o1777)
    (place / "inside").mkdir()
    os.chown(place / "inside", ANOTHER, ANOTHER)
    with folder(str(place / "inside")) as here, pytest.raises(Refused):
        here.give(OURS)
    with folder(str(place)) as here:
        here.make("own", OURS)
    with folder(str(place / "own")) as here:
        here.give(OURS._replace(uid=ANOTHER, mode=0o700))
    assert owner(place / "own") == Owner(ANOTHER, OURS.gid, 0o700)


def rights_of(user: int) -> bytes:
    """That a user may do everything with what lies in a folder, as the kernel wants to be told."""
    entries = [(0x01, 7, -1), (0x02, 7, user), (0x04, 5, -1), (0x10, 7, -1), (0x20, 5, -1)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


@needs_root
@pytest.mark.parametrize("whose", ["another user's", "ours"])
def test_what_is_new_inherits_no_rights_that_another_user_gave(whose: str, place: Path) -> None:
    try:
        os.setxattr(place, "system.posix_acl_default", rights_of(ANOTHER))
    except OSError:
        pytest.skip("left out: this file system keeps no rights of single users")
    if whose == "another user's":
        os.chown(place, ANOTHER, ANOTHER)
    with folder(str(place)) as here:
        here.write("file", b"secret", OURS)
        here.make("folder", OURS)
    granted = [each for path in place.iterdir() for each in os.listxattr(path) if "posix_acl" in each]
    # What an admin gives in a folder of root's is the admin's own affair.
    assert bool(granted) is (whose == "ours")


def listed_for(path: Path) -> Path:
    """Let another user change it, in a way that shows only as a right of root's group."""
    try:
        os.setxattr(path, "system.posix_acl_access", rights_of(ANOTHER))
    except OSError:
        pytest.skip("left out: this file system keeps no rights of single users")
    return path


@needs_root
def test_where_an_access_control_list_lets_another_write_nothing_is_read_or_changes_hands(
    place: Path,
) -> None:
    (place / "inside").mkdir(mode=0o755)
    (place / "file").write_text(MARK)
    listed_for(place)
    with folder(str(place)) as here:
        assert here.read("file") is None
    with folder(str(place / "inside")) as here, pytest.raises(Refused, match=f"user {ANOTHER} can put others in"):
        here.give(OURS._replace(uid=ANOTHER))
    (place / "link").symlink_to("/etc")
    with pytest.raises(Refused, match="is not followed"), folder(str(place / "link")):
        pass


@needs_root
def test_a_file_that_an_access_control_list_lets_another_user_change_is_not_read_as_root_s(place: Path) -> None:
    (place / "file").write_text(MARK)
    with folder(str(place)) as here:
        assert here.read("file") == MARK.encode()
        listed_for(place / "file")
        assert here.read("file") is None


def a_parent(place: Path) -> Path:
    os.chown(place, ANOTHER, 0)
    return place


def everybody(place: Path) -> Path:
    place.chmod(0o777)
    return place


def a_group(place: Path) -> Path:
    os.chown(place / "venv" / "bin", 0, ANOTHER)
    (place / "venv" / "bin").chmod(0o775)
    return place / "venv" / "bin"


def a_file(place: Path) -> Path:
    os.chown(place / "venv" / "lib" / "code.py", ANOTHER, 0)
    return place / "venv" / "lib" / "code.py"


def a_list(place: Path) -> Path:
    return listed_for(place / "venv" / "lib" / "code.py")


def a_list_above(place: Path) -> Path:
    return listed_for(place)


def a_target(place: Path) -> Path:
    os.chown(place / "python", ANOTHER, 0)
    return place / "python"


@needs_root
@pytest.mark.parametrize("spoil", [a_parent, everybody, a_group, a_file, a_list, a_list_above, a_target])
def test_code_that_another_can_change_is_found_wherever_that_is(spoil: Callable[[Path], Path], place: Path) -> None:
    (place / "python").touch()
    for name in ("bin", "lib"):
        (place / "venv" / name).mkdir(parents=True)
    (place / "venv" / "lib" / "code.py").touch()
    (place / "venv" / "bin" / "python").symlink_to(place / "python")
    assert weakness(str(place / "venv")) is None
    spoilt = spoil(place)
    found = weakness(str(place / "venv"))
    assert found
    assert found.place == str(spoilt)


def a_source(place: Path) -> Path:
    """A folder outside with code in it."""
    source = place / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "code.py").touch()
    return source


#: How a virtual environment comes to import what lies elsewhere.
LEADS: dict[str, Callable[[Path, Path], object]] = {
    "a line of a .pth": lambda site, source: (site / "x.pth").write_text(f"# why\nimport os\n\n{source}  \n"),
    "a relative line": lambda site, source: (site / "x.pth").write_text("../../source"),
    "an egg-link": lambda site, source: (site / "x.egg-link").write_text(f"{source}\n."),
    "an editable installation": lambda site, source: (site / "__editable___x_finder.py").write_text(
        f"MAPPING: dict[str, str] = {{'x': '{source}/deep'}}"
    ),
    "a link to a folder": lambda site, source: (site / "x").symlink_to(source),
}


@needs_root
@pytest.mark.parametrize("spoilt", [".", "deep", "deep/code.py"])
@pytest.mark.parametrize("lead", LEADS)
def test_code_is_found_that_a_virtual_environment_leads_to(lead: str, spoilt: str, place: Path) -> None:
    site = place / "venv" / "site"
    site.mkdir(parents=True)
    source = a_source(place)
    LEADS[lead](site, source)
    assert weakness(str(place / "venv")) is None
    os.chown(source / spoilt, ANOTHER, ANOTHER)
    found = weakness(str(place / "venv"))
    assert found
    assert found.who == f"user {ANOTHER}"
    assert Path(found.place).resolve() == source / spoilt


@needs_root
@pytest.mark.parametrize("lead", sorted(set(LEADS) - {"a relative line"}))
def test_what_is_led_to_and_not_there_yet_is_as_weak_as_the_nearest_that_is(lead: str, place: Path) -> None:
    site, outside = place / "venv" / "site", place / "outside"
    site.mkdir(parents=True)
    outside.mkdir()
    LEADS[lead](site, outside / "no" / "source")
    assert weakness(str(place / "venv")) is None
    os.chown(outside, ANOTHER, ANOTHER)
    found = weakness(str(place / "venv"))
    assert found
    assert (found.who, found.place) == (f"user {ANOTHER}", str(outside))


@needs_root
def test_the_library_of_a_python_counts_as_the_python(place: Path) -> None:
    (place / "venv").mkdir()
    (place / "venv" / "pyvenv.cfg").write_text(f"home = {place}/base/bin\nversion = 3.11.2\n")
    library = place / "base" / "lib" / "python3.11"
    (library / "json").mkdir(parents=True)
    assert weakness(str(place / "venv")) is None
    os.chown(library / "json", ANOTHER, ANOTHER)
    found = weakness(str(place / "venv"))
    assert found
    assert found.place == str(library / "json")


@needs_root
def test_what_leads_to_itself_is_looked_at_once(place: Path) -> None:
    (place / "venv" / "lib").mkdir(parents=True)
    (place / "venv" / "lib64").symlink_to("lib")
    (place / "venv" / "lib" / "x.pth").write_text(f"{place}/venv\n.\n")
    assert weakness(str(place / "venv")) is None


@needs_root
def test_a_folder_that_is_not_there_yet_is_as_weak_as_the_nearest_that_is(place: Path) -> None:
    assert weakness(str(place / "not" / "there")) is None
    os.chown(place, ANOTHER, 0)
    found = weakness(str(place / "not" / "there"))
    assert found
    assert (found.who, found.place) == (f"user {ANOTHER}", str(place))
