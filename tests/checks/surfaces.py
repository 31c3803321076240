# SPDX-License-Identifier: BSD-2-Clause
"""Every place of an answer, or of what goes wrong, where a word of others may stand, and all that comes of it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from documents import NOW, POLICY, UNREACHABLE, cluster, document, fields, high_availability, single, standby
from wabiz_monitoring._core import failure
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deployment import Deployment, parse
from wabiz_monitoring._core.facts import facts
from wabiz_monitoring._core.gate import Terms, open_gate
from wabiz_monitoring._core.http import LOGIN, SUPPORT, Reply, refuse
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._core.result import from_trouble
from wabiz_monitoring._core.text import say
from wabiz_monitoring.plugin.as_json import as_json
from wabiz_monitoring.plugin.lines import lines

Said = Deployment | Trouble
Place = Callable[[str, Redaction], Said]


def _in_answer(make: Callable[[str], bytes]) -> Place:
    return lambda word, place: _heard(lambda: parse(make(word), place))


def _in_refusal(status: int, path: str, body: Callable[[str], bytes], location: str = "") -> Place:
    def said(word: str, place: Redaction) -> Said:
        where = SUPPORT if path == "support" else LOGIN
        reply = Reply(status, body(word), location.replace("WORD", word))
        return _heard(lambda: refuse(reply, where, place))

    return said


def _in_failure(error: Callable[[str], BaseException], proxied: bool = False) -> Place:
    def said(word: str, place: Redaction) -> Said:
        here = say("wa.example:9090")
        way = failure.Way(here, place, say("-H"), say("--ca-file"), say("--client-cert"), say("no_proxy"), proxied)
        return failure.explain(error(word), way)

    return said


def _heard(said: Callable[[], Deployment]) -> Said:
    try:
        return said()
    except Trouble as trouble:
        return trouble


def _envelope(title: str, details: str) -> bytes:
    return json.dumps({"errors": [{"code": 1014, "title": title, "details": details}]}).encode()


def _silent(title: str, details: str) -> dict[str, Any]:
    return {"errors": [{"code": 1014, "title": title, "details": details}]}


def _every_text(word: str) -> dict[str, Any]:
    texts = ("context", "db_engine", "description", "lc", "lg", "os_name", "os_version", "version", "socket_conn")
    return {**dict.fromkeys(texts, word), "db_info": [word], "env": [f"A={word}"], "e2e": {"a": word}}


def _untrusted(word: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code, error.verify_message = 99, word
    return error


def _handshake(word: str) -> ssl.SSLError:
    error = ssl.SSLError("handshake")
    error.reason = word
    return error


PLACES: Mapping[str, Place] = {
    "the key of a node": _in_answer(
        lambda word: cluster({f"{word}:c1": fields(), "wa2:c2": standby(), "wa3": UNREACHABLE})
    ),
    "the container of a node": _in_answer(lambda word: cluster({f"wa1:{word}": fields(), f"wa2:x{word}": UNREACHABLE})),
    "the title of a node's error": _in_answer(lambda word: cluster({"wa1:c1": fields(), "wa2:c2": _silent(word, "x")})),
    "the details of a node's error": _in_answer(
        lambda word: cluster({**high_availability(), "wa3:c3": _silent("x", word)})
    ),
    "title and details, half each": _in_answer(
        lambda word: cluster({"wa1:c1": fields(), "wa2:c2": _silent(word[: len(word) // 2], word[len(word) // 2 :])})
    ),
    "every text of a node": _in_answer(lambda word: single(**_every_text(word))),
    "the role of a node": _in_answer(lambda word: cluster({"wa1:c1": fields(role=word), "wa2:c2": standby()})),
    "a version that differs": _in_answer(
        lambda word: cluster({"wa1:c1": standby(version=word), "wa2:c2": standby(version="2"), "wa3:c3": standby()})
    ),
    "a description that differs": _in_answer(
        lambda word: cluster({"wa1:c1": standby(description=word), "wa2:c2": standby()})
    ),
    "a table of the schema": _in_answer(
        lambda word: cluster({"wa1:c1": standby(schema={word: 1, "x": word}), "wa2:c2": standby(schema={word: 2})})
    ),
    "the version of the front end": _in_answer(lambda word: document(high_availability(), meta={"version": word})),
    "a time that is none": _in_answer(lambda word: single(expire_timestamp=word, device_iso8601=f" {word}")),
    "a node that is no object": _in_answer(lambda word: document({"wa1:c1": {}, word: 5})),
    "a name that stands twice": _in_answer(lambda word: b"{%b: 1, %b: 2}" % ((json.dumps(word).encode(),) * 2)),
    "an error with HTTP 200": _in_answer(lambda word: _envelope(word, f"so {word}")),
    "the title of a page": _in_answer(lambda word: f"<html><title>Who is {word}?</title>".encode()),
    "the title of a refusal": _in_refusal(500, "support", lambda word: _envelope(word, "x")),
    "the details of a refusal": _in_refusal(400, "support", lambda word: _envelope("x", word)),
    "what is forbidden": _in_refusal(403, "support", lambda word: _envelope(word, word)),
    "a login that is refused": _in_refusal(500, "login", lambda word: _envelope(word, word)),
    "where a redirect points": _in_refusal(302, "support", lambda word: b"", "https://WORD/"),
    "where a login is sent on to": _in_refusal(307, "login", lambda word: b"", "https://WORD@x/"),
    "the reason of the system": _in_failure(lambda word: OSError(5, word)),
    "the reason of a proxy": _in_failure(lambda word: OSError(f"Tunnel connection failed: 502 {word}"), True),
    "what a certificate is": _in_failure(_untrusted),
    "why a handshake fails": _in_failure(_handshake),
    "what is no HTTP": _in_failure(failure.NotHttp),
}
"""Where the word stands, by what it is there."""

NOT_QUOTED = ("what is forbidden", "a login that is refused")
"""Of what refuses a secret nothing is shown but numbers."""


def outputs(name: str, word: str, place: Redaction) -> Iterator[str]:
    """All that is printed, or returned, when a word stands there."""
    yield from told_of(PLACES[name](word, place), place)


def told_of(said: Said, place: Redaction) -> Iterator[str]:
    """All that is printed, or returned, when that is what was said."""
    for check in ("socket", "cluster", "space", "build", "clock", "all"):
        trouble = isinstance(said, Trouble)
        result = from_trouble(check, said, POLICY) if isinstance(said, Trouble) else judge(check, said, POLICY)
        yield "\n".join(lines(result, 3))
        yield as_json(result, [])
        if trouble:
            break
    verdict = open_gate(Terms(fail_on=("critical", "unknown", "warning")), said, NOW, NOW, place)
    yield json.dumps(verdict._asdict() | {"state": verdict.state.name})
    if not isinstance(said, Trouble):
        yield json.dumps(facts(said, NOW, with_env=True))
