# SPDX-License-Identifier: BSD-2-Clause
"""A real Nagios 4 in a scratch folder, and what it believes, read from its own status file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from .engine import Engine
from .record import Record, State
from .user import User, executable

EXECUTABLE = "nagios4"

#: Times in object definitions are seconds, and nothing but what a test asks for happens.
SETTINGS = {
    "interval_length": "1",
    "check_external_commands": "1",
    "check_result_reaper_frequency": "1",
    "status_update_interval": "1",
    "service_inter_check_delay_method": "n",
    "host_inter_check_delay_method": "n",
    "enable_flap_detection": "0",
    "enable_notifications": "1",
    "process_performance_data": "0",
    "retain_state_information": "0",
    "check_for_updates": "0",
    "use_syslog": "0",
    "log_rotation_method": "n",
    "daemon_dumps_core": "0",
    "event_broker_options": "0",
}

#: A period to refer to, and somebody to notify, whom nobody has to refer to: without a contact Nagios does not start.
BASE = """\
define timeperiod {
    timeperiod_name always
    alias           always
    sunday          00:00-24:00
    monday          00:00-24:00
    tuesday         00:00-24:00
    wednesday       00:00-24:00
    thursday        00:00-24:00
    friday          00:00-24:00
    saturday        00:00-24:00
}
define contact {
    contact_name                  nobody
    host_notification_options     n
    service_notification_options  n
    host_notification_period      always
    service_notification_period   always
    host_notification_commands    silence
    service_notification_commands silence
}
define command {
    command_name silence
    command_line /bin/true
}
"""


def define(kind: str, values: Mapping[str, object]) -> str:
    """An object definition."""
    directives = "".join(f"    {name:<24} {value}\n" for name, value in values.items())
    return f"define {kind} {{\n{directives}}}\n"


def write_configuration(user: User, folder: Path, objects: str, settings: Mapping[str, str]) -> Path:
    """Write nagios.cfg and the objects, with every path of Nagios within the folder; gives nagios.cfg."""
    user.folder(folder)
    places = {
        "log_file": "nagios.log",
        "cfg_file": "objects.cfg",
        "object_cache_file": "objects.cache",
        "precached_object_file": "objects.precache",
        "status_file": "status.dat",
        "state_retention_file": "retention.dat",
        "command_file": "nagios.cmd",
        "query_socket": "nagios.qh",
        "lock_file": "nagios.lock",
        "temp_file": "nagios.tmp",
        "temp_path": user.folder(folder / "tmp").name,
        "check_result_path": user.folder(folder / "spool").name,
    }
    user.file(folder / "objects.cfg", BASE + objects)
    lines = {name: str(folder / place) for name, place in places.items()}
    lines |= {"nagios_user": user.name, "nagios_group": user.group, **SETTINGS, **settings}
    return user.file(folder / "nagios.cfg", "".join(f"{name}={value}\n" for name, value in lines.items()))


class Nagios(Engine):
    """Nagios with these objects: hosts, commands and services are the caller's, the period ``always`` is there."""

    def __init__(self, user: User, folder: Path, objects: str, **settings: str) -> None:
        self.configuration = write_configuration(user, folder, objects, settings)
        super().__init__(user, folder, [executable(EXECUTABLE) or EXECUTABLE, str(self.configuration)])

    def verify(self) -> tuple[bool, str]:
        """Whether Nagios accepts the configuration, and what it says about it."""
        done = self.user.run(self.command[0], "-v", self.configuration)
        return done.returncode == 0, done.stdout + done.stderr

    def ready(self) -> bool:
        return (self.folder / "status.dat").exists() and (self.folder / "nagios.cmd").exists()

    def external_command(self, line: str) -> None:
        """Give an external command, such as ``PROCESS_SERVICE_CHECK_RESULT;host;service;0;output``."""
        # Without O_NONBLOCK a Nagios that has ended would hold us for ever.
        pipe = os.open(self.folder / "nagios.cmd", os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(pipe, f"[{int(time.time())}] {line}\n".encode())
        finally:
            os.close(pipe)

    def statuses(self, kind: str) -> Iterator[dict[str, str]]:
        """All blocks of a kind in the status file: ``servicestatus``, ``hoststatus``, ``contactstatus`` and so on."""
        block: dict[str, str] | None = None
        for line in (self.folder / "status.dat").read_text(encoding="utf-8", errors="replace").splitlines():
            text = line.strip()
            if text == f"{kind} {{":
                block = {}
            elif text == "}" and block is not None:
                yield block
                block = None
            elif block is not None:
                name, value = text.split("=", 1)
                block[name] = value

    def service(self, host: str, service: str) -> Record | None:
        for block in self.statuses("servicestatus"):
            if (block["host_name"], block["service_description"]) == (host, service) and block[
                "has_been_checked"
            ] == "1":
                return Record(
                    state=State(int(block["current_state"])),
                    hard=block["state_type"] == "1",
                    checked=float(block["last_check"]),
                    output=block["plugin_output"],
                    long_output=block["long_plugin_output"].replace("\\n", "\n").strip("\n"),
                    perf_data=block["performance_data"],
                )
        return None

    def force(self, host: str, service: str) -> float:
        # Nagios counts in whole seconds: only a check of a later second is certain to be a later check.
        due = int(time.time()) + 1
        self.external_command(f"SCHEDULE_FORCED_SVC_CHECK;{host};{service};{due}")
        return due
