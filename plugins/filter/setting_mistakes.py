# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: setting_mistakes
short_description: What is wrong with variables of the role check_plugins
version_added: 0.1.0
description:
  - Holds variables of the role P(wabiz.monitoring.check_plugins#role) against what each may be. Those that hold
    deployments, or what they have in common, P(wabiz.monitoring.deployment_mistakes#filter) looks at.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
options:
  _input:
    description: The variables, by their whole names.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Tell every mistake at once
  ansible.builtin.assert:
    that: mistakes == []
    fail_msg: "{{ mistakes | join('; ') }}"
  vars:
    mistakes: "{{ {'check_plugins_attempts': check_plugins_attempts} | wabiz.monitoring.setting_mistakes }}"
"""

RETURN = r"""
_value:
  description: A sentence for each mistake.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.wabiz.monitoring.plugins.plugin_utils._settings import mistakes


def setting_mistakes(settings: Mapping[str, Any]) -> list[str]:
    """A sentence for each mistake."""
    return mistakes(settings)


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"setting_mistakes": setting_mistakes}
