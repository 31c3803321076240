# SPDX-License-Identifier: BSD-2-Clause
"""What every check shares: options, output, runtime."""

from typing import NamedTuple


class Check(NamedTuple):
    """What tells one check from the others."""

    name: str
    """As in `check_wabiz_NAME` and `WABIZ NAME`."""
    asks: str
    """The question that it answers, one sentence."""
    thresholds: str = ""
    """What `-w` and `-c` are held against, with the defaults; empty when the check has none."""
    metrics: tuple[tuple[str, str, str], ...] = ()
    """Performance data: label in the single form, unit, meaning."""
    cluster: bool = False
    """Whether it judges who owns which shard."""

    @property
    def command(self) -> str:
        """The command's name."""
        return f"check_wabiz_{self.name}"
