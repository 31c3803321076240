# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What filters over deployments take."""

    DOCUMENTATION = r"""
options:
  _input:
    description:
      - Deployments, as in the variable C(check_plugins_deployments) of the role P(wabiz.monitoring.check_plugins#role).
    type: list
    elements: dict
    required: true
  defaults:
    description: What a deployment that does not say otherwise has, in the same keys.
    type: dict
    default: {}
"""

    CHECKS = r"""
options:
  checks:
    description: The checks of a deployment that does not name its own.
    type: list
    elements: str
    default: [socket, cluster, space, build, clock]
"""

    ENGINE = r"""
options:
  engine:
    description:
      - The engine that deployments have to be fit for. Some cannot show every title, or read lines of every length.
      - By default, every one.
    type: str
    choices: [nagios, icinga2, nrpe, none]
"""
