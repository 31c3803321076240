# SPDX-License-Identifier: BSD-2-Clause
"""The configuration that Debian's packages of the engines bring, with nothing changed but who carries the letters."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from .user import User

NAGIOS = Path("/etc/nagios4")
NAGIOS_PLUGINS = Path("/etc/nagios-plugins/config")
ICINGA = Path("/etc/icinga2")

FOLDERS = (NAGIOS / "objects", NAGIOS_PLUGINS, ICINGA / "conf.d", ICINGA / "scripts")


class Letter(NamedTuple):
    """What a notification's command gave to the program that sends mail."""

    subject: str
    body: str


class Carrier:
    """A program in the place of `mail`, which keeps the letters.

    It does what that of mailutils did until 3.12: a line of the letter that begins with `~!` is a command.
    """

    def __init__(self, user: User, folder: Path) -> None:
        self.folder = user.folder(folder)
        self.bag = user.folder(folder / "letters")
        text = f"""#!/bin/sh
letter=$(mktemp {self.bag}/XXXXXXXX)
cat >"$letter"
sed -n 's/^~!//p' "$letter" | sh
printf '%s' "$2" >"$letter.subject"
"""
        self.command = user.own(user.file(folder / "mail", text), 0o755)

    def forget(self) -> None:
        """Forget the letters up to now."""
        for path in self.bag.iterdir():
            path.unlink()

    @property
    def letters(self) -> list[Letter]:
        """Those that have been sent so far."""
        return [
            Letter(subject.read_text(encoding="utf-8"), subject.with_suffix("").read_text(encoding="utf-8"))
            for subject in self.bag.glob("*.subject")
        ]


def nagios_objects(carrier: Carrier) -> str:
    """Commands, contacts, periods and templates of Nagios, and the commands of the plugins' package."""
    own = "".join(
        (NAGIOS / "objects" / f"{name}.cfg").read_text(encoding="utf-8")
        for name in ("commands", "contacts", "timeperiods", "templates")
    )
    return f"{own.replace('/usr/bin/mail', str(carrier.command))}\ninclude_dir={NAGIOS_PLUGINS}\n"


def nagios_settings() -> dict[str, str]:
    """What the main file of Nagios says of the characters that it takes out, and where the plugins are."""
    lines = (NAGIOS / "nagios.cfg").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("=", 1) for line in lines if line.startswith("illegal_")]
    return {**dict(pairs), "resource_file": str(NAGIOS / "resource.cfg")}


def copy_icinga(user: User, folder: Path, carrier: Carrier) -> Path:
    """Copy objects and scripts of Icinga 2 into its folder for configuration; gives the folder of objects."""
    objects, scripts = user.folder(folder / "conf.d"), user.folder(folder / "scripts")
    for path in (ICINGA / "conf.d").iterdir():
        user.own(Path(shutil.copy(path, objects)), 0o644)
    for path in (ICINGA / "scripts").iterdir():
        text = path.read_text(encoding="utf-8").replace('MAILBIN="mail"', f'MAILBIN="{carrier.command}"')
        user.own(user.file(scripts / path.name, text), 0o755)
    return objects
