# SPDX-License-Identifier: BSD-2-Clause
"""Text that others write: it gives no secret away, commands nothing, and looks like nothing else."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import documents
import pytest
from clothes import CLOTHES, dressed, printed, seen
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from samples import examples
from surfaces import NOT_QUOTED, PLACES, outputs, told_of
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deployment import Deployment, parse
from wabiz_monitoring._core.http import SUPPORT, Reply, refuse
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._core.session import Credentials
from wabiz_monitoring._core.text import WITHHELD, say
from wabiz_monitoring.simulator.library import load_scenarios

SCENARIOS = load_scenarios()

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


@settings(max_examples=examples(300))
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


def test_the_parts_of_a_header_that_say_who_asks_hide_no_name() -> None:
    digest = 'Digest username="monitor", realm="production", uri="/v1/support", qop=auth, response="9f8e7d6c"'
    for name in ("monitor", "production", "auth", "/v1/support"):
        assert Redaction(headers={"Authorization": digest}).foreign(name).shown() == name


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


# Ordinary answers with ordinary secrets.

ORDINARY = (
    Credentials("monitor", "monitor"),
    Credentials("admin", "s3cret-Admin"),
    Credentials("monitor", "correct horse battery staple", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtb25pdG9yIn0.sflKxwRJSM"),
    Credentials("monitor", "Tr0ub4dor&3"),
    Credentials("monitor", "hunter2", "UMXI2b3DhMEwtSYKPM"),
    Credentials("root", "wa1", "1"),
)
GATEWAY = {
    "X-Tenant-Id": "536870",
    "X-Site": "wa1",
    "D360-API-KEY": "kd73ha_AK3",
    "Accept-Language": "en",
    "Host": "wa1.example.com",
    "X-Tenant": "production-europe",
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_of_an_ordinary_answer_nothing_is_withheld(name: str) -> None:
    answer = json.dumps(SCENARIOS[name].answer(1.5e9, 1.5e9)[1]).encode()
    plain = list(_told(answer, Redaction()))
    assert not [output for output in plain if "withheld" in output]
    for who in ORDINARY:
        proxy = {"https_proxy": "http://proxy:proxy-password@localhost:3128"}
        assert list(_told(answer, Redaction(who, GATEWAY, proxy))) == plain


def _told(answer: bytes, place: Redaction) -> Iterator[str]:
    try:
        said: Deployment | Trouble = parse(answer, place)
    except Trouble as trouble:
        said = trouble
    yield from told_of(said, place)


# What is looked for, and what is not.

REPEATED = [
    # secret, text
    ("hunter2", "it was hunte..."),
    ("hunter2", "is it nter2?"),
    ("marked-password", "M A R K E D P A S S"),
    ("marked-password", "m\u00e4rkedp\u00e2ss w\u00f6rd"),
    ("marked-password", "ma\u200brk\u3164ed-pa\u0301ssword"),
    ("marked-password", "\u3164".join("marked-password")),
    ("marked-password", "\U000e0041".join("marked-password")),
    ("marked-password", "\uff4d\uff41\uff52\uff4b\uff45\uff44\uff0d\uff50\uff41\uff53\uff53"),
    ("marked-password", "\\x6d\\x61\\x72\\x6b\\x65\\x64\\x2d\\x70\\x61\\x73\\x73"),
    ("marked-password", "\\155\\141\\162\\153\\145\\144\\055\\160\\141\\163\\163"),
    ("marked-password", "%u006d%u0061%u0072%u006b%u0065%u0064-password"),
    ("marked-password", "=6D=61=72=6B=65=64=2D=70=61=73=73"),
    ("marked-password", "6d 61 72 6b 65 64 2d 70 61 73 73"),
    ("marked-password", "0x6d,0x61,0x72,0x6b,0x65,0x64,0x2d,0x70,0x61,0x73,0x73"),
    ("marked-password", "bWFy a2Vk LXBh c3N3 b3Jk"),
    ("marked-password", base64.b64encode(base64.b64encode(b"so marked-password is")).decode()),
    ("marked-password", "".join(f"&amp;#{ord(letter)};" for letter in "marked-pass")),
    ("!!??!!??##", "it is !!??!!??"),
    ("short", "it is short."),
    ("short", "it is %73hort."),
    ("ab", "ab"),
    ("marked-password", "drowssap-dekram"),
    ("marked-password", base64.b64encode(b"drowssap-dekram").decode()),
    ("marked-password", base64.b64encode(b"marked-password").decode()[::-1]),
    ("marked-password", "".join(f"%{byte:02x}" for byte in b"marked-password")[::-1]),
    ("marked-password", "".join(chr(0xE0000 + byte) for byte in b"marked-password")),
    ("marked-password", "m\u0430rk\u0435d-\u0440\u0430ssw\u043erd"),
    ("marked-password", "m\u03b1rked-\u03c1\u03b1ssw\u03bfrd"),
    ("marked-password", base64.b32encode(b"so marked-password is").decode()),
    ("marked-password", base64.b32encode(b"marked-password").decode().lower().rstrip("=")),
    ("marked-password", base64.b85encode(b"so marked-password is").decode()),
    ("marked-password", base64.a85encode(b"a marked-password").decode()),
    ("marked-password", base64.b64encode("a marked-password".encode("utf-16")).decode()),
    ("marked-password", "marked-password".encode("utf-16-be").hex()),
    ("marked-password", "+AG0AYQByAGsAZQBkAC0AcABhAHMAcwB3AG8AcgBk-"),
    (
        "\u043f\u0430\u0440\u043e\u043b\u044c-\u0441\u043e\u0431\u0430\u043a\u0430",
        "+BD8EMARABD4EOwRM-BEEEPgQxBDAEOgQw-",
    ),
    (
        "\u043f\u0430\u0440\u043e\u043b\u044c",
        base64.b64encode("\u043f\u0430\u0440\u043e\u043b\u044c".encode("utf-16-le")).decode(),
    ),
    ("k7Qx2", base64.b64encode(b"k7Qx2").decode()),
    ("k7Qx2", b"k7Qx2".hex()),
    ("k7Qx2", "it is k 7 q x 2"),
    ("k7Qx2", "it is k.7.Q.x.2"),
    ("k7Qx2", "\u200b".join("k7Qx2")),
    ("k7Qx2", "2xQ7k"),
    ("marked-password", "".join(f"&#{ord(letter):08d};" for letter in "marked-password")),
    ("marked-password", "".join(f"&#x{ord(letter):07x}" for letter in "marked-password")),
    ("marked-password", "".join(f"\\U{ord(letter):08x}" for letter in "marked-password")),
    ("marked-password", "".join(f"\\u{{{ord(letter):08x}}}" for letter in "marked-password")),
    ("marked-password", "".join(f"\\x{{{ord(letter):x}}}" for letter in "marked-password")),
    ("marked-password", "".join(f"&#{ord(letter) // 10}\\u003{ord(letter) % 10};" for letter in "marked-password")),
    ("marked-password", "".join(f"&#{ord(letter) // 10}\\u003{ord(letter) % 10}" for letter in "marked-password")),
    ("marked-password", "".join(f"&#{ord(letter) // 10}&#{48 + ord(letter) % 10};;" for letter in "marked-password")),
    ("marked-password", "".join(f"\\&#x75;{ord(letter):04x}" for letter in "marked-password")),
    (
        "marked-password",
        "".join(f"\\x{ord(letter) // 16}\\u{ord(hex(ord(letter))[3]):04x}" for letter in "marked-password"),
    ),
    ("marked-password", "".join(f"%{ord(letter) // 16}&#{ord(hex(ord(letter))[3])};" for letter in "marked-password")),
    # small capitals, strokes and hooks, negative circled and squared letters, regional indicators, turned letters
    ("marked-password", "\u1d0d\u1d00\u0280\u1d0b\u1d07\u1d05-\u1d18\u1d00\ua731\ua731\u1d21\u1d0f\u0280\u1d05"),
    ("hook-password", "\u0127\u00f8\u00f8\u0199-\u01a5\u2c65\u023f\u023f\u2c73\u00f8\u024d\u0111"),
    ("marked-password", "".join(chr(0x1F150 + ord(letter) - 97) for letter in "markedpassword")),
    ("marked-password", "".join(chr(0x1F170 + ord(letter) - 97) for letter in "markedpassword")),
    ("marked-password", "".join(chr(0x1F1E6 + ord(letter) - 97) for letter in "markedpassword")),
    ("tamed-heap-whale", "\u0287\u0250\u026f\u01ddd\u0265\u01dd\u0250p\u028d\u0265\u0250l\u01dd"),
    # digits of other alphabets
    ("0927364518", "".join(chr(0x660 + int(digit)) for digit in "0927364518")),
    ("0927364518", "".join(chr(0x966 + int(digit)) for digit in "0927364518")),
    ("927364518", "".join(chr(0x2775 + int(digit)) for digit in "927364518")),
    # what looks alike in ASCII
    ("Mild-0live-Oil-10", "MiIdO1iveOi1l0"),
    ("O0l1I-O0l1I", "00111-00111"),
    *[
        ("marked-password", mark.join("marked-password"))
        for mark in "\u02bc\u02d0\u0640\u00aa\u3005\u30fc\u00b7\u2022\u02c8\u1d43\u00b2\u3031\ua71b"
    ],
    (
        "marked-password",
        "".join(one + two for one, two in zip("marked-password", "\u02bc\u02d0\u0640" * 5, strict=True)),
    ),
    *[("p!@#$%^&*()w", mark.join("p!@#$%^&*()w")) for mark in "!#$*~'\"?=\u2022\u02bc\u30fc"],
    ("p!@#$%^&*()w", ".".join("p!@#$%^&*()w")),
    ("p!@#$%^&*()w", "so: " + "/".join("p!@#$%^&*()w")),
    ("p!@#$%^&*()w", " ".join("p!@#$%^&*()w")),
]
NOT_REPEATED = [
    ("hunter2", "hunt for master2"),
    ("marked-password", "marked, and a password"),
    ("admin", "ad min, or a dmin"),
    ("level", "lev"),
    ("short", "shortly"),
    ("ab", "ab is not all of it"),
    ("marked-password", ""),
]


@pytest.mark.parametrize(("secret", "text"), REPEATED)
def test_a_text_that_repeats_a_secret_is_withheld_whole(secret: str, text: str) -> None:
    place = Redaction(Credentials("monitor", secret))
    assert say("so: %s", place.foreign(text)) == "so: (withheld: it repeats a secret)"


@pytest.mark.parametrize(("secret", "text"), NOT_REPEATED)
def test_a_text_that_does_not_is_shown(secret: str, text: str) -> None:
    assert Redaction(Credentials("monitor", secret)).foreign(text).shown() == text


def _pair(text: str, letters: str = "utf-8") -> str:
    return base64.b64encode(text.encode(letters)).decode()


SECRETS = [
    # what a run is given, and a text that repeats what is made of it
    (Redaction(Credentials("me", "pass-word")), _pair("me:pass-word")),
    (Redaction(Credentials("me", "p\u00e4ss-w\u00f6rd")), _pair("me:p\u00e4ss-w\u00f6rd")),
    (Redaction(Credentials("me", "p\u00e4ss-w\u00f6rd")), _pair("me:p\u00e4ss-w\u00f6rd", "latin-1")),
    (Redaction(Credentials(), {"X-Key": "Token some-thing"}), "some-thing"),
    (Redaction(Credentials(), {"Authorization": "Basic bWU6cGFzcy13b3Jk"}), "pass-word"),
    (Redaction(Credentials(), {"Cookie": "a=one-thing; b=another"}), "one-thing"),
    (Redaction(Credentials(), {"Cookie": "a=one-thing; b=another"}), "another"),
    (Redaction(Credentials(), {"X-Number": "berlin1"}), "it is berlin1"),
    (Redaction(Credentials(), {"Authorization": "Token token=hunter2x9, option=abcdefghij"}), "hunter2x9"),
    (Redaction(Credentials(), {"Authorization": 'Token token="hunter2x9", option="abcdefghij"'}), "hunter2x9"),
    (Redaction(Credentials(), {"Authorization": "Token token='hunter2x9'"}), "hunter2x9"),
    (Redaction(Credentials(), {"Authorization": 'Digest username="u", realm="wa", response="9f8e7d6c"'}), "9f8e7d6c"),
    (Redaction(Credentials(), {"Authorization": "AWS4 SignedHeaders=host, Signature=hunter2x9"}), "hunter2x9"),
    (Redaction(Credentials(), {"X-Api": "id=12345;secret=hunter2x9"}), "hunter2x9"),
    (Redaction(Credentials(), {"X-Api": "id=12345&secret=hunter2x9&zone=1"}), "hunter2x9"),
    (Redaction(Credentials(), {"X-Api": "key = k7Qx2"}), "it is k7Qx2"),
    (Redaction(Credentials(), {}, {"HTTPS_PROXY": "me:pass%2Dword@proxy:3128"}), "pass-word"),
    (Redaction(Credentials(), {}, {"all_proxy": "http://me:pass%2Dword@proxy"}), "pass%2Dword"),
    (Redaction(Credentials(), {}, {"http_proxy": "http://me:pass-word@proxy"}), _pair("me:pass-word")),
    (Redaction(Credentials(), {}, {"http_proxy": "http://pass-word@proxy"}), "pass-word"),
]


@pytest.mark.parametrize(("place", "text"), SECRETS)
def test_what_is_made_of_a_secret_is_one_before_anything_is_sent(place: Redaction, text: str) -> None:
    assert place.foreign(text).shown() == "(withheld: it repeats a secret)"


def test_a_token_that_a_login_gave_is_a_secret_from_then_on() -> None:
    place = Redaction(Credentials("me", "pass-word"))
    said = place.foreign("a-new-token")
    assert said.shown() == "a-new-token"
    place.learn("a-new-token")
    assert said.shown() == "(withheld: it repeats a secret)"


def test_nodes_whose_names_repeat_a_secret_are_still_told_apart() -> None:
    place = Redaction(Credentials("me", "pass-word"))
    nodes = {"pass-word:c1": documents.standby(), "wa2:pass-word": documents.standby(), "wa3:c3": documents.standby()}
    told = parse(documents.cluster(nodes), place).nodes
    assert [node.name for node in told] == [
        "(name 1 withheld as it repeats a secret)",
        "(name 2 withheld as it repeats a secret)",
        "wa3",
    ]
    assert [node.label for node in told] == [
        "name_1_withheld_as_it_repeats_a_secret_coreapp",
        "name_2_withheld_as_it_repeats_a_secret_coreapp",
        "wa3_coreapp",
    ]


# Numbers, and pieces.

NUMBER = "481516234"


def test_a_number_that_is_no_measure_is_withheld_if_it_repeats_a_secret() -> None:
    place = Redaction(Credentials("monitor", NUMBER))
    code = int(NUMBER)
    said: list[Deployment | Trouble] = [
        parse(documents.single(e2e={"a": NUMBER, "b": code, "c": 7}, schema={"x": code, "y": NUMBER}), place),
        parse(documents.cluster({"wa1:c1": documents.standby(), "wa2:c2": _failed(code)}), place),
        parse(documents.cluster({"wa1:c1": documents.standby(schema={"x": 1}), "wa2:c2": _with_schema(code)}), place),
    ]
    with pytest.raises(Trouble) as refused:
        refuse(Reply(500, json.dumps(_failed(code)).encode()), SUPPORT, place)
    for one in [*said, refused.value]:
        for output in told_of(one, place):
            assert NUMBER not in output
    told = [output for output in told_of(said[0], place) if '"e2e"' in output]
    assert all('"a": "(withheld: it repeats a secret)"' in output and '"c": 7' in output for output in told)


def _failed(code: int) -> dict[str, Any]:
    return {"errors": [{"code": code, "title": "Internal error"}]}


def _with_schema(version: int) -> dict[str, Any]:
    return documents.standby(schema={"x": version})


PIECES = ("S3cre", "tPass", "9word")
SPLIT = {
    "names of nodes": documents.cluster({f"{piece}:{at}": documents.standby() for at, piece in enumerate(PIECES)}),
    "containers": documents.cluster({f"wa{at}:{piece}": documents.standby() for at, piece in enumerate(PIECES)}),
    "versions": documents.cluster({f"wa{at}:c": documents.standby(version=piece) for at, piece in enumerate(PIECES)}),
    "items of a list": documents.single(db_info=list(PIECES)),
    "items of a list, in another order": documents.single(db_info=list(reversed(PIECES))),
    "values of an object": documents.single(e2e={f"k{at}": piece for at, piece in enumerate(PIECES)}),
    "names of an object": documents.single(schema={piece: at for at, piece in enumerate(PIECES)}),
    "fields": documents.single(version=PIECES[0], description=PIECES[1], os_name=PIECES[2]),
}


@pytest.mark.parametrize("how", SPLIT)
def test_a_secret_that_comes_in_pieces_is_not_seen_as_a_whole(how: str) -> None:
    plain, place = Redaction(), Redaction(Credentials("monitor", "".join(PIECES)))
    assert set(PIECES) <= _pieces(parse(SPLIT[how], plain), plain)
    assert len(_pieces(parse(SPLIT[how], place), place)) == 1


DRESSED_PIECES = {
    # a secret, and how its pieces come
    "of symbols": ("!@#$%^&*()_+~=?;", ["!@#$", "%^&*", "()_+", "~=?;"]),
    "of all kinds": ("x#9!K$2@p&7^L*4%", ["x#9!", "K$2@", "p&7^", "L*4%"]),
    "backwards": ("zQxvKpLwMtRbNcGd", ["vxQz", "wLpK", "bRtM", "dGcN"]),
    "in HTML": ("zQxvKpLwMtRbNcGd", ["&#x7a;&#x51;&#x78;&#x76;", "&#75;&#0112;&#76;&#119;", "MtRb", "Nc&#71;d"]),
    "for URLs": ("zQxvKpLwMtRbNcGd", ["%7A%51%78%76", "%4B%70%4C%77", "MtRb", "NcGd"]),
    "with blanks": ("zQxvKpLwMtRbNcGd", ["z Q x v", "K p L w", "M-t-R-b", "NcGd"]),
    "in hexadecimal": ("zQxvKpLwMtRbNcGd", ["7a5178", "764b70", "4c774d", "745262", "4e6347", "64"]),
}


@pytest.mark.parametrize("how", DRESSED_PIECES)
def test_pieces_of_whatever_is_visible_are_put_together_undressed(how: str) -> None:
    secret, pieces = DRESSED_PIECES[how]
    plain, place = Redaction(), Redaction(Credentials("monitor", secret))
    assert WITHHELD not in [plain.foreign(piece).shown() for piece in pieces]
    assert WITHHELD in [place.foreign(piece).shown() for piece in pieces]


def _pieces(said: Deployment, place: Redaction) -> set[str]:
    return {piece for output in told_of(said, place) for piece in PIECES if piece in output}


# What pipelines, shells, engines, browsers and terminals obey.

MARKS = [
    "::set-output name=passed::true",
    "::add-mask::UP",
    "::stop-commands::pause",
    "wa1::error file=x::y",
    ":\u0301:error::combined",
    ":\u200b:error::invisible",
    "a\n::set-env name=x::y",
    "a\u2028::warning::x",
    "a\x00\x0b\x85::debug::x",
    "##vso[task.setvariable variable=x]y",
    "a ##[error]y",
    "#\u00ad#teamcity[buildStatus status='SUCCESS']",
    "[[ATTACHMENT|/etc/passwd]]",
    "section_start:1:x[collapsed=true]\r\x1b[0Kx",
    "travis_fold:start:x",
    "\x1b]0;title\x07\x9b31m",
    "`id` $(id) ${jndi:ldap://x}",
    "<script>alert(1)</script>",
    "x | free_logs=0B;1:;2",
    "\\`\u1fef\u2035",
    "{{ 7*7 }} {%raw%}{#x#}",
    "{\u200b{ lookup('pipe', 'id') }}",
]
_OBEYED = re.compile(
    r"::[A-Za-z]|##|\[\[[A-Za-z]|(section|travis)_[a-z]+:|\$[({]|\{[{%#]|[`<>\\]|[\x00-\x09\x0b-\x1f\x7f-\x9f]"
)
_BEGINS = re.compile(r"\s*(WABIZ |\[[A-Z]+\] |What to do: |- |and |not safe|asking |the answer has |$)")


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("mark", MARKS)
def test_nothing_is_printed_that_would_be_obeyed(name: str, mark: str) -> None:
    place = Redaction()
    for output in outputs(name, mark, place):
        assert not _OBEYED.search(printed(output))
        if output.startswith("WABIZ"):
            status, *more = output.splitlines()
            assert all(_BEGINS.match(line) and "|" not in line for line in more), output
            assert status.count("|") <= 1
