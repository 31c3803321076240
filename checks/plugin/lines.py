# SPDX-License-Identifier: BSD-2-Clause
"""A result as plugin output: nagiosplugin's check and its parts, with their sharp edges taken off.

nagiosplugin ranks UNKNOWN above CRITICAL, prints through a process-wide runtime, writes its own warnings below the
performance data, and lets line breaks, booleans and exponents pass. So its check, results, summary and performance data
are used, its runtime and output are not.
"""

from collections.abc import Iterator

import nagiosplugin
import nagiosplugin.state
from wabiz_monitoring._core.ranges import Range
from wabiz_monitoring._core.report import headline, metrics, observations, problems, sentence
from wabiz_monitoring._core.result import Metric, Result
from wabiz_monitoring._core.states import State
from wabiz_monitoring._core.text import Message, count, say
from wabiz_monitoring._core.units import plain

_STATES = {
    State.OK: nagiosplugin.Ok,
    State.WARNING: nagiosplugin.Warn,
    State.CRITICAL: nagiosplugin.Critical,
    State.UNKNOWN: nagiosplugin.Unknown,
}
_MOST_LINES = 20
"""Lines for findings; engines cut long output (Nagios at 8 KiB), and more than that nobody reads at night."""


class _Judged(nagiosplugin.Resource):  # type: ignore[misc]
    """A result that was judged already: what it found, and what it measured."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def probe(self) -> Iterator[nagiosplugin.Metric]:
        for pair in self._result.every_finding:
            yield nagiosplugin.Metric(pair[1].text, pair, context="finding")
        for metric in metrics(self._result):
            yield nagiosplugin.Metric(metric.label, metric, context="number")


class _FindingContext(nagiosplugin.Context):  # type: ignore[misc]
    def evaluate(self, metric: nagiosplugin.Metric, resource: nagiosplugin.Resource) -> nagiosplugin.Result:
        _check, finding = metric.value
        return nagiosplugin.Result(_STATES[finding.state], finding.text, metric)


class _NumberContext(nagiosplugin.Context):  # type: ignore[misc]
    def performance(self, metric: nagiosplugin.Metric, resource: nagiosplugin.Resource) -> nagiosplugin.Performance:
        number: Metric = metric.value
        return nagiosplugin.Performance(
            number.label,
            plain(number.value),
            number.unit,
            _bound(number.warning),
            _bound(number.critical),
            number.minimum,
            number.maximum,
        )


class _Results(nagiosplugin.Results):  # type: ignore[misc]
    """Results in our order of severity."""

    @property
    def most_significant_state(self) -> nagiosplugin.state.ServiceState:
        worst = max((State(int(state)) for state in self.by_state), key=lambda state: state.severity, default=State.OK)
        return _STATES[worst]


class _Summary(nagiosplugin.Summary):  # type: ignore[misc]
    def __init__(self, result: Result, verbose: int) -> None:
        self._result = result
        self._verbose = verbose

    def ok(self, results: nagiosplugin.Results) -> str:
        return headline(self._result)

    def empty(self) -> str:
        # Neither a finding nor a number: every volume is unlimited, say.
        return headline(self._result)

    def problem(self, results: nagiosplugin.Results) -> str:
        return headline(self._result)

    def verbose(self, results: nagiosplugin.Results) -> list[str]:
        lines = _explained(self._result, self._verbose)
        if self._verbose:
            # A line that began with a word of the server's might be a command to whatever reads it.
            lines += [say("- %s", line) for line in observations(self._result)]
        return list(lines)


def lines(result: Result, verbose: int) -> list[str]:
    """Plugin output: the status line with performance data, then what else there is to say, a line each."""
    check = nagiosplugin.Check(
        _Judged(result), _FindingContext("finding"), _NumberContext("number"), _Results(), _Summary(result, verbose)
    )
    check()
    state = State(check.exitcode) if check.results else State.OK
    status = f"WABIZ {result.check.upper()} {state.name} - {check.summary_str}"
    numbers = " | " + " ".join(check.perfdata) if check.perfdata else ""
    return [status + numbers, *check.verbose_str]


def _explained(result: Result, verbose: int) -> list[Message]:
    pairs = list(result.every_finding) if verbose else problems(result)
    shown = pairs if verbose else pairs[:_MOST_LINES]
    lines: list[Message] = []
    for at, pair in enumerate(shown):
        # A single finding stands in the status line already.
        if len(pairs) > 1:
            lines.append(say("[%s] %s", Message(pair[1].state.name), sentence(result, pair)))
        # One remedy for a run of alike findings.
        if at + 1 == len(shown) or shown[at + 1][1].remedy != pair[1].remedy:
            lines.append(say("What to do: %s", pair[1].remedy))
    if len(shown) < len(pairs):
        lines.append(say("and %s; -v shows all", count(len(pairs) - len(shown), "more problem")))
    return lines


def _bound(limit: Range | None) -> str:
    return "" if limit is None else str(limit)
