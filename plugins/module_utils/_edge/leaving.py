# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The end of a module's process: what hangs must not hold it up once its verdict is told."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from typing import Iterator


@contextlib.contextmanager
def leaving_at_once() -> Iterator[None]:
    """What ends the process with SystemExit ends it at once, although a thread may still be at work."""
    try:
        yield
    except SystemExit as end:
        # Not here: whoever runs the module has a folder to remove.
        atexit.register(_leave, end.code)
        raise


def _leave(code: object) -> None:
    if threading.active_count() > 1:
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 1 if code else 0)
