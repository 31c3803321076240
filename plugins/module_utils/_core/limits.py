# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What has thresholds, which ones it has when nobody says otherwise, and how a user sets them."""

from __future__ import annotations

import math
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .deployment import UNLIMITED, VOLUMES
from .misuse import Misuse
from .ranges import LEAST, MOST, Range, parse_range
from .text import closest
from .units import BYTES, SECONDS, Unit, spell


class Measure(NamedTuple):
    """A kind of value with thresholds: the check that judges it, its unit, what a bare threshold means, defaults."""

    check: str
    unit: Unit
    bare: str
    warning: str
    critical: str
    called: str
    floor: float = -math.inf
    """No value is below."""
    ceiling: float = math.inf
    """No value is above."""
    least: int = 0
    """What is below this and has no unit was meant in another one, which is `likely`."""
    likely: str = ""


MEASURES: Mapping[str, Measure] = {
    # Other plugins take MiB, or days, for a number alone.
    "space": Measure(
        "space", BYTES, LEAST, "5GiB", "1GiB", "free space", floor=0, ceiling=UNLIMITED - 1, least=2**20, likely="GiB"
    ),
    # The vendor's own diagnosis tool warns below 7 days; that is late for an upgrade, so it is our critical limit.
    "build": Measure("build", SECONDS, LEAST, "30d", "7d", "a build's time", floor=0, least=3600, likely="d"),
    "clock": Measure("clock", SECONDS, MOST, "60s", "300s", "a clock's offset"),
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


def parse_limit(text: str, measure: Measure) -> Range:
    """One limit as a user wrote it. Raises Misuse, with a sentence for the user, also for what can never fire."""
    limit = parse_range(text, measure.unit, measure.bare, measure.least, measure.likely)
    if _is_off(limit, measure) or limit.reaches(measure.floor, measure.ceiling):
        return limit
    above = not limit.reaches(-math.inf, measure.ceiling)
    bound = "above %s" % spell(measure.ceiling, measure.unit) if above else "below 0"
    told = (text, measure.called, bound)
    raise Misuse("%r can never fire: %s is never %s (to switch a limit off, write ~:)" % told)


def _is_off(limit: Range, measure: Measure) -> bool:
    # Nothing is less than nothing: whoever writes 0 for the least that is acceptable wants no limit.
    nothing = not limit.inside and limit.start == measure.floor and limit.end == math.inf
    return nothing or limit.never_alerts()


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
        warning_range, critical_range = (None if _is_off(limit, measure) else limit for limit in (warn, crit))
        limit = Limit(warning_range, critical_range, bool(chosen_warn or chosen_crit))
        if _pointless(limit, bool(chosen_warn and chosen_crit)):
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


def _pointless(limit: Limit, chosen: bool) -> bool:
    """Whether there is a warning that can never fire; two limits that were `chosen` alike are a wish for CRITICAL."""
    if not (limit.warning and limit.critical and limit.critical.swallows(limit.warning)):
        return False
    return not (chosen and limit.warning.swallows(limit.critical))


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
            ranges[subject] = parse_limit(text, measure)
        except Misuse as error:
            raise Misuse("%s %s: %s" % (option, word, error)) from None
    return ranges


DEFAULTS: Limits = parse_limits("all", (), ())
