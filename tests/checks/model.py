# SPDX-License-Identifier: BSD-2-Clause
"""The verdict on a cluster, worked out by brute force: what the judging is held against.

It is written from what is known of the API and from what the pages promise, never from the code that it is held
against, and shares nothing with it. Shards are plain sets, every way in which a failover can go is walked through, and
nothing is clever: where the two differ, one of them is wrong, and this one can be read in a sitting.

What a check finds is a set of pairs, a problem (or what a limit was for) and the node that has it, or None where it is
the cluster's. `verdicts` gives one table of checks for each way in which a failover can go.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

OK, WARNING, UNKNOWN, CRITICAL = range(4)
"""From best to worst."""

DEFAULTS = {
    "connecting": WARNING,
    "receiving-offline": OK,
    **dict.fromkeys(("missing", "invalid", "socket-unknown"), UNKNOWN),
    **dict.fromkeys(("unregistered", "disconnected", "shard-unowned", "shard-contested", "expired"), CRITICAL),
    **dict.fromkeys(("no-primary-master", "two-primary-masters"), CRITICAL),
    **dict.fromkeys(("node-unreachable", "no-secondary-master", "no-spare-coreapp"), WARNING),
    **dict.fromkeys(("version-skew", "schema-skew"), WARNING),
}

CONTROL = -1
MOST_SHARDS = 1024
VOLUMES = ("data", "logs", "media_incoming", "media_outgoing")
PRIMARY, SECONDARY, COREAPP = "primary_master", "secondary_master", "coreapp"
UNLIMITED = 2**62
HOUR = 3600

Pair = tuple[str, "str | None"]
Span = tuple[float, float]


class Options(NamedTuple):
    """How it is to be judged; limits are (warning, critical) as the span of fine values, None never alerts."""

    nodes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    shards: int | None = None
    min_spares: int = 1
    states: Mapping[str, int] = {}
    limits: Mapping[str, tuple[Span | None, Span | None]] = {}
    now: datetime = datetime(2018, 6, 1, tzinfo=timezone.utc)


class Verdict(NamedTuple):
    """What one check says: everything found, each with its state; and what it can say of the shards."""

    found: Mapping[Pair, int]
    unowned: frozenset[int] | str = frozenset()
    """The shards that nobody owns; "any" and "normal" where not one is owned, so that they have no names."""
    doubtful: bool = False
    """Whether there may be fewer shards than that, because silent nodes may be something else than owners."""
    numbers: Mapping[str, int] = {}
    """What is counted, by label."""

    @property
    def state(self) -> int:
        return max(self.found.values(), default=OK)


class Row:
    """One node: its key and its fields."""

    def __init__(self, key: str, fields: Mapping[str, Any]) -> None:
        self.key = key
        self.fields = fields
        self.host = key.rpartition(":")[0] or key
        self.silent = bool(fields.get("errors")) or list(fields) == ["errors"]
        word = fields.get("role")
        self.role = word if word in (PRIMARY, SECONDARY, COREAPP) else None
        self.unheard = isinstance(word, str) and self.role is None
        """Whether its role is a word that nobody has heard of."""
        self.master = self.role in (PRIMARY, SECONDARY)
        self.shards = _shards_of(fields.get("shards"))
        """What it owns; None when it does not say, or not so that it can be read."""
        self.owned = self.shards or frozenset()
        self.normal = self.owned - {CONTROL}
        self.spare = self.role == COREAPP and self.shards == frozenset()
        """Whether it stands by: a coreapp that says that it owns nothing."""


def _shards_of(told: Any) -> frozenset[int] | None:
    if not isinstance(told, list) or not all(_is_range(pair) for pair in told):
        return None
    return frozenset(shard for lower, upper in told for shard in range(lower, upper + 1))


def _is_range(pair: Any) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(end, int) and not isinstance(end, bool) for end in pair)
        and -1 <= pair[0] <= pair[1]
    )


def fits(row: Row, patterns: tuple[str, ...]) -> bool:
    return any(row.key == pattern or fnmatchcase(row.key, pattern) for pattern in patterns)


# -- Ownership ---------------------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """What a check finds, and what it says of the shards and counts: see Verdict."""

    found: set[Pair]
    unowned: frozenset[int] | str = frozenset()
    doubtful: bool = False
    numbers: Mapping[str, int] = {}

    def more(self, found: set[Pair], numbers: Mapping[str, int]) -> Told:
        return self._replace(found=self.found | found, numbers=numbers)


class Total(NamedTuple):
    """How many normal shards there are, 0 when nothing says so, and how many of them are seen or sure."""

    shards: int
    sure: int


def total(rows: list[Row], options: Options) -> Total:
    """How many shards there are, as far as can be told: as many as there can be in a cluster that looks like this."""
    answered = [row for row in rows if not row.silent]
    seen = frozenset().union(*(row.normal for row in answered))
    beyond = max(seen) + 1 if seen else 0
    if options.shards is not None:
        sure = max(options.shards, beyond)
        return Total(sure, sure)
    if not seen:
        return Total(0, 0)
    sure = next(2**power for power in range(31) if 2**power >= beyond)
    if len(seen) < sure:
        return Total(sure, sure)  # What is missing for certain is told first.
    owners = [row for row in answered if row.normal]
    return Total(most_shards(sure, len(owners), hidden_owners(rows, options)), sure)


def most_shards(count: int, owners: int, hidden: int) -> int:
    """The greatest number of shards of which `owners` own the lowest `count`, when so many more may be out of sight.

    The number is a power of two, and the upper half has as many owners as the lower one.
    """
    while count * 2 <= MOST_SHARDS and owners <= hidden:
        count, owners, hidden = count * 2, owners * 2, hidden - owners
    return count


def hidden_owners(rows: list[Row], options: Options) -> int:
    """How many of the silent nodes may be owners of shards that nobody has seen.

    Two masters there must be: those that are not in sight are among the silent nodes. A silent row on a host where a
    coreapp answers was left behind by the container before it; it is the first that may be a master.
    """
    answered = [row for row in rows if not row.silent]
    for row in answered:
        if CONTROL in row.owned and not row.master and (row.role == COREAPP or row.normal):
            return 0  # High availability: one coreapp has everything, so nothing is hidden.
    silent = [row for row in rows if row.silent and not fits(row, options.ignored)]
    homes = {row.host for row in answered if row.role == COREAPP}
    left_behind = [row for row in silent if row.host in homes]
    others = len(silent) - len(left_behind)
    masters_missing = max(0, 2 - len([row for row in answered if row.master]))
    if not any("role" in row.fields for row in answered):
        masters_missing = 0
    return max(0, others - max(0, masters_missing - len(left_behind)))


# -- What the checks say -----------------------------------------------------------------------------------------------


class Scene:
    """The rows that are judged, after a failover where one is asked for."""

    def __init__(self, rows: list[Row], options: Options, total: Total, untold: list[Row]) -> None:
        self.rows = rows
        self.options = options
        self.total = total
        self.untold = untold
        """Nodes that are gone and did not say what they owned."""
        self.answered = [row for row in rows if not row.silent]
        self.counted = [row for row in rows if not fits(row, options.ignored)]
        """The nodes that anybody counts on: all that are not ignored."""
        self.picked = [row for row in self.counted if not options.nodes or fits(row, options.nodes)]
        """The nodes of which each is judged."""
        self.here = [row for row in self.picked if not row.silent]


def _lacking(rows: list[Row], field: str) -> Iterator[Pair]:
    """Who does not tell a field, or not so that it can be read."""
    for row in rows:
        if field not in row.fields:
            yield "missing", row.key
        elif row.shards is None if field == "shards" else not isinstance(row.fields[field], str):
            yield "invalid", row.key


def _shards(scene: Scene) -> Told:
    """What socket and cluster both say of the shards: what is lacking, what nobody owns, and whether that is sure."""
    answered = scene.answered
    found = set(_lacking(scene.untold, "shards"))
    if answered and not any("shards" in row.fields for row in answered):
        return Told(found | {("missing", None)})
    found |= set(_lacking(scene.here, "shards"))
    if answered and all(row.shards is None for row in answered):
        return Told(found)
    owned = frozenset().union(*(row.owned for row in answered))
    unowned = frozenset([CONTROL, *range(scene.total.shards)]) - owned
    what: frozenset[int] | str = unowned
    if not scene.total.shards:
        what = "normal" if CONTROL in owned else "any"
    if not what:
        return Told(found)
    if _may_all_be_owned(scene, unowned):
        return Told(found | {("missing", None)})
    doubtful = bool(unowned & frozenset(range(scene.total.sure, scene.total.shards)))
    return Told(found | {("shard-unowned", None)}, what, doubtful)


def _may_all_be_owned(scene: Scene, unowned: frozenset[int]) -> bool:
    """Whether the nodes that do not say what they own can be the owners of all that nobody else owns.

    Masters own the control shard or nothing. A coreapp owns one shard at a time, so it has no more of them than the
    largest owner. What a node owned that is gone has moved on, where there is a failover and somebody to take it.
    """
    answered = scene.answered
    left = [row for row in answered if row.shards is None]
    led = _led(answered, scene.options)
    idle = [row for row in answered if row.spare and not fits(row, scene.options.ignored)] if led else []
    coreapps = [row for row in left if not row.master]
    gone_coreapps = [row for row in scene.untold if not row.master]
    carriers = len(coreapps) + min(len(gone_coreapps), len(idle))
    gone_masters = [row for row in scene.untold if row.master] if led else []
    has_control = left or gone_masters or (gone_coreapps and idle)
    widest = max((len(row.normal) for row in answered), default=0) or MOST_SHARDS
    # Where not one is owned there is one at least.
    wanted = len(unowned - {CONTROL}) if scene.total.shards else 1
    return (CONTROL not in unowned or bool(has_control)) and wanted <= carriers * widest


def _led(answered: list[Row], options: Options) -> bool:
    """Whether a master answers, without which nothing fails over."""
    return any(row.role == PRIMARY for row in answered) or any(
        row.role == SECONDARY and not fits(row, options.ignored) for row in answered
    )


def socket(scene: Scene) -> Told:
    shards = _shards(scene)
    here = scene.here
    found: set[Pair] = set(_lacking(here, "socket_conn")) if here else {("missing", None)}
    expected = [row for row in here if row.owned]
    unregistered = [row for row in expected or here if _unregistered(row)]
    found |= {("unregistered", row.key) for row in unregistered}
    for row in expected:
        word = row.fields.get("socket_conn")
        if isinstance(word, str) and word != "UP" and row not in unregistered:
            found.add((CONNECTIONS.get(word, "socket-unknown"), row.key))
    return shards.more(found, _connections(scene))


def _connections(scene: Scene) -> dict[str, int]:
    expected = [row for row in scene.here if row.owned]
    connected = [row for row in expected if row.fields.get("socket_conn") in ("UP", "UP receiving offline")]
    return {"expected": len(expected), "connected": len(connected)}


CONNECTIONS = {"DN": "disconnected", "SC": "connecting", "UP receiving offline": "receiving-offline"}


def _unregistered(row: Row) -> bool:
    return str(row.fields.get("debug_info", "")).strip().lower() == "unregistered"


def cluster(scene: Scene) -> Told:
    answered = scene.answered
    counted = [row for row in answered if not fits(row, scene.options.ignored)]
    found: set[Pair] = {("node-unreachable", row.key) for row in scene.picked if row.silent}
    for shard in frozenset().union(*(row.owned for row in answered)):
        rivals = [row for row in answered if shard in row.owned]
        if len(rivals) > 1:
            found |= {("shard-contested", row.key) for row in rivals}
    if answered and not any("role" in row.fields for row in answered):
        found.add(("missing", None))
    else:
        found |= set(_lacking(scene.here, "role"))
    found |= {("invalid", row.key) for row in scene.here if row.unheard}
    if not answered or any(isinstance(row.fields.get("role"), str) for row in answered):
        primaries = [row for row in counted if row.role == PRIMARY]
        if not any(row.role == PRIMARY for row in answered):
            # One whose role cannot be told may be the primary.
            unclear = any(row.role is None for row in answered)
            found.add(("missing" if unclear else "no-primary-master", None))
        if len(primaries) > 1:
            found |= {("two-primary-masters", row.key) for row in primaries}
        if not any(row.role == SECONDARY for row in counted):
            found.add(("no-secondary-master", None))
        known = not answered or any(row.shards is not None for row in answered)
        if known and len([row for row in counted if row.spare]) < scene.options.min_spares:
            found.add(("no-spare-coreapp", None))
    if len({row.fields["version"] for row in scene.here if "version" in row.fields}) > 1:
        found.add(("version-skew", None))
    numbers = {
        "nodes": len(scene.picked),
        "unreachable": len(scene.picked) - len(scene.here),
        "shards_owned": len(frozenset().union(*(row.normal for row in answered))),
        "shards_total": scene.total.shards,
        "masters": len([row for row in counted if row.master]),
        "spare_coreapps": len([row for row in counted if row.spare]),
    }
    return _shards(scene).more(found, {**numbers, **_connections(scene)})


def space(scene: Scene) -> Told:
    if not scene.here:
        return Told({("missing", None)})
    found: set[Pair] = set()
    for row in scene.here:
        for volume in VOLUMES:
            value = row.fields.get("free_space_" + volume)
            if value is None:
                found.add(("missing", row.key))
            elif value < UNLIMITED:
                found |= _limited(volume, value, row.key, scene.options)
    return Told(found)


def build(scene: Scene) -> Told:
    if not scene.here:
        return Told({("missing", None)})
    found: set[Pair] = set()
    for row in scene.here:
        if "expire_timestamp" not in row.fields:
            found.add(("missing", row.key))
            continue
        left = (moment(row.fields["expire_timestamp"])[0] - scene.options.now).total_seconds()
        expired: set[Pair] = {("expired", row.key)}
        found |= expired if left <= 0 else _limited("build", left, row.key, scene.options)
    return Told(found)


def clock(scene: Scene) -> Told:
    if not scene.here:
        return Told({("missing", None)})
    found: set[Pair] = {("missing", row.key) for row in scene.here if "device_iso8601" not in row.fields}
    offsets = {}
    for row in scene.answered:
        if "device_iso8601" in row.fields:
            time, zoned = moment(row.fields["device_iso8601"])
            offsets[row.key] = (time - scene.options.now).total_seconds(), zoned
    counted = [offsets[row.key] for row in scene.counted if row.key in offsets]
    local = all(_like_a_zone(offset, scene.options) for offset, zoned in counted if not zoned)
    for row in scene.here:
        if row.key in offsets:
            offset, zoned = offsets[row.key]
            broken = _limited("clock", offset, row.key, scene.options)
            if broken and local and not zoned:
                # All of them tell local time: no clock is wrong.
                broken = {("clock WARNING", row.key)}
            found |= broken
    return Told(found)


ZONES = [hour * HOUR for hour in range(-12, 15) if hour] + [
    int(sign + hour) * HOUR + int(sign + minute) * 60
    for sign, hour, minute in re.findall(
        r"([+-])(\d+):(\d+)", "-9:30 -3:30 -2:30 +3:30 +4:30 +5:30 +5:45 +6:30 +8:45 +9:30 +10:30 +12:45 +13:45"
    )
]


def _like_a_zone(offset: float, options: Options) -> bool:
    """Whether it is as near to the offset of a time zone as would be near enough to the true time."""
    warning, critical = options.limits["clock"]
    ends = [abs(end) for end in warning or critical or () if abs(end) < float("inf")]
    tolerance = min(max([5, *ends]), 300)
    return any(abs(offset - zone) <= tolerance for zone in ZONES)


def _limited(what: str, value: float, key: str, options: Options) -> set[Pair]:
    warning, critical = options.limits[what]
    for state, span in (("CRITICAL", critical), ("WARNING", warning)):
        if span and not span[0] <= value <= span[1]:
            return {(f"{what} {state}", key)}
    return set()


def moment(text: str) -> tuple[datetime, bool]:
    """A time as the API writes it, and whether it says its zone; without one it is UTC."""
    parts = re.fullmatch(r"(\d+)-(\d+)-(\d+)[T ](\d+):(\d+):(\d+)(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?", text)
    assert parts, text
    year, month, day, hour, minute, second = map(int, parts.groups()[:6])
    time = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    if not parts[8]:
        return time, bool(parts[7])
    ahead = timedelta(hours=int(parts[9]), minutes=int(parts[10] or 0))
    return time - ahead if parts[8] == "+" else time + ahead, True


# -- Failover ----------------------------------------------------------------------------------------------------------


def failovers(rows: list[Row], options: Options) -> Iterator[list[Row]]:
    """Every way in which the cluster can look once the nodes of `without` are gone and it has failed over."""
    gone = [row for row in rows if fits(row, options.without)]
    if not gone:
        yield rows
        return
    left = [row for row in rows if row not in gone]
    answering = [row for row in left if not row.silent]
    leaders = [row for row in answering if row.role == PRIMARY]
    candidates = [row for row in answering if row.role == SECONDARY and not fits(row, options.ignored)]
    if not leaders and not candidates:
        yield left  # Without a master nothing fails over.
        return
    lead_is_lost = not leaders and any(row.role == PRIMARY and not row.silent for row in gone)
    if lead_is_lost:
        for heir in candidates:
            yield from _moved(gone, _changed(left, heir, role=PRIMARY), options)
    else:
        yield from _moved(gone, left, options)


def _moved(gone: list[Row], left: list[Row], options: Options) -> Iterator[list[Row]]:
    """Every way in which the shards of the nodes that are gone can find new owners; nothing else moves."""
    kept = frozenset().union(*(row.owned for row in left if not row.silent))
    owners = [row for row in gone if not row.silent and row.owned - kept]
    spares = [row for row in left if not row.silent and row.spare and not fits(row, options.ignored)]
    leaders = [row for row in left if not row.silent and row.role == PRIMARY and not fits(row, options.ignored)]
    takers: list[Row | None] = [*leaders] or [None]
    for order in itertools.permutations(owners):
        taken: set[int] = set(kept)
        loads = []
        for owner in order:
            load = owner.owned - taken
            taken |= load
            if owner.master and CONTROL in load:
                loads.append((True, frozenset([CONTROL])))
                load -= {CONTROL}
            if load:
                loads.append((False, load))
        for_masters = [load for of_master, load in loads if of_master]
        for_coreapps = [load for of_master, load in loads if not of_master]
        # As many move as can: a spare that stays idle while a shard has no owner is no end of a failover.
        for heirs in itertools.permutations(spares, min(len(spares), len(for_coreapps))):
            after = left
            for heir, load in zip(heirs, for_coreapps, strict=False):
                after = _given(after, heir, load)
            # What a master held goes to the one that leads; while there are two, to either of them.
            for leader in takers:
                rows = after
                for load in for_masters:
                    rows = _given(rows, leader, load) if leader else rows
                yield rows


def _given(rows: list[Row], heir: Row, load: frozenset[int]) -> list[Row]:
    held = next(row for row in rows if row.key == heir.key).shards
    if held is None:
        return rows  # Who does not tell what it owns does not tell of this either.
    return _changed(rows, heir, shards=[[shard, shard] for shard in sorted(held | load)], socket_conn="UP")


def _changed(rows: list[Row], which: Row, **fields: Any) -> list[Row]:
    return [Row(row.key, {**row.fields, **fields}) if row.key == which.key else row for row in rows]


# -- All of it ---------------------------------------------------------------------------------------------------------


def verdicts(
    support: Mapping[str, Mapping[str, Any]], options: Options, checks: Iterable[str]
) -> list[dict[str, Verdict]]:
    """What checks say of the rows of a cluster, once for every way in which a failover can go.

    None at all where a pattern fits no node, or the options leave no node to judge: that is refused.
    """
    rows = [Row(key, fields) for key, fields in support.items()]
    before = Scene(rows, options, total(rows, options), [])
    unfit = any(not any(fits(row, (pattern,)) for row in rows) for pattern in options.nodes + options.without)
    if unfit or not before.picked:
        return []
    untold = [row for row in before.answered if row.shards is None and fits(row, options.without)]
    if not any("shards" in row.fields for row in before.answered):
        untold = []  # Nobody says so, which is told once.
    scenes = [Scene(way, options, before.total, untold) for way in failovers(rows, options)]
    if scenes[0].rows and not scenes[0].picked:
        return []
    states = {**DEFAULTS, **options.states}
    return [{check: _judged(CHECKS[check](scene), states) for check in checks} for scene in scenes]


def _judged(told: Told, states: Mapping[str, int]) -> Verdict:
    return Verdict({pair: _state(pair, states) for pair in told.found}, told.unowned, told.doubtful, told.numbers)


CHECKS = {"socket": socket, "cluster": cluster, "space": space, "build": build, "clock": clock}


def _state(pair: Pair, states: Mapping[str, int]) -> int:
    if " " in pair[0]:
        return {"WARNING": WARNING, "CRITICAL": CRITICAL}[pair[0].rpartition(" ")[2]]
    return states[pair[0]]
