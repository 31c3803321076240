# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What a wheel holds and what is installed, as their lists of files tell: the same version may be other code."""

from __future__ import annotations

import csv
import hashlib

# What is installed beside them is pip's own: commands, compiled files, where the wheel came from.
_OURS = "wabiz_monitoring"
_OF_PIP = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")


def digest(record: str) -> str:
    """One digest of all files of ours in a list (RECORD); nothing if there are none."""
    rows = [row for row in csv.reader(record.splitlines()) if len(row) == 3]
    ours = sorted("%s %s" % (path, said) for path, said, _size in rows if said and _is_ours(path))
    return hashlib.sha256("\n".join(ours).encode("utf-8")).hexdigest() if ours else ""


def _is_ours(path: str) -> bool:
    folder, _rest, name = path.partition("/")
    return folder.startswith(_OURS) and name not in _OF_PIP and not name.endswith(".pyc")
