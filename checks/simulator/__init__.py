# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in for the watched API, for demonstrations, tests and the rehearsal of alerts."""

from .library import ScenarioError
from .server import Simulator

__all__ = ["ScenarioError", "Simulator"]
