# SPDX-License-Identifier: BSD-2-Clause
"""The files that a page of the documentation shows, for a test that does with them what a reader does."""

from __future__ import annotations

import re
from collections.abc import Mapping

FILE = re.compile(r"^<!-- file: (.+?) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files(page: str) -> Mapping[str, str]:
    """The text of each file, by the path in the comment above its block."""
    return dict(FILE.findall(page))
