# SPDX-License-Identifier: BSD-2-Clause
"""A process that has imported every check and every module, and runs them in forks of itself.

`forkserver.py SOCKET [COLLECTIONS [DEAF]]`: COLLECTIONS is the folder that `ansible_collections` lies in (empty: no
modules); with DEAF, which wants namespaces of its own (`unshare --map-root-user --mount --net`), no name that begins
with `silent` is ever answered by the resolver, and every other one is refused.

A run costs hundredths of a second this way. But for the imports it is what the installed command is: a process with its
own streams, environment, working folder, and end.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn, cast

CHECKS = ("socket", "cluster", "space", "build", "clock", "all")
MODULES = ("support_facts", "health_gate")
_LATER = (
    *("_core.judge", "_core.redaction", "_core.without"),
    *("plugin.as_json", "plugin.extra_opts", "plugin.lines", "plugin.parser", "plugin.sources"),
    *("source.api", "_edge.alike", "_edge.keeper", "_edge.ledger"),
)
"""What a run imports only when it comes to it."""
ROOM = "ansible_collections.wabiz.monitoring.plugins.modules"
WAIT = "wait"
"""In the place of a command: do nothing for so many seconds, and end. That is what the machine takes by itself."""


def main(path: str, collections: str = "", deaf: str = "") -> None:
    """Serve jobs on a Unix socket until the other end of standard input is closed."""
    _import(collections)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    if deaf:
        selector.register(_resolver(Path(path).parent), selectors.EVENT_READ, "resolver")
    # There is a socket of this name only once it can be asked.
    listener.bind(f"{path}.new")
    listener.listen(1024)
    os.rename(f"{path}.new", path)
    selector.register(listener, selectors.EVENT_READ)
    # What is here now is the same in every fork: no need to copy it when somebody counts references.
    gc.freeze()
    while True:
        for key, _events in selector.select():
            if key.fileobj is listener:
                process = _begin(listener.accept()[0])
                selector.register(process.watched, selectors.EVENT_READ, process)
            elif key.data == "resolver":
                _answer(cast("socket.socket", key.fileobj))
            elif isinstance(key.data, _Process):
                selector.unregister(key.fileobj)
                key.data.tell()
            else:
                return


def _import(collections: str) -> None:
    for name in CHECKS:
        importlib.import_module(f"wabiz_monitoring.check_{name}")
    for name in _LATER:
        importlib.import_module(f"wabiz_monitoring.{name}")
    importlib.import_module("encodings.utf_8_sig")
    if collections:
        sys.path.insert(0, collections)
        for name in MODULES:
            importlib.import_module(f"{ROOM}.{name}")


class _Process:
    """A fork at work, and whoever waits for it."""

    def __init__(self, pid: int, begun: float, client: socket.socket) -> None:
        self.watched = os.pidfd_open(pid)
        self._pid, self._begun, self._client = pid, begun, client

    def tell(self) -> None:
        """Say how it went, and forget it."""
        told = taken(self._pid, self._begun)
        os.close(self.watched)
        with contextlib.suppress(OSError), self._client:
            self._client.send(told)


def taken(pid: int, begun: float) -> bytes:
    """What a child that has just ended came to, and took, as JSON; it is gone after that."""
    seconds = time.monotonic() - begun
    delayed = queued(pid)
    _pid, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return json.dumps({"code": code, "seconds": seconds, "delayed": delayed, "peak": usage.ru_maxrss * 1024}).encode()


def queued(pid: int) -> float:
    """Seconds for which a process (also one that has just ended) could have run, had there been a processor for it."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _begin(client: socket.socket) -> _Process:
    message, streams, _flags, _address = socket.recv_fds(client, 2**20, 3)
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _work(json.loads(message), streams)
    for stream in streams:
        os.close(stream)
    return _Process(pid, begun, client)


def _work(job: dict[str, Any], streams: list[int]) -> NoReturn:
    code = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, 65536)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # Standard input was the server's own until now.
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        os.environ.clear()
        os.environ.update(job["variables"])
        os.chdir(job["folder"])
        os.umask(job["umask"])
        sys.argv = job["words"]
        _run(job["words"], job["options"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        for written in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                written.flush()
        os._exit(code)


def _run(words: list[str], options: dict[str, Any] | None) -> None:
    name = words[0]
    if name == WAIT:
        time.sleep(float(words[1]))
        return
    if options is None:
        importlib.import_module(name.replace("check_wabiz_", "wabiz_monitoring.check_")).main()
        return
    # As Ansible's own wrapper hands the options over.
    basic: Any = importlib.import_module("ansible.module_utils.basic")
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    importlib.import_module(f"{ROOM}.{name}").main()


# A network in which there is nobody but a name server, and it says nothing.

_UP, _SET = 0x1, 0x8914
_REFUSED = 0x8005


def _resolver(folder: Path) -> socket.socket:
    for name, text in (("resolv.conf", "nameserver 127.0.0.1\n"), ("nsswitch.conf", "hosts: dns\n")):
        (folder / name).write_text(text)
        subprocess.run(["mount", "--bind", folder / name, f"/etc/{name}"], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # SIOCSIFFLAGS: a new network's loopback interface is down.
    fcntl.ioctl(server, _SET, struct.pack("16sh14x", b"lo", _UP))
    server.bind(("127.0.0.1", 53))
    return server


def _answer(server: socket.socket) -> None:
    query, client = server.recvfrom(512)
    # A header of 12 bytes, then the name, each part behind its length.
    if not query[13:].startswith(b"silent"):
        server.sendto(query[:2] + struct.pack("!H", _REFUSED) + query[4:], client)


if __name__ == "__main__":
    main(*sys.argv[1:])
