# SPDX-License-Identifier: BSD-2-Clause
"""Options from an INI file, as in the Monitoring Plugins (`--extra-opts[=[section][@file]]`).

Keys are long or short option names without dashes; a key without a value, or with `yes`, is a flag. What may be given
several times takes one value a line. The keys `password` and `token` are the place for secrets.
"""

import configparser
import os
import stat
from typing import NamedTuple

from .options import UsageError

FLAG = "--extra-opts"
SECRETS = ("password", "token")

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


class Extra(NamedTuple):
    """What the files gave: words for the command line, secrets, and notes for the user."""

    arguments: list[str]
    secrets: dict[str, str]
    notes: list[str]


def expand(arguments: list[str], command: str, flags: set[str]) -> Extra:
    """Replace each `--extra-opts` by the options of its section; what the command line says comes later, and wins.

    `flags` are the names of options without a value. Raises UsageError that names file and section.
    """
    given: list[str] = []
    secrets: dict[str, str] = {}
    notes: list[str] = []
    typed: list[str] = []
    for word in arguments:
        if word != FLAG and not word.startswith(FLAG + "="):
            typed.append(word)
            continue
        section, _at, path = word[len(FLAG) + 1 :].partition("@")
        path = path or _default_file()
        section = section or command
        for key, value in _read(path, section):
            if key in SECRETS:
                secrets[key] = value
                notes += _exposed(path)
            else:
                given += _words(key, value, flags, f"{path}, section [{section}]")
    return Extra(given + typed, secrets, sorted(set(notes)))


def _default_file() -> str:
    named = os.environ.get("MP_CONFIG_FILE")
    if named:
        return named
    folders = [*filter(None, os.environ.get("NAGIOS_CONFIG_PATH", "").split(":")), *_PLACES]
    for folder in folders:
        for name in _NAMES:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                return path
    raise UsageError(f"{FLAG} names no file and there is no {_NAMES[0]} in {', '.join(_PLACES)}; write {FLAG}=@FILE")


def _read(path: str, section: str) -> list[tuple[str, str]]:
    parser = configparser.ConfigParser(
        delimiters=("=",), comment_prefixes=("#", ";"), interpolation=None, default_section="", allow_no_value=True
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file, path)
    except OSError as error:
        raise UsageError(f"{FLAG} {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{FLAG} {path} is not UTF-8 text") from None
    except configparser.DuplicateOptionError as error:
        told = f"key {error.option!r} stands twice; write several values on lines of their own below one key"
        raise UsageError(f"{path}, line {error.lineno}: {told}") from None
    except configparser.DuplicateSectionError as error:
        raise UsageError(f"{path}, line {error.lineno}: section [{error.section}] stands twice") from None
    except configparser.MissingSectionHeaderError as error:
        raise UsageError(f"{path}, line {error.lineno}: a key before the first [section]") from None
    except configparser.ParsingError as error:
        # The line itself may hold a secret.
        line = error.errors[0][0] if getattr(error, "errors", None) else getattr(error, "lineno", 0)
        raise UsageError(f"{path}, line {line}: not of the form key = value") from None
    except AttributeError:
        # Where Python before 3.13 stumbles itself.
        raise UsageError(f"{path}: a key without a value goes on in the next line") from None
    if not parser.has_section(section):
        known = ", ".join(f"[{name}]" for name in parser.sections()) or "none"
        raise UsageError(f"{path} has no section [{section}]; it has {known}")
    return [(key, value or "") for key, value in parser.items(section)]


def _words(key: str, value: str, flags: set[str], where: str) -> list[str]:
    option = f"-{key}" if len(key) == 1 else f"--{key}"
    if option == FLAG:
        raise UsageError(f"{where}: {key} cannot stand in a file")
    if option in flags:
        if value.lower() in _YES:
            return [option]
        if value.lower() in _NO:
            return []
        raise UsageError(f"{where}: {key} is a flag; write yes or no")
    values = [line.strip() for line in value.splitlines() if line.strip()]
    if not values:
        # Also what a mistyped flag looks like: it must not be passed over.
        raise UsageError(f"{where}: {key} is no flag, so it needs a value")
    return [option + one if len(key) == 1 else f"{option}={one}" for one in values]


def _exposed(path: str) -> list[str]:
    if os.stat(path).st_mode & stat.S_IROTH:
        return [f"{path} holds a secret and everybody can read it: chmod o-r it"]
    return []
