"""Linking and unlinking one record by hand, and the page of proposed links."""

import re
from datetime import timedelta

import pytest
from import_kit import bind, emptied, links, waiting
from operate_kit import NOW, FlowState, Hub

from hub.engine import pairing
from hub.engine.candidates import Candidate
from hub.engine.likeness import likeness, words
from hub.sdk import ConnectionTrouble
from hub.store.tables import AuditEvent, MatchProposal, MatchRun, Message


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory):
    made = Hub(tmp_path_factory.mktemp("hub"))
    yield made
    made.close()


@pytest.fixture
def hub(one_hub):
    made = emptied(one_hub)
    made.erp, made.store = made.ids(made.connector())
    made.alder = made.record(made.erp, "ALDER", "Alder & Sons")
    made.birch = made.record(made.erp, "BIRCH", "Birch Ltd")
    made.child = made.record(made.erp, "ALDER|1", "Main", "location", "ALDER")
    bind(made, made.store, made.alder, "11")
    bind(made, made.store, made.child, "111", "location")
    return made


def link(hub, record, reference, expected=""):
    return hub.browser.post(
        f"/records/{record}/link",
        {"connector": "B2B-US", "reference_id": reference, "expected": expected},
        page=f"/records/{record}/link?connector=B2B-US", hidden=hub.browser.hidden("/account/"),
    )  # fmt: skip


def test_a_record_is_linked_and_the_history_says_by_whom(hub):
    hub.add(FlowState(flow_id=1, record_id=hub.birch, content_hash="x", settled_at=NOW))
    page = hub.text(f"/records/{hub.birch}")
    assert f"/records/{hub.birch}/link?connector=B2B-US" in page
    assert "Unlink" not in page
    assert link(hub, hub.birch, " 22 ").status_code == 303
    assert links(hub)[hub.birch] == "22"
    assert waiting(hub) == ["BIRCH"]
    page = hub.text(f"/records/{hub.birch}")
    assert "Linked to 22 by admin@example.com" in page
    assert "By hand" in page
    with hub.runtime.read() as session:
        assert session.query(FlowState).count() == 0
        event = session.query(AuditEvent).filter_by(action="record linked").one()
    assert event.after == {"connector": "B2B-US", "record": hub.birch, "reference_id": "22"}


def test_an_id_that_cannot_be_taken_says_why_at_the_field(hub):
    for reference, expected, said in (
        ("11", "", "11 is already linked to Alder &amp; Sons (ALDER). Unlink it there first"),
        ("", "", "Enter the record&#39;s ID in the store."),
        ("9" * 201, "", "An ID has up to 200 characters"),
        ("22", "7", "The record is linked to nothing by now, not to 7."),
    ):
        answer = link(hub, hub.birch, reference, expected)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert said in page, said
        assert 'id="f-reference-err"' in page
    hub.message(1, hub.birch, "BIRCH", "in_flight", entity="customer")
    assert "is being sent at this moment" in link(hub, hub.birch, "22").get_data(as_text=True)
    assert hub.birch not in links(hub)


def test_unlinking_asks_says_what_follows_and_takes_the_children_along(hub):
    page = hub.text(f"/records/{hub.alder}/unlink?connector=B2B-US")
    assert "1 location or contact loses its link too" in page
    assert "If it is found, it is linked again; if not, it is created as new." in page
    assert links(hub)[hub.alder] == "11"
    url = f"/records/{hub.alder}/unlink"
    stale = hub.browser.post(url, {"connector": "B2B-US", "expected": "10"}, page="/account/")
    assert "linked to 11 by now, not to 10" in hub.text(stale.location)
    hub.browser.post(url, {"connector": "B2B-US", "expected": "11"}, page="/account/")
    assert links(hub) == {}
    assert "Unlinked from 11 by admin@example.com" in hub.text(f"/records/{hub.alder}")
    again = hub.browser.post(url, {"connector": "B2B-US", "expected": "11"}, page="/account/")
    assert "linked to nothing by now" in hub.text(again.location)


def test_moving_a_link_takes_the_children_along(hub):
    page = hub.text(f"/records/{hub.alder}/link?connector=B2B-US")
    assert "The link to 11 is replaced." in page
    assert link(hub, hub.alder, "12", "11").status_code == 303
    assert links(hub) == {hub.alder: "12"}


def test_what_the_store_finds_is_offered(hub, monkeypatch):
    found = [Candidate("31", "Birch Limited", "high", "Same e-mail: a@b."),
             Candidate("11", "Alder", "possible", "Found.", "Alder & Sons (ALDER)")]  # fmt: skip
    monkeypatch.setattr(hub.runtime.matching, "candidates", lambda *_: found)
    url = f"/records/{hub.birch}/link"
    page = hub.browser.post(f"{url}/search", {"connector": "B2B-US"}, page="/account/")
    text = page.get_data(as_text=True)
    assert "Linked to Alder &amp; Sons (ALDER). Unlink it there first." in text
    assert re.findall(r'name="candidate" value="(\d+)"', text) == ["31"]
    hub.browser.post(url, {"connector": "B2B-US", "candidate": "31"}, page="/account/")
    assert links(hub)[hub.birch] == "31"

    def away(*_):
        raise ConnectionTrouble("The store does not answer.")

    monkeypatch.setattr(hub.runtime.matching, "candidates", away)
    page = hub.browser.post(f"{url}/search", {"connector": "B2B-US"}, page="/account/")
    assert "The store was not searched." in page.get_data(as_text=True)


def proposal(hub, record, external, level, **more):
    hub.add(MatchProposal(connector_id=1, record_id=record, entity="customer", how="name",
                          external_id=external, level=level, reason="Why.", **more))  # fmt: skip


def compared(hub, status="finished", minutes=0):
    at = NOW - timedelta(minutes=minutes)
    with hub.runtime.write() as session:
        session.merge(MatchRun(connector_id=1, entity="customer", status=status, listed=7,
                               error="Away.", who="x", started_at=NOW, seen_at=at))  # fmt: skip


MATCHING = "/records/matching?connector=B2B-US&entity=customer"


def test_proposals_are_accepted_one_by_one_or_by_level(hub):
    assert "Not compared yet" in hub.text(MATCHING)
    others = [hub.record(hub.erp, f"C{n}", f"Company {n}") for n in range(3)]
    compared(hub)
    proposal(hub, hub.birch, "21", "high")
    for n, level in enumerate(("high", "possible", "twice")):
        proposal(hub, others[n], f"3{n}", level, score=88)
    page = hub.text(MATCHING)
    assert "7 records of the store compared" in page
    assert page.count(">Why.<") == 2
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    twice = hub.text(MATCHING + "&level=twice")
    assert "Choose" in twice
    assert "matching/accept" not in twice

    def accept(**data):
        fields = {"connector": "B2B-US", "entity": "customer", "seen": seen, **data}
        answer = hub.browser.post("/records/matching/accept", fields, page="/account/")
        return hub.text(answer.location)

    assert "Nothing was ticked" in accept(level="high")
    assert "compared again meanwhile" in accept(level="high", all="1", seen="5")
    accept(level="twice", all="1")
    accept(level="twice", id=others[2])
    assert set(links(hub)) == {hub.alder, hub.child}
    accept(level="possible", id=others[1])
    assert links(hub)[others[1]] == "31"
    sent = hub.message(1, hub.birch, "BIRCH", "in_flight", entity="customer")
    page = accept(level="high", all="1")
    assert "1 record linked." in page
    assert "1 record not linked: The record is being sent at this moment." in page
    assert set(links(hub)) == {hub.alder, hub.child, others[0], others[1]}
    with hub.runtime.write() as session:
        session.delete(session.get_one(Message, sent))
    assert "1 record linked." in accept(level="high", all="1")
    assert hub.birch in links(hub)


def test_a_comparison_shows_how_far_it_is_and_how_it_ended(hub):
    compared(hub, "reading", minutes=1)
    assert "Comparing." in hub.text(MATCHING)
    fields = {"connector": "B2B-US", "entity": "customer"}
    answer = hub.browser.post("/records/matching/compare", fields, page="/account/")
    assert "being compared already" in hub.text(answer.location)
    compared(hub, "reading", minutes=3)
    assert "The last comparison was cut off." in hub.text(MATCHING)
    compared(hub, "failed")
    assert "Away. Nothing was linked." in hub.text(MATCHING)


def test_names_are_compared_without_their_form_and_order():
    assert words("Müller & Söhne GmbH") == ("muller", "and", "sohne")
    assert likeness(words("Maple Leaf Hardware"), words("MAPLE LEAF HARDWARE, Ltd.")) == 100
    assert likeness(words("Leaf Maple"), words("Maple Leaf")) == 100
    assert likeness(words("Grand River Dental"), words("Harbour Seafoods")) < 60


def ours(n, name, natural="", scope=""):
    return pairing.Ours(n, f"K{n}", name, natural, scope)


def theirs(n, name, natural="", stamp="", scope=""):
    return pairing.Theirs(str(n), stamp, natural, name, scope)


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        ([ours(1, "A")], [theirs(9, "Z", stamp="K1")], {1: ("certain", "9")}),
        ([ours(1, "A")], [theirs(9, "A", stamp="K2")], {}),
        ([ours(1, "A")], [theirs(8, "Z", stamp="K1"), theirs(9, "Y", stamp="K1")],
         {1: ("twice", "8")}),
        ([ours(1, "A", "m@x")], [theirs(9, "Z", "m@x")], {1: ("high", "9")}),
        ([ours(1, "A", "m@x"), ours(2, "B", "m@x")], [theirs(9, "Z", "m@x")],
         {1: ("twice", "9"), 2: ("twice", "9")}),
        ([ours(1, "Acme Tools")], [theirs(9, "ACME  tools")], {1: ("high", "9")}),
        ([ours(1, "Acme Tools")], [theirs(9, "Acme Tool Inc.")], {1: ("possible", "9")}),
        ([ours(1, "Acme Tools", scope="5")], [theirs(9, "Acme Tools", scope="6")], {}),
    ],
)  # fmt: skip
def test_what_is_proposed(here, there, expected):
    scoped = bool(here[0].scope)
    found = pairing.propose(here, there, what="email", scoped=scoped)
    assert {p.record_id: (p.level, p.external_id) for p in found} == expected
