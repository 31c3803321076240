# SPDX-License-Identifier: BSD-2-Clause
"""Where the API is, from what users and the product's own variables say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wabiz_monitoring._core.address import DEFAULT_PORT, from_endpoint, from_host, from_url

HOSTS = [
    # host, port, address
    ("wa.example", 9090, "https://wa.example:9090"),
    ("localhost", 443, "https://localhost:443"),
    ("192.0.2.1", 9090, "https://192.0.2.1:9090"),
    ("2001:db8::1", 9090, "https://[2001:db8::1]:9090"),
    ("[2001:db8::1]", 9090, "https://[2001:db8::1]:9090"),
    ("fe80::1%eth0", 9090, "https://[fe80::1%eth0]:9090"),
    ("wa_web-1", 9090, "https://wa_web-1:9090"),
]

ENDPOINTS = [
    ("wa.example", "https://wa.example:9090"),
    ("wa.example:8443", "https://wa.example:8443"),
    ("192.0.2.1:8443", "https://192.0.2.1:8443"),
    ("::1", "https://[::1]:9090"),
    ("[::1]", "https://[::1]:9090"),
    ("[2001:db8::1]", "https://[2001:db8::1]:9090"),
    ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
]

URLS = [
    ("https://wa.example", "https://wa.example"),
    ("https://wa.example/", "https://wa.example"),
    ("https://wa.example:8443/wa/eins", "https://wa.example:8443/wa/eins"),
    ("http://wa.example/wa/", "http://wa.example/wa"),
    # Copied from a browser, or from the product's own documentation.
    ("https://wa.example/v1/support", "https://wa.example"),
    ("https://wa.example/v1", "https://wa.example"),
    ("https://wa.example/wa/v1/", "https://wa.example/wa"),
    ("https://wa.example/v1/v1/support", "https://wa.example/v1"),
    ("https://wa.example/v10", "https://wa.example/v10"),
    ("https://[::1]:8443/x", "https://[::1]:8443/x"),
    ("https://wa.example/a%20b", "https://wa.example/a%20b"),
    ("https://wa.example/zürich", "https://wa.example/z%C3%BCrich"),
]

NO_HOSTS = [
    "",
    " ",
    "a b",
    "a/b",
    "https://wa.example",
    "wa.example:9090/x",
    "a\nb",
    "a|b",
    "x" * 254,
    "[a]x",
]
# Names in other letters: Python and others disagree on their form in ASCII, and so on which host that is.
OTHER_LETTERS = ["bücher.example", "zürich", "straße.example", "例え.テスト", "wa。example"]
NO_PORTS = [0, -1, 65536, 10**9]
NO_ENDPOINTS = [
    "",
    ":",
    ":9090",
    "wa.example:",
    "wa.example:x",
    "wa.example:0",
    "wa.example:99999",
    "wa.example:٣",
    "a b:1",
]
NO_URLS = [
    "",
    "wa.example",
    "wa.example:9090",
    "//wa.example",
    "ftp://wa.example",
    "file:///etc/passwd",
    "https://",
    "https:///v1",
    "https://:9090",
    "https://wa.example:0",
    "https://wa.example:99999",
    "https://wa.example:x",
    "https://[::1",
    "https://wa.example/a b",
    "https://wa.example/\n",
    "https://wa.example/?a=b",
    "https://wa.example/#a",
    "https://monitor:marked-secret@wa.example",
    "https://marked-secret@wa.example",
    "monitor:marked-secret@wa.example:9090",
    "https://wa.example/?key=marked-secret",
    "https://wa.example/#marked-secret",
]


@pytest.mark.parametrize(("host", "port", "address"), HOSTS)
def test_a_host_and_a_port_make_an_address(host: str, port: int, address: str) -> None:
    assert from_host(host, port) == address
    assert from_host(host) == address.rpartition(":")[0] + f":{DEFAULT_PORT}"


@pytest.mark.parametrize(("endpoint", "address"), ENDPOINTS)
def test_an_endpoint_of_the_product_makes_an_address(endpoint: str, address: str) -> None:
    assert from_endpoint(endpoint) == address


@pytest.mark.parametrize(("url", "address"), URLS)
def test_a_url_is_cut_before_v1(url: str, address: str) -> None:
    assert from_url(url) == address


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"is no host name or address"):
        from_host(host)


@pytest.mark.parametrize("port", NO_PORTS)
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match=r"a port is a number from 1 to 65535"):
        from_host("wa.example", port)


@pytest.mark.parametrize("endpoint", NO_ENDPOINTS)
def test_what_is_no_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match=r"is no"):
        from_endpoint(endpoint)


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_url_is_refused_without_a_secret_in_the_words(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL") as refused:
        from_url(url)
    assert "marked-secret" not in str(refused.value)


@pytest.mark.parametrize("place", ["monitor:marked-secret@wa.example", "marked-secret@wa.example:9090", "a@b"])
def test_credentials_in_the_place_of_a_host_are_not_repeated(place: str) -> None:
    for read in (from_host, from_endpoint):
        with pytest.raises(ValueError, match=r"credentials do not belong in a URL or address") as refused:
            read(place)
        assert "marked-secret" not in str(refused.value)


_ALMOST = st.sampled_from(["https://", "https://wa.example/", "http://wa.example:1/v1", "wa.example:"])


@given(st.tuples(_ALMOST | st.just(""), st.text(max_size=20)).map("".join))
def test_anything_else_is_an_address_or_refused(text: str) -> None:
    for read in (from_host, from_endpoint, from_url):
        try:
            address = read(text)
        except ValueError:
            continue
        assert address.startswith(("https://", "http://"))
        assert address.isascii()
        assert not set(address) & set(' \n\r\t|<>"`\\')
        assert not address.endswith("/")


@pytest.mark.parametrize("host", OTHER_LETTERS)
@pytest.mark.parametrize(
    ("read", "text"),
    [(from_host, "%s"), (from_endpoint, "%s:9090"), (from_endpoint, "%s"), (from_url, "https://%s:9090/wa")],
)
def test_a_name_in_other_letters_is_told_how_to_be_written(read: Callable[[str], str], text: str, host: str) -> None:
    with pytest.raises(ValueError, match=r"^a host name is written in ASCII; write its form that begins with xn--"):
        read(text % host)


def test_a_port_of_ones_own_is_for_an_endpoint_that_has_none() -> None:
    told = [from_endpoint(endpoint, 8443) for endpoint in ("wa.example", "wa.example:9090", "::1", "[::1]", "[::1]:1")]
    assert told == [
        "https://wa.example:8443",
        "https://wa.example:9090",
        "https://[::1]:8443",
        "https://[::1]:8443",
        "https://[::1]:1",
    ]
