# SPDX-License-Identifier: BSD-2-Clause
"""Starts one process, and tells what it took: `launcher.py DESCRIPTOR PROGRAM [WORD...]`.

Until it becomes another program a process is a copy of the one that starts it, and the kernel counts the memory of that
copy among the most that it ever had. Started by the tests themselves even `true` has had hundreds of megabytes; this
program is smaller than all that it starts.
"""

from __future__ import annotations

import os
import sys
import time

from forkserver import taken


def main(descriptor: str, *command: str) -> None:
    """Run the command to its end, with our own streams, and write what it took to a descriptor."""
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(int(descriptor))
        os.execv(command[0], command)  # noqa: S606
    # Until it has ended, but still can be looked at.
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    os.write(int(descriptor), taken(pid, begun))


if __name__ == "__main__":
    main(*sys.argv[1:])
