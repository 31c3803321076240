# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The files that a user names: options, headers, certificates, keys, saved answers. All are opened and read here.

Any of them may be a pipe (`<(...)` of a shell), and so may never begin or never end. Each is read once, from its
beginning to its end, and up to a size. The time limit is that of the run, whose work is done where it can be left
behind (deadline.within, reach).
"""

from __future__ import annotations

import contextlib
import os
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from .._core.deadline import STUCK
from .._core.misuse import Misuse
from .._core.text import clean
from .exposure import Changer, Reader, changer, reader
from .reach import reach

LARGEST = 4 * 2**20
"""The most bytes of a file with options, headers, certificates or a key: that is ten thousand deployments."""
_PIECE = 2**16


class Content(NamedTuple):
    """What a file held, and what was known of it while it was open. Never shown."""

    path: str
    data: bytes
    status: os.stat_result
    reader: Optional[Reader]
    """Who else can read it."""

    def __repr__(self) -> str:
        return "Content(...)"


class Files:
    """The files of one run: reads them, and remembers what their users should know."""

    def __init__(self, tell: Callable[[str], object] = lambda note: None) -> None:
        """`tell` is given each note when it is made."""
        self.notes: List[str] = []
        """A sentence each on who else can read or change a file."""
        self.reading = ""
        """Option and path of the file that is being read: where the time went when it is up."""
        self._tell = tell
        self._pems: Dict[str, bytes] = {}

    def read(self, option: str, path: str) -> Content:
        """A file that holds secrets, or decides who gets them. Raises Misuse.

        Who else can change it is noted; one that everybody can change is refused, for then anybody may have done it.
        """
        content, other = self._read(option, path)
        if other is not None and other.everybody:
            raise Misuse("%s is refused: %s" % (told(option, path), _sentence(path, other)))
        if other is not None:
            self._note(_sentence(path, other))
        return content

    def _read(self, option: str, path: str) -> Tuple[Content, Optional[Changer]]:
        self.reading = told(option, path)
        try:
            content, other = reach(path, lambda: _examined(path))
        except OSError as error:
            raise Misuse("%s: %s" % (self.reading, clean(error.strerror or type(error).__name__))) from None
        except ValueError:
            raise Misuse("%s: a path cannot hold a NUL" % self.reading) from None
        finally:
            self.reading = ""
        if len(content.data) > LARGEST:
            raise Misuse("%s: larger than %d MiB" % (told(option, path), LARGEST // 2**20))
        return content, other

    def read_secret(self, option: str, path: str) -> bytes:
        """A file that holds secrets, whatever stands in it. Raises Misuse."""
        content = self.read(option, path)
        self.holds_secret(content)
        return content.data

    def pem(self, option: str, path: str) -> bytes:
        """A file with certificates, a key, or both, however often it is asked for. Raises Misuse."""
        if path not in self._pems:
            content = self.read(option, path)
            if b"PRIVATE KEY" in content.data:
                self.holds_secret(content)
            self._pems[path] = content.data
        return self._pems[path]

    def holds_secret(self, content: Content) -> None:
        """Note it when others can read that secret."""
        other = content.reader
        if other is not None:
            told = (clean(content.path, _LONGEST), other.who, other.remedy)
            self._note("%s holds a secret and %s can read it: %s it" % told)

    def look(self, read: Callable[[Files, str, str], object], option: str, path: str, mistake: str) -> None:
        """Note what there is to say of a file that a mistake keeps the run from reading. A pipe is left alone."""
        if is_file(path):
            try:
                read(self, option, path)
            except Misuse as refused:
                if str(refused) != mistake:
                    self._note(str(refused))

    def stuck(self, seconds: float) -> Misuse:
        """What to say when the time is up while a file is read."""
        return Misuse("%s: not read to its end within %g s; %s" % (self.reading, seconds, STUCK))

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)
            self._tell(sentence)


def read_whole(source: Union[str, int], most: int) -> Content:
    """All that comes from a path or a file descriptor; what is longer than that, up to one byte more. Raises OSError.

    The name of this function is how a run that is held up here knows that it is.
    """
    if isinstance(source, str):
        return reach(source, lambda: _whole(source, most))
    return _whole(source, most)


def is_file(path: str) -> bool:
    """Whether a path leads to a file, and not to a pipe, a device or nothing."""
    return reach(path, lambda: os.path.isfile(path))


def _examined(path: str) -> Tuple[Content, Optional[Changer]]:
    content = _whole(path, LARGEST)
    return content, changer(path, content.status)


def _whole(source: Union[str, int], most: int) -> Content:
    # A terminal is not to become that of this process.
    file = os.dup(source) if isinstance(source, int) else os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        pieces, left = [], most + 1
        while left > 0:
            piece = os.read(file, min(left, _PIECE))
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        status = os.fstat(file)
        return Content(str(source), b"".join(pieces), status, reader(file, status))
    finally:
        os.close(file)


def replace(folder: int, name: str, data: bytes, mode: int) -> None:
    """Write a file whole, in the place of whatever has its name in an open folder: links are not followed.

    Raises OSError.
    """
    temporary = ".%s.%s" % (name, os.urandom(8).hex())
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder)
    try:
        try:
            _write(file, data)
        finally:
            os.close(file)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(temporary, dir_fd=folder)
        raise


@contextlib.contextmanager
def lent(data: bytes) -> Iterator[str]:
    """A path under which a library that takes nothing else finds this, and nobody else does."""
    memory = _memory() if os.path.isdir("/proc/self/fd") else None
    if memory is not None:
        with open(memory, "wb", buffering=0):
            _write(memory, data)
            yield "/proc/self/fd/%d" % memory
    else:
        import tempfile

        with tempfile.NamedTemporaryFile("wb", buffering=0) as kept:
            _write(kept.fileno(), data)
            yield kept.name


def _memory() -> Optional[int]:
    """A file in memory; None where there is no such thing, or it is forbidden."""
    # Some systems want it to be no program (MFD_NOEXEC_SEAL, from Linux 6.3 on), others do not know what that is.
    for flags in (0x1 | 0x8, 0x1):
        with contextlib.suppress(AttributeError, OSError):
            return os.memfd_create("wabiz-monitoring", flags)
    return None


_LONGEST = 200
"""Characters of a path that are shown."""


def no_path(text: str) -> bool:
    """Whether it is the text of a file, rather, that was given in its place."""
    return "\n" in text or "\r" in text or "-----BEGIN" in text


def told(option: str, path: str) -> str:
    """How a file is called in messages."""
    if no_path(path):
        return "%s (it is no path, and not repeated, as it may be a key)" % option
    return "%s %s" % (option, clean(path, _LONGEST))


def _sentence(path: str, other: Changer) -> str:
    file, place = clean(path, _LONGEST), clean(other.place, _LONGEST)
    does = "change" if other.place == path else "replace"
    return "%s can %s %s: %s %s" % (other.who, does, file, other.remedy, place)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
