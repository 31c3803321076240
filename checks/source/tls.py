# SPDX-License-Identifier: BSD-2-Clause
"""Certificates: the context to verify with."""

import ssl
from collections.abc import Callable
from typing import NamedTuple


class Tls(NamedTuple):
    """How a connection is secured; paths are of PEM files, `ca_file` None is the system's store."""

    ca_file: str | None = None
    insecure: bool = False
    client_cert: str | None = None
    client_key: str | None = None


def context(tls: Tls) -> ssl.SSLContext:
    """A client context. Raises ValueError, with a sentence for the user, when a file cannot be used.

    requests by itself loads the bundle that it ships anew for each connection and passes the system's store by.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif tls.ca_file is None:
        made.load_default_certs()
    else:
        # The product's certificate is self-signed or from a company's own CA: trusting exactly the file's
        # certificates must do, even if one is not a root.
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        _load("--ca-file", tls.ca_file, lambda: made.load_verify_locations(tls.ca_file))
    if tls.client_cert is not None:
        chain = tls.client_cert, tls.client_key
        _load("--client-cert", tls.client_cert, lambda: made.load_cert_chain(*chain, password=_no_passphrase))
    return made


def _load(option: str, path: str, load: Callable[[], None]) -> None:
    try:
        load()
    except FileNotFoundError:
        raise ValueError(f"{option} {path}: no such file") from None
    except ssl.SSLError as error:
        reason = (error.reason or "").replace("_", " ").lower() or "not usable"
        raise ValueError(f"{option} {path} holds no usable PEM data ({reason})") from None
    except OSError as error:
        raise ValueError(f"{option} {path}: {error.strerror}") from None


def _no_passphrase() -> str:
    # Without this OpenSSL asks at the terminal, and a check would hang.
    return ""
