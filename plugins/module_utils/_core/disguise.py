# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Whether a text repeats a secret, in whatever clothes: escaped, encoded, in another case, spaced out, cut.

The text is undressed again and again (`_readings`), and each reading is held against each form of each secret. Letters
are compared without their case and accents, and without what stands between them.
"""

from __future__ import annotations

import binascii
import json
import re
from collections import deque
from typing import Callable, Deque, Dict, Iterable, Iterator, List, NamedTuple, Optional, Pattern, Set, Tuple
from urllib.parse import quote

SHORTEST = 6
"""Shorter secrets are too likely to be part of an honest word, so they must stand as a word of their own."""

_LONGEST_WINDOW = 16
_SHORTEST_WINDOW = 4
_MOST_READINGS = 64
_DEEPEST = 6


class Secrets:
    """Secrets, and whether a text repeats one of them."""

    def __init__(self) -> None:
        self._learned: Set[str] = set()
        self._letters = _Forms()
        # A secret may be all but letters.
        self._visible = _Forms()
        self._words: List[str] = []
        self._word: Optional[Pattern[str]] = None

    def learn(self, secret: str) -> None:
        """One more secret; what is shorter than `SHORTEST` only counts where it stands as a word."""
        if len(secret) < SHORTEST:
            self.learn_word(secret)
        elif secret not in self._learned:
            self._learned.add(secret)
            raw = secret.encode("utf-8", "replace")
            # Where only some letters are escaped, most of what is left of it when it was cut may be escapes.
            for reading in (*_unescaped(secret), json.dumps(secret), quote(secret, safe="")):
                letters, visible = _letters(reading), _visible(reading)
                self._letters.add(letters)
                if visible != letters:
                    self._visible.add(visible)
            for start in range(3):
                # Wherever it stands within what is encoded, its inner letters come out as one of these three.
                encoded = binascii.b2a_base64(bytes(start) + raw).decode("ascii")
                self._letters.add(_letters(encoded[start and start + 1 :]))
            self._letters.add(raw.hex())

    def learn_word(self, word: str) -> None:
        """A secret that only counts as a whole, where it stands as a word; of one or two letters, as all of a text."""
        word = _folded(word).strip()
        if word and word not in self._words:
            self._words.append(word)
            rules = ("^%s$" if len(known) < 3 else r"(?<![^\W_])%s(?![^\W_])" for known in self._words)
            self._word = re.compile("|".join(rule % re.escape(known) for rule, known in zip(rules, self._words)))

    def repeated_in(self, text: str, words: bool = True) -> bool:
        """Whether a text repeats a secret, or most of one, or is too tangled to say.

        Without `words`, those that only count as a word are not looked for.
        """
        least = min(self._letters.window, self._visible.window)
        if len(text) < min([least, *map(len, self._words)]) and text.isascii():
            return False
        for reading, plain in _readings(text, least):
            if reading is None or self._letters.stand_in(_letters(reading)):
                return True
            if self._visible and self._visible.stand_in(_visible(reading)):
                return True
            if words and plain and self._word and self._word.search(_folded(reading).strip()):
                return True
        return False


class _Form(NamedTuple):
    letters: str
    window: int
    """How many of them in a row are most of them: two thirds, and never more than sixteen."""


class _Forms:
    """Letters that must not be seen, nor most of them in a row."""

    def __init__(self) -> None:
        self.window = _LONGEST_WINDOW
        """The shortest row that counts."""
        self._by_gram: Dict[str, Set[_Form]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_gram)

    def add(self, letters: str) -> None:
        """One form more; a few letters are none."""
        if len(letters) >= SHORTEST:
            form = _Form(letters, max(min(2 * len(letters) // 3, _LONGEST_WINDOW), _SHORTEST_WINDOW))
            self.window = min(self.window, form.window)
            for gram in _grams(letters, 1):
                self._by_gram.setdefault(gram, set()).add(form)

    def stand_in(self, letters: str) -> bool:
        """Whether one of the forms, or most of one, stands in a text."""
        # However a row of `window` letters lies in the text, four of them start at such a step.
        step = self.window - _SHORTEST_WINDOW + 1
        if self._by_gram.keys().isdisjoint(_grams(letters, step)):
            return False
        likely = {form for gram in _grams(letters, step) for form in self._by_gram.get(gram, ())}
        return any(
            form.letters[at : at + form.window] in letters
            for form in likely
            for at in range(len(form.letters) - form.window + 1)
        )


def _grams(letters: str, step: int) -> Iterable[str]:
    return (letters[at : at + _SHORTEST_WINDOW] for at in range(0, len(letters) - _SHORTEST_WINDOW + 1, step))


# Letters, as they are compared.

_NO_LETTER = re.compile("[^0-9a-z]+")
_NOT_VISIBLE = re.compile(r"[\x00-\x20\x7f+\\]+")


def _letters(text: str) -> str:
    """Letters and digits only: no case, no accents, nothing between them."""
    if text.isascii():
        return _NO_LETTER.sub("", text.lower())
    return "".join(char for char in _folded(text) if char.isalnum())


def _visible(text: str) -> str:
    """Whatever is visible, but for what escapes are made with: no case, no accents, no blanks."""
    if text.isascii():
        return _NOT_VISIBLE.sub("", text.lower())
    import unicodedata

    return "".join(char for char in _folded(text) if unicodedata.category(char)[0] in "LNPS" and char not in "+\\")


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    import unicodedata

    # Some letters have a capital without a way back, and some come apart only then.
    capital = unicodedata.normalize("NFKD", text).upper()
    return unicodedata.normalize("NFKD", capital.casefold())


# What a text may be in truth. The patterns are compiled when the first text needs them: hardly any run has one.


def _readings(text: str, shortest: int) -> Iterator[Tuple[Optional[str], bool]]:
    """The text, and all that it may stand for, each with whether it came by unescaping alone.

    Nothing is unpacked that holds fewer letters than `shortest`. None stands for a text that is too tangled.
    """
    waiting: Deque[Tuple[str, bool, int]] = deque([(text, True, 0)])
    seen = {text}
    while waiting:
        reading, plain, depth = waiting.popleft()
        yield reading, plain
        found = [(_unescape(reading), plain), (_quoted(reading), plain)]
        found += [(unpacked, False) for unpacked in _unpacked(reading, shortest)]
        for another, how in found:
            if another not in seen:
                if depth == _DEEPEST or len(seen) == _MOST_READINGS:
                    yield None, False
                    return
                seen.add(another)
                waiting.append((another, how, depth + 1))


def _unescaped(text: str) -> Iterator[str]:
    """The text, and what it is when it is unescaped once, twice, and so on."""
    for _turn in range(_DEEPEST):
        yield text
        before, text = text, _unescape(text)
        if text == before:
            return


def _unescape(text: str) -> str:
    for mark, undo in _ESCAPES:
        if mark in text:
            text = undo(text)
    return text


_PERCENT = r"(?:%[0-9A-Fa-f]{2})+"
_PERCENT_U = r"(?i)%u([0-9A-Fa-f]{4})"
_QUOTED = r"(?:=[0-9A-F]{2})+"
_ENTITY = r"(?i)&(?:#([0-9]{1,7})|#x([0-9a-f]{1,6})|([a-z][a-z0-9]{1,31}));?"
_BACKSLASH = r"(?is)\\(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|x([0-9a-f]{2})|([0-7]{3})|(.))"
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _percent(text: str) -> str:
    text = re.sub(_PERCENT_U, lambda match: chr(int(match[1], 16)), text)
    return re.sub(_PERCENT, lambda match: _text(bytes.fromhex(match[0].replace("%", ""))), text)


def _quoted(text: str) -> str:
    # As in mail. Apart from the others, for elsewhere an equals sign stands before a word that begins with such digits.
    return re.sub(_QUOTED, lambda match: _text(bytes.fromhex(match[0].replace("=", ""))), text) if "=" in text else text


def _entities(text: str) -> str:
    return re.sub(_ENTITY, _entity, text)


def _entity(match: re.Match[str]) -> str:
    if match[1] or match[2]:
        return _char(int(match[1]) if match[1] else int(match[2], 16))
    from html.entities import html5

    name = match[3]
    # Unfinished ones count, too, as in a browser, and those in another case.
    for known in (name, name.lower()):
        for end in range(len(known), 1, -1):
            for key in (known[:end] + ";", known[:end]):
                if key in html5:
                    return html5[key] + name[end:]
    return match[0]


def _backslashes(text: str) -> str:
    told = re.sub(_BACKSLASH, _backslash, text)
    # A letter beyond the first 65536 is written as two halves.
    return told.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _backslash(match: re.Match[str]) -> str:
    number = match[1] or match[2] or match[3]
    if number:
        return _char(int(number, 16))
    return _char(int(match[4], 8)) if match[4] else _CONTROLS.get(match[5].lower(), match[5])


def _char(number: int) -> str:
    return chr(number) if number < 0x110000 else ""


_ESCAPES: Tuple[Tuple[str, Callable[[str], str]], ...] = (
    # A plus that comes out of the others does not stand for a blank.
    ("+", lambda text: text.replace("+", " ")),
    ("%", _percent),
    ("&", _entities),
    ("\\", _backslashes),
)

_URL_SAFE = str.maketrans("-_", "+/")
_BASE64 = "[A-Za-z0-9+/_-]{%d,}" % SHORTEST
_HEX = "[0-9a-f]{%d,}" % (2 * _SHORTEST_WINDOW)
_BETWEEN_DIGITS = str.maketrans(dict.fromkeys("\t\n\r -,.:;_"))
_TELLING = "[^\x00-\x1f\x7f\ufffd]{%d,}" % _SHORTEST_WINDOW


def _unpacked(text: str, shortest: int) -> Iterator[str]:
    """What is packed in a text, as base64 in either alphabet or as hexadecimal digits, wherever that was cut."""
    runs = [run.translate(_URL_SAFE) for run in re.findall(_BASE64, text) if len(run) >= shortest * 4 // 3]
    for start in range(4 if runs else 0):
        # One reading for all of them. Four times A are nothing, which stands between words.
        padded = (run[start:] + "A" * (4 + -(len(run) - start) % 4) for run in runs)
        yield from _telling(binascii.a2b_base64("".join(padded)), shortest)
    if len(text) >= 2 * shortest:
        bare = text.lower().replace("\\x", "").replace("0x", "").translate(_BETWEEN_DIGITS)
        digits = [run for run in re.findall(_HEX, bare) if len(run) >= 2 * shortest]
        for start in range(2 if digits else 0):
            even = (run[start : len(run) - (len(run) - start) % 2] for run in digits)
            yield from _telling(bytes.fromhex("00".join(even)), shortest)


def _telling(packed: bytes, shortest: int) -> Iterator[str]:
    # What was no packed text comes out as noise: only what may be text in it is looked at further.
    runs = [run for run in re.findall(_TELLING, packed.decode("utf-8", "replace")) if len(run) >= shortest]
    if runs:
        yield " ".join(runs)


def _text(raw: bytes) -> str:
    # Where it was cut, part of a letter may be left.
    text = raw.decode("utf-8", "replace").strip("\ufffd")
    return raw.decode("latin-1") if "\ufffd" in text else text
