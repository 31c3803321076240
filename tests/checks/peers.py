# SPDX-License-Identifier: BSD-2-Clause
"""Everything that can be at the other end: each fault of the server, and what goes wrong on the way to any server."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import faults
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from faults import FaultServer
from marks import PROXY
from proxy import ANSWERS, ENDLESS, Proxy


class Peer(NamedTuple):
    """Where it is, and what is needed to ask it."""

    url: str
    ca_file: str
    server: FaultServer | None = None
    proxy: Proxy | None = None
    """The proxy through which it must be asked."""
    deaf: bool = False
    """Whether it is asked from where no name is ever resolved."""

    @property
    def where(self) -> str:
        """Host and port."""
        return self.url.partition("://")[2]


def variables(proxy: Proxy) -> dict[str, str]:
    """The environment that leads through a proxy, with a password for it."""
    return {"https_proxy": f"http://me:{PROXY}@localhost:{proxy.port}"}


Way = Callable[[Path, ExitStack], Peer]


def _served(server: FaultServer, stack: ExitStack, host: str = "localhost") -> Peer:
    stack.enter_context(server)
    return Peer(f"https://{host}:{server.port}", server.ca_file, server)


def _fault(fault: str) -> Way:
    return lambda folder, stack: _served(FaultServer(folder, fault), stack)


def _refuses(folder: Path, stack: ExitStack) -> Peer:
    # Bound, so that nobody else gets the port, but not listening.
    one = stack.enter_context(socket.socket())
    one.bind(("127.0.0.1", 0))
    return Peer(f"https://localhost:{one.getsockname()[1]}", _some_ca(folder))


def _drops(folder: Path, stack: ExitStack) -> Peer:
    # A full backlog: packets of further connections are dropped.
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    for _turn in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listener.getsockname())
    return Peer(f"https://localhost:{listener.getsockname()[1]}", _some_ca(folder))


def _some_ca(folder: Path) -> str:
    path = str(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(path)
    return path


def _unresolved(host: str) -> Way:
    return lambda folder, stack: Peer(f"https://{host}:9090", _some_ca(folder), deaf=True)


def _certificate(make: Callable[[trustme.CA, trustme.CA], trustme.LeafCert], host: str = "localhost") -> Way:
    def way(folder: Path, stack: ExitStack) -> Peer:
        trusted, other = trustme.CA(), trustme.CA()
        peer = _served(FaultServer(folder, certificate=make(trusted, other)), stack, host)
        trusted.cert_pem.write_to_path(peer.ca_file)
        return peer

    return way


def _days(ca: trustme.CA, first: int, last: int) -> trustme.LeafCert:
    now = datetime.now(timezone.utc)
    return ca.issue_cert("localhost", not_before=now + timedelta(first), not_after=now + timedelta(last))


LOCALHOST = (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")))

_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def _self_signed() -> trustme.LeafCert:
    """As the product makes its own."""
    return _signed("localhost", LOCALHOST, ec.generate_private_key(ec.SECP256R1()))


def _signed(common: str, names: Sequence[x509.GeneralName], key: _Key, by: _Key | None = None) -> trustme.LeafCert:
    """A certificate without anything that it can do without; it signs itself unless a CA's key is given."""
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(common))
        .issuer_name(_named("CA") if by else _named(common))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(1))
        .not_valid_after(now + timedelta(1))
    )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if common == "CA":
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    kind = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    certificate = made.sign(by or key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return trustme.LeafCert(private, certificate, [])


def _named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _by_a_plain_ca(*names: x509.GeneralName, common: str = "localhost", host: str = "localhost") -> Way:
    """The certificates of a CA that puts no identifiers of keys into them, as companies' own often do."""

    def way(folder: Path, stack: ExitStack) -> Peer:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _signed(common, names, ec.generate_private_key(ec.SECP256R1()), by=key)
        peer = _served(FaultServer(folder, certificate=leaf), stack, host)
        _signed("CA", (), key).cert_chain_pems[0].write_to_path(peer.ca_file)
        return peer

    return way


def _old_tls(version: ssl.TLSVersion) -> Way:
    """A server that is understood by whoever speaks as it does: with an RSA key no signature need be too weak."""

    def way(folder: Path, stack: ExitStack) -> Peer:
        leaf = _signed("localhost", LOCALHOST, rsa.generate_private_key(65537, 2048))
        peer = _served(FaultServer(folder, certificate=leaf, version=version), stack)
        leaf.cert_chain_pems[0].write_to_path(peer.ca_file)
        return peer

    return way


def _wants_a_client(folder: Path, stack: ExitStack) -> Peer:
    return _served(FaultServer(folder, client_ca=trustme.CA()), stack)


def _proxy(does: str) -> Way:
    return lambda folder, stack: _fault("healthy")(folder, stack)._replace(proxy=stack.enter_context(Proxy(does)))


def _no_proxy(folder: Path, stack: ExitStack) -> Peer:
    peer, proxy = _fault("healthy")(folder, stack), Proxy()
    with proxy:
        pass
    return peer._replace(proxy=proxy)


WAYS: Mapping[str, Mapping[str, Way]] = {
    "Network": {
        "name that nobody has": _unresolved("nobody.example"),
        "resolver says nothing": _unresolved("silent.example"),
        "refuses connections": _refuses,
        "drops packets": _drops,
    },
    "TLS": {
        "TLS 1.0 only": _old_tls(ssl.TLSVersion.TLSv1),
        "TLS 1.1 only": _old_tls(ssl.TLSVersion.TLSv1_1),
        "certificate without identifiers of keys": _by_a_plain_ca(*LOCALHOST),
        "certificate with a common name only": _by_a_plain_ca(),
        "common name beside an address": _by_a_plain_ca(x509.IPAddress(ip_address("127.0.0.9"))),
        "common name beside a mail address": _by_a_plain_ca(x509.RFC822Name("root@localhost")),
        "common name beside a URI": _by_a_plain_ca(x509.UniformResourceIdentifier("https://localhost/")),
        "address as a name": _by_a_plain_ca(x509.DNSName("127.0.0.1"), common="127.0.0.1", host="127.0.0.1"),
        "address as a common name": _by_a_plain_ca(x509.DNSName("wa.example"), common="127.0.0.1", host="127.0.0.1"),
        "wants a client's certificate": _wants_a_client,
        "certificate of an unknown CA": _certificate(lambda _trusted, other: other.issue_cert("localhost")),
        "certificate that signs itself": _certificate(lambda _trusted, _other: _self_signed()),
        "certificate that has expired": _certificate(lambda trusted, _other: _days(trusted, -9, -2)),
        "certificate that is not valid yet": _certificate(lambda trusted, _other: _days(trusted, 2, 9)),
        "certificate for another name": _certificate(lambda trusted, _other: trusted.issue_cert("wa.example")),
        "certificate for another address": _certificate(
            lambda trusted, _other: trusted.issue_cert("localhost"), "127.0.0.1"
        ),
    },
    "Proxy": {
        **{f"proxy {way}": _proxy(way) for way in (*ANSWERS, *ENDLESS, "drips") if way != "tunnels"},
        "proxy is not there": _no_proxy,
    },
}
"""What goes wrong on the way, by its kind."""

KINDS: Mapping[str, Mapping[str, Way]] = {
    kind: {**WAYS.get(kind, {}), **{name: _fault(name) for name in faults.KINDS.get(kind, {})}}
    for kind in dict.fromkeys((*WAYS, *faults.KINDS))
}
"""Every peer, by its kind."""

PEERS: Mapping[str, Way] = {name: way for kind in KINDS.values() for name, way in kind.items()}


@contextmanager
def peer(name: str, folder: Path) -> Iterator[Peer]:
    """One of them, while the block runs; the folder is for its certificates."""
    with ExitStack() as stack:
        yield PEERS[name](folder, stack)
