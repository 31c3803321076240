# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What has thresholds, which ones it has when nobody says otherwise, and how a user sets them."""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .deployment import VOLUMES
from .misuse import Misuse
from .ranges import LEAST, MOST, Range, parse_range
from .text import closest
from .units import BYTES, SECONDS, Unit


class Measure(NamedTuple):
    """A kind of value with thresholds: the check that judges it, its unit, what a bare threshold means, defaults."""

    check: str
    unit: Unit
    bare: str
    warning: str
    critical: str


MEASURES: Mapping[str, Measure] = {
    "space": Measure("space", BYTES, LEAST, "5GiB", "1GiB"),
    # The vendor's own diagnosis tool warns below 7 days; that is late for an upgrade, so it is our critical limit.
    "build": Measure("build", SECONDS, LEAST, "30d", "7d"),
    "clock": Measure("clock", SECONDS, MOST, "60s", "300s"),
}
SUBJECTS: Mapping[str, str] = dict({name: name for name in MEASURES}, **dict.fromkeys(VOLUMES, "space"))
"""What a threshold can be set for, and the measure that it belongs to: each volume can have its own."""
_GENERAL = {measure for subject, measure in SUBJECTS.items() if subject != measure}
"""Measures of which no value is judged by itself: its parts are, each by its own limit or by this one."""


class Limit(NamedTuple):
    """The two ranges for one subject; None is no limit."""

    warning: Optional[Range]
    critical: Optional[Range]
    given: bool = False
    """Whether one of them was asked for, and is no default: what is asked for is judged, come what may."""


Limits = Mapping[str, Limit]


def subjects(check: str) -> List[str]:
    """What the `-w` and `-c` of a check can be set for: the measure first, then its volumes; of `all`, everything."""
    return [subject for subject, measure in SUBJECTS.items() if check in ("all", MEASURES[measure].check)]


def parse_limits(
    check: str, warning: Sequence[str], critical: Sequence[str], called: Tuple[str, str] = ("-w", "-c")
) -> Limits:
    """Limits from the words of `-w` and `-c`, `RANGE` or `SUBJECT=RANGE`, for a check or for `all`.

    `called` is what a user calls the two, for messages. What is not set keeps its default; a default warning that a
    given critical limit swallows falls away.
    Raises Misuse, with a sentence for the user, for an unknown subject, a bad range, or a warning that can never
    fire because the critical range swallows it.
    """
    given = [_split(check, option, words) for option, words in zip(called, (warning, critical))]
    limits: Dict[str, Limit] = {}
    for subject, measure_name in SUBJECTS.items():
        measure = MEASURES[measure_name]
        chosen_warn, chosen_crit = (words.get(subject) or words.get(measure_name) for words in given)
        warn = chosen_warn or parse_range(measure.warning, measure.unit, measure.bare)
        crit = chosen_crit or parse_range(measure.critical, measure.unit, measure.bare)
        warning_range, critical_range = (None if limit.never_alerts() else limit for limit in (warn, crit))
        limit = Limit(warning_range, critical_range, bool(chosen_warn or chosen_crit))
        if limit.warning and limit.critical and limit.critical.swallows(limit.warning):
            if chosen_warn and subject not in _GENERAL:
                raise Misuse(
                    "%s %s for %s can never fire: %s %s swallows it%s"
                    % (
                        called[0],
                        warn.written,
                        subject if any(subject in words for words in given) else measure_name,
                        called[1],
                        crit.written,
                        "" if chosen_crit else " (its default; give it too, ~: for none)",
                    )
                )
            limit = limit._replace(warning=None)
        limits[subject] = limit
    return limits


def _split(check: str, option: str, words: Iterable[str]) -> Dict[str, Range]:
    known = subjects(check)
    ranges: Dict[str, Range] = {}
    for word in words:
        subject, equals, text = word.partition("=")
        if not equals:
            if check == "all":
                raise Misuse("%s %s does not say for what; write for example space=%s" % (option, word, word))
            subject, text = check, word
        if subject not in known:
            raise Misuse(
                "%s cannot be set for %r%s (known: %s)" % (option, subject, closest(subject, known), ", ".join(known))
            )
        measure = MEASURES[SUBJECTS[subject]]
        try:
            ranges[subject] = parse_range(text, measure.unit, measure.bare)
        except Misuse as error:
            raise Misuse("%s %s: %s" % (option, word, error)) from None
    return ranges


DEFAULTS: Limits = parse_limits("all", (), ())
