# SPDX-License-Identifier: BSD-2-Clause
"""What the page for Nagios has written by hand starts beside Debian's own configuration, without a warning."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from .stock import NAGIOS
from .user import User

PAGE = Path(__file__).parents[2] / "docs" / "on-nagios.md"


@pytest.mark.skipif(not (NAGIOS / "nagios.cfg").exists(), reason="Debian's nagios4 is not installed")
def test_nagios_starts_with_the_objects_of_the_page_and_warns_of_nothing(user: User, scratch: Path) -> None:
    # Nagios reads its files as a user of its own.
    folder = user.folder(scratch / "by-hand")
    page = PAGE.read_text(encoding="utf-8")
    (objects,) = re.findall(r"by-hand\.cfg -->\n```nagios\n(.*?)```", page, re.DOTALL)
    (typed,) = re.findall(r"^(nagios4 -v /etc/nagios4/nagios\.cfg) && systemctl reload nagios4$", page, re.MULTILINE)
    user.file(folder / "by-hand.cfg", objects)
    stock = (NAGIOS / "nagios.cfg").read_text(encoding="utf-8")
    main = folder / "nagios.cfg"
    user.file(main, f"{stock}\ncfg_file={folder / 'by-hand.cfg'}\n")
    words = typed.replace("/etc/nagios4/nagios.cfg", str(main)).split()
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    assert re.findall(r"Total (Warnings|Errors): +(\d+)", done.stdout) == [("Warnings", "0"), ("Errors", "0")]
