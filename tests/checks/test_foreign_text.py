# SPDX-License-Identifier: BSD-2-Clause
"""Text that others write: it gives no secret away, commands nothing, and looks like nothing else."""

from __future__ import annotations

import base64
import re
from functools import cache

import pytest
from clothes import CLOTHES, dressed, printed, seen
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from surfaces import NOT_QUOTED, PLACES, outputs
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._core.session import Credentials
from wabiz_monitoring._core.text import WITHHELD

_ODD = st.characters(min_codepoint=0x21, max_codepoint=0x24F, exclude_categories=("Cc", "Cf"))
_SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E) | _ODD, min_size=10, max_size=32)


def known(secret: str, where: str) -> tuple[Redaction, str]:
    """A run that knows a secret of some kind, and what of it a server gets to know."""
    if where == "token":
        return Redaction(Credentials("monitor", None, secret)), secret
    if where == "header":
        return Redaction(Credentials(), {"X-Gateway-Key": f"Key {secret}"}), secret
    if where == "cookie":
        return Redaction(Credentials(), {"Cookie": f"a=b; sid={secret}"}), secret
    if where == "proxy":
        return Redaction(Credentials(), {}, {"https_proxy": f"http://me:{secret}@localhost:1"}), secret
    pair = base64.b64encode(f"monitor:{secret}".encode()).decode()
    return Redaction(Credentials("monitor", secret)), pair if where == "login" else secret


def told(name: str, word: str, place: Redaction) -> set[str]:
    """Every line that is printed, or returned, when a word stands somewhere."""
    return {line for output in outputs(name, word, place) for line in printed(output).splitlines()}


@cache
def own_words(name: str) -> frozenset[str]:
    """What is printed around a word, whether that is shown or withheld."""
    place = Redaction(Credentials("monitor", "Zq7LmTr93xKw"))
    return frozenset(told(name, "?", place) | told(name, "Zq7LmTr93xKw", place))


@pytest.mark.parametrize("name", [name for name in PLACES if name not in NOT_QUOTED])
def test_a_harmless_word_is_shown_wherever_it_stands(name: str) -> None:
    place = Redaction(Credentials("monitor", "marked-password", "marked-token"), {"X-Key": "marked-header"})
    shown = list(map(printed, outputs(name, "harmless-word", place)))
    assert [text for text in shown if "harmless-word" in text or {"harmle", "ss-word"} <= set(re.split("[ ()]", text))]
    assert not [text for text in shown if "withheld" in text]


@settings(max_examples=300)
@given(
    _SECRETS,
    st.sampled_from(["password", "login", "token", "header", "cookie", "proxy"]),
    st.sampled_from(list(CLOTHES)),
    st.sampled_from(list(CLOTHES)),
    st.floats(-1, 1),
    st.sampled_from(list(PLACES)),
)
def test_no_secret_is_seen_in_whatever_clothes_it_comes_back(
    secret: str, where: str, inner: str, outer: str, cut: float, name: str
) -> None:
    # A few letters, or a few again and again, stand in honest words and numbers.
    letters = [letter for letter in secret.casefold() if letter.isalnum()]
    assume(len(letters) >= 9 and len(set(letters)) >= 7)
    place, learned = known(secret, where)
    # Nor is any of it hidden that is printed for everybody.
    own = own_words(name)
    assume(not any(seen(line, each) for line in own for each in (learned, secret)))
    word = dressed(learned, inner, outer)
    missing = int(abs(cut) * len(word) / 3)
    word = word[missing:] if cut < 0 else word[: len(word) - missing]
    for line in told(name, word, place) - own:
        for each in (learned, secret):
            assert not seen(line, each), line


SAYS_WHERE = {
    "Host": "wa2.example.com",
    "X-Forwarded-Host": "wa2.example.com:9090",
    "Origin": "https://wa2.example.com",
    "X-Tenant": "production-europe",
}


@pytest.mark.parametrize("header", SAYS_WHERE)
def test_a_header_that_says_where_hides_no_name(header: str) -> None:
    place = Redaction(headers={header: SAYS_WHERE[header]})
    assert place.show_names([SAYS_WHERE[header]]) == [SAYS_WHERE[header]]
    assert place.foreign(SAYS_WHERE[header]).shown() == SAYS_WHERE[header]


def test_the_name_that_lets_us_into_a_proxy_without_a_password_is_withheld() -> None:
    place = Redaction(environment={"http_proxy": "http://Zq7LmTr93xKw@proxy.example:3128"})
    assert place.foreign("it said Zq7LmTr93xKw").shown() == WITHHELD
