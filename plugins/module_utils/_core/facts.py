# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A deployment as plain data, for playbooks, and back: typed values, null where the answer did not say."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from .deployment import (
    ANSIBLE,
    CLUSTER,
    SINGLE,
    UNLIMITED,
    VOLUMES,
    Deployment,
    Node,
    NodeError,
    cluster,
    read_node,
    unregistered,
)
from .misuse import Misuse
from .names import distinct
from .text import LONGEST_TEXT, Foreign, Message, Place, Word, closest
from .times import Moment, parse_time

_LONGEST_DEFECT = 200


def facts(deployment: Deployment, asked_at: datetime, with_env: bool = False) -> Dict[str, Any]:
    """`form`, `front_version`, `asked_at` and a list of `nodes`.

    Times are ISO 8601 in UTC; `expires_in` is in seconds from `asked_at`; free space is in bytes, null when unlimited
    (a volume that was not told is absent from `volumes`). `env` may hold secrets and is only there when asked for.
    """
    return {
        "form": deployment.form,
        "front_version": _shown(deployment.front_version),
        "asked_at": spell_time(asked_at),
        "nodes": [_node(node, asked_at, with_env) for node in deployment.nodes],
    }


def spell_time(moment: datetime) -> str:
    """A time of ours as facts have it: ISO 8601 in UTC, to the millisecond."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


class Gathered(NamedTuple):
    """What facts say, ready to be judged."""

    deployment: Deployment
    asked_at: datetime


def from_facts(known: Mapping[str, Any], place: Place) -> Gathered:
    """The deployment that facts were made of, `env` excepted.

    What can be derived (names, seconds left, whether it is reachable and registered) is derived anew. Raises
    Misuse, with a sentence for the user, for what are no facts.
    """
    form, nodes = known.get("form"), known.get("nodes")
    if form not in (SINGLE, CLUSTER) or not isinstance(nodes, list) or not nodes:
        raise Misuse("this is no wabiz_support fact: it has no form, or no nodes")
    if form == SINGLE and len(nodes) != 1:
        raise Misuse("a fact of the single form holds one node, not %d" % len(nodes))
    read = [_read(node, "nodes[%d]" % index, place) for index, node in enumerate(nodes)]
    told = _text(known.get("front_version"), "front_version")
    front_version = None if told is None else Foreign(told, place)
    asked = _text(known.get("asked_at"), "asked_at")
    try:
        asked_at = parse_time(asked or "").utc
    except ValueError:
        raise Misuse("asked_at holds no time such as 2018-09-27T14:26:07Z") from None
    if form == SINGLE:
        return Gathered(Deployment(SINGLE, front_version, tuple(read)), asked_at)
    keys = [node["key"] for node in nodes]
    return Gathered(cluster(front_version, list(zip(keys, read)), place), asked_at)


def _node(node: Node, asked_at: datetime, with_env: bool) -> Dict[str, Any]:
    known: Dict[str, Any] = {
        "key": node.shown_key,
        "name": node.name,
        "host": node.host,
        "container": node.container,
        "reachable": node.reachable,
        "error": _error(node.error) if node.error else None,
        "invalid_fields": dict(node.defects),
        "context": _shown(node.context),
        "db_engine": _shown(node.db_engine),
        "db_info": _all_shown(node.db_info),
        "debug_info": _shown(node.debug_info),
        "description": _shown(node.description),
        "device_time": _moment(node.time),
        "device_time_zoned": node.time.zoned if node.time else None,
        "e2e": _mapping(node.e2e),
        "expires_at": _moment(node.expires),
        "expires_in": int((node.expires.utc - asked_at).total_seconds()) if node.expires else None,
        "lc": _shown(node.lc),
        "lg": _shown(node.lg),
        "multi_connect": node.multi_connect,
        "os_name": _shown(node.os_name),
        "os_version": _shown(node.os_version),
        "registered": None if node.debug_info is None else not unregistered(node),
        "role": _shown(node.role),
        "schema": _mapping(node.schema),
        "shards": None if node.shards is None else [list(pair) for pair in node.shards],
        "socket_conn": _shown(node.socket),
        "version": _shown(node.version),
        "volumes": {name: node.free[name] for name in VOLUMES if name in node.free},
    }
    if with_env:
        known["env"] = _all_shown(node.env)
    return known


def _shown(text: Optional[Word]) -> Optional[Message]:
    return text.within(LONGEST_TEXT).shown() if isinstance(text, Foreign) else text


def _all_shown(texts: Optional[Sequence[Foreign]]) -> Optional[List[Optional[Message]]]:
    return None if texts is None else [_shown(text) for text in texts]


def _error(error: NodeError) -> Dict[str, Any]:
    return {"code": error.code, "title": _shown(error.title) or "", "details": _shown(error.details) or ""}


def _mapping(parts: Optional[Mapping[Foreign, Union[int, Foreign]]]) -> Optional[Dict[Message, Any]]:
    if parts is None:
        return None
    told: Dict[Message, Any] = {}
    taken: Dict[Message, int] = {}
    for name, value in parts.items():
        shown = distinct(name.shown(), taken)
        # What is no mark of Ansible's as it comes may be one when it has been cleaned.
        if not shown.startswith(ANSIBLE):
            told[shown] = _shown(value) if isinstance(value, Foreign) else name.beside(value)
    return told


# Facts that stand under the same name, with the same value, as the field of the answer that they were read from.
_ALIKE = (
    *("context", "db_engine", "db_info", "debug_info", "description", "e2e", "lc", "lg", "multi_connect", "os_name"),
    *("os_version", "role", "schema", "shards", "socket_conn", "version"),
)
_TIMES = {"device_iso8601": "device_time", "expire_timestamp": "expires_at"}


def _read(known: Any, where: str, place: Place) -> Node:
    if not isinstance(known, Mapping) or not isinstance(known.get("key"), str):
        raise Misuse("%s is no node of a wabiz_support fact: it has no key" % where)
    if known.get("error") is not None:
        if not isinstance(known["error"], Mapping):
            raise Misuse("%s.error is no mapping of code, title and details" % where)
        return read_node({"errors": [known["error"]]}, place)
    # Back to the fields of the answer, so that one parser judges what is sound.
    fields: Dict[str, Any] = {name: known[name] for name in _ALIKE if known.get(name) is not None}
    for field, name in _TIMES.items():
        told = _text(known.get(name), "%s.%s" % (where, name))
        if told is not None:
            fields[field] = told
    if not known.get("device_time_zoned") and "device_iso8601" in fields:
        fields["device_iso8601"] = fields["device_iso8601"].rstrip("Zz")
    fields.update(_volumes(known.get("volumes"), where))
    node = read_node(fields, place)
    for field, defect in node.defects.items():
        raise Misuse("%s.%s is %s" % (where, _TIMES.get(field, field.replace("free_space_", "volumes.")), defect))
    return node._replace(defects=_defects(known.get("invalid_fields"), where, place))


def _volumes(known: Any, where: str) -> Dict[str, Any]:
    if known is None:
        return {}
    if not isinstance(known, Mapping):
        raise Misuse("%s.volumes is no mapping of volumes to bytes" % where)
    for name in known:
        if name not in VOLUMES:
            told = str(name)[:80]
            raise Misuse("%s.volumes: %r is no volume%s" % (where, told, closest(told, VOLUMES)))
    return {"free_space_" + name: UNLIMITED if free is None else free for name, free in known.items()}


def _defects(known: Any, where: str, place: Place) -> Dict[str, Message]:
    if known is None:
        return {}
    if not isinstance(known, Mapping) or not all(isinstance(defect, str) for defect in known.values()):
        raise Misuse("%s.invalid_fields is no mapping of fields to what is wrong with them" % where)
    return {str(field): Foreign(defect, place, _LONGEST_DEFECT).shown() for field, defect in known.items()}


def _text(value: Any, where: str) -> Optional[str]:
    if value is not None and not isinstance(value, str):
        raise Misuse("%s is no text" % where)
    return value


def _moment(moment: Optional[Moment]) -> Optional[str]:
    return moment.utc.replace(tzinfo=None).isoformat() + "Z" if moment else None
