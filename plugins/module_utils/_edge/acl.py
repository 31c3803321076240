# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What users and groups may do with a file, those included that only its access control list names.

In the mode of a file with such a list (POSIX 1003.1e), the rights of the group stand for the most that anybody has whom
the list names; so who has one of them is asked only where the mode shows it.
"""

from __future__ import annotations

import os
import struct
from typing import Iterator, List, NamedTuple, Union

READ, WRITE = 4, 2

_NAME = "system.posix_acl_access"
_VERSION = 2
_HEAD, _LINE = "<I", "<HHI"
_USER, _ITS_GROUP, _GROUP, _MASK = 0x02, 0x04, 0x08, 0x10


class Holders(NamedTuple):
    """Who has a right to a file besides its owner and everybody."""

    its_group: bool
    """Whether the file's own group has it."""
    users: List[int]
    groups: List[int]


def holders(at: Union[str, int], mode: int, right: int) -> Holders:
    """Who has a right, of a file that is open or lies under a path."""
    if not mode >> 3 & right:
        return Holders(False, [], [])
    lines = list(_lines(at))
    # Without a list this is all there is.
    most = next((rights for tag, rights, _whose in lines if tag == _MASK), 7)
    have = [(tag, whose) for tag, rights, whose in lines if rights & most & right]
    return Holders(
        not lines or _ITS_GROUP in [tag for tag, _whose in have],
        [whose for tag, whose in have if tag == _USER],
        [whose for tag, whose in have if tag == _GROUP],
    )


def _lines(at: Union[str, int]) -> Iterator[List[int]]:
    """The lines of a list: of whom it is, the rights, the number of the user or group; none where there is no list."""
    try:
        data = os.getxattr(at, _NAME)
    except (AttributeError, OSError):
        # Not every system and file system has such lists.
        return
    head, line = struct.calcsize(_HEAD), struct.calcsize(_LINE)
    if len(data) >= head and (len(data) - head) % line == 0 and struct.unpack_from(_HEAD, data) == (_VERSION,):
        for start in range(head, len(data), line):
            yield list(struct.unpack_from(_LINE, data, start))
