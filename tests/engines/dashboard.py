# SPDX-License-Identifier: BSD-2-Clause
"""The Grafana dashboard, made from the checks' own tables of metrics: `python tests/engines/dashboard.py` writes it.

It reads what Icinga 2's InfluxdbWriter or Influxdb2Writer writes with its default templates: the check command is the
measurement, host and service are tags, and each metric is a point with its label as a tag.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    LineStyle,
    ReduceDataOptions,
    TableSortByFieldState,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DatasourceVariable,
    FieldColor,
    QueryVariable,
    Row,
    ThresholdsConfig,
)
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.statetimeline import Panel as StateTimeline
from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.builders.timeseries import Panel as TimeSeries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common, units
from grafana_foundation_sdk.models.dashboard import Dashboard as DashboardModel
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.dashboard import Panel as PanelModel
from wabiz_monitoring._core.limits import DEFAULTS, MEASURES, Limit
from wabiz_monitoring._core.states import State
from wabiz_monitoring.check_all import CHECKS
from wabiz_monitoring.plugin import Check

FILE = Path(__file__).parents[2] / "docs" / "grafana" / "wabiz.json"
UID = "wabiz"

DAY = 86400
SILENCE = 3_600_000
"""Milliseconds without a value after which a line ends: a clock is looked at every quarter of an hour."""

COLOURS = {State.OK: "green", State.WARNING: "orange", State.CRITICAL: "red", State.UNKNOWN: "purple"}


class Shown(NamedTuple):
    """How a metric is drawn."""

    panel: str
    """The title of its panel; metrics of one check with the same title share one."""
    worst: str
    """The function of InfluxQL that keeps what is worst in an interval, so that a short fault shows in a long range.

    Of what errs to both sides, or is shown as it is now, the last."""
    colour: str = ""
    """Empty where each node has its own."""


SHOWN: Mapping[str, Shown] = {
    "connected": Shown("Connections", "min", "green"),
    "expected": Shown("Connections", "max", "text"),
    "nodes": Shown("Nodes", "min", "text"),
    "unreachable": Shown("Nodes", "max", "red"),
    "shards_owned": Shown("Shards", "min", "green"),
    "shards_total": Shown("Shards", "max", "text"),
    "masters": Shown("Masters and spares", "min", "green"),
    "spare_coreapps": Shown("Masters and spares", "min", "blue"),
    "free_data": Shown("Free on data", "min"),
    "free_logs": Shown("Free on logs", "min"),
    "free_media_incoming": Shown("Free on media_incoming", "min"),
    "free_media_outgoing": Shown("Free on media_outgoing", "min"),
    "build_expires_in": Shown("Until the build expires", "last"),
    "clock_offset": Shown("Ahead of us", "last"),
}

DATASOURCE = DataSourceRef(type_val="influxdb", uid="${datasource}")
OURS = "/^wabiz_/"
HOST = '"hostname" =~ /^${host:regex}$/'
SERVICE = '"service" =~ /^${service:regex}$/'

# OK, WARNING, UNKNOWN, CRITICAL as 0 to 3: of a state's two bits the lower is turned over where the higher is set.
SEVERITY = '(("state" * 2) ^ ("state" & 2)) / 2'


class InfluxQL(Dataquery, Builder["InfluxQL"]):
    """A query in InfluxQL, as Grafana's data source InfluxDB has it; the library knows none."""

    def __init__(self, query: str, alias: str = "", *, name: str = "A", table: bool = False) -> None:
        """``name`` tells it from the others of its panel; ``table`` wants rows instead of lines."""
        self.query = query
        self.alias = alias
        self.name = name
        self.table = table

    def build(self) -> InfluxQL:
        """Itself: it is finished."""
        return self

    def to_json(self) -> dict[str, object]:
        """What stands in the dashboard."""
        return {
            "alias": self.alias,
            "datasource": DATASOURCE,
            "query": self.query,
            "rawQuery": True,
            "refId": self.name,
            "resultFormat": "table" if self.table else "time_series",
        }


def dashboard() -> DashboardModel:
    """The whole dashboard: all deployments, then one of them, a row for each check."""
    built = (
        Dashboard("WhatsApp Business deployments")
        .uid(UID)
        .description("Made from the metrics of the checks by tests/engines/dashboard.py: change those, not this.")
        .tags(["wabiz"])
        .editable()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-24h", "now")
        .timezone("browser")
        .refresh("1m")
        .with_variable(DatasourceVariable("datasource").label("Data source").type("influxdb"))
        .with_variable(_variable("host", "Deployment", "hostname"))
        .with_variable(_variable("service", "Service", "service", HOST).multi(True).include_all(True))
        .with_row(Row("All deployments, the worst first"))
        .with_panel(_all_deployments())
        .with_row(Row("$host"))
        .with_panel(_states())
    )
    for check in CHECKS:
        question, _mark, _rest = check.asks.partition("?")
        built.with_row(Row(f"$host {check.name}: {question}?"))
        for panel in _panels(check):
            built.with_panel(panel)
    return _numbered(built.build())


def _numbered(whole: DashboardModel) -> DashboardModel:
    for number, panel in enumerate(whole.panels or [], 1):
        panel.id_val = number
    return whole


def made() -> str:
    """What the file has to hold."""
    return json.dumps(dashboard(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _variable(name: str, label: str, tag: str, where: str = "") -> QueryVariable:
    query = f'SHOW TAG VALUES FROM {OURS} WITH KEY = "{tag}"' + (f" WHERE {where}" if where else "")
    return (
        QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def _severities(group: str, where: str = "") -> str:
    return f'SELECT {SEVERITY} AS "severity" FROM {OURS} WHERE {where}$timeFilter GROUP BY {group}'


def _mappings() -> ValueMap:
    """Severities in words and colours."""
    return ValueMap(
        {
            str(state.severity): ValueMappingResult(text=state.name, color=COLOURS[state], index=state.severity)
            for state in State
        }
    )


def _all_deployments() -> Table:
    columns = {name: place for place, name in enumerate(("hostname", "service", "severity", "Time"))}
    each = '"hostname", "service"'
    last = f'SELECT last("severity") AS "severity" FROM ({_severities(each)}) WHERE $timeFilter GROUP BY {each}'
    host = "${__data.fields.hostname:percentencode}"
    link = f"/d/{UID}?${{datasource:queryparam}}&var-host={host}&${{__url_time_range}}"
    return (
        Table()
        .title("State of every service")
        .description(
            "The last result of each service in the time range, and when that was: a service that is no longer checked "
            "keeps its last state here. A click on a deployment shows it below."
        )
        .datasource(DATASOURCE)
        .span(24)
        .height(8)
        .with_target(InfluxQL(last, table=True))
        # Grafana has the columns of tags in no order.
        .with_transformation(DataTransformerConfig("organize", options={"indexByName": columns}))
        .sort_by([TableSortByFieldState().display_name("State").desc(True)])
        .override_by_name(
            "hostname",
            [_named("Deployment"), DynamicConfigValue("links", [{"title": "Show this deployment", "url": link}])],
        )
        .override_by_name("service", [_named("Service")])
        .override_by_name(
            "severity",
            [
                _named("State"),
                DynamicConfigValue("mappings", [_mappings()]),
                DynamicConfigValue("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
            ],
        )
        .override_by_name("Time", [_named("Checked"), DynamicConfigValue("unit", "dateTimeFromNow")])
    )


def _named(name: str) -> DynamicConfigValue:
    return DynamicConfigValue("displayName", name)


def _states() -> StateTimeline:
    source = _severities('"service"', f"{HOST} AND ")
    worst = f'SELECT max("severity") FROM ({source}) WHERE $timeFilter GROUP BY time($__interval), "service" fill(none)'
    return (
        StateTimeline()
        .title("States")
        .description("The worst state of each service in each interval: CRITICAL, UNKNOWN, WARNING, OK.")
        .datasource(DATASOURCE)
        .span(24)
        .height(7)
        .interval("1m")
        .with_target(InfluxQL(worst, "$tag_service"))
        .mappings([_mappings()])
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .show_value(common.VisibilityMode.NEVER)
        .merge_values(True)
        .row_height(0.8)
        .legend(_legend(common.LegendDisplayMode.LIST))
    )


def _legend(mode: common.LegendDisplayMode, *calcs: str) -> VizLegendOptions:
    return (
        VizLegendOptions()
        .display_mode(mode)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(list(calcs))
    )


def _panels(check: Check) -> Iterator[Builder[PanelModel]]:
    """The panels of a check, from left to right."""
    titles = itertools.groupby(check.metrics, key=lambda metric: SHOWN[metric[0]].panel)
    grouped = {title: list(metrics) for title, metrics in titles}
    for title, metrics in grouped.items():
        described = "  \n".join(f"`{label}`: {meaning}" for label, _unit, meaning in metrics)
        panel: Stat | TimeSeries
        if check.name in MEASURES:
            ((label, unit, _meaning),) = metrics
            panel = _life(check, label) if check.name == "build" else _measured(check, label, unit)
            described += f"  \n{_limits(check)}"
            width = 12
        else:
            panel = _counts(check, [label for label, _unit, _meaning in metrics])
            width = 6
        yield panel.title(title).description(described).span(width if len(grouped) > 1 else 24)


def _limits(check: Check) -> str:
    measure = MEASURES[check.name]
    return (
        f"Limits: the defaults of the check, `-w {measure.warning} -c {measure.critical}`. Icinga 2 does not pass "
        "ranges on; what your own limits say is in the states."
    )


def _query(check: Check, labels: str, select: str, group: str) -> str:
    return (
        f"SELECT {select} FROM /^wabiz_({check.name}|all)$/ WHERE {HOST} AND {SERVICE} "
        f'AND "metric" {labels} AND $timeFilter GROUP BY {group}'
    )


def _over_time(check: Check, label: str, labels: str, name: str = "A") -> InfluxQL:
    select = f'{SHOWN[label].worst}("value")'
    query = _query(check, labels, select, 'time($__interval), "metric" fill(null)')
    return InfluxQL(query, "$tag_metric", name=name)


def _any_node(label: str) -> str:
    """What fits a label in the single form, and in a cluster that of every node."""
    return f"=~ /^(.+_)?{label}$/"


def _node_names(label: str) -> DataTransformerConfig:
    """Leaves the node's name of a label in a cluster; in the single form there is none."""
    return DataTransformerConfig("renameByRegex", options={"regex": f"^(.+)_{label}$", "renamePattern": "$1"})


def _graph() -> TimeSeries:
    return (
        TimeSeries()
        .datasource(DATASOURCE)
        .height(8)
        .interval("1m")
        .span_nulls(SILENCE)
        .show_points(common.VisibilityMode.NEVER)
        .tooltip(VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
    )


def _counts(check: Check, labels: Sequence[str]) -> TimeSeries:
    """Counts of a whole deployment, each in its own colour; what should be is a dashed line."""
    graph = (
        _graph()
        .unit(units.Short)
        .decimals(0)
        .min(0)
        .line_interpolation(common.LineInterpolation.STEP_AFTER)
        .line_width(2)
        .legend(_legend(common.LegendDisplayMode.TABLE, "lastNotNull", "min", "max"))
    )
    for name, label in zip("ABCD", labels, strict=False):
        graph.with_target(_over_time(check, label, f"= '{label}'", name))
        colour = SHOWN[label].colour
        looks = [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})]
        if colour == "text":
            looks.append(DynamicConfigValue("custom.lineStyle", LineStyle().fill("dash").dash([6, 6]).build()))
        graph.override_by_name(label, looks)
    return graph


def _measured(check: Check, label: str, unit: str) -> TimeSeries:
    """A measure of every node, with the limits; of space, the least is the first in the legend."""
    limit = DEFAULTS[check.name]
    graph = (
        _graph()
        .unit({"B": units.BytesIEC, "s": units.Seconds}[unit])
        .thresholds(_thresholds(limit))
        .thresholds_style(GraphThresholdsStyleConfig().mode(common.GraphTresholdsStyleMode.DASHED_AND_AREA))
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .with_target(_over_time(check, label, _any_node(label)))
        .with_transformation(_node_names(label))
    )
    legend = _legend(common.LegendDisplayMode.TABLE, "lastNotNull", "min", "max")
    if unit == "B":
        return graph.min(0).legend(legend.sort_by("Last *").sort_desc(False))
    assert limit.warning
    return graph.axis_soft_min(limit.warning.start).axis_soft_max(limit.warning.end).legend(legend)


def _life(check: Check, label: str) -> Stat:
    """Days that are left, a tile for each node."""
    days = f'{SHOWN[label].worst}("value") / {DAY}'
    return (
        Stat()
        .datasource(DATASOURCE)
        .height(5)
        .unit("suffix:days")
        .decimals(1)
        .thresholds(_thresholds(DEFAULTS[check.name], DAY))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .color_mode(common.BigValueColorMode.BACKGROUND)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(InfluxQL(_query(check, _any_node(label), days, '"metric"'), "$tag_metric"))
        .with_transformation(_node_names(label))
    )


def _thresholds(limit: Limit, of: int = 1) -> ThresholdsConfig:
    """Where colours change, in units of so many base units."""
    ranges = [found for found in (limit.warning, limit.critical) if found]
    bounds = sorted({bound for found in ranges for bound in (found.start, found.end) if math.isfinite(bound)})
    # Between two bounds, and beyond the outermost, everything has one colour.
    within = [bounds[0] - 1, *(sum(pair) / 2 for pair in itertools.pairwise(bounds)), bounds[-1] + 1]
    steps = [
        Threshold(value=None if bound is None else bound / of, color=COLOURS[_state(limit, inside)])
        for bound, inside in zip([None, *bounds], within, strict=True)
    ]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _state(limit: Limit, value: float) -> State:
    if limit.critical and limit.critical.alerts(value):
        return State.CRITICAL
    return State.WARNING if limit.warning and limit.warning.alerts(value) else State.OK


def main() -> None:
    """Write the dashboard."""
    FILE.write_text(made(), encoding="utf-8")
    print(FILE)


if __name__ == "__main__":
    main()
