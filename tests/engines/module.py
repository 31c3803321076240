# SPDX-License-Identifier: BSD-2-Clause
"""The modules of the role check_plugins as Ansible runs them, each a process that reads options and prints JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import collection


def run_module(name: str, scratch: str = "", **options: Any) -> dict[str, Any]:
    """Run a module with our own rights; gives what it returned, and all that it printed under ``printed``."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "ansible_collections", "wabiz")
        place.mkdir(parents=True)
        (place / "monitoring").symlink_to(collection.ROOT)
        arguments = {"ANSIBLE_MODULE_ARGS": {**options, "_ansible_diff": True}}
        (Path(folder) / "arguments").write_text(json.dumps(arguments), encoding="utf-8")
        module = f"ansible_collections.wabiz.monitoring.plugins.modules.{name}"
        done = subprocess.run(
            [sys.executable, "-m", module, str(Path(folder) / "arguments")],
            env={**os.environ, "PYTHONPATH": folder, **({"TMPDIR": scratch} if scratch else {})},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    printed = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert not done.stderr, printed
    return {**json.loads(done.stdout), "printed": printed}
