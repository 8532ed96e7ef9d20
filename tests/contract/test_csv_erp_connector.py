"""The example connector: whole lists that move, formats, and a first sync into the store."""

import sys
from decimal import Decimal
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "csv-erp"))

from csv_erp import reading
from csv_erp.client import Client
from csv_erp.simulator import make_simulator

from hub.registry.plugin import Plugin
from hub.sdk import (
    Answer,
    AuthError,
    ConfigError,
    ConnectionTrouble,
    Direction,
    RateLimited,
    Window,
)
from hub.seams import VirtualClock
from hub.testing import Kit
from hub.testing.report import level_of, run

SETTINGS = {"base_url": "http://erp", "api_key": "simulated-key"}


class Direct:
    """The hub's session without its sockets; ``before`` happens before each call."""

    def __init__(self, sim, before=lambda _call: None):
        self.sim, self.before, self.calls = sim, before, 0

    def request(self, method, url, *, params, headers):
        self.calls += 1
        self.before(self.calls)
        query = "&".join(f"{name}={value}" for name, value in params.items())
        got = self.sim.call(method, url.removeprefix("http://erp") + "?" + query, headers)
        found = {name.lower(): value for name, value in got.headers}
        found.setdefault("date", "Wed, 11 Nov 2026 10:00:00 GMT")
        return Answer(got.status, found, got.body, url)


@pytest.fixture(scope="module")
def plugin():
    import csv_erp

    return Plugin(csv_erp, source="test")


@pytest.fixture
def sim():
    return make_simulator(VirtualClock(), 7, customers=60, items=10, quotas=None)


def read(plugin, client, key="customer"):
    action = plugin.action(key, Direction.EXTRACT)
    return [record for page in plugin.extract(client, action, Window()) for record in page.records]


def test_a_list_that_loses_rows_while_it_is_read_is_read_whole(plugin, sim, monkeypatch):
    monkeypatch.setattr(reading, "PAGE_SIZE", 10)
    monkeypatch.setattr(reading, "OVERLAP", 3)
    stay = sorted(sim.tables["customers"])[15:]

    def first_ones_leave(call):
        for key in sorted(sim.tables["customers"])[: 5 if call in (2, 3) else 0]:
            sim.delete_row("customers", key)

    found = [record.key for record in read(plugin, Client(SETTINGS, Direct(sim, first_ones_leave)))]
    assert set(stay) <= set(found)
    assert len(found) == len(set(found))


def test_semicolons_umlauts_and_decimal_commas_are_read_as_told(plugin, sim, monkeypatch):
    sim.put_row("stock", "ITEM-00001", {"quantity": "1.234,5"})
    sim.put_row("customers", "10001", {"name": "Großhandel; Söhne"})
    plain = sim._csv

    def german(request, name, rows):
        answer = plain(request, name, rows)
        text = answer.body.decode().replace('"1.234,5"', "1.234,5\0").replace(",", ";")
        text = text.replace("1.234;5\0", "1.234,5").replace(
            "Großhandel; Söhne", '"Großhandel; Söhne"'
        )
        answer.body = text.encode("cp1252", "replace")
        return answer

    monkeypatch.setattr(sim, "_csv", german)
    format_ = {"delimiter": ";", "encoding": "cp1252", "decimal_mark": ","}
    client = Client({**SETTINGS, **format_}, Direct(sim))
    stock = {record.key: record.data["quantity"] for record in read(plugin, client, "inventory")}
    assert stock["ITEM-00001@default"] == Decimal("1234.5")
    action = plugin.action("customer", Direction.EXTRACT)
    (record,) = plugin.fetch(client, action, ["10001"])
    assert record.data["name"] == "Großhandel; Söhne"


@pytest.mark.parametrize(
    ("text", "mark", "found"),
    [
        ("12.5", ".", Decimal("12.5")),
        ("1,250", ".", Decimal(1250)),
        ("-3", ".", Decimal(-3)),
        ("12,5", ".", "12,5"),
        ("1.234,50", ",", Decimal("1234.50")),
        ("12.5", ",", "12.5"),
        ("", ".", ""),
        ("NaN", ".", "NaN"),
        ("1e3", ".", "1e3"),
    ],
)
def test_a_quantity_is_exact_or_is_not_guessed(text, mark, found):
    assert reading.number(text, mark) == found


@pytest.mark.parametrize(
    ("fault", "error", "parameter"),
    [
        ({"fault": "column_gone", "column": "email"}, ConfigError, "delimiter"),
        ({"fault": "cut_row"}, ConnectionTrouble, None),
        ({"fault": "html"}, ConnectionTrouble, None),
        ({"fault": "status", "code": 503}, ConnectionTrouble, None),
        ({"fault": "status", "code": 403}, AuthError, "api_key"),
        ({"fault": "throttle"}, RateLimited, None),
    ],
)
def test_what_goes_wrong_says_what_to_do(plugin, sim, fault, error, parameter):
    sim.faults.replace([{"match": "GET /export", **fault}])
    with pytest.raises(error) as raised:
        read(plugin, Client(SETTINGS, Direct(sim)))
    assert getattr(raised.value, "parameter", None) == parameter
    assert "simulated-key" not in str(raised.value)


def test_a_customer_that_is_gone_comes_back_as_deleted(plugin, sim):
    action = plugin.action("customer", Direction.EXTRACT)
    gone, there = plugin.fetch(Client(SETTINGS, Direct(sim)), action, ["99999", "10002"])
    assert gone.deleted
    assert gone.data is None
    assert there.data["number"] == "10002"


def test_it_keeps_every_rule_of_the_contract():
    kit = Kit("csv_erp")
    try:
        rows = run(kit)
    finally:
        kit.close()
    assert [(row.check.id, row.seen) for row in rows if row.state == "fail"] == []
    assert level_of(rows) == "gold"


def test_a_list_that_never_holds_still_is_trouble_and_no_endless_reading(plugin, sim, monkeypatch):
    monkeypatch.setattr(reading, "PAGE_SIZE", 10)
    sim.router.add("GET", "/export/customers.csv", endless(sim))
    with pytest.raises(ConnectionTrouble, match="changes while it is read"):
        read(plugin, Client(SETTINGS, Direct(sim)))


def endless(sim):
    """Another ten customers at each call."""
    calls = iter(range(10_000))

    def answer(request):
        call = next(calls)
        row = sim.tables["customers"]["10001"]
        return sim._csv(request, "customers", [{**row, "number": f"{call}-{n}"} for n in range(10)])

    return answer
