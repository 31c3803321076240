# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Work on a file that may lie on a file system which does not answer, as those of a network sometimes do.

A thread that waits for one can be left behind, but its process cannot end before it: no signal ends the wait for a file
system in user space. So there the work is done by a process of its own, which can be left behind whole.
"""

from __future__ import annotations

import os
from typing import Callable, Dict, Iterator, Set, TypeVar

T = TypeVar("T")

_MOST_STEPS = 200
"""Names on the way to a file, those of symlinks included: the kernel gives up after 40 symlinks."""
_NEAR = frozenset(
    (
        *("autofs", "bcachefs", "binfmt_misc", "bpf", "btrfs", "cgroup", "cgroup2", "configfs", "debugfs", "devpts"),
        *("devtmpfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fusectl", "hugetlbfs", "iso9660", "jfs"),
        *("mqueue", "nsfs", "ntfs3", "overlay", "proc", "pstore", "ramfs", "rootfs", "securityfs", "squashfs"),
        *("sysfs", "tmpfs", "tracefs", "vfat", "xfs", "zfs"),
    )
)
"""File systems that depend on nothing but this machine's kernel."""


def reach(path: str, work: Callable[[], T]) -> T:
    """The outcome of work on this path, or its exception."""
    far = _far()
    return _elsewhere(work) if far and not far.isdisjoint(way(path)) else work()


def way(path: str) -> Iterator[str]:
    """Every folder and symlink on the way to a file, those that symlinks lead through included, then the file itself.

    Each is given before anything is asked of it.
    """
    here = "/"
    # The current folder may be gone.
    names = (path if path.startswith("/") else os.path.join(os.getcwd(), path)).split("/")
    yield here
    for _step in range(_MOST_STEPS):
        if not names:
            return
        name = names.pop(0)
        if name in ("", "."):
            continue
        if name == "..":
            here = os.path.dirname(here)
            continue
        step = os.path.join(here, name)
        yield step
        try:
            target = os.readlink(step)
        except OSError:
            here = step
        else:
            names[:0] = target.split("/")
            here = "/" if target.startswith("/") else here


def _far() -> Set[str]:
    """Where file systems that may not answer are mounted; if that is the root, this program is there, too."""
    kinds: Dict[str, str] = {}
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            for line in mounts:
                before, _dash, after = line.partition(" - ")
                # Of several at one place the last one is seen.
                kinds[before.split(" ")[4]] = after.split(" ")[0]
    except (OSError, IndexError):
        return set()
    return {_unescaped(place) for place, kind in kinds.items() if kind not in _NEAR and place != "/"}


def _unescaped(place: str) -> str:
    for escaped, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        place = place.replace(escaped, char)
    return place


def _elsewhere(work: Callable[[], T]) -> T:
    import pickle  # hardly ever needed

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _serve(work, writer)
    os.close(writer)
    with open(reader, "rb") as pipe:
        # From a process that is this program.
        worked, outcome = pickle.load(pipe)  # noqa: S301
    os.waitpid(child, 0)
    if worked:
        return outcome  # type: ignore[no-any-return]
    raise outcome


def _serve(work: Callable[[], T], writer: int) -> None:
    import pickle

    try:
        # Whoever waits for the end of our output must not wait for this process.
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        os.closerange(3, 65536)
        try:
            told = pickle.dumps((True, work()))
        except Exception as error:
            told = pickle.dumps((False, error))
        with open(1, "wb") as pipe:
            pipe.write(told)
    finally:
        os._exit(0)
