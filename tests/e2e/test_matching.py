"""Initial matching: what stands on both sides is proposed with its confidence, and linked on a word."""

from collections.abc import Callable
from typing import Any

import pytest
from rig import CONNECTOR, Rig, eligible
from test_adoption import ONLY_CUSTOMERS, earlier, mail, own_mails

from hub.reports import proposals
from hub.settings import links
from hub.store.tables import Binding, Connector, Message, RecordRow

Make = Callable[..., Rig]


def known(rig: Rig) -> dict[str, RecordRow]:
    with rig.runtime.read() as session:
        return {r.key: r for r in session.query(RecordRow).filter_by(entity="customer")}


def proposed(rig: Rig) -> dict[str, tuple[str, str]]:
    """ERP key → (level, store's number)."""
    with rig.runtime.read() as session:
        connector = session.query(Connector).filter_by(key=CONNECTOR).one()
        return {
            v.record.key: (level, v.proposal.external_id)
            for level in proposals.LEVELS
            for v in proposals.page(session, connector, "customer", level)[0]
        }


def linked(rig: Rig) -> dict[int, tuple[str, str]]:
    with rig.runtime.read() as session:
        return {b.record_id: (b.external_id, b.how) for b in session.query(Binding)}


def collected(make_rig: Make) -> Rig:
    """A hub that has read its customers and, paused, sent none of them."""
    rig = make_rig(**ONLY_CUSTOMERS)
    runtime = rig.runtime
    runtime.settings.set_paused(runtime.settings.connector_id(CONNECTOR), "me", paused=True)
    rig.sync("customer")
    assert not linked(rig)
    return rig


def compare(rig: Rig) -> Any:
    runtime = rig.runtime
    return runtime.matching.compare_now(
        runtime.settings.connector_id(CONNECTOR), "customer", "me"
    )  # fmt: skip


def accept(rig: Rig, level: str, ids: tuple[int, ...] = ()) -> links.Linked:
    connector_id = rig.runtime.settings.connector_id(CONNECTOR)
    return rig.runtime.matching.accept(connector_id, "customer", ids, level, "me")


def test_each_confidence_is_proposed_and_only_what_is_accepted_is_linked(make_rig: Make) -> None:
    rig = collected(make_rig)
    stamped, mailed, named, alike, twice = list(own_mails(rig))[:5]
    titles = {key: str(row["CustomerName"]) for key, row in eligible(rig).items()}
    number = {
        stamped: earlier(rig, "Typed By Somebody", "a@stamp.example", stamped),
        mailed: earlier(rig, "Quite Other Words", str(known(rig)[mailed].email)),
        named: earlier(rig, titles[named].upper(), "b@named.example"),
        alike: earlier(rig, f"{titles[alike]} Incorporated", "c@alike.example"),
        twice: earlier(rig, titles[twice], "d@twice.example"),
    }
    second = earlier(rig, titles[twice].upper(), "e@twice.example")
    writes = len(rig.bodies)
    assert compare(rig).status == "finished"
    assert proposed(rig) == {
        stamped: ("certain", number[stamped]),
        mailed: ("high", number[mailed]),
        named: ("high", number[named]),
        alike: ("possible", number[alike]),
        twice: ("twice", proposed(rig)[twice][1]),
    }
    assert proposed(rig)[twice][1] in (number[twice], second)
    assert (len(rig.bodies), linked(rig)) == (writes, {})
    records = known(rig)
    # What is not clear is linked neither with its level nor by its own button.
    assert not accept(rig, "twice").records
    assert not accept(rig, "", (records[twice].id,)).records
    accept(rig, "high")
    assert linked(rig) == {
        records[mailed].id: (number[mailed], "email"),
        records[named].id: (number[named], "name"),
    }
    accept(rig, "", (records[alike].id,))
    assert sorted(proposed(rig)) == sorted([stamped, twice])
    # Released, the sync updates what was linked and makes none of it a second time.
    runtime = rig.runtime
    runtime.settings.set_paused(runtime.settings.connector_id(CONNECTOR), "me", paused=False)
    before = len(rig.store.rows("companies"))
    rig.sync("customer")
    companies = {str(c["companyId"]): c for c in rig.store.rows("companies")}
    for key in (stamped, mailed, named, alike):
        assert linked(rig)[records[key].id][0] == number[key]
        assert companies[number[key]]["companyName"] == titles[key]
    assert len(companies) <= before + len(eligible(rig)) - 4


def test_before_the_first_sync_both_sides_are_read_and_nothing_is_queued(make_rig: Make) -> None:
    rig = make_rig(**ONLY_CUSTOMERS)
    key, row = next(iter(own_mails(rig).items()))
    number = earlier(rig, "Quite Other Words", str(mail(row)))
    assert compare(rig).status == "finished"
    assert proposed(rig) == {key: ("high", number)}
    with rig.runtime.read() as session:
        assert session.query(Message).count() == 0
    accept(rig, "high")
    before = len(rig.store.rows("companies"))
    rig.sync("customer")
    assert linked(rig)[known(rig)[key].id][0] == number
    assert len(rig.store.rows("companies")) == before + len(eligible(rig)) - 1


def test_one_record_is_found_in_the_store_and_a_link_that_is_taken_is_explained(
    make_rig: Make,
) -> None:
    rig = collected(make_rig)
    first, other = list(own_mails(rig))[:2]
    records, connector_id = known(rig), rig.runtime.settings.connector_id(CONNECTOR)
    number = earlier(rig, "Old Words", str(records[first].email))
    (found,) = rig.runtime.matching.candidates(connector_id, records[first].id)
    assert (found.external_id, found.level, found.taken_by) == (number, "high", "")
    context = rig.runtime.context
    links.link(context, connector_id, records[first].id, number, "me", expected="")
    (found,) = rig.runtime.matching.candidates(connector_id, records[first].id)
    assert first in found.taken_by
    with pytest.raises(links.FieldErrors) as refused:
        links.link(context, connector_id, records[other].id, number, "me", expected="")
    title = records[first].title
    assert str(refused.value) == (
        f"{number} is already linked to {title} ({first}). "
        "Unlink it there first, or correct the ID."
    )


def test_a_store_out_of_reach_proposes_nothing_and_says_why(make_rig: Make) -> None:
    rig = collected(make_rig)
    rig.store_server.stop()
    run = compare(rig)
    assert run.status == "failed"
    assert run.error
    assert not proposed(rig)
