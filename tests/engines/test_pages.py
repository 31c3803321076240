# SPDX-License-Identifier: BSD-2-Clause
"""The pages on engines, followed: from nothing to services that turn red and green, and each trouble that they name.

The tests stand in the order of the pages; other places than a page's come in by variables of the role.
"""

from __future__ import annotations

import functools
import http.server
import json
import re
import shlex
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from shown import Block, blocks, hold, table, troubles

from .conftest import leave_out
from .daemon import free_port
from .engine import Engine
from .icinga import Icinga
from .module import run_module
from .monitored import Monitored
from .nagios import Nagios, define
from .nrpe import ASKER, Nrpe
from .record import State
from .site import Outcome, Site, leading_to_icinga2, leading_to_nagios, leading_to_nrpe
from .user import ENVIRONMENT, User

PAGES = {"nagios": "docs/on-nagios.md", "icinga2": "docs/on-icinga2.md", "nrpe": "docs/with-nrpe.md"}
SIMULATOR = "docs/simulator.md"
BIN = Path(sys.executable).parent
#: What the simulator takes, and what the pages write into vaults and files.
SECRET = "simulated"

#: Whose reader does what is said alike on all pages, and held to each engine by the role's own test.
ONCE = "nagios"

#: What Debian's packages bring, which the pages build upon.
NAGIOS_OBJECTS = Path("/etc/nagios4/objects")
ICINGA_OBJECTS = Path("/etc/icinga2/conf.d")


@dataclass
class Reader:
    """Somebody who follows a page: in a folder on the controller, with places of his own in the place of the page's."""

    page: str
    folder: Path
    site: Site
    host: str
    places: dict[str, str]
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """What the page says, with the reader's own places."""
        for shown, real in self.places.items():
            text = text.replace(shown, real)
        return text

    def there(self, text: str) -> str:
        """What is printed, with the page's places."""
        for shown, real in self.places.items():
            text = text.replace(real, shown)
        return text

    def save(self, block: Block) -> Path:
        """Save a file that the page shows."""
        path = self.folder / self.here(block.note)
        path.parent.mkdir(parents=True, exist_ok=True)
        return self.site.user.file(path, self.here(block.text))

    def prepare(self) -> None:
        """Save the files, and put the password into a vault."""
        for block in blocks(self.page):
            if block.kind == "file":
                self.save(block)
        secret = next(block for block in blocks(self.page) if block.text.startswith("vault_wabiz_password: "))
        for name, text in (("plain", secret.text), ("vault-password", "open sesame")):
            self.site.user.file(self.folder / name, text)
        (self.folder / "variables.json").write_text(json.dumps(self.site.hosts[self.host]), encoding="utf-8")
        (line,) = [line for line in self.typed() if line.startswith("ansible-vault ")]
        self.outcomes["vault"] = self.ansible(line, "--skip-tty-check", EDITOR=f"cp {self.folder / 'plain'}")

    def follow(self) -> None:
        """All steps of the section on the play."""
        if self.host == ONCE:
            self.play("--diff")
        # What comes to the play later on the page is in it at once: a run takes its time.
        (entry,) = [block.text for block in blocks(SIMULATOR) if "- name: rehearsal" in block.text]
        with (self.folder / "watch.yml").open("a", encoding="utf-8") as play:
            play.write(self.here(entry))
        self.play("watch.yml")

    def play(self, end: str) -> Outcome:
        """Type the line of the page that runs the play and ends so."""
        (line,) = [line for line in self.typed() if line.startswith("ansible-playbook ") and line.endswith(end)]
        self.outcomes[end] = self.ansible(line, "-e", f"@{self.folder / 'variables.json'}")
        return self.outcomes[end]

    def ansible(self, line: str, *more: str, **environment: str) -> Outcome:
        """Type a line that asks for the password of the vault, with more words and environment variables."""
        answer = f"--vault-password-file={self.folder / 'vault-password'}"
        command, *words = shlex.split(line.replace("--ask-vault-pass", answer))
        return self.site.run(str(BIN / command), *words, *more, folder=self.folder, **environment)

    def typed(self) -> Iterator[str]:
        """The lines of the page that are typed in a shell."""
        return (line for block in blocks(self.page) if block.language == "sh" for line in block.text.splitlines())

    def shell(self, command: str) -> list[str]:
        """The lines that a command of the page prints."""
        words = ["sh", "-c", self.here(command)]
        done = subprocess.run(words, env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False)
        missing = re.search(r"(\S+): (command )?not found", done.stderr)
        assert not missing, f"{missing[1]} is not installed (make engines)"
        assert not done.stderr or "curl" in command, done.stderr
        return self.there(done.stdout).splitlines()

    @property
    def environment(self) -> dict[str, str]:
        """Of the shell, without what an earlier command exported."""
        return {**ENVIRONMENT, "no_proxy": "localhost", "HOME": str(self.folder)}


@dataclass(eq=False)
class Scene:
    """The readers of the pages, by engine, and what they have before them."""

    user: User
    berlin: Monitored
    readers: dict[str, Reader]
    nagios: Nagios
    icinga2: Icinga
    nrpe: Nrpe
    new_nrpe: Callable[[], Nrpe]

    def check(self, name: str, host: str) -> State:
        """The state of the service socket, of a host on a page, once it is checked anew."""
        if name == "nrpe":
            return self.nrpe.ask(f"check_wabiz_{host}_socket").state
        return self.engine(name).check_now(host, "wabiz-socket", 60).state

    def engine(self, name: str) -> Engine:
        """An engine that schedules by itself."""
        found = getattr(self, name)
        assert isinstance(found, Engine)
        return found

    def plugin(self, name: str, check: str) -> Path:
        """The link to a check on a page's host."""
        return Path(self.readers[name].places["/usr/lib/nagios/plugins/check_wabiz_"] + check)


@contextmanager
def simulator(reader: Reader) -> Iterator[None]:
    """The simulator, started as its page says."""
    (command,) = [block.text for block in blocks(SIMULATOR) if "--cert-dir" in block.text]
    process = subprocess.Popen(
        shlex.split(reader.here(command)), env=reader.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout
    told = process.stdout.readline().decode()
    assert told.startswith("wabiz-simulator: healthy-single on "), told
    yield
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture(scope="module")
def scene(
    user: User,
    site: Site,
    scratch: Path,
    wheels: Path,
    nagios4: Callable[..., Nagios],
    icinga2: Callable[..., Icinga],
    nrpe: Callable[[], Nrpe],
) -> Iterator[Scene]:
    """The pages followed up to the end of the section on the play, and the engines started on what that has written."""
    for folder in (NAGIOS_OBJECTS, ICINGA_OBJECTS):
        if not folder.is_dir():
            leave_out(f"{folder}, which Debian's package has")
    berlin = Monitored(user, scratch / "pages-berlin", SECRET)
    (wheel,) = wheels.glob("wabiz_monitoring-*.whl")
    nagios_d, icinga_d = user.folder(scratch / "pages-nagios"), user.folder(scratch / "pages-icinga2")

    packaged = ("commands", "contacts", "timeperiods", "templates")
    objects = "".join((NAGIOS_OBJECTS / f"{name}.cfg").read_text(encoding="utf-8") for name in packaged)
    settings = {"interval_length": "60", "enable_notifications": "0"}
    nagios = nagios4(objects, cfg_dir=str(nagios_d), log_service_retries="1", **settings)
    packaged = ("templates", "commands", "users", "timeperiods")
    included = "".join(f'include "{ICINGA_OBJECTS / name}.conf"\n' for name in packaged)
    icinga = icinga2(f'include <plugins>\n{included}include_recursive "conf.d"\n')
    icinga_d = user.folder(icinga.folder / "conf" / "conf.d")
    daemon = nrpe()
    offline = {"pip_arguments": ["--no-index", "--find-links", str(wheels)], "ansible_become": False}
    # Whoever runs the simulator has to be the only one who can change it.
    (scratch / "rehearsal").mkdir(mode=0o755)
    rehearsal = {"/srv/rehearsal": str(scratch / "rehearsal"), "19090": str(free_port())}
    own = {
        "nagios": leading_to_nagios(nagios, nagios_d),
        "icinga2": leading_to_icinga2(icinga, icinga_d),
        "nrpe": leading_to_nrpe(daemon),
    }
    readers = {}
    for name, page in PAGES.items():
        root = site.add(name, **offline, **own[name])
        site.hosts[name]["ansible_become"] = False
        places = {
            "/srv/wheels/wabiz_monitoring-0.1.0-py3-none-any.whl": str(wheel),
            "hostname: wa.example.com": f"hostname: localhost\n            port: {berlin.port}",
            "hostname = wa.example.com": f"hostname = localhost\nport = {berlin.port}",
            "wa.example.com": "localhost",
            "/etc/ssl/wabiz/ca.pem": str(berlin.ca_file),
            "~/simulator/bin": str(BIN),
            **rehearsal,
            "/opt/wabiz-monitoring": str(root / "venv"),
            "/usr/lib/nagios/plugins/check_wabiz_": str(root / "plugins" / "check_wabiz_"),
            "/etc/wabiz-monitoring": str(root / "etc"),
            "/var/lib/wabiz-monitoring": str(root / "state"),
            "/etc/nagios4/conf.d": str(nagios_d),
            "/etc/nagios4": str(nagios.folder),
            "/var/lib/nagios4": str(nagios.folder),
            "/var/log/nagios4": str(nagios.folder),
            "/etc/icinga2": str(icinga.folder / "conf"),
            "localhost:5665": f"localhost:{icinga.port}",
            "/etc/nagios/nrpe.d": str(daemon.include_folder),
            "/etc/nagios": str(daemon.folder),
            "-H agent.example.com": f"-H 127.0.0.1 -p {daemon.port}",
            "-H $HOSTADDRESS$ -t": f"-H $HOSTADDRESS$ -p {daemon.port} -t",
            "vars.nrpe_timeout": f"vars.nrpe_port = {daemon.port}\n    vars.nrpe_timeout",
            "agent.example.com": "127.0.0.1",
        }
        readers[name] = Reader(page, user.folder(root / "controller"), site, name, places)
    user.file(icinga_d / "api-users.conf", 'object ApiUser "root" {\n  password = "x7"\n  permissions = [ "*" ]\n}\n')
    user.file(icinga_d / "trouble.conf", ICINGA_TROUBLE)
    user.file(nagios_d / "trouble.cfg", NAGIOS_TROUBLE)
    user.file(daemon.include_folder / "trouble.cfg", "command[slow]=/bin/sleep 5\n")
    with ExitStack() as stack:
        berlin.start()
        stack.callback(berlin.stop)
        stack.enter_context(simulator(readers["nagios"]))
        for reader in readers.values():
            reader.prepare()
        with ThreadPoolExecutor() as pool:
            list(pool.map(Reader.follow, readers.values()))
        for reader in readers.values():
            for step, outcome in reader.outcomes.items():
                if outcome.code:
                    pytest.fail(f"{reader.page}, {step}:\n{outcome.failures or outcome.output}")
        for engine in (nagios, icinga, daemon):
            stack.enter_context(engine)
        yield Scene(user, berlin, readers, nagios, icinga, daemon, nrpe)


def service_that_runs(name: str, line: str) -> str:
    """A service of Nagios, and its command."""
    of = {"host_name": "wa1", "service_description": name, "check_command": name}
    return define("command", {"command_name": name, "command_line": line}) + define(
        "service", {"use": "generic-service", **of}
    )


NAGIOS_TROUBLE = service_that_runs("shell", "/nowhere/check_wabiz_socket --ignore-node='wa3:*' | cat") + (
    service_that_runs("dead", f"{ASKER} -H 127.0.0.1 -p 1 -c check")
)
ICINGA_TROUBLE = """\
object Endpoint "agent.example.com" {}
object Zone "agent.example.com" {
    parent = NodeName
    endpoints = [ "agent.example.com" ]
}
"""

each_page = pytest.mark.parametrize("name", PAGES)


@pytest.mark.parametrize("word", ["--check", "absent", "vault"])
def test_the_pages_say_alike_what_is_alike(word: str, scene: Scene) -> None:
    typed = [[line for line in reader.typed() if word in line] for reader in scene.readers.values()]
    assert {" ".join(lines).replace("/agents/", "/monitoring/") for lines in typed} == {" ".join(typed[0])} != {""}


def test_check_mode_says_what_would_be_done(scene: Scene) -> None:
    outcome = scene.readers[ONCE].outcomes["--diff"]
    assert f"would be installed into {scene.readers[ONCE].places['/opt/wabiz-monitoring']}" in outcome.output
    assert SECRET not in outcome.output


@each_page
def test_what_is_there_is_what_the_table_says(name: str, scene: Scene) -> None:
    reader = scene.readers[name]
    owners = {"root": str(Path(reader.folder.anchor).owner()), "nagios": scene.user.name}
    found = set()
    for shown, whose, _what in table(reader.page, "What is there now"):
        place = Path(reader.here(shown))
        paths = list(place.parent.glob(place.name))
        found.update(paths)
        assert paths, shown
        owner, _comma, mode = whose.partition(", ")
        for path in paths if mode else ():
            told = path.stat()
            assert oct(told.st_mode & 0o777) == oct(int(mode, 8)), shown
            assert path.owner() == owners[owner.partition(":")[0]], shown
    root = reader.folder.parent
    made = {*root.iterdir(), *(root / "plugins").iterdir()} - {reader.folder, root / "plugins", root / "etc"}
    assert made <= found


@each_page
def test_the_engine_shows_what_the_page_shows(name: str, scene: Scene) -> None:
    reader = scene.readers[name]
    if name == "nagios":
        checks = ("socket", "cluster", "space", "build", "clock")
        scene.nagios.check_all("wa-berlin", [f"wabiz-{check}" for check in checks], 60)
    elif name == "icinga2":
        assert scene.check(name, "wa-berlin") == State.OK
    held = list(show(reader, "See it work"))
    assert held


def show(reader: Reader, title: str) -> Iterator[str]:
    """Type what stands below a title, and hold what is printed against what is shown; gives each block after that."""
    # What a reader has exported before, he still has.
    exported = "".join(block.text for block in blocks(reader.page) if block.text.startswith("export "))
    for block in blocks(reader.page, title):
        if block.language == "console":
            command, *shown = block.text.splitlines()
            hold(reader.shell(exported + command.removeprefix("# ")), shown)
        elif block.language == "sh":
            reader.shell(exported + block.text)
        yield block.text


@each_page
def test_a_rehearsed_alert_is_red_and_then_green(name: str, scene: Scene) -> None:
    reader = scene.readers[name]
    reader.shell(next(line for line in reader.typed() if "--data healthy-single" in line))
    assert scene.check(name, "rehearsal") == State.OK
    seen = [State.OK]
    for text in show(reader, "Rehearse an alert"):
        if "--data" in text:
            seen.append(scene.check(name, "rehearsal"))
    assert seen == [State.OK, State.CRITICAL, State.OK]


@pytest.mark.parametrize("name", ["nagios", "icinga2"])
def test_what_is_written_by_hand_is_green(name: str, scene: Scene) -> None:
    services = {"nagios": ["WhatsApp connection", "WhatsApp space"], "icinga2": ["whatsapp-socket", "whatsapp-space"]}
    records = scene.engine(name).check_all("wa1", services[name], 60)
    assert [record.output.strip().partition(" - ")[0] for record in records.values()] == [
        "WABIZ SOCKET OK",
        "WABIZ SPACE OK",
    ]


def test_what_is_written_by_hand_for_nrpe_is_green(scene: Scene) -> None:
    for check in ("socket", "space"):
        assert scene.nrpe.ask(f"check_wabiz_wa1_{check}").state == State.OK


@pytest.mark.parametrize("name", ["nagios", "icinga2"])
def test_an_engine_sees_the_deployment_over_nrpe(name: str, scene: Scene) -> None:
    services = {"nagios": ["wa-berlin socket", "wa-berlin space"], "icinga2": ["socket-wa-berlin", "space-wa-berlin"]}
    for scenario, states in (
        ("disconnected", [State.CRITICAL, State.OK]),
        ("healthy-single", [State.OK, State.OK]),
    ):
        scene.berlin.simulator.use(scenario)
        records = scene.engine(name).check_all("agent", services[name], 60)
        assert [record.state for record in records.values()] == states


# What troubles are produced by. Each gives what somebody sees.


@contextmanager
def gone(path: Path) -> Iterator[None]:
    """A file or folder is not there for as long as the block runs."""
    aside = path.rename(path.with_name(f"{path.name}.aside"))
    yield
    aside.rename(path)


@contextmanager
def forbidden(scene: Scene, path: Path) -> Iterator[None]:
    """A file in the place of another, which may not be run, for as long as the block runs."""
    with gone(path):
        scene.user.file(path, "")
        yield
        path.unlink()


def checked(scene: Scene, name: str, host: str, service: str) -> str:
    return scene.engine(name).check_now(host, service, 60).output


def without_plugin(scene: Scene, name: str) -> str:
    with gone(scene.plugin(name, "socket")):
        return asked(scene, "check_wabiz_wa-berlin_socket") if name == "nrpe" else own(scene, name)


def without_packages(scene: Scene, name: str) -> str:
    (packages,) = Path(scene.readers[name].places["/opt/wabiz-monitoring"], "lib").glob("python3.*")
    with gone(packages):
        return own(scene, name)


def without_permission(scene: Scene, name: str) -> str:
    with forbidden(scene, scene.plugin(name, "socket")):
        return own(scene, name)


def own(scene: Scene, name: str) -> str:
    return checked(scene, name, "wa-berlin", "wabiz-socket")


def asked(scene: Scene, command: str, *more: str, port: int | None = None) -> str:
    """What check_nrpe says, on either of its outputs."""
    words = ["-H", "127.0.0.1", "-p", str(port or scene.nrpe.port), "-c", command, *more]
    done = scene.user.run(ASKER, *words)
    return done.stdout + done.stderr


def asked_by_a_stranger(scene: Scene) -> str:
    daemon = scene.new_nrpe()
    text = daemon.configuration.read_text(encoding="utf-8")
    daemon.configuration.write_text(
        text.replace("allowed_hosts=127.0.0.1", "allowed_hosts=192.0.2.1"), encoding="utf-8"
    )
    with daemon:
        # Some of the times it dies of the connection that is gone, without a word.
        told = next(filter(None, (asked(scene, "slow", port=daemon.port) for _again in range(50))))
        assert "is not allowed to talk to us!" in daemon.tail()
        return told


def tried(scene: Scene, name: str, text: str, place: str = "", user: str = "") -> str:
    """What comes of a new file in an engine's configuration, in its own place or in another."""
    reader = scene.readers[name]
    of = {key.removeprefix("check_plugins_"): value for key, value in reader.site.hosts[reader.host].items()}
    main = Path(of[f"{name}_main"])
    file = main.parent / place if place else of.get(f"{name}_hosts_file") or of[f"{name}_file"]
    new = Path(reader.site.folder / "new")
    new.write_text(text, encoding="utf-8")
    rights = {"user": user or of["user"], "group": of["group"]}
    trial = {"engine": name, "main": str(main), "command": of["validator"], **rights}
    told = run_module(
        "check_plugins_files", entries=[{"path": str(file), "src": str(new), "mode": "0644"}], trial=trial
    )
    assert told["failed"], told
    message: str = told["msg"]
    return message


HOST = """define host {
    use                 %s
    host_name           x
    address             192.0.2.1
    max_check_attempts  1
}
"""
OBJECT = 'object Host "x" {\n%s\ncheck_command = "dummy"\n}\n'


def nagios_refuses(scene: Scene) -> str:
    told = tried(scene, "nagios", HOST % "no-such")
    assert "Template 'no-such' specified in host definition could not be not found" in told
    group = tried(scene, "nagios", (HOST % "generic-host").replace("}", "    contact_groups      no-such\n}"))
    assert "Contactgroup 'no-such' is not defined anywhere" in group
    return told


def icinga2_refuses(scene: Scene) -> str:
    told = tried(scene, "icinga2", OBJECT % 'import "no-such"')
    assert "Import references unknown template: 'no-such'" in told
    return told


def judged(scene: Scene, section: str = "own", **differing: object) -> str:
    """What a check says that finds such a section in its file; what is None is not in it."""
    folder = scene.user.folder(scene.readers["nagios"].folder.parent / "trouble")
    sound = {"hostname": "localhost", "port": scene.berlin.port, "ca-file": scene.berlin.ca_file}
    login = {"username": "monitor", "password": SECRET, "state-dir": scene.user.folder(folder / "state")}
    found = {**sound, **login, **{key.replace("_", "-"): value for key, value in differing.items()}}
    lines = "".join(f"{key} = {value}\n" for key, value in found.items() if value is not None)
    file = scene.user.file(folder / "own.ini", f"[own]\n{lines}")
    if section == "forbidden":
        file.chmod(0)
    return scene.user.run(scene.plugin("nagios", "socket"), f"--extra-opts={section}@{file}").stdout


def judged_without_login(scene: Scene) -> str:
    return judged(scene, username=None, password=None)


def judged_twice(scene: Scene) -> str:
    folder = scene.user.folder(scene.readers["nagios"].folder.parent / "refused")
    judged(scene, password="wrong", state_dir=folder)
    return judged(scene, password="wrong", state_dir=folder)


class _Failing(http.server.BaseHTTPRequestHandler):
    """An API that fails, whoever logs in."""

    def do_POST(self) -> None:
        self.send_error(500)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests' output is read by people."""


def judged_in_vain(scene: Scene) -> str:
    folder = scene.user.folder(scene.readers["nagios"].folder.parent / "failing")
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    ca_file = scene.user.file(folder / "ca.pem", ca.cert_pem.bytes().decode())
    with http.server.HTTPServer(("127.0.0.1", 0), _Failing) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        # The second failure in a row is the one after which it waits.
        *_told, last = [judged(scene, port=port, ca_file=ca_file, state_dir=folder) for _turn in range(3)]
        server.shutdown()
    return last


def judged_after_others(scene: Scene) -> str:
    folder = scene.user.folder(scene.readers["nagios"].folder.parent / "others")
    *_told, last = [judged(scene, password=f"wrong-{turn}", state_dir=folder) for turn in range(11)]
    return last


def judged_without_state(scene: Scene) -> str:
    folder = scene.user.folder(scene.readers["nagios"].folder.parent / "closed")
    folder.chmod(0)
    return judged(scene, state_dir=folder / "state")


@functools.cache
def obstacles(scene: Scene) -> str:
    """What the role says of a host on which hardly anything is as it should be."""
    site = scene.readers["nrpe"].site
    folder = site.folder / "obstacles"
    folder.mkdir()
    python = folder / "python3"
    # As Debian has it without python3-venv.
    without = 'import sys; sys.modules["ensurepip"] = None; exec(sys.argv[3])'
    python.write_text(f"#!/bin/sh\nexec {site.python} -I -c '{without}' \"$@\"\n", encoding="utf-8")
    python.chmod(0o755)
    place = {"python": str(python), "venv": str(folder), "plugin_folder": str(folder / "plugins")}
    return site.play(only=["nrpe"], engine="nrpe", deployments=[], remove_many=True, version="0.1.0", **place).failures


def in_other_hands(scene: Scene) -> str:
    site = scene.readers["nrpe"].site
    theirs = scene.user.folder(site.folder / "theirs")
    return site.play(only=["nrpe"], engine="none", deployments=[], remove_many=True, venv=str(theirs / "venv")).failures


def led_elsewhere(scene: Scene) -> str:
    (scene.readers["nagios"].folder / "etc").symlink_to("/etc")
    entry = {"path": str(scene.readers["nagios"].folder / "etc" / "wabiz"), "content": "", "mode": "0644"}
    told: str = run_module("check_plugins_files", entries=[entry])["msg"]
    return told


def nobody_to_ask_as(scene: Scene) -> str:
    return tried(scene, "nagios", "", user="no-such")


def mistaken(scene: Scene) -> str:
    limits = {"space": {"warning": "10Gib"}}
    wrong = [{"name": "wa-berlin", "hostname": "wa.example.com", "limits": limits}]
    return scene.readers["nrpe"].site.play(only=["nrpe"], engine="nrpe", deployments=wrong).failures


def without_index(scene: Scene) -> str:
    reader = scene.readers["nrpe"]
    python = Path(reader.places["/opt/wabiz-monitoring"], "bin", "python")
    wheel = reader.places["/srv/wheels/wabiz_monitoring-0.1.0-py3-none-any.whl"]
    options = ["--no-index", "--dry-run", "--ignore-installed", "--disable-pip-version-check"]
    return scene.user.run(python, "-m", "pip", "install", *options, wheel).stderr


#: How the troubles of each page come about, in the page's order.
TROUBLES: dict[str, list[Callable[[Scene], str]]] = {
    "docs/on-nagios.md": [
        nagios_refuses,
        lambda scene: tried(scene, "nagios", "", "elsewhere/wabiz.cfg"),
        lambda scene: without_plugin(scene, "nagios"),
        lambda scene: checked(scene, "nagios", "wa1", "shell"),
        lambda scene: without_packages(scene, "nagios"),
    ],
    "docs/on-icinga2.md": [
        icinga2_refuses,
        lambda scene: tried(scene, "icinga2", "", "wabiz-hosts.conf"),
        lambda scene: tried(scene, "icinga2", "", "../wabiz-hosts.conf"),
        lambda scene: without_plugin(scene, "icinga2"),
        lambda scene: without_permission(scene, "icinga2"),
        lambda scene: without_packages(scene, "icinga2"),
        lambda scene: tried(scene, "icinga2", OBJECT % 'command_endpoint = "agent.example.com"'),
    ],
    "docs/with-nrpe.md": [
        lambda scene: asked(scene, "slow", port=free_port()),
        asked_by_a_stranger,
        lambda scene: asked(scene, "slow", "-a", "x"),
        lambda scene: asked(scene, "slow", "-n"),
        lambda scene: asked(scene, "check_wabiz_no-such_socket"),
        lambda scene: without_plugin(scene, "nrpe"),
        lambda scene: asked(scene, "slow", "-t", "1"),
        lambda scene: tried(scene, "nrpe", "nonsense\n"),
        lambda scene: tried(scene, "nrpe", "", "elsewhere/wabiz.cfg"),
    ],
    "docs/troubleshooting.md": [
        lambda scene: judged(scene, password="wrong", state_dir="none"),
        judged_twice,
        judged_in_vain,
        judged_after_others,
        judged_without_login,
        lambda scene: judged(scene, ca_file=None),
        lambda scene: judged(scene, port=free_port()),
        lambda scene: judged(scene, hostname="no-such.invalid"),
        lambda scene: judged(scene, ca_file="/no/such.pem"),
        lambda scene: judged(scene, "forbidden"),
        lambda scene: judged(scene, "other"),
        judged_without_state,
        *[obstacles] * 3,
        in_other_hands,
        led_elsewhere,
        nobody_to_ask_as,
        mistaken,
        without_index,
    ],
}
EACH = [
    pytest.param(line, produce, id=line)
    for page, ways in TROUBLES.items()
    for line, produce in zip(troubles(page), ways, strict=True)
]


@pytest.mark.parametrize(("line", "produce"), EACH)
def test_a_trouble_says_what_the_page_is_headed_by(line: str, produce: Callable[[Scene], str], scene: Scene) -> None:
    assert re.search(".*".join(map(re.escape, line.split("..."))), produce(scene))


def test_silence_of_check_nrpe_is_told_by_nagios(scene: Scene) -> None:
    told = checked(scene, "nagios", "wa1", "dead")
    assert told.startswith("(No output on stdout) stderr: connect to address 127.0.0.1 port 1: Connection refused")


def test_what_the_page_brought_is_removed_as_it_says(scene: Scene) -> None:
    reader = scene.readers[ONCE]
    outcome = reader.play("absent")
    assert outcome.code == 0, outcome.failures
    for shown, _whose, _what in table(reader.page, "What is there now"):
        place = Path(reader.here(shown))
        assert not list(place.parent.glob(place.name)), shown
