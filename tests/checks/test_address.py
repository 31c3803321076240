# SPDX-License-Identifier: BSD-2-Clause
"""Where the API is, however somebody says it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wabiz_monitoring.core.address import from_endpoint, from_host, from_url

NEARLY = r"https?://[a-z\[\]:@/%?#é ]{0,20}"


@pytest.mark.parametrize(
    ("hostname", "port", "url"),
    [
        ("wa.example.com", 9090, "https://wa.example.com:9090"),
        ("wa_1", 443, "https://wa_1:443"),
        ("192.0.2.1", 65535, "https://192.0.2.1:65535"),
        ("2001:db8::1", 1, "https://[2001:db8::1]:1"),
        ("[2001:db8::1]", 1, "https://[2001:db8::1]:1"),
        ("fe80::1%eth0", 9090, "https://[fe80::1%eth0]:9090"),
    ],
)
def test_a_host_and_a_port_make_an_address(hostname: str, port: int, url: str) -> None:
    assert from_host(hostname, port) == url


@pytest.mark.parametrize("hostname", ["", "a b", "wa/1", "https://wa", "wa:9090", "mönch", "wa\n", "[wa]x", "user@wa"])
def test_what_is_no_host_is_refused(hostname: str) -> None:
    with pytest.raises(ValueError, match="is no host name or address; a whole URL belongs to the option url"):
        from_host(hostname)


@pytest.mark.parametrize("port", [0, -1, 65536, 10**9])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="is no port: a port is a number from 1 to 65535"):
        from_host("wa", port)


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("wa.example.com:8443", "https://wa.example.com:8443"),
        ("wa.example.com", "https://wa.example.com:9090"),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("2001:db8::1", "https://[2001:db8::1]:9090"),
        ("[2001:db8::1]", "https://[2001:db8::1]:9090"),
    ],
)
def test_an_endpoint_is_a_host_with_or_without_a_port(endpoint: str, url: str) -> None:
    assert from_endpoint(endpoint) == url


@pytest.mark.parametrize("endpoint", ["wa:", "wa:x", "wa:-1", "wa:٣", "wa:0", "wa:65536", f"wa:{'9' * 5000}", "", ":1"])
def test_what_is_no_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        from_endpoint(endpoint)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://wa.example.com", "https://wa.example.com"),
        ("https://wa.example.com:9090/", "https://wa.example.com:9090"),
        ("http://gw.example.com/wa//", "http://gw.example.com/wa"),
        ("https://wa/v1", "https://wa"),
        ("https://wa/behind/v1/support/", "https://wa/behind"),
        ("https://wa//v1", "https://wa"),
        ("https://wa/v10", "https://wa/v10"),
        ("HTTPS://wa/é/100%25", "https://wa/%C3%A9/100%25"),
        ("https://[2001:db8::1]:9090/x", "https://[2001:db8::1]:9090/x"),
    ],
)
def test_a_url_is_what_stands_before_v1(url: str, address: str) -> None:
    assert from_url(url) == address


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("wa.example.com", "is no URL of the form https://host:port/path"),
        ("ftp://wa", "is no URL of the form"),
        ("https://", "is no URL of the form"),
        ("https://wa:0", "is no URL of the form"),
        ("https://mönch", "is no URL of the form"),
        ("https://wa,wb", "is no URL of the form"),
        ("https://wa/a b", "is no URL of the form"),
        ("https://wa/\x7f", "is no URL of the form"),
        ("https://wa:65536", "the URL is malformed"),
        ("https://[::1", "the URL is malformed"),
        ("https://wa?x=1", "has a query or a fragment"),
        ("https://wa#x", "has a query or a fragment"),
        ("https://monitor:marked@wa", "credentials do not belong in a URL"),
        ("https://monitor:mar/ked@wa", "malformed|is no URL|credentials"),
    ],
)
def test_what_is_no_url_is_refused_without_showing_credentials(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as error:
        from_url(url)
    assert "marked" not in str(error.value)


@given(st.sampled_from([from_host, from_endpoint, from_url]), st.text(max_size=30) | st.from_regex(NEARLY))
def test_any_text_is_an_address_or_refused(read: Callable[[str], str], text: str) -> None:
    try:
        address = read(text)
    except ValueError:
        return
    assert re.fullmatch(r"https?://[!-~]+", address)
    assert not address.endswith("/")
