# SPDX-License-Identifier: BSD-2-Clause
"""Help and reference pages say what the checks do: they are made from the same tables, and neither may drift."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import ALL, DOCS, answer, judged, pages, run_example
from wabiz_monitoring._core.catalogue import CATALOGUE
from wabiz_monitoring._core.report import metrics
from wabiz_monitoring.check_all import CHECK, CHECKS
from wabiz_monitoring.plugin import Check
from wabiz_monitoring.plugin.examples import EXAMPLES, Example
from wabiz_monitoring.plugin.options import options_of
from wabiz_monitoring.plugin.reference import problems_of
from wabiz_monitoring.plugin.run import outcome
from wabiz_monitoring.simulator.library import load_scenarios

PAGES = pages(ALL)
SECTIONS = ["Usage", "Options", "Thresholds", "States", "Perfdata", "Examples"]

each_check = pytest.mark.parametrize("check", ALL, ids=[check.name for check in ALL])


def timeless() -> Iterator[tuple[Check, Example]]:
    """Examples in which nothing depends on the time of day."""
    return (
        (check, example)
        for check in ALL
        if check.name in ("socket", "cluster", "space")
        for example in EXAMPLES[check.name]
    )


def help_of(check: Check) -> str:
    done = subprocess.run(
        [Path(sys.executable).parent / check.command, "-h"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (3, "")
    return done.stdout


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_tables_say(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8") if (DOCS / name).exists() else ""
    assert written == PAGES[name], "make it anew: python tests/checks/pages.py"


@each_check
def test_a_page_has_its_sections_in_their_order(check: Check) -> None:
    found = [line[3:] for line in PAGES[f"{check.command}.md"].splitlines() if line.startswith("## ")]
    assert found == [section for section in SECTIONS if section != "Thresholds" or check.thresholds]


@each_check
def test_the_help_names_every_option_and_every_problem_within_100_columns(check: Check) -> None:
    text = help_of(check)
    words = " ".join(text.split())
    assert [line for line in text.splitlines() if len(line) > 100] == []
    for option in options_of(check):
        assert all(re.search(f" {flag}[ ,]", words) for flag in option.flags)
        # argparse breaks lines at hyphens, too.
        assert "".join(option.help.split()) in "".join(words.split())
    for problem in problems_of(check):
        assert f"{problem.name} {problem.state.name} " in words


@each_check
def test_the_help_says_where_secrets_go_and_shows_what_to_type(check: Check) -> None:
    text = help_of(check)
    assert "WA_WEB_PASSWORD" in text
    assert "WA_WEB_TOKEN" in text
    assert f"\n  {check.command} -H wa.example.com\n" in text


@each_check
def test_perfdata_has_the_labels_and_units_of_the_table_and_no_others(check: Check) -> None:
    table = {label: unit for label, unit, _meaning in check.metrics}
    seen = {}
    for scenario in load_scenarios():
        for metric in metrics(judged(check, scenario)):
            label = next(
                (label for label in table if metric.label == label or metric.label.endswith(f"_{label}")), None
            )
            assert label is not None, f"{metric.label} in {scenario} is not in the table"
            seen[label] = metric.unit
    assert seen == table


@pytest.mark.parametrize(("check", "example"), list(timeless()), ids=lambda value: getattr(value, "name", ""))
def test_an_example_shows_what_the_command_prints(check: Check, example: Example, tmp_path: Path) -> None:
    saved = tmp_path / "support.json"
    saved.write_bytes(answer(example.scenario))
    status, text = run_example(check, example)
    assert outcome(check, [*example.arguments, "--file", str(saved)]) == (status, text + "\n")


def test_every_problem_that_a_scenario_can_show_is_shown_by_an_example() -> None:
    def found(check: Check, scenario: str) -> set[str]:
        return {finding.problem for _check, finding in judged(check, scenario).every_finding if finding.problem}

    shown = {
        problem for check in CHECKS for example in EXAMPLES[check.name] for problem in found(check, example.scenario)
    }
    showable = {problem for scenario in load_scenarios() for problem in found(CHECK, scenario)}
    assert showable == shown
    assert shown <= set(CATALOGUE)
