# SPDX-License-Identifier: BSD-2-Clause
"""What the collection's filter writes into the file with the secrets, the checks read back from it to the letter.

The filter runs in a process of its own: it knows the domain by the collection's name, the checks by theirs.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import collection
import pytest
from wabiz_monitoring._core.session import Credentials
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring.check_all import CHECK
from wabiz_monitoring.plugin.extra_opts import expand
from wabiz_monitoring.plugin.parser import Settings, parse

FILTER = """
import json, sys
from ansible_collections.wabiz.monitoring.plugins.filter.extra_opts import extra_opts
sys.stdout.buffer.write(extra_opts(json.load(sys.stdin), "/var/lib/wabiz-monitoring").encode())
"""

HOSTILE = (
    *("# no comment", "; no comment", "a # b ; c", "= : =", "[section]", "%(x)s %%", "$HOME `x` $(x)", "'quoted'"),
    *('"quoted"', "\\", "\\n", "yes", "no", "0", "-", "--insecure", "a  b", "ü🙂", "!x!", "{{ x }}", "None"),
)
_RANDOM = random.Random(0)
PRINTABLE = [chr(point) for point in (*range(0x21, 0x7F), *range(0xA1, 0x250)) if chr(point).isprintable()]
MANY = ["".join(_RANDOM.choices([*PRINTABLE, " "], k=_RANDOM.randint(1, 40))).strip() or "x" for _number in range(80)]
PASSWORDS = [*HOSTILE, *MANY]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of collections in which this checkout is one."""
    if importlib.util.find_spec("ansible") is None:
        pytest.skip("left out: ansible-core is not installed (it needs Python 3.11)")
    place = tmp_path_factory.mktemp("collections")
    (place / "ansible_collections" / "wabiz").mkdir(parents=True)
    (place / "ansible_collections" / "wabiz" / "monitoring").symlink_to(collection.ROOT)
    return place


def written(folder: Path, deployments: list[dict[str, Any]]) -> Path:
    """The file that the filter writes for deployments."""
    done = subprocess.run(
        [sys.executable, "-c", FILTER],
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        input=json.dumps(deployments).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    file = folder / "deployments.ini"
    file.touch(mode=0o600)
    file.write_bytes(done.stdout)
    return file


def read_back(file: Path, name: str) -> Settings:
    words, files = [f"--extra-opts={name}@{file}"], Files()
    secrets = expand(words, CHECK, files)
    return parse(CHECK, words, secrets, files)


def test_secrets_come_back_to_the_letter(folder: Path) -> None:
    deployments = [
        {"name": f"wa{at}", "hostname": "localhost", "username": "monitor", "password": password}
        for at, password in enumerate(PASSWORDS)
    ]
    file = written(folder, deployments)
    for at, password in enumerate(PASSWORDS):
        assert read_back(file, f"wa{at}").credentials == Credentials("monitor", password, None)


def test_tokens_and_user_names_come_back_to_the_letter(folder: Path) -> None:
    # Neither can be everything: a token stands in a header, and a colon ends a user name.
    told = [text for text in PASSWORDS if text.isascii() and ":" not in text and " " not in text]
    assert len(told) > len(HOSTILE) / 2
    deployments = [
        {"name": f"wa{at}", "hostname": "localhost", "username": text, "token": text} for at, text in enumerate(told)
    ]
    file = written(folder, deployments)
    for at, text in enumerate(told):
        assert read_back(file, f"wa{at}").credentials == Credentials(text, None, text)


def test_connections_come_back_as_they_were_said(folder: Path) -> None:
    ca_file = folder / "ca # 1; [x] = %s.pem"
    ca_file.touch()
    names = ("DEFAULT", "A.b-c_d", "0")
    common = {"port": 9091, "timeout": 45.5, "ca_file": str(ca_file)}
    file = written(folder, [{"name": name, "hostname": "wa", **common} for name in names])
    for name in names:
        settings = read_back(file, name)
        assert (settings.url, settings.timeout) == ("https://wa:9091", 45.5)
        assert settings.state_dir == "/var/lib/wabiz-monitoring"
        assert str(ca_file) in repr(settings.tls)
    file = written(folder, [{"name": "a", "url": "https://[::1]:1/wa/", "insecure": True, "state_dir": "none"}])
    settings = read_back(file, "a")
    assert settings.url == "https://[::1]:1/wa"
    assert "none" in repr(settings.state_dir)
