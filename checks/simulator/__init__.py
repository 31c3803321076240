# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in for the watched API, for demonstrations, tests and the rehearsal of alerts."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .library import ScenarioError
    from .server import Simulator

__all__ = ["ScenarioError", "Simulator"]


def __getattr__(name: str) -> object:
    # Only when it is wanted: the command says in one line that the libraries of the extra are missing.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import library, server

    return getattr(server if name == "Simulator" else library, name)
