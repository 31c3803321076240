# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A module as Ansible runs it: a process of its own that reads options and prints JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wabiz.monitoring.tests.unit.server import collections

PACKAGE = "ansible_collections.wabiz.monitoring.plugins.modules"
ASK = ("health_gate", "support_facts")
"""The modules that ask the API."""


def run_module(name: str, folder: Path, options: dict[str, Any], **internal: Any) -> tuple[int, dict[str, Any]]:
    """Run a module with options, without credentials in its environment; gives its exit code and what it returned.

    `internal` is what Ansible adds to the options, such as check_mode. The folder is for a file of arguments. Servers
    speak plain HTTP here, which has to be allowed.
    """
    allowed = {"validate_certs": False} if name in ASK else {}
    arguments = {**allowed, **options, **{f"_ansible_{name}": value for name, value in internal.items()}}
    (folder / "arguments").write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WA_WEB_", "SSL_"))}
    path = os.pathsep.join([collections(), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.{name}", str(folder / "arguments")],
        env={**kept, "PYTHONPATH": path, "no_proxy": "localhost", "XDG_STATE_HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == b""
    returned = json.loads(done.stdout.decode("utf-8"), parse_constant=pytest.fail)
    assert isinstance(returned, dict)
    return done.returncode, returned


def hold(told: dict[str, Any], documented: dict[str, Any]) -> None:
    """Hold what was returned against its documentation, all the way down."""
    assert set(told) <= set(documented)
    types = {"str": str, "int": int, "bool": bool, "dict": dict, "list": list}
    for name, value in told.items():
        if value is None:
            continue
        assert type(value) is types[documented[name]["type"]], name  # pylint: disable=unidiomatic-typecheck
        assert "sample" in documented[name] or "contains" in documented[name], name
        inner = documented[name].get("contains")
        items: list[Any] = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(value, list):
                assert type(item) is types[documented[name]["elements"]]  # pylint: disable=unidiomatic-typecheck
            if inner:
                hold(item, inner)
