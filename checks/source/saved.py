# SPDX-License-Identifier: BSD-2-Clause
"""A saved answer, from a file or from standard input."""

import stat
from datetime import datetime, timezone

from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deadline import Deadline
from wabiz_monitoring._core.document import LARGEST
from wabiz_monitoring._core.text import Foreign, Place, Word, say
from wabiz_monitoring._edge.files import read_whole

from . import Answer

_STANDARD_INPUT = 0


class Saved:
    """The answer in a file; `-` is standard input."""

    def __init__(self, path: str, place: Place) -> None:
        self._path = path
        self._place = place

    def fetch(self, deadline: Deadline) -> Answer:
        """The file's content, up to what an answer may be long.

        An answer that is piped in was asked for now; when one in a file was asked for, its time of change may tell.
        """
        try:
            # Not by way of sys.stdin, which is not there when it was closed.
            content = read_whole(_STANDARD_INPUT if self._path == "-" else self._path, LARGEST)
        except OSError as error:
            reason = Foreign(error.strerror or type(error).__name__, self._place)
            raise Trouble(
                "invalid",
                say("%s cannot be read: %s", name(self._path, self._place), reason),
                say("see whether the path is right"),
            ) from error
        if stat.S_ISREG(content.status.st_mode):
            changed = datetime.fromtimestamp(content.status.st_mtime, timezone.utc)
            return Answer(content.data, changed, clock_known=False)
        return Answer(content.data, datetime.now(timezone.utc))


def name(path: str, place: Place) -> Word:
    """What the file is called in messages."""
    return say("standard input") if path == "-" else Foreign(path, place)
