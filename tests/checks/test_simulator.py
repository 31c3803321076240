# SPDX-License-Identifier: BSD-2-Clause
"""The simulator over real HTTPS: it refuses, forgets and takes its time as the product does."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from wabiz_monitoring.simulator import Simulator
from wabiz_monitoring.simulator.accounts import Accounts
from wabiz_monitoring.simulator.api import Api
from wabiz_monitoring.simulator.library import load_scenarios

HOUR = 3600
WEEK = 7 * 24 * HOUR
META = {"version": "v2.45.1", "api_status": "stable"}


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2018, 2, 22, 15, 29, 26, tzinfo=timezone.utc).timestamp()

    def __call__(self) -> float:
        return self.now


class Client(requests.Session):
    """What a user of the API does, over one kept connection."""

    def __init__(self, sim: Simulator) -> None:
        super().__init__()
        self.sim = sim
        self.trust_env = False
        self.verify = sim.ca_file

    def login(self, password: str | None = None, **more: Any) -> requests.Response:
        credentials = (self.sim.username, self.sim.password if password is None else password)
        return self.post(f"{self.sim.url}/v1/users/login", auth=credentials, **more)

    def token(self) -> str:
        token = self.login().json()["users"][0]["token"]
        assert isinstance(token, str)
        return token

    def logout(self, token: str) -> requests.Response:
        return self.post(f"{self.sim.url}/v1/users/logout", headers={"Authorization": f"Bearer {token}"})

    def support(self, authorization: str | None = None) -> requests.Response:
        headers = {"Authorization": authorization} if authorization else {}
        return self.get(f"{self.sim.url}/v1/support", headers=headers)

    def answer(self) -> Any:
        return self.support(f"Bearer {self.token()}").json()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sim(clock: Clock) -> Iterator[Simulator]:
    with Simulator(clock=clock) as sim:
        yield sim


@pytest.fixture
def client(sim: Simulator) -> Iterator[Client]:
    with Client(sim) as client:
        yield client


def scenario_file(directory: Path, name: str, content: str) -> None:
    (directory / f"{name}.yml").write_text(content, encoding="utf-8")


# Logging in


def test_a_login_gives_a_token_and_its_end_in_the_vendors_odd_form(client: Client) -> None:
    answer = client.login()
    assert answer.status_code == 200
    assert answer.json() == {
        "users": [{"token": client.sim.tokens[0], "expires_after": "2018-03-01 15:29:26+00:00"}],
        "meta": META,
    }


def test_every_login_adds_a_token_and_a_logout_removes_only_its_own(client: Client) -> None:
    first, second = client.token(), client.token()
    assert list(client.sim.tokens) == [first, second]
    assert client.logout(first).status_code == 200
    assert list(client.sim.tokens) == [second]
    assert client.support(f"Bearer {second}").status_code == 200
    assert (client.sim.logins, client.sim.logouts, client.sim.requests) == (2, 1, 4)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic bW9uaXRvcjp3cm9uZw=="},
        {"Authorization": "Basic b3RoZXI6c2ltdWxhdGVk"},
        {"Authorization": "Basic bW9uaXRvcg=="},
        {"Authorization": "Basic not base64"},
        {"Authorization": "Basic //79"},
        {"Authorization": "Bearer bW9uaXRvcjpzaW11bGF0ZWQ="},
    ],
    ids=["nothing", "wrong password", "wrong user", "no password", "not base64", "not utf-8", "another scheme"],
)
def test_a_failed_login_is_401_without_a_body(client: Client, headers: dict[str, str]) -> None:
    answer = client.post(f"{client.sim.url}/v1/users/login", headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
    assert (client.sim.logins, client.sim.failed_logins, client.sim.tokens) == (0, 1, ())


def test_a_new_password_in_the_body_of_a_login_replaces_the_old_one(client: Client) -> None:
    assert client.login("simulated", json={"new_password": "another"}).status_code == 200
    assert client.sim.password == "another"
    assert client.login("simulated").status_code == 401
    assert client.login("another").status_code == 200


@pytest.mark.parametrize("body", ["", "{}", "[]", "{", '{"new_password": 1}'])
def test_a_login_with_another_body_leaves_the_password_alone(client: Client, body: str) -> None:
    assert client.login(data=body).status_code == 200
    assert client.sim.password == "simulated"


def test_a_failed_login_changes_no_password(client: Client) -> None:
    assert client.login("wrong", json={"new_password": "another"}).status_code == 401
    assert client.sim.password == "simulated"


# The lock-out


def fail(client: Client, times: int) -> None:
    assert {client.login("wrong").status_code for _turn in range(times)} == {401}


def test_thirty_failed_logins_in_an_hour_are_forgiven(client: Client) -> None:
    fail(client, 30)
    assert client.login().status_code == 200


def test_more_than_thirty_lock_the_address_out_with_the_right_password_too(client: Client) -> None:
    fail(client, 31)
    answer = client.login()
    assert answer.status_code == 429
    assert answer.json()["errors"][0]["code"] == 1015
    assert answer.json()["meta"] == META
    assert (client.sim.failed_logins, client.sim.tokens) == (31, ())


def test_a_lock_out_ends_an_hour_after_the_failures_even_for_one_who_keeps_trying(client: Client, clock: Clock) -> None:
    fail(client, 31)
    clock.now += HOUR - 1
    assert {client.login("wrong").status_code for _turn in range(31)} == {429}
    clock.now += 1
    assert client.login().status_code == 200


def test_a_lock_out_ends_no_token_that_was_given_out_before(client: Client) -> None:
    token = client.token()
    fail(client, 31)
    assert client.support(f"Bearer {token}").status_code == 200


class FromElsewhere(HTTPAdapter):
    """Connects from another address of the loopback network."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, source_address=("127.0.0.2", 0))


def test_a_lock_out_is_for_one_address_and_a_header_is_no_other_address(sim: Simulator, client: Client) -> None:
    fail(client, 31)
    assert client.login(headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 429
    with Client(sim) as other:
        other.mount("https://", FromElsewhere())
        assert other.login().status_code == 200


# Tokens


def refused(answer: requests.Response) -> bool:
    body = answer.json()
    (error,) = body["errors"]
    return (answer.status_code, error["code"], error["title"], body["meta"]) == (401, 1005, "Access denied", META)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer unknown",
        "Bearer",
        "bearer {token}",
        "BEARER {token}",
        "Apikey {token}",
        "Basic {token}",
        "{token}",
    ],
)
def test_whatever_is_not_bearer_and_a_live_token_is_refused(client: Client, authorization: str | None) -> None:
    assert refused(client.support(authorization and authorization.format(token=client.token())))


def test_a_token_is_good_for_seven_days_and_not_a_second_more(client: Client, clock: Clock) -> None:
    token = client.token()
    clock.now += WEEK - 1
    assert client.support(f"Bearer {token}").status_code == 200
    clock.now += 1
    assert refused(client.support(f"Bearer {token}"))
    assert client.sim.tokens == ()


def test_the_life_of_a_token_can_be_chosen(clock: Clock) -> None:
    with Simulator(clock=clock, token_life=60) as sim, Client(sim) as client:
        token = client.token()
        clock.now += 60
        assert refused(client.support(f"Bearer {token}"))


def test_a_token_that_was_handed_back_is_refused_for_asking_and_for_logging_out(client: Client) -> None:
    token = client.token()
    client.logout(token)
    assert refused(client.support(f"Bearer {token}"))
    assert refused(client.logout(token))
    assert client.sim.logouts == 1


def test_revoked_tokens_are_refused_and_a_new_login_helps(client: Client) -> None:
    token = client.token()
    client.sim.revoke_tokens()
    assert refused(client.support(f"Bearer {token}"))
    assert client.support(f"Bearer {client.token()}").status_code == 200


# Paths


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/support/", "/v2/support", "/v1/health", "/simulator/nothing"])
def test_an_unknown_path_is_404_in_the_vendors_form(client: Client, path: str) -> None:
    answer = client.get(client.sim.url + path)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == 1006
    assert answer.json()["errors"][0]["title"] == "Resource not found"
    assert answer.json()["meta"] == META


def test_a_wrong_method_is_405_and_says_which_are_right(client: Client) -> None:
    answer = client.get(f"{client.sim.url}/v1/users/login")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.json()["errors"][0]["code"] == 1000
    assert answer.json()["meta"] == META


# What is answered


def test_the_single_form_has_the_vendors_fields_directly_under_support(client: Client) -> None:
    answer = client.answer()
    assert answer["meta"] == META
    assert " ".join(answer["support"]) == (
        "context db_engine db_info debug_info description device_iso8601 e2e env expire_timestamp free_space_data "
        "free_space_logs free_space_media_incoming free_space_media_outgoing lc lg multi_connect os_name os_version "
        "schema socket_conn version"
    )


def test_an_answer_is_written_without_spaces_as_text_searches_expect_it(client: Client) -> None:
    assert '"socket_conn":"UP"' in client.support(f"Bearer {client.token()}").text


def test_times_carry_no_zone_and_the_expiry_counts_down_from_when_the_scenario_came_into_use(
    client: Client, clock: Clock
) -> None:
    client.sim.use("expiring")
    clock.now += 90
    support = client.answer()["support"]
    assert support["device_iso8601"] == "2018-02-22T15:30:56"
    assert support["expire_timestamp"] == "2018-02-27T15:29:26"


def test_a_slow_clock_shows_in_the_nodes_time_only(client: Client) -> None:
    client.sim.use("clock-off")
    support = client.answer()["support"]
    assert support["device_iso8601"] == "2018-02-22T15:22:46"
    assert support["expire_timestamp"] == "2018-05-23T15:29:26"


def test_an_unreachable_node_keeps_its_key_and_loses_its_fields_while_the_answer_is_200(client: Client) -> None:
    client.sim.use("mc4-node-unreachable")
    answer = client.support(f"Bearer {client.token()}")
    assert answer.status_code == 200
    (gone,) = [node for node in answer.json()["support"].values() if "errors" in node]
    (error,) = gone.pop("errors")
    assert gone == {}
    assert (error["code"], error["title"]) == (1014, "Internal error")


def test_the_only_node_being_unreachable_is_a_500(tmp_path: Path) -> None:
    scenario_file(tmp_path, "gone", "{description: x, extends: healthy-single, fields: {unreachable: true}}")
    with Simulator("gone", scenarios=tmp_path) as sim, Client(sim) as client:
        answer = client.support(f"Bearer {client.token()}")
        assert answer.status_code == 500
        assert answer.json()["errors"][0]["code"] == 1014
        assert answer.json()["meta"] == META


def test_nodes_are_asked_one_after_another_so_that_their_delays_add_up(tmp_path: Path) -> None:
    scenario_file(
        tmp_path,
        "slow",
        "{description: x, extends: ha-healthy, nodes: {'wa1:0f4c9a5be217': {delay: 0.2s},"
        " 'wa2:c61f2e07d9b4': {delay: 0.3, unreachable: true}}}",
    )
    with Simulator("slow", scenarios=tmp_path) as sim, Client(sim) as client:
        token = client.token()
        begin = time.monotonic()
        answer = client.support(f"Bearer {token}")
        assert time.monotonic() - begin >= 0.5
        assert "errors" in answer.json()["support"]["wa2:c61f2e07d9b4"]


def test_one_who_waits_for_slow_nodes_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    scenario_file(tmp_path, "slow", "{description: x, extends: healthy-single, fields: {delay: 1h}}")
    with Simulator("slow", scenarios=tmp_path) as sim, Client(sim) as client, Client(sim) as other:
        waiting = threading.Thread(target=client.support, args=(f"Bearer {client.token()}",))
        waiting.start()
        until = time.monotonic() + 10
        while sim.requests < 2 and time.monotonic() < until:
            time.sleep(0.01)
        assert sim.requests == 2
        assert other.login().status_code == 200
        assert waiting.is_alive()
    waiting.join()


def test_the_scenario_changes_for_the_next_who_asks(client: Client) -> None:
    assert client.answer()["support"]["socket_conn"] == "UP"
    client.sim.use("disconnected")
    assert client.sim.scenario == "disconnected"
    assert client.answer()["support"]["socket_conn"] == "DN"


def test_an_unknown_scenario_is_refused_and_the_old_one_stays(sim: Simulator) -> None:
    with pytest.raises(ValueError, match=r"there is no scenario 'disconected'; did you mean 'disconnected'\?"):
        sim.use("disconected")
    assert sim.scenario == "healthy-single"
    with pytest.raises(ValueError, match="there is no scenario 'other'; there are clock-off, connecting, "):
        Simulator("other")


# Steering over HTTPS


def test_the_scenario_is_read_and_changed_over_https(client: Client) -> None:
    url = f"{client.sim.url}/simulator/scenario"
    assert client.get(url).text == "healthy-single"
    assert client.put(url, data="low-space\n").text == "low-space"
    assert client.get(url).text == client.sim.scenario == "low-space"
    answer = client.put(url, data="low-spice")
    assert answer.status_code == 404
    assert "did you mean 'low-space'?" in answer.json()["errors"][0]["details"]
    assert client.sim.scenario == "low-space"


def test_the_counters_count_what_came_in_but_not_the_steering(client: Client) -> None:
    client.login("wrong")
    client.logout(client.token())
    client.support(f"Bearer {client.token()}")
    counters = {"requests": 5, "logins": 2, "failed_logins": 1, "logouts": 1, "tokens": 1}
    assert client.get(f"{client.sim.url}/simulator/counters").json() == counters
    assert client.get(f"{client.sim.url}/simulator/counters").json() == counters


def test_tokens_are_revoked_over_https(client: Client) -> None:
    client.token()
    assert client.post(f"{client.sim.url}/simulator/revoke").json() == {"revoked": 1}
    assert client.sim.tokens == ()


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "scenario"), ("GET", "scenario"), ("GET", "nodes"), ("GET", "counters"), ("POST", "revoke")],
)
@pytest.mark.parametrize(("address", "status"), [("192.0.2.1", 403), ("127.0.0.1", 200), ("::1", 200)])
def test_nobody_steers_from_another_machine(method: str, path: str, address: str, status: int) -> None:
    # No test can come from another machine, so this one stands where the web server does.
    async def wait(unused_delay: float) -> None: ...

    api = Api(load_scenarios(), "healthy-single", Accounts("monitor", "simulated", WEEK, time.time), time.time, wait)
    sent = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"expired"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": f"/simulator/{path}",
        "query_string": b"",
        "headers": [],
        "client": (address, 40000),
    }
    asyncio.run(api(scope, receive, send))
    assert sent[0]["status"] == status
    assert (api.scenario.name == "expired") == (method == "PUT" and status == 200)


# The server itself


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_its_certificate_is_trusted_through_its_authority_alone(client: Client, name: str) -> None:
    url = f"https://{name}:{client.sim.port}/v1/support"
    assert client.get(url).status_code == 401
    with requests.Session() as stranger:
        stranger.trust_env = False
        with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            stranger.get(url)


def test_its_certificate_is_for_every_local_name(sim: Simulator) -> None:
    context = ssl.create_default_context(cafile=sim.ca_file)
    with (
        socket.create_connection(("127.0.0.1", sim.port)) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as secured,
    ):
        certificate = secured.getpeercert()
    assert certificate
    assert {*certificate["subjectAltName"]} == {
        ("DNS", "localhost"),
        ("IP Address", "127.0.0.1"),
        ("IP Address", "0:0:0:0:0:0:0:1"),
    }


def test_an_address_of_ones_own_is_in_the_certificate_and_in_the_url() -> None:
    with Simulator(host="127.0.0.2") as sim, Client(sim) as client:
        assert sim.url == f"https://127.0.0.2:{sim.port}"
        assert client.login().status_code == 200


def test_certificates_stay_in_the_directory_that_was_given_and_the_key_is_private(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "certificates"
    for _turn in ("first", "again"):
        with Simulator(cert_dir=directory) as sim:
            assert sim.ca_file == str(directory / "ca.pem")
            with Client(sim) as client:
                assert client.login().status_code == 200
    assert sorted(file.name for file in directory.iterdir()) == ["ca.pem", "server.key", "server.pem"]
    assert (directory / "server.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["symlink", "hard link"])
def test_what_lies_there_is_replaced_and_what_it_leads_to_is_not_touched(kind: str, tmp_path: Path) -> None:
    directory = tmp_path / "certificates"
    directory.mkdir()
    names = ("ca.pem", "server.pem", "server.key")
    for name in names:
        target = tmp_path / name
        target.write_text(f"the target of {name}")
        if kind == "symlink":
            (directory / name).symlink_to(target)
        else:
            (directory / name).hardlink_to(target)
    with Simulator(cert_dir=directory) as sim, Client(sim) as client:
        assert client.login().status_code == 200
    for name in names:
        assert (tmp_path / name).read_text() == f"the target of {name}"
        assert not (directory / name).is_symlink()
    assert sorted(file.name for file in directory.iterdir()) == sorted(names)


def test_a_directory_that_is_a_symlink_or_open_to_everybody_is_refused(tmp_path: Path) -> None:
    real, link, within = tmp_path / "real", tmp_path / "link", tmp_path / "real" / "within"
    real.mkdir()
    link.symlink_to(real)
    for directory in (link, f"{link}/"):
        with pytest.raises(OSError, match="Not a directory"), Simulator(cert_dir=directory):
            pass
    real.chmod(0o777)
    for directory in (real, within):
        with pytest.raises(PermissionError, match=f"everybody can change it: chmod o-w {real}"):
            Simulator(cert_dir=directory).__enter__()
    # As in /tmp, where nobody can take away what is another's.
    real.chmod(0o1777)
    with Simulator(cert_dir=real), Simulator(cert_dir=within):
        pass
    assert sorted(file.name for file in real.iterdir()) == ["ca.pem", "server.key", "server.pem", "within"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("how", ["their link", "their directory", "their group's directory"])
def test_a_directory_that_another_user_can_exchange_is_refused(how: str, there: bool, tmp_path: Path) -> None:
    real, way = tmp_path / "real", tmp_path / "way"
    real.mkdir()
    if there:
        (real / "certs").mkdir()
    if how == "their link":
        way.symlink_to(real)
        os.chown(way, 12345, 12345, follow_symlinks=False)
    else:
        way = real
        os.chown(real, 12345 if how == "their directory" else 0, 12345)
        real.chmod(0o775)
    with (
        pytest.raises(PermissionError, match=r"(user|group) 12345 can change it: ch"),
        Simulator(cert_dir=way / "certs"),
    ):
        pass
    assert [path.name for path in real.rglob("*")] == ["certs"] * there


def test_certificates_in_a_temporary_directory_go_away_with_the_server() -> None:
    with Simulator() as sim:
        directory = Path(sim.ca_file).parent
        assert directory.is_dir()
    assert not directory.exists()


def test_a_connection_is_kept_for_the_next_request(sim: Simulator) -> None:
    context = ssl.create_default_context(cafile=sim.ca_file)
    connection = HTTPSConnection("localhost", sim.port, context=context)
    connection.connect()
    kept = connection.sock
    for _turn in range(2):
        connection.request("GET", "/v1/support")
        assert connection.getresponse().read()
        assert connection.sock is kept
    connection.close()


def test_an_answer_is_not_held_back_for_the_clients_acknowledgement(client: Client) -> None:
    client.support()
    begin = time.monotonic()
    for _turn in range(20):
        client.support()
    assert time.monotonic() - begin < 20 * 0.04


def test_two_of_them_run_side_by_side_and_know_nothing_of_each_other(sim: Simulator) -> None:
    with Simulator("expired", password="different") as second, Client(second) as client:
        assert second.port != sim.port
        assert client.login("simulated").status_code == 401
        assert client.login("different").status_code == 200
        assert (sim.requests, sim.scenario) == (0, "healthy-single")


def test_a_port_that_is_taken_is_an_error_where_the_simulator_is_entered(sim: Simulator) -> None:
    with pytest.raises(OSError, match="Address already in use"), Simulator(port=sim.port):
        pass


def test_it_comes_and_goes_well_within_a_second() -> None:
    times = []
    # The best of three, as the machine may have other things to do.
    for _turn in range(3):
        begin = time.monotonic()
        with Simulator() as sim, Client(sim) as client:
            assert client.login().status_code == 200
        times.append(time.monotonic() - begin)
    assert min(times) < 0.5


def test_it_leaves_signals_alone_and_no_thread_behind() -> None:
    def handlers() -> list[object]:
        return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    before, threads = handlers(), threading.active_count()
    with Simulator() as sim, Client(sim) as client:
        assert client.login().status_code == 200
        assert handlers() == before
    assert handlers() == before
    assert threading.active_count() == threads


@pytest.mark.parametrize("greeting", [b"", b"\x16\x03\x01"], ids=["silent", "in the middle of the handshake"])
def test_the_end_waits_for_no_client_that_keeps_its_connection(greeting: bytes) -> None:
    with Simulator() as sim, Client(sim) as client:
        client.login()
        with socket.create_connection(("127.0.0.1", sim.port)) as other:
            other.sendall(greeting)
            begin = time.monotonic()
            sim.__exit__(None, None, None)
            assert time.monotonic() - begin < 5


def test_the_end_cuts_a_delay_short_and_the_answer_still_arrives(tmp_path: Path) -> None:
    scenario_file(tmp_path, "slow", "{description: x, extends: healthy-single, fields: {delay: 1h}}")
    answers = []
    with Simulator("slow", scenarios=tmp_path) as sim, Client(sim) as client:
        authorization = f"Bearer {client.token()}"
        waiting = threading.Thread(target=lambda: answers.append(client.support(authorization).status_code))
        waiting.start()
        until = time.monotonic() + 10
        while sim.requests < 2 and time.monotonic() < until:
            time.sleep(0.01)
        begin = time.monotonic()
    waiting.join()
    assert time.monotonic() - begin < 5
    assert answers == [200]
