"""Dependent companies: each owns a group, and the price class chooses nothing and parks nobody."""

from rig import PRICES


def dependent(make_rig, **more):
    return make_rig(customers=16, store={"dependent": True}, **more)


def test_everything_arrives_and_a_second_run_is_silent(make_rig):
    rig = dependent(make_rig, values={})
    rig.sync()
    assert set(rig.companies()) == eligible(rig)
    assert rig.messages("parked", "customer") == {}
    groups = [row["bcGroupId"] for row in rig.companies().values()]
    assert len(set(groups)) == len(groups)
    assert all(
        "customerGroupId" not in str(body) for _, path, body in rig.bodies if "companies" in path
    )
    before = len(rig.store.journal.after(0))
    rig.sync()
    assert len(rig.store.journal.after(0)) == before


def eligible(rig):
    rows = {row["CustomerID"]: row for row in rig.erp_rows()}
    return {
        key for key, row in rows.items() if row["Status"] in ("Active", "Credit Hold", "One-Time")
    }


def test_a_store_that_becomes_independent_gets_its_groups(make_rig):
    rig = dependent(make_rig)
    rig.sync("customer")
    rig.store.state.dependent = False
    rig.set(store_parameters={"company_mode": "independent"}, values={"price_class": PRICES})
    rig.sync("customer", mode="full")
    wanted = {row["CustomerID"]: PRICES.get(row["PriceClassID"], 0) for row in rig.erp_rows()}
    for key, row in rig.companies().items():
        if wanted[key]:
            assert row["bcGroupId"] == wanted[key], key
