# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What modules can and cannot do."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    support: full
    description: Nothing is ever changed, so check mode runs like any other and returns the same.
  diff_mode:
    support: N/A
    description: Nothing is ever changed, so there is no difference to show.
  platform:
    support: full
    platforms: posix
    description: Where the module can run; the deployment that it asks may be anywhere.
"""

    FACTS = r"""
attributes:
  facts:
    support: full
    description: Returns facts for the host of the task, also when the task is delegated.
"""

    API = r"""
attributes:
  action_group:
    support: full
    membership: wabiz.monitoring.api
    description: Set the options for all modules that ask the API at once, with C(module_defaults).
"""

    ROLE = r"""
attributes:
  check_mode:
    support: full
    description: Says what would be changed, and changes nothing.
  diff_mode:
    support: full
    description: Shows what changes in files that hold no secrets.
  platform:
    support: full
    platforms: linux
    description: Where the module can run.
"""
