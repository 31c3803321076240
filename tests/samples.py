# SPDX-License-Identifier: BSD-2-Clause
"""How much of what could be tried is tried: all of it by ``make soak``, a fixed sample by ``make test``.

A test marked ``soak`` is left out of the sample; a property is tried with fewer examples in it.
"""

from __future__ import annotations

import os

VARIABLE = "WABIZ_SOAK"
ALL = bool(os.environ.get(VARIABLE))
MARKED = [] if ALL else ["-m", "not soak"]
"""What tells pytest which tests belong to it."""


def examples(most: int) -> int:
    """How many of `most` examples of a property are tried."""
    return most if ALL else max(most // 5, 20)
