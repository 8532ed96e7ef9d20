"""R13: the circuit of a connection and direction."""

import pytest
from gate_kit import OK, Hub, answer, make_plugin, vendor

from hub.sdk import AmbiguousWrite, ConfigError, ConnectionTrouble, VirtualClock


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path, VirtualClock())
    yield made
    made.close()


class Switch:
    """A vendor that is up or down; ``seen`` counts what reached it."""

    def __init__(self):
        self.up, self.down_answer, self.seen = True, answer(503, b""), 0

    def __call__(self, _request, _sock):
        self.seen += 1
        return OK if self.up else self.down_answer


@pytest.fixture
def switch():
    return Switch()


def test_opens_after_five_in_a_row_probes_once_and_closes(hub, switch):
    plugin = make_plugin()
    with vendor(switch) as server:
        settings = {"base_url": server.url}
        first, second = hub.gate("host:boot:1:1"), hub.gate("host:boot:2:1")
        switch.up = False
        with first.open(hub.facts, plugin, settings) as used:
            for _ in range(5):
                assert used.client.get().status == 503
            with pytest.raises(ConnectionTrouble, match="Calls wait") as caught:
                used.client.get()
        assert 24 <= caught.value.retry_after <= 36
        assert hub.state()[0] == "not_reachable"
        with second.open(hub.facts, plugin, settings) as used:
            with pytest.raises(ConnectionTrouble):
                used.client.get()
            assert switch.seen == 5, "the other process does not call either"
            hub.clock.advance(36)
            used.client.get()
            with pytest.raises(ConnectionTrouble) as caught:
                used.client.get()
            assert switch.seen == 6, "exactly one probe"
            assert 48 <= caught.value.retry_after <= 72, "twice as long"
            used.client.url = server.url
            switch.up = True
            second.try_now(1)
            assert used.client.get().ok
            assert used.client.get().ok
        assert hub.state()[0] == "connected"
        assert [view.state for view in first.status(1).circuits] == ["closed"]


def test_three_days_down_cost_few_probes(hub, switch):
    plugin = make_plugin()
    switch.up = False
    with (
        vendor(switch) as server,
        hub.gate().open(hub.facts, plugin, {"base_url": server.url}) as used,
    ):
        while hub.clock.monotonic() < 72 * 3600:
            try:
                used.client.get()
            except ConnectionTrouble as error:
                hub.clock.advance(error.retry_after or 60)
        assert switch.seen <= 550
        switch.up = True
        hub.clock.advance(720)
        assert used.client.get().ok


def test_writes_and_reads_have_circuits_of_their_own(hub):
    def reply(request, _sock):
        return None if request.startswith(b"POST") else OK

    with (
        vendor(reply) as server,
        hub.gate().open(hub.facts, make_plugin(), {"base_url": server.url}) as used,
    ):
        for _ in range(5):
            with pytest.raises(AmbiguousWrite):
                used.client.write()
        with pytest.raises(ConnectionTrouble, match="Calls wait"):
            used.client.write()
        assert used.client.get().ok


def test_half_of_the_last_twenty_opens_it_too(hub, switch):
    with (  # noqa: PT012
        vendor(switch) as server,
        hub.gate().open(hub.facts, make_plugin(), {"base_url": server.url}) as used,
        pytest.raises(ConnectionTrouble, match="Calls wait"),
    ):
        for number in range(40):
            switch.up = number % 2 == 1
            used.client.get()
    assert 19 <= switch.seen <= 22


def test_single_500s_do_not_open_it_but_a_storm_does(hub, switch):
    switch.down_answer = answer(500, b"")
    switch.up = False
    with (
        vendor(switch) as server,
        hub.gate().open(hub.facts, make_plugin(), {"base_url": server.url}) as used,
    ):
        for _ in range(12):
            used.client.get()
        with pytest.raises(ConnectionTrouble, match="Calls wait"):  # noqa: PT012
            for _ in range(12):
                used.client.get()


@pytest.mark.parametrize("text", [b"<html>maintenance</html>", b"maintenance"])
def test_trouble_that_only_the_plugin_sees_counts(hub, text):
    page = answer(200, text)
    with vendor(page) as server:
        gate = hub.gate()
        for _ in range(5):
            with (
                pytest.raises(ConnectionTrouble, match="instead of data"),
                gate.open(hub.facts, make_plugin(), {"base_url": server.url}) as used,
            ):
                used.client.get().json()
        assert [view.state for view in gate.status(1).circuits] == ["open"]


def test_a_persons_test_passes_an_open_circuit_and_closes_it(hub, switch):
    switch.up = False
    plugin = make_plugin()
    with vendor(switch) as server:
        gate = hub.gate()
        with gate.open(hub.facts, plugin, {"base_url": server.url}) as used:
            for _ in range(5):
                used.client.get()
        switch.up = True
        with gate.open(
            hub.facts, plugin, {"base_url": server.url}, test=True, priority="person"
        ) as used:
            assert used.client.get().ok
        assert gate.status(1).circuits[0].state == "closed"


@pytest.mark.parametrize(
    ("status", "to", "error", "text"),
    [
        (302, "http://evil.example/x?token=secret", ConfigError, "change the address"),
        (301, "/elsewhere", ConfigError, "change the address"),
        (302, "/ui/error?key=secret", ConnectionTrouble, "/ui/error"),
    ],
)
def test_redirects_are_never_followed(hub, status, to, error, text):
    with vendor(answer(status, b"", Location=to)) as server:
        with (
            pytest.raises(error, match=text) as caught,
            hub.gate().open(hub.facts, make_plugin(), {"base_url": server.url}) as used,
        ):
            used.client.get()
        assert len(server.seen) == 1
    assert "secret" not in str(caught.value)
    if error is ConfigError:
        assert caught.value.parameter == "base_url"


def test_only_the_connections_own_addresses_are_reached(hub):
    with (
        vendor() as server,
        vendor() as other,
        hub.gate().open(hub.facts, make_plugin(), {"base_url": server.url}) as used,
    ):
        for url in (other.url, f"http://localhost:{server.port}/", "https://127.0.0.1/"):
            with pytest.raises(ConfigError, match="not an address of this connection"):
                used.http.request("GET", url)
        assert other.seen == server.seen == []


def test_a_private_address_without_the_tick_names_the_field(hub):
    from dataclasses import replace

    with vendor() as server:
        with (
            pytest.raises(ConfigError, match="on our network") as caught,
            hub.gate().open(
                replace(hub.facts, own_network=False), make_plugin(), {"base_url": server.url}
            ) as used,
        ):
            used.client.get()
        assert caught.value.parameter == "base_url"
        assert server.seen == []


def test_changing_calls_must_name_their_records(hub):
    with (
        vendor() as server,
        hub.gate().open(hub.facts, make_plugin(), {"base_url": server.url}) as used,
    ):
        with pytest.raises(ValueError, match="writes="):
            used.http.request("PUT", server.url + "/x", json={})
        assert used.http.request("PUT", server.url + "/x", json={}, reads=True).ok


def test_calls_are_counted_and_told(hub):
    from decimal import Decimal

    told = []
    with vendor(answer(200, b'{"a":1}', Date="Tue, 24 Nov 2026 12:00:00 GMT")) as server:
        with hub.gate().open(
            hub.facts, make_plugin(), {"base_url": server.url}, on_call=told.append
        ) as used:
            used.client.get("/list?x=1", params={"$filter": "a ge 'b c'"})
            used.http.request(
                "POST",
                server.url + "/new",
                json={"price": Decimal("10.10"), "n": Decimal(3)},
                writes=[],
            )
            assert used.calls == 2
            assert used.http.server_now.isoformat() == "2026-11-24T12:00:00+00:00"
        assert server.seen[0].startswith(b"GET /list?x=1&%24filter=a%20ge%20%27b%20c%27 HTTP/1.1")
        assert server.seen[1].endswith(b'{"price":10.1,"n":3}')
    assert [(c.method, c.path, c.status) for c in told] == [
        ("GET", "/list", 200),
        ("POST", "/new", 200),
    ]
    assert told[1].request_excerpt() == '{"price":10.1,"n":3}'
    assert told[0].request_excerpt() == told[0].response_excerpt() == ""


def test_the_end_of_a_write_is_unknown_only_when_something_was_sent(hub):
    plugin = make_plugin()
    cut = answer(200, b"x" * 100)[:-50]
    with vendor(lambda _r, sock: (sock.sendall(cut), None)[1]) as server:
        settings = {"base_url": server.url}
        with hub.gate().open(hub.facts, plugin, settings) as used:
            with pytest.raises(AmbiguousWrite, match="cut"):
                used.client.write()
            with pytest.raises(ConnectionTrouble, match="cut"):
                used.client.get()
    with (
        hub.gate().open(hub.facts, plugin, settings) as used,
        pytest.raises(ConnectionTrouble, match="refused the connection"),
    ):
        used.client.write()


def test_a_name_that_does_not_exist_is_shown_at_its_field_by_a_test(hub, monkeypatch):
    import socket

    def unknown(*_args):
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    gate, settings = hub.gate(), {"base_url": "https://nowhere.example"}
    with pytest.raises(ConnectionTrouble), gate.open(hub.facts, make_plugin(), settings) as used:
        used.client.get()
    with (
        pytest.raises(ConfigError, match=r"nowhere\.example cannot be found") as caught,
        gate.open(hub.facts, make_plugin(), settings, test=True) as used,
    ):
        used.client.get()
    assert caught.value.parameter == "base_url"


def test_while_the_probe_is_under_way_nobody_else_calls(hub):
    plugin, gate, other = make_plugin(), hub.gate("host:boot:1:1"), hub.gate("host:boot:2:1")
    outcome = []

    def reply(request, _sock):
        if b"/probe" not in request:
            return answer(503, b"")
        with other.open(hub.facts, plugin, settings) as second:
            try:
                second.client.get()
            except ConnectionTrouble as error:
                outcome.append(str(error))
        return OK

    with vendor(reply) as server:
        settings = {"base_url": server.url}
        with gate.open(hub.facts, plugin, settings) as used:
            for _ in range(5):
                used.client.get("/x")
            hub.clock.advance(40)
            assert used.client.get("/probe").ok
    assert outcome == [
        f"Calls wait after repeated trouble: 127.0.0.1:{server.port} answered 503: out of service."
    ]
