# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What a wheel holds, as it is compared with what pip has installed of it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.wabiz.monitoring.plugins.filter.wheel_digest import FilterModule
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.contents import digest

wheel_digest = FilterModule().filters()["wheel_digest"]

RECORD = """\
wabiz_monitoring/__init__.py,sha256=aa,10
wabiz_monitoring/check_space.py,sha256=bb,20
wabiz_monitoring-0.1.0.dist-info/METADATA,sha256=cc,30
wabiz_monitoring-0.1.0.dist-info/RECORD,,
"""

#: What an installer makes of it.
INSTALLED = """\
../../../bin/check_wabiz_space,sha256=dd,200
wabiz_monitoring-0.1.0.dist-info/INSTALLER,sha256=ee,4
wabiz_monitoring-0.1.0.dist-info/METADATA,sha256=cc,30
wabiz_monitoring-0.1.0.dist-info/RECORD,,
wabiz_monitoring-0.1.0.dist-info/REQUESTED,sha256=ff,0
wabiz_monitoring-0.1.0.dist-info/direct_url.json,sha256=00,90
wabiz_monitoring/__init__.py,sha256=aa,10
wabiz_monitoring/__pycache__/__init__.cpython-311.pyc,,
wabiz_monitoring/check_space.py,sha256=bb,20
"""


def wheel(path: Path, record: str) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("wabiz_monitoring-0.1.0.dist-info/RECORD", record)
    return str(path)


def test_what_was_installed_from_a_wheel_has_its_digest(tmp_path: Path) -> None:
    assert wheel_digest(wheel(tmp_path / "a.whl", RECORD)) == digest(INSTALLED) != ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sha256=bb", "sha256=b0"),
        ("wabiz_monitoring/check_space.py,sha256=bb,20\n", ""),
        ("wabiz_monitoring/__init__", "wabiz_monitoring/more.py,sha256=11,1\nwabiz_monitoring/__init__"),
    ],
    ids=["another file", "one less", "one more"],
)
def test_other_files_are_another_digest(old: str, new: str, tmp_path: Path) -> None:
    assert wheel_digest(wheel(tmp_path / "a.whl", RECORD.replace(old, new))) != digest(INSTALLED)


def test_where_nothing_of_ours_is_there_is_no_digest() -> None:
    assert digest("") == digest("requests/__init__.py,sha256=aa,10\n") == ""


def test_what_is_no_wheel_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.whl").write_bytes(b"no wheel")
    with zipfile.ZipFile(tmp_path / "c.whl", "w"):
        pass
    for name, told in (
        ("a.whl", "No such file or directory"),
        ("b.whl", "is not a wheel"),
        ("c.whl", "is not a wheel"),
    ):
        with pytest.raises(AnsibleFilterError, match=rf"{name}.* ?{told}"):
            wheel_digest(str(tmp_path / name))
