# SPDX-License-Identifier: BSD-2-Clause
"""The cases in this folder: read, checked, and turned into answers of the API.

A file holds cases by name::

    shard 2 lost its owner:
      why: nobody took it, so its messages stand still
      nodes: |                   # in the notation of notation.py; or `scenario: NAME`, one of the simulator's
        wa1:m1  primary  -1  UP
      options: --min-spares 2    # of check_wabiz_all; none unless given
      front: v2.18.22            # version of the front end, `?` leaves it out; that of the nodes unless given
      fields: {lc: DE}           # of every node
      premise: without wa1: ...  # what is said about --without
      socket: |                  # a line for everything found: state, problem, and the sentence where it matters
        CRITICAL shard-unowned nobody owns shard 2
      cluster: OK                # nothing found
      says: {cluster: single}    # what a check's line says when nothing is wrong
      numbers: nodes=3 masters=2 # those of the cluster check

Of the checks that are not named, nothing must be found; socket and cluster must be named.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import documents
import yaml
from wabiz_monitoring._core.catalogue import CATALOGUE
from wabiz_monitoring._core.limits import SUBJECTS
from wabiz_monitoring._core.policy import Policy
from wabiz_monitoring._core.states import State
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring.check_all import CHECK as ALL
from wabiz_monitoring.plugin.parser import parse
from wabiz_monitoring.simulator.library import load_scenarios

from . import notation

FOLDER = Path(__file__).parent
CHECKS = ("socket", "cluster", "space", "build", "clock")

_NEEDED = {"why", "socket", "cluster"}
_KNOWN = {*_NEEDED, *CHECKS, "nodes", "scenario", "options", "front", "fields", "premise", "says", "numbers"}


class Expected(NamedTuple):
    """One thing that is to be found; without a sentence any will do."""

    state: State
    problem: str
    sentence: str


class Case(NamedTuple):
    """A document, how it is to be judged, and what is to be found."""

    file: str
    name: str
    body: bytes
    options: tuple[str, ...]
    expected: dict[str, tuple[Expected, ...]]
    premise: str | None
    says: dict[str, str]
    numbers: dict[str, int]

    @property
    def id(self) -> str:
        """How the case is called in a report of the tests."""
        return f"{self.file}: {self.name}"


class CaseError(ValueError):
    """A file of cases says something that cannot be meant."""


def load(folder: Path = FOLDER) -> list[Case]:
    """All cases of a folder, file by file. Raises CaseError."""
    return [case for path in sorted(folder.glob("*.yml")) for case in _read(path)]


def policy(case: Case) -> tuple[Policy, tuple[str, ...]]:
    """How the command would judge with the case's options, at the tests' time; and the nodes to do without."""
    settings = parse(ALL, ["--file", "-", *case.options], {}, Files())
    return (
        documents.POLICY._replace(
            limits=settings.limits,
            states=settings.states,
            shards=settings.shards,
            min_spares=settings.min_spares,
            nodes=settings.nodes,
            ignored=settings.ignored,
        ),
        settings.without,
    )


class _Loader(yaml.SafeLoader):
    """YAML in which a name stands once: a second case of the same name would hide the first."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    pairs = [(loader.construct_object(key), loader.construct_object(value, deep=True)) for key, value in node.value]
    table = dict(pairs)
    if len(table) < len(pairs):
        raise CaseError(f"a name stands twice in the table at line {node.start_mark.line + 1}")
    return table


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _read(path: Path) -> Iterator[Case]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # it is a safe one
    except (yaml.YAMLError, CaseError) as error:
        raise CaseError(f"{path.name}: {error}") from error
    for name, table in content.items():
        try:
            yield _case(path.stem, name, table)
        except ValueError as error:
            raise CaseError(f"{path.name}: {name}: {error}") from error


def _case(file: str, name: str, table: Any) -> Case:
    if not isinstance(table, dict) or not _NEEDED <= table.keys() <= _KNOWN:
        wrong = set(table) - _KNOWN if isinstance(table, dict) else "it is no table"
        raise CaseError(f"unknown: {wrong or 'nothing'}; needed: {sorted(_NEEDED)}")
    if ("nodes" in table) == ("scenario" in table) or ("scenario" in table and {"fields", "front"} & table.keys()):
        raise CaseError("either nodes (with fields and front) or scenario")
    says = table.get("says", {})
    if not says.keys() <= set(CHECKS):
        raise CaseError(f"says: {sorted(says)} are not all checks")
    numbers = (word.partition("=") for word in table.get("numbers", "").split())
    return Case(
        file,
        name,
        _simulated(table["scenario"]) if "scenario" in table else _written(table),
        tuple(shlex.split(table.get("options", ""))),
        {check: tuple(_expected(check, table.get(check, "OK"))) for check in CHECKS},
        table.get("premise"),
        says,
        {label: int(value) for label, _equals, value in numbers},
    )


def _written(table: dict[str, Any]) -> bytes:
    front = table.get("front", documents.META["version"])
    meta = {**documents.META, "version": front}
    return documents.document(notation.nodes(table["nodes"], table.get("fields")), meta=... if front == "?" else meta)


def _simulated(name: str) -> bytes:
    scenarios = load_scenarios()
    if name not in scenarios:
        raise CaseError(f"the simulator has no scenario {name!r}")
    now = documents.NOW.timestamp()
    return json.dumps(scenarios[name].answer(now, now)[1]).encode()


def _expected(check: str, text: str) -> Iterator[Expected]:
    for line in text.splitlines() if text.strip() != "OK" else ():
        state, problem, *sentence = line.split(maxsplit=2)
        if state not in State.__members__:
            raise CaseError(f"{state!r} is no state")
        if problem not in SUBJECTS and (problem not in CATALOGUE or check not in CATALOGUE[problem].judged_by):
            raise CaseError(f"{problem!r} is nothing that {check} finds")
        yield Expected(State[state], problem, *sentence or [""])
