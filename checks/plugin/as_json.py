# SPDX-License-Identifier: BSD-2-Clause
"""A result as JSON: the same tree, for pipelines."""

import json

from wabiz_monitoring.core.report import as_data
from wabiz_monitoring.core.result import Result


def as_json(result: Result, notes: list[str]) -> str:
    """One JSON object, indented, in ASCII, with the state and exit code of the whole and a branch a child."""
    return json.dumps({**as_data(result), "notes": notes}, indent=2)
