# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: flag
short_description: True or false, however it is spelt
version_added: 0.1.0
description:
  - Reads a variable of a role as modules read their options, so that V(false), V(no) and V(f) are false in any case of
    their letters, also as text from a command line or an inventory.
  - Anything that is neither is refused.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
options:
  _input:
    description: The variable.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Say whether the checks are installed
  ansible.builtin.debug:
    msg: "{{ 'yes' if check_plugins_install | wabiz.monitoring.flag else 'no' }}"
"""

RETURN = r"""
_value:
  description: True or false.
  type: bool
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._kinds import FLAG


def flag(value: object) -> bool:
    """The value as a boolean."""
    try:
        return bool(FLAG.read(value))
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"flag": flag}
