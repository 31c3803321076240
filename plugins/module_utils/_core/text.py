# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Messages, and the two things that they are made of: our own words, and text that came from outside.

What a server, a proxy, a certificate, a file or a user's option says is `Foreign`. It is no `str`, and refuses to be
formatted as one: it becomes part of a `Message` by `say` only, and then as its `Place` shows it.
"""

from __future__ import annotations

import re
import string
import zlib
from typing import Callable, Iterable, List, Optional, Sequence, Union

# `|` starts performance data, angle brackets are markup in the engines' web pages, and a backslash is read as an
# escape by the engines' spool files.
_STAND_INS = str.maketrans({"|": "/", "<": "(", ">": ")", "\\": "/", "`": "'"})
# A dot is none either: Graphite and its like make a folder of what stands before it.
_NOT_IN_LABEL = re.compile(r"[^A-Za-z0-9-]+")

LONGEST_WORD = 80
LONGEST_TEXT = 1000
"""Of a text that is not for a line, but for a fact."""
LONGEST_LABEL = 48

_SIMPLE = string.ascii_letters + string.digits + "._/()=,;@+-"


def _is_simple(text: str) -> bool:
    # Stripped of these letters nothing is left of it; a pattern would have to be compiled in every run.
    return len(text) <= LONGEST_WORD and not text.strip(_SIMPLE)


class Message(str):
    """Text that is fit for output. `say` makes it, and nothing else does."""

    __slots__ = ()


class Place:
    """Where foreign text becomes part of a message: it knows what must not be shown."""

    def show(self, raw: str, longest: int) -> Message:
        """The text as it may be shown, at most `longest` characters of it."""
        raise NotImplementedError

    def show_names(self, raws: Sequence[str]) -> List[Message]:
        """Names of nodes as they may be shown."""
        raise NotImplementedError

    def repeats(self, raw: str) -> bool:
        """Whether the text repeats a secret."""
        raise NotImplementedError


NOTHING = Message("")
WITHHELD = Message("(withheld: it repeats a secret)")


class Foreign:
    """Text from outside. It can be compared, and shown by its place; it is never formatted.

    Two that look alike are equal: what a server said is judged as the facts are that hold what was shown of it.
    """

    __slots__ = ("_longest", "_place", "_raw", "_seen")

    def __init__(self, raw: str, place: Place, longest: int = LONGEST_WORD, seen: Optional[str] = None) -> None:
        """`seen` is what it looks like, if that is known already."""
        self._raw = raw
        self._place = place
        self._longest = longest
        self._seen = seen

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Foreign):
            return self._raw == other._raw or self._look() == other._look()
        return self._look() == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._look())

    def __lt__(self, other: Union[Foreign, str]) -> bool:
        return self._look() < (other._look() if isinstance(other, Foreign) else other)

    def __gt__(self, other: Union[Foreign, str]) -> bool:
        return self._look() > (other._look() if isinstance(other, Foreign) else other)

    def __bool__(self) -> bool:
        return bool(self._look())

    def __repr__(self) -> str:
        return "Foreign(...)"

    def __str__(self) -> str:
        raise TypeError("text from outside becomes part of a message by say() only")

    def __format__(self, spec: str) -> str:
        return str(self)

    def holds(self, condition: Callable[[str], object]) -> bool:
        """Whether a condition is true of the text as it came."""
        return bool(condition(self._raw))

    def became(self, change: Callable[[str], str]) -> Foreign:
        """What the text is after a change: as foreign as it was."""
        return Foreign(change(self._raw), self._place, self._longest, clean(change(self._look()), LONGEST_TEXT))

    def within(self, longest: int) -> Foreign:
        """The same text, of which at most so many characters are shown."""
        return Foreign(self._raw, self._place, longest, self._seen)

    def shown(self) -> Message:
        """The text as it may be shown."""
        return self._place.show(self._raw, self._longest)

    def repeats_with(self, others: Iterable[Foreign]) -> bool:
        """Whether a secret is repeated by this text and those that follow it, taken together."""
        return self._place.repeats(self._raw + "".join(other._raw for other in others))

    def beside(self, number: int) -> Union[int, Message]:
        """A number that stands under this name, unless it repeats a secret."""
        return WITHHELD if self._place.repeats(str(number)) else number

    def _look(self) -> str:
        if self._seen is None:
            self._seen = self._raw if _is_simple(self._raw) else clean(self._raw, LONGEST_TEXT)
        return self._seen


Word = Union[Message, Foreign]
Part = Union[Word, int, float]
"""What a message is made of, beside the words of its template."""


def say(template: str, *parts: Part, **named: Part) -> Message:
    """A message of our own words (`template`, a literal) with parts in it, as by the operator `%`."""
    if named:
        return Message(template % {name: _spelled(part) for name, part in named.items()})
    if not parts:
        return Message(template)
    if all(type(part) in _OURS for part in parts):
        return Message(template % parts)
    foreign = [part for part in parts if isinstance(part, Foreign)]
    if len(foreign) > 1 and foreign[0].repeats_with(foreign[1:]):
        # Split over two texts, a secret would stand side by side in the sentence.
        parts = tuple(WITHHELD if isinstance(part, Foreign) else part for part in parts)
    return Message(template % tuple(map(_spelled, parts)))


_OURS = frozenset((Message, int, float))


def _spelled(part: Part) -> Union[Message, int, float]:
    if isinstance(part, Foreign):
        return part.shown()
    # Types are checked before a release, not in a run: whatever slipped by them must not be shown.
    if not isinstance(part, (Message, int, float)):
        raise TypeError("%s is no part of a message" % type(part).__name__)
    return part


# The next two are compiled when the first text needs them: hardly any run has one.

# What is no letter to the eye, although Unicode calls it one or a mark of one: fillers, selectors, joiners, blanks.
_INVISIBLE = (
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u2d7f\u3164\ufe00-\ufe0f\uffa0\U00016fe4\U0001d159"
    "\U000e0000-\U000e0fff]"
)

# What pipelines and shells obey: GitHub's `::word`, `##[word]` and `##vso[` of Azure and others, `##teamcity[`,
# Jenkins's `[[ATTACHMENT|`, GitLab's `section_start:`, Travis's `travis_fold:`, `$(command)`, and `{{ }}` of templates.
# An IPv6 address, with its port or container id, is none of it as long as something stands before its colons.
_MARKS = (
    r"(?i)(?P<address>\[[0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,30})?\]"
    r"|(?<![\w:.-])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6}::(?:[0-9A-Fa-f]{1,64}(?::[0-9A-Fa-f]{1,64}){0,6})?"
    r"(?![\w-]|:\S))"
    r"|(?P<first>:(?=:)|\#(?=\#)|\[(?=\[[A-Za-z])|\$(?=[({])|\{(?=[{%#])|(?:section|travis)_[a-z]{1,20}(?=:))"
)
_MAY_BE_MARKED = re.compile(r"::|##|\[\[|\$[({]|\{[{%#]|_[A-Za-z]+:")


def clean(text: object, longest: int = LONGEST_WORD) -> str:
    """One line of printable text without what engines, browsers, terminals and pipelines read as syntax.

    Control characters, line breaks, direction marks and lone surrogates become spaces; invisible letters are shown by
    number, and of the marks on a letter one is left; what is longer than `longest` characters is cut and ends in `...`.
    It does not look for secrets, so it makes no message: that is what a `Place` is for.
    """
    # Cut first: a hostile answer may hold megabytes, and no more than a line of them is ever shown.
    whole = str(text)
    raw = whole[: longest * 4]
    printable = raw if raw.isascii() and raw.isprintable() else _printable(raw)
    line = " ".join(printable.translate(_STAND_INS).split())
    if _MAY_BE_MARKED.search(line):
        line = re.sub(_MARKS, _broken, line)
    return line if len(line) <= longest and raw == whole else line[: longest - 3].rstrip() + "..."


def clean_name(text: str, longest: int = LONGEST_WORD) -> str:
    """The same for a name, which must not look like another: whatever is not printable ASCII is shown by number."""
    if not (text.isascii() and text.isprintable()):
        near = "".join(char if " " <= char <= "~" else _number(char) for char in text[: longest * 4])
        text = near + "..." if len(text) > longest * 4 else near
    return clean(text, longest)


def _broken(match: re.Match[str]) -> str:
    return match["address"] or match["first"] + " "


def _printable(text: str) -> str:
    import unicodedata  # hardly any answer holds more than ASCII

    shown: List[str] = []
    letter = False
    for char in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(char)
        if kind[0] == "M" and not re.match(_INVISIBLE, char):
            if letter:
                shown.append(char)
            letter = False
            continue
        letter = kind[0] == "L"
        if re.match(_INVISIBLE, char):
            shown.append(_number(char))
        else:
            shown.append(char if char.isprintable() else " ")
    return "".join(shown)


def _number(char: str) -> str:
    return "U+%04X" % ord(char)


def label(text: str) -> str:
    """A word for a performance data label: letters, digits, `-`; anything else becomes one underscore.

    Of one that is too long the end is a number made of the whole: which others there are does not change it.
    """
    word = _NOT_IN_LABEL.sub("_", text).strip("_") or "node"
    if len(word) <= LONGEST_LABEL:
        return word
    end = "_%08x" % zlib.crc32(text.encode("utf-8"))
    return word[: LONGEST_LABEL - len(end)].strip("_") + end


def listing(items: Sequence[Message], most: int = 6) -> Message:
    """`a, b and c`; of more than `most` items the rest is counted: `a, b and 7 more`."""
    return Message(listed(items, most))


def listed(items: Sequence[str], most: int = 6) -> str:
    """The same of words that are no messages yet."""
    if len(items) > most:
        items = [*items[: most - 1], "%d more" % (len(items) - most + 1)]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else "none"


def joined(parts: Iterable[Message], between: str = "; ") -> Message:
    """Clauses of a sentence in one line, without the empty ones."""
    return Message(between.join(part for part in parts if part))


def count(number: int, singular: str, plural: str = "") -> Message:
    """`1 node`, `2 nodes`."""
    return Message("%d %s" % (number, singular if number == 1 else plural or singular + "s"))


def closest(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` when one of the known words is near, else an empty string."""
    import difflib  # only ever needed on the way to an error

    near: List[str] = difflib.get_close_matches(word, list(known), 1)
    return "; did you mean %s?" % near[0] if near else ""
