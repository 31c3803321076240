# SPDX-License-Identifier: BSD-2-Clause
"""Where wabiz-simulator starts: what it is made of may not be installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, or list or print scenarios. The status is 0, 1 (cannot serve) or 2 (usage)."""
    try:
        from .command import run
    except ImportError as error:
        # The checks do without these libraries, so pip installs them with the extra alone.
        missing = error.name or "a library"
        sys.stderr.write(
            f"wabiz-simulator: {missing} cannot be used ({type(error).__name__}); install the extra as well: "
            "pip install '.[simulator]' in a checkout, or a wheel with [simulator] behind its name\n"
        )
        return 1
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
