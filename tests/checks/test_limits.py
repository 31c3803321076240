# SPDX-License-Identifier: BSD-2-Clause
"""Thresholds: what can be set for what, what stays as it is, and what can never fire."""

from __future__ import annotations

import pytest
from wabiz_monitoring._core.limits import DEFAULTS, MEASURES, Limit, parse_limits, subjects

GIB = 2**30
DAY = 86400
VOLUMES = ["data", "logs", "media_incoming", "media_outgoing"]

DEFAULT_RANGES = {
    # subject: warning, critical
    "space": ("5368709120:", "1073741824:"),
    **dict.fromkeys(VOLUMES, ("5368709120:", "1073741824:")),
    "build": ("2592000:", "604800:"),
    "clock": ("-60:60", "-300:300"),
}

SET = [
    # check, -w, -c, what differs from the defaults then
    ("space", [], [], {}),
    ("space", ["10GiB"], [], dict.fromkeys(["space", *VOLUMES], ("10737418240:", "1073741824:"))),
    ("space", ["10GiB:"], [], dict.fromkeys(["space", *VOLUMES], ("10737418240:", "1073741824:"))),
    ("space", [], ["2GiB"], dict.fromkeys(["space", *VOLUMES], ("5368709120:", "2147483648:"))),
    ("space", ["logs=2GiB"], [], {"logs": ("2147483648:", "1073741824:")}),
    (
        "space",
        ["logs=2GiB", "6GiB"],
        [],
        {**dict.fromkeys(["space", *VOLUMES], ("6442450944:", "1073741824:")), "logs": ("2147483648:", "1073741824:")},
    ),
    # The order of the words does not count, the nearest one does; of two alike the last.
    (
        "space",
        ["6GiB", "logs=2GiB"],
        [],
        {**dict.fromkeys(["space", *VOLUMES], ("6442450944:", "1073741824:")), "logs": ("2147483648:", "1073741824:")},
    ),
    ("space", ["logs=9GiB", "logs=2GiB"], [], {"logs": ("2147483648:", "1073741824:")}),
    ("space", ["space=6GiB"], [], dict.fromkeys(["space", *VOLUMES], ("6442450944:", "1073741824:"))),
    ("space", ["data=@0:500MB"], ["data=@0:100MB"], {"data": ("@500000000", "@100000000")}),
    ("build", ["2w"], ["3d"], {"build": ("1209600:", "259200:")}),
    ("build", [], ["8d"], {"build": ("2592000:", "691200:")}),
    ("clock", ["10s"], ["1m"], {"clock": ("-10:10", "-60:60")}),
    ("clock", ["~:10s"], ["~:1m"], {"clock": ("~:10", "~:60")}),
    ("all", ["space=6GiB", "build=40d"], ["clock=10m"], None),
    # `~:` switches a limit off.
    ("space", ["~:"], [], dict.fromkeys(["space", *VOLUMES], (None, "1073741824:"))),
    ("space", [], ["logs=~:"], {"logs": ("5368709120:", None)}),
    ("build", ["~:"], ["~:"], {"build": (None, None)}),
    # A default warning that a given critical limit swallows falls away: nobody asked for it.
    ("space", [], ["10GiB"], dict.fromkeys(["space", *VOLUMES], (None, "10737418240:"))),
    ("space", [], ["logs=5GiB"], {"logs": (None, "5368709120:")}),
    ("build", [], ["30d"], {"build": (None, "2592000:")}),
    # With a limit of its own for each volume, the general one is nobody's.
    (
        "space",
        ["500MiB"],
        [f"{volume}=100MiB" for volume in VOLUMES],
        {**dict.fromkeys(VOLUMES, ("524288000:", "104857600:")), "space": (None, "1073741824:")},
    ),
    # The same limit for both is an ordinary use of many plugins: CRITICAL wins.
    ("space", ["5GiB"], ["5GiB"], dict.fromkeys(["space", *VOLUMES], ("5368709120:", "5368709120:"))),
    ("space", ["5GiB"], ["5368709120"], dict.fromkeys(["space", *VOLUMES], ("5368709120:", "5368709120:"))),
    ("space", ["5GiB"], ["data=5GiB", "logs=2GiB"], None),
    ("build", ["7d"], ["1w"], {"build": ("604800:", "604800:")}),
    ("clock", ["10s"], ["10"], {"clock": ("-10:10", "-10:10")}),
    # Nothing is less than nothing: 0 switches a limit off, as in many plugins.
    ("space", ["0"], ["0"], dict.fromkeys(["space", *VOLUMES], (None, None))),
    ("space", ["logs=0:"], [], {"logs": (None, "1073741824:")}),
    ("build", ["0d"], [], {"build": (None, "604800:")}),
    # A large number without a unit is in base units, and so is one in a range.
    ("space", ["5368709120"], ["1048576"], dict.fromkeys(["space", *VOLUMES], ("5368709120:", "1048576:"))),
    ("build", ["7200"], ["3600"], {"build": ("7200:", "3600:")}),
    ("clock", ["5"], ["9"], {"clock": ("-5:5", "-9:9")}),
    ("space", [], ["10B"], dict.fromkeys(["space", *VOLUMES], ("5368709120:", "10:"))),
    ("build", [], ["30s"], {"build": ("2592000:", "30:")}),
    ("space", [], ["@0"], dict.fromkeys(["space", *VOLUMES], ("5368709120:", "@0"))),
    # A wish that goes the other way is not swallowed, odd as it may be.
    ("space", ["~:1GiB"], [], dict.fromkeys(["space", *VOLUMES], ("~:1073741824", "1073741824:"))),
]

REFUSED = [
    # check, -w, -c, what the sentence must say
    (
        "space",
        ["1GiB"],
        [],
        "-w 1GiB for space can never fire: -c 1GiB swallows it (its default; give it too, ~: for none)",
    ),
    ("space", ["500MiB"], ["1GiB"], "-w 500MiB for space can never fire: -c 1GiB swallows it"),
    ("space", ["500MiB"], ["data=100MiB"], "-w 500MiB for space can never fire: -c 1GiB swallows it (its default"),
    ("space", ["logs=100MiB"], [], "for logs can never fire"),
    ("space", ["2GiB"], ["logs=3GiB"], "for logs can never fire"),
    ("build", ["7d"], [], "for build can never fire"),
    ("build", ["1d"], ["2d"], "for build can never fire"),
    ("clock", ["300s"], [], "for clock can never fire"),
    ("clock", ["10m"], ["5m"], "for clock can never fire"),
    ("clock", ["@10s:20s"], ["~:9s"], "for clock can never fire"),
    ("space", ["lgos=1GiB"], [], "-w cannot be set for 'lgos'; did you mean logs?"),
    ("space", ["build=3d"], [], "-w cannot be set for 'build'"),
    ("build", ["logs=3GiB"], [], "-w cannot be set for 'logs' (known: build)"),
    # What a value can never be.
    ("space", ["-1"], [], "-w -1: '-1' can never fire: free space is never below 0 (to switch a limit off, write ~:)"),
    ("space", [], ["-5GiB"], "-c -5GiB: '-5GiB' can never fire: free space is never below 0"),
    ("space", [], ["logs=-5GiB:"], "-c logs=-5GiB:: '-5GiB:' can never fire"),
    ("space", [], ["@-5GiB:-1GiB"], "can never fire: free space is never below 0"),
    ("space", [], ["~:4194304TiB"], "can never fire: free space is never above 4194304 TiB"),
    ("space", [], ["@4194304TiB:"], "can never fire: free space is never above 4194304 TiB"),
    ("build", [], ["-5d"], "-c -5d: '-5d' can never fire: a build's time is never below 0"),
    ("build", [], ["@~:-1d"], "can never fire: a build's time is never below 0"),
    ("all", [], ["build=-1"], "-c build=-1: '-1' can never fire"),
    # Numbers whose unit was forgotten.
    ("space", ["10"], ["5"], "-w 10: '10' has no unit and would be 10 B; write 10GiB, or 10B if that is meant"),
    ("space", [], ["5:"], "-c 5:: '5:' has no unit and would be 5 B; write 5GiB, or 5B if that is meant"),
    ("space", [], ["logs=1048575"], "'1048575' has no unit and would be 1048575 B"),
    ("space", [], ["0:20"], "'0:20' has no unit and would be 20 B; write 20GiB, or 20B"),
    ("space", [], ["@0.5"], "'@0.5' has no unit and would be 0.5 B; write 0.5GiB, or 0.5B"),
    ("build", ["30"], ["7"], "-w 30: '30' has no unit and would be 30 s; write 30d, or 30s if that is meant"),
    ("build", [], ["3599"], "'3599' has no unit and would be 3599 s"),
    ("all", ["space=10"], [], "-w space=10: '10' has no unit"),
    ("socket", ["1"], [], "-w cannot be set for 'socket'"),
    ("space", [], ["=1GiB"], "-c cannot be set for ''"),
    ("space", [], ["logs="], "-c logs=: '' is no range"),
    ("space", ["5 bananas"], [], "-w 5 bananas: 'bananas' is no unit here"),
    ("space", [], ["5s"], "-c 5s: 's' is no unit here; use B, "),
    ("build", ["5GiB"], [], "-w 5GiB: 'GiB' is no unit here; use s, m, h, d, w"),
    ("all", ["5GiB"], [], "-w 5GiB does not say for what; write for example space=5GiB"),
    ("all", ["memory=5GiB"], [], "-w cannot be set for 'memory'"),
]


def shown(limit: Limit) -> tuple[str | None, str | None]:
    return (
        str(limit.warning) if limit.warning is not None else None,
        str(limit.critical) if limit.critical is not None else None,
    )


def test_the_defaults_are_those_of_the_reference() -> None:
    assert {subject: shown(limit) for subject, limit in DEFAULTS.items()} == DEFAULT_RANGES


def test_a_check_knows_what_its_thresholds_can_be_set_for() -> None:
    assert subjects("space") == ["space", *VOLUMES]
    assert subjects("build") == ["build"]
    assert subjects("clock") == ["clock"]
    assert subjects("socket") == []
    assert sorted(subjects("all")) == sorted(DEFAULT_RANGES)


@pytest.mark.parametrize(("check", "warning", "critical", "differing"), [row for row in SET if row[3] is not None])
def test_a_threshold_changes_what_it_names_and_nothing_else(
    check: str, warning: list[str], critical: list[str], differing: dict[str, tuple[str | None, str | None]]
) -> None:
    limits = {subject: shown(limit) for subject, limit in parse_limits(check, warning, critical).items()}
    assert limits == {**DEFAULT_RANGES, **differing}


def test_all_takes_thresholds_for_every_check_at_once() -> None:
    limits = parse_limits("all", ["space=6GiB", "build=40d"], ["clock=10m"])
    assert shown(limits["data"]) == ("6442450944:", "1073741824:")
    assert shown(limits["build"]) == ("3456000:", "604800:")
    assert shown(limits["clock"]) == ("-60:60", "-600:600")


@pytest.mark.parametrize(("check", "warning", "critical", "told"), REFUSED)
def test_a_threshold_that_cannot_be_meant_is_refused(
    check: str, warning: list[str], critical: list[str], told: str
) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_limits(check, warning, critical)
    assert told in str(refused.value)


def test_every_measure_warns_before_it_is_critical() -> None:
    for limit in DEFAULTS.values():
        assert limit.warning
        assert limit.critical
        assert limit.warning.swallows(limit.critical)
        assert not limit.critical.swallows(limit.warning)
    assert set(MEASURES) <= set(DEFAULTS)
