# SPDX-License-Identifier: BSD-2-Clause
"""What each peer makes a run take, measured and written into the page on a hostile world.

`python tests/checks/figures.py [PEER...]`: all of them, or only those that are named. It wants a quiet machine.
"""

from __future__ import annotations

import platform
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, final

from asking import asking
from commands import Runner
from forks import Forks
from hostile_world import HEADS, PAGE
from pages import table
from peers import KINDS, PEERS, peer
from proxy import Proxy
from told import WAITING, limit_of
from yardstick import KINDS as TOOLS
from yardstick import TIMES, kind_of, yardstick

BEGIN = "<!-- Measured by tests/checks/figures.py: measure anew, do not change what follows. -->\n"
END = "<!-- The end of what is measured. -->\n"
COLUMNS = ("what happens", *(f"{tool}, {unit}" for tool in TOOLS for unit in ("MiB", "s")))
ROW = re.compile(r"\| (?P<name>.+?) \| (?P<cells>[0-9.]+ \| (?:-|[0-9.]+) \| [0-9.]+ \| (?:-|[0-9.]+)) \|")
_HEALTHY = re.compile(r"A healthy run takes ([0-9.]+) MiB as a check and ([0-9.]+) MiB as a module \((.+?)\)")
_MIB = 2**20


class Figures(NamedTuple):
    """What the worst of all runs of a kind took."""

    memory: float
    """In MiB."""
    late: float | None
    """Seconds past the limit; None where no run came to it."""

    @property
    def cells(self) -> tuple[str, str]:
        """As the page shows them."""
        return f"{self.memory:.1f}", "-" if self.late is None else f"{self.late:.2f}"


class Page(NamedTuple):
    """What was measured: of a healthy run, and of each peer, by kind of tool; and on what."""

    machine: str
    healthy: Mapping[str, float]
    peers: Mapping[str, Mapping[str, Figures]]


def read(written: str) -> Page:
    """What the page says."""
    measured = written.partition(BEGIN)[2].partition(END)[0]
    healthy = _HEALTHY.search(measured)
    *memory, machine = healthy.groups() if healthy else ("0", "0", "")
    return Page(
        machine,
        dict(zip(TOOLS, map(float, memory), strict=True)),
        {found["name"]: _figures(found["cells"].split(" | ")) for found in ROW.finditer(measured)},
    )


def _figures(cells: list[str]) -> Mapping[str, Figures]:
    pairs = zip(cells[::2], cells[1::2], strict=True)
    return {
        tool: Figures(float(memory), None if late == "-" else float(late))
        for tool, (memory, late) in zip(TOOLS, pairs, strict=True)
    }


def page(written: str, measured: Page) -> str:
    """The page with these figures; all else is as it was."""
    before, begin, rest = written.partition(BEGIN)
    after = rest.partition(END)[2]
    assert begin
    return f"{before}{BEGIN}\n{made(measured)}\n{END}{after}"


def made(measured: Page) -> str:
    """The part of the page that holds figures, in Markdown."""
    # As they are read from the page again.
    check, module = (round(measured.healthy[tool], 1) for tool in TOOLS)
    blocks = [
        f"A healthy run takes {check:.1f} MiB as a check and {module:.1f} MiB as a module ("
        f"{measured.machine}); {TIMES:g} times that is {check * TIMES:.1f} and "
        f"{module * TIMES:.1f} MiB."
    ]
    for kind, head in HEADS.items():
        blocks += [f"### {head}: memory and time", table(COLUMNS, (_row(name, measured) for name in KINDS[kind]))]
    return "\n\n".join(blocks) + "\n"


def _row(name: str, measured: Page) -> tuple[str, ...]:
    return name, *(cell for tool in TOOLS for cell in measured.peers[name][tool].cells)


@final
class Meter:
    """Asks peers, and measures."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._user = Runner(folder)
        self._forks = {deaf: stack.enter_context(Forks(folder, deaf)) for deaf in (False, True)}
        self._yardstick = yardstick(self._forks[False], self._user, self._scratch())

    @property
    def healthy(self) -> Mapping[str, float]:
        """The memory of a healthy run, in MiB, by kind."""
        return {tool: healthy.memory / _MIB for tool, healthy in self._yardstick.items()}

    def __call__(self, name: str) -> Mapping[str, Figures]:
        """The worst of what a peer makes each kind of tool take."""
        waits = name in WAITING
        # Who waits takes no processor from others.
        with peer(name, self._scratch()) as at, Proxy() as proxy, ThreadPoolExecutor(8 if waits else 2) as pool:
            forks, limit = self._forks[at.deaf], limit_of(name)
            asked = list(asking(name, at, None if at.deaf else proxy, forks.modules, self._scratch()))
            runs = zip(asked, pool.map(lambda one: one.forked(forks, self._user), asked), strict=True)
            took = [
                (kind_of(one), self._yardstick[kind_of(one)].would_take(taken, forks), taken.late(limit))
                for one, taken in runs
            ]
        return {
            tool: Figures(
                max(memory for kind, memory, _late in took if kind == tool) / _MIB,
                max(late for kind, _memory, late in took if kind == tool) if waits else None,
            )
            for tool in TOOLS
        }

    def _scratch(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))


def measured(names: Iterable[str], written: Page) -> Page:
    """What is measured now of some peers, and what is written already of the others."""
    with tempfile.TemporaryDirectory(prefix="wabiz-figures-") as folder, ExitStack() as stack:
        meter = Meter(Path(folder), stack)
        found = {}
        for name in names:
            found[name] = meter(name)
            print(name, *(cell for tool in TOOLS for cell in found[name][tool].cells), sep="  ", flush=True)
        machine = f"{platform.system()}, {platform.machine()}, Python {platform.python_version()}"
        return Page(machine, meter.healthy, {**written.peers, **found})


def main(names: Iterable[str]) -> None:
    """Measure, and write the page."""
    written = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page(written, measured(names or PEERS, read(written))), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
