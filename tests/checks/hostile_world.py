# SPDX-License-Identifier: BSD-2-Clause
"""The table of the page on a hostile world, made of the very peers that test_peers asks and of what they are to be
told by: `python tests/checks/hostile_world.py` writes it.

The rest of the page is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from forkserver import CHECKS, MODULES
from pages import DOCS, sentence, table
from peers import KINDS, PEERS
from told import Told, told
from wabiz_monitoring._core.catalogue import CATALOGUE

PAGE = DOCS / "hostile-world.md"
BEGIN = "<!-- Made from the tables of the tests by tests/checks/hostile_world.py: change those, not what follows. -->\n"
END = "<!-- The end of what is made. -->\n"

HEADS = {
    "Nothing": "Nothing is wrong",
    "Network": "The network",
    "TLS": "TLS and certificates",
    "Proxy": "The proxy",
    "Login": "The login",
    "Logout": "The logout",
    "Status": "The status of the answer",
    "Body": "The body of the answer",
    "Framing": "How its body is framed",
    "Letters": "Its type and letters",
    "JSON": "Its JSON",
    "Fields": "Its fields",
    "Time": "Its time",
}
COLUMNS = ("what happens", "problem", "checks", "modules", "what is said", "what to do")
WHERE = {"where": "wa.example.com:9090", "port": "9090", "limit": "30"}
"""Who is asked in the examples, and within how many seconds."""


def made() -> str:
    """The part of the page that is made, in Markdown."""
    runs = len(PEERS) * (len(CHECKS) + len(MODULES)) * 2
    blocks = [
        f"{len(PEERS)} peers, each asked by {len(CHECKS)} checks and {len(MODULES)} modules, twice by each of them: "
        f"{runs} runs.",
        *(block for kind in HEADS for block in (f"### {HEADS[kind]}", _rows(kind))),
    ]
    return "\n\n".join(blocks) + "\n"


def page(written: str) -> str:
    """The page, with what is made as it should be, and what was written by hand as it was."""
    before, begin, rest = written.partition(BEGIN)
    _old, end, after = rest.partition(END)
    assert begin
    assert end
    return f"{before}{BEGIN}\n{made()}\n{END}{after}"


def _rows(kind: str) -> str:
    return table(COLUMNS, (tuple(_cells(name)) for name in KINDS[kind]))


def _cells(name: str) -> Iterator[str]:
    every = {tool: told(name, tool) for tool in (*CHECKS, *MODULES)}
    rows = [row for outcome in every.values() for row in outcome]
    yield name
    yield ", ".join(dict.fromkeys(f"`{row.problem}`" for row in rows)) or "-"
    yield _by_tool({check: _state(every[check]) for check in CHECKS})
    yield _by_tool({module: "fails" if every[module] else "well" for module in MODULES})
    # Where the checks differ, the one that judges all tells for all.
    yield " or ".join(dict.fromkeys(f"`{_said(row)}`" for row in every["all"])) or "-"
    yield " Or: ".join(dict.fromkeys(sentence(row.remedy) for row in every["all"])) or "-"


def _state(outcome: tuple[Told, ...]) -> str:
    return " or ".join(dict.fromkeys(CATALOGUE[row.problem].state.name for row in outcome)) or "OK"


def _by_tool(results: dict[str, str]) -> str:
    """A result that all share; else each result and whose it is."""
    if len(set(results.values())) == 1:
        return next(iter(results.values()))
    return "; ".join(
        f"{result}: {', '.join(tool for tool in results if results[tool] == result)}"
        for result in dict.fromkeys(results.values())
    )


def _said(row: Told) -> str:
    text = row.text.format(**WHERE)
    # Only its beginning is fixed.
    return text if text[-1].isalnum() or text[-1] in ")'?" else f"{text.rstrip(' (')} ..."


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
