# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Who else can read or change a file that holds secrets, or decides who gets them.

Root and the user of the run are trusted, and so are their own groups. Members of the file's group may read it: that
is how a service's user gets at what belongs to root. An access control list may name others.
"""

from __future__ import annotations

import functools
import os
import stat
from typing import Iterator, List, NamedTuple, Optional, Union

from .reach import way

_FIRST_PERSON = 1000
"""Smaller numbers are of services, whose groups may have members."""
_UNMAPPED = 65534
"""Whom the kernel names as the owner when the real one does not exist in this user namespace."""


class Changer(NamedTuple):
    """Who can change a file, and what ends that."""

    who: str
    everybody: bool
    place: str
    """The file itself, or what lies on the way to it."""
    remedy: str
    """A command, but for the place."""


class Reader(NamedTuple):
    """Who can read a file, and what ends that."""

    who: str
    remedy: str
    """A command, but for the file."""


def reader(file: int, status: os.stat_result) -> Optional[Reader]:
    """Who else can read an open file: everybody, or the first whom a list of rights names."""
    if not _is_file(status):
        return None
    if status.st_mode & stat.S_IROTH:
        return Reader("everybody", "chmod o-r")
    if not status.st_mode & stat.S_IRGRP:
        return None
    from .acl import READ, holders  # few files let a group do anything

    found = holders(file, status.st_mode, READ)
    for user in filter(_is_another, found.users):
        return Reader("user %d" % user, "setfacl -x u:%d" % user)
    # By a group of its own a service's user gets at it.
    for group in set(found.groups).difference((0, os.getegid(), *os.getgroups())):
        return Reader("group %d" % group, "setfacl -x g:%d" % group)
    return None


def changer(path: str, status: os.stat_result) -> Optional[Changer]:
    """Who else can change the file or folder that was opened under this path: everybody, if so, else the first found.

    Devices are left out: what comes from them is nobody's file.
    """
    if not (_is_file(status) or stat.S_ISDIR(status.st_mode)):
        return None
    return _worst([*changers(path, status), *_on_way(path)])


def changer_on_way(path: str) -> Optional[Changer]:
    """Who else can change what is on the way to a path, what it leads to included, as far as there is something."""
    return _worst(list(_on_way(path)))


def _worst(found: List[Changer]) -> Optional[Changer]:
    return next((one for one in found if one.everybody), found[0] if found else None)


def _is_file(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)


def _on_way(path: str) -> Iterator[Changer]:
    for step in way(path):
        try:
            yield from changers(step, os.lstat(step))
        except OSError:
            # What a process holds open (/dev/fd/63) need not have a name.
            return


def changers(place: str, status: os.stat_result, at: Union[str, int, None] = None) -> Iterator[Changer]:
    """Who else can change one file, folder or symlink, the way to it left aside; `at` is where it is open, if it is."""
    mode = status.st_mode
    # Symlinks have no mode of their own; in a sticky folder each owner only can take the own names away.
    written = 0 if stat.S_ISLNK(mode) or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX) else mode
    if written & stat.S_IWOTH:
        yield Changer("everybody", True, place, "chmod o-w")
    if written & stat.S_IWGRP:
        from .acl import WRITE, holders

        found = holders(place if at is None else at, written, WRITE)
        if found.its_group and not _is_own(status.st_gid):
            yield Changer("group %d" % status.st_gid, False, place, "chmod g-w")
        for user in filter(_is_another, found.users):
            yield Changer("user %d" % user, False, place, "setfacl -x u:%d" % user)
        for group in found.groups:
            if not _is_own(group):
                yield Changer("group %d" % group, False, place, "setfacl -x g:%d" % group)
    if _is_another(status.st_uid):
        yield Changer("user %d" % status.st_uid, False, place, "chown -h root" if stat.S_ISLNK(mode) else "chown root")


def _is_another(user: int) -> bool:
    return user not in (0, os.geteuid()) and not _is_unmapped(user)


def _is_own(group: int) -> bool:
    """Whether a group has no other members: root's, or one that systems make for each person under the same number."""
    return group == 0 or (
        group >= _FIRST_PERSON and group == os.getegid() == os.geteuid() and not _has_others(group, os.geteuid())
    )


@functools.lru_cache(maxsize=8)
def _has_others(group: int, user: int) -> bool:
    import grp  # hardly ever needed
    import pwd

    accounts = pwd.getpwall()
    if any(each.pw_gid == group and each.pw_uid != user for each in accounts):
        return True
    own = {each.pw_name for each in accounts if each.pw_uid == user}
    try:
        # Where nobody may have a list of all users, one can be asked for.
        own.add(pwd.getpwuid(user).pw_name)
        return not own.issuperset(grp.getgrgid(group).gr_mem)
    except KeyError:
        return False


def _is_unmapped(owner: int) -> bool:
    if owner != _UNMAPPED:
        return False
    try:
        with open("/proc/self/uid_map", encoding="ascii") as file:
            return file.read().split() != ["0", "0", "4294967295"]
    except OSError:
        return False
