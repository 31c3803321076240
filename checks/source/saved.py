# SPDX-License-Identifier: BSD-2-Clause
"""A saved answer, from a file or from standard input."""

import sys
from datetime import datetime, timezone

from wabiz_monitoring.core.catalogue import Trouble
from wabiz_monitoring.core.deadline import Deadline
from wabiz_monitoring.core.document import LARGEST
from wabiz_monitoring.core.text import clean

from . import Answer


class Saved:
    """The answer in a file; `-` is standard input."""

    def __init__(self, path: str) -> None:
        self._path = path

    def fetch(self, deadline: Deadline) -> Answer:
        """The file's content, up to what an answer may be long. It is judged as of now."""
        name = "standard input" if self._path == "-" else clean(self._path)
        try:
            # One byte more than allowed, so that the reader of the document sees that it is too large.
            if self._path == "-":
                body = sys.stdin.buffer.read(LARGEST + 1)
            else:
                with open(self._path, "rb") as file:
                    body = file.read(LARGEST + 1)
        except OSError as error:
            raise Trouble(
                "invalid", f"{name} cannot be read: {clean(error.strerror)}", "see whether the path is right"
            ) from error
        return Answer(body, datetime.now(timezone.utc))
