# SPDX-License-Identifier: BSD-2-Clause
"""The reference pages, made from the tables that the checks run by: `python tests/checks/pages.py` writes them.

Their examples are run: against the simulator's scenarios, at a time that stands still.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from documents import parse as parse_deployment
from wabiz_monitoring._core.catalogue import CATALOGUE
from wabiz_monitoring._core.judge import judge
from wabiz_monitoring._core.policy import Policy
from wabiz_monitoring._core.report import metrics
from wabiz_monitoring._core.result import Result
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring.check_all import CHECK, CHECKS
from wabiz_monitoring.plugin import Check
from wabiz_monitoring.plugin.as_json import as_json
from wabiz_monitoring.plugin.examples import EXAMPLES, Example, command, shortened
from wabiz_monitoring.plugin.lines import lines
from wabiz_monitoring.plugin.options import Option, options_of
from wabiz_monitoring.plugin.parser import parse
from wabiz_monitoring.plugin.reference import BROKEN_LIMITS, SECRETS, problems_of
from wabiz_monitoring.simulator.library import load_scenarios

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
ALL = (*CHECKS, CHECK)

NOW = datetime(2024, 5, 14, 9, 30, tzinfo=timezone.utc)
"""When the examples are asked: what is left of a build's life must not change by the day."""

_HEADER = """<!-- SPDX-License-Identifier: BSD-2-Clause -->
<!-- Made from the tables of the checks by tests/checks/pages.py: change those, not this page. -->"""


def answer(scenario: str) -> bytes:
    """The body that the simulator serves for a scenario at the time of the examples."""
    now = NOW.timestamp()
    _status, body = load_scenarios()[scenario].answer(now, now)
    return json.dumps(body).encode()


def run_example(check: Check, example: Example) -> tuple[int, str]:
    """Exit status and output of a check as it would be at the time of the examples.

    All is as in a run of the command but the clock and where the answer comes from.
    """
    settings = parse(check, [*example.arguments, "--file", "-"], {}, Files())
    result = judged(check, example.scenario, settings._asdict())
    text = as_json(result, []) if settings.json else "\n".join(lines(result, settings.verbose))
    return int(result.state), text


def judged(check: Check, scenario: str, settings: Mapping[str, Any] | None = None) -> Result:
    """The result of a check on a scenario at the time of the examples; `settings` are those of a command line."""
    settings = settings or {}
    wishes = {name: settings[name] for name in Policy._fields if name in settings}
    policy = Policy(now=NOW, asked_at=NOW, **wishes)
    return judge(check.name, parse_deployment(answer(scenario)), policy, settings.get("without", ()))


def pages(checks: Iterable[Check]) -> dict[str, str]:
    """Every generated page, by its file name: one for each check, and the catalogue of problems."""
    checks = tuple(checks)
    return {**{f"{check.command}.md": check_page(check) for check in checks}, "problems.md": problems_page(checks)}


def check_page(check: Check) -> str:
    """The reference page of a check, in Markdown."""
    sections = [
        _title(check.command, check.asks),
        _usage(check),
        _section("Options", *_options(check)),
        _section("Thresholds", check.thresholds, "More on ranges and units: [thresholds](thresholds.md).")
        if check.thresholds
        else "",
        _section("States", *_states(check)),
        _section("Perfdata", *_perfdata(check)),
        _section("Examples", *_examples(check)),
    ]
    return "\n".join(filter(None, sections))


def problems_page(checks: Iterable[Check]) -> str:
    """The page of all problems, in Markdown."""
    judges = {check.name: _link(check) for check in checks}
    rows = (
        (
            f"`{row.name}`",
            row.state.name,
            "every check" if len(row.judged_by) > 2 else ", ".join(judges[name] for name in row.judged_by),
            row.meaning,
            sentence(row.remedy),
        )
        for row in CATALOGUE.values()
    )
    return "\n".join(
        (
            _title("Problems", "Everything that the checks can find wrong has a name. This is all of them."),
            "`--state PROBLEM=STATE` gives a problem another state than its default: `--state expired=warning`, "
            "`--state node-unreachable=ok`. It can be repeated; of two words on one problem the last counts.\n\n"
            "Of several states the worst is the state of the service: CRITICAL, UNKNOWN, WARNING, OK, in this order. "
            "One cause should turn one service red, so a problem of a node belongs to one check; only a shard that "
            "nobody owns is found by two. `check_wabiz_all` judges everything.\n",
            table(("problem", "default", "judged by", "when", "what to do"), rows),
            "\nA value that breaks a limit is WARNING or CRITICAL by the limit that it breaks, and has no name here: "
            "see [thresholds](thresholds.md).\n",
        )
    )


def _title(title: str, says: str) -> str:
    return f"{_HEADER}\n# {title}\n\n{says}\n"


def _section(title: str, *blocks: str) -> str:
    return "\n\n".join((f"## {title}", *blocks)) + "\n"


def _usage(check: Check) -> str:
    return _section(
        "Usage",
        f"    {check.command} -H HOST [options]",
        f"{SECRETS} See [extra-opts](extra-opts.md).",
    )


def _options(check: Check) -> Iterator[str]:
    groups: dict[str, list[Option]] = {}
    for option in options_of(check):
        groups.setdefault(option.group, []).append(option)
    rows = (
        (f"**{group}**" if at == 0 else "", _flags(option), sentence(option.help))
        for group, options in groups.items()
        for at, option in enumerate(options)
    )
    yield table(("", "option", "meaning"), rows)
    yield (
        "Options are taken whole, never abbreviated. One that is unknown, or has a bad value, is UNKNOWN in one line. "
        "So is one with an empty value, such as a macro of an engine that is not set: leave the option out. "
        "(`--extra-opts=` is `--extra-opts`.) An environment variable that is empty counts as not set."
    )


def _flags(option: Option) -> str:
    # An optional value of a long option is written in one word with it.
    optional = option.metavar.startswith("[")
    value = f"[={option.metavar}]" if optional else f" {option.metavar}".rstrip()
    return ", ".join(f"`{flag}{value if flag == option.flags[-1] else ''}`" for flag in option.flags)


def _states(check: Check) -> Iterator[str]:
    limits = [(name, state.name, meaning, "") for name, state, meaning in BROKEN_LIMITS] if check.thresholds else []
    rows = [(f"`{row.name}`", row.state.name, row.meaning, sentence(row.remedy)) for row in problems_of(check)]
    yield table(("problem", "default", "when", "what to do"), [*limits, *rows])
    yield (
        "`--state PROBLEM=STATE` changes the default of a problem. Of several states the worst counts: CRITICAL, "
        "UNKNOWN, WARNING, OK. The exit status is 0 for OK, 1 for WARNING, 2 for CRITICAL, 3 for UNKNOWN."
    )


class _Seen(NamedTuple):
    """How a metric looks in the two forms of an answer."""

    single: bool
    in_cluster: str
    thresholds: bool
    minimum: int | None


def _seen(check: Check, label: str) -> _Seen:
    single = {metric.label: metric for metric in metrics(judged(check, "healthy-single"))}
    cluster = {metric.label: metric for metric in metrics(judged(check, "mc4-healthy"))}
    alike = label if label in cluster else next(name for name in cluster if name.endswith("_" + label))
    metric = single.get(label) or cluster[alike]
    return _Seen(label in single, alike, bool(metric.warning or metric.critical), metric.minimum)


def _perfdata(check: Check) -> Iterator[str]:
    rows = []
    per_node = False
    for label, unit, meaning in check.metrics:
        seen = _seen(check, label)
        per_node = per_node or seen.in_cluster != label
        rows.append(
            (
                f"`{label}`" if seen.single else "-",
                f"`{seen.in_cluster}`" if seen.in_cluster == label else f"`{seen.in_cluster}`, ...",
                unit or "count",
                "yes" if seen.thresholds else "no",
                "-" if seen.minimum is None else str(seen.minimum),
                sentence(meaning),
            )
        )
    yield table(("label", "in a cluster", "unit", "thresholds", "min", "meaning"), rows)
    if per_node:
        yield (
            "In a cluster each node has values of its own. A label is made of the node's host and what the node is "
            "(`master` or `coreapp`), never of its container: a container made anew, or a failover, leaves it as it "
            "was. Where a host has several of a kind, all but the first get a number (`wa1_coreapp_2_...`); when one "
            "of those is unreachable its kind is not known, and the numbers of the others may shift. What is neither "
            "letter nor digit nor `-` becomes `_`, dots too (`wa1_example_com_coreapp_...`): they would be folders to "
            "Graphite. Of a host with more than 48 characters the end is a number that is made of the whole."
        )


def _examples(check: Check) -> Iterator[str]:
    yield (
        "These are scenarios of [wabiz-simulator](simulator.md), asked on "
        f"{NOW:%Y-%m-%d} at {NOW:%H:%M} UTC. To try one: `wabiz-simulator --print SCENARIO | {check.command} --file -`."
    )
    for example in EXAMPLES[check.name]:
        status, text = run_example(check, example)
        shown = text if example.arguments == ("--json",) else shortened(text)
        yield f"**{sentence(example.says)}** Scenario `{example.scenario}`, exit status {status}:"
        yield f"```console\n$ {command(check, example.arguments)}\n{shown}\n```"


def _link(check: Check) -> str:
    return f"[{check.name}]({check.command}.md)"


def sentence(text: str) -> str:
    """A text with a capital at its beginning and a full stop at its end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    """Write the pages."""
    for name, text in pages(ALL).items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(DOCS / name)


if __name__ == "__main__":
    main()
