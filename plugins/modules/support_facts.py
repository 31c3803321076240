#!/usr/bin/python
# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: support_facts
short_description: Gather facts about a WhatsApp Business On-Premises deployment
version_added: 0.1.0
description:
  - Asks the API of a WhatsApp Business On-Premises client for its support information and returns it as typed facts
    under one key, C(wabiz_support).
  - The answer of a single node and that of a cluster (high availability, multiconnect) come in the same shape, a list
    of nodes.
  - Facts are told, not judged. A standby node of a cluster is disconnected by design, so
    RV(ansible_facts.wabiz_support.nodes[].socket_conn) alone does not say whether all is well.
  - The vendor ended the product on 2025-10-23. Installations that still run report a build that has expired.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
extends_documentation_fragment:
  - wabiz.monitoring.attributes
  - wabiz.monitoring.attributes.facts
  - wabiz.monitoring.attributes.api
  - wabiz.monitoring.api
options:
  env:
    description:
      - Whether RV(ansible_facts.wabiz_support.nodes[].env), the environment variables of the client, is returned.
      - They may hold secrets, the password of the database for one, which then stand in the facts, in the output of
        verbose runs and in a fact cache. Set C(no_log=true) on the task.
    type: bool
    default: false
"""

EXAMPLES = r"""
# The tasks run on the controller: no managed host ever sees the password.

- name: Gather facts about the deployment behind this host
  wabiz.monitoring.support_facts:
    hostname: wa.example.com
    username: monitor
    password: "{{ wabiz_password }}"
    ca_path: /etc/ssl/wabiz/ca.pem
  delegate_to: localhost

- name: Show when the build expires
  ansible.builtin.debug:
    msg: "{{ item.name or 'The node' }} runs {{ item.version }}, which expires on {{ item.expires_at }}"
  loop: "{{ ansible_facts.wabiz_support.nodes | selectattr('reachable') }}"
  loop_control:
    label: "{{ item.key }}"

- name: Stop if a volume has less than 1 GiB left (unlimited ones are null)
  ansible.builtin.assert:
    that: item.volumes.values() | reject('none') | select('lt', 1073741824) | length == 0
    fail_msg: "Too little space: {{ item.volumes }}"
  loop: "{{ ansible_facts.wabiz_support.nodes | selectattr('reachable') }}"
  loop_control:
    label: "{{ item.key }}"

- name: Say host and credentials once for several tasks
  module_defaults:
    group/wabiz.monitoring.api:
      hostname: wa.example.com
      username: monitor
      password: "{{ wabiz_password }}"
      ca_path: /etc/ssl/wabiz/ca.pem
  delegate_to: localhost
  block:
    - name: Gather facts
      wabiz.monitoring.support_facts:

    - name: Gather facts with the client's environment variables, which may hold secrets
      wabiz.monitoring.support_facts:
        env: true
      no_log: true
"""

RETURN = r"""
ansible_facts:
  description: The facts, and nothing else.
  returned: success
  type: dict
  contains:
    wabiz_support:
      description:
        - What the API says about the deployment.
        - Whatever it did not say is V(null).
      returned: success
      type: dict
      contains:
        form:
          description: Whether the front end is set up for one node or for a cluster; not how many nodes there are.
          returned: success
          type: str
          choices:
            - single
            - cluster
          sample: cluster
        front_version:
          description: Version of the web front end. During an upgrade it may differ from that of the nodes.
          returned: success
          type: str
          sample: v2.45.1
        asked_at:
          description: When the API was asked, by the clock of the host that asked, in UTC.
          returned: success
          type: str
          sample: "2023-11-20T09:30:00.125Z"
        nodes:
          description: The nodes, in the order of the answer. In the single form there is one.
          returned: success
          type: list
          elements: dict
          contains:
            key:
              description: Name of the node in the answer, C(host:container). Empty in the single form.
              returned: success
              type: str
              sample: "wa3:b84d17e2c65a"
            name:
              description: Short name of the node, unique in the deployment. Empty in the single form.
              returned: success
              type: str
              sample: wa3
            host:
              description: Host part of the key. Empty in the single form.
              returned: success
              type: str
              sample: wa3
            container:
              description: Container part of the key, if there is one. It changes when the container is made anew.
              returned: success
              type: str
              sample: b84d17e2c65a
            reachable:
              description:
                - Whether the node answered the front end. If not, all that is known of it is its key and the error.
              returned: success
              type: bool
              sample: true
            error:
              description: Why the node did not answer; V(null) if it did.
              returned: success
              type: dict
              contains:
                code:
                  description: Number of the error.
                  returned: if the node did not answer
                  type: int
                  sample: 1014
                title:
                  description: Kind of error.
                  returned: if the node did not answer
                  type: str
                  sample: Internal error
                details:
                  description: What happened.
                  returned: if the node did not answer
                  type: str
                  sample: could not connect to wa3:b84d17e2c65a
            invalid_fields:
              description:
                - Fields of the answer that were of the wrong type, each with what is wrong. Their facts are V(null).
              returned: success
              type: dict
              sample: {}
            context:
              description: What the answer calls itself. Absent in the cluster form.
              returned: success
              type: str
              sample: healthcheck
            db_engine:
              description: Kind of database, V(MYSQL) or V(PGSQL).
              returned: success
              type: str
              sample: MYSQL
            db_info:
              description: Versions of the database driver.
              returned: success
              type: list
              elements: str
              sample:
                - mysql driver 8.0.33
            debug_info:
              description: The phone number, or V(unregistered).
              returned: success
              type: str
              sample: "12025550143"
            registered:
              description: Whether a phone number is registered.
              returned: success
              type: bool
              sample: true
            description:
              description: Description of the build.
              returned: success
              type: str
              sample: WhatsApp Business client 2.45.1
            device_time:
              description: What the node's clock showed, taken as UTC if it did not name its zone.
              returned: success
              type: str
              sample: "2023-11-20T09:30:00Z"
            device_time_zoned:
              description: Whether the node named the zone of its time. If not, it may have been local time.
              returned: success
              type: bool
              sample: false
            e2e:
              description: Identity of the end-to-end encryption. Whole numbers are numbers, everything else is text.
              returned: success
              type: dict
              sample:
                identity_timestamp: 1700000000
                registration_id: 1804289383
            env:
              description: Environment variables of the client. They may hold secrets.
              returned: if O(env=true)
              type: list
              elements: str
              sample:
                - WA_DB_ENGINE=MYSQL
            expires_at:
              description: When the build expires, in UTC. An expired client stops passing messages.
              returned: success
              type: str
              sample: "2024-02-18T09:30:00Z"
            expires_in:
              description: How long that was away when the API was asked, in seconds; negative once it is over.
              returned: success
              type: int
              sample: 7776000
            lc:
              description: Language, V(ZZ) if unknown.
              returned: success
              type: str
              sample: en
            lg:
              description: Country, V(ZZ) if unknown.
              returned: success
              type: str
              sample: US
            multi_connect:
              description: Whether the node is set up for multiconnect.
              returned: success
              type: bool
              sample: true
            os_name:
              description: Operating system of the container.
              returned: success
              type: str
              sample: ubuntu-x86_64
            os_version:
              description: Version of the operating system of the container.
              returned: success
              type: str
              sample: "16.04"
            role:
              description: V(primary_master), V(secondary_master) or V(coreapp). Absent in the single form.
              returned: success
              type: str
              sample: coreapp
            schema:
              description:
                - Versions of the parts of the database schema. Whole numbers are numbers, everything else is text.
              returned: success
              type: dict
              sample:
                axolotl: 21
                message: 33
            shards:
              description:
                - Shards that the node owns, as pairs of the first and the last one. V(-1) is the control shard.
                - Empty if the node stands by. Absent in the single form.
              returned: success
              type: list
              elements: list
              sample: [[2, 2]]
            socket_conn:
              description:
                - State of the connection to the WhatsApp servers. V(UP), V(DN) disconnected, V(SC) connecting,
                  V(UP receiving offline) connected and receiving what waited while it was offline, V(UNK) unknown.
                - Nodes of a cluster that own no shard are V(DN) by design.
              returned: success
              type: str
              sample: UP
            version:
              description: Version of the build.
              returned: success
              type: str
              sample: 2.45.1
            volumes:
              description:
                - Free bytes of each volume. V(null) is unlimited; a volume that the answer did not name is not there.
              returned: success
              type: dict
              contains:
                data:
                  description: Free bytes on the data volume.
                  returned: if the answer names it
                  type: int
                  sample: 51539607552
                logs:
                  description: Free bytes on the volume of the logs.
                  returned: if the answer names it
                  type: int
                  sample: 22548578304
                media_incoming:
                  description: Free bytes on the volume of media that were received.
                  returned: if the answer names it
                  type: int
                  sample: 37580963840
                media_outgoing:
                  description: Free bytes on the volume of media to be sent.
                  returned: if the answer names it
                  type: int
                  sample: 35433480192
problem:
  description:
    - What stood in the way, by its name in the catalogue of problems.
    - V(unreachable) is name resolution, connection, TLS, proxy or an error of the server; V(unauthorized) are wrong
      or missing credentials; V(invalid) is an answer of something else than the API.
  returned: failure, unless an option is wrong
  type: str
  choices:
    - unreachable
    - timeout
    - unauthorized
    - throttled
    - invalid
  sample: unauthorized
"""

from typing import Any, Callable, Dict, Mapping

from ansible_collections.wabiz.monitoring.plugins.module_utils._api import from_params
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.facts import facts
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.redaction import Redaction
from ansible_collections.wabiz.monitoring.plugins.module_utils._module import Module, Outcome

OPTIONS: Dict[str, Dict[str, Any]] = {"env": {"type": "bool", "default": False}}


def gather(params: Mapping[str, Any], place: Redaction, warns: Callable[[str], object], verbosity: int = 0) -> Outcome:
    """The facts. Raises Trouble, or Misuse with a sentence for the user."""
    known = from_params(params, place, warns, verbosity).told(
        lambda deployment, asked_at: facts(deployment, asked_at, params["env"])
    )
    return Outcome({"ansible_facts": {"wabiz_support": known}})


def main() -> None:
    module = Module(OPTIONS)
    module.run(lambda: gather(module.params, module.place, module.caution, module._verbosity))


if __name__ == "__main__":
    main()
