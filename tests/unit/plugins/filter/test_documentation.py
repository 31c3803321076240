# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Filters are documented as they are called; what they share stands in a fragment."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import pytest
import yaml
from ansible_collections.wabiz.monitoring.plugins import filter as filters
from ansible_collections.wabiz.monitoring.plugins.doc_fragments.deployments import ModuleDocFragment
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._deployments import STANDARD

NAMES = sorted(module.name for module in pkgutil.iter_modules(filters.__path__))


def documented(name: str, text: str) -> tuple[list[str], dict[str, Any]]:
    """What is called positional in a documentation, and all options, those of its fragments among them."""
    read = yaml.safe_load(text)
    options = dict(read.get("options", {}))
    for fragment in read.get("extends_documentation_fragment", []):
        part = fragment.removeprefix("wabiz.monitoring.deployments").lstrip(".").upper() or "DOCUMENTATION"
        options.update(yaml.safe_load(getattr(ModuleDocFragment, part))["options"])
    assert read["name"] == name
    return read["positional"].split(", ") if "positional" in read else [], options


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_is_documented_as_it_is_called(name: str) -> None:
    module = importlib.import_module(f"{filters.__name__}.{name}")
    ((called, function),) = module.FilterModule().filters().items()
    positional, options = documented(name, module.DOCUMENTATION)
    _input, *parameters = inspect.signature(function).parameters.values()
    assert called == name
    assert [parameter.name for parameter in parameters] == positional
    assert set(options) == {"_input", *positional}
    for parameter in parameters:
        empty = parameter.default is parameter.empty
        assert options[parameter.name].get("required", False) is empty
        if not empty:
            told = options[parameter.name].get("default")
            assert told == (list(STANDARD) if parameter.default == STANDARD else parameter.default or type(told)())
