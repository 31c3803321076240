# SPDX-License-Identifier: BSD-2-Clause
"""A module's process ends once its verdict is told, whatever still hangs in it."""

from __future__ import annotations

import pytest
from commands import Runner

LONG = 40
"""Seconds that the end of the process takes if it waits for what hangs."""

PROGRAM = """
import sys, threading, time
from wabiz_monitoring._edge.leaving import leaving_at_once

class Slow:
    def __del__(self):
        time.sleep(LONG)

kept = Slow() if "hangs" in sys.argv else None
if "works" in sys.argv:
    threading.Thread(target=time.sleep, args=(LONG,), daemon=True).start()

try:
    with leaving_at_once():
        print("the verdict")
        sys.exit(END)
finally:
    # As Ansible removes the folder of the module.
    print("swept")
"""


@pytest.mark.parametrize(("end", "code"), [("0", 0), ("1", 1), ("None", 0), ("'why'", 1)])
def test_a_process_with_a_thread_at_work_ends_at_once_and_whole(end: str, code: int, installed: Runner) -> None:
    program = PROGRAM.replace("LONG", str(LONG)).replace("END", end)
    done = installed.python(program, "hangs", "works")
    assert (done.code, done.lines) == (code, ["the verdict", "swept"])
    assert done.seconds < LONG / 2


def test_a_process_without_one_ends_as_ever(installed: Runner) -> None:
    at_the_end = "import atexit; atexit.register(print, 'the end')\n"
    done = installed.python(at_the_end + PROGRAM.replace("LONG", "0").replace("END", "0"))
    assert (done.code, done.lines) == (0, ["the verdict", "swept", "the end"])
