# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Modules and the action group `api`, which sets options for all of them at once, belong together."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.wabiz.monitoring.plugins import modules

ROOT = Path(__file__).parents[4]
FRAGMENTS = ("wabiz.monitoring.api", "wabiz.monitoring.attributes.api")


def documentation(name: str) -> dict[str, Any]:
    """What a module says about itself."""
    read: dict[str, Any] = yaml.safe_load(importlib.import_module(f"{modules.__name__}.{name}").DOCUMENTATION)
    return read


def test_the_group_holds_the_modules_that_ask_the_api() -> None:
    named = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]["api"]
    there = [module.name for module in pkgutil.iter_modules(modules.__path__)]
    asking = [name for name in there if FRAGMENTS[0] in documentation(name)["extends_documentation_fragment"]]
    assert sorted(named) == sorted(asking) != []


def test_a_module_says_that_it_is_in_the_group() -> None:
    for module in pkgutil.iter_modules(modules.__path__):
        fragments = documentation(module.name)["extends_documentation_fragment"]
        assert (FRAGMENTS[0] in fragments) is (FRAGMENTS[1] in fragments), module.name
