# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Files that root makes, changes, reads and removes in folders where others may write, too.

A path is walked once, folder by folder, and what lies there is named by its folder's descriptor and its own name from
then on: no symlink that another user can plant is followed. A new file or folder has a name that nobody can know
before, is root's alone until it is complete, and changes hands by its descriptor; then it takes the place of whatever
has its name. Nothing that is there already changes hands, unless only root could have put it there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import BinaryIO, Iterable, Iterator, List, NamedTuple, Optional, Set

from .._edge.exposure import Changer, changer, changer_on_way, changers
from .imports import leads, libraries

_LOOK = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe would hold us until somebody writes.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_RIGHTS = ("system.posix_acl_access", "system.posix_acl_default")
_MOST_LINKS = 40
_LONGEST = 2**26
"""The most bytes of a file that is read: that is fifty thousand deployments."""


class Refused(Exception):
    """Something cannot be done safely, or not at all; the text is one sentence for the user."""


class Owner(NamedTuple):
    """Whose a file or folder is, and what others may do with it."""

    uid: int
    gid: int
    mode: int


class Folder:
    """An open folder."""

    def __init__(self, descriptor: int, path: str, above: Optional[Folder] = None) -> None:
        self.path = path
        self._descriptor = descriptor
        status = os.fstat(descriptor)
        own = next(changers(path, status), None)
        self.changer: Optional[Changer] = (above.changer if above else None) or own
        """Who else can put another in its place, or change what lies in it; None if only root and we can."""
        self.replacer = own if above and above.shared else above.changer if above else None
        """Who else can do the former."""
        self.shared: bool = bool(status.st_mode & stat.S_ISVTX and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
        """Whether others can put something into it, and each can take away only what is his."""

    def close(self) -> None:
        os.close(self._descriptor)

    def enter(self, name: str) -> Folder:
        """Open a folder in it. Raises OSError, for a symlink too."""
        return Folder(os.open(name, _LOOK, dir_fd=self._descriptor), os.path.join(self.path, name), self)

    @property
    def owner(self) -> Owner:
        return owner_of(os.fstat(self._descriptor))

    def status(self, name: str) -> Optional[os.stat_result]:
        """What something in it is, symlinks not followed; None if it is not there."""
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names(self) -> List[str]:
        """What is in it."""
        with self._listed(".") as descriptor:
            return sorted(os.listdir(descriptor))

    def target(self, name: str) -> Optional[str]:
        """Where a symlink leads; None if it is none."""
        try:
            return os.readlink(name, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT):
                return None
            raise

    def read(self, name: str, owner: Optional[Owner] = None) -> Optional[bytes]:
        """The bytes of a file; None unless it is one that only root can change, or is exactly such an owner's.

        Others may have linked to a file that is not for them.
        """
        with self._opened(name) as file:
            if file is None:
                return None
            status = os.fstat(file.fileno())
            ours = not self.changer and not next(changers(name, status, file.fileno()), None)
            if not ours and (status.st_nlink > 1 or owner_of(status) != owner):
                return None
            return file.read(_LONGEST)

    def holds(self, name: str, text: bytes) -> bool:
        """Whether a file holds a text; of any file, as nothing else of it becomes known."""
        with self._opened(name) as file:
            return file is not None and text in file.read(_LONGEST)

    def content(self, name: str) -> bytes:
        """What a file holds that has no other name, whoever owns it; nothing of it may be shown but names of ours."""
        with self._opened(name) as file:
            return b"" if file is None or os.fstat(file.fileno()).st_nlink > 1 else file.read(_LONGEST)

    def write(self, name: str, data: bytes, owner: Owner) -> None:
        """Put a new file in the place of whatever has the name and is no folder."""
        with self._replacing(name) as new, self._new(new) as file:
            file.write(data)
            file.flush()
            self._hand_over(file.fileno(), owner)
            os.fsync(file.fileno())

    def link(self, name: str, target: str) -> None:
        """Put a symlink in the place of whatever has the name and is no folder."""
        with self._replacing(name) as new:
            os.symlink(target, new, dir_fd=self._descriptor)

    def make(self, name: str, owner: Owner) -> None:
        """Make a folder that is not there yet."""
        with self._replacing(name) as new:
            os.mkdir(new, 0o700, dir_fd=self._descriptor)
            with self._listed(new) as descriptor:
                # Where others can write, one of them may have put another folder there.
                if os.fstat(descriptor).st_uid != os.geteuid() or os.listdir(descriptor):
                    raise Refused("%s is not the folder that was made just now" % os.path.join(self.path, new))
                self._hand_over(descriptor, owner)

    def give(self, owner: Owner) -> None:
        """Change its owner and its mode. Refused where another user may have put it there."""
        if self.replacer:
            raise Refused(
                "%s has another owner or mode than it shall have, and %s can put others in its place: remove it"
                % (self.path, self.replacer.who)
            )
        with self._listed(".") as descriptor:
            self._hand_over(descriptor, owner)

    def remove(self, name: str) -> None:
        """Remove what is not a folder."""
        os.unlink(name, dir_fd=self._descriptor)

    def remove_empty(self, name: str) -> None:
        """Remove a folder in which nothing is."""
        os.rmdir(name, dir_fd=self._descriptor)

    def remove_tree(self, name: str) -> None:
        """Remove a folder with all that is in it."""
        for _path, folders, files, descriptor in os.fwalk(name, topdown=False, dir_fd=self._descriptor):
            for each in files:
                os.unlink(each, dir_fd=descriptor)
            for each in folders:
                # A symlink to a folder counts as one.
                try:
                    os.rmdir(each, dir_fd=descriptor)
                except NotADirectoryError:
                    os.unlink(each, dir_fd=descriptor)
        os.rmdir(name, dir_fd=self._descriptor)

    def _hand_over(self, descriptor: int, owner: Owner) -> None:
        status = os.fstat(descriptor)
        if (status.st_uid, status.st_gid) != owner[:2]:
            os.fchown(descriptor, owner.uid, owner.gid)
        if self.changer:
            # What is new has inherited rights that another user gave the folder.
            for rights in _RIGHTS:
                with contextlib.suppress(OSError):
                    os.removexattr(descriptor, rights)
        os.fchmod(descriptor, owner.mode)

    def _new(self, name: str) -> BinaryIO:
        return os.fdopen(os.open(name, _NEW, 0o600, dir_fd=self._descriptor), "wb")

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[Optional[BinaryIO]]:
        """A file to be read; None if it is none, or too long."""
        try:
            descriptor = os.open(name, _READ, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
                raise
            yield None
            return
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LONGEST:
            os.close(descriptor)
            yield None
            return
        with os.fdopen(descriptor, "rb") as file:
            yield file

    @contextlib.contextmanager
    def _listed(self, name: str) -> Iterator[int]:
        """A descriptor of it, or of a folder in it, for more than its name."""
        descriptor = os.open(name, _LIST, dir_fd=self._descriptor)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _replacing(self, name: str) -> Iterator[str]:
        """A name for something new, which gets the right name at the end."""
        # No engine takes it for one of its files.
        new = ".%s.%s" % (name, secrets.token_hex(8))
        try:
            yield new
            os.rename(new, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except BaseException:
            for remove in (self.remove, self.remove_empty):
                with contextlib.suppress(OSError):
                    remove(new)
            raise


def owner_of(status: os.stat_result) -> Owner:
    return Owner(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))


@contextlib.contextmanager
def folder(path: str) -> Iterator[Folder]:
    """Walk to a folder. Raises Refused, and OSError as for any other folder."""
    way = _Way()
    try:
        for name in path.split("/"):
            way.go(name)
        yield way.here
    finally:
        way.close()


class _Way:
    """The folders from the root to where we are."""

    def __init__(self) -> None:
        self._folders = [Folder(os.open("/", _LOOK), "/")]
        self._links = 0

    @property
    def here(self) -> Folder:
        return self._folders[-1]

    def go(self, name: str) -> None:
        if name == "..":
            self._back(max(1, len(self._folders) - 1))
        elif name not in ("", "."):
            target = self.here.target(name)
            if target is None:
                self._enter(name)
            else:
                self._follow(name, target)

    def close(self) -> None:
        self._back(0)

    def _back(self, kept: int) -> None:
        for each in self._folders[kept:]:
            each.close()
        del self._folders[kept:]

    def _enter(self, name: str) -> None:
        try:
            self._folders.append(self.here.enter(name))
        except NotADirectoryError:
            raise Refused("%s is no folder" % os.path.join(self.here.path, name)) from None

    def _follow(self, name: str, target: str) -> None:
        path = os.path.join(self.here.path, name)
        status = self.here.status(name)
        changer = self.here.changer or (next(changers(path, status), None) if status else None)
        if changer:
            raise Refused(
                "%s is a symbolic link that %s can change, so it is not followed: name the folder that it leads to"
                % (path, changer.who)
            )
        self._links += 1
        if self._links > _MOST_LINKS:
            raise Refused("%s: too many symbolic links" % path)
        if target.startswith("/"):
            self._back(1)
        for each in target.split("/"):
            self.go(each)


def weakness(path: str) -> Optional[Changer]:
    """Who else can change a folder, anything in it or what that leads to, or put one there: root must not run it.

    From the top down, so that what is found sound stays so.
    """
    try:
        with folder(path) as found:
            return found.changer or next(_within(path, set()), None)
    except FileNotFoundError:
        return _weakness_above(path)


def weakness_of_command(path: str) -> Optional[Changer]:
    """Who else can change a Python, or what it imports when it starts."""
    home = os.path.dirname(path)
    made = [each for each in (home, os.path.dirname(home)) if os.path.lexists(os.path.join(each, "pyvenv.cfg"))]
    # Whose the command is comes first: what is beside it counts only if that is sound.
    looks = (changer(path, os.stat(path)), *map(weakness, made))
    beside = libraries(os.path.dirname(os.path.realpath(path)))
    return next(filter(None, looks), None) or next(_led_to(beside, set()), None)


def _weakness_above(path: str) -> Optional[Changer]:
    """Of a folder that is not there: who else can change the nearest above that is."""
    above = os.path.dirname(path)
    try:
        with folder(above) as found:
            return found.changer
    except FileNotFoundError:
        return _weakness_above(above)


def _within(path: str, seen: Set[str]) -> Iterator[Changer]:
    real = os.path.realpath(path)
    if real in seen:
        return
    seen.add(real)
    for here, folders, files in os.walk(real):
        for name in folders + files:
            each = os.path.join(here, name)
            yield from changers(each, os.lstat(each))
            if os.path.islink(each) and os.path.isfile(each):
                # As a virtual environment leads to the Python that it was made with.
                target = os.path.realpath(each)
                yield from filter(None, [changer(target, os.stat(target))])
            yield from _led_to(leads(each), seen)


def _led_to(paths: Iterable[str], seen: Set[str]) -> Iterator[Changer]:
    for path in paths:
        # Whoever can make what is not there yet is as good as whoever can change it.
        yield from filter(None, [changer_on_way(path)])
        if os.path.isdir(path):
            yield from _within(path, seen)
