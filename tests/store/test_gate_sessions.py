"""R16: one vendor session per connection, shared, ended by its last user; one try of a password."""

import threading

import pytest
from gate_kit import OK, Hub, answer, make_plugin, vendor

from hub.sdk import AuthError, VirtualClock
from hub.store.tables import VendorSession


class Erp:
    """Counts sign-ins and sign-outs; ``right`` is the password."""

    def __init__(self, right="secret-password"):
        self.right, self.logins, self.logouts, self.slow = right, 0, 0, threading.Event()

    def __call__(self, request, _sock):
        if request.startswith(b"POST /login"):
            self.logins += 1
            self.slow.wait(0.05)
            if self.right.encode() not in request:
                return answer(500, b"{}")
            return answer(204, b"", Set_Cookie="sid=0123456789abcdef0123; Path=/")
        if request.startswith(b"POST /logout"):
            self.logouts += 1
        return OK


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path, VirtualClock())
    yield made
    made.close()


@pytest.fixture
def real_hub(tmp_path):
    """For threads that wait for each other: sleeping on a virtual clock would age their leases."""
    made = Hub(tmp_path)
    yield made
    made.close()


@pytest.fixture
def erp():
    return Erp()


@pytest.fixture
def server(erp):
    with vendor(erp) as made:
        yield made


@pytest.fixture
def settings(server):
    return {"base_url": server.url, "password": "secret-password"}


PLUGIN = make_plugin(signs_in=True)


def sealed(hub):
    with hub.db.read() as session:
        row = session.get(VendorSession, 1)
        return None if row is None else row.sealed


def test_sign_in_and_out_again(hub, erp, settings):
    with hub.gate().open(hub.facts, PLUGIN, settings) as used:
        assert b"0123456789abcdef" not in sealed(hub)
        used.client.get()
    assert (erp.logins, erp.logouts) == (1, 1)
    assert sealed(hub) is None
    assert hub.state()[0] == "connected"
    assert hub.states == [(1, "connected", "")]


def test_two_processes_share_a_session_and_the_last_one_signs_out(hub, erp, settings):
    one, two = hub.gate("host:boot:1:1"), hub.gate("host:boot:2:1")
    with one.open(hub.facts, PLUGIN, settings):
        with two.open(hub.facts, PLUGIN, settings), two.open(hub.facts, PLUGIN, settings):
            assert one.status(1).session.users == 2
        assert (erp.logins, erp.logouts) == (1, 0)
    assert (erp.logins, erp.logouts) == (1, 1)


def test_eight_threads_on_two_processes_sign_in_once(real_hub, erp, settings):
    hub = real_hub
    gates = [hub.gate(f"host:boot:{n}:1") for n in (1, 2)]
    ready, errors = threading.Barrier(8), []

    def work(number):
        try:
            with gates[number % 2].open(hub.facts, PLUGIN, settings) as used:
                used.client.get()
                ready.wait(10)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert errors == []
    assert erp.logins == 1
    assert erp.logouts <= 1


def test_a_serving_process_keeps_the_session_until_it_is_idle(hub, erp, settings):
    gate = hub.gate(keep_alive=True)
    for _ in range(3):
        with gate.open(hub.facts, PLUGIN, settings) as used:
            used.client.get()
    assert (erp.logins, erp.logouts) == (1, 0)

    def resolve(connection_id):
        return (hub.facts, PLUGIN, settings) if connection_id == 1 else None

    assert gate.close_idle(resolve) == 0
    hub.clock.advance(61)
    with gate.open(hub.facts, PLUGIN, settings):
        assert gate.close_idle(resolve, older_than=0) == 0, "it is in use"
    hub.clock.advance(61)
    assert gate.close_idle(resolve) == 1
    assert (erp.logins, erp.logouts) == (1, 1)
    assert gate.close_idle(resolve, older_than=0) == 0


def test_a_killed_processs_session_is_used_again_and_ended(hub, erp, settings):
    killed = hub.gate("host:boot:1:1")
    manager = killed.open(hub.facts, PLUGIN, settings)
    manager.__enter__()  # and never left
    with hub.gate("host:boot:2:1").open(hub.facts, PLUGIN, settings):
        assert erp.logins == 1
    assert erp.logouts == 0, "the killed one still counts while its lease lasts"
    hub.clock.advance(91)
    with hub.gate("host:boot:3:1").open(hub.facts, PLUGIN, settings):
        pass
    assert (erp.logins, erp.logouts) == (1, 1)
    manager.gen.close()


def test_a_long_user_keeps_its_lease_by_calling(hub, erp, settings):
    long, short = hub.gate("host:boot:1:1"), hub.gate("host:boot:2:1")
    with long.open(hub.facts, PLUGIN, settings) as used:
        for _ in range(5):
            hub.clock.advance(45)
            used.client.get()
        with short.open(hub.facts, PLUGIN, settings):
            pass
        assert erp.logouts == 0
    assert erp.logouts == 1


def test_an_error_inside_still_signs_out_and_comes_through(hub, erp, settings):
    with pytest.raises(KeyError), hub.gate().open(hub.facts, PLUGIN, settings):
        raise KeyError("mine")
    assert erp.logouts == 1


def test_a_wrong_password_is_tried_once_by_everybody_together(real_hub, erp, settings):
    hub = real_hub
    wrong = {**settings, "password": "wrong-password"}
    gates = [hub.gate(f"host:boot:{n}:1") for n in (1, 2)]
    refused = []

    def work(number):
        try:
            with gates[number % 2].open(hub.facts, PLUGIN, wrong):
                pass
        except AuthError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert refused == ["The password was refused."] * 6
    assert erp.logins == 1
    assert hub.state()[0] == "needs_sign_in"

    with pytest.raises(AuthError), gates[0].open(hub.facts, PLUGIN, wrong, test=True):
        pass
    assert erp.logins == 2, "an explicit test tries"
    with gates[0].open(hub.facts, PLUGIN, settings) as used:
        used.client.get()
    assert hub.state() == ("connected", None)


def test_values_under_test_leave_no_session_behind(hub, erp, settings):
    from dataclasses import replace

    with hub.gate(keep_alive=True).open(
        replace(hub.facts, id=None), PLUGIN, settings, test=True
    ) as used:
        used.client.get()
    assert (erp.logins, erp.logouts) == (1, 1)
    assert sealed(hub) is None
