# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How connections are secured: one policy for checks and modules, the same on every Python.

What a context begins with differs between versions and builds of Python: some let TLS 1.0 pass, some verify strictly.
So nothing is left to that.
"""

from __future__ import annotations

import os
import ssl
from typing import List, NamedTuple, Optional

from .._core.misuse import Misuse
from .._core.text import clean

# OpenSSL's number (x509_vfy.h); Python names it from 3.10 on.
_PARTIAL_CHAIN = getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0x80000)
_END_UNSAID = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
_LONGEST = 200
"""Characters of a path that are shown."""


class Tls(NamedTuple):
    """What the options say of it; paths are of PEM files."""

    ca_file: Optional[str] = None
    """None is the system's store."""
    insecure: bool = False
    client_cert: Optional[str] = None
    client_key: Optional[str] = None
    """None is in `client_cert`."""


class Names(NamedTuple):
    """What the user calls the options."""

    ca_file: str
    client_cert: str
    client_key: str


def context(tls: Tls, names: Names) -> ssl.SSLContext:
    """What to connect with. Raises Misuse when a file cannot be used."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # A system that wants more than this gets it.
    made.minimum_version = max(made.minimum_version, ssl.TLSVersion.TLSv1_2)
    # RFC 9525: only the alternative names of a certificate count, and an address must be there as an address.
    made.hostname_checks_common_name = False
    # Python 3.13 began to verify strictly, and not everywhere. The certificates of companies' own CAs often lack the
    # identifiers that this demands; whom they are for and who signed them is verified all the same.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # Some builds take a connection that ends in the middle for one that was closed.
    made.options &= ~_END_UNSAID
    if tls.insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif tls.ca_file is None:
        made.load_default_certs()
    else:
        # The product's certificate is self-signed or from a company's own CA: trusting exactly the file's
        # certificates must do, even if one is not a root.
        made.verify_flags |= _PARTIAL_CHAIN
        _trust(made, tls.ca_file, names)
    if tls.client_cert is not None:
        _show(made, tls.client_cert, tls.client_key, names)
        made.post_handshake_auth = True
    return made


def _trust(made: ssl.SSLContext, path: str, names: Names) -> None:
    file = _told(names.ca_file, path)
    try:
        made.load_verify_locations(path)
    except ssl.SSLError as error:
        raise Misuse("%s holds no usable PEM data (%s)" % (file, _reason(error))) from None
    except OSError as error:
        raise Misuse("%s: %s" % (file, _lower(error.strerror))) from None


def _show(made: ssl.SSLContext, cert: str, key: Optional[str], names: Names) -> None:
    wanted: List[str] = []

    def passphrase() -> str:
        # Without an answer OpenSSL asks for one at the terminal, and everything would hang.
        wanted.append("it")
        return ""

    files = [_told(names.client_cert, cert)] + ([] if key is None else [_told(names.client_key, key)])
    try:
        made.load_cert_chain(cert, key, password=passphrase)
    except ssl.SSLError as error:
        both = " with ".join(files)
        if wanted:
            raise Misuse("%s: the key has a passphrase, and nobody can type it in; give one without" % both) from None
        raise Misuse("%s holds no usable PEM data (%s)" % (both, _reason(error))) from None
    except OSError as error:
        # Python does not say which of the two.
        missing = [file for file, path in zip(files, (cert, key or "")) if not os.path.exists(path)]
        raise Misuse("%s: %s" % ((missing or files)[0], _lower(error.strerror))) from None


def _told(option: str, path: str) -> str:
    return "%s %s" % (option, clean(path, _LONGEST))


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "not usable").replace("_", " ").lower()


def _lower(sentence: Optional[str]) -> str:
    told = sentence or "it cannot be read"
    return "no such file" if told == "No such file or directory" else told[:1].lower() + told[1:]
