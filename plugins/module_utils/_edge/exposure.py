# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Who else can read or change a file that holds secrets, or decides who gets them.

Root and the user of the run are trusted, and so are their own groups. Members of the file's group may read it: that
is how a service's user gets at what belongs to root.
"""

from __future__ import annotations

import os
import stat
from typing import Iterator, NamedTuple, Optional

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


def readable_by_everybody(status: os.stat_result) -> bool:
    """Whether its mode lets every user read it."""
    return _is_file(status) and bool(status.st_mode & stat.S_IROTH)


def changer(path: str, status: os.stat_result) -> Optional[Changer]:
    """Who else can change the file or folder that was opened under this path: everybody, if so, else the first found.

    Devices are left out: what comes from them is nobody's file.
    """
    if not (_is_file(status) or stat.S_ISDIR(status.st_mode)):
        return None
    found = list(_changers(path, status))
    return next((one for one in found if one.everybody), found[0] if found else None)


def _is_file(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)


def _changers(path: str, status: os.stat_result) -> Iterator[Changer]:
    yield from changers(path, status)
    for step in way(path):
        try:
            yield from changers(step, os.lstat(step))
        except OSError:
            # What a process holds open (/dev/fd/63) need not have a name.
            return


def changers(place: str, status: os.stat_result) -> Iterator[Changer]:
    """Who else can change one file, folder or symlink, the way to it left aside."""
    mode = status.st_mode
    # Symlinks have no mode of their own; in a sticky folder each owner only can take the own names away.
    written = 0 if stat.S_ISLNK(mode) or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX) else mode
    if written & stat.S_IWOTH:
        yield Changer("everybody", True, place, "chmod o-w")
    if written & stat.S_IWGRP and not _is_own(status.st_gid):
        yield Changer("group %d" % status.st_gid, False, place, "chmod g-w")
    if status.st_uid not in (0, os.geteuid()) and not _is_unmapped(status.st_uid):
        yield Changer("user %d" % status.st_uid, False, place, "chown -h root" if stat.S_ISLNK(mode) else "chown root")


def _is_own(group: int) -> bool:
    """Whether a group has no other members: root's, or one that systems make for each person under the same number."""
    return group == 0 or (group >= _FIRST_PERSON and group == os.getegid() == os.geteuid())


def _is_unmapped(owner: int) -> bool:
    if owner != _UNMAPPED:
        return False
    try:
        with open("/proc/self/uid_map", encoding="ascii") as file:
            return file.read().split() != ["0", "0", "4294967295"]
    except OSError:
        return False
