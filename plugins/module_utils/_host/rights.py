# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Work that root leaves to another user: whatever leads it astray leads it only where that user can go anyway."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import select
import signal
import tempfile
import time
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Optional

from .folders import Refused

_KEPT = ("PATH", "TMPDIR")
"""What of our environment the work gets."""

_LIMIT = 600
"""Seconds. Ten thousand deployments take an engine less than one minute."""


class User(NamedTuple):
    """A user with all groups."""

    name: str
    uid: int
    gid: int
    groups: List[int]


def user_named(name: str, group: str) -> Optional[User]:
    """The user whose rights to take on; None if there are none to take on, because we are not root. Raises Refused."""
    if os.geteuid() != 0:
        return None
    try:
        uid, gid = pwd.getpwnam(name).pw_uid, grp.getgrnam(group).gr_gid
    except KeyError:
        raise Refused(
            "there is no user %s or no group %s on this host, as whom the engine would run" % (name, group)
        ) from None
    return User(name, uid, gid, os.getgrouplist(name, gid))


def do_as(user: Optional[User], work: Callable[[], Any]) -> Any:
    """What some work comes to that is done by a process of its own with a user's rights, or with ours.

    The work gives what JSON can say. Its OSError or Refused are a Refused here.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _answer(writer, user, work)
    os.close(writer)
    try:
        told = _hear(reader)
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if "refused" in told:
        raise Refused(told["refused"])
    return told["answer"]


def _hear(reader: int) -> Dict[str, Any]:
    heard: List[bytes] = []
    end = time.monotonic() + _LIMIT
    while not heard or heard[-1]:
        if not select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
            raise Refused("the engine has not said within %d s what it makes of the configuration" % _LIMIT)
        heard.append(os.read(reader, 65536))
    try:
        told: Dict[str, Any] = json.loads(b"".join(heard))
    except ValueError:
        raise Refused("the attempt was ended by another process, before the engine had its say") from None
    return told


def _answer(writer: int, user: Optional[User], work: Callable[[], Any]) -> NoReturn:
    try:
        told = _told(user, work)
        with os.fdopen(writer, "wb") as file:
            file.write(json.dumps(told).encode("ascii"))
    finally:
        # Nothing of the process that this one was forked from may go on here.
        os._exit(0)


def _told(user: Optional[User], work: Callable[[], Any]) -> Dict[str, Any]:
    try:
        _become(user)
        return {"answer": work()}
    except Refused as refused:
        return {"refused": str(refused)}
    except OSError as error:
        whose = " (tried as the user %s)" % user.name if user else ""
        return {"refused": "%s: %s%s" % (error.filename, error.strerror, whose)}
    except Exception as error:
        return {"refused": "internal error: %r" % (error,)}


def _become(user: Optional[User]) -> None:
    # A session of its own: no process of that user gets at root's terminal.
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update({"LC_ALL": "C.UTF-8", **kept, "PATH": "%s:/usr/sbin:/sbin" % kept.get("PATH", os.defpath)})
    # Where files are put for a while may be closed to that user.
    tempfile.tempdir = None
    if user:
        os.setgroups(user.groups)
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
