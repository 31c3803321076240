# SPDX-License-Identifier: BSD-2-Clause
"""What a user may type, and what becomes of what he may not: one line, UNKNOWN, and never a secret in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Done, Runner
from documents import single
from wabiz_monitoring import check_all
from wabiz_monitoring.plugin.options import options_of

ALL = ["socket", "cluster", "space", "build", "clock", "all"]
SECRET = "marked-secret"

# What is typed after `check_wabiz_NAME --file FILE`, and the line after `WABIZ NAME UNKNOWN - usage: `.
REFUSED = [
    ("socket", "--hostnme x", "unknown option --hostnme; did you mean --hostname?"),
    ("socket", "--critcal 5", "unknown option --critcal; check_wabiz_socket -h shows them all"),
    ("space", "--critcal 5", "unknown option --critcal; did you mean --critical?"),
    # Never abbreviated, however clear it is what is meant.
    ("socket", "--host x", "unknown option --host; did you mean --hostname?"),
    ("socket", "--time 5", "unknown option --time; did you mean --timeout?"),
    ("space", "--warn 5GiB", "unknown option --warn; did you mean --warning?"),
    ("socket", "--js", "unknown option --js"),
    ("socket", "-x", "unknown option -x; check_wabiz_socket -h shows them all"),
    ("socket", "-w 5", "unknown option -w; check_wabiz_socket -h shows them all"),
    ("socket", "--warning=5", "unknown option --warning; check_wabiz_socket -h shows them all"),
    ("space", "--shards 4", "unknown option --shards; check_wabiz_space -h shows them all"),
    (
        "socket",
        "wa1",
        "a word belongs to no option; perhaps a value with a blank in it lacks quotes; check_wabiz_socket -h",
    ),
    ("socket", f"--username monitor {SECRET}", "a word belongs to no option"),
    ("socket", "-t", "-t/--timeout: expected one argument"),
    ("socket", "-t 0", "-t/--timeout: a time limit is a number of seconds, above 0 and up to 3600"),
    ("socket", "-t -5", "-t/--timeout: a time limit is a number of seconds, above 0 and up to 3600"),
    ("socket", "--timeout=-5", "-t/--timeout: a time limit is a number of seconds, above 0 and up to 3600"),
    ("socket", "-t nan", "-t/--timeout: a time limit is a number of seconds"),
    ("socket", "-t inf", "-t/--timeout: a time limit is a number of seconds"),
    ("socket", "-t 30s", "-t/--timeout: a time limit is a number of seconds"),
    ("socket", "-p 0", "-p/--port: a port is a number from 1 to 65535"),
    ("socket", "-p 65536", "-p/--port: a port is a number from 1 to 65535"),
    ("socket", "-p https", "-p/--port: a port is a number from 1 to 65535"),
    ("socket", "--shards 0", "--shards: a number of shards is from 1 to 1024"),
    ("socket", "--shards 4.0", "--shards: a number of shards is from 1 to 1024"),
    ("cluster", "--min-spares -1", "--min-spares: a number of spares is from 0 to 1024"),
    ("cluster", "--min-spares two", "--min-spares: a number of spares is from 0 to 1024"),
    ("socket", "--json=yes", "--json: ignored explicit argument 'yes'"),
    ("socket", "--state conecting=ok", "'conecting' is no problem; did you mean connecting? (known: "),
    ("socket", "--state connecting=fine", "'fine' is no state; write ok, warning, critical or unknown"),
    ("socket", "--state connecting", "'connecting' is not of the form PROBLEM=STATE"),
    ("socket", "--state expired=ok", "--state expired: that is judged by check_wabiz_build, not by check_wabiz_socket"),
    ("build", "--state shard-contested=ok", "--state shard-contested: that is judged by check_wabiz_cluster"),
    ("space", "-w 5bananas", "-w 5bananas: 'bananas' is no unit here; use B, kB, KB, MB, GB, TB, KiB, MiB, GiB, TiB"),
    ("space", "-w lgos=5GiB", "-w cannot be set for 'lgos'; did you mean logs? (known: space, data, logs, "),
    (
        "space",
        "-w 1GiB",
        "-w 1GiB for space can never fire: -c 1GiB swallows it (its default; give it too, ~: for none)",
    ),
    ("space", "-w 5GiB -c 10GiB", "-w 5GiB for space can never fire: -c 10GiB swallows it"),
    ("space", "-c 10:5", "-c 10:5: '10:5' ends before it starts"),
    ("space", "-w nan", "-w nan: 'nan' is no quantity; write a number and a unit, as in 10GiB"),
    ("build", "-w 5GiB", "-w 5GiB: 'GiB' is no unit here; use s, m, h, d, w"),
    ("build", "-c", "-c/--critical: expected one argument"),
    ("clock", "-w -5s", "-w -5s: '-5s' is negative; the largest offset either way is meant"),
    ("all", "-w 5GiB", "-w 5GiB does not say for what; write for example space=5GiB"),
    ("all", "-c memory=5GiB", "-c cannot be set for 'memory'"),
    ("socket", "--node wa9", "no node fits 'wa9'; the answer is of a single node, without a name"),
    ("socket", "--node a|b", "no node fits 'a/b'"),
    ("socket", "--ignore-node *", "no node is left to judge; loosen --node or --ignore-node"),
    ("socket", "--insecure --ca-file /x", "--insecure and --ca-file contradict each other"),
    ("socket", "--client-key /x", "--client-key needs --client-cert"),
    ("socket", "--username a:b", "a user name cannot hold a colon"),
    ("socket", "--header-file /no/such", "--header-file /no/such: No such file or directory"),
    ("socket", "--extra-opts=@/no/such", "--extra-opts /no/such: No such file or directory"),
    # Secrets are no options, and what was typed for one is not repeated.
    (
        "socket",
        f"--password={SECRET}",
        "--password does not exist: secrets come from WA_WEB_PASSWORD, WA_WEB_TOKEN or ",
    ),
    (
        "socket",
        f"--password {SECRET}",
        "--password does not exist: secrets come from WA_WEB_PASSWORD, WA_WEB_TOKEN or ",
    ),
    ("socket", f"--token={SECRET}", "--token does not exist: secrets come from"),
    ("socket", f"-P {SECRET}", "unknown option -P; check_wabiz_socket -h shows them all"),
    ("socket", f"-P{SECRET}", "unknown option -P; check_wabiz_socket -h shows them all"),
    ("socket", f"-p {SECRET}", "-p/--port: a port is a number from 1 to 65535"),
    ("socket", f"--password{SECRET}", "--password does not exist: secrets come from WA_WEB_PASSWORD, WA_WEB_TOKEN or "),
    ("socket", f"--pass.{SECRET}=1", "unknown option; check_wabiz_socket -h shows them all"),
    ("socket", f"--pasword={SECRET}", "--password does not exist: secrets come from WA_WEB_PASSWORD, WA_WEB_TOKEN or "),
]

# What is typed after `check_wabiz_socket`, with nothing else.
NOWHERE = [
    ("", "say where the API is: -H HOST, --url URL or WA_WEB_ENDPOINT (or --file FILE for a saved answer)"),
    ("-H https://wa.example", "-H: this is no host name or address; a whole URL belongs to the option url"),
    ("-H wa.example/x", "-H: this is no host name or address"),
    ("-H a|b", "-H: this is no host name or address"),
    ("--url wa.example", "--url: this is no URL of the form https://host:port/path"),
    ("--url ftp://wa.example", "--url: this is no URL of the form"),
    ("--url https://", "--url: this is no URL of the form"),
    ("--url https://wa.example:99999", "--url: the URL is malformed"),
    ("--url https://wa.example:0", "--url: this is no URL of the form"),
    ("--url https://[::1", "--url: the URL is malformed"),
    ("--url https://wa.example/?a=b", "--url: the URL has a query or a fragment"),
    (f"--url https://monitor:{SECRET}@wa.example", "--url: credentials do not belong in a URL"),
    ("-H wa.example --ca-file /no/such", "--ca-file /no/such: No such file or directory"),
    (
        "-H wa.example --ca-file /etc/passwd",
        "--ca-file /etc/passwd holds no usable PEM data (no certificate or crl found)",
    ),
    ("-H wa.example --ca-file /etc", "--ca-file /etc"),
    ("-H wa.example --client-cert /etc/passwd", "--client-cert /etc/passwd holds no usable PEM data"),
]

ENVIRONMENT = [
    # variables, the line after `usage: `
    ({"WA_WEB_ENDPOINT": "wa.example:x"}, "WA_WEB_ENDPOINT: this is no endpoint of the form host:port"),
    ({"WA_WEB_ENDPOINT": "https://wa.example"}, "WA_WEB_ENDPOINT: this is no "),
    ({"WA_WEB_ENDPOINT": "wa.example:0"}, "WA_WEB_ENDPOINT: 0 is no port: a port is a number from 1 to 65535"),
    ({"WA_WEB_ENDPOINT": "wa.example", "WA_WEB_TOKEN": f"{SECRET}\n"}, "the token holds characters that cannot stand"),
    ({"WA_WEB_ENDPOINT": "wa.example", "WA_WEB_USERNAME": "a:b"}, "a user name cannot hold a colon"),
]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A healthy answer in a file."""
    path = tmp_path / "answer.json"
    path.write_bytes(single(expire_timestamp="2199-01-01T00:00:00", device_iso8601=...))
    return path


def usage(name: str, told: str, done: Done) -> None:
    code, out, err = done.code, done.out, done.err
    line, end, rest = out.partition("\n")
    assert (code, err, end, rest) == (3, "", "\n", "")
    assert line.startswith(f"WABIZ {name.upper()} UNKNOWN - usage: {told}")
    assert line.isprintable()
    assert "|" not in line
    assert SECRET not in out
    assert len(line) < 600


@pytest.mark.parametrize(("name", "words", "told"), REFUSED)
def test_a_usage_error_is_one_line_and_unknown(name: str, words: str, told: str, saved: Path, runner: Runner) -> None:
    usage(name, told, runner(f"check_wabiz_{name}", "--file", str(saved), *words.split()))


@pytest.mark.parametrize(("words", "told"), NOWHERE)
def test_an_address_that_cannot_be_is_a_usage_error(words: str, told: str, runner: Runner) -> None:
    usage("socket", told, runner("check_wabiz_socket", *words.split()))


@pytest.mark.parametrize(("variables", "told"), ENVIRONMENT)
def test_so_is_one_from_the_environment(variables: dict[str, str], told: str, runner: Runner) -> None:
    usage("socket", told, runner("check_wabiz_socket", env=variables))


@pytest.mark.parametrize("name", ALL)
def test_the_help_names_every_state_and_every_option_and_exits_unknown(name: str, runner: Runner) -> None:
    for word in ("-h", "--help"):
        done = runner(f"check_wabiz_{name}", word)
        assert (done.code, done.err) == (3, "")
        assert done.first == f"usage: check_wabiz_{name} -H HOST [options]"
        for told in ("--hostname", "--state PROBLEM=STATE", "--extra-opts", "unreachable", "CRITICAL", "Exit status: "):
            assert told in done.out
        assert max(map(len, done.lines)) <= 100


@pytest.mark.parametrize("name", ALL)
def test_the_version_is_one_line_and_exits_unknown(name: str, runner: Runner) -> None:
    for word in ("-V", "--version"):
        done = runner(f"check_wabiz_{name}", word)
        assert (done.code, done.err, len(done.lines)) == (3, "", 1)
        assert done.out.startswith(f"check_wabiz_{name} 0.")


def test_help_wins_over_what_is_missing(runner: Runner) -> None:
    assert runner("check_wabiz_socket", "--json", "-h").first.startswith("usage: ")
    assert "Exit status: " in runner("check_wabiz_socket", "-vh").out


def takes_a_value() -> list[str]:
    told = [option for option in options_of(check_all.CHECK) if option.action in ("store", "append")]
    return [flag for option in told for flag in option.flags]


@pytest.mark.parametrize("flag", takes_a_value())
@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_value_of_whatever_option_is_a_usage_error(flag: str, empty: str, saved: Path, runner: Runner) -> None:
    # An engine writes nothing where a macro is not set; what that turns off must not be a matter of chance.
    for words in ([flag, empty], [f"{flag}={empty}" if flag.startswith("--") else f"{flag} {empty}"]):
        done = runner("check_wabiz_all", "--file", str(saved), *words)
        names = "/".join(next(option.flags for option in options_of(check_all.CHECK) if flag in option.flags))
        usage("all", f"{names}: the value is empty; give one, or leave the option out", done)


def test_a_negative_range_is_no_option(saved: Path, runner: Runner) -> None:
    for words in (
        ["-w", "-5d:"],
        ["-w-5d:"],
        ["--warning", "-5d:"],
        ["--warning=-5d:"],
        ["-w", "-.5d:", "-c", "-2d:-1d"],
    ):
        done = runner("check_wabiz_clock", "--file", str(saved), "--state", "missing=ok", "-c", "-9d:", *words)
        assert done.code == 0, done
        assert " usage: " not in done.out


@pytest.mark.parametrize("name", ALL)
def test_a_saved_answer_is_judged_from_a_file_or_from_standard_input(name: str, saved: Path, runner: Runner) -> None:
    from_file = runner(f"check_wabiz_{name}", "--file", str(saved), "--state", "missing=ok")
    piped = runner(f"check_wabiz_{name}", "--file", "-", "--state", "missing=ok", stdin=saved.read_bytes())
    assert (from_file.code, from_file.err) == (0, "")
    # Time goes on between the two.
    assert from_file.first == piped.first or name in ("build", "all")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/no/such/answer.json", "/no/such/answer.json cannot be read: No such file or directory"),
        ("/etc", "/etc cannot be read: Is a directory"),
        ("/dev/null", "the answer is empty"),
    ],
)
def test_a_file_that_is_no_answer_is_invalid(path: str, told: str, runner: Runner) -> None:
    done = runner("check_wabiz_all", "--file", path)
    assert (done.code, done.err, done.first) == (3, "", f"WABIZ ALL UNKNOWN - {told}")


def test_standard_input_that_is_empty_or_closed_is_no_answer(runner: Runner) -> None:
    assert runner("check_wabiz_all", "--file", "-").first == "WABIZ ALL UNKNOWN - the answer is empty"
    closed = runner.process("sh", "-c", 'exec "$0" --file - <&-', str(Path(runner.bin) / "check_wabiz_all"))
    assert (closed.code, closed.err) == (3, "")
    assert closed.first.startswith("WABIZ ALL UNKNOWN - standard input cannot be read: ")


# Options from a file.

SECTIONS = [
    # content, words, exit code, what the output holds
    ("[check_wabiz_socket]\nfile = {file}\n", "--extra-opts=@{ini}", 0, "WABIZ SOCKET OK - connected"),
    ("[prod]\nfile = {file}\n", "--extra-opts=prod@{ini}", 0, "WABIZ SOCKET OK - connected"),
    ("[prod]\nfile = {file}\njson = yes\n", "--extra-opts=prod@{ini}", 0, '"check": "socket"'),
    ("[prod]\nfile = {file}\njson\n", "--extra-opts=prod@{ini}", 0, '"check": "socket"'),
    ("[prod]\nfile = {file}\njson = no\n", "--extra-opts=prod@{ini}", 0, "WABIZ SOCKET OK - connected"),
    ("[prod]\nfile={file}\nv\n", "--extra-opts=prod@{ini}", 0, "must be connected: UP"),
    ("[prod]\nfile={file}\nt=5\n", "--extra-opts=prod@{ini}", 0, "WABIZ SOCKET OK - connected"),
    ("; a comment\n# another\n[prod]\nfile={file}\n", "--extra-opts=prod@{ini}", 0, "WABIZ SOCKET OK - connected"),
    ("[prod]\nfile={file}\nnode = *\n  wa*\n", "--extra-opts=prod@{ini}", 3, "no node fits 'wa*'"),
    # What is typed wins, wherever it stands.
    ("[prod]\nfile=/no/such\n", "--file {file} --extra-opts=prod@{ini}", 0, "WABIZ SOCKET OK - connected"),
    ("[prod]\nfile=/no/such\n", "--extra-opts=prod@{ini} --file {file}", 0, "WABIZ SOCKET OK - connected"),
    # Two sections, the later one wins.
    ("[a]\nfile=/no/such\n[b]\nfile={file}\n", "--extra-opts=a@{ini} --extra-opts=b@{ini}", 0, "connected"),
    # Several pieces of a section are one; what a later piece says counts more.
    ("[a]\nfile={file}\n[b]\nx\n[a]\njson\n", "--extra-opts=a@{ini}", 0, '"check": "socket"'),
    ("[a]\nfile=/no/such\n[a]\nfile={file}\n", "--extra-opts=a@{ini}", 0, "connected"),
    ("[a]\nw=1:\n[a]\nfile={file}\nnode=x\n[a]\nwarning=2:\n", "--extra-opts=a@{ini}", 3, "has no option w"),
    ("[ a ]\nfile={file}\n", "--extra-opts=a@{ini}", 0, "connected"),
    ("\xef\xbb\xbf[a]\nfile={file}\n", "--extra-opts=a@{ini}", 0, "connected"),
    ("[a]\r\nfile={file}\r\njson = no\r\n", "--extra-opts=a@{ini}", 0, "connected"),
    ("[a] ; comment\nfile={file}\n  # comment\n", "--extra-opts=a@{ini}", 0, "connected"),
    # What others wrote for their own plugins is nobody's business.
    (
        "[b]\nx=1\nx=2\nword\n[b]\n\xff\xfe=\n= y\n[c\n[a]\nfile={file}\n[b]\n  z\n\0",
        "--extra-opts=a@{ini}",
        0,
        "connected",
    ),
    ("w=1\n[a]\nfile={file}\n", "--extra-opts=a@{ini}", 0, "connected"),
    # What is wrong in the file is told, and where; a line is never repeated, it may hold a secret.
    ("[other]\nfile={file}\n", "--extra-opts=@{ini}", 3, "{ini} has no section [check_wabiz_socket]; it has [other]"),
    ("[wa 1]\nfile={file}\n", "--extra-opts=wa1@{ini}", 3, "{ini} has no section [wa1]; did you mean [wa 1]?"),
    ("", "--extra-opts=@{ini}", 3, "{ini} has no section [check_wabiz_socket]; it has none"),
    ("\nfile={file}\n", "--extra-opts=a@{ini}", 3, "has no section [a]; line 2 stands before the first [section]"),
    (
        "[a\nfile={file}\n",
        "--extra-opts=a@{ini}",
        3,
        "{ini}, section [a], line 1: a [section] stands alone on its line",
    ),
    ("[a]\n[b\n", "--extra-opts=a@{ini}", 3, "{ini}, section [a], line 2: a [section] stands alone on its line"),
    ("[a] password = marked-secret\n", "--extra-opts=a@{ini}", 3, "line 1: a [section] stands alone on its line"),
    (
        "[a]\nfile={file}\nfile={file}\n",
        "--extra-opts=a@{ini}",
        3,
        "{ini}, section [a], line 3: key 'file' stands twice",
    ),
    ("[a]\n= marked-secret\n", "--extra-opts=a@{ini}", 3, "{ini}, section [a], line 2: not of the form key = value"),
    ("[a]\njson\n  marked-secret\n", "--extra-opts=a@{ini}", 3, "line 3: indented, but json above it takes no further"),
    ("[a]\njson = perhaps\n", "--extra-opts=a@{ini}", 3, "{ini}, section [a], line 2: json is a flag; write yes or no"),
    ("[a]\nextra-opts = b\n", "--extra-opts=a@{ini}", 3, "{ini}, section [a], line 2: extra-opts cannot stand in a"),
    ("[a]\nhelp\n", "--extra-opts=a@{ini}", 3, "{ini}, section [a], line 2: help cannot stand in a file"),
    (
        "[a]\nhostnme = x\n",
        "--extra-opts=a@{ini}",
        3,
        "line 2: check_wabiz_socket has no option of this name; did you mean",
    ),
    (
        "[a]\npasswort = marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "has no option of this name; did you mean password?",
    ),
    (
        "[a]\nfile={file}\ninsecuer\n",
        "--extra-opts=a@{ini}",
        3,
        "line 3: not of the form key = value; did you mean insecure?",
    ),
    ("[a]\nfile={file}\nurl =\n", "--extra-opts=a@{ini}", 3, "[a], line 3: url is no flag, so it needs a value"),
    ("[a]\nfile={file}\npassword =\n", "--extra-opts=a@{ini}", 3, "[a], line 3: password needs a value"),
    ("[a]\nfile={file}\ntoken\n", "--extra-opts=a@{ini}", 3, "[a], line 3: token needs a value"),
    ("[a]\nfile={file}\nH =\n", "--extra-opts=a@{ini}", 3, "[a], line 3: H is no flag, so it needs a value"),
    ("[a]\nwarning = 1\n", "--extra-opts=a@{ini}", 3, "[a], line 2: check_wabiz_socket has no option warning"),
    ("[a]\nt = soon\n", "--extra-opts=a@{ini}", 3, "[a], line 2: t takes a number of seconds, above 0 and up to 3600"),
    ("[a]\nfile = \xff\n", "--extra-opts=a@{ini}", 3, "{ini}, section [a], line 2: not UTF-8 text"),
    ("\xff\xfe[\0a\0]\0\n\0", "--extra-opts=a@{ini}", 3, "{ini} is UTF-16 text; save it as UTF-8"),
    (
        "[a]\npassword: marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "between password and its value belongs an equals sign",
    ),
    (
        "[a]\npassword marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "between password and its value belongs an equals sign",
    ),
    ("[a]\npassword: marked-secret=x\n", "--extra-opts=a@{ini}", 3, "between password and its value belongs an equals"),
    (
        "[a]\n'password' = marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "stands there without dashes and quotes: password = ...",
    ),
    ("[a]\n--json = yes\n", "--extra-opts=a@{ini}", 3, "stands there without dashes and quotes: json = ..."),
    ("[a]\n password = marked-secret\n", "--extra-opts=a@{ini}", 3, "line 2: indented, below no key"),
    ("[a]\nfile={file}\n password = marked-secret\n", "--extra-opts=a@{ini}", 3, "line 3: indented, but file above it"),
    (
        "[a]\nnode=*\n password=marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "line 3: indented like a value of node, but it",
    ),
    (
        "[a]\nnode=*\n hostname=marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "line 3: indented like a value of node, but it",
    ),
    (
        "[a]\nstate=missing=ok\n token: marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "line 3: indented like a value of state",
    ),
    (
        "[a]\nstate=missing=ok\n marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "line 3: state takes a problem and its state",
    ),
    (
        "[a]\nca-file=/x password = marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "line 2: what follows ca-file looks like two",
    ),
    (
        "[a]\nhostname=https://x/?marked-secret\n",
        "--extra-opts=a@{ini}",
        3,
        "line 2: hostname takes a host name or address",
    ),
    ("[a]\n", "--extra-opts=a@/", 3, "--extra-opts /: Is a directory"),
    ("[a]\n", "--extra-opts a@{ini}", 3, "belongs to no option"),
]


@pytest.mark.parametrize(("content", "words", "code", "told"), SECTIONS)
def test_options_come_from_a_section_of_a_file(
    content: str, words: str, code: int, told: str, saved: Path, tmp_path: Path, runner: Runner
) -> None:
    ini = tmp_path / "options.ini"
    ini.write_bytes(content.replace("{file}", str(saved)).encode("latin-1"))
    ini.chmod(0o600)
    places = {"{file}": str(saved), "{ini}": str(ini)}
    for place, path in places.items():
        words, told = words.replace(place, path), told.replace(place, path)
    # `--extra-opts a@FILE` looks for the default file first.
    done = runner("check_wabiz_socket", *words.split(), env={"MP_CONFIG_FILE": str(ini)} if " a@" in words else {})
    if " a@" in words:
        code, told = 3, "has no section [check_wabiz_socket]"
    assert (done.code, done.err) == (code, ""), done
    assert told in done.out
    assert SECRET not in done.out
    if code == 3:
        assert len(done.lines) == 1


@pytest.mark.parametrize("name", ["monitoring-plugins.ini", "plugins.ini"])
def test_without_a_file_the_usual_places_are_searched(name: str, saved: Path, tmp_path: Path, runner: Runner) -> None:
    (tmp_path / name).write_text(f"[check_wabiz_socket]\nfile={saved}\n")
    (tmp_path / "mine.ini").write_text(f"[check_wabiz_socket]\nfile={saved}\njson\n")
    found = runner("check_wabiz_socket", "--extra-opts", env={"NAGIOS_CONFIG_PATH": f"/no/such:{tmp_path}"})
    assert (found.code, found.first) == (0, "WABIZ SOCKET OK - connected")
    named = runner(
        "check_wabiz_socket",
        "--extra-opts",
        env={"NAGIOS_CONFIG_PATH": str(tmp_path), "MP_CONFIG_FILE": str(tmp_path / "mine.ini")},
    )
    assert json.loads(named.out)["state"] == "OK"


def test_a_file_with_secrets_that_everybody_can_read_is_told(saved: Path, tmp_path: Path, runner: Runner) -> None:
    ini = tmp_path / "options.ini"
    ini.write_text(f"[a]\nfile={saved}\npassword = {SECRET}\n")
    for mode, notes in ((0o644, [f"{ini} holds a secret and everybody can read it: chmod o-r it"]), (0o640, [])):
        ini.chmod(mode)
        done = runner("check_wabiz_socket", f"--extra-opts=a@{ini}", "-vvv")
        assert done.code == 0
        assert [line for line in done.lines if "chmod" in line] == notes
        assert SECRET not in done.out
