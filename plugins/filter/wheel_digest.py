# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: wheel_digest
short_description: A digest of what a wheel of the checks holds
version_added: 0.1.0
description:
  - A part of the role P(wabiz.monitoring.check_plugins#role), which holds it against what is installed. It has no other
    purpose.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
options:
  _input:
    description: Path of the wheel on the controller.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Show what a wheel comes to
  ansible.builtin.debug:
    msg: "{{ '/srv/wheels/wabiz_monitoring-0.1.0-py3-none-any.whl' | wabiz.monitoring.wheel_digest }}"
"""

RETURN = r"""
_value:
  description: The digest.
  type: str
"""

from typing import Any, Callable

from ansible_collections.wabiz.monitoring.plugins.plugin_utils._wheels import wheel_digest


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"wheel_digest": wheel_digest}
