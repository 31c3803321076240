# SPDX-License-Identifier: BSD-2-Clause
"""The address of an API, from a host and port or from a URL."""

import re
from urllib.parse import urlsplit

DEFAULT_PORT = 9090
"""The port that the product publishes by default."""

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,30})?")


def from_host(hostname: str, port: int = DEFAULT_PORT) -> str:
    """`https://host:port`; an IPv6 address is put in brackets. Raises ValueError for what is no host."""
    bare = hostname[1:-1] if hostname.startswith("[") and hostname.endswith("]") else hostname
    if not _HOST.fullmatch(bare):
        raise ValueError(f"{hostname!r} is no host name or address; for a URL use --url")
    return f"https://[{bare}]:{port}" if ":" in bare else f"https://{bare}:{port}"


def from_endpoint(endpoint: str) -> str:
    """The address for a WA_WEB_ENDPOINT, which is `host:port` or `host`. Raises ValueError for anything else."""
    host, colon, port = endpoint.rpartition(":")
    if not colon or host.endswith(":") or (":" in host and not host.startswith("[")):
        return from_host(endpoint)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{endpoint!r} is no endpoint of the form host:port")
    return from_host(host, int(port))


def from_url(url: str) -> str:
    """A URL without a trailing slash. Raises ValueError for what is no http(s) URL, or holds credentials or a query."""
    try:
        parts = urlsplit(url)
        port_sound = parts.port != 0
    except ValueError:
        raise ValueError("the URL is malformed") from None
    if "@" in parts.netloc:
        raise ValueError("credentials do not belong in a URL; put them into the environment or an extra-opts file")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_sound or not url.isprintable():
        raise ValueError(f"{url!r} is no URL of the form https://host:port/path")
    if parts.query or parts.fragment:
        raise ValueError(f"{url!r} has a query or a fragment; only the part before /v1 is wanted")
    return url.rstrip("/").removesuffix("/v1/support").removesuffix("/v1")
