# SPDX-License-Identifier: BSD-2-Clause
"""The vendor's error objects, and which of them goes with which HTTP status."""

from __future__ import annotations

NODE_UNREACHABLE = 1014

# HTTP status: the code that the product gives it. 405 has been observed by nobody: the general code is our choice.
CODES = {401: 1005, 403: 1005, 404: 1006, 405: 1000, 429: 1015, 500: NODE_UNREACHABLE}

_TITLES = {
    1000: "Generic error",
    1005: "Access denied",
    1006: "Resource not found",
    NODE_UNREACHABLE: "Internal error",
    1015: "Too many requests",
}


def errors(code: int, details: str) -> dict[str, object]:
    """The error object as it stands in an answer, alone or in the place of a node's fields."""
    return {"errors": [{"code": code, "title": _TITLES[code], "details": details}]}
