# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The sections of the file with the secrets. That the checks read them back is tested with the checks."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wabiz.monitoring.plugins.filter.extra_opts import extra_opts

BERLIN = {"name": "berlin", "hostname": "wa.example.com"}

#: What a deployment says beside its name and host, and the lines of its section after the first two.
LINES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"port": 9091, "timeout": 45}, ["port = 9091", "timeout = 45"]),
    ({"username": "me", "password": "p"}, ["username = me", "password = p"]),
    ({"token": "t"}, ["token = t"]),
    ({"insecure": True}, ["insecure = yes"]),
    ({"insecure": False, "ca_file": "/ca.pem"}, ["ca-file = /ca.pem"]),
    (
        {"client_cert": "/c", "client_key": "/k", "header_file": "/h"},
        ["client-cert = /c", "client-key = /k", "header-file = /h"],
    ),
    ({"limits": {"space": {"warning": "10GiB"}}, "states": {"expired": "ok"}, "checks": ["all"]}, []),
]


@pytest.mark.parametrize(("said", "lines"), LINES)
def test_a_section_says_how_the_api_is_reached_and_as_whom_and_no_more(said: dict[str, Any], lines: list[str]) -> None:
    assert extra_opts([{**BERLIN, **said}]).splitlines() == ["[berlin]", "hostname = wa.example.com", *lines]


#: Where tokens are kept: for all, for this one, and what its section says.
STATE = [
    ("", None, []),
    ("/var/lib/wabiz", None, ["state-dir = /var/lib/wabiz"]),
    ("/var/lib/wabiz", "/own", ["state-dir = /own"]),
    ("/var/lib/wabiz", "none", ["state-dir = none"]),
]


@pytest.mark.parametrize(("for_all", "own", "lines"), STATE)
def test_tokens_are_kept_where_the_deployment_says_or_where_all_are(
    for_all: str, own: str | None, lines: list[str]
) -> None:
    assert extra_opts([{**BERLIN, "state_dir": own}], for_all).splitlines()[2:] == lines


def test_each_deployment_has_its_section_with_what_all_have_in_common() -> None:
    text = extra_opts([BERLIN, {**BERLIN, "name": "bremen", "username": "other"}], "", {"username": "me"})
    assert text == (
        "[berlin]\nhostname = wa.example.com\nusername = me\n\n[bremen]\nhostname = wa.example.com\nusername = other\n"
    )
    assert extra_opts([]) == ""
