# SPDX-License-Identifier: BSD-2-Clause
"""Where an answer comes from."""

from datetime import datetime
from typing import NamedTuple, Protocol

from wabiz_monitoring._core.deadline import Deadline


class Answer(NamedTuple):
    """A body as it came, our time (UTC) in the middle of the request, and whether that is known or a guess."""

    body: bytes
    asked_at: datetime
    clock_known: bool = True


class Source(Protocol):
    """Something that can be asked for an answer."""

    def fetch(self, deadline: Deadline) -> Answer:
        """The answer. Raises Trouble when there is none."""
