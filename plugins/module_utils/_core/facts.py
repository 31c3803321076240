# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A deployment as plain data, for playbooks: typed values, null where the answer did not say."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, List, Optional

from .deployment import VOLUMES, Deployment, Node
from .times import Moment


def facts(deployment: Deployment, now: datetime, with_env: bool = False) -> Dict[str, Any]:
    """`form`, `front_version`, `asked_at` and a list of `nodes`.

    Times are ISO 8601 in UTC; `expires_in` is in seconds from `now`; free space is in bytes, null when unlimited or not
    told (a volume that was not told is absent from `volumes`). `env` may hold secrets and is only there when asked for.
    """
    return {
        "form": deployment.form,
        "front_version": deployment.front_version,
        "asked_at": _iso(now),
        "nodes": [_node(node, now, with_env) for node in deployment.nodes],
    }


def _node(node: Node, now: datetime, with_env: bool) -> Dict[str, Any]:
    known: Dict[str, Any] = {
        "key": node.key,
        "host": node.host,
        "container": node.container,
        "reachable": node.reachable,
        "error": dict(node.error._asdict()) if node.error else None,
        "invalid_fields": dict(node.defects),
        "context": node.context,
        "db_engine": node.db_engine,
        "db_info": _list(node.db_info),
        "debug_info": node.debug_info,
        "description": node.description,
        "device_time": _moment(node.time),
        "device_time_zoned": node.time.zoned if node.time else None,
        "e2e": _dict(node.e2e),
        "expires_at": _moment(node.expires),
        "expires_in": int((node.expires.utc - now).total_seconds()) if node.expires else None,
        "lc": node.lc,
        "lg": node.lg,
        "multi_connect": node.multi_connect,
        "os_name": node.os_name,
        "os_version": node.os_version,
        "registered": None if node.debug_info is None else node.debug_info.strip().lower() != "unregistered",
        "role": node.role,
        "schema": _dict(node.schema),
        "shards": None if node.shards is None else [list(pair) for pair in node.shards],
        "socket_conn": node.socket,
        "version": node.version,
        "volumes": {name: node.free[name] for name in VOLUMES if name in node.free},
    }
    if with_env:
        known["env"] = _list(node.env)
    return known


def _moment(moment: Optional[Moment]) -> Optional[str]:
    return _iso(moment.utc) if moment else None


def _iso(moment: datetime) -> str:
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _list(value: Any) -> Optional[List[Any]]:
    return None if value is None else list(value)


def _dict(value: Any) -> Optional[Dict[str, Any]]:
    return None if value is None else dict(value)
