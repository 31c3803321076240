# SPDX-License-Identifier: BSD-2-Clause
"""The text of help and reference pages, made from the tables that the checks run by.

`python -m wabiz_monitoring.plugin.reference FOLDER` writes the pages; it needs the simulator for their examples.
"""

import shlex
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from wabiz_monitoring.core.catalogue import CATALOGUE, Problem
from wabiz_monitoring.core.report import metrics
from wabiz_monitoring.core.states import State

from . import Check
from .examples import EXAMPLES, NOW, Example, judged, run_example
from .options import Option, options_of

HOST = "wa.example.com"

_WIDTH = 100
_HEADER = """<!-- SPDX-License-Identifier: BSD-2-Clause -->
<!-- Made from the tables of the checks by wabiz_monitoring.plugin.reference: change those, not this page. -->"""
_SECRETS = (
    "The password comes from WA_WEB_PASSWORD, a token from WA_WEB_TOKEN, or both from an extra-opts file (keys "
    "`password` and `token`). There is no option for them: a command line can be read by every user of the host."
)
_BROKEN_LIMITS = (
    ("limit of -w", State.WARNING, "A value is outside of the range given with `-w`, or of its default."),
    ("limit of -c", State.CRITICAL, "A value is outside of the range given with `-c`, or of its default."),
)
_MOST_PERFDATA = 400
"""Characters of performance data that a page shows; in a cluster it is thousands."""


def problems_of(check: Check) -> list[Problem]:
    """The problems that a check can find, in the catalogue's order."""
    return [row for row in CATALOGUE.values() if check.name == "all" or check.name in row.judged_by]


def command(check: Check, example: Example | None = None, address: Sequence[str] = ("-H", HOST)) -> str:
    """An example as a user types it."""
    return shlex.join([check.command, *address, *(example.arguments if example else ())])


def states_text(check: Check) -> str:
    """The end of the help: thresholds, every problem with its default state, secrets, examples."""
    lines = []
    if check.thresholds:
        lines += ["Thresholds:", *_wrapped(check.thresholds, "  "), ""]
    lines.append("States (change that of a problem with --state PROBLEM=STATE):")
    rows = [(row.name, row.state, row.meaning) for row in problems_of(check)]
    for name, state, meaning in [*(_BROKEN_LIMITS if check.thresholds else ()), *rows]:
        lines += _wrapped(meaning, " " * 32, f"  {name:<20} {state.name:<8} ")
    lines += ["", "Secrets:", *_wrapped(_SECRETS, "  "), "", "Examples:"]
    for example in _typed(check):
        lines += [f"  {command(check, example)}", *_wrapped(example.says, "      ")]
    lines += ["", "Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (also usage errors, -h and -V)."]
    return "\n".join(lines)


def _typed(check: Check) -> Iterator[Example]:
    yield Example("", "with the defaults; the user name from WA_WEB_USERNAME")
    yield from (example for example in EXAMPLES[check.name] if example.arguments)
    yield Example(
        "", "with the options and the password in section [wa] of a file", ("--extra-opts=wa@/etc/wabiz.ini",)
    )


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(
        text.replace("`", ""), _WIDTH, initial_indent=indent if first is None else first, subsequent_indent=indent
    )


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
            _sentence(row.remedy),
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
            _table(("problem", "default", "judged by", "when", "what to do"), rows),
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
        f"{_SECRETS} See [extra-opts](extra-opts.md).",
    )


def _options(check: Check) -> Iterator[str]:
    groups: dict[str, list[Option]] = {}
    for option in options_of(check):
        groups.setdefault(option.group, []).append(option)
    rows = (
        (f"**{group}**" if at == 0 else "", _flags(option), _sentence(option.help))
        for group, options in groups.items()
        for at, option in enumerate(options)
    )
    yield _table(("", "option", "meaning"), rows)
    yield "Options are taken whole, never abbreviated. One that is unknown, or has a bad value, is UNKNOWN in one line."


def _flags(option: Option) -> str:
    # An optional value of a long option is written in one word with it.
    optional = option.metavar.startswith("[")
    value = f"[={option.metavar}]" if optional else f" {option.metavar}".rstrip()
    return ", ".join(f"`{flag}{value if flag == option.flags[-1] else ''}`" for flag in option.flags)


def _states(check: Check) -> Iterator[str]:
    limits = [(name, state.name, meaning, "") for name, state, meaning in _BROKEN_LIMITS] if check.thresholds else []
    rows = [(f"`{row.name}`", row.state.name, row.meaning, _sentence(row.remedy)) for row in problems_of(check)]
    yield _table(("problem", "default", "when", "what to do"), [*limits, *rows])
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
                _sentence(meaning),
            )
        )
    yield _table(("label", "in a cluster", "unit", "thresholds", "min", "meaning"), rows)
    if per_node:
        yield (
            "In a cluster each node has values of its own. A label is made of the node's host and what the node is "
            "(`master` or `coreapp`), never of its container: a container made anew, or a failover, leaves it as it "
            "was. Where a host has several of a kind, all but the first get a number (`wa1_coreapp_2_...`); when one "
            "of those is unreachable its kind is not known, and the numbers of the others may shift."
        )


def _examples(check: Check) -> Iterator[str]:
    yield (
        "These are scenarios of [wabiz-simulator](simulator.md), asked on "
        f"{NOW:%Y-%m-%d} at {NOW:%H:%M} UTC. To try one: `wabiz-simulator --print SCENARIO | {check.command} --file -`."
    )
    for example in EXAMPLES[check.name]:
        status, text = run_example(check, example)
        shown = text if example.arguments == ("--json",) else shortened(text)
        yield f"**{_sentence(example.says)}** Scenario `{example.scenario}`, exit status {status}:"
        yield f"```console\n$ {command(check, example)}\n{shown}\n```"


def shortened(text: str) -> str:
    """Plugin output with no more performance data than somebody wants to read; it says what it leaves out."""
    first, *rest = text.splitlines()
    words, bar, numbers = first.partition(" | ")
    if len(numbers) > _MOST_PERFDATA:
        values = numbers.split(" ")
        shown = ""
        while values and len(shown) + len(values[0]) < _MOST_PERFDATA:
            shown += values.pop(0) + " "
        numbers = f"{shown}... and {len(values)} more"
    return "\n".join((words + bar + numbers, *rest))


def _link(check: Check) -> str:
    return f"[{check.name}]({check.command}.md)"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main(folder: str) -> None:
    """Write the pages into a folder."""
    from wabiz_monitoring.check_all import CHECK, CHECKS

    for name, text in pages((*CHECKS, CHECK)).items():
        Path(folder, name).write_text(text, encoding="utf-8")
        print(Path(folder, name))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m wabiz_monitoring.plugin.reference FOLDER")
    main(sys.argv[1])
