"""What the store refuses: one record among many, or all of them for the same reason (F24, F26)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rig import ALL_CLASSES, Rig, eligible

Make = Callable[..., Rig]
COMPANIES = "POST /api/v3/io/companies"
NO = {
    "match": COMPANIES, "fault": "status", "code": 422,
    "body": json.dumps({"code": 422, "data": {"errMsg": "companyPhone has a wrong format."},
                        "meta": {"message": "companyPhone has a wrong format."}}),
}  # fmt: skip


def incidents(rig: Rig) -> list[str]:
    return [row.message for row in rig.log("error") if "in a row" in row.message]


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "one by one"])
@pytest.mark.parametrize("proven", [True, False], ids=["later", "from the start"])
def test_everything_refused_stops_the_sync_with_one_alarm_and_goes_on_after_the_mend(
    make_rig: Make, batch: bool, proven: bool
) -> None:
    rig = make_rig(customers=60, items=1, features={"customer": {}},
                   messages={"batch": batch, "threshold_count": 5})  # fmt: skip
    if proven:
        rig.set(preferences={"customer_classes": ["EXPORT"]})
        rig.sync()
        rig.set(preferences={})
    before = len(rig.companies())
    rig.store.faults.replace([NO])
    with rig.calls() as seen:
        result = rig.run()
    sent = sum(n for name, n in seen["store"].items() if name.startswith(COMPANIES))
    assert sent <= 40, f"{sent} calls were refused before the sync stopped"
    refused = {k: m for k, m in rig.messages("parked").items() if "phone" in m.reason.lower()}
    assert 25 <= len(refused) <= 35
    (problem,) = result.problems
    assert "refused 25 records in a row" in problem
    assert "companyPhone has a wrong format" in problem
    assert len(incidents(rig)) == 1
    (flow,) = rig.query("SELECT stopped_reason FROM flow WHERE stopped_reason <> ''")
    assert "in a row" in flow.stopped_reason

    assert rig.runtime.mover.deliver(rig.flow_id("customer")).counts["calls_target"] == 0
    assert len(incidents(rig)) == 1, "nobody but a person starts it again"

    rig.store.faults.replace([])
    rig.runtime.retry([message.id for message in refused.values()])
    rig.sync()
    rest = set(rig.messages("parked", "customer"))
    assert set(rig.companies()) == set(eligible(rig)) - rest
    assert len(rig.companies()) > before
    assert rig.query("SELECT 1 FROM flow WHERE stopped_reason <> ''") == []
    assert rig.created_twice() == []


def test_refusals_of_the_same_kind_that_others_interrupt_stop_nothing(make_rig: Make) -> None:
    """A tenth of the records is refused; the others arrive, so the settings are right."""
    rig = make_rig(customers=120, items=1, features={"customer": {}}, messages={"batch": False})
    rig.store.faults.replace([{**NO, "every": 3}])
    rig.sync()
    assert incidents(rig) == []
    parked = rig.messages("parked", "customer")
    assert len(parked) > 25
    assert set(rig.companies()) == set(eligible(rig)) - set(parked)


@pytest.mark.parametrize("number", [220, pytest.param(2_000, marks=pytest.mark.slow)])
def test_one_refused_record_among_many(make_rig: Make, number: int) -> None:
    """Everybody else arrives, its message names the field, and its next try costs its own calls."""
    rig = make_rig(customers=number, items=1, features={"customer": {}})
    bad = f"C{number // 2:06d}"
    rig.put("Customer", bad, Status="Active", CustomerClass="DEALER", PrimaryContactID=None,
            MainContact={"Email": "not an address"})  # fmt: skip
    rig.sync("customer")
    parked = rig.messages("parked", "customer")
    assert "mail" in (parked[bad].field + parked[bad].reason).lower()
    assert parked[bad].remedy
    assert set(rig.companies()) == set(eligible(rig)) - set(parked)
    with rig.calls() as seen:
        rig.sync("customer")
    assert seen["store"].total() == 0, "a refused record is not tried again by itself"
    rig.put("Customer", bad, MainContact={"Email": "an.address@mended.example"})
    mark = rig.mark()
    with rig.calls() as seen:
        rig.sync("customer")
    assert [(e["key"], e["effect"]) for e in rig.effects(mark, "companies")] == [(bad, "created")]
    assert seen["store"].total() <= 6, dict(seen["store"])
    assert seen["erp"].total() <= 6, dict(seen["erp"])
    assert rig.created_twice() == []


def test_one_record_that_the_hub_itself_stumbles_over_delays_nobody(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.engine import resolve

    rig = make_rig(features={"customer": {}})
    bad = next(iter(eligible(rig)))
    judge = resolve.customer_filter

    def stumbles(preferences: Any, record_class: str, *more: Any, **named: Any) -> str:
        if record_class == "STUMBLE":
            raise ZeroDivisionError("by a rule")
        return judge(preferences, record_class, *more, **named)

    monkeypatch.setattr(resolve, "customer_filter", stumbles)
    rig.put("Customer", bad, CustomerClass="STUMBLE")
    rig.set(preferences={"customer_classes": "all"})
    result = rig.run("customer")
    assert result.problems == []
    parked = rig.messages("parked", "customer")
    assert "by a rule" in parked[bad].reason
    assert "retry" in parked[bad].remedy
    wanted = {k for k, row in eligible(rig, ["STUMBLE", *ALL_CLASSES]).items()}
    assert set(rig.companies()) == wanted - set(parked)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("existing", [0, 500])
def test_store_calls_of_a_load_of_two_thousand(make_rig: Make, existing: int) -> None:
    rig = make_rig(customers=2_000, items=1, store={"existing_companies": existing},
                   features={"customer": {}})  # fmt: skip
    with rig.calls() as seen:
        rig.sync("customer")
    number = len(eligible(rig))
    allowed = 1.05 * (-(-number // 10) + -(-number // 200) + -(-existing // 200) + 4)
    calls = seen["store"].total()
    print(f"N={number} E={existing}: {calls} calls of {allowed:.1f} allowed, {calls / number:.3f}")
    assert calls <= allowed, dict(seen["store"])
    assert calls <= 0.12 * number
    assert rig.created_twice() == []


def test_a_refused_change_that_is_taken_back_in_the_erp_leaves_nothing_to_do(
    make_rig: Make,
) -> None:
    rig = make_rig(items=1, features={"customer": {}})
    rig.sync()
    key = next(k for k in rig.companies() if not k.startswith("#"))
    before = rig.companies()[key]
    row = next(r for r in rig.erp_rows() if r["CustomerID"] == key)
    rig.store.faults.replace([{**NO, "match": "PUT /api/v3/io/companies"}])
    rig.put("Customer", key, CustomerName="A Name Too Far")
    rig.sync()
    assert key in rig.messages("parked", "customer")
    rig.store.faults.replace([])
    rig.put("Customer", key, CustomerName=row["CustomerName"])
    rig.sync()
    assert key not in rig.messages("parked", "customer")
    assert rig.companies()[key]["companyName"] == before["companyName"]
