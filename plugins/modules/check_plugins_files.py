#!/usr/bin/python
# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: check_plugins_files
short_description: Put files where others may write, too
version_added: 0.1.0
description:
  - A part of the role P(wabiz.monitoring.check_plugins#role), which does with it whatever it does to files on a
    monitoring host. It has no other purpose, and its options change with the role.
  - Root works in folders of the engine's user here. No symbolic link that another user can change is followed, and
    nothing that another user may have put there changes hands.
  - The engine may be asked before anything is changed. That is done with the rights of the engine's user, who may own
    what the engine reads.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
extends_documentation_fragment:
  - wabiz.monitoring.attributes.role
options:
  entries:
    description: What shall be there or not, in this order.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Where.
        type: path
        required: true
      state:
        description:
          - V(file), V(directory) and V(link) are there afterwards, also in the place of another file or link.
            V(absent) removes a file or a link.
          - V(cleared) is a directory without the files that O(entries[].names) matches, V(emptied) a directory that
            goes if nothing is in it, V(gone) a directory that goes with all that is in it.
        type: str
        choices: [file, directory, link, absent, cleared, emptied, gone]
        default: file
      src:
        description: File on the host with the content, or target of the link.
        type: path
      content:
        description: The content, in place of O(entries[].src). It is never shown.
        type: str
      names:
        description: Regular expression that matches whole names of files.
        type: str
      owner:
        description: Name or number of the owner. It is the user who runs the module if not set.
        type: str
      group:
        description: Name or number of the group. It is the group of the user who runs the module if not set.
        type: str
      mode:
        description: Mode in three octal digits.
        type: str
        default: "0755"
  trial:
    description: How the engine is asked about the files and links that are changed and removed, if any is.
    type: dict
    suboptions:
      engine:
        description: Which engine that is.
        type: str
        required: true
        choices: [nagios, icinga2, nrpe]
      main:
        description: Its main configuration file.
        type: path
        required: true
      user:
        description: User that the engine runs as. The trial has this user's rights, if root runs the module.
        type: str
        required: true
      group:
        description: Group of that user.
        type: str
        required: true
      command:
        description: >-
          Words of the command that validates a configuration. In them C({main}) stands for a copy of the main
          configuration file that leads to what is new, and C({folder}) for the folder of the copy.
        type: list
        elements: str
        required: true
"""

EXAMPLES = r"""
- name: Put a file into the configuration of Icinga 2, if Icinga 2 accepts it
  wabiz.monitoring.check_plugins_files:
    entries:
      - path: /etc/icinga2/conf.d/own.conf
        src: /etc/icinga2-new/own.conf
        mode: "0644"
    trial:
      engine: icinga2
      main: /etc/icinga2/icinga2.conf
      user: nagios
      group: nagios
      command: [icinga2, daemon, -C, -c, "{main}", -D, "ConfigDir={folder}", -D, "ZonesDir={folder}/zones.d"]
"""

RETURN = r"""
deployments:
  description: The names of the deployments that come, go and change with the files of the entries, or would.
  returned: success
  type: dict
  contains:
    added:
      description: Those of which no file said anything before.
      returned: always
      type: list
      elements: str
      sample: [berlin]
    removed:
      description: Those of which no file says anything afterwards.
      returned: always
      type: list
      elements: str
      sample: []
    changed:
      description: Those of which something else is said afterwards.
      returned: always
      type: list
      elements: str
      sample: []
paths:
  description: Paths of the entries that were changed, or would be.
  returned: success
  type: list
  elements: str
  sample: [/etc/icinga2/conf.d/own.conf]
"""

from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.folders import Refused
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.rights import do_as, user_named
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.trial import ENGINES, Trial, objection
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.wanted import STATES, Absent, Entry, File
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.watched import differences

ENTRY: Dict[str, Dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": list(STATES), "default": "file"},
    "src": {"type": "path"},
    "content": {"type": "str", "no_log": True},
    "names": {"type": "str"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "str", "default": "0755"},
}
TRIAL: Dict[str, Dict[str, Any]] = {
    "engine": {"type": "str", "required": True, "choices": list(ENGINES)},
    "main": {"type": "path", "required": True},
    "user": {"type": "str", "required": True},
    "group": {"type": "str", "required": True},
    "command": {"type": "list", "elements": "str", "required": True},
}
REQUIRED_IF = [
    ("state", "file", ("src", "content"), True),
    ("state", "link", ("src",)),
    ("state", "cleared", ("names",)),
]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "entries": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": ENTRY,
                "required_if": REQUIRED_IF,
                "mutually_exclusive": [("src", "content")],
            },
            "trial": {"type": "dict", "options": TRIAL},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**changed(module.params, module.check_mode))
    except Refused as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename, error.strerror))


def changed(params: Dict[str, Any], only_asked: bool) -> Dict[str, Any]:
    """Change what is to be changed, if the engine accepts it; gives what is returned."""
    entries = [STATES[options["state"]](options) for options in params["entries"]]
    pending = [entry for entry in entries if entry.pending()]
    shown = [entry.difference() for entry in pending]
    files = [entry for entry in entries if isinstance(entry, (File, Absent))]
    deployments = differences(
        {entry.path: entry.before() for entry in files},
        {entry.path: entry.data if isinstance(entry, File) else None for entry in files},
    )
    if not only_asked:
        if params["trial"] and any(isinstance(entry, (File, Absent)) for entry in pending):
            ask(params["trial"], entries)
        # What one does may give another something to do: a folder becomes empty.
        pending = [entry for entry in entries if settled(entry)]
    return {
        "changed": bool(pending),
        "paths": [entry.path for entry in pending],
        "deployments": deployments,
        "diff": [difference for difference in shown if difference],
    }


def ask(trial: Dict[str, Any], entries: List[Entry]) -> None:
    """Ask the engine. Raises Refused with what it objects to."""
    changes = {
        entry.path: entry.data.decode("utf-8", "surrogateescape") if isinstance(entry, File) else None
        for entry in entries
        if isinstance(entry, (File, Absent))
    }
    asked = Trial(trial["engine"], trial["main"], trial["command"], changes)
    objected = do_as(user_named(trial["user"], trial["group"]), lambda: objection(asked))
    if objected:
        raise Refused(objected)


def settled(entry: Entry) -> bool:
    """Settle an entry, if that is to be done; gives whether it was."""
    if not entry.pending():
        return False
    entry.settle()
    return True


if __name__ == "__main__":
    main()
