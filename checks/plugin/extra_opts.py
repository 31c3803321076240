# SPDX-License-Identifier: BSD-2-Clause
"""Options from an INI file, as in the Monitoring Plugins (`--extra-opts[=[section][@file]]`).

Keys are long or short option names without dashes; a key without a value, or with `yes`, is a flag. What may be given
several times takes one value a line. The keys `password` and `token` are the place for secrets; but by mistake those
may stand anywhere. So messages say file, line and what belongs there, and repeat nothing that could not be read.
"""

import os

from wabiz_monitoring._core.misuse import Misuse
from wabiz_monitoring._core.text import clean
from wabiz_monitoring._edge.files import Files, is_file

from . import Check, ini
from .entries import SECRETS, Entry, check_alone, entries, mentions_secret
from .ini import Mistake
from .options import EXTRA_OPTS, Option, UsageError, options_of

# Where the Monitoring Plugins look, in their order (monitoring-plugins.org, extra-opts).
_NAMES = ("monitoring-plugins.ini", "plugins.ini")
_PLACES = (
    "/usr/local/nagios/etc",
    "/usr/local/etc/nagios",
    "/usr/local/etc",
    "/usr/local/etc/opt",
    "/etc/nagios",
    "/etc/nagios-plugins",
    "/etc/monitoring-plugins",
    "/etc",
    "/etc/opt",
    "/var/lib/nagios",
)
_YES = ("", "yes", "true", "on", "1")
_NO = ("no", "false", "off", "0")

_NEVER_IN_FILES = ("extra-opts", "help", "version")


def expand(words: list[str], check: Check, files: Files) -> dict[str, str]:
    """Replace each `--extra-opts` by the options of its section; gives the secrets of the sections.

    What was typed comes after all of them, and so wins. The list itself is changed, file by file: when one cannot be
    read, what the others say is known nevertheless. Raises UsageError.
    """
    secrets: dict[str, str] = {}
    typed = 0
    while asked := [at for at in range(typed, len(words)) if words[at].partition("=")[0] == EXTRA_OPTS]:
        try:
            options, found = _section(words[asked[0]][len(EXTRA_OPTS) + 1 :], check, files)
        except Misuse as error:
            raise UsageError(str(error)) from None
        del words[asked[0]]
        words[typed:typed] = options
        typed += len(options)
        secrets.update(found)
    return secrets


def _section(which: str, check: Check, files: Files) -> tuple[list[str], dict[str, str]]:
    """Words and secrets of `[section][@file]`."""
    name, _at, path = which.partition("@")
    path, name = path or _default_file(), name.strip() or check.command
    try:
        return _read(path, name, check, files)
    except Mistake as mistake:
        place = f", section [{clean(name)}], line {mistake.line}:" if mistake.line else ""
        raise Misuse(f"{clean(path, 200)}{place} {mistake}") from None


def _default_file() -> str:
    named = os.environ.get("MP_CONFIG_FILE")
    if named:
        return named
    folders = [*filter(None, os.environ.get("NAGIOS_CONFIG_PATH", "").split(":")), *_PLACES]
    for folder in folders:
        for name in _NAMES:
            path = os.path.join(folder, name)
            if is_file(path):
                return path
    raise Misuse(
        f"{EXTRA_OPTS} names no file and there is no {_NAMES[0]} in {', '.join(_PLACES)}; write {EXTRA_OPTS}=@FILE"
    )


def _read(path: str, name: str, check: Check, files: Files) -> tuple[list[str], dict[str, str]]:
    content = files.read(EXTRA_OPTS, path)
    pieces = ini.section(content.data, name)
    # Before anything can be wrong with a line: who can read the file is to be known then, too.
    if any(mentions_secret(line) for lines in pieces for line in lines):
        files.holds_secret(content)
    known = {flag.lstrip("-"): option for option in options_of(check) for flag in option.flags}
    words: dict[str, list[str]] = {}
    secrets: dict[str, str] = {}
    for lines in pieces:
        again: dict[str, list[str]] = {}
        for entry in entries(lines, known, check):
            if entry.key in SECRETS:
                secrets[entry.key] = _secret(entry)
            else:
                option = known[entry.key]
                again.setdefault(option.flags[-1], []).extend(_words(entry, option, check))
        # A later piece of the section counts more than an earlier one.
        words.update(again)
    return [word for option in words.values() for word in option], secrets


def _secret(entry: Entry) -> str:
    if not entry.values:
        raise Mistake(entry.number, f"{entry.key} needs a value")
    return entry.values[0][1]


def _words(entry: Entry, option: Option, check: Check) -> list[str]:
    """The words of the command line that a key and its values stand for."""
    key, flag = entry.key, option.flags[-1]
    if flag[2:] in _NEVER_IN_FILES:
        raise Mistake(entry.number, f"{key} cannot stand in a file")
    if option.action in ("store_true", "count"):
        value = entry.values[0][1].lower() if entry.values else ""
        if value not in (*_YES, *_NO):
            raise Mistake(entry.number, f"{key} is a flag; write yes or no")
        return [flag] if value in _YES else []
    if not entry.values:
        # Also what a mistyped flag looks like: it must not be passed over.
        raise Mistake(entry.number, f"{key} is no flag, so it needs a value")
    for number, value in entry.values:
        _check_value(number, value, key, option, check)
    return [f"{flag}={value}" for _number, value in entry.values]


def _check_value(number: int, value: str, key: str, option: Option, check: Check) -> None:
    try:
        option.read(value)
        option.refuses(check, value)
    except Misuse:
        # Its words repeat the value.
        raise Mistake(number, f"{key} takes {option.expects}") from None
    check_alone(number, value, option)
