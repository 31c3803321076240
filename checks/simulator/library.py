# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios from their files: reading, checking, and filling in from the scenario that one extends."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from .duration import seconds
from .scenario import SINGLE, Node, Scenario
from .schema import FIELDS, check, nearest

SHIPPED = Path(__file__).parent / "scenarios"

# The parser written in C reads the shipped files eight times faster; not every build of PyYAML has it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ScenarioError(ValueError):
    """A scenario cannot be used. The message is one line: the file, what is wrong, and what would be right."""


def load_scenarios(directory: str | Path | None = None) -> dict[str, Scenario]:
    """All scenarios by name: those of ``directory`` (files ``NAME.yml``) and the shipped ones, which they may extend.

    Raises ScenarioError.
    """
    files = dict(_shipped())
    if directory is not None:
        if not Path(directory).is_dir():
            raise ScenarioError(f"{directory}: no such directory")
        for name, file in _read(Path(directory)).items():
            if name in files:
                raise ScenarioError(f"{file.path}: the simulator has a scenario of this name already: choose another")
            files[name] = file
    return {name: _scenario(name, files) for name in files}


def find(scenarios: Mapping[str, Scenario], name: str) -> Scenario:
    """The scenario of that name. Raises ScenarioError, with a hint, if there is none."""
    if name not in scenarios:
        raise ScenarioError(f"there is no scenario {name!r}; {nearest(name, scenarios)}")
    return scenarios[name]


class _File:
    """One scenario file: where it is, and what it says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # it is a safe one
        except (OSError, UnicodeDecodeError) as error:
            raise ScenarioError(f"{path}: cannot be read: {error}") from error
        except yaml.MarkedYAMLError as error:
            line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
            raise ScenarioError(f"{path}: {line}not YAML: {error.problem}") from error
        except yaml.YAMLError as error:
            raise ScenarioError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
        try:
            check(self.content)
        except ValueError as error:
            raise ScenarioError(f"{path}: {error}") from error


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, _File]:
    return _read(SHIPPED)


def _read(directory: Path) -> dict[str, _File]:
    return {path.stem: _File(path) for path in sorted(directory.glob("*.yml"))}


def _scenario(name: str, files: Mapping[str, _File]) -> Scenario:
    path = files[name].path
    try:
        content = _extended(name, files)
        for key in ("description", "form", "front_end_version", "fields"):
            if content.get(key) is None:
                raise ValueError(f"{key!r} is missing")
        return Scenario(name, content["description"], content["form"], content["front_end_version"], _nodes(content))
    except ValueError as error:
        raise ScenarioError(f"{path}: {error}") from error


def _extended(name: str, files: Mapping[str, _File], on_the_way: tuple[str, ...] = ()) -> dict[str, Any]:
    content: dict[str, Any] = files[name].content
    parent = content.get("extends")
    if parent is None:
        return content
    if parent not in files:
        raise ValueError(f"extends: there is no scenario {parent!r}; {nearest(parent, files)}")
    if parent in (name, *on_the_way):
        raise ValueError(f"extends: {parent!r} extends this scenario in its turn")
    base = _extended(parent, files, (name, *on_the_way))
    nodes = {
        key: None if fields is None else {**((base.get("nodes") or {}).get(key) or {}), **fields}
        for key, fields in (content.get("nodes") or {}).items()
    }
    return {
        **base,
        # A description of its own is what makes a scenario worth a name.
        "description": None,
        **content,
        "fields": {**(base.get("fields") or {}), **(content.get("fields") or {})},
        "nodes": {**(base.get("nodes") or {}), **nodes},
    }


def _nodes(content: Mapping[str, Any]) -> tuple[Node, ...]:
    common = content["fields"]
    nodes = {key: fields for key, fields in (content.get("nodes") or {}).items() if fields is not None}
    if content["form"] == SINGLE:
        if nodes:
            raise ValueError("nodes: the single form has none; write the fields under 'fields', or 'form: cluster'")
        return (_node("", common),)
    if not nodes:
        raise ValueError("nodes: the cluster form needs at least one")
    return tuple(_node(key, {**common, **fields}) for key, fields in nodes.items())


def _node(key: str, written: Mapping[str, Any]) -> Node:
    # null is how a scenario takes out what it would inherit.
    said = {name: value for name, value in written.items() if value is not None}
    directives = {name: seconds(said[name]) for name in ("expires_in", "clock_offset", "delay") if name in said}
    if directives.get("delay", 0) < 0:
        raise ValueError(f"delay: {said['delay']} is less than nothing")
    fields = {name: value for name, value in said.items() if name in FIELDS}
    return Node(key, fields, unreachable=bool(said.get("unreachable")), **directives)
