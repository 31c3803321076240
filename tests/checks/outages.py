# SPDX-License-Identifier: BSD-2-Clause
"""The page of failures: what each single one makes each check say. `python tests/checks/outages.py` writes it.

Each failure is done to a healthy deployment, and the checks judge what comes of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import documents
from documents import NOW, PLACE, POLICY, UNREACHABLE, fields, standby
from pages import DOCS, table
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.deployment import parse as parse_deployment
from wabiz_monitoring._core.judge import JUDGES, judge
from wabiz_monitoring._core.report import headline
from wabiz_monitoring._core.result import Result, from_trouble
from wabiz_monitoring._core.states import State
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring.check_all import CHECK as ALL
from wabiz_monitoring.plugin.parser import parse

PAGE = DOCS / "failures.md"

Rows = dict[str, dict[str, Any]]
Deed = Callable[[Rows], Rows]

SINGLE, HA, MC = "single", "high availability", "multiconnect"
CLUSTERS = (HA, MC)
EVERYWHERE = (SINGLE, HA, MC)
ONLY = ""
"""The key of the node of a single form, which has none."""


def _owner(*shards: list[int], multiconnect: bool, role: str = "coreapp") -> dict[str, Any]:
    return standby(role=role, shards=list(shards), socket_conn="UP", multi_connect=multiconnect)


def _cluster(multiconnect: bool) -> Rows:
    normal = [[at, at] for at in range(4 if multiconnect else 1)]
    primary = (
        _owner([-1, -1], multiconnect=True, role="primary_master") if multiconnect else standby(role="primary_master")
    )
    owners = [_owner(*([] if multiconnect else [[-1, -1]]), shard, multiconnect=multiconnect) for shard in normal]
    rows = {"wa1:m": primary, "wa2:m": standby(role="secondary_master", multi_connect=multiconnect)}
    rows |= {f"wa{at}:c": owner for at, owner in enumerate(owners, 1)}
    return {**rows, f"wa{len(owners) + 1}:c": standby(multi_connect=multiconnect)}


HEALTHY: Mapping[str, Rows] = {SINGLE: {ONLY: fields()}, HA: _cluster(False), MC: _cluster(True)}

# -- What can be done to one -------------------------------------------------------------------------------------------

PRIMARY, SECONDARY, OWNER, SPARE = "primary master", "secondary master", "owner of a shard", "spare"
KINDS = (PRIMARY, SECONDARY, OWNER, SPARE)


def key_of(kind: str, rows: Rows) -> str:
    """The first node of a kind; of owners the last one, whose shard is the one that is missed least."""
    coreapps = [key for key, row in rows.items() if row.get("role") == "coreapp"]
    return {PRIMARY: "wa1:m", SECONDARY: "wa2:m", OWNER: coreapps[-2], SPARE: coreapps[-1]}[kind]


def _changed(kind: str, **differing: Any) -> Deed:
    """Other values of some fields; `...` takes a field out."""

    def deed(rows: Rows) -> Rows:
        key = ONLY if ONLY in rows else key_of(kind, rows)
        row = {name: value for name, value in {**rows[key], **differing}.items() if value is not ...}
        return {**rows, key: row}

    return deed


def _everywhere(**differing: Any) -> Deed:
    return lambda rows: {key: {**row, **differing} for key, row in rows.items()}


def _silent(kind: str) -> Deed:
    return lambda rows: {**rows, key_of(kind, rows): UNREACHABLE}


def _gone(*kinds: str) -> Deed:
    return lambda rows: {key: row for key, row in rows.items() if key not in {key_of(kind, rows) for kind in kinds}}


def _doubled(kind: str) -> Deed:
    return lambda rows: {**rows, f"{key_of(kind, rows)}2": rows[key_of(kind, rows)]}


def _renewed(kind: str) -> Deed:
    def deed(rows: Rows) -> Rows:
        key = key_of(kind, rows)
        return {**rows, key: UNREACHABLE, f"{key}2": rows[key]}

    return deed


def _both(*deeds: Deed) -> Deed:
    def deed(rows: Rows) -> Rows:
        for each in deeds:
            rows = each(rows)
        return rows

    return deed


def _failed_over(rows: Rows, **differing: Any) -> Rows:
    """The owner is silent and the spare has its shards."""
    owner, spare = key_of(OWNER, rows), key_of(SPARE, rows)
    taken = {**rows[spare], "shards": rows[owner]["shards"], "socket_conn": "UP", **differing}
    return {**rows, owner: UNREACHABLE, spare: taken}


def _primary_failed_over(rows: Rows) -> Rows:
    held = rows["wa1:m"]
    return {**rows, "wa1:m": UNREACHABLE, "wa2:m": {**held}}


def _upper_half(rows: Rows) -> list[str]:
    return [key for key, row in rows.items() if row.get("shards") in ([[2, 2]], [[3, 3]])]


class Failure(NamedTuple):
    """What happened, to which set-ups, and what it does to their rows."""

    what: str
    deed: Deed
    setups: tuple[str, ...] = CLUSTERS
    why: str = ""
    """Where every check is OK: why no more can be known, or why no more is wrong."""
    closed_by: str = ""
    """The options that let a check see it all the same."""


def _time(seconds: float, zone: str = "") -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S") + zone


_DESIGN = "Who owns no shard is disconnected by design: nothing is broken."

FAILURES = (
    *(Failure(f"{kind} dead or silent: errors stand in place of its fields", _silent(kind)) for kind in KINDS),
    Failure("owner dead, and the spare has taken its shard", _failed_over),
    Failure(
        "owner dead, and the spare that took its shard connects", lambda rows: _failed_over(rows, socket_conn="SC")
    ),
    Failure("primary master dead, and the secondary leads", _primary_failed_over),
    Failure("both masters dead", _both(_silent(PRIMARY), _silent(SECONDARY))),
    *(Failure(f"row of the {kind} gone", _gone(kind)) for kind in KINDS),
    Failure("rows of both masters gone", _gone(PRIMARY, SECONDARY)),
    Failure(
        "rows of the upper half of the owners gone",
        lambda rows: {key: row for key, row in rows.items() if key not in _upper_half(rows)},
        (MC,),
        "With these rows gone a cluster of four shards looks like a whole one of two.",
        "--shards 4",
    ),
    Failure(
        "upper half of the owners dead",
        lambda rows: {**rows, **dict.fromkeys(_upper_half(rows), UNREACHABLE)},
        (MC,),
    ),
    *(Failure(f"row of the {kind} doubled", _doubled(kind)) for kind in (PRIMARY, OWNER)),
    *(
        Failure(
            f"row of the {kind} doubled",
            _doubled(kind),
            why="It looks like one more that stands by: whether it is the same one twice cannot be told.",
        )
        for kind in (SECONDARY, SPARE)
    ),
    *(Failure(f"container of the {kind} renewed, its old row lingers", _renewed(kind)) for kind in KINDS),
    *(Failure(f"{kind} has errors beside its old fields", _changed(kind, **UNREACHABLE)) for kind in (OWNER, SPARE)),
    Failure("dead or silent: errors stand in place of its fields", lambda _rows: {ONLY: UNREACHABLE}, (SINGLE,)),
    Failure("errors beside its old fields", _changed(OWNER, **UNREACHABLE), (SINGLE,)),
    Failure("disconnected", _changed(OWNER, socket_conn="DN"), (SINGLE,)),
    Failure("connecting", _changed(OWNER, socket_conn="SC"), (SINGLE,)),
    Failure("owner of a shard disconnected", _changed(OWNER, socket_conn="DN")),
    Failure("owner of a shard connecting", _changed(OWNER, socket_conn="SC")),
    Failure("primary master disconnected", _changed(PRIMARY, socket_conn="DN"), (HA,), _DESIGN),
    Failure("primary master disconnected", _changed(PRIMARY, socket_conn="DN"), (MC,)),
    Failure("secondary master disconnected", _changed(SECONDARY, socket_conn="DN"), CLUSTERS, _DESIGN),
    Failure("spare disconnected", _changed(SPARE, socket_conn="DN"), CLUSTERS, _DESIGN),
    Failure("spare connecting", _changed(SPARE, socket_conn="SC"), CLUSTERS, _DESIGN),
    Failure(
        "connected, and receiving what waited while it was offline",
        _changed(OWNER, socket_conn="UP receiving offline"),
        EVERYWHERE,
        "It is connected, and catches up by itself; that this is OK is our choice.",
        "--state receiving-offline=warning",
    ),
    Failure("`socket_conn` says UNK", _changed(OWNER, socket_conn="UNK"), EVERYWHERE),
    Failure("`socket_conn` missing", _changed(OWNER, socket_conn=...), EVERYWHERE),
    *(Failure(f"`role` of the {kind} a word that is not known", _changed(kind, role="boss")) for kind in KINDS),
    *(Failure(f"`role` of the {kind} missing", _changed(kind, role=...)) for kind in KINDS),
    *(Failure(f"`shards` of the {kind} missing", _changed(kind, shards=...)) for kind in KINDS),
    Failure("shard that nobody owns, its owner answers and stands by", _changed(OWNER, shards=[], socket_conn="DN")),
    Failure("no number registered", _changed(OWNER, debug_info="unregistered", socket_conn="DN"), EVERYWHERE),
    Failure(
        "no number registered at the spare",
        _changed(SPARE, debug_info="unregistered"),
        CLUSTERS,
        "Of the number only the nodes are asked that must be connected. It shows when the spare takes over.",
    ),
    Failure(
        "number of another account",
        _changed(OWNER, debug_info="12025550199"),
        EVERYWHERE,
        "Which number is right is not known to the checks. `debug_info` in the facts of support_facts is the number.",
    ),
    Failure("disk full", _changed(OWNER, free_space_data=0), EVERYWHERE),
    Failure("free space of one volume missing", _changed(OWNER, free_space_logs=...), EVERYWHERE),
    Failure("build has five days left", _everywhere(expire_timestamp=_time(5 * 86400)), EVERYWHERE),
    Failure("build expired", _everywhere(expire_timestamp=_time(-60)), EVERYWHERE),
    Failure("`expire_timestamp` missing", _changed(OWNER, expire_timestamp=...), EVERYWHERE),
    Failure("clock ten minutes fast", _changed(OWNER, device_iso8601=_time(600)), EVERYWHERE),
    Failure(
        "clock an hour fast, and its time says the zone", _changed(OWNER, device_iso8601=_time(3600, "Z")), EVERYWHERE
    ),
    Failure("one clock an hour fast", _changed(OWNER, device_iso8601=_time(3600))),
    Failure("all clocks tell local time", _everywhere(device_iso8601=_time(7200)), EVERYWHERE),
    Failure("`device_iso8601` missing", _changed(OWNER, device_iso8601=...), EVERYWHERE),
    Failure("in the middle of an upgrade", _changed(OWNER, version="2.19.1", description="Version 2.19.1")),
    Failure(
        "in the middle of an upgrade, the schema first",
        _changed(OWNER, schema={**documents.HEALTHY["schema"], "message": 34}),
    ),
    Failure("starting, or in the middle of a failover: no answer but error 1017", lambda _rows: {}, EVERYWHERE),
)

# -- What the checks say -----------------------------------------------------------------------------------------------


def judged(failure: Failure, setup: str, options: str = "") -> Result:
    """What check_wabiz_all says."""
    rows = failure.deed(HEALTHY[setup])
    settings = parse(ALL, ["--file", "-", *options.split()], {}, Files())
    policy = POLICY._replace(shards=settings.shards, min_spares=settings.min_spares, states=settings.states)
    told: dict[str, Any] = {"support": rows.get(ONLY, rows)}
    if not rows:
        told = {"errors": [{"code": 1017, "title": "Internal error", "details": "not ready"}]}
    try:
        return judge("all", parse_deployment(json.dumps(told).encode(), PLACE), policy)
    except Trouble as trouble:
        parts = tuple(from_trouble(check, trouble, policy) for check in JUDGES)
        return from_trouble("all", trouble, policy)._replace(children=parts)


def cells(failure: Failure, setup: str) -> tuple[str, ...]:
    """A line of the table."""
    result = judged(failure, setup)
    by_check = {child.check: child.state.name for child in result.children}
    note = failure.why
    if failure.closed_by:
        note += f" `{failure.closed_by}` makes it {judged(failure, setup, failure.closed_by).state.name}."
    said = f"`{headline(result)}`" if result.state is not State.OK else note
    return (failure.what, *(by_check[check] for check in JUDGES), said)


HEADS = {
    SINGLE: ("A single node", "One node, connected."),
    HA: (
        "High availability",
        "Two hosts, a master and a coreapp on each: wa1 has the primary master and the coreapp that owns everything, "
        "wa2 the secondary master and the spare.",
    ),
    MC: (
        "Multiconnect",
        "Four shards: the masters on wa1 (primary) and wa2, a coreapp on each of wa1 to wa4 that owns a shard, and the "
        "spare on wa5.",
    ),
}


def page() -> str:
    """The page, in Markdown."""
    blocks = [
        "<!-- SPDX-License-Identifier: BSD-2-Clause -->\n"
        "<!-- Made from its own table by tests/checks/outages.py: change that, not this page. -->\n"
        "# What each failure makes the checks say",
        "Each line is one thing that goes wrong in a deployment that is healthy otherwise, and what each check makes "
        "of it, with default limits and states. CRITICAL is what pages somebody. The last column is the first sentence "
        "of `check_wabiz_all`; where all checks are OK it says why, and which option closes the gap if one does.",
        "By which rules clusters are judged is on [how a cluster is judged](clusters.md); what goes wrong between the "
        "monitoring host and the API, on [a hostile world](hostile-world.md); what each problem is called, and how to "
        "give it another state, on [problems](problems.md).",
    ]
    for setup, (head, says) in HEADS.items():
        lines = [cells(failure, setup) for failure in FAILURES if setup in failure.setups]
        blocks += [f"## {head}", says, table(("what happens", *JUDGES, "what is said"), lines)]
    return "\n\n".join(blocks) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
