# SPDX-License-Identifier: BSD-2-Clause
"""README and the pages written by hand say what is true: what they show typed is run, and prints what they show."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from documents import PLACE
from shown import LINK, ROOT, Block, blocks, hold, of, only, table, text_of
from wabiz_monitoring._core.catalogue import Trouble
from wabiz_monitoring._core.gate import Terms, open_gate, policy_of
from wabiz_monitoring._core.limits import MEASURES
from wabiz_monitoring._core.ranges import parse_range
from wabiz_monitoring._core.text import say
from wabiz_monitoring._core.units import BYTES, SECONDS, parse_quantity
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring.check_all import CHECK, CHECKS
from wabiz_monitoring.plugin.parser import parse as parse_options
from wabiz_monitoring.simulator import Simulator

BIN = Path(sys.executable).parent
HAND_WRITTEN = ("README.md", "docs/thresholds.md", "docs/extra-opts.md", "docs/gating.md")
ENGINES = ("docs/on-nagios.md", "docs/on-icinga2.md", "docs/with-nrpe.md", "docs/on-many-machines.md")


class Shell:
    """A host on which a reader follows the pages: with his user name, his files, and the simulator in the network."""

    def __init__(self, sim: Simulator, folder: Path) -> None:
        self.sim = sim
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("WA_WEB_", "ANSIBLE_"))},
            "HOME": str(folder),
            "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
            "SSL_CERT_FILE": sim.ca_file,
            "WA_WEB_USERNAME": sim.username,
            "WA_WEB_PASSWORD": sim.password,
            "no_proxy": "localhost",
        }
        shutil.copy(sim.ca_file, folder / "wabiz-ca.pem")

    def save(self, page: str) -> None:
        """Save the files that a page shows."""
        for block in blocks(page):
            if block.kind == "file":
                path = self.folder / block.note.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.sim.ca_file, path.parent / "wabiz-ca.pem")
                path.write_text(self._here(block.text), encoding="utf-8")
                path.chmod(0o600)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run what a page shows; the output says its names and paths again."""
        done = subprocess.run(
            ["sh", "-c", self._here(command)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        done.stdout = done.stdout.replace(f"localhost:{self.sim.port}", "wa.example.com:9090")
        done.stdout = done.stdout.replace(f"{self.folder}/etc/", "/etc/")
        return done

    def _here(self, text: str) -> str:
        text = text.replace("hostname = wa.example.com", f"hostname = localhost\nport = {self.sim.port}")
        text = text.replace("-H wa.example.com", f"-H localhost -p {self.sim.port}")
        return text.replace("/etc/", f"{self.folder}/etc/").replace("/opt/wabiz-monitoring/bin", str(BIN))


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator() as sim:
        yield sim


@pytest.fixture
def shell(sim: Simulator, tmp_path: Path) -> Shell:
    return Shell(sim, tmp_path)


def demo() -> ModuleType:
    """The demo knows how Ansible finds the collection in a checkout."""
    spec = importlib.util.spec_from_file_location("wabiz_demo", ROOT / "demo" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("block", of("console", HAND_WRITTEN), ids=lambda block: f"{block.page}: {block.note}")
def test_what_a_page_shows_typed_prints_what_it_shows(block: Block, shell: Shell) -> None:
    assert block.kind == "scenario", "a comment above the block must name the scenario"
    command, *shown = block.text.splitlines()
    shell.save(block.page)
    shell.sim.use(block.note)
    done = shell.run(command.removeprefix("$ "))
    assert done.stderr == ""
    hold(done.stdout.splitlines(), shown)


def test_the_pipeline_goes_on_while_the_others_can_carry_on(shell: Shell) -> None:
    (block,) = [block for block in of("sh", ("README.md",)) if block.kind == "scenario"]
    shell.sim.use(block.note)
    done = shell.run(block.text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    health = json.loads((shell.folder / "health.json").read_text(encoding="utf-8"))
    assert health["state"] == "WARNING"
    assert {"summary", "children"} <= set(health)
    assert all({"findings", "metrics"} <= set(child) for child in health["children"])


def test_the_pipeline_stops_when_nobody_is_left_to_take_over(shell: Shell) -> None:
    (block,) = [block for block in of("sh", ("README.md",)) if block.kind == "scenario"]
    shell.sim.use("mc4-node-unreachable")
    done = shell.run(block.text.replace("wa3:*", "wa4:*"))
    assert done.returncode == 1
    assert json.loads(done.stdout)["state"] == "CRITICAL"


def gating(shell: Shell, scenario: str, **replaced: str) -> subprocess.CompletedProcess[str]:
    """Run the first script of the page on gates; it waits five seconds in place of ten minutes."""
    block = of("sh", ("docs/gating.md",))[0]
    shell.sim.use(scenario)
    text = block.text.replace("+ 600", "+ 5").replace("sleep 15", "sleep 1")
    for old, new in replaced.items():
        text = text.replace(f"{old}:*", f"{new}:*")
    return shell.run(text)


def test_the_gate_opens_while_the_others_can_carry_on(shell: Shell) -> None:
    done = gating(shell, "mc4-healthy")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads((shell.folder / "health.json").read_text(encoding="utf-8"))["state"] == "WARNING"


def test_the_gate_waits_and_stays_shut_when_nobody_is_left_to_take_over(shell: Shell) -> None:
    before = shell.sim.requests
    done = gating(shell, "mc4-node-unreachable", wa3="wa4")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["state"], told["problems"][0]["problem"]) == ("CRITICAL", "shard-unowned")
    assert shell.sim.requests - before >= 3


@pytest.mark.parametrize("wrong", ["password", "node"])
def test_the_gate_does_not_wait_for_what_waiting_does_not_mend(shell: Shell, wrong: str) -> None:
    failed = shell.sim.failed_logins
    if wrong == "password":
        shell.environment["WA_WEB_PASSWORD"] = "wrong"
    done = gating(shell, "mc4-healthy", **({"wa3": "wa9"} if wrong == "node" else {}))
    assert done.returncode == 1
    assert "UNKNOWN" in done.stdout
    assert shell.sim.failed_logins - failed == (wrong == "password")


def test_a_gate_that_keeps_a_token_does_not_try_the_password_and_one_that_keeps_none_does(shell: Shell) -> None:
    assert gating(shell, "mc4-healthy").returncode == 0
    shell.environment["WA_WEB_PASSWORD"] = "wrong"
    assert gating(shell, "mc4-healthy").returncode == 0
    block = of("sh", ("docs/gating.md",))[0]
    done = shell.run(block.text.replace("--json >", "--json --state-dir none >"))
    assert (done.returncode, json.loads(done.stdout)["problems"][0]["problem"]) == (1, "unauthorized")


@pytest.mark.parametrize(("scenario", "status"), [("mc4-healthy", 0), ("mc4-node-unreachable", 2), ("connecting", 2)])
def test_after_an_upgrade_a_node_that_is_not_back_is_missed(shell: Shell, scenario: str, status: int) -> None:
    block = of("sh", ("docs/gating.md",))[1]
    shell.sim.use(scenario)
    assert shell.run(block.text).returncode == status


@pytest.mark.parametrize("row", table("docs/gating.md", "The same terms in both"), ids=lambda row: row[0])
def test_the_terms_of_the_gate_are_those_of_the_check(row: list[str]) -> None:
    ours, theirs = row
    terms = Terms(**yaml.safe_load(ours))
    if "exit status" in theirs:
        assert open_status(terms) == {0, 1, 2, 3} - set(map(int, re.findall(r"\d", theirs)))
        return
    given = parse_options(CHECK, ["--file", "-", *shlex.split(theirs)], {}, Files())
    policy = policy_of(terms, datetime.now(timezone.utc))
    assert policy.limits == given.limits
    assert policy.states == given.states
    assert (policy.shards, policy.min_spares, policy.ignored) == (given.shards, given.min_spares, given.ignored)
    assert tuple(terms.without) == given.without


def open_status(terms: Terms) -> set[int]:
    """The exit statuses of the check with which the gate is open."""
    now = datetime.now(timezone.utc)
    states = ("ok", "warning", "critical", "unknown")
    said = [
        open_gate(terms._replace(states={"timeout": state}), Trouble("timeout", say("x")), now, now, PLACE)
        for state in states
    ]
    return {int(verdict.state) for verdict in said if verdict.passed}


@pytest.mark.skipif(not (BIN / "ansible-playbook").exists(), reason="ansible-core is not installed")
@pytest.mark.parametrize(("scenario", "status"), [("healthy-single", 0), ("mc4-node-unreachable", 0), ("expiring", 2)])
def test_the_playbook_stops_when_a_build_is_about_to_expire(scenario: str, status: int, shell: Shell) -> None:
    text = only("yaml", "README.md").replace(
        "hostname: wa.example.com", f"hostname: localhost\n        port: {shell.sim.port}"
    )
    (shell.folder / "look.yml").write_text(text.replace("wabiz-ca.pem", shell.sim.ca_file), encoding="utf-8")
    assert yaml.safe_load(text)
    shell.environment |= {**demo().ansible(shell.folder), "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"}
    # As newer versions of Ansible will have it.
    shell.environment |= {"ANSIBLE_INJECT_FACT_VARS": "False", "ANSIBLE_DEPRECATION_WARNINGS": "True"}
    shell.sim.use(scenario)
    done = shell.run("ansible-playbook look.yml")
    assert done.returncode == status, done.stdout + done.stderr
    assert "Assertion failed" in done.stdout or not status
    assert "DEPRECATION" not in done.stdout + done.stderr


def test_what_is_said_in_the_environment_is_enough_to_ask(shell: Shell) -> None:
    (block,) = (block for block in of("sh", ("README.md",)) if "export PATH" in block.text)
    for name in ("WA_WEB_USERNAME", "WA_WEB_PASSWORD"):
        del shell.environment[name]
    shell.environment["PATH"] = shell.environment["PATH"].removeprefix(f"{BIN}{os.pathsep}")
    shell.sim.use("healthy-single")
    ask = "check_wabiz_socket -H wa.example.com --ca-file wabiz-ca.pem"
    done = shell.run(f"printf '%s\\n' {shell.sim.password} | {{\n{block.text}\n{ask}\n}}")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_commands_of_the_first_minutes_exist() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    text = text_of("README.md")
    named = set(re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE))
    assert {"demo", "test"} <= named
    assert named <= set(targets)


def test_every_check_has_its_page_and_stands_in_readme_and_map() -> None:
    for check in (*CHECKS, CHECK):
        assert f"[{check.command}](docs/{check.command}.md)" in text_of("README.md")
    linked = set(LINK.findall(text_of("docs/index.md")))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"} <= linked


@pytest.mark.parametrize(
    "page", ["README.md", "SECURITY.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(page: str) -> None:
    text = text_of(page)
    titles = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.M)
    }
    for link in LINK.findall(text):
        path, _hash, title = link.partition("#")
        assert not path or (ROOT / page).parent.joinpath(path).exists(), link
        assert path or title in titles, link


@pytest.mark.parametrize("row", table("docs/thresholds.md", "Ranges"), ids=lambda row: row[0])
def test_a_range_alerts_where_the_page_says(row: list[str]) -> None:
    text, *cells = row
    for cell, alerts in zip(cells, (True, False), strict=True):
        for value in filter(None, cell.split(", ")):
            unit = BYTES if "B" in text + value else SECONDS
            assert parse_range(text, unit, "").alerts(parse_quantity(value, unit).amount) is alerts, value


@pytest.mark.parametrize("row", table("docs/thresholds.md", "A value alone"), ids=lambda row: row[0])
def test_a_value_alone_means_what_the_page_says(row: list[str]) -> None:
    name, _meaning, bare, full = row
    measure = MEASURES[name]
    ranges = [parse_range(word.removeprefix("-w "), measure.unit, measure.bare) for word in (bare, full)]
    assert ranges[0][:3] == ranges[1][:3]


def test_units_are_as_the_page_says() -> None:
    for (_what, units, example), unit in zip(table("docs/thresholds.md", "Units"), (BYTES, SECONDS), strict=True):
        assert set(re.findall(r"`(\w+)`", units)) <= set(unit.factors)
        one, other = (parse_quantity(word.strip("` "), unit).amount for word in example.split(" is "))
        assert one == other


def test_defaults_are_as_the_page_says() -> None:
    rows = table("docs/thresholds.md", "Defaults")
    assert rows == [[name, measure.warning, measure.critical] for name, measure in MEASURES.items()]


def test_no_page_shows_a_secret_on_a_command_line() -> None:
    typed = ("console", "sh", "nagios", "icinga2")
    shown = "".join(block.text for language in typed for block in of(language, (*HAND_WRITTEN, *ENGINES)))
    # What a shell takes from a file goes into its environment, not onto a command line.
    assert not re.search(r"--?(password|token|api-key)|_(PASSWORD|TOKEN)=(?!\"\$\(sed)|PASSWORD = \"", shown)
