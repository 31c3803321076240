# SPDX-License-Identifier: BSD-2-Clause
"""Which proxy is asked: one rule for checks and modules."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from pages import DOCS
from wabiz_monitoring._core.misuse import Misuse
from wabiz_monitoring._edge.proxies import proxy_for

HTTPS = "https://wa.example.com:9090"
PROXY = "http://proxy.example:3128"

NAMED = [
    # environment, address, the place of the proxy
    ({}, HTTPS, None),
    ({"https_proxy": PROXY}, HTTPS, "proxy.example:3128"),
    ({"HTTPS_PROXY": PROXY}, HTTPS, "proxy.example:3128"),
    ({"https_proxy": "", "HTTPS_PROXY": PROXY}, HTTPS, None),
    ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2"}, HTTPS, "a:1"),
    ({"all_proxy": PROXY}, HTTPS, "proxy.example:3128"),
    ({"https_proxy": "http://a:1", "all_proxy": "http://b:2"}, HTTPS, "a:1"),
    ({"http_proxy": PROXY}, HTTPS, None),
    ({"http_proxy": PROXY}, "http://wa.example.com", "proxy.example:3128"),
    ({"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, "http://wa.example.com", None),
    ({"https_proxy": "proxy.example:3128"}, HTTPS, "proxy.example:3128"),
    ({"https_proxy": "http://proxy.example"}, HTTPS, "proxy.example:80"),
    ({"https_proxy": "http://[::1]:3128/"}, HTTPS, "[::1]:3128"),
]

PASSED_BY = [
    # no_proxy, address, whether the proxy is passed by
    ("*", HTTPS, True),
    ("", HTTPS, False),
    ("wa.example.com", HTTPS, True),
    ("other, WA.Example.COM ", HTTPS, True),
    ("example.com", HTTPS, True),
    (".example.com", HTTPS, True),
    ("*.example.com", HTTPS, True),
    ("ample.com", HTTPS, False),
    ("wa.example.com:9090", HTTPS, True),
    ("wa.example.com:443", HTTPS, False),
    ("wa.example.com", "https://wa.example.com.:9090", True),
    ("127.0.0.1", "https://127.0.0.1:9090", True),
    ("127.0.0.1:9090", "https://127.0.0.1:9090", True),
    ("127.0.0.1:1", "https://127.0.0.1:9090", False),
    ("127.0.0.0/8", "https://127.0.0.1:9090", True),
    ("127.0.0.1/8", "https://127.0.0.1:9090", True),
    ("10.0.0.0/8", "https://127.0.0.1:9090", False),
    ("0.0.1", "https://127.0.0.1:9090", False),
    ("::1", "https://[::1]:9090", True),
    ("[::1]", "https://[::1]:9090", True),
    ("[::1]:9090", "https://[::1]:9090", True),
    ("[::1]:1", "https://[::1]:9090", False),
    ("::1/128", "https://[::1]:9090", True),
    ("127.0.0.0/8", "https://[::1]:9090", False),
    ("127.0.0.0/99, nonsense/8", "https://127.0.0.1:9090", False),
]

UNUSABLE = [
    ("socks5h://me:marked@127.0.0.1:1080", "https_proxy in the environment: SOCKS is not supported"),
    ("https://me:marked@proxy.example", "https_proxy in the environment: only proxies at an http:// address"),
    ("http://me:marked@[::1", "https_proxy in the environment: no address of the form http://host:port"),
    ("http://me:marked@proxy.example:port", "https_proxy in the environment: no address of the form"),
    ("http://me:marked@", "https_proxy in the environment: no address of the form"),
]


@pytest.mark.parametrize(("environment", "url", "place"), NAMED)
def test_the_environment_names_the_proxy(environment: dict[str, str], url: str, place: str | None) -> None:
    proxy = proxy_for(url, environment)
    assert (proxy.place if proxy else None) == place


@pytest.mark.parametrize(("no_proxy", "url", "passed"), PASSED_BY)
def test_what_no_proxy_names_is_asked_directly(no_proxy: str, url: str, passed: bool) -> None:
    assert (proxy_for(url, {"https_proxy": PROXY, "no_proxy": no_proxy}) is None) is passed


def test_its_password_is_taken_as_it_is_written_in_addresses_and_never_shown() -> None:
    proxy = proxy_for(HTTPS, {"https_proxy": "http://me:mark%20ed%40@proxy.example:3128"})
    assert proxy is not None
    basic = base64.b64encode(b"me:mark ed@").decode()
    assert proxy.headers == {"Proxy-Authorization": f"Basic {basic}"}
    assert "me" not in repr(proxy)
    assert basic not in repr(proxy)


@pytest.mark.parametrize(("told", "says"), UNUSABLE)
def test_one_that_cannot_be_used_is_told_by_its_variable_without_its_password(told: str, says: str) -> None:
    with pytest.raises(Misuse, match=says) as refused:
        proxy_for(HTTPS, {"https_proxy": told})
    assert "marked" not in str(refused.value)


def told_by_the_page() -> Iterator[tuple[str, str, bool]]:
    """What the page says of no_proxy: an entry, an address, and whether that is asked without the proxy."""
    rows = [row.split("|")[1:-1] for row in (DOCS / "network.md").read_text().splitlines() if row.startswith("| `")]
    for entries, without, by_way in rows:
        for entry in re.findall("`(.+?)`", entries):
            yield from ((entry, url, True) for url in re.findall("`(.+?)`", without))
            yield from ((entry, url, False) for url in re.findall("`(.+?)`", by_way))


@pytest.mark.parametrize(("no_proxy", "url", "passed_by"), [*told_by_the_page()])
def test_what_the_page_says_of_no_proxy_is_so(no_proxy: str, url: str, passed_by: bool) -> None:
    assert (proxy_for(url, {"https_proxy": PROXY, "no_proxy": no_proxy}) is None) == passed_by
