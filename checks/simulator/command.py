# SPDX-License-Identifier: BSD-2-Clause
"""The command wabiz-simulator."""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import NoReturn

from .duration import seconds
from .library import find, load_scenarios
from .scenario import Scenario
from .server import WEEK, Simulator

_PROGRAM = "wabiz-simulator"
_ENDINGS = (signal.SIGTERM, signal.SIGINT)


def run(arguments: Sequence[str] | None) -> int:
    """Serve until SIGTERM or SIGINT, or list or print scenarios; gives the exit status."""
    parser = _parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.error(_unknown(unknown))
    try:
        if options.list:
            return _list(load_scenarios(options.scenarios))
        if options.print is not None:
            return _print(load_scenarios(options.scenarios), options.print)
        return _serve(options)
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        if error.filename is not None:
            parser.exit(1, f"{_PROGRAM}: --cert-dir {options.cert_dir}: {error.strerror}\n")
        parser.exit(1, f"{_PROGRAM}: cannot serve on {options.host} port {options.port}: {error}\n")


def _serve(options: argparse.Namespace) -> int:
    simulator = Simulator(
        options.scenario,
        scenarios=options.scenarios,
        host=options.host,
        port=options.port,
        cert_dir=options.cert_dir,
        username=options.username,
        password=os.environ.get("WABIZ_SIMULATOR_PASSWORD", "simulated"),
        token_life=options.token_life,
    )
    # Blocked, in the server's thread too, they wait for sigwait, also those that come before it is reached.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    with simulator:
        print(f"{_PROGRAM}: {simulator.scenario} on {simulator.url} (CA {simulator.ca_file})", flush=True)
        signal.sigwait(_ENDINGS)
    return 0


def _list(scenarios: Mapping[str, Scenario]) -> int:
    width = max(map(len, scenarios))
    for name, scenario in scenarios.items():
        print(f"{name:{width}}  {scenario.description}")
    return 0


def _print(scenarios: Mapping[str, Scenario], name: str) -> int:
    now = time.time()
    _rest, body = find(scenarios, name).answer(now, now)
    print(json.dumps(body, indent=2))
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_PROGRAM,
        allow_abbrev=False,
        description="Serve the answers of a WhatsApp Business On-Premises API that does not exist, from scenarios.",
        epilog="The password is taken from the environment variable WABIZ_SIMULATOR_PASSWORD (default: simulated).",
    )
    serving = parser.add_argument_group("serving")
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serving.add_argument("--port", type=_port, default=0, help="port to listen on (default: a free one)")
    serving.add_argument("--scenario", default="healthy-single", metavar="NAME", help="(default: %(default)s)")
    serving.add_argument("--cert-dir", metavar="DIR", help="where the certificates go (default: a temporary directory)")
    serving.add_argument("--username", default="monitor", metavar="NAME", help="who may log in (default: %(default)s)")
    serving.add_argument(
        "--token-life", type=_life, default=WEEK, metavar="TIME", help="how long a token is good for (default: 7d)"
    )
    parser.add_argument("--scenarios", metavar="DIR", help="a directory of scenario files beside those that come along")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--list", action="store_true", help="name the scenarios, and end")
    instead.add_argument("--print", metavar="NAME", help="print a scenario's answer as JSON, and end")
    return parser


def _unknown(words: Sequence[str]) -> str:
    # What was typed for a password is not repeated.
    shown = f"{_PROGRAM} --help shows them all"
    name = next((word for word in words if word.startswith("-")), "").partition("=")[0]
    if name.startswith("--pass"):
        return "unknown option --password; the password comes from WABIZ_SIMULATOR_PASSWORD in the environment"
    if not name:
        return f"a word belongs to no option; {shown}"
    return f"unknown option {name if name.startswith('--') else name[:2]}; {shown}"


def _port(written: str) -> int:
    if not written.isascii() or not written.isdigit() or int(written) > 65535:
        raise argparse.ArgumentTypeError(f"{written!r} is not a port: write a number from 0 to 65535")
    return int(written)


def _life(written: str) -> float:
    try:
        life = seconds(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if life <= 0:
        raise argparse.ArgumentTypeError(f"{written!r} is no life at all: write a time above zero, such as 7d")
    return life
