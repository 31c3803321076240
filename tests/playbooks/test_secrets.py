# SPDX-License-Identifier: BSD-2-Clause
"""Plays that go wrong in every way, with all the output that there is: none of it holds a secret."""

from __future__ import annotations

import re
from typing import Any

import yaml

from .controller import Controller

HEADER = "Qz7-header-9Lm"
WRONG = "Vw3-wrong-8Kp"
PASTED = "Hj5-pasted-2Xn"
KEY = "KeyOfGateway42x"
ENV = "simulated-env-secret"
"""What the simulator puts into the environment of each node."""

ASK = {
    "url": "{{ predeploy_gate_url }}",
    "ca_path": "{{ predeploy_gate_ca_path }}",
    "username": "monitor",
    "password": "{{ predeploy_gate_password }}",
}
SUPPORT = {"support": "{{ ansible_facts.wabiz_support }}"}

#: What is wrong: the module's options, and what is said of it all the same.
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "an option that does not exist": ({**SUPPORT, "supported": PASTED}, "Unsupported parameters"),
    "a value that is none": ({**SUPPORT, "min_free_space": "much"}, "min_free_space"),
    "facts that are none": (
        {"support": {"env": "{{ ansible_facts.wabiz_support.nodes }}"}},
        "this is no wabiz_support fact",
    ),
    "a wrong password": ({**ASK, "password": WRONG}, "login of user monitor refused: wrong user name or password"),
    "a wrong token": ({**ASK, "username": None, "password": None, "token": WRONG}, "the token given is refused"),
    "headers as text": ({**ASK, "headers": f"X-Key {HEADER}"}, "'headers' is of type"),
    "headers as text that can be read": ({**ASK, "headers": f"X-Key={HEADER}", "port": "x"}, "option port takes"),
    "a password for a port": ({**ASK, "port": PASTED}, "option port takes a whole number"),
    "a password for a time": ({**ASK, "timeout": PASTED}, "'timeout' is of type"),
    "a password for a choice": ({**ASK, "fail_on": [PASTED]}, "option fail_on takes one of critical, unknown, warning"),
    "a key in the path": ({**ASK, "url": "{{ predeploy_gate_url }}/" + KEY + "/"}, "nothing at /v1/users/login"),
}


def test_whatever_goes_wrong_no_secret_is_printed(controller: Controller) -> None:
    values = {name: options for name, (options, _said) in MISTAKES.items()}
    # Ansible quotes the lines of a playbook that fail, so what is wrong stands in variables, as secrets do.
    tasks: list[dict[str, Any]] = [
        {
            "name": "Gather facts with secrets in them",
            "wabiz.monitoring.support_facts": {**ASK, "env": True},
            "no_log": True,
        },
        *(
            {
                "name": f"Gate {name}",
                "wabiz.monitoring.health_gate": "{{ mistakes['" + name + "'] }}",
                "ignore_errors": True,
            }
            for name in MISTAKES
        ),
    ]
    play = yaml.safe_dump([{"name": "Play", "hosts": "wabiz", "gather_facts": False, "tasks": tasks}])
    played = controller.play(play, ["wa1"], mistakes=values)
    assert f"ignored={len(MISTAKES)}" in played.out
    for name, (_options, said) in MISTAKES.items():
        _before, task, after = played.out.partition(f"TASK [Gate {name}]")
        assert task, name
        assert said in re.sub(r"\s+", " ", after.partition("TASK [")[0]), name
    for secret in (ENV, HEADER, WRONG, PASTED, KEY):
        assert secret not in played.out, secret
