# SPDX-License-Identifier: BSD-2-Clause
"""What a server may make of a secret before it sends it back, and the search for most of it in what is printed.

The search knows nothing of how the project looks for secrets. It undresses every line of an output in all ways, twice,
and looks for two thirds of the secret, letters and digits in a row.
"""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote, unquote_plus

CLOTHES: Mapping[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, each letter": lambda text: "".join(f"\\u{unit:04x}" for unit in _units(text)),
    "HTML": html.escape,
    "HTML, each letter": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "HTML, each letter in hexadecimal": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "percent": lambda text: quote(text, safe=""),
    "percent, each byte": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "plus": quote_plus,
    "capitals": str.upper,
    "small letters": str.lower,
    "the other case": str.swapcase,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hexadecimal": lambda text: text.encode().hex(),
    "reversed": lambda text: text[::-1],
}
"""What can be put on a text, one over the other."""


def dressed(secret: str, inner: str, outer: str) -> str:
    """A secret in two of them."""
    return CLOTHES[outer](CLOTHES[inner](secret))


def seen(line: str, secret: str) -> bool:
    """Whether two thirds of a secret, in whatever clothes, stand in a line."""
    if any(window in _letters(line) for window in _without_case(secret)):
        return True
    windows = _windows(_letters(secret))
    return any(window in letters for letters in _readings(line) for window in windows)


@lru_cache(maxsize=4096)
def _readings(line: str) -> frozenset[str]:
    """The letters of all that a line may stand for."""
    # Turned round first or last: what was dressed twice was turned once.
    once = {way for text in (line, line[::-1]) for way in (text, *_undressed(text))}
    twice = once.union(*(_undressed(text) for text in once))
    thrice = twice.union(*(_undressed(text) for text in twice if len(text) < len(line)))
    return frozenset(letters for text in thrice for letters in (_letters(text), _letters(text[::-1])))


def printed(output: str) -> str:
    """All that a reader of an output gets to see: of JSON its names and texts."""
    try:
        return "\n".join(_texts(json.loads(output)))
    except ValueError:
        return output


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)


def _undressed(text: str) -> Iterator[str]:
    yield html.unescape(text)
    yield unquote(text)
    yield unquote_plus(text)
    # A backslash is shown as a slash.
    units = re.sub(r"[\\/]u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    yield units.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    words = re.findall(r"[A-Za-z0-9+/_-]{6,}", text)
    for start in range(4):
        yield " ".join(_from_base64(word[start:]) for word in words)
    digits = re.findall(r"[0-9a-fA-F]{8,}", text)
    for start in range(2):
        yield " ".join(_from_hexadecimal(word[start:]) for word in digits)


def _from_base64(word: str) -> str:
    whole = word[: len(word) - (len(word) % 4 == 1)]
    return base64.urlsafe_b64decode(whole.translate(_TO_URLS) + "=" * (-len(whole) % 4)).decode("utf-8", "ignore")


_TO_URLS = str.maketrans("+/", "-_")


def _from_hexadecimal(word: str) -> str:
    return bytes.fromhex(word[: len(word) // 2 * 2]).decode("utf-8", "ignore")


@lru_cache(maxsize=16)
def _without_case(secret: str) -> frozenset[str]:
    # Once its case is gone base64 cannot be undone; what stands before it decides how it comes out.
    dressed = (base64.b64encode(b"x" * start + secret.encode()).decode()[start and start + 1 :] for start in range(3))
    return frozenset().union(*(_windows(_letters(text)) for text in dressed))


@lru_cache(maxsize=64)
def _windows(letters: str) -> frozenset[str]:
    # Fewer letters stand in any honest sentence.
    size = max(-(-2 * len(letters) // 3), 5)
    return frozenset(letters[at : at + size] for at in range(len(letters) - size + 1))


def _letters(text: str) -> str:
    # What one character writes for several, as a ligature or a fraction, counts as these.
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if letter.isalnum())


def _units(text: str) -> Iterator[int]:
    raw = text.encode("utf-16-be")
    return (int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2))
