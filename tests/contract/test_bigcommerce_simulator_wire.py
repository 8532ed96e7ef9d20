"""What happens between the simulated store and its callers, and how its lists stay right."""

import json
import threading
from operator import attrgetter

import pytest
import requests
from bigcommerce_client import Store, company, user

from hub.seams import Rng, SystemClock, VirtualClock
from plugins.bigcommerce.simulator import make_simulator
from plugins.bigcommerce.simulator.table import Query, Table


@pytest.fixture
def store():
    with Store(make_simulator(VirtualClock(), 7, items=20, quotas=None)) as opened:
        yield opened


def companies(store):
    return store.control("GET", "rows/companies").json()


def test_a_lost_answer_leaves_the_company_there(store):
    store.faults({"match": "POST /api/v3/io/companies", "fault": "answer_lost", "nth": 1})
    with pytest.raises(requests.ConnectionError):
        store.post("companies", company(1))
    assert [row["companyName"] for row in companies(store)] == ["Company 1"]


def test_a_reset_leaves_nothing_and_a_late_request_arrives_later(store):
    store.faults({"match": "POST /", "fault": "reset", "nth": 1})
    with pytest.raises(requests.ConnectionError):
        store.post("companies", company(1))
    assert companies(store) == []
    store.faults({"match": "POST /", "fault": "late", "after": 40, "nth": 1})
    with pytest.raises(requests.ConnectionError):
        store.post("companies/bulk", [company(1), company(2)])
    assert companies(store) == []
    store.sim.clock.advance(40)
    assert len(companies(store)) == 2


def test_throttle_can_be_bare(store):
    store.faults({"match": "GET /", "fault": "throttle", "headers": False})
    answer = store.get("companies")
    assert (answer.status_code, answer.content) == (429, b"")


def test_stock_changes_can_be_lost_or_slower(store):
    url = "v3/inventory/adjustments/absolute"
    body = {"items": [{"location_id": 1, "sku": "WH-00001", "quantity": 3}]}
    store.faults({"match": "PUT /", "fault": "inventory_lost", "nth": 1})
    assert store.put(url, body).ok
    store.sim.clock.advance(100)
    assert store.journal("inventory") == []
    store.faults({"match": "PUT /", "fault": "inventory_delay", "seconds": 60})
    store.put(url, body)
    store.sim.clock.advance(59)
    assert store.journal("inventory") == []
    store.sim.clock.advance(1)
    assert store.journal("inventory") == [("inventory", "WH-00001@1", "updated")]


def test_parallel_adjustments_get_429():
    sim = make_simulator(SystemClock(), 7, items=20, quotas=None, adjustment_seconds=0.3)
    body = {"items": [{"location_id": 1, "sku": "WH-00001", "quantity": 3}]}
    with Store(sim) as store:
        statuses = []

        def adjust():
            url = f"{store.running.url}/stores/{store.hash}/v3/inventory/adjustments/absolute"
            answer = requests.put(url, json=body, headers=store.headers, timeout=5)
            statuses.append(answer.status_code)

        threads = [threading.Thread(target=adjust) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200, 429]


def test_customers_are_walked_by_cursor(store):
    first = store.get("v3/customers", limit=4).json()
    assert first["meta"].keys() == {"pagination", "cursor_pagination"}
    seen = [row["id"] for row in first["data"]]
    meta = first["meta"]
    while meta["cursor_pagination"].get("end_cursor"):
        page = store.get("v3/customers", limit=4, after=meta["cursor_pagination"]["end_cursor"])
        meta = page.json()["meta"]
        assert "pagination" not in meta
        seen += [row["id"] for row in page.json()["data"]]
    assert seen == [row["id"] for row in store.control("GET", "rows/customers").json()]


def test_bulk_refusals_may_save_users_in_part(store):
    cid = store.new_company()
    store.faults({"match": "POST /api/v3/io/users/bulk", "fault": "partial_bulk"})
    people = [user(cid, "a@x.example"), user(cid, "a@x.example"), user(cid, "b@x.example")]
    assert store.post("users/bulk", people).status_code == 422
    emails = {row["email"] for row in store.control("GET", "rows/users").json()}
    assert {"a@x.example", "b@x.example"} <= emails
    assert len(emails) == 3


def test_the_same_seed_gives_the_same_store():
    def rows(seed):
        sim = make_simulator(VirtualClock(), seed, existing_companies=5)
        return json.dumps([sim.rows(entity) for entity in ("companies", "users", "products")])

    assert rows(3) == rows(3)
    assert rows(3) != rows(4)


def test_the_store_knows_most_of_the_erps_items():
    sim = make_simulator(VirtualClock(), 3, items=400)
    skus = {row["identity"]["sku"] for row in sim.rows("inventory")}
    shared = {f"WH-{n:05d}" for n in range(1, 401)} & skus
    assert len(shared) == 400 - 30
    assert len(skus - shared) == 10


@pytest.mark.parametrize("seed", range(5))
def test_lists_match_a_plain_search(seed):
    chance = Rng(seed).random
    table = Table(lambda row: [("colour", row.data["colour"])])
    rows = []
    for now in range(60):
        kind = chance.choice(["add", "add", "touch", "drop"])
        if kind == "add" or not rows:
            rows.append(table.insert({"colour": chance.choice("rgb")}, now // 3))
        elif kind == "touch":
            row = chance.choice(rows)
            row.data["colour"] = chance.choice("rgb")
            table.touch(row, now // 3)
        else:
            row = rows.pop(chance.randrange(len(rows)))
            table.delete(row)
    for n in range(200):
        if n % 20 == 0:  # what was sorted before is out of date
            rows.append(table.insert({"colour": chance.choice("rgb")}, 20))
            table.delete(rows.pop(chance.randrange(len(rows))))
        query = Query(
            order=chance.choice(["created", "updated"]),
            descending=chance.random() < 0.5,
            created=window(chance),
            updated=window(chance),
            keys=[("colour", "r")] if chance.random() < 0.3 else [],
            sort=by_colour if chance.random() < 0.3 else None,
        )
        offset, limit = chance.randrange(5), chance.randrange(1, 8)
        wanted = [r for r in rows if matches(r, query)]
        by_time = attrgetter(query.order, "id")
        wanted.sort(key=query.sort or by_time, reverse=query.descending)
        total, found = table.select(query, offset, limit)
        assert (total, found) == (len(wanted), wanted[offset : offset + limit])


def by_colour(row):
    return row.data["colour"], row.id


def window(chance):
    pick = lambda: chance.choice([None, None, chance.randrange(22)])
    return pick(), pick()


def matches(row, query):
    def inside(moment, bounds):
        low, high = bounds
        return (low is None or moment >= low) and (high is None or moment <= high)

    right = not query.keys or row.data["colour"] == "r"
    return right and inside(row.created, query.created) and inside(row.updated, query.updated)
