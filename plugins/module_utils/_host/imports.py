# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""From where a Python imports: its own library, and what the files of a virtual environment lead to."""

from __future__ import annotations

import glob
import os
import re
from typing import Iterator, List

_LONGEST = 2**20


def libraries(home: str) -> List[str]:
    """The libraries of a Python whose command lies in such a folder; where they would be, if there are none."""
    above = os.path.join(os.path.dirname(home.rstrip("/")), "lib*", "python3*")
    return sorted(glob.glob(above)) or [above.replace("*", "")]


def leads(path: str) -> Iterator[str]:
    """What else is imported because of a file, by its path."""
    folder, name = os.path.split(path)
    if os.path.islink(path) and not os.path.isfile(path):
        yield path
    elif name == "pyvenv.cfg":
        for line in _lines(path):
            key, _equals, value = line.partition("=")
            if key.strip().lower() == "home" and value.strip():
                yield from libraries(value.strip())
    elif name.endswith((".pth", ".egg-link")):
        for line in map(str.rstrip, _lines(path)):
            # What such a line imports lies among what is looked at anyway.
            if line and not line.startswith(("#", "import ", "import\t")):
                yield os.path.join(folder, line)
    elif name.startswith("__editable__") and name.endswith(".py"):
        # It maps names of packages to their sources.
        yield from re.findall(r"""['"](/[^'"\n]+)['"]""", "\n".join(_lines(path)))


def _lines(path: str) -> List[str]:
    if not os.path.isfile(path):
        return []
    with open(path, "rb") as file:
        return os.fsdecode(file.read(_LONGEST)).splitlines()
