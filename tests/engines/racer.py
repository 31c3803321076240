# SPDX-License-Identifier: BSD-2-Clause
"""What the engine's user does against root, as fast as it can, until it is ended: ``racer.py SPEC``, in JSON.

``plant``: [[folder, prefix, {name: target}]] puts symlinks into whatever appears in a folder under such a name;
``replace``: [[folder, prefix, target]] puts a symlink in the place of whatever appears so;
``swap``: [[path, target]] has a symlink in the place of a folder every other moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable


def plant(folder: str, prefix: str, links: dict[str, str]) -> None:
    for name in os.listdir(folder):
        if name.startswith(prefix):
            for link, target in links.items():
                put(f"{folder}/{name}/{link}", target)


def replace(folder: str, prefix: str, target: str) -> None:
    for name in os.listdir(folder):
        if name.startswith(prefix) and not os.path.islink(f"{folder}/{name}"):
            put(f"{folder}/{name}", target)


def put(path: str, target: str) -> None:
    """Put a symlink there, whatever was there."""
    with contextlib.suppress(OSError):
        os.symlink(target, path)
        return
    with contextlib.suppress(OSError):
        if not os.path.islink(path):
            os.rename(path, f"{path}~")
            os.symlink(target, path)


def swap(path: str, target: str) -> None:
    with contextlib.suppress(OSError):
        os.rename(path, f"{path}~")
        os.symlink(target, path)
    with contextlib.suppress(OSError):
        os.unlink(path)
        os.rename(f"{path}~", path)


def main(spec: str) -> None:
    tricks: dict[str, Callable[..., None]] = {"plant": plant, "replace": replace, "swap": swap}
    planned = [(tricks[name], arguments) for name, all_of_it in json.loads(spec).items() for arguments in all_of_it]
    # Whoever started this may be gone.
    end = time.monotonic() + 120
    print("ready", flush=True)
    while time.monotonic() < end:
        for trick, arguments in planned:
            with contextlib.suppress(OSError):
                trick(*arguments)


if __name__ == "__main__":
    main(sys.argv[1])
