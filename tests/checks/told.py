# SPDX-License-Identifier: BSD-2-Clause
"""What is to be said of each peer, by every check and module: the problem, its sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from faults import SIZES

CURL = "see with curl what answers at this address: a proxy, a login page, another service"
FIELD = "this build writes the field in another way than the vendor says; see in its notes, or ask its vendor"
CUT = "a proxy or the front end cut it short: look at their logs"
PACKED = "a proxy or the front end does not pack it the way it says: look at their logs"
PASSWORDS = "put the user name and password right; nothing is known about the deployment until then"
LOCKED = "find what logs in with a wrong password from this address; the lock ends within the hour"
CLOSED = "look at the log of the web front end, or of a proxy before it"
BEHIND = "the web front end answers: look at its log, and at the nodes and the database behind it"
BEFORE = "look at the log of the proxy or gateway, and whether the web front end behind it runs"
SLOW = "the front end waits 10 s for every node that drops packets: look for a dead node, or raise the timeout"
PATH = "see whether the path in the address is right: before /v1 stands only what a gateway adds"
DIRECT = "see with curl where it leads, and give the address that answers itself"
PORT = "see whether this is the port of the web front end"
NO_HTTP = "see what listens on this port"
PROXY = "the proxy comes from https_proxy in the environment: put it right, or name the host in no_proxy"
GIVE_CA = "give that CA with --ca-file"
RIGHT_NAME = (
    "use a name that it was made for with -H or --url; only alternative names count, so that one with a common name "
    "alone is for no name"
)


class Told(NamedTuple):
    """What is said: `{where}` is the host and port that were asked, `{limit}` the time limit in seconds."""

    problem: str
    text: str
    """How the sentence begins."""
    remedy: str


Outcome = Told | None | tuple[Told, ...]
"""None: nothing is wrong, or nothing that matters. Several: which one is a matter of moments."""

IN_TIME = Told("timeout", "no complete answer from {where} within {limit} s", SLOW)
NO_HANDSHAKE = Told(
    "timeout",
    "{where} accepts connections, but does not complete the TLS handshake within {limit} s",
    f"{PORT}, and whether that is overloaded",
)
BREAKS = Told("invalid", "the answer of {where} breaks off", CUT)
GONE = Told("unreachable", "{where} closed the connection without an answer", CLOSED)
HUNG_UP = (GONE, GONE._replace(remedy=f"{CLOSED}; perhaps it wants a --client-cert"))
NO_TLS = Told("unreachable", "{where} does not speak TLS", PORT)
OLD_TLS = Told("unreachable", "{where} offers no TLS version that is safe (", "let it offer TLS 1.2 or newer")
ALERT = Told(
    "unreachable",
    "{where} ended the TLS handshake (",
    "see whether it wants a client certificate (--client-cert)",
)
LARGE = Told("invalid", "the answer is larger than 8 MiB", CURL)
UNPACKED = Told("invalid", "the answer of {where} cannot be unpacked", PACKED)
WITHHELD = "(withheld: it repeats a secret)"
ECHOED = Told("unreachable", "the API does not work: HTTP 500, error 1014: ", BEHIND)
NOT_QUOTED = Told("unreachable", "the API does not work: HTTP 500, error 1014", BEHIND)
REFUSED = "login of user monitor refused: "
PAGE = "not in the API's words: a proxy or gateway in between answers"
UNSOUND = "the answer is not sound JSON: "
MANY = Told("invalid", "the answer holds more than 32768 values", CURL)
DEEP = Told("invalid", "the answer is nested too deeply", CURL)


def _by_check(
    socket: Outcome, cluster: Outcome, space: Outcome, build: Outcome, clock: Outcome, every: Outcome
) -> Mapping[str, Outcome]:
    names = {"socket": socket, "cluster": cluster, "space": space, "build": build, "clock": clock, "all": every}
    return {**names, "support_facts": None, "health_gate": every}


def _redirect(status: int, target: str) -> Told:
    return Told("invalid", f"a redirect to {target} (HTTP {status}), which is not followed", DIRECT)


def _strange(how: str) -> Told:
    return Told("invalid", f"what {{where}} sends is no HTTP ({how})", NO_HTTP)


def _proxy(why: str) -> Told:
    return Told("unreachable", f"the proxy on the way to {{where}} failed: {why}", PROXY)


def _only_space(text: str) -> Mapping[str, Outcome]:
    return _by_check(None, None, Told("invalid", text, FIELD), None, None, Told("invalid", f"space: {text}", FIELD))


def _every_field(what: str) -> Mapping[str, Outcome]:
    def told(field: str, kind: str = "text") -> Told:
        return Told("invalid", f"{field} is {what} where {kind} belongs", FIELD)

    return _by_check(
        told("socket_conn"),
        None,
        told("free_space_data", "a number of bytes"),
        told("expire_timestamp"),
        told("device_iso8601"),
        told("socket: socket_conn"),
    )


_NO_TIME = "where a time such as 2018-09-27T14:26:07 belongs"
_NO_WORD = Told(
    "socket-unknown",
    f"in no known socket state (socket_conn {WITHHELD})",
    "look at the node's log; report the word if it is a new one",
)
_NOBODY = Told(
    "shard-unowned",
    "nobody owns any shard",
    "bring a coreapp back; if it does not take the shard, look at the primary master's log",
)
_ALL_NOBODY = _NOBODY._replace(text=f"socket: {_NOBODY.text}")
_NOT_TOLD = Told(
    "missing",
    "it cannot be told who owns the shards, as what wa1 coreapp owns is not told",
    "find out from the nodes' logs who owns them: messages of a shard that nobody owns stand still",
)
_ALL_NOT_TOLD = _NOT_TOLD._replace(text=f"socket: {_NOT_TOLD.text}")
_LACKS = "this build may not report the field; if that is so for good, set --state missing=ok"

_WANTS_PASSWORD = Told("unreachable", "the proxy on the way to {where} wants a password (HTTP 407)", PROXY)
_SILENT_PROXY = Told(
    "timeout",
    "the proxy on the way to {where} did not answer within {limit} s",
    "see whether the proxy that https_proxy in the environment names works",
)
_WRONG = Told("unauthorized", REFUSED + "wrong user name or password (HTTP 401)", PASSWORDS)
_ELSEWHERE = Told("invalid", "a redirect to ", DIRECT)

TOLD: Mapping[str, Outcome | Mapping[str, Outcome]] = {
    # On the way.
    "name that nobody has": Told(
        "unreachable",
        "the name in {where} cannot be resolved",
        "see whether the name is right and the resolver answers",
    ),
    "resolver says nothing": Told(
        "timeout",
        "the name in {where} was not resolved within {limit} s",
        "see whether the resolver of this host answers",
    ),
    "refuses connections": Told(
        "unreachable",
        "{where} refuses connections",
        "see whether the web front end runs and listens on this port",
    ),
    "drops packets": Told(
        "timeout",
        "no connection with {where} within {limit} s",
        "packets are lost on the way: see whether the host is up, what firewalls do, and the proxy if there is one",
    ),
    "TLS 1.0 only": OLD_TLS,
    "TLS 1.1 only": OLD_TLS,
    "certificate without identifiers of keys": None,
    **dict.fromkeys(
        (
            *("certificate with a common name only", "common name beside an address"),
            *("common name beside a mail address", "common name beside a URI", "certificate for another name"),
        ),
        Told("unreachable", "the certificate of {where} is for another name", RIGHT_NAME),
    ),
    **dict.fromkeys(
        ("address as a name", "address as a common name", "certificate for another address"),
        Told("unreachable", "the certificate of {where} is for another address", RIGHT_NAME),
    ),
    "wants a client's certificate": (ALERT, *HUNG_UP),
    "certificate of an unknown CA": Told("unreachable", "the certificate of {where} is of an unknown CA", GIVE_CA),
    "certificate that signs itself": Told(
        "unreachable", "the certificate of {where} is self-signed", "give it with --ca-file"
    ),
    "certificate that has expired": Told("unreachable", "the certificate of {where} has expired", "renew it"),
    "certificate that is not valid yet": Told(
        "unreachable", "the certificate of {where} is not valid yet", "see whether this host's clock is right"
    ),
    "proxy wants a password": _WANTS_PASSWORD,
    "proxy refuses": _proxy("it answered with HTTP 403"),
    "proxy finds nobody": _proxy("it answered with HTTP 503"),
    "proxy says nothing": _SILENT_PROXY,
    "proxy hangs up": _proxy("the connection was closed without an answer"),
    "proxy speaks no HTTP": _proxy("no status line"),
    "proxy redirects": _proxy("it answered with HTTP 302"),
    "proxy says more than it was asked": _proxy("more than an answer"),
    "proxy speaks another protocol": _proxy("another protocol than was asked for"),
    # What comes later than its answer is taken for the beginning of TLS.
    "proxy answers without end": (_proxy("more than an answer"), NO_TLS),
    "proxy refuses without end": _proxy("it answered with HTTP 403"),
    "proxy refuses in chunks without end": _WANTS_PASSWORD,
    "proxy has a status line without end": _proxy("a line without end"),
    "proxy has a header without end": _proxy("a line without end"),
    "proxy has headers without end": _proxy("headers without end"),
    "proxy has interim answers without end": _proxy("interim answers without end"),
    "proxy drips": _SILENT_PROXY,
    "proxy is not there": _proxy(""),
    # Faults of the server.
    "healthy": None,
    "says nothing": NO_HANDSHAKE,
    "closes at once": HUNG_UP,
    "resets at once": HUNG_UP,
    "speaks plain HTTP": NO_TLS,
    "speaks something else": NO_TLS,
    "ends the handshake": ALERT,
    "drips the handshake": NO_HANDSHAKE,
    "says nothing within TLS": IN_TIME,
    "closes within TLS": HUNG_UP,
    "speaks no HTTP": _strange("no status line"),
    "login: empty 401": _WRONG,
    "login: password must change": Told(
        "unauthorized", REFUSED + "its password must be changed first (HTTP 401)", PASSWORDS
    ),
    "login: 403": Told("unauthorized", "login of user monitor refused (HTTP 403, error 1005)", PASSWORDS),
    "login: locked out": Told("throttled", REFUSED + "too many failed logins from this address (HTTP 429)", LOCKED),
    "login: 500": Told("unreachable", "the API does not work: HTTP 500, error 1023", BEHIND),
    "login: a page": Told("invalid", "an HTML page came instead of JSON: it calls itself 'Sign in'", CURL),
    "login: no path": Told("invalid", f"nothing at /v1/users/login (HTTP 404, {PAGE})", PATH),
    "login: redirect": _redirect(302, "https://{where}/..."),
    "login: no token": Told("invalid", "the answer to the login holds no token", CURL),
    "login: odd users": Told("invalid", "the answer to the login holds no token", CURL),
    "login: forged token": Told("invalid", "the answer to the login holds no token", CURL),
    "login: endless token": None,
    "login: redirect with an endless body": _redirect(302, "https://wa.example"),
    "login: redirect to half an address": _ELSEWHERE,
    "login: redirect to the secret": _ELSEWHERE,
    "login: chunks without end": LARGE,
    "login: a chunk of size '-1'": _strange("a chunk without a sound size"),
    "login: 401 with an endless body": _WRONG,
    "login: cut": Told("invalid", "the answer breaks off after 16 bytes", CUT),
    "login: says nothing": IN_TIME,
    "login: echoes": NOT_QUOTED,
    "login: echoes in full": NOT_QUOTED,
    "login: echoes cut": NOT_QUOTED,
    "login: echoes in a page": Told(
        "invalid", f"an HTML page came instead of JSON: it calls itself '{WITHHELD}'", CURL
    ),
    "logout: 500": None,
    "logout: closes": None,
    **dict.fromkeys(
        (
            *("logout: says nothing", "logout: drips", "logout: drips the body", "logout: redirects and drips"),
            *("logout: redirects with an endless body", "logout: chunks without end", "logout: headers without end"),
        )
    ),
    "204": Told("invalid", "an unexpected answer from /v1/support (HTTP 204)", CURL),
    "301": _redirect(301, "https://{where}/..."),
    "302": _redirect(302, "https://{where}/..."),
    "307": _redirect(307, "https://{where}/..."),
    "redirect to another host": _redirect(302, "https://127.0.0.1:{port}/..."),
    "redirect in a circle": _redirect(308, "https://{where}/..."),
    "redirect to nowhere": _redirect(302, "nowhere"),
    "redirect with syntax": _redirect(302, "https://x/..."),
    "redirect with an endless body": _redirect(302, "https://wa.example"),
    "redirect with a bomb": _redirect(302, "https://wa.example"),
    "redirect to half an address": _ELSEWHERE,
    "redirect to a byte that is no letter": _redirect(302, "https://x/..."),
    "redirect to a place without end": _ELSEWHERE,
    "redirect to the secret": _ELSEWHERE,
    "401 with an endless body": Told("unauthorized", "the token just given out is refused (HTTP 401)", PASSWORDS),
    "404 with a bomb": Told("invalid", "nothing at /v1/support (HTTP 404)", PATH),
    "500 with an endless body": Told("unreachable", "the API does not work: HTTP 500", BEHIND),
    "400": Told("invalid", "an unexpected answer from /v1/support (HTTP 400, error 1000: Generic error (what?))", CURL),
    "401": Told("unauthorized", "the token just given out is refused (HTTP 401)", PASSWORDS),
    "401 once": None,
    "401 empty": Told("unauthorized", "the token just given out is refused (HTTP 401)", PASSWORDS),
    "403": Told("unauthorized", "not allowed to read /v1/support (HTTP 403, error 1005)", PASSWORDS),
    "403 page": Told("unauthorized", f"not allowed to read /v1/support (HTTP 403, {PAGE})", PASSWORDS),
    "404": Told("invalid", "nothing at /v1/support (HTTP 404, error 1006: Resource not found)", PATH),
    "404 page": Told("invalid", f"nothing at /v1/support (HTTP 404, {PAGE})", PATH),
    "407": Told(
        "unreachable",
        "the proxy wants a password (HTTP 407)",
        "put it into the proxy's address in the environment",
    ),
    "429": Told("throttled", "too many requests (HTTP 429, error 1015: Too many requests (slow down))", LOCKED),
    "500": Told(
        "unreachable", "the API does not work: HTTP 500, error 1014: Internal error (node is unreachable)", BEHIND
    ),
    "500 empty": Told("unreachable", "the API does not work: HTTP 500", BEHIND),
    "500 odd": Told("unreachable", f"the API does not work: HTTP 500, {PAGE}", BEFORE),
    "502 page": Told("unreachable", f"the API does not work: HTTP 502, {PAGE}", BEFORE),
    "503": Told("unreachable", "the API does not work: HTTP 503, error 1016: Service unavailable", BEHIND),
    "504 page": Told("unreachable", f"the API does not work: HTTP 504, {PAGE}", BEFORE),
    "555": Told("unreachable", f"the API does not work: HTTP 555, {PAGE}", BEFORE),
    "echoes": ECHOED,
    "echoes in full": ECHOED,
    "echoes cut": ECHOED,
    "echoes in a page": Told("invalid", f"an HTML page came instead of JSON: it calls itself '{WITHHELD}'", CURL),
    "echoes in an answer": _by_check(
        _NO_WORD,
        None,
        Told("invalid", f"free_space_logs is '{WITHHELD}' where a number of bytes belongs", FIELD),
        Told("invalid", f"expire_timestamp is '{WITHHELD}' where a time such as", FIELD),
        None,
        Told("socket-unknown", "socket: " + _NO_WORD.text, _NO_WORD.remedy),
    ),
    "echoes as the place": _redirect(302, WITHHELD),
    "a page": Told("invalid", "an HTML page came instead of JSON: it calls itself 'Welcome'", CURL),
    "a page with syntax": Told(
        "invalid", "an HTML page came instead of JSON: it calls itself 'a / b=1;2 [31m &lt;'", CURL
    ),
    "empty": Told("invalid", "the answer is empty", CURL),
    "an error with 200": Told(
        "unreachable", "the API answered with error 1014: Internal error (database gone)", BEHIND
    ),
    "no support": Told("invalid", "the answer holds no 'support', so it is not that of /v1/support", CURL),
    "half the JSON": Told("invalid", "the answer breaks off after ", CUT),
    "half the body": BREAKS,
    "half a chunk": BREAKS,
    "no last chunk": BREAKS,
    "no chunk": _strange("a chunk without a sound size"),
    "half the head": BREAKS,
    "no answer": GONE,
    "reset": GONE,
    # What has come in is lost by a reset, if nobody has read it yet.
    "reset within the body": (BREAKS, GONE),
    "no status line": _strange("no status line"),
    "endless header": _strange("a line without end"),
    "too many headers": _strange("headers without end"),
    "too large": LARGE,
    "too large when unpacked": LARGE,
    "packed": None,
    "badly packed": UNPACKED,
    "bombs within a bomb": UNPACKED,
    "packed in a way nobody asked for": UNPACKED,
    "half packed": BREAKS,
    "gigabytes": LARGE,
    "chunks without end": LARGE,
    "packed pieces of nothing": UNPACKED,
    "packed blocks of nothing": LARGE,
    **{f"a chunk of size {size!r}": _strange("a chunk without a sound size") for size in SIZES},
    "a chunk size without end": _strange("a line without end"),
    "a chunk extension without end": _strange("a line without end"),
    "chunks without number": _strange("chunks without number"),
    "a chunk that is longer than its size": _strange("a chunk that is longer than its size"),
    "a chunk that is shorter than its size": BREAKS,
    "a trailer without end": _strange("a line without end"),
    "trailers without end": _strange("headers without end"),
    "a status line without end": _strange("a line without end"),
    "a header without end": _strange("a line without end"),
    "headers without end": _strange("headers without end"),
    "a header that goes on without end": _strange("headers without end"),
    "interim answers without end": _strange("interim answers without end"),
    "an interim answer": None,
    "another protocol": _strange("another protocol than was asked for"),
    "a coding that was not asked for": _strange("a transfer encoding that was not asked for"),
    "two lengths": _strange("more than one length"),
    "one length twice": None,
    "a length below nothing": _strange("no sound length"),
    "a length beyond all numbers": _strange("no sound length"),
    "a length that is none": _strange("no sound length"),
    "more than the answer": None,
    "hundreds of nodes with all their fields": _by_check(_NOBODY, _NOBODY, None, None, None, _ALL_NOBODY),
    "as many nodes as are believed": _by_check(
        _NOBODY,
        _NOBODY,
        Told("missing", "no free_space_data, ", _LACKS),
        Told("missing", "no expire_timestamp in the answer of ", _LACKS),
        Told("missing", "no device_iso8601 in the answer of ", _LACKS),
        _ALL_NOBODY,
    ),
    "more nodes than there can be": Told("invalid", "the answer names 193 nodes; more than 192 are not believed", CURL),
    "another type": None,
    "no type": None,
    "a byte order mark": None,
    "UTF-16": Told("invalid", "the answer is not UTF-8 text (byte 0)", CURL),
    "UTF-32": Told("invalid", "the answer is not UTF-8 text (byte 0)", CURL),
    "Latin-1": Told("invalid", "the answer is not UTF-8 text (byte ", CURL),
    "NUL": Told("invalid", "the answer is not JSON: Invalid control character at byte ", CURL),
    "NUL, escaped": None,
    "lone surrogates": None,
    "a key twice": Told("invalid", UNSOUND + "'socket_conn' stands twice in one object", CURL),
    "NaN": Told("invalid", UNSOUND + "NaN is no JSON number", CURL),
    "Infinity": Told("invalid", UNSOUND + "-Infinity is no JSON number", CURL),
    "a number beyond all floats": _only_space("free_space_logs is inf where a number of bytes belongs"),
    "400 digits": None,
    "5000 digits": Told("invalid", UNSOUND, CURL),
    "lists without number": MANY,
    "lists without number, late": (DEEP, IN_TIME),
    "objects without number, late": (MANY, IN_TIME),
    "values without number, late": (MANY, IN_TIME),
    "closing brackets in a text": MANY,
    "closing brackets in a text, late": (MANY, IN_TIME),
    "quotes and closing brackets": MANY,
    "one text of 8 MiB": Told("invalid", "the answer says little for its size: ", CURL),
    "100000 lists": DEEP,
    "100000 objects": DEEP,
    "as many entries as are believed": None,
    "more entries than are believed": Told(
        "invalid", "the answer lists 16193 entries in the fields of its nodes; more than 8192 are not believed", CURL
    ),
    "as much as is believed": None,
    "as much as is believed, in wide letters": None,
    "no fields": Told("invalid", "the answer has nothing under 'support'", CURL),
    "support is null": Told("invalid", "the answer has null as 'support', so it is not that of /v1/support", CURL),
    "support is a list": Told("invalid", "the answer has a list as 'support', so it is not that of /v1/support", CURL),
    "every field is null": _every_field("null"),
    "every field is a list": _every_field("a list"),
    "less than nothing is free": _only_space("free_space_logs is -1 where a number of bytes belongs"),
    "times that are none": _by_check(
        None,
        None,
        None,
        Told("invalid", f"expire_timestamp is 'soon' {_NO_TIME}", FIELD),
        Told("invalid", f"device_iso8601 is '2018-99-99T99:99:99' {_NO_TIME}", FIELD),
        Told("invalid", f"build: expire_timestamp is 'soon' {_NO_TIME}", FIELD),
    ),
    "shards without end": _by_check(_NOT_TOLD, _NOT_TOLD, None, None, None, _ALL_NOT_TOLD),
    "says nothing to the request": IN_TIME,
    "slow at each step": IN_TIME,
    "drips the head": IN_TIME,
    "drips the body": IN_TIME,
    "drips chunks": IN_TIME,
    "stops within the body": IN_TIME,
}


def _rows(outcome: Outcome | Mapping[str, Outcome]) -> tuple[Told, ...]:
    if outcome is None or isinstance(outcome, Mapping):
        return ()
    return (outcome,) if isinstance(outcome, Told) else outcome


WAITING = frozenset(name for name, outcome in TOLD.items() if any(row.problem == "timeout" for row in _rows(outcome)))
"""The peers that make a run wait for as long as it will."""


ENOUGH = 20
"""Seconds in which a run comes to its end where it need not wait, however busy the machine is."""


def is_late(peer: str) -> bool:
    """Whether it answers when the time is nearly up."""
    return peer.endswith(", late")


def limit_of(peer: str) -> float:
    """Seconds that a run has: few where it is known to wait, and enough elsewhere."""
    if is_late(peer):
        return 3
    return 1 if peer in WAITING else ENOUGH


def told(peer: str, check: str) -> tuple[Told, ...]:
    """What a check, or a module, may say of a peer; nothing where all is well."""
    outcome = TOLD[peer]
    return _rows(outcome[check] if isinstance(outcome, Mapping) else outcome)


# The options of the modules have other names.
_OPTIONS = (
    ("-H or --url", "url or hostname"),
    ("--ca-file", "ca_path"),
    ("--client-cert", "client_cert"),
    ("in no_proxy", "in no_proxy, or set use_proxy to false"),
)


def in_modules_words(text: str) -> str:
    """What a check says, in the words of a module."""
    for theirs, ours in _OPTIONS:
        text = text.replace(theirs, ours)
    return text
