# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: monitored_deployments
short_description: What an engine's configuration says about deployments
version_added: 0.1.0
description:
  - Makes of a list of deployments what the templates of the role P(wabiz.monitoring.check_plugins#role) write, for all
    engines.
  - No secret is in it.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
extends_documentation_fragment:
  - wabiz.monitoring.deployments
  - wabiz.monitoring.deployments.checks
  - wabiz.monitoring.deployments.engine
positional: extra_opts_file, defaults, checks, engine
options:
  extra_opts_file:
    description:
      - The file with the sections that P(wabiz.monitoring.extra_opts#filter) makes, on the host that runs the checks.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Show the command of each check
  ansible.builtin.debug:
    msg: "check_wabiz_{{ item.1.check }} {{ item.1.arguments }}"
  loop: "{{ deployments | subelements('services') }}"
  vars:
    deployments: "{{ check_plugins_deployments | wabiz.monitoring.monitored_deployments('/etc/wabiz.ini') }}"
"""

RETURN = r"""
_value:
  description: The deployments, in their order.
  type: list
  elements: dict
  contains:
    name:
      description: The name, which every engine takes unquoted.
      type: str
      sample: berlin
    title:
      description: The name for people.
      type: str
      sample: Berlin, shop
    address:
      description: Where the engine's own check of the host finds it.
      type: str
      sample: wa.example.com
    host_template:
      description: The engine's template of this host, if it has one of its own.
      type: str
      sample: generic-host
    zone:
      description: The zone of Icinga 2 that the host belongs to, or nothing.
      type: str
      sample: berlin
    command_endpoint:
      description: The endpoint of Icinga 2 that runs the checks, or nothing.
      type: str
      sample: agent.example.com
    parent:
      description: The check that speaks for all when the API does not answer, or nothing.
      type: str
      sample: socket
    dependents:
      description: The checks that are silent then.
      type: list
      elements: str
      sample: [cluster, space, build, clock]
    services:
      description: One item for each check.
      type: list
      elements: dict
      contains:
        check:
          description: Which check it is.
          type: str
          sample: space
        options:
          description: How it judges, quoted for a shell.
          type: str
          sample: --warning=10GiB
        arguments:
          description: The same after the option that says where the API is, quoted for a shell.
          type: str
          sample: --extra-opts=berlin@/etc/wabiz-monitoring/deployments.ini --warning=10GiB
    variables:
      description: The same as custom variables of Icinga 2.
      type: dict
      sample: {"wabiz_space_warning": ["10GiB"]}
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._deployments import (
    STANDARD,
    Mistakes,
    as_data,
    read_all,
    shortened,
)


def monitored_deployments(
    deployments: Sequence[object],
    extra_opts_file: str,
    defaults: Mapping[str, Any] | None = None,
    checks: Sequence[str] = STANDARD,
    engine: str | None = None,
) -> list[dict[str, Any]]:
    """The deployments as templates want them."""
    try:
        return [as_data(one, extra_opts_file) for one in read_all(deployments, defaults or {}, checks, engine)]
    except Mistakes as mistakes:
        raise AnsibleFilterError("\n".join(shortened(mistakes.sentences))) from None


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"monitored_deployments": monitored_deployments}
