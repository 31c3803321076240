# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The role's templates write no value without saying what place it is written into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

FOLDER = Path(__file__.partition("/tests/unit/")[0], "roles", "check_plugins", "templates")

#: What is configuration, and not written into it: of the users' own, of the role's files, and words of the template's.
CONFIGURATION = {
    "nagios.cfg.j2": {"check_plugins_nagios_extra"},
    "nrpe.cfg.j2": {"check_plugins_nrpe_extra"},
    "icinga2-services.conf.j2": {"check_plugins_icinga2_extra", "others"},
    # The names of variables are those of the filter.
    "icinga2-hosts.conf.j2": {"name"},
    "icinga2-commands.conf.j2": {"lookup"},
}


def outputs(node: nodes.Node) -> Iterator[nodes.Node]:
    """Whatever a template writes beside its own text."""
    for output in node.find_all(nodes.Output):
        yield from (written for written in output.nodes if not isinstance(written, nodes.TemplateData))


def placed(node: nodes.Node, macros: set[str], configuration: set[str]) -> bool:
    """Whether what is written says its place, or is text of the template's own."""
    if isinstance(node, nodes.Filter):
        return node.name == "wabiz.monitoring.literal" or (node.name, node.node) == ("comment", MANAGED)
    if isinstance(node, nodes.Call):
        return isinstance(node.node, nodes.Name) and node.node.name in macros | configuration
    if isinstance(node, nodes.CondExpr):
        return all(placed(part, macros, configuration) for part in (node.expr1, node.expr2) if part)
    if isinstance(node, nodes.Concat):
        return all(placed(part, macros, configuration) for part in node.nodes)
    return isinstance(node, nodes.Const) or (isinstance(node, nodes.Name) and node.name in configuration)


MANAGED = nodes.Name("ansible_managed", "load")


def unplaced(text: str, configuration: set[str]) -> list[nodes.Node]:
    """What a template writes without saying where; its macros are held to it, too."""
    template = Environment(autoescape=False).parse(text)  # noqa: S701
    macros: set[str] = set()
    for macro in template.find_all(nodes.Macro):
        if all(placed(node, macros, configuration) for node in outputs(macro)):
            macros.add(macro.name)
    return [node for node in outputs(template) if not placed(node, macros, configuration)]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.j2")), ids=lambda path: path.name)
def test_every_value_says_what_place_it_is_written_into(path: Path) -> None:
    assert unplaced(path.read_text(encoding="utf-8"), CONFIGURATION[path.name]) == []


@pytest.mark.parametrize(
    "text",
    [
        "alias {{ deployment.title }}",
        "alias {{ deployment.title | replace(';', '') }}",
        "{% macro value(text) %}{{ text }}{% endmacro %}alias {{ value(title) }}",
        "alias {{ 'x' ~ title }}",
        "{{ title | comment }}",
        "{{ 'x' if title else title }}",
    ],
)
def test_one_that_does_not_is_found(text: str) -> None:
    assert unplaced(text, set())
