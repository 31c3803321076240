# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What a host shall have or not have, each as an entry that knows whether it is so, and can make it so.

Both raise Refused and OSError.
"""

from __future__ import annotations

import abc
import contextlib
import grp
import os
import pwd
import re
import stat
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type

from .folders import Folder, Owner, Refused, folder, owner_of


class Entry(abc.ABC):
    """Something under a path."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.path: str = options["path"].rstrip("/")
        self.above, self.name = os.path.split(self.path)

    @abc.abstractmethod
    def pending(self) -> bool:
        """Whether something is to be done."""

    @abc.abstractmethod
    def settle(self) -> None:
        """Do it."""

    def difference(self) -> Optional[Dict[str, str]]:
        """What --diff shows; None if there is nothing to show."""
        return None


class Named(Entry):
    """Something that is judged and changed by its name in the folder where it is, and need not have that folder."""

    pending_nowhere: bool
    """Whether something is to be done when there is no such folder."""

    def pending(self) -> bool:
        try:
            with folder(self.above) as above:
                return self.pending_in(above)
        except FileNotFoundError:
            return self.pending_nowhere

    def settle(self) -> None:
        with folder(self.above) as above:
            self.settle_in(above)

    def before(self) -> Optional[bytes]:
        """What a file of the name holds now, for nothing but the names in it."""
        try:
            with folder(self.above) as above:
                return above.content(self.name)
        except (OSError, Refused):
            return None

    @abc.abstractmethod
    def pending_in(self, above: Folder) -> bool: ...

    @abc.abstractmethod
    def settle_in(self, above: Folder) -> None: ...


class File(Named):
    """A file with this content."""

    pending_nowhere = True

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.owner, self.unknown = _owner(options)
        self.public = options.get("content") is None
        """Whether the content may be shown."""
        self.data = _bytes_of(options["src"]) if self.public else options["content"].encode("utf-8")

    def pending_in(self, above: Folder) -> bool:
        status = above.status(self.name)
        if status is None or self.unknown or owner_of(status) != self.owner:
            return True
        return above.read(self.name, self.owner) != self.data

    def settle_in(self, above: Folder) -> None:
        if self.unknown:
            raise Refused(self.unknown)
        above.write(self.name, self.data, self.owner)

    def difference(self) -> Optional[Dict[str, str]]:
        if not self.public:
            return None
        before = None
        with contextlib.suppress(FileNotFoundError), folder(self.above) as above:
            before = above.read(self.name, self.owner)
        texts = [(data or b"").decode("utf-8", "replace") for data in (before, self.data)]
        return {"before_header": self.path, "after_header": self.path, "before": texts[0], "after": texts[1]}


class Directory(Entry):
    """A folder; what it lies in is made as well, and is ours. A symlink that only root can change may lead to it."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.owner, self.unknown = _owner(options)

    def pending(self) -> bool:
        try:
            with folder(self.path) as there:
                return bool(self.unknown) or there.owner != self.owner
        except FileNotFoundError:
            return True

    def settle(self) -> None:
        if self.unknown:
            raise Refused(self.unknown)
        try:
            with folder(self.path) as there:
                there.give(self.owner)
        except FileNotFoundError:
            _make(self.path, self.owner)


class Link(Named):
    """A symlink to `src`, which need not be there."""

    pending_nowhere = True

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.target: str = options["src"]

    def pending_in(self, above: Folder) -> bool:
        return above.target(self.name) != self.target

    def settle_in(self, above: Folder) -> None:
        above.link(self.name, self.target)


class Absent(Named):
    """No file and no symlink. A folder of that name is an error."""

    pending_nowhere = False

    def pending_in(self, above: Folder) -> bool:
        return above.status(self.name) is not None

    def settle_in(self, above: Folder) -> None:
        above.remove(self.name)


class Cleared(Entry):
    """A folder without any file whose whole name a pattern matches."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.pattern = re.compile(options["names"])

    def pending(self) -> bool:
        with contextlib.suppress(FileNotFoundError), folder(self.path) as inside:
            return bool(self._matching(inside))
        return False

    def settle(self) -> None:
        with folder(self.path) as inside:
            for name in self._matching(inside):
                inside.remove(name)

    def _matching(self, inside: Folder) -> List[str]:
        found = ((name, inside.status(name)) for name in inside.names() if self.pattern.fullmatch(name))
        return [name for name, status in found if status and stat.S_ISREG(status.st_mode)]


class Emptied(Named):
    """No folder in which nothing is. One in which something is stays, and so does a symlink."""

    pending_nowhere = False

    def pending_in(self, above: Folder) -> bool:
        status = above.status(self.name)
        if status is None or not stat.S_ISDIR(status.st_mode):
            return False
        with contextlib.closing(above.enter(self.name)) as itself:
            return not itself.names()

    def settle_in(self, above: Folder) -> None:
        above.remove_empty(self.name)


class Gone(Named):
    """No folder, whatever is in it, and no symlink. Refused where another user can put a folder there."""

    pending_nowhere = False

    def pending_in(self, above: Folder) -> bool:
        return above.status(self.name) is not None

    def settle_in(self, above: Folder) -> None:
        if above.changer:
            raise Refused(
                "%s is not removed with all in it, as %s can put another folder there (%s %s): remove it by hand"
                % (self.path, above.changer.who, above.changer.remedy, above.changer.place)
            )
        if above.target(self.name) is None:
            above.remove_tree(self.name)
        else:
            above.remove(self.name)


STATES: Dict[str, Type[Entry]] = {
    "file": File,
    "directory": Directory,
    "link": Link,
    "absent": Absent,
    "cleared": Cleared,
    "emptied": Emptied,
    "gone": Gone,
}


def _bytes_of(path: str) -> bytes:
    above, name = os.path.split(path)
    with folder(above) as place:
        data = place.read(name)
    if data is None:
        raise Refused("%s is not a file that only root can change" % path)
    return data


def _make(path: str, owner: Owner) -> None:
    above, name = os.path.split(path)
    try:
        with folder(above) as place:
            place.make(name, owner)
    except FileNotFoundError:
        _make(above, Owner(os.geteuid(), os.getegid(), 0o755))
        _make(path, owner)


def _owner(options: Mapping[str, Any]) -> Tuple[Owner, str]:
    """The owner that something shall have, and why he is not known: in check mode he may yet come."""
    mode = options["mode"]
    if not re.match("^0?[0-7]{3}$", mode):
        raise Refused("%s: mode %s is not three octal digits, as in 0644" % (options["path"], mode))
    ours = Owner(os.geteuid(), os.getegid(), int(mode, 8))
    try:
        uid = _number(options.get("owner"), ours.uid, lambda name: pwd.getpwnam(name).pw_uid)
        gid = _number(options.get("group"), ours.gid, lambda name: grp.getgrnam(name).gr_gid)
    except KeyError:
        named = "user %s or no group %s" % (options.get("owner"), options.get("group"))
        return ours, "%s: there is no %s on this host" % (options["path"], named)
    return Owner(uid, gid, ours.mode), ""


def _number(name: Optional[str], default: int, known: Callable[[str], int]) -> int:
    if name is None:
        return default
    return int(name) if name.isdigit() else known(name)
