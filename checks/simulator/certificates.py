# SPDX-License-Identifier: BSD-2-Clause
"""A certificate authority of the moment, and the server's certificate from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import trustme

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
    directory.mkdir(parents=True, exist_ok=True)
    files = Certificates(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    authority = trustme.CA()
    server = authority.issue_cert(*{*_LOCAL, name})
    authority.cert_pem.write_to_path(files.ca)
    files.server.write_bytes(b"".join(pem.bytes() for pem in server.cert_chain_pems))
    # A key that once was there may be readable to others: only a new file gets the narrow mode.
    files.key.unlink(missing_ok=True)
    with open(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as key:
        key.write(server.private_key_pem.bytes())
    return files
