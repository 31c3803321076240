# SPDX-License-Identifier: BSD-2-Clause
"""From the words of a command line to typed settings."""

import argparse
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn

from wabiz_monitoring import __version__
from wabiz_monitoring._core.address import encrypted, from_endpoint, from_host, from_url
from wabiz_monitoring._core.catalogue import CATALOGUE, parse_states
from wabiz_monitoring._core.deadline import DEFAULT_TIMEOUT
from wabiz_monitoring._core.http import check_header
from wabiz_monitoring._core.limits import Limits, parse_limits
from wabiz_monitoring._core.misuse import Misuse
from wabiz_monitoring._core.session import Credentials, credentials
from wabiz_monitoring._core.states import State
from wabiz_monitoring._core.text import clean, closest
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring._edge.tls import Tls

from . import Check
from .options import EXTRA_OPTS, Option, UsageError, options_of, seconds

_SECRET_OPTIONS = ("--password", "--token", "--authentication", "--api-key", "--auth")
# A range may start with a minus, which argparse would take for an option.
_NEGATIVE = re.compile(r"-[\d.]")
# Not compiled before they are needed: most runs need none of them.
_TIMEOUT = r"(?s)--timeout(?:=(.*))?|-v*t(.*)"
_NAME = r"--[a-z-]{1,20}"
# Files that hold secrets, or decide who gets them, and how each is read.
_TRUSTED_FILES: Mapping[str, Callable[[Files, str, str], object]] = {
    EXTRA_OPTS: Files.read,
    "--header-file": Files.read_secret,
    **dict.fromkeys(("--ca-file", "--client-cert", "--client-key"), Files.pem),
}
_RANGE_FLAGS = ("-w", "-c", "--warning", "--critical")


class Settings(NamedTuple):
    """Everything that one run wants, checked."""

    url: str | None
    """Address of the API; None when a file is judged."""
    file: str | None
    credentials: Credentials
    tls: Tls
    headers: dict[str, str]
    timeout: float
    state_dir: str | None
    limits: Limits
    states: Mapping[str, State]
    shards: int | None
    min_spares: int
    without: tuple[str, ...]
    nodes: tuple[str, ...]
    ignored: tuple[str, ...]
    json: bool
    verbose: int


class HelpWanted(Exception):
    """The user asked for the help or the version; the text is what to print."""


def parse(check: Check, words: list[str], secrets: Mapping[str, str], files: Files) -> Settings:
    """Settings from words and secrets, in which the files of options have a part, and from the environment.

    Raises UsageError (one line for the user) or HelpWanted.
    """
    parser = _parser(check)
    try:
        options, unknown = parser.parse_known_args(_join_negative(words))
        if unknown:
            raise _unknown(unknown, check)
        return _settings(check, options, secrets, files)
    except Misuse as error:
        raise UsageError(str(error)) from None


def look_at_files(words: list[str], mistake: str, files: Files) -> None:
    """Note who else can read or change the files that are named, when a mistake keeps a run from reading them."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        flag, equals, value = word.partition("=")
        path = value.partition("@")[2] if flag == EXTRA_OPTS else value if equals else following
        if flag in _TRUSTED_FILES:
            files.look(_TRUSTED_FILES[flag], flag, path, mistake)


def time_limit(arguments: list[str]) -> float:
    """The limit that was typed, or the default: it holds for the reading of files, which may say another."""
    limit = DEFAULT_TIMEOUT
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        found = re.fullmatch(_TIMEOUT, word) if word.startswith(("-t", "-v", "--timeout")) else None
        with suppress(Misuse):
            limit = seconds(found[1] or found[2] or following) if found else limit
    return limit


def _settings(check: Check, options: argparse.Namespace, secrets: Mapping[str, str], files: Files) -> Settings:
    environment = os.environ.get
    if options.client_key and not options.client_cert:
        raise Misuse("--client-key needs --client-cert")
    if options.insecure and options.ca_file:
        raise Misuse("--insecure and --ca-file contradict each other")
    who = credentials(
        options.username or environment("WA_WEB_USERNAME"),
        secrets.get("password") or environment("WA_WEB_PASSWORD"),
        secrets.get("token") or environment("WA_WEB_TOKEN"),
    )
    return Settings(
        url=None if options.file else encrypted(_url(options), options.insecure, "--insecure"),
        file=options.file,
        credentials=who,
        tls=Tls(options.ca_file, options.insecure, options.client_cert, options.client_key),
        headers=_headers(options.header_file, files) if options.header_file else {},
        timeout=options.timeout,
        state_dir=options.state_dir,
        limits=parse_limits(check.name, getattr(options, "warning", ()) or (), getattr(options, "critical", ()) or ()),
        states=_states(check, options.state or []),
        shards=getattr(options, "shards", None),
        min_spares=getattr(options, "min_spares", 1),
        without=tuple(getattr(options, "without", ()) or ()),
        nodes=tuple(options.node or ()),
        ignored=tuple(options.ignore_node or ()),
        json=options.json,
        verbose=min(options.verbose, 3),
    )


def _states(check: Check, specs: list[str]) -> Mapping[str, State]:
    states = parse_states(specs)
    for problem in states:
        judges = CATALOGUE[problem].judged_by
        if check.name != "all" and check.name not in judges:
            raise Misuse(f"--state {problem}: that is judged by check_wabiz_{judges[0]}, not by {check.command}")
    return states


def _url(options: argparse.Namespace) -> str:
    places: tuple[tuple[str, str | None, Callable[[str], str]], ...] = (
        ("--url", options.url, from_url),
        ("-H", options.hostname, lambda host: from_host(host, options.port)),
        ("WA_WEB_ENDPOINT", os.environ.get("WA_WEB_ENDPOINT"), lambda place: from_endpoint(place, options.port)),
    )
    for called, given, read in places:
        if given:
            try:
                return read(given)
            except Misuse as error:
                raise Misuse(f"{called}: {error}") from None
    raise Misuse("say where the API is: -H HOST, --url URL or WA_WEB_ENDPOINT (or --file FILE for a saved answer)")


def _headers(path: str, files: Files) -> dict[str, str]:
    data = files.read_secret("--header-file", path)
    where = f"--header-file {clean(path, 200)}"
    try:
        lines = re.split("\r\n?|\n", data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Misuse(f"{where} is not UTF-8 text") from None
    headers = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, value = (part.strip(" \t") for part in line.partition(":"))
        try:
            check_header(name, value)
        except Misuse:
            colon = ""
        if not colon:
            # The line may hold a secret, so it is not shown.
            raise Misuse(f"{where}, line {number}: not of the form `Name: value`")
        headers[name] = value
    return headers


class _Parser(argparse.ArgumentParser):
    check: Check

    def error(self, message: str) -> NoReturn:
        raise UsageError(clean(message.replace("argument ", "", 1), 400))


class _Help(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_rest: Any) -> NoReturn:
        # Every run makes a parser, hardly one prints the help.
        from .reference import states_text

        assert isinstance(parser, _Parser)
        parser.epilog = states_text(parser.check)
        raise HelpWanted(parser.format_help())


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_rest: Any) -> NoReturn:
        raise HelpWanted(f"{parser.prog} {__version__}\n")


def formatter(prog: str) -> argparse.HelpFormatter:
    """Help of a fixed width: asking the terminal for its own costs every run an import."""
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=100)


def _parser(check: Check) -> _Parser:
    parser = _Parser(
        prog=check.command,
        usage=f"{check.command} -H HOST [options]",
        description=check.asks,
        formatter_class=formatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.check = check
    groups: dict[str, Any] = {}
    for option in options_of(check):
        group = groups.get(option.group) or groups.setdefault(option.group, parser.add_argument_group(option.group))
        group.add_argument(*option.flags, **_argument(option))
    return parser


def _argument(option: Option) -> dict[str, Any]:
    common: dict[str, Any] = {"help": option.help.replace("%", "%%")}
    if option.action in ("help", "version"):
        return {**common, "action": _Help if option.action == "help" else _Version, "nargs": 0}
    if option.action == "extra-opts":
        return {**common, "metavar": option.metavar, "nargs": "?"}
    if option.action in ("store_true", "count"):
        return {**common, "action": option.action, "default": option.default or 0}
    return {
        **common,
        "action": option.action,
        "metavar": option.metavar,
        "type": _reader(option),
        "default": option.default,
    }


def _reader(option: Option) -> Any:
    def read(text: str) -> Any:
        if not text.strip():
            # What an engine leaves of a macro that is not set. Some options would mean everything by it, or nothing.
            raise argparse.ArgumentTypeError("the value is empty; give one, or leave the option out")
        try:
            return option.read(text)
        except Misuse as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _join_negative(words: list[str]) -> list[str]:
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in _RANGE_FLAGS and _NEGATIVE.match(word):
            joined[-1] += word if len(joined[-1]) == 2 else "=" + word
        else:
            joined.append(word)
    return joined


def _unknown(words: list[str], check: Check) -> UsageError:
    # Nothing is repeated that may be a password: no value, no word without an option, no name with one run into it.
    shown = f"{check.command} -h shows them all"
    name = next((word for word in words if word.startswith("-")), "").partition("=")[0]
    if not name:
        return UsageError(f"a word belongs to no option; perhaps a value with a blank in it lacks quotes; {shown}")
    if not name.startswith("--"):
        return UsageError(f"unknown option {clean(name[:2])}; {shown}")
    known = [flag for option in options_of(check) for flag in option.flags if flag.startswith("--")]
    hint = closest(name, [*known, *_SECRET_OPTIONS])
    for secret in _SECRET_OPTIONS:
        if name.startswith(secret) or hint.endswith(f" {secret}?"):
            return UsageError(
                f"{secret} does not exist: secrets come from WA_WEB_PASSWORD, WA_WEB_TOKEN or the keys "
                "`password` and `token` of an extra-opts file"
            )
    called = f"unknown option {name}" if re.fullmatch(_NAME, name) else "unknown option"
    return UsageError(called + (hint or f"; {shown}"))
