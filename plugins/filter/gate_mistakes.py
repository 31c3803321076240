# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: gate_mistakes
short_description: What is wrong with variables of the role predeploy_gate
version_added: 0.1.0
description:
  - Holds the variables of the role P(wabiz.monitoring.predeploy_gate#role) that say on what terms the gate opens
    against what M(wabiz.monitoring.health_gate) takes, those that only count afterwards among them.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
options:
  _input:
    description: The variables, by their whole names. One that holds nothing is taken for one that is not set.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Tell every mistake at once
  ansible.builtin.assert:
    that: mistakes == []
    fail_msg: "{{ mistakes | join('; ') }}"
  vars:
    mistakes: "{{ {'predeploy_gate_states': predeploy_gate_states} | wabiz.monitoring.gate_mistakes }}"
"""

RETURN = r"""
_value:
  description: A sentence for each mistake.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.wabiz.monitoring.plugins.plugin_utils._gates import mistakes


def gate_mistakes(settings: Mapping[str, Any]) -> list[str]:
    """A sentence for each mistake."""
    return mistakes(settings)


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"gate_mistakes": gate_mistakes}
