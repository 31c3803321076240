# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Which deployments the files that the role writes are about, and what becomes of them when those change."""

from __future__ import annotations

import re
from typing import Dict, Iterable, List, Mapping, Optional

_NAME = rb"([A-Za-z0-9][A-Za-z0-9_.-]{0,63})"
# Where each of the templates, and the extra-opts file, names a deployment.
_NAMED = re.compile(
    b"|".join(
        pattern % _NAME
        for pattern in (
            rb"^\[%s\]$",
            rb"^ +check_command +check_wabiz_[a-z]+!%s(?:!|$)",
            rb'^\tvars\.wabiz_extra_opts = "%s@',
            rb"^command\[check_wabiz_[^\]]*\]=\S+ --extra-opts=%s@",
        )
    ),
    re.MULTILINE,
)


def names(data: bytes) -> List[str]:
    """The deployments that a file is about, in its order."""
    return list(
        dict.fromkeys(name.decode("ascii") for match in _NAMED.finditer(data) for name in match.groups() if name)
    )


def parts(files: Iterable[bytes]) -> Dict[str, List[bytes]]:
    """What files say of each deployment; between two is an empty line."""
    found: Dict[str, List[bytes]] = {}
    for data in files:
        for part in data.split(b"\n\n"):
            for name in names(part):
                found.setdefault(name, []).append(part.strip())
    return found


def differences(before: Mapping[str, Optional[bytes]], after: Mapping[str, Optional[bytes]]) -> Dict[str, List[str]]:
    """The names of the deployments that come, go and change with files, given by their paths; None is no file."""
    old, new = (parts(data for data in files.values() if data is not None) for files in (before, after))
    return {
        "added": sorted(set(new) - set(old)),
        "removed": sorted(set(old) - set(new)),
        "changed": sorted(name for name in set(old) & set(new) if old[name] != new[name]),
    }
