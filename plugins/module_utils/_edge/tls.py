# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How connections are secured: one policy for checks and modules, the same on every Python.

What a context begins with differs between versions and builds of Python: some let TLS 1.0 pass, some verify strictly.
So nothing is left to that.
"""

from __future__ import annotations

import ssl
from typing import List, NamedTuple, Optional

from .._core.misuse import Misuse
from .files import Files, lent, told

# OpenSSL's number (x509_vfy.h); Python names it from 3.10 on.
_PARTIAL_CHAIN = getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0x80000)
_END_UNSAID = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)

_OF_ANOTHER = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")
"""OpenSSL's reasons for a key that does not belong to the certificate, the last one for one of another kind."""


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


class _Pem:
    """A file that was read: OpenSSL would read it as often as it likes, for as long as it likes."""

    def __init__(self, option: str, path: str, files: Files) -> None:
        """Raises Misuse."""
        self.told = told(option, path)
        self.data = files.pem(option, path)


def context(tls: Tls, names: Names, files: Files) -> ssl.SSLContext:
    """What to connect with. Raises Misuse when a file cannot be used."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # A system that wants more than this gets it.
    made.minimum_version = max(made.minimum_version, ssl.TLSVersion.TLSv1_2)
    # RFC 9525: only the alternative names of a certificate count, and an address must be there as an address.
    made.hostname_checks_common_name = False
    # Python 3.13 began to verify strictly, and not everywhere. The certificates of companies' own CAs often lack the
    # identifiers that this demands; whom they are for and who signed them is verified all the same.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # That a connection ends unsaid is an end, and no error: some Pythons take it so, and some do not. Whether an answer
    # is whole shows in what came.
    made.options |= _END_UNSAID
    if tls.insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif tls.ca_file is None:
        made.load_default_certs()
    else:
        # The product's certificate is self-signed or from a company's own CA: trusting exactly the file's
        # certificates must do, even if one is not a root.
        made.verify_flags |= _PARTIAL_CHAIN
        _trust(made, _Pem(names.ca_file, tls.ca_file, files))
    if tls.client_cert is not None:
        cert = _Pem(names.client_cert, tls.client_cert, files)
        _show(made, cert, None if tls.client_key is None else _Pem(names.client_key, tls.client_key, files))
        made.post_handshake_auth = True
    return made


def _trust(made: ssl.SSLContext, file: _Pem) -> None:
    try:
        with lent(file.data) as path:
            made.load_verify_locations(path)
    except ssl.SSLError as error:
        raise Misuse("%s holds no usable PEM data (%s)" % (file.told, _reason(error))) from None
    except OSError:
        # A limit on the size of files (ulimit -f) holds for those in memory, too.
        made.load_verify_locations(cadata=file.data.decode("ascii", "ignore"))


def _show(made: ssl.SSLContext, cert: _Pem, key: Optional[_Pem]) -> None:
    wanted: List[str] = []

    def passphrase() -> str:
        # Without an answer OpenSSL asks for one at the terminal, and everything would hang.
        wanted.append("it")
        return ""

    try:
        with lent(cert.data) as cert_path, lent(key.data if key else cert.data) as key_path:
            made.load_cert_chain(cert_path, key_path, password=passphrase)
    except ssl.SSLError as error:
        if wanted:
            raise Misuse("%s: this key has a passphrase; give one without" % (key or cert).told) from None
        if error.reason in _OF_ANOTHER:
            told = "%s is not the key of %s" % (key.told, cert.told) if key else "%s: its key is another's" % cert.told
            raise Misuse(told) from None
        both = " with ".join([cert.told] + ([key.told] if key else []))
        raise Misuse("%s holds no usable PEM data (%s)" % (both, _reason(error))) from None


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "not usable").replace("_", " ").lower()
