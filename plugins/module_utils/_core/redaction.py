# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The place where foreign text becomes part of what is said: compared with every secret of the run, then cleaned.

All secrets are known before anything is sent, those that are made of others too: a header of HTTP Basic, a header's
value without its scheme, the values of a cookie. A token that a login gives is learned before it is used.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import unquote

from .disguise import Secrets
from .text import LONGEST_WORD, WITHHELD, Foreign, Message, Place, clean, clean_name

if TYPE_CHECKING:
    from .session import Credentials

SHORTEST_KEY = 12
"""A header that does not call itself a secret, and whose value is shorter, tells sites or tenants apart."""

_TELLING_NAMES = "(?i)auth|cookie|cred|jwt|key|pass|secret|session|sig|token"
# What stands in the path of an address for people to read is shorter, or a word.
_LOOKS_LIKE_KEY = r"(?=.*[0-9])(?=.*[A-Za-z]).{8,}|.{20,}"
# Headers that say who is asked, by whom, for whom, and in which letters; what stands in them is in every log.
_SAYS_WHERE = (
    "(?i)(accept(-.+)?|connection|forwarded|from|host|origin|referer|user-agent|via|x-forwarded-.+|x-real-ip"
    "|x-(tenant|site|region|zone|env|environment|cluster|stage)(-(id|name))?)"
)
# `name=value`, as in what Digest, AWS and others put behind their scheme.
_PARTS = r"""([\w.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'?([^\s;,&'"]+))"""
# Those among them that say by whom, for what and how it is asked.
_SAYS_WHO = (
    "(?i)(algorithm|charset|client|created|date|domain|expires|headers|id|keyid|max-age|method|nc|path|qop|realm|region"
    "|role|service|signedheaders|site|stale|tenant|type|uri|user|userhash|username|v|version|zone)"
)
_REMEMBERED = 4096
_LONGEST_REMEMBERED = 200

# Whoever sends one of the vendor's own words says nothing of a secret.
_DOCUMENTED = frozenset(
    (
        *("UP", "DN", "SC", "UP receiving offline", "UNK", "primary_master", "secondary_master", "coreapp"),
        *("healthcheck", "MYSQL", "PGSQL", "unregistered", "ZZ"),
    )
)


class Redaction(Place):
    """The place of one run, with its secrets."""

    def __init__(
        self,
        credentials: Optional[Credentials] = None,
        headers: Optional[Mapping[str, str]] = None,
        environment: Optional[Mapping[str, str]] = None,
        address: str = "",
    ) -> None:
        """`headers` are those for a gateway; passwords of proxies are in the environment, keys in an address' path."""
        self._untold: List[Tuple[str, bool]] = []
        self._secrets: Optional[Secrets] = None
        self._shown: Dict[Tuple[str, int], Message] = {}
        if credentials is not None:
            self._learn_login(credentials.username, credentials.password)
            self.learn(credentials.token or "")
        for name, value in (headers or {}).items():
            if re.fullmatch(_SAYS_WHERE, name):
                continue
            for told, secret in _of_header(name, value):
                self.learn(secret, bool(re.search(_TELLING_NAMES, told)) or len(secret) >= SHORTEST_KEY)
        for name, value in (environment or {}).items():
            if name.lower().endswith("_proxy") and "@" in value:
                self._learn_proxy(value)

        for segment in address.partition("://")[2].split("/")[1:]:
            for spelled in (segment, unquote(segment)):
                if re.fullmatch(_LOOKS_LIKE_KEY, spelled):
                    self.learn(spelled)

    def learn(self, secret: str, certain: bool = True) -> None:
        """Show nothing of this one, either: of a token that a login gave, say.

        What is not `certain` to be a secret may be the name of a node all the same.
        """
        if secret and (secret, certain) not in self._untold:
            # Taken apart when it is first needed: most runs show no foreign text at all.
            self._untold.append((secret, certain))
            self._secrets = None
            self._shown.clear()

    def foreign(self, raw: str, longest: int = LONGEST_WORD) -> Foreign:
        """Text from outside, which is shown here."""
        return Foreign(raw, self, longest)

    def show(self, raw: str, longest: int = LONGEST_WORD) -> Message:
        """The text as it may be shown; one that repeats a secret is withheld whole."""
        if raw in _DOCUMENTED:
            return Message(raw)
        shown = self._shown.get((raw, longest))
        if shown is None:
            near = raw[: longest * 4]
            shown = WITHHELD if self._gives_away(near, [near]) else Message(clean(raw, longest))
            if len(raw) <= _LONGEST_REMEMBERED and len(self._shown) < _REMEMBERED:
                self._shown[raw, longest] = shown
        return shown

    def show_names(self, raws: Sequence[str]) -> List[Message]:
        """The same for names of nodes, in letters that look like no others.

        Labels and patterns are made of them, so they are withheld only for what is certain to be a secret.
        """
        near = [raw[: LONGEST_WORD * 4] for raw in raws]
        # A clean bill for all is one for each, and much quicker had: a cluster may have thousands of nodes.
        if not self._gives_away("\n".join(near), [part for raw in near for part in raw.split(":")], words=False):
            return [Message(clean_name(raw)) for raw in raws]
        withheld = (self._gives_away(raw, raw.split(":"), words=False) for raw in near)
        return [WITHHELD if repeats else Message(clean_name(raw)) for repeats, raw in zip(withheld, raws)]

    def repeats(self, raw: str) -> bool:
        """Whether the text repeats a secret, in whatever clothes."""
        return self._known.repeated_in(raw)

    def _gives_away(self, raw: str, parts: Sequence[str], words: bool = True) -> bool:
        """Whether a text repeats a secret, or its parts complete what has been shown of one so far."""
        return self._known.repeated_in(raw, words) or self._known.completed_by(parts)

    @property
    def _known(self) -> Secrets:
        if self._secrets is None:
            self._secrets = Secrets()
            for secret, certain in self._untold:
                (self._secrets.learn if certain else self._secrets.learn_word)(secret)
        return self._secrets

    def _learn_login(self, username: Optional[str], password: Optional[str]) -> None:
        if not password:
            return
        self.learn(password)
        for letters in ("utf-8", "latin-1"):
            pair = ("%s:%s" % (username or "", password)).encode(letters, "replace")
            self.learn(base64.b64encode(pair).decode("ascii"))

    def _learn_proxy(self, address: str) -> None:
        # With a scheme or without, as everything that reads these variables takes both.
        user, colon, password = address.rpartition("@")[0].rpartition("//")[2].partition(":")
        if not colon:
            # Where there is no password the name is one: a token, say.
            self.learn(user, len(user) >= SHORTEST_KEY)
            self.learn(unquote(user), len(user) >= SHORTEST_KEY)
            return
        self.learn(password)
        self._learn_login(unquote(user), unquote(password))
        self._learn_login(user, password)


def _of_header(name: str, value: str) -> Iterator[Tuple[str, str]]:
    """The secrets in a header, each with what it is called: its value, what follows its scheme, what is in that."""
    yield name, value
    _scheme, _blank, rest = value.partition(" ")
    if rest:
        yield name, rest.strip()
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            pair = ""
        yield name, pair.partition(":")[2]
    if name.lower() == "cookie":
        for cookie in value.split(";"):
            yield name, cookie.partition("=")[2].strip()
    elif "=" in value:
        for part, quoted, plain in re.findall(_PARTS, value):
            if not re.fullmatch(_SAYS_WHO, part):
                yield "%s %s" % (name, part), quoted or plain
