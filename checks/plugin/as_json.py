# SPDX-License-Identifier: BSD-2-Clause
"""A result as JSON: the same tree, for pipelines."""

import io
import json

from wabiz_monitoring._core.report import as_data, finding_as_data, problems
from wabiz_monitoring._core.result import Result
from wabiz_monitoring._core.text import Message


def as_json(result: Result, notes: list[Message]) -> str:
    """One JSON object, indented, in ASCII: the state of the whole, a branch a child, and all problems in one list."""
    bad = [finding_as_data(check, finding) for check, finding in problems(result)]
    written = io.StringIO()
    # As one text at once it would be a list of its words first, which takes ten times the room.
    json.dump({**as_data(result), "problems": bad, "notes": notes}, written, indent=2)
    return written.getvalue()
