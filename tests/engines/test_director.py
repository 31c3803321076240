# SPDX-License-Identifier: BSD-2-Clause
"""The basket for the Icinga Director: a real one restores it and deploys it to a real Icinga 2, red and green there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from wabiz_monitoring.check_all import CHECKS

from . import director as installed_director
from .check_commands import made as check_commands
from .conftest import leave_out, new_folder
from .director import ICINGA, Database, Director
from .director_basket import DEFAULTS, FILE, basket, made
from .icinga import Icinga
from .monitored import Monitored
from .record import State
from .user import User

DOCUMENTED = Path(__file__).parents[2] / "docs" / "director.md"

SECRET = "Wolkenkuckucksheim"
STANDARD = tuple(check.name for check in CHECKS)

SOFT = 0
"""Icinga's word for a state that it is not sure of yet."""

#: The basket has none in it: this is how the Director is asked for what it has of the objects.
BASKET = {
    "basket_name": "wabiz",
    "owner_type": "user",
    "owner_value": "tests",
    "objects": {kind: list(named) for kind, named in basket().items() if not kind.startswith("Datafield")},
}

#: Hosts that name their checks, and every kind of custom variable on them; no check of theirs gets as far as asking.
OTHERS = {"both": ("all", "socket"), "one": ("all",), "some": ("space", "build", "clock", "cluster")}
VARIABLES: Mapping[str, Any] = {
    "wabiz_hostname": "wa.invalid",
    "wabiz_port": 9091,
    "wabiz_insecure": True,
    "wabiz_verbose": False,
    "wabiz_node": ["wa1:*", 'it\'s $$HOME$$ "2" \\'],
    "wabiz_space_warning": ["10GiB", "logs=2GiB"],
    "wabiz_space_state": ["missing=ok"],
    "wabiz_clock_warning": ["-90s:90s"],
    "wabiz_min_spares": 0,
    "wabiz_timeout": 5,
    "wabiz_state_dir": "none",
    "wabiz_extra_opts": "nobody@/nowhere.ini",
}


def test_the_basket_is_made_from_the_table_of_options_and_the_defaults_of_the_role() -> None:
    assert FILE.read_text(encoding="utf-8") == made(), "in tests/, run: python -m engines.director_basket"


def test_no_field_and_no_argument_of_the_basket_is_for_a_secret() -> None:
    arguments = {flag for command in basket()["Command"].values() for flag in command["arguments"]}
    variables = {field["varname"] for field in basket()["Datafield"].values()}
    words = {word for name in arguments | variables for word in name.strip("-").replace("-", "_").split("_")}
    assert "warning" in words
    assert not words & {"password", "token", "secret"}


@dataclass(frozen=True)
class Scene:
    """A Director, the Icinga that it configures, and what is watched by it."""

    director: Director
    icinga: Icinga
    berlin: Monitored


@pytest.fixture(scope="module")
def berlin(user: User, scratch: Path) -> Iterator[Monitored]:
    """A deployment that answers."""
    monitored = Monitored(user, scratch / "director-berlin", SECRET)
    monitored.start()
    yield monitored
    monitored.stop()


@pytest.fixture(scope="module")
def scene(
    user: User, scratch: Path, checks: Path, icinga2: Callable[..., Icinga], berlin: Monitored
) -> Iterator[Scene]:
    """A Director in which the basket was restored, and a host made of its template."""
    if not installed_director.installed():
        leave_out("Icinga Director with MariaDB")
    folder = user.folder(new_folder(scratch, "director-"))
    with Database(user, folder / "database") as database, icinga2(ICINGA, plugins=checks) as icinga:
        director = Director(user, folder / "web", database, icinga)
        director("basket", "restore", given=made())
        director("basket", "restore", given=json.dumps({"Basket": {"wabiz": BASKET}}))
        options = f"[wa-berlin]\nusername = monitor\npassword = {SECRET}\n"
        file = user.file(folder / "deployments.ini", options)
        place = {
            "wabiz_hostname": "localhost",
            "wabiz_port": berlin.port,
            "wabiz_ca_file": str(berlin.ca_file),
            "wabiz_extra_opts": f"wa-berlin@{file}",
        }
        host = documented_host()
        assert place.keys() <= host["vars"].keys()
        director("host", "create", "wa-berlin", "--json", json.dumps({**host, "vars": {**host["vars"], **place}}))
        for name, of in OTHERS.items():
            variables = {**VARIABLES, "wabiz_checks": of}
            more = {"imports": ["wabiz-deployment"], "address": "127.0.0.1", "vars": variables}
            director("host", "create", name, "--json", json.dumps(more))
        director.deploy()
        yield Scene(director, icinga, berlin)


def documented_host() -> dict[str, Any]:
    """The host that the page shows."""
    block = re.search(r"^```json\n(.*?)^```$", DOCUMENTED.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert block
    found: dict[str, Any] = json.loads(block[1])
    return found


def without_chance(of: dict[str, Any]) -> dict[str, Any]:
    """A part of a basket without what a database made up."""
    return {name: value for name, value in of.items() if name not in ("originalId", "uuid")}


def by_content(objects: Mapping[str, Any]) -> Mapping[str, Any]:
    """A basket with fields known by their variables, in which versions of the Director do not differ."""
    # Some write numbers as texts.
    found: dict[str, dict[str, Any]] = json.loads(json.dumps(objects), parse_int=str, object_hook=without_chance)
    fields = found.pop("Datafield")
    for of in (each for named in found.values() for each in named.values()):
        for link in of.get("fields", ()):
            link["datafield_id"] = fields[link["datafield_id"]]["varname"]
        if isinstance(of.get("services"), dict):
            of["services"] = list(of["services"].values())
    return {**found, "Datafield": {field["varname"]: field for field in fields.values()}}


def test_the_director_has_of_the_basket_what_was_given(scene: Scene) -> None:
    assert by_content(scene.director.dump("wabiz")) == by_content(basket())


def test_restoring_once_more_changes_nothing(scene: Scene) -> None:
    before = scene.director.dump("wabiz"), scene.director("config", "render")
    scene.director("basket", "restore", given=made())
    assert (scene.director.dump("wabiz"), scene.director("config", "render")) == before


def attributes(icinga: Icinga, host: str, service: str) -> Mapping[str, Any]:
    """What a running Icinga has of a service."""
    ((found),) = (each["attrs"] for each in icinga.api("GET", f"objects/services/{host}!{service}"))
    assert isinstance(found, dict)
    return found


def test_a_host_gets_the_services_that_it_names_as_often_as_the_role_would_run_them(scene: Scene) -> None:
    role = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    found = {}
    for each in scene.icinga.api("GET", "objects/services"):
        of = each["attrs"]
        found[of["host_name"], of["name"]] = (of["check_interval"], of["retry_interval"], of["max_check_attempts"])
    attempts = {False: role["check_plugins_attempts"], True: role["check_plugins_dependent_attempts"]}
    assert found == {
        (host, f"wabiz-{check}"): (
            role[f"check_plugins_{check}_interval"],
            role["check_plugins_retry_interval"],
            attempts[host != "one" and check != "socket"],
        )
        for host, of in {"wa-berlin": STANDARD, **OTHERS}.items()
        for check in of
    }


def command(icinga: Icinga, host: str, service: str) -> list[str]:
    """What Icinga runs to check a service."""
    icinga.check_now(host, service)
    found: list[str] = attributes(icinga, host, service)["last_check_result"]["command"]
    return found


def plain_configuration() -> str:
    """Two of the hosts as somebody without a Director writes them."""
    text = check_commands()
    for host in ("both", "some"):
        variables = {**VARIABLES, "wabiz_checks": OTHERS[host]}
        lines = "\n".join(f"vars.{name} = {json.dumps(value)}" for name, value in variables.items())
        text += f'object Host "{host}" {{\n check_command = "dummy"\n address = "127.0.0.1"\n {lines}\n}}\n'
    for check in (*STANDARD, "all"):
        text += f'apply Service "wabiz-{check}" {{\n check_command = "wabiz_{check}"\n check_interval = 1h\n'
        text += f'assign where "{check}" in host.vars.wabiz_checks\n}}\n'
    return text


def test_a_host_is_checked_by_the_same_commands_as_without_a_director(
    scene: Scene, icinga2: Callable[..., Icinga], checks: Path
) -> None:
    services = [(host, f"wabiz-{check}") for host in ("both", "some") for check in OTHERS[host]]
    with icinga2(plain_configuration(), plugins=checks) as plain:
        expected = {service: command(plain, *service) for service in services}
    assert {service: command(scene.icinga, *service) for service in services} == expected
    assert "--extra-opts=nobody@/nowhere.ini" in expected["some", "wabiz-space"]


def test_a_service_turns_red_and_green_with_the_deployment(scene: Scene) -> None:
    healthy = scene.icinga.check_now("wa-berlin", "wabiz-space")
    assert healthy.state == State.OK
    assert healthy.output.startswith("WABIZ SPACE OK - data 48 GiB free,")
    scene.berlin.simulator.use("low-space")
    low = scene.icinga.check_now("wa-berlin", "wabiz-space")
    assert low.state == State.CRITICAL
    assert low.output.startswith("WABIZ SPACE CRITICAL - logs 812 MiB free (critical below 1 GiB)")
    scene.berlin.simulator.use("healthy-single")
    assert scene.icinga.check_now("wa-berlin", "wabiz-space").state == State.OK


def test_one_service_speaks_for_all_when_the_api_does_not_answer(scene: Scene) -> None:
    scene.berlin.stop()
    assert scene.icinga.check_now("wa-berlin", "wabiz-socket").state == State.CRITICAL
    while attributes(scene.icinga, "wa-berlin", "wabiz-socket")["state_type"] == SOFT:
        scene.icinga.action("process-check-result", "wa-berlin", "wabiz-socket", exit_status=2, plugin_output="still")
    assert scene.icinga.check_now("wa-berlin", "wabiz-space").state == State.CRITICAL
    reachable = {
        name: attributes(scene.icinga, "wa-berlin", name)["last_reachable"] for name in ("wabiz-socket", "wabiz-space")
    }
    assert reachable == {"wabiz-socket": True, "wabiz-space": False}
    scene.berlin.start()
    assert scene.icinga.check_now("wa-berlin", "wabiz-socket").state == State.OK
    assert scene.icinga.check_now("wa-berlin", "wabiz-space").state == State.OK
    assert attributes(scene.icinga, "wa-berlin", "wabiz-space")["last_reachable"] is True
