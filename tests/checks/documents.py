# SPDX-License-Identifier: BSD-2-Clause
"""Answers of GET /v1/support, made from what a test wants to be different about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from wabiz_monitoring._core import deployment
from wabiz_monitoring._core.policy import Policy
from wabiz_monitoring._core.redaction import Redaction

NOW = datetime(2018, 6, 1, tzinfo=timezone.utc)
"""The moment at which tests judge; the expiry below is 118.6 days away from it."""

POLICY = Policy(now=NOW, asked_at=NOW)

PLACE = Redaction()
"""Where texts are shown when there is no secret to hide."""

HEALTHY: Mapping[str, Any] = {
    "context": "healthcheck",
    "db_engine": "MYSQL",
    "db_info": ["mysql driver 8.0.33"],
    "debug_info": "12025550143",
    "description": "Version 2.18.22",
    "device_iso8601": "2018-06-01T00:00:00",
    "e2e": {"identity_timestamp": "1527811200", "registration_id": "123"},
    "env": ["WA_DB_PASSWORD=marked-env-secret"],
    "expire_timestamp": "2018-09-27T14:26:07",
    "free_space_data": 48 * 2**30,
    "free_space_logs": 21 * 2**30,
    "free_space_media_incoming": 35 * 2**30,
    "free_space_media_outgoing": 33 * 2**30,
    "lc": "en",
    "lg": "US",
    "multi_connect": False,
    "os_name": "ubuntu-x86_64",
    "os_version": "16.04",
    "schema": {"axolotl": 21, "callback": 4, "cluster": 9, "config": 17, "contact": 12, "jobqueue": 8, "message": 33},
    "socket_conn": "UP",
    "version": "2.18.22",
}
META = {"version": "v2.18.22", "api_status": "stable"}
UNREACHABLE = {"errors": [{"code": 1014, "title": "Internal error", "details": "connection timed out"}]}


def fields(**differing: Any) -> dict[str, Any]:
    """A healthy node's fields with some of them different; those that are `...` are left out."""
    return {name: value for name, value in {**HEALTHY, **differing}.items() if value is not ...}


def standby(**differing: Any) -> dict[str, Any]:
    """A node of a cluster that owns nothing and is therefore disconnected by design."""
    return fields(**{"role": "coreapp", "shards": [], "socket_conn": "DN", **differing})


def document(support: Any, **differing: Any) -> bytes:
    """The body of an answer; a `meta` of `...` is left out."""
    told = {"support": support, "meta": META, **differing}
    return json.dumps({name: value for name, value in told.items() if value is not ...}).encode()


def single(**differing: Any) -> bytes:
    """An answer in single form."""
    return document(fields(**differing))


def cluster(nodes: Mapping[str, Any]) -> bytes:
    """An answer in cluster form."""
    return document(dict(nodes))


def multiconnect(shards: int = 4) -> dict[str, dict[str, Any]]:
    """The nodes of a healthy multiconnect cluster: two masters, an owner a shard, one spare."""
    owners = {f"wa{n + 2}:c{n}": standby(shards=[[n, n]], socket_conn="UP", multi_connect=True) for n in range(shards)}
    return {
        "wa0:m0": standby(role="primary_master", shards=[[-1, -1]], socket_conn="UP", multi_connect=True),
        "wa1:m1": standby(role="secondary_master", multi_connect=True),
        **owners,
        "wa99:spare": standby(multi_connect=True),
    }


def high_availability() -> dict[str, dict[str, Any]]:
    """The nodes of a healthy high availability cluster: two masters, one owner of everything, one standby."""
    return {
        "wa1:m1": standby(role="primary_master"),
        "wa2:m2": standby(role="secondary_master"),
        "wa1:c1": standby(shards=[[-1, -1], [0, 0]], socket_conn="UP"),
        "wa2:c2": standby(),
    }


def parse(body: bytes) -> deployment.Deployment:
    """A deployment from the body of an answer."""
    return deployment.parse(body, PLACE)
