# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: extra_opts
short_description: The extra-opts file of deployments
version_added: 0.1.0
description:
  - Writes a section for each deployment that says how its API is reached, and as whom, for the option C(--extra-opts)
    of the checks.
  - The text holds passwords and tokens. Set C(no_log=true) and C(diff=false) on the task that writes it.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
extends_documentation_fragment:
  - wabiz.monitoring.deployments
positional: state_folder, defaults
options:
  state_folder:
    description: Where the checks keep their tokens, unless a deployment says otherwise. By default they choose.
    type: path
    default: ''
"""

EXAMPLES = r"""
- name: Write credentials for the checks
  ansible.builtin.copy:
    content: "{{ check_plugins_deployments | wabiz.monitoring.extra_opts }}"
    dest: /etc/wabiz-monitoring/deployments.ini
    owner: root
    group: nagios
    mode: "0640"
  no_log: true
  diff: false
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._deployments import (
    STANDARD,
    Mistakes,
    read_all,
    sections,
    shortened,
)


def extra_opts(deployments: Sequence[object], state_folder: str = "", defaults: Mapping[str, Any] | None = None) -> str:
    """The text of the file, with secrets."""
    try:
        return sections(read_all(deployments, defaults or {}, STANDARD, "none"), state_folder)
    except Mistakes as mistakes:
        raise AnsibleFilterError("\n".join(shortened(mistakes.sentences))) from None


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"extra_opts": extra_opts}
