# SPDX-License-Identifier: BSD-2-Clause
"""A saved answer, from a file or from standard input."""

import os
import stat
from datetime import datetime, timezone
from typing import BinaryIO

from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deadline import Deadline
from wabiz_monitoring._core.document import LARGEST
from wabiz_monitoring._core.text import clean

from . import Answer


class Saved:
    """The answer in a file; `-` is standard input."""

    def __init__(self, path: str) -> None:
        self._path = path

    def fetch(self, deadline: Deadline) -> Answer:
        """The file's content, up to what an answer may be long.

        An answer that is piped in was asked for now; when one in a file was asked for, its time of change may tell.
        """
        name = "standard input" if self._path == "-" else clean(self._path)
        try:
            if self._path == "-":
                # Not by way of sys.stdin, which is not there when it was closed.
                with open(0, "rb", closefd=False) as piped:
                    return _read(piped)
            with open(self._path, "rb") as file:
                return _read(file)
        except OSError as error:
            raise Trouble(
                "invalid", f"{name} cannot be read: {clean(error.strerror)}", "see whether the path is right"
            ) from error


def _read(file: BinaryIO) -> Answer:
    # One byte more than allowed, so that the reader of the document sees that it is too large.
    body = file.read(LARGEST + 1)
    told = os.fstat(file.fileno())
    if stat.S_ISREG(told.st_mode):
        return Answer(body, datetime.fromtimestamp(told.st_mtime, timezone.utc), clock_known=False)
    return Answer(body, datetime.now(timezone.utc))
