# SPDX-License-Identifier: BSD-2-Clause
"""What the checks and the module say: real runs over HTTPS with a login, against the simulator. `make demo` calls it.

Everything lives in a temporary folder and in this process, so nothing runs and no file is left when it ends.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wabiz_monitoring._core.states import State
from wabiz_monitoring.check_all import CHECK, CHECKS
from wabiz_monitoring.plugin.examples import EXAMPLES, command, shortened
from wabiz_monitoring.simulator import Simulator

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
EXAMPLES_OF_EACH = 3
COLOURS = {"OK": "32", "WARNING": "33", "CRITICAL": "31", "UNKNOWN": "35", "title": "1", "command": "36", "faint": "2"}
IN_COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

NEXT = f"""\
What to try next:
  . {shlex.quote(str(BIN / "activate"))}
  wabiz-simulator --list                                    the scenarios
  wabiz-simulator --print ha-owner-down | check_wabiz_all --file -
  check_wabiz_space -h                                      every option, state and default
  less README.md docs/index.md                              Nagios, Icinga 2, playbooks, pipelines
  make test                                                 the proof, in real engines too"""


def paint(text: str, colour: str) -> str:
    return f"\033[{COLOURS[colour]}m{text}\033[0m" if IN_COLOUR and text else text


def title(text: str) -> None:
    print(f"\n{paint(text, 'title')}\n{paint('=' * len(text), 'title')}", flush=True)


class Demo:
    """The simulator, a shell's environment to reach it from, and how many runs went wrong in a way that none should."""

    def __init__(self, sim: Simulator, folder: Path) -> None:
        self.sim = sim
        self.failed = 0
        self.runs = 0
        self._folder = folder
        self._environment = environment(sim, folder)

    def check(self, line: str, says: str) -> None:
        """Run a check as a user would, and show what he would see."""
        print(f"\n{paint(says, 'faint')}\n{paint('$ ' + line, 'command')}", flush=True)
        done = subprocess.run(
            shlex.split(line),
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        self.runs += 1
        sound = done.returncode in tuple(State) and not done.stderr and "internal error" not in done.stdout
        self.failed += not sound
        print("\n".join(self._painted(line) for line in shortened(done.stdout).splitlines()) + done.stderr)
        name = State(done.returncode).name if sound else "this should not happen"
        print(f"exit status {paint(f'{done.returncode} ({name})', name if sound else 'CRITICAL')}", flush=True)

    def playbook(self, name: str) -> None:
        """Run one of the playbooks of this folder."""
        line = ["ansible-playbook", f"demo/{name}", "--extra-vars", f"ca={shlex.quote(self.sim.ca_file)}"]
        print(f"\n{paint('$ ' + shlex.join(line), 'command')}", flush=True)
        wishes = {"ANSIBLE_FORCE_COLOR": "1"} if IN_COLOUR else {"ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(
            line,
            cwd=ROOT,
            env={**self._environment, **ansible(self._folder), **wishes},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self.failed += done.returncode != 0

    @staticmethod
    def _painted(line: str) -> str:
        text, divider, numbers = line.partition(" | ")
        state = next((name for name in State.__members__ if name in text.split(" - ")[0].replace("]", " ").split()), "")
        return (paint(text, state) if text.startswith("WABIZ") and state else text) + paint(divider + numbers, "faint")


def environment(sim: Simulator, folder: Path) -> dict[str, str]:
    """The variables of a shell in which a user has said whom to ask, and as whom; the user's own take no part."""
    mine = ("ANSIBLE_", "WA_WEB_", "MP_CONFIG", "NAGIOS_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    return {
        **kept,
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
        "no_proxy": "localhost",
        "NO_PROXY": "localhost",
        "WA_WEB_ENDPOINT": f"localhost:{sim.port}",
        "WA_WEB_USERNAME": sim.username,
        "WA_WEB_PASSWORD": sim.password,
    }


def ansible(folder: Path) -> dict[str, str]:
    """Variables that let ansible-playbook find the collection, wherever the checkout lies; it writes to the folder."""
    collection = folder / "ansible_collections" / "wabiz" / "monitoring"
    if not collection.exists():
        # Copies: from links Python would leave its bytecode in the checkout.
        for name in ("meta", "plugins"):
            shutil.copytree(ROOT / name, collection / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "galaxy.yml", collection)
        (folder / "ansible.cfg").touch()
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(folder),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        "ANSIBLE_REMOTE_TMP": str(folder / "ansible" / "tmp"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
    }


def show_checks(demo: Demo) -> None:
    """Each check over the first of its examples."""
    address = ("-H", "localhost", "-p", str(demo.sim.port), "--ca-file", "ca.pem")
    for check in (*CHECKS, CHECK):
        title(check.command)
        print(check.asks)
        for example in EXAMPLES[check.name][:EXAMPLES_OF_EACH]:
            demo.sim.use(example.scenario)
            demo.check(command(check, example.arguments, address), f"{example.scenario}: {example.says}")


def show_trouble(demo: Demo) -> None:
    """What stands in the way of an answer, each in its own words."""
    title("When there is no answer, or no question")
    address = f"-H localhost -p {demo.sim.port} --ca-file ca.pem"
    with unused_port() as port:
        demo.check(f"check_wabiz_socket -H localhost -p {port} --ca-file ca.pem", "nobody listens")
    demo.check(f"check_wabiz_socket -H localhost -p {demo.sim.port}", "a certificate of an unknown CA")
    stranger = f"check_wabiz_socket {address} --username stranger"
    demo.check(stranger, "a user whom the API does not know, or a wrong password")
    demo.check(stranger, "the same again: more than 30 of these an hour, and the API locks this address out")
    demo.check(f"check_wabiz_space {address} --warnign 5GiB", "a mistyped option")


@contextmanager
def unused_port() -> Iterator[int]:
    """A port that nobody listens on: it is bound, so that nobody else gets it, and refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def end(number: int, frame: object) -> None:
    # A command that is just being started is nobody's to end yet, and would go on without us.
    with suppress(OSError):
        for child in Path("/proc/thread-self/children").read_text(encoding="ascii").split():
            os.kill(int(child), signal.SIGKILL)
    raise SystemExit(128 + number)


def main() -> int:
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, end)
    # A password that is no word, because Ansible masks it wherever it stands, in the middle of a sentence too.
    password = secrets.token_urlsafe()
    with (
        tempfile.TemporaryDirectory(prefix="wabiz-demo-") as name,
        Simulator(cert_dir=name, password=password) as sim,
    ):
        demo = Demo(sim, Path(name))
        print(f"A stand-in for the API answers at {sim.url}. The commands below find in their environment:")
        print(
            f"  WA_WEB_ENDPOINT=localhost:{sim.port} WA_WEB_USERNAME={sim.username} WA_WEB_PASSWORD=(made for this run)"
        )
        show_checks(demo)
        asked, logins = demo.runs, sim.logins
        show_trouble(demo)
        title("Facts for playbooks: wabiz.monitoring.support_facts")
        sim.use("ha-healthy")
        demo.playbook("facts.yml")
    title("That was it")
    print(f"{asked} checks, {logins} login: the token is kept, because every login leaves a row on the server.")
    if demo.failed:
        print(paint(f"{demo.failed} of these went wrong in a way that should not happen.", "CRITICAL"))
        return 1
    print(f"All in {time.monotonic() - begun:.0f} s. The simulator has ended, and its files are gone.\n\n{NEXT}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
