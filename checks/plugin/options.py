# SPDX-License-Identifier: BSD-2-Clause
"""Every option of every check, in one table: parsers, help and reference pages read it."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from wabiz_monitoring._core.address import DEFAULT_PORT, from_host, from_url
from wabiz_monitoring._core.catalogue import parse_states
from wabiz_monitoring._core.deadline import DEFAULT_TIMEOUT
from wabiz_monitoring._core.limits import parse_limits
from wabiz_monitoring._core.misuse import Misuse
from wabiz_monitoring._core.session import credentials

from . import Check

EXTRA_OPTS = "--extra-opts"
"""The option that puts those of a file in its place."""


class UsageError(Exception):
    """What the user typed cannot be run; the text is one line that says what would be right."""


class Option(NamedTuple):
    """One option; `help` says its default and unit."""

    flags: tuple[str, ...]
    group: str
    help: str
    metavar: str = ""
    action: str = "store"
    read: Callable[[str], Any] = str
    default: Any = None
    wanted: Callable[[Check], bool] = lambda check: True
    expects: str = ""
    """What a value must be, for whoever must not repeat one that is not; empty when anything may be meant."""
    refuses: Callable[[Check, str], object] = lambda check, text: None
    """Raises Misuse for a value that cannot be meant, beside what `read` does."""


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise Misuse("a port is a number from 1 to 65535")
    return int(text)


def seconds(text: str) -> float:
    """A time limit, as a number. Raises Misuse, with a sentence for the user."""
    try:
        limit = float(text)
    except ValueError:
        limit = 0
    if not 0 < limit <= 3600:
        raise Misuse("a time limit is a number of seconds, above 0 and up to 3600")
    return limit


def _shards(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1024):
        raise Misuse("a number of shards is from 1 to 1024")
    return int(text)


def _spares(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 1024):
        raise Misuse("a number of spares is from 0 to 1024")
    return int(text)


def _range(check: Check, text: str) -> object:
    # A critical one, since a warning may be swallowed by the default of the other.
    return parse_limits(check.name, (), [text])


def _has_thresholds(check: Check) -> bool:
    return bool(check.thresholds)


OPTIONS = (
    Option(
        ("-H", "--hostname"),
        "API",
        "host that answers the API; default: from WA_WEB_ENDPOINT (host:port)",
        "HOST",
        expects="a host name or address",
        refuses=lambda check, text: from_host(text),
    ),
    Option(
        ("-p", "--port"),
        "API",
        f"its port; default: {DEFAULT_PORT}",
        "PORT",
        read=_port,
        default=DEFAULT_PORT,
        expects="a number from 1 to 65535",
    ),
    Option(
        ("--url",),
        "API",
        "its address when there is a path before /v1; wins over -H and -p",
        "URL",
        expects="a URL such as https://host:port/path",
        refuses=lambda check, text: from_url(text),
    ),
    Option(
        ("-t", "--timeout"),
        "API",
        f"time limit of the whole run in seconds, login and name resolution included; default: {DEFAULT_TIMEOUT:g}",
        "SECONDS",
        read=seconds,
        default=DEFAULT_TIMEOUT,
        expects="a number of seconds, above 0 and up to 3600",
    ),
    Option(
        ("--username",),
        "API",
        "user that logs in; default: from WA_WEB_USERNAME",
        "NAME",
        expects="a user name, which holds no colon",
        refuses=lambda check, text: credentials(text, None, None),
    ),
    Option(("--ca-file",), "API", "PEM file of the CAs to trust; default: the system's store", "FILE"),
    Option(
        ("--insecure",),
        "API",
        "do not verify the server's certificate, and take an http:// address; default: verify, and refuse that",
        action="store_true",
    ),
    Option(("--client-cert",), "API", "PEM file of a client certificate; default: none", "FILE"),
    Option(("--client-key",), "API", "PEM file of its key, without passphrase; default: in --client-cert", "FILE"),
    Option(
        ("--header-file",), "API", "file with headers for a gateway, one `Name: value` a line; default: none", "FILE"
    ),
    Option(("--file",), "API", "judge a saved answer instead, `-` is standard input; default: ask the API", "FILE"),
    Option(
        ("--state-dir",),
        "API",
        "folder where tokens are kept between runs, and failed logins remembered, so that nobody is locked out; "
        "`none`: log in and out each time; default: ~/.local/state/wabiz-monitoring",
        "DIR",
    ),
    Option(
        ("-w", "--warning"),
        "Judgement",
        "range outside of which the state is WARNING, see Thresholds; repeatable",
        "RANGE",
        action="append",
        wanted=_has_thresholds,
        expects="a range such as 10GiB or 30d, see Thresholds in the help",
        refuses=_range,
    ),
    Option(
        ("-c", "--critical"),
        "Judgement",
        "range outside of which the state is CRITICAL, see Thresholds; repeatable",
        "RANGE",
        action="append",
        wanted=_has_thresholds,
        expects="a range such as 10GiB or 30d, see Thresholds in the help",
        refuses=_range,
    ),
    Option(
        ("--state",),
        "Judgement",
        "state of a problem in place of its default, as in `--state missing=ok`; repeatable",
        "PROBLEM=STATE",
        action="append",
        expects="a problem and its state, such as missing=ok",
        refuses=lambda check, text: parse_states([text]),
    ),
    Option(
        ("--node",),
        "Judgement",
        "judge only the nodes whose key (host:container) fits this shell pattern; repeatable; default: all",
        "PATTERN",
        action="append",
    ),
    Option(
        ("--ignore-node",),
        "Judgement",
        "do not judge the nodes whose key fits this shell pattern; repeatable; default: none",
        "PATTERN",
        action="append",
    ),
    Option(
        ("--shards",),
        "Judgement",
        "how many normal shards there must be; default: inferred from the ranges seen and the nodes that do not answer",
        "N",
        read=_shards,
        wanted=lambda check: check.cluster,
        expects="a number from 1 to 1024",
    ),
    Option(
        ("--min-spares",),
        "Judgement",
        "how many coreapps must stand by; default: 1",
        "N",
        read=_spares,
        default=1,
        wanted=lambda check: check.name in ("cluster", "all"),
        expects="a number from 0 to 1024",
    ),
    Option(
        ("--without",),
        "Judgement",
        "judge the cluster as it will be when this node (key or shell pattern) is gone and it failed over; repeatable",
        "NODE",
        action="append",
        wanted=lambda check: check.cluster,
    ),
    Option(("--json",), "Output", "print the result as JSON; default: plugin output", action="store_true"),
    Option(
        ("-v", "--verbose"),
        "Output",
        "say more: -v every observation, -vv how the answer was had, -vvv tracebacks; default: none",
        action="count",
        default=0,
    ),
    Option(("-V", "--version"), "Other", "print the version", action="version"),
    Option(("-h", "--help"), "Other", "print this help", action="help"),
    Option(
        (EXTRA_OPTS,),
        "Other",
        "options from an INI file, as in the Monitoring Plugins; default section: the command's name, default file: "
        "the first monitoring-plugins.ini found; keys `password` and `token` hold secrets",
        "[SECTION][@FILE]",
        action="extra-opts",
    ),
)


def options_of(check: Check) -> Iterator[Option]:
    """The options that a check has, in the order of the help."""
    return (option for option in OPTIONS if option.wanted(check))
