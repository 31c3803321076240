# SPDX-License-Identifier: BSD-2-Clause
"""The Grafana dashboard: made from the tables of the checks, and its queries over what a real Icinga 2 wrote."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from wabiz_monitoring.check_all import CHECKS
from wabiz_monitoring.plugin import Check
from wabiz_monitoring.simulator import Simulator

from .check_commands import FILE as COMMANDS
from .conftest import leave_out, new_folder
from .icinga import Icinga
from .influxdb import EXECUTABLE, InfluxDB, Series
from .record import Record, State
from .user import User, executable

DOCS = Path(__file__).parents[2] / "docs"
FILE = DOCS / "grafana" / "wabiz.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))

OWN = [check.name for check in CHECKS]

#: What the simulator serves, and which checks there are. As a pattern the second name would fit the first one, too.
DEPLOYMENTS: Mapping[str, tuple[str, Sequence[str]]] = {
    "wa-berlin": ("mc4-node-unreachable", OWN),
    "wa.berlin": ("low-space", OWN),
    "gateway (old)": ("ha-healthy", ["all"]),
}
SILENT = "silent"

SERVICES = """
apply Service "wabiz-" for (check in host.vars.wabiz_checks) {
    check_command = "wabiz_" + check
    enable_active_checks = false
}
"""


def rows() -> dict[str, list[dict[str, Any]]]:
    """The panels that show data, by the title of their row."""
    found: dict[str, list[dict[str, Any]]] = {}
    title = ""
    for panel in DASHBOARD["panels"]:
        if panel["type"] == "row":
            title = panel["title"]
        else:
            found.setdefault(title, []).append(panel)
    return found


def panels(kind: str = "") -> list[dict[str, Any]]:
    """All panels that show data, or those of one type."""
    return [panel for row in rows().values() for panel in row if kind in ("", panel["type"])]


def row_of(check: Check) -> list[dict[str, Any]]:
    """The panels of a check."""
    (found,) = (row for title, row in rows().items() if title.startswith(f"$host {check.name}:"))
    return found


def queries(shown: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The queries of panels."""
    yield from (target["query"] for panel in shown for target in panel["targets"])


def in_pattern(values: Sequence[str]) -> str:
    """Values of a variable as Grafana writes them for `:regex`."""
    escaped = [re.sub(r"[\\^$*+?.()|[\]{}/]", r"\\\g<0>", value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def expanded(query: str, *, host: str = "", services: Sequence[str] = (), begin: float = 0, end: float = 0) -> str:
    """A query as Grafana sends it for this choice of variables and this range of time."""
    values = {
        "$timeFilter": f"time >= {begin * 1000:.0f}ms and time <= {end * 1000:.0f}ms",
        "$__interval": "1m",
        "${host:regex}": in_pattern([host]),
        "${service:regex}": in_pattern(services),
    }
    for name, value in values.items():
        query = query.replace(name, value)
    assert not re.search(r"\$\w|\$\{", query), f"Grafana would have to know more: {query}"
    return query


def test_the_dashboard_is_made_from_the_tables_of_the_checks() -> None:
    if sys.version_info < (3, 11):
        pytest.skip("left out: the library that makes the dashboard needs Python 3.11")
    from .dashboard import made

    assert FILE.read_text(encoding="utf-8") == made(), "run: python tests/engines/dashboard.py"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_metric_has_a_panel_and_every_panel_a_metric(check: Check) -> None:
    asked = [re.findall(r'"metric" (?:= \'|=~ /\^\(\.\+_\)\?)(\w+)', query) for query in queries(row_of(check))]
    assert sorted(label for (label,) in asked) == sorted(label for label, _unit, _meaning in check.metrics)


@dataclass
class Scene:
    """An InfluxDB with what Icinga wrote, and what the checks had printed, by host and service."""

    icinga: Icinga
    influxdb: InfluxDB
    printed: Mapping[tuple[str, str], Record]
    begin: float
    end: float

    def services(self, host: str) -> list[str]:
        """The services of a host."""
        return [service for of, service in self.printed if of == host]

    def ask(
        self, query: str, host: str = "", services: Sequence[str] = (), begin: float = 0, end: float = 0
    ) -> list[Series]:
        """The series that Grafana would get for this host, its services unless some are named, and the time of them."""
        services = services or self.services(host)
        text = expanded(query, host=host, services=services, begin=begin or self.begin, end=end or self.end)
        return self.influxdb.query(text)

    def shown(self, panel: Mapping[str, Any], host: str) -> Iterator[tuple[str, float]]:
        """Label and last value of each line or tile of a panel."""
        for query in queries([panel]):
            for series in self.ask(query, host):
                (*_rest, last) = (value for row in series.rows if (value := values(row)[0]) is not None)
                # What is printed in seconds is shown in days.
                yield series.tags["metric"], last * (86400 if panel["type"] == "stat" else 1)


def values(row: Mapping[str, Any]) -> list[Any]:
    """A row without its time."""
    return [value for column, value in row.items() if column != "time"]


def configuration(kind: str) -> str:
    """The object of Icinga 2 that the page tells its readers to write."""
    page = (DOCS / "grafana.md").read_text(encoding="utf-8")
    (block,) = re.findall(rf"```icinga2\n(object {kind} .*?)```", page, re.DOTALL)
    return str(block)


@pytest.fixture(scope="module")
def influxdb(user: User, scratch: Path) -> Iterator[InfluxDB]:
    """An InfluxDB with an empty database."""
    if executable(EXECUTABLE) is None:
        leave_out("InfluxDB")
    with InfluxDB(user, new_folder(scratch, "influxdb-")) as running:
        yield running


@pytest.fixture(scope="module")
def scene(
    user: User, scratch: Path, checks: Path, icinga2: Callable[..., Icinga], influxdb: InfluxDB
) -> Iterator[Scene]:
    """Every service checked once, and what Icinga wrote of it in InfluxDB."""
    here = f"port = {influxdb.port}, flush_interval = 1s, enable_send_thresholds = true"
    writers = configuration("Influxdb2Writer") + configuration("InfluxdbWriter")
    text = (
        f'const WabizPluginDir = "{checks}"\n'
        'const InfluxToken = "secret"\n'
        f"{COMMANDS.read_text(encoding='utf-8')}{SERVICES}{writers.replace('port = 8086', here)}"
    )
    text += host(SILENT, ["socket"], {"file": str(user.file(scratch / "no-answer", ""))})
    with ExitStack() as running:
        for number, (name, (scenario, named)) in enumerate(DEPLOYMENTS.items()):
            simulator = running.enter_context(Simulator(scenario))
            ca_file = user.own(Path(shutil.copy(simulator.ca_file, scratch / f"grafana-{number}.pem")), 0o644)
            secrets = f"[wabiz]\nusername = {simulator.username}\npassword = {simulator.password}\n"
            options = user.file(scratch / f"grafana-{number}.ini", secrets)
            where = {"hostname": "localhost", "port": str(simulator.port), "ca_file": str(ca_file)}
            text += host(name, named, {**where, "extra_opts": f"wabiz@{options}"})
        engine = running.enter_context(icinga2(text))
        there = {**{name: named for name, (_scenario, named) in DEPLOYMENTS.items()}, SILENT: ["socket"]}
        printed = checked(engine, [(name, f"wabiz-{check}") for name, named in there.items() for check in named])
        begin = min(record.checked for record in printed.values()) - 60
        end = max(record.checked for record in printed.values()) + 60
        influxdb.wait(lambda: written(influxdb, printed) or None, lambda: "everything is written", 30)
        yield Scene(engine, influxdb, printed, begin, end)


def host(name: str, named: Sequence[str], variables: Mapping[str, str]) -> str:
    """A host of Icinga 2 with these checks, and the variables that the check commands know."""
    lines = [f"    vars.wabiz_{key} = {json.dumps(value)}\n" for key, value in variables.items()]
    wanted = f"    vars.wabiz_checks = {json.dumps(named)}\n"
    return f'object Host "{name}" {{\n    check_command = "dummy"\n{wanted}{"".join(lines)}}}\n'


def checked(engine: Icinga, services: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Record]:
    """Have all services checked at once; gives what came of it."""
    with ThreadPoolExecutor(len(services)) as pool:
        return dict(zip(services, pool.map(lambda service: engine.check_now(*service), services), strict=True))


def written(influxdb: InfluxDB, printed: Mapping[tuple[str, str], Record]) -> bool:
    """Whether the state and every metric of every service is in the database."""
    found = influxdb.query('SELECT last("state") FROM /^wabiz_/ GROUP BY "hostname", "service"')
    found += influxdb.query('SELECT last("value") FROM /^wabiz_/ GROUP BY "hostname", "service", "metric"')
    return len(found) == sum(1 + len(record.metrics) for record in printed.values())


def number(perf_data: str) -> float:
    """The value of a piece of performance data."""
    found = re.match(r"-?[\d.]+", perf_data)
    assert found, perf_data
    return float(found[0])


@pytest.mark.parametrize("name", DEPLOYMENTS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_panels_show_all_that_the_check_printed_of_the_chosen_deployment(scene: Scene, check: Check, name: str) -> None:
    labels = tuple(label for label, _unit, _meaning in check.metrics)
    own, together = ((name, f"wabiz-{kind}") for kind in (check.name, "all"))
    printed = scene.printed.get(own) or scene.printed[together]
    expected = {
        label: pytest.approx(number(told))
        for label, told in printed.metrics.items()
        if label in labels or label.endswith(tuple(f"_{of}" for of in labels))
    }
    shown = [pair for panel in row_of(check) for pair in scene.shown(panel, name)]
    assert expected
    assert dict(shown) == expected
    assert len(shown) == len(expected)


def test_the_table_has_the_state_of_every_service_and_sorts_by_how_bad_it_is(scene: Scene) -> None:
    (table,) = panels("table")
    (query,) = queries([table])
    told = {(of.tags["hostname"], of.tags["service"]): of.rows for of in scene.ask(query)}
    assert {record.state for record in scene.printed.values()} == set(State)
    assert told.keys() == scene.printed.keys()
    for service, record in scene.printed.items():
        (row,) = told[service]
        assert mapped(table)[int(row["severity"])] == record.state.name
        assert row["time"] / 1000 == pytest.approx(record.checked, abs=60)
    assert mapped(table) == ["OK", "WARNING", "UNKNOWN", "CRITICAL"]
    assert table["options"]["sortBy"] == [{"desc": True, "displayName": "State"}]


@pytest.mark.parametrize("name", [*DEPLOYMENTS, SILENT])
def test_the_timeline_has_the_states_of_the_chosen_deployment(scene: Scene, name: str) -> None:
    (timeline,) = panels("state-timeline")
    (query,) = queries([timeline])
    words = mapped(timeline)
    shown = {of.tags["service"]: [words[int(values(row)[0])] for row in of.rows] for of in scene.ask(query, name)}
    assert shown == {service: [scene.printed[name, service].state.name] for service in scene.services(name)}


def mapped(panel: Mapping[str, Any]) -> list[str]:
    """The words that a panel shows for 0, 1, 2 and so on."""
    config = panel["fieldConfig"]
    overridden = ({of["id"]: of["value"]} for override in config["overrides"] for of in override["properties"])
    found = [mapping for settings in (config["defaults"], *overridden) for mapping in settings.get("mappings", ())]
    options = {value: shown["text"] for mapping in found for value, shown in mapping["options"].items()}
    return [options[str(value)] for value in range(len(options))]


def test_nothing_is_shown_outside_of_the_chosen_time(scene: Scene) -> None:
    for query in queries(panels()):
        assert scene.ask(query, "wa-berlin", end=scene.begin, begin=scene.begin - 3600) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_only_the_chosen_service_is_shown(scene: Scene, check: Check) -> None:
    for query in queries(row_of(check)):
        shown = {name: bool(scene.ask(query, "wa-berlin", [f"wabiz-{name}"])) for name in OWN}
        assert shown == {name: name == check.name for name in OWN}


def test_the_variables_offer_the_deployments_and_the_services_of_one(scene: Scene) -> None:
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["query"] == "influxdb"
    offered = {
        name: {row["value"] for of in scene.ask(variables[name]["query"], "wa.berlin") for row in of.rows}
        for name in ("host", "service")
    }
    assert offered == {"host": {*DEPLOYMENTS, SILENT}, "service": set(scene.services("wa.berlin"))}


def test_icinga_does_not_pass_ranges_on_so_that_limits_are_those_of_the_tables(scene: Scene) -> None:
    keys = {name: scene.influxdb.query(f"SHOW FIELD KEYS FROM {name}") for name in ("wabiz_socket", "wabiz_space")}
    fields = {name: {row["fieldKey"] for of in found for row in of.rows} for name, found in keys.items()}
    assert {"value", "min", "max"} <= fields["wabiz_socket"]
    assert {"value", "min"} <= fields["wabiz_space"]
    assert not {"warn", "crit"} & fields["wabiz_space"]


def test_icinga_takes_the_writer_for_influxdb_2_as_well(scene: Scene) -> None:
    # What it writes goes nowhere: the database here does not understand it.
    assert scene.icinga.evaluate('get_object(Influxdb2Writer, "wabiz").bucket') == "icinga2"
