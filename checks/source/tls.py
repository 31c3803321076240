# SPDX-License-Identifier: BSD-2-Clause
"""Certificates: the context to verify with."""

import ssl
from typing import NamedTuple

from wabiz_monitoring._core.failure import load, no_passphrase


class Tls(NamedTuple):
    """How a connection is secured; paths are of PEM files, `ca_file` None is the system's store."""

    ca_file: str | None = None
    insecure: bool = False
    client_cert: str | None = None
    client_key: str | None = None


def context(tls: Tls) -> ssl.SSLContext:
    """A client context. Raises Misuse, with a sentence for the user, when a file cannot be used.

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
        load("--ca-file", tls.ca_file, lambda: made.load_verify_locations(tls.ca_file))
    if tls.client_cert is not None:
        chain = tls.client_cert, tls.client_key
        load("--client-cert", tls.client_cert, lambda: made.load_cert_chain(*chain, password=no_passphrase))
    return made
