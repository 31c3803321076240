# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: deployment_mistakes
short_description: What is wrong with a list of deployments
version_added: 0.1.0
description:
  - Holds a list of deployments against what the checks can be run with, thresholds and states included.
  - No secret is repeated in the answer.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
extends_documentation_fragment:
  - wabiz.monitoring.deployments
  - wabiz.monitoring.deployments.checks
  - wabiz.monitoring.deployments.engine
positional: defaults, checks, engine
"""

EXAMPLES = r"""
- name: Tell every mistake at once
  ansible.builtin.assert:
    that: mistakes == []
    fail_msg: "{{ mistakes | join('; ') }}"
  vars:
    mistakes: "{{ check_plugins_deployments | wabiz.monitoring.deployment_mistakes }}"
"""

RETURN = r"""
_value:
  description: A sentence for each mistake; of more than 20 the rest is counted.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible_collections.wabiz.monitoring.plugins.plugin_utils._deployments import (
    STANDARD,
    Mistakes,
    read_all,
    shortened,
)


def deployment_mistakes(
    deployments: Sequence[object],
    defaults: Mapping[str, Any] | None = None,
    checks: Sequence[str] = STANDARD,
    engine: str | None = None,
) -> list[str]:
    """A sentence for each mistake."""
    try:
        read_all(deployments, {} if defaults is None else defaults, checks, engine)
    except Mistakes as mistakes:
        return shortened(mistakes.sentences)
    return []


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"deployment_mistakes": deployment_mistakes}
