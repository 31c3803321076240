# SPDX-License-Identifier: BSD-2-Clause
"""A file system that does not answer, and a command that runs while it lies there.

`deadmount.py FOLDER HOW COMMAND...` wants namespaces of its own (`unshare --map-root-user --mount`). HOW is `deaf` (no
request is ever taken) or `mute` (each is taken, and none answered: a process that waits for that cannot be killed). It
prints a JSON object with code and out, both null when the command did not end.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import subprocess
import sys
import threading

_LIMIT = 30
_LARGEST = 2**20
_INIT = struct.Struct("=IIQQIIII")
"""Length, opcode, number, node, user, group, process and padding of a request."""
_REPLY = struct.Struct("=IiQ")
_WELCOME = struct.Struct("=IIIIHHIIHHII24x")
"""Version, read-ahead, flags, limits: what a file system says when it begins."""


def main(folder: str, how: str, *command: str) -> None:
    """Mount, run, and say how it went; the file system is gone with this process."""
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"dead", folder.encode(), b"fuse", 0, options):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if how == "mute":
        threading.Thread(target=_take, args=(device,), daemon=True).start()
    code = out = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            out, _err = process.communicate(timeout=_LIMIT)
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
        print(json.dumps({"code": code, "out": out}), flush=True)
        # Whoever still waits for an answer gets one now.
        os._exit(0)


def _take(device: int) -> None:
    major, minor = struct.unpack_from("=II", data := os.read(device, _LARGEST), _INIT.size)
    welcome = _WELCOME.pack(major, minor, 65536, 0, 0, 0, 65536, 1, 0, 0, 0, 0)
    os.write(device, _REPLY.pack(_REPLY.size + len(welcome), 0, _INIT.unpack_from(data)[2]) + welcome)
    while True:
        os.read(device, _LARGEST)


if __name__ == "__main__":
    main(*sys.argv[1:])
