# SPDX-License-Identifier: BSD-2-Clause
"""Run pip with the arguments that stand in a file, as JSON: run_pip.py FILE.

Every user can read the words of a process, and the address of an index may hold a password. So pip gets its arguments
on its standard input, and what it prints is passed on without the passwords in their addresses.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import unquote

# As `python -m pip`, but for where the arguments come from.
PIP = """
import json, runpy, sys
sys.argv[1:] = json.load(sys.stdin)
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def main(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        arguments = file.read()
    hidden = sorted(secrets(json.loads(arguments)), key=len, reverse=True)
    done = subprocess.run(
        [sys.executable, "-I", "-c", PIP],
        input=arguments,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    for told, stream in ((done.stdout, sys.stdout), (done.stderr, sys.stderr)):
        for secret in hidden:
            told = told.replace(secret, "****")
        stream.reconfigure(errors="replace")
        stream.write(told)
    return done.returncode


def secrets(arguments: list[str]) -> Iterator[str]:
    """The passwords in the addresses of the arguments, as they are written and as they are meant.

    Before the @ stands a name with a password, or a token alone. A proxy needs no scheme.
    """
    for argument in arguments:
        for before in re.findall(r"(?:://|^--[a-z-]+=|^)([^/\s]+)@", argument):
            for secret in (before, before.partition(":")[2]):
                yield from filter(None, (secret, unquote(secret)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
