# SPDX-License-Identifier: BSD-2-Clause
"""--without, as a user meets it: the real commands over saved answers. The core's part is in clusters/without.yml."""

from __future__ import annotations

import json
from pathlib import Path

import documents
import pytest
from clusters import notation
from clusters.cases import Case, load
from commands import Runner
from wabiz_monitoring._core.states import worst

MC4 = """
wa1:m   primary    -1  UP
wa2:m   secondary  -   DN
wa1:c   coreapp    0   UP
wa2:c   coreapp    1   UP
wa3:c   coreapp    2   UP
wa4:c   coreapp    3   UP
wa5:c   coreapp    -   DN
"""
CASES = [case for case in load() if case.file == "without"]
# So far ahead that the tests do not grow old.
LATER = {"expire_timestamp": "2199-01-01T00:00:00"}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The answer of a healthy cluster with four shards and one spare."""
    file = tmp_path / "answer.json"
    file.write_bytes(documents.document(notation.nodes(MC4, LATER)))
    return file


@pytest.mark.parametrize("command", ["check_wabiz_socket", "check_wabiz_cluster"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_command_tells_what_the_case_says(command: str, case: Case, runner: Runner) -> None:
    check = command.rpartition("_")[2]
    done = runner(command, "--file", "-", *case.options, stdin=case.body)

    state = worst(row.state for row in case.expected[check])
    assert (done.code, done.err) == (int(state), "")
    assert done.first.startswith(f"WABIZ {check.upper()} {state.name} - without ")
    if case.premise is not None:
        assert done.first.startswith(f"WABIZ {check.upper()} {state.name} - {case.premise}; ")
    for row in case.expected[check]:
        assert row.sentence in done.out


WHOLE = {
    "the spare takes the shard": (
        ["--without", "wa3:c"],
        1,
        "WABIZ CLUSTER WARNING - without wa3: shard 2 moves to wa5; no spare left; "
        "no coreapp stands by (1 wanted, 4 are busy)",
    ),
    "nothing is wrong with that when no spare is wanted": (
        ["--without", "wa3:c", "--min-spares", "0"],
        0,
        "WABIZ CLUSTER OK - without wa3: shard 2 moves to wa5; no spare left; "
        "multiconnect, 6 nodes; shards 0-3 owned; 1 master and 0 coreapps standing by",
    ),
    "two are gone, named one by one": (
        ["--without", "wa3:c", "--without", "wa5:c"],
        2,
        "WABIZ CLUSTER CRITICAL - without wa3 and wa5: no spare is left for shard 2; nobody owns shard 2, "
        "and 1 more problem",
    ),
    "two are gone, named by one pattern": (
        ["--without", "wa[35]:*"],
        2,
        "WABIZ CLUSTER CRITICAL - without wa3 and wa5: no spare is left for shard 2; nobody owns shard 2, "
        "and 1 more problem",
    ),
    "the same node twice is gone once": (
        ["--without", "wa3:c", "--without", "wa3:*"],
        1,
        "WABIZ CLUSTER WARNING - without wa3: shard 2 moves to wa5; no spare left; "
        "no coreapp stands by (1 wanted, 4 are busy)",
    ),
}


@pytest.mark.parametrize(("options", "code", "line"), WHOLE.values(), ids=WHOLE.keys())
def test_the_line_says_what_would_happen(options: list[str], code: int, line: str, runner: Runner, saved: Path) -> None:
    done = runner("check_wabiz_cluster", "--file", str(saved), *options)

    assert (done.code, done.first) == (code, line)


def test_the_numbers_are_those_of_the_cluster_as_it_will_be(runner: Runner, saved: Path) -> None:
    done = runner("check_wabiz_cluster", "--file", str(saved), "--without", "wa3:c")

    numbers = dict(word.split("=") for word in done.numbers.split())
    assert {label: value.rstrip(";").split(";")[0] for label, value in numbers.items()} == {
        "nodes": "6",
        "unreachable": "0",
        "connected": "5",
        "expected": "5",
        "shards_owned": "4",
        "shards_total": "4",
        "masters": "2",
        "spare_coreapps": "0",
    }


def test_all_of_a_pipeline_is_in_the_json_and_its_exit_code(runner: Runner, saved: Path) -> None:
    healthy = runner("check_wabiz_all", "--file", str(saved), "--json")
    safe = runner("check_wabiz_all", "--file", str(saved), "--json", "--without", "wa3:c", "--min-spares", "0")
    unsafe = runner("check_wabiz_all", "--file", str(saved), "--json", "--without", "wa3:c", "--without", "wa5:c")

    assert [done.code for done in (healthy, safe, unsafe)] == [0, 0, 2]
    assert json.loads(healthy.out)["premise"] is None
    assert json.loads(safe.out)["premise"] == "without wa3: shard 2 moves to wa5; no spare left"
    told = json.loads(unsafe.out)
    assert told["premise"] == "without wa3 and wa5: no spare is left for shard 2"
    assert (told["state"], told["exit_code"]) == ("CRITICAL", 2)
    found = {(child["check"], row["problem"]) for child in told["children"] for row in child["findings"]}
    assert found == {("socket", "shard-unowned"), ("cluster", "shard-unowned"), ("cluster", "no-spare-coreapp")}


REFUSED = {
    "a node that is not there": (
        ["--without", "wa9:c"],
        "--without wa9:c: no such node; the answer names wa1:m, wa2:m, ",
    ),
    "a pattern that fits none": (["--without", "wb*"], "--without wb*: no such node; the answer names wa1:m, wa2:m, "),
    "one of two that is not there": (["--without", "wa3:c", "--without", "wa9:c"], "--without wa9:c: no such node"),
    "a host for a key": (["--without", "wa1"], "--without wa1: no such node; the answer names wa1:m and wa1:c"),
}


@pytest.mark.parametrize("command", ["check_wabiz_socket", "check_wabiz_cluster", "check_wabiz_all"])
@pytest.mark.parametrize(("options", "line"), REFUSED.values(), ids=REFUSED.keys())
def test_a_node_that_does_not_exist_is_a_usage_error(
    command: str, options: list[str], line: str, runner: Runner, saved: Path
) -> None:
    done = runner(command, "--file", str(saved), *options)

    check = command.rpartition("_")[2].upper()
    assert (done.code, done.err, len(done.lines)) == (3, "", 1)
    assert done.out.startswith(f"WABIZ {check} UNKNOWN - usage: {line}")


def test_a_node_cannot_be_picked_and_gone(runner: Runner, saved: Path) -> None:
    done = runner("check_wabiz_socket", "--file", str(saved), "--node", "wa3:*", "--without", "wa3:c")

    assert (done.code, done.out) == (
        3,
        "WABIZ SOCKET UNKNOWN - usage: no node is left to judge; loosen --node or --ignore-node\n",
    )


def test_a_single_node_has_no_name_to_do_without(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_bytes(documents.single(**LATER))

    for node in ("wa1:c", "*"):
        done = runner("check_wabiz_cluster", "--file", str(tmp_path / "answer.json"), "--without", node)
        assert (done.code, done.out) == (
            3,
            f"WABIZ CLUSTER UNKNOWN - usage: --without {node}: no such node; "
            "the answer is of a single node, without a name\n",
        )


@pytest.mark.parametrize("command", ["check_wabiz_space", "check_wabiz_build", "check_wabiz_clock"])
def test_checks_that_nothing_moves_for_have_no_such_option(command: str, runner: Runner, saved: Path) -> None:
    done = runner(command, "--file", str(saved), "--without", "wa3:c")

    assert (done.code, len(done.lines)) == (3, 1)
    assert "unknown option --without" in done.out


def test_where_no_master_is_left_that_is_what_to_mend_first(runner: Runner) -> None:
    nodes = """
        wa1:m  unreachable
        wa2:m  unreachable
        wa1:c  coreapp  -1,0  UP
        wa2:c  coreapp  -     DN
    """
    done = runner(
        "check_wabiz_socket", "--file", "-", "--without", "wa1:c", stdin=documents.document(notation.nodes(nodes))
    )

    assert done.code == 2
    assert done.first.startswith(
        "WABIZ SOCKET CRITICAL - without wa1 coreapp: no master is left to move the control shard and shard 0; "
        "nobody owns the control shard and shard 0; 1 of 3 nodes answered"
    )
    assert "What to do: start the masters first: where none answers, no shard finds a new owner" in done.out


@pytest.mark.parametrize(("owners", "words"), [(1, "1 shard is all there is"), (2, "2 shards are all there are")])
def test_a_doubtful_number_of_shards_says_how_to_end_the_doubt(owners: int, words: str, runner: Runner) -> None:
    nodes = f"""
        ma:m  primary    -1  UP
        mb:m  secondary  -   DN
        wa{{1..{owners}}}:c  coreapp  {{0..{owners - 1}}}  UP
        wx{{1..{owners}}}:c  unreachable
        wa9:c  coreapp  -  DN
    """
    answer = documents.document(notation.nodes(nodes))
    doubtful = runner("check_wabiz_socket", "--file", "-", stdin=answer)
    sure = runner("check_wabiz_socket", "--file", "-", "--shards", str(owners), stdin=answer)
    gone = runner("check_wabiz_socket", "--file", "-", "--without", "wx1:c", stdin=answer)

    assert (doubtful.code, sure.code, gone.code) == (2, 0, 2)
    for done in (doubtful, gone):
        assert "if there are so many" in done.first
        assert f"What to do: bring the nodes that did not answer back; if {words}, say so with --shards" in done.out
