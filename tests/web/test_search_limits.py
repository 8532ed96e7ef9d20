"""What a search did not look at is said on the page; what it can find it finds on every page."""

import re

import pytest
from operate_kit import Binding, Hub
from sqlalchemy import select

from hub.reports import record_search
from hub.store.tables import RecordRow


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path)
    made.erp, made.store = made.ids(made.connector())
    for number in range(40):
        record = made.record(made.erp, f"C{number:02}", f"Customer {number:02} Trading")
        made.message(made.flows["B2B-US", "customer"], record, f"C{number:02}", entity="customer")
    made.record(made.erp, "A1", "Trading Alliance", entity="location", parent="C00")
    yield made
    made.close()


def keys(text):
    return re.findall(r'class="sub mono">([AC]\d+)<', text)


def test_a_small_hub_looks_into_everything_and_says_nothing(hub):
    text = hub.text("/records/?q=9+trad")
    assert keys(text) == ["C09", "C19", "C29", "C39"]
    assert "looked for inside" not in text
    assert "of 4, by key" in text


def test_a_large_hub_says_what_was_looked_into_and_finds_beginnings_beyond(hub, monkeypatch):
    monkeypatch.setattr(record_search, "BUDGET", 20)
    text = hub.text("/records/?q=trading")
    assert keys(text) == [f"C{number:02}" for number in range(20)]
    assert "was looked for inside the first 20 names and keys of each kind" in text
    assert keys(hub.text("/records/?q=customer+39")) == ["C39"]
    assert keys(hub.text("/records/?q=c38")) == ["C38"]
    text = hub.text("/records/?q=trading&entity=location")
    assert keys(text) == ["A1"]
    assert "looked for inside" not in text  # a kind of one record was looked through
    assert "the first 10 names and keys of each kind" in hub.text("/messages/?q=trading")


def test_a_word_that_most_records_have_is_paged_to_the_last(hub, monkeypatch):
    monkeypatch.setattr(record_search.search, "__defaults__", (10,))
    seen, url = [], "/records/?q=trading"
    while url:
        text = hub.text(url)
        seen += keys(text)
        link = re.search(r'rel="next" href="([^"]+)"', text)
        url = link and link[1].replace("&amp;", "&")
    assert seen == [f"C{number:02}" for number in range(40)]
    assert keys(hub.text("/records/?q=trading&linked=yes")) == []


def test_messages_of_more_records_than_it_goes_on_with_are_said_to_be_some(hub, monkeypatch):
    monkeypatch.setattr("hub.reports.messages.MOST", 30)
    text = hub.text("/messages/?q=trading")
    assert "More than 30 records match “trading”. Only the messages of 30 of them are listed" in text
    assert "are listed" not in hub.text("/messages/?q=9+trading")


def test_a_reference_id_finds_only_records_of_the_list(hub):
    other, _ = hub.ids(hub.connector("B2B-EU", "Wholesale EU"))
    elsewhere = hub.record(other, "C77", "Elsewhere")
    with hub.runtime.read() as session:
        here = session.scalar(select(RecordRow.id).where(RecordRow.key == "C00"))
    for record, store in ((here, hub.store), (elsewhere, hub.ids(2)[1])):
        hub.add(Binding(record_id=record, connection_id=store, entity="customer",
                        external_id="4711", bound_at=hub.clock.now()))  # fmt: skip
    text = hub.text("/records/?connector=B2B-US&q=4711")
    assert keys(text) == ["C00"]
    assert "1 of 1, by key" in text
