# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: literal
short_description: A value as it is written in an engine's configuration to mean itself
version_added: 0.1.0
description:
  - Engines make something of many characters. What is one depends on the place that a value is written into.
  - A value that cannot stand in a place is refused, such as one of two lines.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
positional: place
options:
  _input:
    description: The value. It is text, but for V(icinga2_variable) and V(number).
    type: raw
    required: true
  place:
    description:
      - Where it is written. With V(nagios_value), after the name of a directive in an object of Nagios; with
        V(nagios_argument), in an argument of such a C(check_command); with V(nrpe_command), in a command line of NRPE.
      - With V(icinga2_string), where the language of Icinga 2 has a string, of which the quotes are part; with
        V(icinga2_variable), where it has the value of a custom variable, in which Icinga 2 expands macros.
      - With V(number), where any of them has a number.
    type: str
    choices: [nagios_value, nagios_argument, nrpe_command, icinga2_string, icinga2_variable, number]
    required: true
"""

EXAMPLES = r"""
- name: Show what Icinga 2 would read as a title
  ansible.builtin.debug:
    msg: "display_name = {{ 'The \"big\" one, 5 $' | wabiz.monitoring.literal('icinga2_string') }}"
"""

RETURN = r"""
_value:
  description: What is written.
  type: str
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._places import PLACES, written


def literal(value: object, place: str) -> str:
    """The value as it is written into the place."""
    if place not in PLACES:
        raise AnsibleFilterError("%r is not a place (known: %s)" % (place, ", ".join(PLACES)))
    try:
        return written(value, place)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"literal": literal}
