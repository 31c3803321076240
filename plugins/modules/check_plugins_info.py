#!/usr/bin/python
# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: check_plugins_info
short_description: Say what of an installation of the checks is on a host
version_added: 0.1.0
description:
  - A part of the role P(wabiz.monitoring.check_plugins#role). It has no other purpose, and its options change with the
    role.
  - Root runs nothing that another user can change here, and follows no symbolic link of another user.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
extends_documentation_fragment:
  - wabiz.monitoring.attributes
options:
  python:
    description: Python of the host that the virtual environment is made with.
    type: str
    required: true
  venv:
    description: The virtual environment.
    type: path
    required: true
  plugin_folder:
    description: The engine's plugin folder.
    type: path
    required: true
  paths:
    description:
      - Files and folders to look for. In them C(*) stands for any name of a file or folder.
      - Of the files that such a name matches, those are found that the role has written.
    type: list
    elements: path
    required: true
"""

EXAMPLES = r"""
- name: Look at what is there
  wabiz.monitoring.check_plugins_info:
    python: python3
    venv: /opt/wabiz-monitoring
    plugin_folder: /usr/lib/nagios/plugins
    paths: [/etc/nagios4/conf.d/wabiz.cfg]
"""

RETURN = r"""
contents:
  description: A digest of what is installed of the checks, or nothing.
  returned: success
  type: str
  sample: ""
deployments:
  description: The names of the deployments that the files among the paths are about.
  returned: success
  type: list
  elements: str
  sample: [berlin]
found:
  description: What was found for each of the paths.
  returned: success
  type: dict
  sample:
    /etc/nagios4/conf.d/wabiz.cfg: []
installed:
  description: Version of the checks, V(none), or nothing when the virtual environment is of no use.
  returned: success
  type: str
  sample: 0.1.0
links:
  description: The links of the plugin folder that lead into the virtual environment.
  returned: success
  type: list
  elements: str
  sample: [/usr/lib/nagios/plugins/check_wabiz_socket]
paths:
  description: All that was found for the paths.
  returned: success
  type: list
  elements: str
  sample: []
plugin_folder_exists:
  description: Whether the plugin folder is there.
  returned: success
  type: bool
  sample: true
python:
  description: Version of Python; nothing when another user can change it, as it is not run then.
  returned: success
  type: str
  sample: "3.11"
python_can_make_venv:
  description: Whether it can make virtual environments.
  returned: success
  type: bool
  sample: true
python_new_enough:
  description: Whether the checks run on it.
  returned: success
  type: bool
  sample: true
venv_exists:
  description: Whether something is where the virtual environment is to be.
  returned: success
  type: bool
  sample: true
venv_ours:
  description: Whether it is a virtual environment that the role has made.
  returned: success
  type: bool
  sample: true
weak:
  description: Why root must not run what is there, in a sentence; nothing if only root can change it.
  returned: success
  type: str
  sample: ""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.folders import Refused
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.installation import found


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "python": {"type": "str", "required": True},
            "venv": {"type": "path", "required": True},
            "plugin_folder": {"type": "path", "required": True},
            "paths": {"type": "list", "elements": "path", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**found(**module.params))
    except Refused as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename, error.strerror))


if __name__ == "__main__":
    main()
