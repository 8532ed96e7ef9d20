"""Initialization: how long each check took, and one check repeated alone."""

import re
import threading
from datetime import timedelta

import pytest
from configuration_kit import KEY, running_hub, text_of

from hub.store.tables import InitializationCheck

URL = f"/connectors/{KEY}"
PAGE = f"{URL}/initialization"
FIELD = "Extra field with the ERP id"


@pytest.fixture
def hub(tmp_path):
    with running_hub(tmp_path) as made:
        yield made


def rows(hub):
    with hub.runtime.read() as session:
        query = session.query(InitializationCheck).order_by(InitializationCheck.position)
        return {(c.grouping, c.activity): c for c in query}


def again(hub, group, activity):
    answer = hub.submit(f"{URL}/check-again", {"group": group, "activity": activity}, page=PAGE)
    assert answer.status_code == 303
    return text_of(hub.client.get(PAGE))


def test_every_check_says_how_long_it_took(hub):
    hub.create()
    hub.submit(f"{URL}/initialize", page=PAGE)
    assert all(c.took_ms is not None for (group, _), c in rows(hub).items() if group != "Hub")
    times = re.findall(r'data-l="Time"><span[^>]*>([^<]+)<', hub.page(PAGE))
    assert len(times) > 8
    assert all(re.fullmatch(r"\d+ ms|[\d.]+ s|none", t) for t in times), times
    assert "Check only this" not in hub.page(PAGE)


def test_only_the_failed_check_is_repeated_and_then_the_connector_can_be_activated(hub):
    hub.create(store__erp_id_field="Nowhere")
    hub.submit(f"{URL}/initialize", page=PAGE)
    before = rows(hub)
    group = next(g for g, activity in before if activity == FIELD)
    assert "Check only this" in hub.page(PAGE)

    calls = sum(hub.erp.stats.requests.values())
    assert "failed again" in again(hub, group, FIELD)
    assert sum(hub.erp.stats.requests.values()) == calls
    assert rows(hub).keys() == before.keys()

    hub.submit(URL, {"store.erp_id_field": "ERP ID"})
    page = again(hub, group, FIELD)
    after = rows(hub)
    assert after[group, FIELD].status == "passed"
    assert list(after) == list(before)
    assert "can be activated" in page
    assert sum(hub.erp.stats.requests.values()) == calls


def test_a_sign_in_that_works_again_brings_the_other_checks_of_its_side(hub):
    hub.create()
    hub.submit(f"{URL}/initialize", page=PAGE)
    whole = set(rows(hub))
    hub.submit(URL, {"store.access_token": "not-the-token-at-all"})
    hub.submit(f"{URL}/initialize", page=PAGE)
    failed = [key for key, c in rows(hub).items() if c.status == "failed"]
    assert failed == [("BigCommerce B2B", "Sign-in")] or len(failed) == 1
    hub.submit(URL, {"store.access_token": hub.typed["store.access_token"]})
    again(hub, *failed[0])
    assert set(rows(hub)) == whole
    assert not [c for c in rows(hub).values() if c.status == "failed"]


def test_a_check_that_does_not_exist_is_said_and_changes_nothing(hub):
    hub.create(store__erp_id_field="Nowhere")
    hub.submit(f"{URL}/initialize", page=PAGE)
    before = {k: c.status for k, c in rows(hub).items()}
    assert "no such check any more" in again(hub, "Acumatica", "<b>Nothing</b>")
    assert {k: c.status for k, c in rows(hub).items()} == before


def test_only_an_administrator_may_check(hub):
    hub.create(store__erp_id_field="Nowhere")
    hub.submit(f"{URL}/initialize", page=PAGE)
    for role in ("viewer", "operator"):
        client = hub.signed_in(f"{role}@example.com", role)
        assert "Check only this" not in hub.page(PAGE, client)
        answer = hub.submit(
            f"{URL}/check-again", {"group": "Hub", "activity": "Schedules"}, client=client, page=PAGE
        )
        assert answer.status_code == 403


def test_slow_checks_fill_in_by_themselves_and_nothing_waits_for_them(hub, monkeypatch):
    from hub.registry.plugin import Plugin
    from hub.web.views import initialization

    hub.create()
    hub.submit(f"{URL}/initialize", page=PAGE)
    whole = list(rows(hub))
    gate, each = threading.Event(), Plugin.each_check

    def slow(self, client, actions):
        for row in each(self, client, actions):
            yield row
            gate.wait(20)

    monkeypatch.setattr(Plugin, "each_check", slow)
    monkeypatch.setattr(initialization, "PATIENCE", 0.5)
    hub.submit(f"{URL}/initialize", page=PAGE)
    page = hub.page(PAGE)
    assert "Checking, 2 done" in page
    assert "is being checked. 2 checks passed" in page
    assert "can be activated" not in page
    assert 'hx-trigger="every 1s"' in page
    assert f"{len(whole) - 2} not tested yet" in text_of(hub.client.get(PAGE))
    assert "/activate" not in page
    gate.set()
    hub.app.extensions["hub_checking"].popitem()[1].join(20)
    page = hub.page(PAGE)
    assert "every 1s" not in page
    assert list(rows(hub)) == whole
    assert "can be activated" in page


def test_checks_that_were_cut_off_stand_as_not_tested(hub):
    hub.create()
    hub.submit(f"{URL}/initialize", page=PAGE)
    old = hub.runtime.clock.now() - timedelta(hours=1)
    with hub.runtime.write() as session:
        for check in session.query(InitializationCheck):
            check.at = old
            if check.position > 3:
                check.status, check.detail = "not_tested", ""
    hub.app.extensions["hub_checking"].clear()
    page = hub.page(PAGE)
    assert "Not tested" in page
    assert "every 1s" not in page
    assert "is not checked to the end" in page
    assert "Check again" in page
