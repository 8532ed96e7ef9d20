"""Every request of the connector, held to the vendor's strict OpenAPI files."""

import pytest

from hub.sdk import LoadItem, Outcome, Window
from tests.contract.bigcommerce_connector_kit import (
    PLUGIN,
    Store,
    contact,
    customer,
    location,
    stock,
)
from tests.contract.bigcommerce_spec import needs_spec, recording

pytestmark = [pytest.mark.vendor_spec, needs_spec]
ABROAD = {"line1": "1 rue", "line2": "", "city": "Paris", "state": "", "country": "FR"}
BARE = {"line1": "", "line2": "", "city": "", "state": "", "postal_code": "", "country": "US"}


@pytest.fixture
def store():
    made = Store(existing_companies=3)
    with recording(made.sim) as record:
        yield made
    made.close()
    assert record.calls


def test_companies(store):
    (made,) = store.load("customer", customer("C1", address=BARE))
    store.load("customer", customer("C2", address=ABROAD), customer("C3", address=BARE))
    store.load("customer", customer("C1", made.external_id, address=BARE, status="inactive"))
    numbers = {row.stamp: row.external_id for row in store.list("customer", Window())}
    batch = [customer(key, numbers[key], address=BARE) for key in ("C1", "C2", "C3")]
    assert {r.outcome for r in store.load("customer", *batch)} == {Outcome.UPDATED}
    store.list("customer", Window(since=store.clock.now()))
    store.match("customer", batch[0], customer("C4, Inc.: odd & new"))
    store.load("customer", LoadItem("C1", {}, numbers["C1"], delete=True))


def test_companies_with_groups_and_channels():
    made = Store(settings={"channel_ids": [1]})
    group = made.sim.rows("customer_groups")[0]["id"]
    with recording(made.sim):
        number = made.company(price_class="GOLD", values={"price_class": {"GOLD": group}})
        made.load("customer", customer("C1", number))
    made.close()


def test_addresses(store):
    company = store.company()
    (made,) = store.load("location", location("C1/A", company, default="C1/A"))
    batch = [location("C1/B", company, address=ABROAD), location("C1/C", company)]
    assert {r.outcome for r in store.load("location", *batch)} == {Outcome.CREATED}
    store.load("location", location("C1/A", company, made.external_id, address=ABROAD))
    store.list("location", Window())
    store.list("location", Window(since=store.clock.now()))
    store.match("location", *batch)
    store.load("location", LoadItem("C1/A", {}, made.external_id, delete=True))


def test_users(store):
    company = store.company()
    (made,) = store.load("contact", contact("1", company, phone=""))
    store.load("contact", contact("2", company, primary="2"), contact("3", company))
    store.load("contact", contact("1", company, made.external_id, phone=""))
    store.list("contact", Window())
    store.list("contact", Window(since=store.clock.now()))
    store.match("contact", contact("1", company))
    store.load("contact", contact("4", company, email="buyer.c1@example.com"))
    store.load("contact", LoadItem("1", {}, made.external_id, delete=True))


def test_stock(store):
    sku = store.sim.rows("inventory")[0]["identity"]["sku"]
    store.load("inventory", stock(sku, 3))
    store.list("inventory", Window())
    store.match("inventory", stock(sku, 3), stock("NOT-THERE", 1))


def test_set_up(store):
    PLUGIN.test_connection(store.client)
    PLUGIN.health(store.client)
    PLUGIN.checks(store.client, ["customer", "location", "contact", "inventory"])
    for lookup in ("channels", "locations", "customer_groups"):
        PLUGIN.lookup(store.client, lookup)
