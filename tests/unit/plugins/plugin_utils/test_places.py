# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What is written into a place is read from it to the letter, whatever it is.

The readers here are small ones of our own, after what the engines do. That the engines do it is tested with them.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator

import pytest
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._places import TITLES, traps, written
from hypothesis import example, given, settings
from hypothesis import strategies as st

# Nothing is left behind in the checkout, and no failure depends on the machine's speed.
settings.register_profile("here", database=None, deadline=None, max_examples=200, report_multiple_bugs=False)
settings.load_profile("here")

SYNTAX = "\"'`$\\;!#%&|<>(){}[]*?~=,:/@ -+.xn0"
PRINTABLE = [char for char in map(chr, range(0x20, 0x3100)) if char.isprintable()]
TEXTS = st.one_of(st.text(st.sampled_from(SYNTAX), max_size=20), st.text(st.sampled_from(PRINTABLE), max_size=20))
LINES = TEXTS.map(str.strip).map(lambda text: text or "x")


def nagios_lines(text: str) -> Iterator[str]:
    """The lines of an object file, joined, and without comments."""
    lines = iter(text.split("\n"))
    for line in lines:
        while line.endswith("\\") and not line.endswith("\\\\"):
            line = line[:-1] + next(lines, "").lstrip(" \t")
        line = re.sub(r"\\\\\Z", r"\\", line)
        yield uncommented(line).strip(" \t")


def uncommented(line: str) -> str:
    """A line up to a semicolon, unless a backslash is before it, which goes."""
    kept = ""
    for char in line:
        if char == ";":
            if not kept.endswith("\\"):
                break
            kept = kept[:-1]
        kept += char
    return kept


def nagios_objects(text: str) -> list[dict[str, str]]:
    """The objects of such a file: the directives of each."""
    found: list[dict[str, str]] = []
    for line in nagios_lines(text):
        if line.startswith("define "):
            found.append({})
        elif line and line != "}" and not line.startswith("#"):
            name, _blank, value = line.partition(" ")
            found[-1][name] = value.strip()
    return found


def nagios_arguments(command: str) -> list[str]:
    """The arguments of a check_command: an exclamation mark begins the next, unless a backslash is before it."""
    return [macros(part.replace("\\!", "!")) for part in re.split(r"(?<!\\)!", command)[1:]]


def macros(text: str) -> str:
    """A text in which a dollar sign stands for itself when there are two; in no other way here."""
    assert not re.search(r"(?<!\$)(?:\$\$)*\$(?!\$)", text)
    return text.replace("$$", "$")


def icinga2_strings(text: str) -> list[str]:
    """The strings of a text in Icinga's language, and nothing else but what stands between them in a list."""
    pattern = re.compile(r'"((?:[^"\\\n]|\\[^0-9\n])*)"(?:, |\Z)')
    found, at = [], 0
    while at < len(text):
        match = pattern.match(text, at)
        assert match, text[at:]
        at = match.end()
        # As Icinga reads them: those of control characters have not come that far.
        assert not re.search(r"(?<!\\)(?:\\\\)*\\[bnrtf]", match[1])
        found.append(re.sub(r"\\(.)", r"\1", match[1]))
    return found


@given(LINES)
@example("Haus A\\")
@example("a\\;b\\\\")
def test_nagios_reads_a_value_and_what_follows_it(text: str) -> None:
    file = f"define host {{\n    alias   {written(text, 'nagios_value')}\n    address 127.0.0.1\n}}\n"
    assert nagios_objects(file) == [{"alias": text, "address": "127.0.0.1"}]


@given(st.lists(TEXTS.filter(bool), min_size=1, max_size=4))
@example(["\\!", "$ARG1$", "a\\;b"])
def test_nagios_gives_a_shell_the_words_of_a_command(words: list[str]) -> None:
    line = " ".join(map(shlex.quote, words))
    file = f"define service {{\n    check_command check!{written('name', 'nagios_argument')}!"
    file += f"{written(line, 'nagios_argument')}\n    host_name x\n}}\n"
    ((service),) = nagios_objects(file)
    assert service["host_name"] == "x"
    assert nagios_arguments(service["check_command"]) == ["name", line]
    assert shlex.split(line) == words


@given(st.lists(TEXTS.filter(bool), min_size=1, max_size=4))
def test_nrpe_gives_a_shell_the_words_of_a_command(words: list[str]) -> None:
    line = f"command[check]={written(' '.join(map(shlex.quote, words)), 'nrpe_command')}"
    assert "\n" not in line
    assert shlex.split(macros(line.partition("=")[2])) == words


@given(TEXTS)
def test_icinga_2_reads_a_string(text: str) -> None:
    assert icinga2_strings(written(text, "icinga2_string")) == [text]


@given(st.lists(TEXTS, max_size=4))
def test_icinga_2_reads_the_value_of_a_variable(texts: list[str]) -> None:
    found = icinga2_strings(written(texts, "icinga2_variable")[1:-1])
    assert [macros(text) for text in found] == texts


@pytest.mark.parametrize(
    "place", ["nagios_value", "nagios_argument", "nrpe_command", "icinga2_string", "icinga2_variable"]
)
@given(st.text(max_size=20).filter(lambda text: not text.isprintable()))
def test_what_is_not_one_line_is_written_nowhere(place: str, text: str) -> None:
    with pytest.raises(ValueError, match="is not a line of text"):
        written(text, place)


@given(st.floats(min_value=1, max_value=1e9) | st.integers(min_value=0, max_value=10**9))
def test_a_number_is_digits(number: float) -> None:
    text = written(number, "number")
    assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)
    assert float(text) == pytest.approx(number, abs=1e-6)
    assert written(str(int(number)), "number") == str(int(number))


def shown(engine: str, titles: list[str], script: str) -> list[str]:
    """What a shell prints of each title that an engine may have, with the title in the place of `{}` in a script."""
    allowed = [title for title in titles if not traps(title, engine)]
    lines = "\n".join(script.replace("{}", title) for title in allowed)
    done = subprocess.run(["sh", "-c", lines], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8", "HOME": "/"})
    assert not done.stderr
    return [f"<{title}>" for title in allowed if f"<{title}>" not in done.stdout.decode().splitlines()]


@settings(max_examples=25)
@given(st.lists(LINES, min_size=40, max_size=60))
def test_a_title_stays_text_between_the_double_quotes_of_a_shell(titles: list[str]) -> None:
    assert shown("nagios", titles, '/usr/bin/printf "%b" "<{}>\\n"') == []


@settings(max_examples=25)
@given(st.lists(LINES, min_size=40, max_size=60))
def test_a_title_stays_a_line_of_a_letter(titles: list[str]) -> None:
    allowed = [title for title in titles if not traps(title, "icinga2")]
    done = subprocess.run(
        ["sh", "-c", 'for title; do /usr/bin/printf "%b" "$title is DOWN!\n"; done', "sh", *allowed],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert done.stdout.decode().splitlines() == [f"{title} is DOWN!" for title in allowed]
    assert not [line for line in done.stdout.decode().splitlines() if line.startswith("~")]


@given(LINES)
def test_a_title_is_refused_by_one_engine_or_by_all(title: str) -> None:
    assert traps(title, None) == [trap for engine in TITLES for trap in traps(title, engine)]
    assert traps(title, "nrpe") == traps(title, "none") == []
