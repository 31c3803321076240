# SPDX-License-Identifier: BSD-2-Clause
"""A real Icinga 2 in a scratch folder, and what it believes, asked through its own API."""

from __future__ import annotations

import base64
import functools
import json
import re
import secrets
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from .daemon import DaemonError, free_port
from .engine import Engine
from .record import Record, State
from .user import User, executable

EXECUTABLE = "icinga2"
PLUGINS = "/usr/lib/nagios/plugins"


def run_as(user: User) -> list[str]:
    """The options that let Icinga 2 run as this user: otherwise it insists on the one that it was packaged for."""
    return [f"-DRunAsUser={user.name}", f"-DRunAsGroup={user.group}"]


def defines(folder: Path) -> list[str]:
    """The options that keep every path of an Icinga 2 within a folder."""
    places = {
        "DataDir": "data",
        "LogDir": "log",
        "InitRunDir": "run",
        "CacheDir": "cache",
        "SpoolDir": "spool",
        "ConfigDir": "conf",
        # It does not follow ConfigDir by itself.
        "ZonesDir": "conf/zones.d",
    }
    return [f"-D{name}={folder / place}" for name, place in places.items()]


def _icinga2(user: User, *arguments: str | Path) -> None:
    done = user.run(executable(EXECUTABLE) or EXECUTABLE, *arguments, *run_as(user))
    if done.returncode:
        raise DaemonError(f"icinga2 {arguments[0]} {arguments[1]} failed\n{done.stdout}{done.stderr}")


class Authority:
    """A certificate authority of Icinga's own making, for daemons that trust each other."""

    def __init__(self, user: User, folder: Path) -> None:
        self.user = user
        self.folder = user.folder(folder)
        user.folder(folder / "data")
        _icinga2(user, "pki", "new-ca", *defines(folder))

    @property
    def certificate(self) -> Path:
        """The authority's own certificate."""
        return self.folder / "data" / "ca" / "ca.crt"

    def issue(self, name: str, folder: Path) -> None:
        """Put key, certificate and authority of the node ``name`` where its daemon, living in ``folder``, looks."""
        self.user.folder(folder / "data")
        certs = self.user.folder(folder / "data" / "certs")
        key, request, certificate = (certs / f"{name}.{suffix}" for suffix in ("key", "csr", "crt"))
        _icinga2(self.user, "pki", "new-cert", "--cn", name, "--key", key, "--csr", request)
        _icinga2(self.user, "pki", "sign-csr", "--csr", request, "--cert", certificate, *defines(self.folder))
        self.user.file(certs / "ca.crt", self.certificate.read_text(encoding="utf-8"))


class Icinga(Engine):
    """Icinga 2 with this configuration on top of a listener, a checker and the template library.

    It is one node; ``zones`` replaces its lone endpoint and zone where several nodes work together, each with a
    ``port`` that the others know.
    """

    #: Who may ask everything of its API.
    API_USER = "tests"

    #: Our own questions.
    NOISE = re.compile("/HttpServerConnection: |/ApiListener: New client connection ")

    def __init__(
        self,
        user: User,
        folder: Path,
        configuration: str,
        authority: Authority,
        *,
        name: str = "icinga",
        zones: str | None = None,
        port: int | None = None,
        plugins: str | Path = PLUGINS,
    ) -> None:
        self.name = name
        self.port = port or free_port()
        self.password = secrets.token_hex(16)
        self._authority = authority
        user.folder(folder)
        authority.issue(name, folder)
        for place in ("log", "run", "cache", "spool", "conf"):
            user.folder(folder / place)
        # The Director asks where an endpoint is; its own Icinga pays no heed.
        alone = f'object Endpoint NodeName {{ host = "127.0.0.1", port = {self.port} }}\n'
        alone += "object Zone NodeName { endpoints = [ NodeName ] }\n"
        self.configuration = user.file(
            folder / "conf" / "icinga2.conf",
            f'const NodeName = "{name}"\n'
            f'const PluginDir = "{plugins}"\n'
            "include <itl>\n"
            f"{alone if zones is None else zones}"
            'object ApiListener "api" {\n'
            f'bind_host = "127.0.0.1", bind_port = {self.port}, accept_commands = true, accept_config = true\n'
            "}\n"
            f'object ApiUser "{self.API_USER}" {{ password = "{self.password}", permissions = [ "*" ] }}\n'
            'object CheckerComponent "checker" {}\n'
            f"{configuration}",
        )
        command = [
            executable(EXECUTABLE) or EXECUTABLE,
            "daemon",
            "-c",
            str(self.configuration),
            *defines(folder),
            *run_as(user),
        ]
        super().__init__(user, folder, command)

    def validator(self) -> list[str]:
        """Words of a command that asks Icinga about a copy of the configuration: {main}, or all of it in {folder}."""
        folders = [word for word in defines(self.folder) if "Conf" not in word and "Zones" not in word]
        words = [self.command[0], "daemon", "-C", "-c", "{main}", *folders]
        return [*words, "-DConfigDir={folder}", "-DZonesDir={folder}/zones.d"]

    def verify(self) -> tuple[bool, str]:
        """Whether Icinga accepts the configuration, and what it says about it."""
        done = self.user.run(*self.command, "-C")
        return done.returncode == 0, done.stdout + done.stderr

    def ready(self) -> bool:
        try:
            self.api("GET", "status/IcingaApplication")
        except OSError:
            return False
        return True

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Ask ``/v1/PATH``; gives the ``results``. Raises OSError (urllib's) when it is refused."""
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}/v1/{path}", method=method)
        login = base64.b64encode(f"{self.API_USER}:{self.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
        request.add_header("Accept", "application/json")
        data = None if body is None else json.dumps(body).encode()
        with self._opener.open(request, data, timeout=10) as answer:
            return json.load(answer)["results"]

    def action(self, name: str, host: str, service: str, **values: object) -> Any:
        """Perform an action on a service, such as ``process-check-result``; gives its results."""
        of = {"host": host, "service": service}
        body = {"type": "Service", "filter": "host.name == host_ && service.name == service_"}
        filter_vars = {f"{key}_": value for key, value in of.items()}
        return self.api("POST", f"actions/{name}", {**body, "filter_vars": filter_vars, **values})

    def evaluate(self, expression: str) -> Any:
        """What an expression of Icinga's own language comes to in the running daemon."""
        query = urllib.parse.urlencode({"command": expression, "session": "tests"})
        (result,) = self.api("POST", f"console/execute-script?{query}")
        if "result" not in result:
            raise DaemonError(f"{expression}: {result.get('status')}")
        return result["result"]

    def attributes(self, kind: str, name: str) -> dict[str, Any]:
        """The attributes of an object of a kind such as ``hosts``. Raises OSError when there is none."""
        (found,) = self.api("GET", f"objects/{kind}/{urllib.parse.quote(name, safe='')}")
        attributes: dict[str, Any] = found["attrs"]
        return attributes

    def knows(self, kind: str, name: str) -> bool:
        """Whether there is such an object; none is known while the daemon reads its configuration anew."""
        try:
            return bool(self.attributes(kind, name))
        except OSError:
            return False

    def service(self, host: str, service: str) -> Record | None:
        attributes = self.attributes("services", f"{host}!{service}")
        result = attributes["last_check_result"]
        if result is None:
            return None
        output, *long_output = result["output"].split("\n")
        return Record(
            state=State(int(attributes["state"])),
            hard=attributes["state_type"] == 1,
            checked=result["execution_start"],
            output=output,
            long_output="\n".join(long_output).strip("\n"),
            perf_data=" ".join(result["performance_data"] or []),
        )

    def force(self, host: str, service: str) -> float:
        due = time.time()
        self.action("reschedule-check", host, service, force=True, next_check=due)
        return due

    @functools.cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        # The certificate names the node, not the address; its authority is the test's own.
        context = ssl.create_default_context(cafile=str(self._authority.certificate))
        context.check_hostname = False
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
