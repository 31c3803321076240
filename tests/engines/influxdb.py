# SPDX-License-Identifier: BSD-2-Clause
"""A real InfluxDB in a scratch folder, asked in InfluxQL as a data source of Grafana asks it."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .daemon import Daemon, free_port
from .user import User, executable

EXECUTABLE = "influxd"
DATABASE = "icinga2"

_CONFIGURATION = """\
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
"""


@dataclass(frozen=True)
class Series:
    """One series of an answer: of which measurement, with which tags, and its rows by column."""

    name: str
    tags: dict[str, str]
    rows: list[dict[str, Any]]


class InfluxDB(Daemon):
    """InfluxDB with an empty database for Icinga 2."""

    def __init__(self, user: User, folder: Path) -> None:
        self.port = free_port()
        user.folder(folder)
        configuration = user.file(folder / "influxdb.conf", _CONFIGURATION.format(folder=folder, port=self.port))
        super().__init__(user, folder, [executable(EXECUTABLE) or EXECUTABLE, "-config", str(configuration)])

    def ready(self) -> bool:
        try:
            self.query(f"CREATE DATABASE {DATABASE}", method="POST")
        except OSError:
            return False
        return True

    def query(self, text: str, method: str = "GET") -> list[Series]:
        """The series that a statement gives, times in milliseconds. Raises ValueError when the statement is refused."""
        words = urllib.parse.urlencode({"db": DATABASE, "epoch": "ms", "q": text})
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/query?{words}", method=method)
        try:
            with _OPENER.open(request, timeout=10) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            told = json.load(error)
        results = told.get("results", [told])
        if refused := [result["error"] for result in results if "error" in result]:
            raise ValueError(f"{'; '.join(refused)}: {text}")
        return [
            Series(
                series["name"],
                series.get("tags", {}),
                [dict(zip(series["columns"], row, strict=True)) for row in series["values"]],
            )
            for result in results
            for series in result.get("series", [])
        ]


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
