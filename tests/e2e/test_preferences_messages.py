"""Settings of messages, logging, mapping and connections: each changes what is sent or kept."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from rig import PRICES, Rig, eligible

Make = Callable[..., Rig]


def bulk_sizes(rig: Rig) -> list[int]:
    return [len(body) for _, path, body in rig.bodies if path.endswith("/companies/bulk")]


def test_batch_mode_off_sends_one_by_one(make_rig: Make) -> None:
    rig = make_rig(customers=40, items=1, messages={"batch": False}, features={"customer": {}})
    rig.sync()
    assert bulk_sizes(rig) == []
    assert len(rig.companies()) >= 30


@pytest.mark.parametrize(("threshold", "bulk"), [(0, True), (39, True), (40, False)])
def test_threshold_count(make_rig: Make, threshold: int, bulk: bool) -> None:
    rig = make_rig(
        customers=40, items=1, messages={"threshold_count": threshold}, features={"customer": {}}
    )
    rig.sync()
    assert bool(bulk_sizes(rig)) is bulk


@pytest.mark.parametrize(("count", "size"), [(4, 4), (10_000, 10), (None, 10)])
def test_batch_count_is_the_size_of_a_call_and_of_its_log_entry(
    make_rig: Make, count: int | None, size: int
) -> None:
    messages = {"threshold_count": 5, **({"batch_count": count} if count else {})}
    rig = make_rig(customers=40, items=1, messages=messages, features={"customer": {}})
    rig.sync()
    assert max(bulk_sizes(rig)) == size
    per_request = Counter(
        e["request"] for e in rig.effects(entity="companies") if e["effect"] == "created"
    )
    assert max(per_request.values()) == size


@pytest.mark.parametrize(("level", "other"), [("info", "error"), ("error", "info")])
def test_logging_levels(make_rig: Make, level: str, other: str) -> None:
    rig = make_rig(customers=24, items=1, logging={level: True, other: False})
    rig.sync()
    lines = Counter(line.level for line in rig.log() if line.flow_key)
    assert lines[other] == 0
    assert lines[level] > 0


def test_value_mapping_of_price_classes(make_rig: Make) -> None:
    rig = make_rig(customers=40, items=1, values={"price_class": {"WHOLESALE": 5}})
    rig.sync("customer")
    unmapped = {k for k, r in eligible(rig).items() if r["PriceClassID"] not in (None, "", "WHOLESALE")}
    parked = rig.messages("parked", "customer")
    assert unmapped <= set(parked)
    assert all(eligible(rig)[k]["PriceClassID"] in parked[k].reason for k in unmapped)
    groups = {r["bcGroupId"] for k, r in rig.companies().items() if eligible(rig)[k]["PriceClassID"]}
    assert groups == {5}
    rig.set(values={"price_class": PRICES})
    rig.sync("customer")
    assert unmapped & set(rig.messages("parked", "customer")) == set()
    for key, company in rig.companies().items():
        assert company["bcGroupId"] == PRICES.get(eligible(rig)[key]["PriceClassID"] or "", 0)


@pytest.mark.parametrize("count", [0, 2])
def test_retry_count_and_interval(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """A fault of the record spends the budget: first try, then ``count`` more, then parked."""
    rig = make_rig(
        messages={"retry_count": count, "retry_interval": 7}, features={"customer": {}}
    )
    rig.sync()
    times: list[float] = []

    def load(_client: Any, _action: Any, _batch: Any) -> Any:
        times.append(rig.clock.monotonic())
        raise ValueError("a passing fault")

    plugin = rig.runtime.registry.get("bigcommerce")
    monkeypatch.setattr(plugin, "load", load, raising=False)
    key = next(iter(rig.companies()))
    rig.put("Customer", key, CustomerName="Hard to send")
    rig.run(wait=86_400)
    assert len(times) == count + 1
    parked = rig.messages("parked", "customer")[key]
    assert f"Tried {count + 1} times" in parked.reason
    if count:
        assert times[1] - times[0] == pytest.approx(7 * 60, abs=6)
        assert 7 * 60 - 1 <= times[2] - times[1] <= 14 * 60 + 6


@pytest.mark.parametrize("share", [100, 50])
def test_quota_share_paces_the_calls(make_rig: Make, share: int) -> None:
    """40 single updates on a quota of 20 calls in 10 s."""
    rig = make_rig(
        customers=44,
        items=1,
        messages={"batch": False},
        features={"customer": {}},
        store={"quotas": {"b2b": (20, 10.0), "core": (1000, 10.0)}},
        store_parameters={"quota_share": share},
    )
    rig.sync()
    rig.clock.sleep(60)
    rig.set(values={"price_class": dict.fromkeys(PRICES, 5)})
    for key in rig.companies():
        with rig.erp.lock:
            rig.erp.put_row("Customer", key, {"CustomerName": f"{key} New"})
    mark, started = rig.mark(), rig.clock.monotonic()
    rig.sync()
    seconds = rig.clock.monotonic() - started
    updates = len(rig.effects(mark, "companies"))
    assert updates >= 36
    windows = updates / (20 * share / 100)
    assert (windows - 1) * 10 <= seconds + 0.5
    assert seconds <= windows * 10 * 1.1 + 10
    assert rig.store.stats.refused == 0


def test_overlap_reads_that_far_back(make_rig: Make) -> None:
    rig = make_rig(erp_parameters={"overlap_seconds": 300})
    rig.sync("customer")
    rig.clock.sleep(10_000)
    rig.sync("customer")
    rig.put("Customer", "C000001", CustomerName="Lately Changed")
    rig.sync("customer")
    assert rig.sync("customer")["customer"]["read"] >= 1, "inside the overlap: read again"
    rig.clock.sleep(1_000)
    rig.sync("customer")
    assert rig.sync("customer")["customer"]["read"] == 0
    rig.set(erp_parameters={"overlap_seconds": 5_000})
    assert rig.sync("customer")["customer"]["read"] >= 1


def test_hold_seconds_of_the_connection(make_rig: Make) -> None:
    """A create whose answer was lost and that did not arrive is sent again after the hold."""
    rig = make_rig(store_parameters={"hold_seconds": 40}, features={"customer": {}},
                   messages={"batch": False})  # fmt: skip
    rig.sync()
    rig.put("Customer", "NEW1", CustomerName="New One", CustomerClass="DEALER",
            MainContact={"Email": "new1@example.com", "Phone1": "555-0111", "Attention": "Ann One",
                         "Address": {"AddressLine1": "1 Way", "City": "Boston", "State": "MA",
                                     "PostalCode": "02110", "Country": "US"}})  # fmt: skip
    rig.store.faults.replace([{"match": "POST /api/v3/io/companies", "nth": 1, "fault": "reset"}])
    started = rig.clock.monotonic()
    rig.run()
    assert "NEW1" in rig.messages("unknown")
    rig.run(wait=39)
    assert "NEW1" not in rig.companies()
    rig.run(wait=30)
    assert "NEW1" in rig.companies()
    assert rig.clock.monotonic() - started < 90
    assert rig.created_twice() == []


def test_a_schedule_of_none_runs_by_hand_only(make_rig: Make) -> None:
    rig = make_rig(features={"customer": {"schedule": "none"}, "location": {"schedule": "*/5 * * * *"}})
    crons = {r.key: r.cron for r in rig.query(
        "SELECT f.key, s.cron FROM flow f JOIN schedule s ON s.flow_id = f.id WHERE f.enabled"
    )}
    assert crons["customer"] == ""
    assert crons["location"] == "*/5 * * * *"
    assert rig.sync("customer")["customer"]["created"] > 0


def test_channels_of_new_users(make_rig: Make) -> None:
    rig = make_rig(store_parameters={"channel_ids": ["1"]})
    rig.sync()
    lists = {
        tuple(channel["channelId"] for channel in row["channelList"])
        for row in rig.users().values()
        if row["role"] != 0
    }
    assert lists == {(1,)}


def test_the_name_of_the_erp_id_field(make_rig: Make) -> None:
    rig = make_rig(store={"erp_field": "Customer No"}, features={"customer": {}},
                   store_parameters={"erp_id_field": "Customer No"})  # fmt: skip
    rig.sync()
    stamps = {Rig.stamp(row, "Customer No") for row in rig.rows("companies")}
    assert stamps == set(eligible(rig)) - set(rig.messages("parked", "customer"))


def test_an_inactive_connector_does_nothing(rig: Rig) -> None:
    from hub.config import ConfigProblem

    rig.set(active=False)
    with pytest.raises(ConfigProblem, match="not active"):
        rig.run()
    assert rig.companies() == {}


def test_a_paused_connector_collects_and_sends_nothing(rig: Rig) -> None:
    connector = rig.runtime.settings.connector_id("B2B-US")
    rig.runtime.settings.set_paused(connector, "test", paused=True)
    rig.sync()
    assert rig.companies() == {}
    rig.runtime.settings.set_paused(connector, "test", paused=False)
    rig.sync()
    assert rig.companies()
