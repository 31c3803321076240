# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Which proxy is asked for an address: one rule for checks and modules, as the environment says.

`https_proxy` (for `http://` addresses `http_proxy`), else `all_proxy`, names the proxy; the hosts of `no_proxy` are
asked without it. In capital letters they count where there is none in small ones.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from typing import Mapping, NamedTuple, Optional, Tuple, Union
from urllib.parse import SplitResult, unquote, urlsplit

from .._core.misuse import Misuse

# Compiled when there is a proxy: most runs have none.
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
_HOST = r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}"
_PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """Where it is, and what lets us in there. Never shown."""

    host: str
    port: int
    authorization: Optional[str]
    """The value of Proxy-Authorization."""

    def __repr__(self) -> str:
        return "Proxy(...)"

    @property
    def place(self) -> str:
        """Host and port."""
        return "%s:%d" % ("[%s]" % self.host if ":" in self.host else self.host, self.port)

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes to the proxy, and to nobody else."""
        return {} if self.authorization is None else {"Proxy-Authorization": self.authorization}


def proxy_for(url: str, environment: Mapping[str, str]) -> Optional[Proxy]:
    """The proxy to ask for an address, None to go there directly. Raises Misuse for one that cannot be used."""
    parts = urlsplit(url)
    for name in ("%s_proxy" % parts.scheme, "all_proxy"):
        told = _variable(name, environment)
        if told:
            return None if _passed_by(parts, _variable("no_proxy", environment)) else _proxy(name, told)
    return None


def _variable(name: str, environment: Mapping[str, str]) -> str:
    if name in environment:
        return environment[name].strip()
    if name == "http_proxy" and "REQUEST_METHOD" in environment:
        # Within a web server's CGI that variable is a header of whoever asks it.
        return ""
    return environment.get(name.upper(), "").strip()


def _proxy(name: str, told: str) -> Proxy:
    # The address may hold a password, so nothing of it is repeated.
    try:
        parts = urlsplit(told if re.match(_SCHEME, told) else "http://" + told)
        host, port = parts.hostname or "", parts.port or _PORTS["http"]
    except ValueError:
        raise Misuse("%s in the environment: no address of the form http://host:port" % name) from None
    if parts.scheme.startswith("socks"):
        raise Misuse("%s in the environment: SOCKS is not supported, only proxies of HTTP (http://host:port)" % name)
    if parts.scheme != "http":
        raise Misuse("%s in the environment: only proxies at an http:// address are supported" % name)
    if not re.fullmatch(_HOST, host):
        raise Misuse("%s in the environment: no address of the form http://host:port" % name)
    return Proxy(host, port, _authorization(parts))


def _authorization(parts: SplitResult) -> Optional[str]:
    if parts.username is None:
        return None
    pair = "%s:%s" % (unquote(parts.username), unquote(parts.password or ""))
    return "Basic " + base64.b64encode(pair.encode("utf-8", "replace")).decode("ascii")


def _passed_by(parts: SplitResult, no_proxy: str) -> bool:
    host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    return any(_fits(host, port, entry.strip().lower()) for entry in no_proxy.split(","))


def _fits(host: str, port: int, entry: str) -> bool:
    if entry == "*":
        return True
    name, only = _apart(entry)
    if not name or only not in ("", str(port)):
        return False
    address = _address(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(name, strict=False)
        except ValueError:
            return False
    # A name stands for itself and for all names below it.
    name = name[2:] if name.startswith("*.") else name.lstrip(".")
    return host == name or host.endswith("." + name)


def _apart(entry: str) -> Tuple[str, str]:
    """Name, address or network, and the port if there is one: `host:port`, `[::1]:port`."""
    if entry.startswith("["):
        name, _bracket, rest = entry[1:].partition("]")
        return name, rest.lstrip(":")
    if entry.count(":") == 1:
        name, _colon, only = entry.partition(":")
        return name, only
    return entry, ""


def _address(host: str) -> Union[ipaddress.IPv4Address, ipaddress.IPv6Address, None]:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
