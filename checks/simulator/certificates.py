# SPDX-License-Identifier: BSD-2-Clause
"""A certificate authority of the moment, and the server's certificate from it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import trustme
from wabiz_monitoring._edge.exposure import Changer, changer, changer_on_way
from wabiz_monitoring._edge.files import replace

_LOCAL = ("localhost", "127.0.0.1", "::1")


class Certificates(NamedTuple):
    """Where the files are, in PEM form. Clients need ``ca`` only."""

    ca: Path
    server: Path
    key: Path


def write_certificates(directory: Path, name: str) -> Certificates:
    """Make both anew and write them to the directory, which is made if need be.

    The server's is good for localhost, 127.0.0.1, ::1 and the further name or address. Raises OSError.
    """
    _refuse(directory, changer_on_way(str(directory)))
    with suppress(FileExistsError):
        directory.mkdir(parents=True)
    files = Certificates(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    authority = trustme.CA()
    server = authority.issue_cert(*{*_LOCAL, name})
    folder = _opened(directory)
    try:
        replace(folder, files.ca.name, authority.cert_pem.bytes(), 0o644)
        replace(folder, files.server.name, b"".join(pem.bytes() for pem in server.cert_chain_pems), 0o644)
        replace(folder, files.key.name, server.private_key_pem.bytes(), 0o600)
    finally:
        os.close(folder)
    return files


def _opened(directory: Path) -> int:
    # Who can put a link there chooses what is written over; clients would trust whoever can change the files.
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _refuse(directory, changer(str(directory), os.fstat(folder)))
    except PermissionError:
        os.close(folder)
        raise
    return folder


def _refuse(directory: Path, other: Changer | None) -> None:
    if other is not None:
        raise PermissionError(0, f"{other.who} can change it: {other.remedy} {other.place}", str(directory))
