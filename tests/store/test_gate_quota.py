"""R14: one gate per quota (F28, F29, F30)."""

import threading
from dataclasses import replace

import pytest
from gate_kit import OK, Hub, answer, make_plugin, quota, read_headers, vendor
from sqlalchemy import text

from hub.sdk import LeaseLost, LoadItem, RateLimited, VirtualClock


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path, VirtualClock())
    yield made
    made.close()


class Shop:
    """A vendor's fixed windows, starting with their first call, on the hub's clock."""

    def __init__(self, clock, calls=150, seconds=30.0, headers=True):
        self.clock, self.calls, self.seconds, self.headers = clock, calls, seconds, headers
        self.lock = threading.Lock()
        self.start, self.used, self.refused, self.served = -1e9, 0, 0, 0
        self.ends = []

    def eat(self, calls):
        with self.lock:
            self._roll()
            self.used += calls

    def _roll(self):
        now = self.clock.monotonic()
        if now >= self.start + self.seconds:
            self.start, self.used = now, 0
        return now

    def __call__(self, _request, _sock):
        with self.lock:
            now = self._roll()
            left = self.start + self.seconds - now
            said = {}
            if self.headers:
                said = {"X_Limit": self.calls, "X_Reset_Ms": int(left * 1000)}
            if self.used >= self.calls:
                self.refused += 1
                return answer(429, b"", **said, **({"X_Left": 0} if said else {}))
            self.used += 1
            self.served += 1
            return answer(200, **said, **({"X_Left": self.calls - self.used} if said else {}))


@pytest.mark.parametrize(("share", "most"), [(100, 66), (90, 99)])
@pytest.mark.parametrize("headers", [True, False])
def test_450_calls_on_150_per_30_seconds_are_never_refused(hub, share, most, headers):
    shop = Shop(hub.clock, headers=headers)
    plugin = make_plugin([quota(read_headers=read_headers)])
    facts = replace(hub.facts, quota_share=share)
    with vendor(shop) as server, hub.gate().open(facts, plugin, {"base_url": server.url}) as used:
        for _ in range(450):
            assert used.client.get().ok
    assert (shop.served, shop.refused) == (450, 0)
    assert hub.clock.monotonic() <= most


def test_two_processes_with_four_threads_each_share_one_quota(hub):
    shop = Shop(hub.clock, calls=40, seconds=10)
    plugin = make_plugin([quota(40, 10.0, read_headers=read_headers)])
    done = []

    def work(gate, url):
        with gate.open(hub.facts, plugin, {"base_url": url}) as used:
            done.extend(used.client.get().status for _ in range(15))

    with vendor(shop) as server:
        gates = [hub.gate(f"host:boot:{n}:1") for n in (1, 2)]
        threads = [threading.Thread(target=work, args=(gates[n % 2], server.url)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(done) == 120
    assert shop.refused <= 2, "at most 2 % over the quota"


def test_another_application_that_eats_half_is_noticed(hub):
    shop = Shop(hub.clock)
    plugin = make_plugin([quota(read_headers=read_headers)])
    with (
        vendor(shop) as server,
        hub.gate().open(hub.facts, plugin, {"base_url": server.url}) as used,
    ):
        for number in range(300):
            if number % 2:
                shop.eat(1)
            used.client.get()
    assert shop.refused <= 6


REFUSALS = [
    ({"Retry_After": "7"}, b"", 7, 8),
    ({"Retry_After": "Tue, 24 Nov 2026 12:00:09 GMT"}, b"", 8, 9.2),
    ({"X_Retry_After": "5"}, b"", 5, 6),
    ({"X_Left": 0, "X_Reset_Ms": 4000}, b"{}", 4, 5),
    ({}, b"", 2, 4),
    ({"Retry_After": "soon", "X_Left": "many"}, b"<html>", 2, 4),
]


@pytest.mark.parametrize(("headers", "body", "least", "most"), REFUSALS)
def test_while_the_vendor_says_wait_nobody_sends(hub, headers, body, least, most):
    moments = []

    def reply(_request, _sock):
        moments.append(hub.clock.monotonic())
        return answer(429, body, **headers) if len(moments) == 1 else OK

    plugin = make_plugin([quota(read_headers=read_headers)])
    with vendor(reply) as server:
        settings = {"base_url": server.url}
        with hub.gate().open(hub.facts, plugin, settings) as used:
            assert used.client.get().status == 429
        other = hub.gate("host:boot:2:1")
        with other.open(hub.facts, plugin, settings) as used:
            status = other.status(1, plugin)
            assert status.quotas[0].waits_until is not None
            assert used.client.get().ok
            assert used.client.get().ok
    assert least <= moments[1] - moments[0] <= most
    assert hub.gate().status(1, plugin).quotas[0].rate_percent == 50


def test_one_probe_goes_first_and_a_lost_probe_is_replaced(hub):
    replies = [answer(429, b"", Retry_After="3"), None, OK]
    plugin = make_plugin([quota()])
    with (
        vendor(lambda _r, _s: replies.pop(0)) as server,
        hub.gate().open(hub.facts, plugin, {"base_url": server.url}) as used,
    ):
        used.client.get()
        with pytest.raises(Exception, match="cut the connection"):
            used.client.get()
        assert used.client.get().ok
    assert hub.clock.monotonic() < 5


def test_a_person_uses_the_reserve_and_is_not_kept_waiting(hub):
    plugin = make_plugin([quota(10, 60.0)])
    with vendor() as server:
        settings = {"base_url": server.url}
        gate = hub.gate()
        with gate.open(hub.facts, plugin, settings) as bulk:
            for _ in range(9):
                bulk.client.get()
        with gate.open(hub.facts, plugin, settings, priority="person") as person:
            person.client.get()
            with pytest.raises(RateLimited, match="Core API") as caught:
                person.client.get()
    assert hub.clock.monotonic() < 1
    assert 50 < caught.value.retry_after <= 61


def test_bulk_work_that_is_told_to_stop_stops_waiting(hub):
    plugin = make_plugin([quota(1, 600.0)])
    with (
        vendor() as server,
        hub.gate().open(
            hub.facts,
            plugin,
            {"base_url": server.url},
            should_stop=lambda: hub.clock.monotonic() > 5,
        ) as used,
    ):
        used.client.get()
        with pytest.raises(RateLimited, match="Stopped"):
            used.client.get()
    assert hub.clock.monotonic() < 8


def test_a_call_that_costs_two_quotas_waits_for_both(hub):
    b2b = replace(quota(2, 60.0), key="b2b", match=("POST /api/v3/io",))
    core = quota(100, 30.0)
    with (
        vendor() as server,
        hub.gate().open(
            replace(hub.facts, quota_share=100), make_plugin([core, b2b]), {"base_url": server.url}
        ) as used,
    ):
        for _ in range(3):
            used.client.write("/api/v3/io/companies")
        assert hub.clock.monotonic() > 59
        used.client.get("/stores/x")
    used_up = {view.quota: view.used for view in hub.gate().status(1).quotas}
    assert used_up == {"core": 2, "b2b": 1}


def test_concurrent_calls_are_limited(hub):
    running, most, lock = [], [], threading.Lock()
    gate_open = threading.Event()

    def reply(_request, _sock):
        with lock:
            running.append(1)
            most.append(len(running))
        gate_open.wait(0.05)
        with lock:
            running.pop()
        return OK

    plugin = make_plugin([quota(1000, 30.0, concurrent=2)])
    with vendor(reply) as server:
        gate = hub.gate()

        def work():
            with gate.open(hub.facts, plugin, {"base_url": server.url}) as used:
                used.client.get()

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert max(most) <= 2
    assert len(most) == 6


def test_permit_lease_and_intent_are_one_commit(hub):
    plugin = make_plugin([quota(10, 60.0)])
    told = []

    class Fence:
        def covered(self, _items):
            return False

        def before_send(self, conn, items, method, url):
            told.append((len(items), method, url.rpartition("/")[2]))
            conn.execute(text("UPDATE connection SET name = 'fenced' WHERE id = 1"))
            if len(told) == 2:
                raise LeaseLost("taken over")

    items = [LoadItem("C1", {})]
    with vendor() as server:
        with (  # noqa: PT012
            pytest.raises(LeaseLost),
            hub.gate().open(hub.facts, plugin, {"base_url": server.url}, fence=Fence()) as used,
        ):
            used.client.get("/read")
            used.client.write("/w", items)
            for _ in range(2):
                with pytest.raises(LeaseLost):
                    used.client.write("/w", items)
            assert len(told) == 2, "after a lost lease no write is even asked for"
            used.client.get("/read")
            used.client.write("/w", items)
        assert [line.split()[1] for line in server.seen] == [b"/read", b"/w", b"/read"]
    assert hub.gate().status(1).quotas[0].used == 3, "the refused permit was not spent"


def test_values_under_test_share_a_quota_in_memory(hub):
    plugin = make_plugin([quota(5, 60.0)])
    unsaved = replace(hub.facts, id=None)
    with vendor() as server:
        settings = {"base_url": server.url}
        gate = hub.gate()
        for _ in range(2):
            with gate.open(unsaved, plugin, settings, priority="person", test=True) as used:
                used.client.get()
                used.client.get()
        with gate.open(unsaved, plugin, settings, priority="person", test=True) as used:
            used.client.get()
            with pytest.raises(RateLimited):
                used.client.get()
    assert hub.gate().status(1).quotas == ()


def test_a_refusal_of_a_call_without_a_stated_quota_makes_everybody_wait_too(hub):
    replies = [answer(429, b"", Retry_After="3"), OK]
    with (
        vendor(lambda _r, _s: replies.pop(0)) as server,
        hub.gate().open(hub.facts, make_plugin(), {"base_url": server.url}) as used,
    ):
        used.client.get()
        assert hub.gate().status(1).quotas[0].waits_until is not None
        assert used.client.get().ok
    assert 3 <= hub.clock.monotonic() < 4
    assert hub.gate().status(1).quotas == ()


def test_a_failing_note_does_not_hide_that_a_create_was_answered(hub):
    def on_call(_call):
        raise RuntimeError("disk full")

    with (
        vendor() as server,
        hub.gate().open(
            hub.facts, make_plugin(), {"base_url": server.url}, on_call=on_call
        ) as used,
    ):
        assert used.client.write().ok
