# SPDX-License-Identifier: BSD-2-Clause
"""Certificates: the context to verify with, and what to say when one is not trusted."""

import ssl
from collections.abc import Callable
from typing import NamedTuple

from wabiz_monitoring.core.catalogue import Trouble


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


# OpenSSL's verification codes (x509_vfy.h), and what they come to for somebody who has to act.
_CODES = {
    9: ("the certificate of {where} is not valid yet", "see whether this host's clock is right"),
    10: ("the certificate of {where} has expired", "renew it"),
    18: ("the certificate of {where} is self-signed", "give it with --ca-file"),
    19: ("the certificate chain of {where} ends in an unknown self-signed CA", "give that CA with --ca-file"),
    20: ("the certificate of {where} is of an unknown CA", "give that CA with --ca-file"),
    21: ("the certificate of {where} is of an unknown CA", "give that CA with --ca-file"),
    62: ("the certificate of {where} is for another name", "use the name that it was made for with -H or --url"),
    64: ("the certificate of {where} is for another address", "use the name that it was made for with -H or --url"),
}


def explain(error: ssl.SSLError, where: str) -> Trouble:
    """The trouble that a failed handshake with `where` (clean text) is, told so that the reader knows what to do."""
    code = getattr(error, "verify_code", None)
    if code is not None:
        text, remedy = _CODES.get(
            code,
            (f"the certificate of {{where}} is not trusted: {error.verify_message}", "give its CA with --ca-file"),  # type: ignore[attr-defined]
        )
        return Trouble("unreachable", text.format(where=where), remedy)
    reason = (error.reason or "no reason given").replace("_", " ").lower()
    if "wrong version" in reason or "http request" in reason:
        return Trouble(
            "unreachable", f"{where} does not speak TLS", "see whether this is the port of the web front end"
        )
    if "version" in reason or "protocol" in reason:
        return Trouble(
            "unreachable", f"{where} offers no TLS version that is safe ({reason})", "let it offer TLS 1.2 or newer"
        )
    if "certificate required" in reason or "alert" in reason:
        return Trouble(
            "unreachable", f"{where} ended the TLS handshake ({reason})", "see whether it wants a --client-cert"
        )
    return Trouble("unreachable", f"no TLS connection with {where} ({reason})")
