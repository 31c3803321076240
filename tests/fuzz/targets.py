# SPDX-License-Identifier: BSD-2-Clause
"""What is fuzzed: from bytes to plugin output, and from words to limits. Each raises only when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone

from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deployment import parse
from wabiz_monitoring._core.facts import facts, from_facts
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.limits import SUBJECTS, parse_limits
from wabiz_monitoring._core.policy import Policy
from wabiz_monitoring._core.ranges import LEAST, MOST, parse_range
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._core.result import from_trouble
from wabiz_monitoring._core.units import BYTES, SECONDS
from wabiz_monitoring.plugin.lines import lines

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
PLACE = Redaction()
POLICY = Policy(now=NOW, asked_at=NOW)
PROBES = (-1e18, -301.0, -1.0, 0.0, 0.5, 1.0, 300.0, 2.0**30, 2.0**62, 1e30)


def answer(data: bytes) -> None:
    """Any body is a deployment or a Trouble, and its output is a plugin's."""
    try:
        deployment = parse(data, PLACE)
    except Trouble as trouble:
        printed(lines(from_trouble("all", trouble, POLICY), 1))
        return
    result = judge("all", deployment, POLICY)
    printed(lines(result, 1))
    gathered = from_facts(json.loads(json.dumps(facts(deployment, NOW))), PLACE)
    again = judge("all", gathered.deployment, POLICY)
    if again.state != result.state:
        raise AssertionError(f"{result.state} became {again.state} on the way through facts")


def printed(output: list[str]) -> None:
    """Hold plugin output to what an engine's parser needs."""
    status, _bar, numbers = output[0].partition(" | ")
    if not status.startswith("WABIZ ALL ") or "|" in status or "|" in numbers:
        raise AssertionError(f"no status line: {output[0]!r}")
    for line in output:
        if not line.isprintable() or (line is not output[0] and "|" in line):
            raise AssertionError(f"not fit for an engine: {line!r}")
        line.encode("utf-8")
    for word in numbers.split():
        label, equals, value = word.partition("=")
        if not equals or not label.strip("'") or not value or "e" in value.partition(";")[0].rstrip("Bs").lower():
            raise AssertionError(f"no performance data: {word!r}")


def threshold(data: bytes) -> None:
    """Any words are limits or a ValueError of one printable line, and a range reads back as itself."""
    text = data.decode("utf-8", "surrogateescape")
    for check in ("all", "space", "clock"):
        warning, _bar, critical = text.partition("\n")
        try:
            limits = parse_limits(check, [warning], [critical] if critical else [])
        except ValueError:
            continue
        if set(limits) != set(SUBJECTS):
            raise AssertionError("a subject without a limit")
    for unit, bare in ((BYTES, LEAST), (SECONDS, MOST)):
        try:
            limit = parse_range(text, unit, bare)
        except ValueError:
            continue
        if limit.never_alerts():
            continue
        # Performance data round to a thousandth; what is told must be what is judged wherever that is exact.
        told = str(limit)
        again = parse_range(told if ":" in told or told.startswith("@") else f"0:{told}", unit, bare)
        exact = (again.start, again.end) == (limit.start, limit.end)
        for value in PROBES:
            if exact and limit.alerts(value) != again.alerts(value):
                raise AssertionError(f"{text!r} became {told!r}")


TARGETS: dict[str, Callable[[bytes], None]] = {"answer": answer, "threshold": threshold}
