# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Whether a text repeats a secret, in whatever clothes: escaped, encoded, in another case, spaced out, reversed, cut.

The text is undressed again and again (`_readings`), and each reading is held against each form of each secret. Letters
are compared without their case and accents, and without what stands between them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from typing import (
    AbstractSet,
    Callable,
    Container,
    Deque,
    Dict,
    Iterable,
    Iterator,
    List,
    Optional,
    Pattern,
    Set,
    Tuple,
)
from urllib.parse import quote

SHORTEST = 6
"""Shorter secrets are too likely to be part of an honest word, so they must stand as a word of their own."""

_LONGEST_WINDOW = 16
_GRAM = 4
_PIECE = 3
"""Fewer letters of a secret, apart from its others, say nothing."""
_DRESSED_WORD = 4
"""A word of fewer letters is looked for as it is, in no clothes."""
_MANY = 1000
"""From so many searches on, it is quicker to make an index first."""
_TURNED_WORD = 5
"""A word of fewer letters, read backwards, may be another."""
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
        self._dressed_word: Optional[Pattern[str]] = None
        self._seen: Dict[str, Set[int]] = {}

    def learn(self, secret: str) -> None:
        """One more secret; what is shorter than `SHORTEST` only counts where it stands as a word."""
        if len(secret) < SHORTEST:
            self.learn_word(secret)
        elif secret not in self._learned:
            self._learned.add(secret)
            raw = secret.encode("utf-8", "replace")
            # Where only some letters are escaped, most of what is left of it when it was cut may be escapes.
            readings = (*_unescaped(secret), json.dumps(secret), quote(secret, safe="", errors="replace"))
            # Some letters come apart in two, whose order stays when the text is turned round.
            turned = () if secret.isascii() else (secret[::-1],)
            for reading in (*readings, *turned):
                letters, visible = _letters(reading), _visible(reading)
                self._letters.add(letters)
                if visible != letters:
                    self._visible.add(visible)
            self._pack(raw)
            if not secret.isascii():
                self._pack(secret.encode("utf-16-be", "replace"))

    def _pack(self, raw: bytes) -> None:
        self._letters.add(raw.hex())
        for encode, size, bits in _ENCODINGS:
            for start in range(size):
                # However far behind such a step it starts, its inner letters come out as one of these.
                encoded = encode(bytes(start) + raw).decode("ascii")
                self._letters.add(_letters(encoded[-(-8 * start // bits) :]))
        for start in range(4):
            encoded = _base85(raw[start:])
            self._visible.add(_visible(encoded))
            self._visible.add(_visible(encoded.translate(_TO_ASCII85)))

    def learn_word(self, word: str) -> None:
        """A secret that only counts as a whole, where it stands as a word; of one or two letters, as all of a text."""
        word = _folded(word).strip()
        if word and word not in self._words:
            self._words.append(word)
            self._word = _any_of(self._words)
            self._dressed_word = _any_of(
                spelled
                for known in self._words
                if len(known) >= _DRESSED_WORD
                for spelled in ((known, known[::-1]) if len(known) >= _TURNED_WORD else (known,))
            )

    def repeated_in(self, text: str, words: bool = True) -> bool:
        """Whether a text repeats a secret, or most of one, or is too tangled to say.

        Without `words`, those that only count as a word are not looked for.
        """
        least = min(
            self._letters.window,
            self._visible.window,
            *(len(word) for word in self._words if len(word) >= _DRESSED_WORD),
        )
        if len(text) < min([least, *map(len, self._words)]) and text.isascii():
            return False
        for reading, plain in _readings(text, least):
            if reading is None or any(self._stands_in(look, plain, words) for look in _looks(reading)):
                return True
        return False

    def _stands_in(self, text: str, plain: bool, words: bool) -> bool:
        if self._letters.stand_in(_letters(text), plain):
            return True
        if self._visible and any(self._visible.stand_in(one, plain) for one in self._closed_up(_visible(text))):
            return True
        return bool(words and self._word and self._names_one(_folded(text).strip(), plain))

    def completed_by(self, texts: Iterable[str]) -> bool:
        """Whether texts that are nothing but a piece of a secret each come to most of it, with those of earlier calls.

        If they do not, they are remembered, too.
        """
        seen: Dict[str, Set[int]] = {}
        for text in texts:
            for reading in _unescaped(text):
                for forms, read in ((self._letters, _letters), (self._visible, _visible)):
                    for form, places in forms.with_piece(read(reading)).items():
                        seen.setdefault(form, set(self._seen.get(form, ()))).update(places)
        if any(len(places) >= _window(form) for form, places in seen.items()):
            return True
        self._seen.update(seen)
        return False

    def _closed_up(self, text: str) -> Iterator[str]:
        """A text, and every other character of what has one sign between all others."""
        yield text
        for match in re.finditer(_BETWEEN % (self._visible.window - 2), text):
            yield match[0][::2]

    def _names_one(self, text: str, plain: bool) -> bool:
        if plain and self._word and self._word.search(text):
            return True
        return bool(self._dressed_word and self._dressed_word.search(text))


_BETWEEN = r"(?s).([\W_])(?:.\1){%d,}.?"


def _any_of(words: Iterable[str]) -> Optional[Pattern[str]]:
    """Each of the words, by itself or with something between all of its letters."""
    rules = []
    for word in words:
        apart = r"[\W_]+".join(map(re.escape, word)) if len(word) >= _DRESSED_WORD and word.isalnum() else ""
        either = "(?:%s)" % "|".join(filter(None, (re.escape(word), apart)))
        rules.append("^%s$" % either if len(word) < 3 else r"(?<![^\W_])%s(?![^\W_])" % either)
    return re.compile("|".join(rules)) if rules else None


def _window(form: str, plain: bool = True) -> int:
    """How many letters of a form in a row are most of them: two thirds, and never more than sixteen.

    Of what was undressed one less: where it was cut, part of a letter may have gone.
    """
    most = 2 * len(form)
    return min(-(-most // 3) if plain else most // 3, _LONGEST_WINDOW)


class _Forms:
    """Letters that must not be seen, nor most of them in a row, neither forwards nor backwards."""

    def __init__(self) -> None:
        self.window = _LONGEST_WINDOW
        """The shortest row that counts."""
        self._forms: Set[str] = set()
        self._both_ways = ""
        self._grams: Set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._forms)

    def add(self, letters: str) -> None:
        """One form more; a few letters are none."""
        if len(letters) >= SHORTEST and letters not in self._forms:
            self._forms.add(letters)
            self.window = min(self.window, _window(letters, plain=False))
            self._both_ways, self._grams = "", set()

    def stand_in(self, letters: str, plain: bool) -> bool:
        """Whether one of the forms, or most of one, stands in a text."""
        # However a row of `window` letters lies in the text, four of them start at such a step.
        step = self.window - _GRAM + 1
        grams = [letters[at : at + _GRAM] for at in range(0, len(letters) - _GRAM + 1, step)]
        known = self._known(len(grams))
        found = {gram for gram in grams if gram in known}
        return bool(found) and any(
            _row_in(letters, way, _window(form, plain))
            for form in self._forms
            for way in (form, form[::-1])
            if any(gram in way for gram in found)
        )

    def _known(self, number: int) -> Container[str]:
        """All forms, forwards and backwards, in which so many times four letters are looked for."""
        if not self._both_ways:
            self._both_ways = " ".join(way for form in self._forms for way in (form, form[::-1]))
        if number < _MANY:
            return self._both_ways
        if not self._grams:
            self._grams = {self._both_ways[at : at + _GRAM] for at in range(len(self._both_ways) - _GRAM + 1)}
        return self._grams

    def with_piece(self, letters: str) -> Dict[str, Set[int]]:
        """The forms in which these few letters stand, and at which places."""
        # Forwards or backwards: most pieces of text are none of a form.
        if not _PIECE <= len(letters) < _LONGEST_WINDOW or letters not in self._known(1):
            return {}
        found = ((form, {*_places(letters, form), *_places(letters[::-1], form)}) for form in self._forms)
        return {form: places for form, places in found if places}


def _row_in(letters: str, form: str, window: int) -> bool:
    return any(form[at : at + window] in letters for at in range(len(form) - window + 1))


def _places(piece: str, form: str) -> Iterator[int]:
    at = form.find(piece)
    while at >= 0:
        yield from range(at, at + len(piece))
        at = form.find(piece, at + 1)


# What writes bytes in letters of fewer bits: how many bytes it takes at a time, and how many bits a letter has.
_ENCODINGS: Tuple[Tuple[Callable[[bytes], bytes], int, int], ...] = (
    (binascii.b2a_base64, 3, 6),
    (base64.b32encode, 5, 5),
)
_EIGHTY_FIVE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_TO_ASCII85 = str.maketrans(_EIGHTY_FIVE, "".join(map(chr, range(ord("!"), ord("u") + 1))))


def _base85(raw: bytes) -> str:
    """Four bytes in five letters, without what is left over. Python's own encoders make large tables first."""
    numbers = (int.from_bytes(raw[at : at + 4], "big") for at in range(0, len(raw) - 3, 4))
    return "".join(_EIGHTY_FIVE[number // power % 85] for number in numbers for power in _POWERS)


_POWERS = (85**4, 85**3, 85**2, 85, 1)


# Letters, as they are compared: O is 0 then, and l is 1 and I.

_NO_LETTER = re.compile("[^0-9a-z]+")
_NOT_VISIBLE = re.compile(r"[\x00-\x20\x7f+\\]+")
# Unicode calls fillers letters.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
# Letters of other alphabets that look like ours, in small letters.
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0432\u0435\u0437\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d"
    "\u03b1\u03b2\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0131\u0261\u0251",
    "abe3kmhopctyxsijhdqwabeiknoptuxiga",
)


_FEW = 64
# As Unicode names what is a Latin letter to the eye: small capitals, letters with strokes or hooks, turned, in circles.
_NAME_OF_LETTER = "(?:LATIN|INDICATOR) .*LETTER (?:[A-Z]+ )*?([A-Z])(?: WITH .+)?$"


def _looks(text: str) -> Iterator[str]:
    """The text, and without the small marks that may stand for letters, but stand between them, too."""
    yield text
    if not text.isascii():
        import unicodedata

        small = {
            char
            for char in set(text)
            if not char.isascii()
            and (
                unicodedata.category(char) in ("Lm", "Sk", "Mn", "Me")
                or unicodedata.decomposition(char).startswith("<su")
            )
        }
        if small:
            yield _without(text, small)


def _without(text: str, chars: AbstractSet[str]) -> str:
    if len(chars) > _FEW:
        return "".join(char for char in text if char not in chars)
    # Much quicker than to look at each character.
    for char in chars:
        text = text.replace(char, "")
    return text


def _same(text: str) -> str:
    return text.replace("0", "o").replace("1", "l").replace("i", "l")


def _letters(text: str) -> str:
    """Letters and digits only: no case, no accents, nothing between them."""
    if text.isascii():
        return _same(_NO_LETTER.sub("", text.lower()))
    return "".join(char for char in _folded(text) if char.isalnum())


def _visible(text: str) -> str:
    """Whatever is visible, but for what escapes are made with: no case, no accents, no blanks."""
    if text.isascii():
        return _same(_NOT_VISIBLE.sub("", text.lower()))
    import unicodedata

    folded = _folded(text)
    return _without(folded, {char for char in set(folded) if char in "+\\" or unicodedata.category(char)[0] in "CMZ"})


def _folded(text: str) -> str:
    if text.isascii():
        return _same(text.lower())
    import unicodedata

    # Some letters have a capital without a way back, and some come apart only then.
    capital = unicodedata.normalize("NFKD", _without(text, _FILLERS)).upper()
    small = unicodedata.normalize("NFKD", capital.casefold())
    for char in set(small):
        if char > "\x7f":
            alike = _alike(char)
            if alike != char:
                small = small.replace(char, alike)
    return _same(small)


def _alike(char: str) -> str:
    """The letter or digit of ours that one of other letters looks like, if it does."""
    if "\u2e80" <= char < "\ua000" or char >= "\U00020000":
        # Of the tens of thousands of Chinese ones none does.
        return char
    import unicodedata

    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    named = unicodedata.category(char)[0] in "LS" and re.search(_NAME_OF_LETTER, unicodedata.name(char, ""))
    return named[1].lower() if named else char.translate(_LOOK_ALIKES)


# What a text may be in truth. The patterns are compiled when the first text needs them: hardly any run has one.


def _readings(text: str, shortest: int) -> Iterator[Tuple[Optional[str], bool]]:
    """The text, and all that it may stand for, each with whether it came by unescaping alone.

    Nothing is unpacked that holds fewer letters than `shortest`. None stands for a text that is too tangled.
    """
    waiting: Deque[Tuple[str, bool, int]] = deque([(text, True, 0)])
    if not text.isascii() or any(mark in text for mark in _HIDING):
        # Letters are compared both ways; what hides them has to be turned round.
        waiting.append((text[::-1], True, 0))
        waiting.append((re.sub(_TAG, lambda match: chr(ord(match[0]) - 0xE0000), text), True, 0))
    seen = {reading for reading, _plain, _depth in waiting}
    while waiting:
        reading, plain, depth = waiting.popleft()
        yield reading, plain
        found = [(undo(reading), plain) for undo in (_unescape, _unescape_whole, _quoted)]
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
    for mark, undo, _whole in _ESCAPES:
        if mark in text:
            text = undo(text)
    return text


def _unescape_whole(text: str) -> str:
    """The same, but what looks unfinished stays: an escape of another kind may stand within it."""
    for mark, _all, undo in _ESCAPES:
        if mark in text:
            text = undo(text)
    return text


# Tags are letters that are not shown, and stand between others or for themselves.
_TAG = "[\U000e0020-\U000e007e]"
_HIDING = "%&\\="
_PERCENT = r"(?:%[0-9A-Fa-f]{2})+"
_PERCENT_U = r"(?i)%u([0-9A-Fa-f]{4})"
_QUOTED = r"(?:=[0-9A-F]{2})+"
# Zeros before a number change nothing, however many they are.
_ENTITY = r"(?i)&(?:#0*([0-9]{1,7})|#x0*([0-9a-f]{1,6})|([a-z][a-z0-9]{1,31}));"
_UNFINISHED = "?"
_BACKSLASH = r"(?is)\\(?:(?:(?-i:U)([0-9a-f]{8})|u([0-9a-f]{4})|[ux]\{0*([0-9a-f]{1,6})\}|x([0-9a-f]{2}))|([0-7]{3})%s)"
_ANY_OTHER = "|(.)"
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _percent(text: str) -> str:
    text = re.sub(_PERCENT_U, lambda match: chr(int(match[1], 16)), text)
    return re.sub(_PERCENT, lambda match: _text(bytes.fromhex(match[0].replace("%", ""))), text)


def _quoted(text: str) -> str:
    # As in mail. Apart from the others, for elsewhere an equals sign stands before a word that begins with such digits.
    return re.sub(_QUOTED, lambda match: _text(bytes.fromhex(match[0].replace("=", ""))), text) if "=" in text else text


def _entities(text: str) -> str:
    return re.sub(_ENTITY + _UNFINISHED, _entity, text)


def _whole_entities(text: str) -> str:
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


def _backslashes(text: str, other: str = _ANY_OTHER) -> str:
    told = re.sub(_BACKSLASH % other, _backslash, text)
    # A letter beyond the first 65536 is written as two halves.
    return told.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _backslash(match: re.Match[str]) -> str:
    number = match[1] or match[2] or match[3] or match[4]
    if number:
        return _char(int(number, 16))
    return _char(int(match[5], 8)) if match[5] else _CONTROLS.get(match[6].lower(), match[6])


def _char(number: int) -> str:
    return chr(number) if number < 0x110000 else ""


def _blanks(text: str) -> str:
    return text.replace("+", " ")


# How each is undone: also where it may be unfinished, and only where it is whole.
_ESCAPES: Tuple[Tuple[str, Callable[[str], str], Callable[[str], str]], ...] = (
    # A plus that comes out of the others does not stand for a blank.
    ("+", _blanks, _blanks),
    ("%", _percent, _percent),
    ("&", _entities, _whole_entities),
    ("\\", _backslashes, lambda text: _backslashes(text, "")),
)

_URL_SAFE = str.maketrans("-_", "+/")
_BASE64 = "[A-Za-z0-9+/_-]{%d,}" % SHORTEST
_HEX = "[0-9a-f]{%d,}" % (2 * _GRAM)
_BETWEEN_DIGITS = str.maketrans(dict.fromkeys("\t\n\r -,.:;_"))
_TELLING = "[^\x00-\x1f\x7f\ufffd]{%d,}" % _GRAM


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
    # Two bytes a letter have nothing in every other one.
    for raw in (packed, packed.replace(b"\0\0\0", b" ").replace(b"\0", b"")) if b"\0" in packed else (packed,):
        # What was no packed text comes out as noise: only what may be text in it is looked at further.
        runs = [run for run in re.findall(_TELLING, raw.decode("utf-8", "replace")) if len(run) >= shortest]
        if runs:
            yield " ".join(runs)


def _text(raw: bytes) -> str:
    # Where it was cut, part of a letter may be left.
    text = raw.decode("utf-8", "replace").strip("\ufffd")
    return raw.decode("latin-1") if "\ufffd" in text else text
