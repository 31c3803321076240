# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Which deployments a file is about, as each template and the extra-opts file name them."""

from __future__ import annotations

import pytest
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.watched import differences, names

#: Lines as the role writes them, and such as are about no deployment.
FILES = {
    "extra-opts": b"[ulm]\nhostname = a\npassword = [kiel]\n\n[bonn]\nhostname = b\n",
    "nagios": b"define command {\n    command_line         /x/check_wabiz_all --extra-opts=$ARG1$@/etc/d.ini\n}\n\n"
    b"define service {\n    check_command        check_wabiz_space!ulm!--warning=1GiB\n}\n\n"
    b"define service {\n    check_command        check_wabiz_all!bonn\n}\n",
    "icinga2": b'object Host "x" {\n\tvars.wabiz_extra_opts = "ulm@/etc/d.ini"\n}\n\n'
    b'object Host "y" {\n\tvars.wabiz_extra_opts = "bonn@/etc/d.ini"\n\tvars.other = "kiel@x"\n}\n',
    "nrpe": b"command[check_wabiz_ulm_space]=/x/check_wabiz_space --extra-opts=ulm@/etc/d.ini --warning=1GiB\n\n"
    b"command[check_wabiz_bonn_all]=/x/check_wabiz_all --extra-opts=bonn@/etc/d.ini\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_the_deployments_of_a_file_are_found_and_nothing_else(kind: str) -> None:
    assert names(FILES[kind]) == ["ulm", "bonn"]
    assert names(b"") == []


@pytest.mark.parametrize("kind", FILES)
def test_what_comes_goes_and_changes_is_told(kind: str) -> None:
    data = FILES[kind]
    without = data.rpartition(b"\n\n")[0]
    changed = data.replace(b"1GiB", b"2GiB").replace(b"hostname = a", b"hostname = c").replace(b'"x"', b'"z"')
    assert differences({"a": None}, {"a": data}) == {"added": ["bonn", "ulm"], "removed": [], "changed": []}
    assert differences({"a": data}, {"a": without}) == {"added": [], "removed": ["bonn"], "changed": []}
    assert differences({"a": data}, {"a": changed}) == {"added": [], "removed": [], "changed": ["ulm"]}
    # From the file of one zone into that of another.
    assert differences({"a": data, "b": None}, {"a": None, "b": data}) == {"added": [], "removed": [], "changed": []}
