# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The API as modules ask it: Ansible's URL helper sends, everything else is the domain's."""

from __future__ import annotations

import http.client
import os
import ssl
import sys
import urllib.error
import urllib.request
import zlib
from datetime import datetime
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.urls import Request as Sender
from ansible.module_utils.urls import make_context

from ._core import body
from ._core.address import DEFAULT_PORT, from_endpoint, from_host, from_url
from ._core.catalogue import Trouble
from ._core.deadline import DEFAULT_TIMEOUT, Deadline, within
from ._core.deployment import Deployment, parse
from ._core.failure import Way, explain, functions, load, no_passphrase
from ._core.http import FAREWELL, Reply, Request, check_header
from ._core.misuse import Misuse
from ._core.redaction import Redaction
from ._core.session import Credentials, ask_timed, credentials
from ._core.text import clean

_CHUNK = 65536
_LONGEST_TIMEOUT = 3600
# OpenSSL's number (x509_vfy.h); Python names it from 3.10 on.
_PARTIAL_CHAIN = getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0x80000)


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
    headers: Mapping[str, str] = {}
    validate_certs: bool = True
    ca_path: Optional[str] = None
    client_cert: Optional[str] = None
    client_key: Optional[str] = None
    use_proxy: bool = True
    timeout: float = DEFAULT_TIMEOUT
    sends: Callable[[str], object] = lambda secret: None
    """Told of each secret before it is sent: tokens are not known before the run."""

    def gather(self) -> Tuple[Deployment, datetime]:
        """What the API says, and our time (UTC) in the middle of the request.

        Logs in as needed, and out again. The timeout is for everything together, the resolution of the name and the
        login included. Raises Trouble, or Misuse with a sentence for the user when a certificate file cannot be
        used.
        """
        deadline = Deadline(self.timeout, clean(urlsplit(self.url).netloc))
        return within(deadline, lambda: self._gather(deadline), sys._current_frames)

    def _gather(self, deadline: Deadline) -> Tuple[Deployment, datetime]:
        context = self._context()
        content, asked_at = ask_timed(lambda request: self._send(request, context, deadline), self.credentials)
        return parse(content), asked_at

    def _context(self) -> ssl.SSLContext:
        context: ssl.SSLContext
        if self.validate_certs and self.ca_path is not None:
            path = self.ca_path
            context = load("ca_path", path, lambda: make_context(cafile=path))
            # The product's certificate is self-signed or from a company's own CA: trusting exactly the file's
            # certificates must do, even if one is not a root.
            context.verify_flags |= _PARTIAL_CHAIN
        else:
            context = make_context(validate_certs=self.validate_certs)
        if self.client_cert is not None:
            chain = self.client_cert, self.client_key
            load("client_cert", chain[0], lambda: context.load_cert_chain(*chain, password=no_passphrase))
            context.post_handshake_auth = True
        return context

    def _send(self, request: Request, context: ssl.SSLContext, deadline: Deadline) -> Reply:
        left = min(deadline.left() / 2, FAREWELL) if request.farewell else deadline.patience()
        # One sender a request: it would keep cookies.
        sender = Sender(
            use_proxy=self.use_proxy,
            timeout=left,
            http_agent="wabiz.monitoring",
            force_basic_auth=False,
            follow_redirects="none",
            # Its own way to unpack knows no limit, and no chunks.
            decompress=False,
            use_netrc=False,
            context=context,
        )
        self.sends(request.headers.get("Authorization", "").partition(" ")[2])
        headers = {"Accept": "application/json", "Accept-Encoding": body.ACCEPTED, **self.headers, **request.headers}
        try:
            try:
                response = sender.open(request.method, self.url + request.path, headers=headers)
            except urllib.error.HTTPError as error:
                # Every status but those of success; it can be read like an answer.
                response = error
            with response:
                told = response.headers.get("Content-Encoding", "")
                content = b"" if request.farewell else body.gather(_chunks(response, deadline), told)
                return Reply(response.getcode(), content, response.headers.get("Location", ""))
        except (OSError, http.client.HTTPException, zlib.error, UnicodeError) as error:
            if deadline.over:
                raise deadline.trouble(functions(error)) from error
            raise explain(error, self._way()) from error

    def _way(self) -> Way:
        parts = urlsplit(self.url)
        proxied = self.use_proxy and parts.scheme in urllib.request.getproxies()
        return Way(
            where=clean(parts.netloc),
            address="url or hostname",
            ca="ca_path",
            client_cert="client_cert",
            no_proxy="name the host in no_proxy, or set use_proxy to false",
            proxied=proxied and not urllib.request.proxy_bypass(parts.netloc),
        )


def redaction(params: Mapping[str, Any]) -> Redaction:
    """What hides the secrets of a module's options in all that it returns.

    Ansible hides those itself, but neither parts of them, nor what is made of them, nor the tokens of the server.
    """
    given = Credentials(params["username"], params["password"], params["token"])
    return Redaction(given, map(str, (params["headers"] or {}).values()), os.environ)


def from_params(params: Mapping[str, Any], sends: Callable[[str], object] = lambda secret: None) -> Api:
    """The API that a module's options name. Raises Misuse, with a sentence for the user."""
    timeout = params["timeout"]
    if not 0 < timeout <= _LONGEST_TIMEOUT:
        raise Misuse("timeout is a number of seconds, above 0 and up to %d" % _LONGEST_TIMEOUT)
    headers = {str(name): str(value) for name, value in (params["headers"] or {}).items()}
    for name, value in headers.items():
        check_header(name, value)
    return Api(
        url=_address(params),
        credentials=credentials(params["username"], params["password"], params["token"]),
        headers=headers,
        timeout=timeout,
        sends=sends,
        **{name: params[name] for name in ("validate_certs", "ca_path", "client_cert", "client_key", "use_proxy")},
    )


def failure(trouble: Trouble) -> Dict[str, str]:
    """What a module that fails returns: a message that says what is wrong and what to do, and the problem's name."""
    remedy = trouble.remedy[:1].upper() + trouble.remedy[1:]
    return {"msg": "%s. %s." % (trouble.text, remedy), "problem": trouble.problem}


def _address(params: Mapping[str, Any]) -> str:
    if params["url"]:
        return from_url(params["url"])
    if params["hostname"]:
        return from_host(params["hostname"], params["port"])
    endpoint = os.environ.get("WA_WEB_ENDPOINT")
    if endpoint:
        return from_endpoint(endpoint)
    raise Misuse("say where the API is: hostname, url, or WA_WEB_ENDPOINT in the environment")


def _chunks(response: Any, deadline: Deadline) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(_CHUNK)
        except ConnectionResetError:
            raise http.client.IncompleteRead(b"") from None
        if not chunk:
            break
        yield chunk
        deadline.left()
    # Python says nothing when the connection ends before the length that was announced.
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
