# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The API as modules ask it: Ansible's URL helper sends, everything else is the domain's."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import datetime
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple, TypeVar
from urllib.parse import urlsplit

from ansible.module_utils.basic import env_fallback

from ._core.address import DEFAULT_PORT, UNENCRYPTED, encrypted, from_endpoint, from_host, from_url
from ._core.body import ACCEPTED
from ._core.catalogue import Trouble
from ._core.deadline import DEFAULT_TIMEOUT, Deadline, within
from ._core.deployment import Deployment, parse
from ._core.exchange import exchange
from ._core.failure import Way, explain
from ._core.http import Reply, Request, check_header
from ._core.misuse import Misuse
from ._core.redaction import Redaction
from ._core.session import Credentials, Keeper, ask_timed, credentials
from ._core.text import Message, say
from ._edge.client import Client
from ._edge.files import Files
from ._edge.folder import default_directory
from ._edge.keeper import DiskKeeper, caller
from ._edge.proxies import proxy_for
from ._edge.tls import Names, Tls, context

T = TypeVar("T")

_LONGEST_TIMEOUT = 3600
_NAMES = Names("ca_path", "client_cert", "client_key")


def argument_spec() -> Dict[str, Dict[str, Any]]:
    """The options of the documentation fragment `api`."""
    return {
        "url": {"type": "str"},
        "hostname": {"type": "str"},
        "port": {"type": "int", "default": DEFAULT_PORT},
        "username": {"type": "str", "fallback": (env_fallback, ["WA_WEB_USERNAME"])},
        "password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["WA_WEB_PASSWORD"])},
        "token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["WA_WEB_TOKEN"])},
        "headers": {"type": "dict", "no_log": True},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "client_cert": {"type": "path"},
        # The path of a key is no secret.
        "client_key": {"type": "path", "no_log": False},
        "use_proxy": {"type": "bool", "default": True},
        "timeout": {"type": "float", "default": DEFAULT_TIMEOUT},
    }


REQUIRED_BY = {"client_key": "client_cert"}


class Api(NamedTuple):
    """One API, and how it is asked."""

    url: str
    """The part before `/v1`."""
    credentials: Credentials
    place: Redaction
    """Where what comes back is shown; it learns each secret before that is sent."""
    headers: Mapping[str, str] = {}
    validate_certs: bool = True
    ca_path: Optional[str] = None
    client_cert: Optional[str] = None
    client_key: Optional[str] = None
    use_proxy: bool = True
    timeout: float = DEFAULT_TIMEOUT
    warns: Callable[[str], object] = lambda note: None
    """Told who else can read or change a file of the options, and what can be read on the way."""
    verbosity: int = 0

    def gather(self) -> Tuple[Deployment, datetime]:
        """What the API says, and our time (UTC) in the middle of the request. Raises as `told` does."""
        return self.told(lambda deployment, asked_at: (deployment, asked_at))

    def told(self, tell: Callable[[Deployment, datetime], T]) -> T:
        """What is made of what the API says, and of our time (UTC) in the middle of the request.

        Logs in as needed, and out again. The timeout is for everything together, from the resolution of the name to
        the telling: an answer may be long. Raises Trouble, or Misuse when a file of the options cannot be used.
        """
        deadline = Deadline(self.timeout, self.place.foreign(urlsplit(self.url).netloc))
        files = Files(self.warns)
        try:
            return within(deadline, lambda: tell(*self._gather(deadline, files)), sys._current_frames)
        except Trouble:
            if files.reading:
                raise files.stuck(self.timeout) from None
            raise

    def _gather(self, deadline: Deadline, files: Files) -> Tuple[Deployment, datetime]:
        if self.verbosity and not self.url.startswith("https://"):
            self.warns(UNENCRYPTED)
        client = self._client(files)
        way = Way(
            where=self.place.foreign(urlsplit(self.url).netloc),
            place=self.place,
            address=say("url or hostname"),
            ca=say("ca_path"),
            client_cert=say("client_cert"),
            no_proxy=say("name the host in no_proxy, or set use_proxy to false"),
            proxied=client.proxy is not None,
        )

        def send(request: Request) -> Reply:
            self.place.learn(request.headers.get("Authorization", "").partition(" ")[2])
            return exchange(request, deadline, client.send, lambda error: explain(error, way))

        content, asked_at = ask_timed(send, self.credentials, self.place, self._keeper(files))
        return parse(content, self.place), asked_at

    def _keeper(self, files: Files) -> Optional[Keeper]:
        # The account of logins alone: the token of a task ends with the task.
        if not self.credentials.can_log_in:
            return None
        cert = self.client_cert
        who = caller(self.headers, files.pem(_NAMES.client_cert, cert) if cert else b"")
        return DiskKeeper(default_directory(), self.url, self.credentials, who, tokens=False, limit=self.timeout)

    def _client(self, files: Files) -> Client:
        tls = Tls(
            ca_file=self.ca_path if self.validate_certs else None,
            insecure=not self.validate_certs,
            client_cert=self.client_cert,
            client_key=self.client_key,
        )
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED,
            "User-Agent": "wabiz.monitoring",
            **self.headers,
        }
        proxy = proxy_for(self.url, os.environ) if self.use_proxy else None
        return Client(self.url, headers, context(tls, _NAMES, files), proxy)


def from_params(
    params: Mapping[str, Any],
    place: Redaction,
    warns: Callable[[str], object] = lambda note: None,
    verbosity: int = 0,
) -> Api:
    """The API that a module's options name. Raises Misuse, with a sentence for the user."""
    timeout = params["timeout"]
    if not 0 < timeout <= _LONGEST_TIMEOUT:
        raise Misuse("timeout is a number of seconds, above 0 and up to %d" % _LONGEST_TIMEOUT)
    headers = {str(name): str(value) for name, value in (params["headers"] or {}).items()}
    for name, value in headers.items():
        check_header(name, value)
    return Api(
        url=encrypted(_address(params), not params["validate_certs"], "validate_certs: false"),
        credentials=credentials(params["username"], params["password"], params["token"]),
        place=place,
        headers=headers,
        timeout=timeout,
        warns=warns,
        verbosity=verbosity,
        **{name: params[name] for name in ("validate_certs", "ca_path", "client_cert", "client_key", "use_proxy")},
    )


def look_at_files(params: Mapping[str, Any], mistake: str, warns: Callable[[str], object]) -> None:
    """Warn of who else can read or change the files that are named, when a mistake keeps them from being read."""
    files = Files(warns)

    def look() -> None:
        for option in ("ca_path", "client_cert", "client_key"):
            if params.get(option):
                files.look(Files.pem, option, params[option], mistake)

    with suppress(Trouble):
        within(Deadline(DEFAULT_TIMEOUT), look)


def failure(trouble: Trouble) -> Dict[str, str]:
    """What a module that fails returns: a message that says what is wrong and what to do, and the problem's name."""
    remedy = Message(trouble.remedy[:1].upper() + trouble.remedy[1:])
    return {"msg": say("%s. %s.", trouble.text, remedy), "problem": trouble.problem}


def _address(params: Mapping[str, Any]) -> str:
    places = (
        ("url", params["url"], from_url),
        ("hostname", params["hostname"], lambda host: from_host(host, params["port"])),
        ("WA_WEB_ENDPOINT", os.environ.get("WA_WEB_ENDPOINT"), lambda place: from_endpoint(place, params["port"])),
    )
    for called, given, read in places:
        if given:
            try:
                return read(given)
            except Misuse as error:
                raise Misuse("%s: %s" % (called, error)) from None
    raise Misuse("say where the API is: hostname, url, or WA_WEB_ENDPOINT in the environment")
