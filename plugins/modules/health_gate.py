#!/usr/bin/python
# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: health_gate
short_description: Fail unless it is safe to go on with a WhatsApp Business On-Premises deployment
version_added: 0.1.0
description:
  - Judges a WhatsApp Business On-Premises deployment as the check plugins do, and fails with all reasons in one message
    unless it is healthy enough to go on, with an upgrade for one.
  - With O(without) it judges the cluster as it will be once nodes are stopped and it has failed over.
  - Asks the API, or judges facts that M(wabiz.monitoring.support_facts) gathered. An API that cannot be asked is a
    finding like any other.
  - The verdict is that of C(check_wabiz_all) with the same limits. As there, every problem has a name and a state.
author:
  - wabiz.monitoring contributors (!UNKNOWN)
seealso:
  - module: wabiz.monitoring.support_facts
extends_documentation_fragment:
  - wabiz.monitoring.attributes
  - wabiz.monitoring.attributes.api
  - wabiz.monitoring.api
options:
  fail_on:
    description:
      - With which states of a finding the gate fails. V(critical) must be among them.
      - What is found in other states is returned all the same.
    type: list
    elements: str
    choices:
      - critical
      - unknown
      - warning
    default:
      - critical
      - unknown
  states:
    description:
      - States of problems in place of their defaults, V(ok), V(warning), V(critical) or V(unknown) by the name of the
        problem.
      - The problems are V(unreachable), V(timeout), V(unauthorized), V(throttled), V(invalid), V(missing),
        V(unregistered), V(disconnected), V(connecting), V(receiving-offline), V(socket-unknown), V(shard-unowned),
        V(shard-contested), V(node-unreachable), V(no-primary-master), V(two-primary-masters),
        V(no-secondary-master), V(no-spare-coreapp), V(version-skew), V(schema-skew) and V(expired).
      - What does not name one of these is an error.
    type: dict
    default: {}
  min_free_space:
    description:
      - The least free space that is not critical, with its unit, as in V(10GiB). Units are V(B), V(kB), V(MB), V(GB),
        V(TB), V(KiB), V(MiB), V(GiB) and V(TiB).
      - Either one value for all volumes, or a dictionary of values by volume, V(data), V(logs), V(media_incoming) and
        V(media_outgoing).
      - Ranges of the Monitoring Plugins are understood, too. V(~:) is no limit.
      - Without a limit less than V(1GiB) is critical, and less than V(5GiB) a warning. So it is for volumes that a
        dictionary does not name.
    type: raw
  min_build_lifetime:
    description:
      - The least time until the build expires that is not critical, with its unit, as in V(14d). Units are V(s), V(m),
        V(h), V(d) and V(w). Ranges are understood, too.
      - Without a limit less than V(7d) is critical, and less than V(30d) a warning. A build that has expired is the
        problem V(expired), whatever the limit.
    type: str
  max_clock_offset:
    description:
      - The largest offset between a node's clock and that of the host that asks which is not critical, with its unit.
        Ranges are understood, too.
      - Without a limit more than V(300s) is critical, and more than V(60s) a warning.
    type: str
  shards:
    description:
      - How many normal shards there must be. Default is to infer it from the shards seen.
    type: int
  min_spares:
    description:
      - How many coreapps must stand by. Fewer are the problem V(no-spare-coreapp), a warning unless O(states) says
        otherwise.
    type: int
    default: 1
  min_nodes:
    description:
      - How many nodes must answer, by shell pattern on the key (C(host:container)) of a node. Fewer are critical.
      - This finds what is not even named in the answer any more, such as a node that did not come back from an upgrade.
        RV(answered) is made to be given here.
      - Nodes of O(without) and O(ignore_nodes) do not count.
    type: dict
    default: {}
  without:
    description:
      - Judge the cluster as it will be without the nodes whose key (C(host:container)) is, or fits as a shell pattern,
        one of these, as in V(wa3:*).
      - Their shards move to spare coreapps and the lead to a secondary master. Where there is none to move to, the gate
        fails.
      - It is an error if a pattern fits no node.
    type: list
    elements: str
    default: []
  ignore_nodes:
    description:
      - Do not judge the nodes whose key fits one of these shell patterns, and do not count on them.
      - Rows of containers that are long gone may linger in the answer. A pattern that fits no node is no error.
    type: list
    elements: str
    default: []
  support:
    description:
      - The fact C(wabiz_support) that M(wabiz.monitoring.support_facts) gathered. If it is given, the API is not asked,
        and the options for that are not used.
      - Clocks are held against the time at which the facts were gathered, the life of the build against now.
        Everything else is as good as the facts are fresh; do not take them from a cache.
      - If they hold C(env), which may be secret, it is not returned. Ansible logs the options of a module to the syslog
        of the host that runs it, though, so gather them without.
    type: dict
"""

EXAMPLES = r"""
# The tasks run on the controller: no managed host ever sees the password.

- name: Go on only if the deployment is healthy
  wabiz.monitoring.health_gate:
    hostname: wa.example.com
    username: monitor
    password: "{{ wabiz_password }}"
    ca_path: /etc/ssl/wabiz/ca.pem
  delegate_to: localhost

- name: Go on only if the others can carry on without the nodes on wa3
  wabiz.monitoring.health_gate:
    hostname: wa.example.com
    username: monitor
    password: "{{ wabiz_password }}"
    ca_path: /etc/ssl/wabiz/ca.pem
    without: wa3:*
    min_free_space: 10GiB
    min_build_lifetime: 14d
  delegate_to: localhost
  register: before

- name: Wait until wa3 is back
  wabiz.monitoring.health_gate:
    hostname: wa.example.com
    username: monitor
    password: "{{ wabiz_password }}"
    ca_path: /etc/ssl/wabiz/ca.pem
    min_nodes: "{{ before.answered }}"
    states:
      connecting: critical
      version-skew: ok
  delegate_to: localhost
  register: after
  until: after is success
  retries: 40
  delay: 15

- name: Gather facts once
  wabiz.monitoring.support_facts:
    hostname: wa.example.com
    username: monitor
    password: "{{ wabiz_password }}"
    ca_path: /etc/ssl/wabiz/ca.pem
  delegate_to: localhost

- name: See which hosts cannot be done without
  wabiz.monitoring.health_gate:
    support: "{{ ansible_facts.wabiz_support }}"
    without: "{{ item }}:*"
    min_free_space:
      data: 20GiB
      logs: 2GiB
  delegate_to: localhost
  loop: "{{ ansible_facts.wabiz_support.nodes | map(attribute='host') | unique }}"
  register: each
  failed_when: false

- name: Show why not
  ansible.builtin.debug:
    msg: "{{ each.results | rejectattr('passed') | items2dict(key_name='item', value_name='msg') }}"
"""

RETURN = r"""
msg:
  description: What was seen and the worst of what was found, or all reasons for which the gate fails, one a line.
  returned: always
  type: str
  sample: |-
    not safe to go on, 1 reason (without wa4: no spare is left for shard 3):
    - CRITICAL socket: nobody owns shard 3
      What to do: bring a coreapp back; if it does not take the shard, look at the primary master's log
passed:
  description: Whether it is safe to go on.
  returned: unless an option is wrong
  type: bool
  sample: false
state:
  description: The worst state of all findings.
  returned: unless an option is wrong
  type: str
  choices:
    - OK
    - WARNING
    - CRITICAL
    - UNKNOWN
  sample: CRITICAL
findings:
  description:
    - Everything that was found, the worst first.
    - Findings that are V(OK) are there as well, such as a node that is catching up.
  returned: unless an option is wrong
  type: list
  elements: dict
  contains:
    state:
      description: How bad it is.
      returned: always
      type: str
      choices:
        - OK
        - WARNING
        - CRITICAL
        - UNKNOWN
      sample: CRITICAL
    check:
      description: Which check found it; V(all) if it was not one of them.
      returned: always
      type: str
      choices:
        - all
        - socket
        - cluster
        - space
        - build
        - clock
      sample: space
    problem:
      description: Name of the problem; V(null) if a limit was broken.
      returned: always
      type: str
      sample: disconnected
    subject:
      description:
        - What the broken limit was for, V(data), V(logs), V(media_incoming), V(media_outgoing), V(build), V(clock) or
          V(nodes).
        - V(null) if it is a problem.
      returned: always
      type: str
      sample: logs
    text:
      description: What, where, how much, and which limit.
      returned: always
      type: str
      sample: logs 812 MiB free on wa2 (critical below 1 GiB)
    remedy:
      description: What to do about it.
      returned: always
      type: str
      sample: remove old logs, shorten their rotation, or enlarge the volume
    nodes:
      description: Keys of the nodes that it is about. Empty if it is about the whole deployment, or its only node.
      returned: always
      type: list
      elements: str
      sample:
        - "wa2:6c91f0a4d83b"
premise:
  description: What would happen without the nodes of O(without), in words. Empty without that option.
  returned: unless an option is wrong
  type: str
  sample: "without wa4: no spare is left for shard 3"
answered:
  description:
    - How many of the nodes that fit a pattern of O(without) answered, by pattern.
    - Give it as O(min_nodes) later on, and the gate fails until as many are back. Empty if the API could not be asked.
  returned: unless an option is wrong
  type: dict
  sample:
    "wa3:*": 1
asked_at:
  description: When the API was asked, by the clock of the host that asked, in UTC.
  returned: unless an option is wrong
  type: str
  sample: "2023-11-20T09:30:00.125Z"
"""

from datetime import datetime, timezone
from typing import Any, Callable, Mapping, Tuple, Union

from ansible_collections.wabiz.monitoring.plugins.module_utils._api import from_params
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.catalogue import Trouble
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.deployment import Deployment
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.facts import from_facts, spell_time
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.gate import open_gate, policy_of
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.misuse import Misuse
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.redaction import Redaction
from ansible_collections.wabiz.monitoring.plugins.module_utils._module import Module, Outcome
from ansible_collections.wabiz.monitoring.plugins.module_utils._terms import OPTIONS, terms_of


def judge(params: Mapping[str, Any], place: Redaction, warns: Callable[[str], object], verbosity: int = 0) -> Outcome:
    """The verdict. Raises Misuse, with a sentence for the user."""
    terms = terms_of(params)
    # Before anybody is asked: a login that serves nothing leaves its row, too.
    policy_of(terms, datetime.now(timezone.utc))

    def verdict(answer: Union[Deployment, Trouble], asked_at: datetime) -> Outcome:
        found = open_gate(terms, answer, datetime.now(timezone.utc), asked_at, place)
        returned = {
            "msg": found.message,
            "passed": found.passed,
            "state": found.state.name,
            "findings": found.findings,
            "premise": found.premise,
            "answered": found.answered,
            "asked_at": spell_time(asked_at),
        }
        return Outcome(returned, failed=not found.passed)

    if params["support"] is not None:
        return verdict(*_gathered(params["support"], place))
    try:
        return from_params(params, place, warns, verbosity).told(verdict)
    except Trouble as trouble:
        return verdict(trouble, datetime.now(timezone.utc))


def _gathered(known: Mapping[str, Any], place: Redaction) -> Tuple[Deployment, datetime]:
    try:
        return from_facts(known, place)
    except Misuse as error:
        raise Misuse("support: %s" % error) from None


def main() -> None:
    module = Module(OPTIONS)
    module.run(lambda: judge(module.params, module.place, module.caution, module._verbosity))


if __name__ == "__main__":
    main()
