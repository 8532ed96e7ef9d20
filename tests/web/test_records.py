"""Records: enabled, linked and why not; enabling with its consequence in numbers."""

import re

import pytest
from operate_kit import Hub
from operate_seed import seed

from hub.settings import enablement
from hub.store.tables import AuditEvent, Connector, Enablement, Message


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path)
    yield made
    made.close()


def family(hub, count=3):
    made = hub.connector()
    erp, _ = hub.ids(made)
    parents = []
    for n in range(count):
        parents.append(hub.record(erp, f"CUST{n}", f"Company {n}"))
        hub.record(erp, f"CUST{n}/MAIN", "Main", "location", f"CUST{n}")
        hub.record(erp, f"00{n}", "Buyer", "contact", f"CUST{n}")
    return made, parents


def queued(hub):
    with hub.runtime.read() as session:
        rows = session.query(Message).filter_by(status="pending").order_by(Message.id)
        return [(row.entity, row.key, row.payload) for row in rows]


def names(page):
    return re.findall(r'<th scope="row"><a href="/records/\d+">([^<]+)</a>', page)


def test_no_connector_and_no_record(hub):
    assert "The first Customer Sync fills this list." in hub.text("/records/")
    hub.connector()
    assert "No record yet" in hub.text("/records/")


def test_the_list_says_enabled_linked_and_why_not(hub):
    seed(hub)
    page = hub.text("/records/?connector=B2B-US")
    row = dict(zip(names(page), page.split("<tr>")[2:], strict=True))
    assert "Enabled" in row["Castle Rock Schools"]
    assert ">2204<" in row["Castle Rock Schools"]
    assert "Disabled by operator@example.com." in row["Lakeview Dental Group"]
    assert "The customer is On Hold in the ERP" in row["Quarry Lane Stone"]
    assert "No sync has sent it yet" in row["Prairie Feed &amp; Seed"]
    assert "Not linked" in row["Prairie Feed &amp; Seed"]


def test_filters_and_search(hub):
    seed(hub)
    base = "/records/?connector=B2B-US"
    assert names(hub.text(f"{base}&enabled=no")) == ["Lakeview Dental Group"]
    assert len(names(hub.text(f"{base}&linked=yes"))) == 6
    assert len(names(hub.text(f"{base}&record_class=DISTRIB"))) == 4
    assert names(hub.text(f"{base}&q=harbor")) == ["Harbor Food Supply"]
    assert names(hub.text(f"{base}&q=orders@tesselki.example")) == ["Tessel Kitchens"]
    assert names(hub.text(f"{base}&q=food")) == ["Harbor Food Supply"]
    assert "No record matches these filters" in hub.text(f"{base}&q=zzz")


def test_pages_by_key(hub):
    made = hub.connector()
    erp, _ = hub.ids(made)
    for n in range(30):
        hub.record(erp, f"K{n:02}", f"Company {n:02}")
    first = hub.text("/records/")
    assert names(first)[-1] == "Company 24"
    after = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = hub.text(after)
    assert names(second) == [f"Company {n}" for n in range(25, 30)]
    before = re.search(r'rel="prev" href="([^"]+)"', second)[1].replace("&amp;", "&")
    assert names(hub.text(before)) == names(first)


def test_the_consequence_comes_first_in_numbers_and_changes_nothing(hub):
    _, parents = family(hub)
    form = {"id": parents[:2], "do": "disable", "connector": "B2B-US"}
    hub.message(hub.flows["B2B-US", "contact"], parents[0], "CUST0", "blocked", age=3)
    page = hub.browser.post("/records/consequence", form, page="/records/").get_data(as_text=True)
    assert "Nothing was changed yet." in page
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([\d,]+)", page))
    assert figures["Chosen"] == "2"
    assert figures["Locations and contacts"] == "4"
    assert figures["Waiting messages cancelled"] == "1"
    with hub.runtime.read() as session:
        assert session.query(Enablement).count() == 0


def test_disable_cancels_what_waits_and_enable_queues_parents_and_children(hub):
    made, parents = family(hub)
    waiting = hub.message(hub.flows["B2B-US", "customer"], parents[0], "CUST0", "parked", age=3)
    with hub.runtime.read() as session:
        version = session.get_one(Connector, made).enablement_version
    off = {"id": parents[0], "do": "disable", "connector": "B2B-US"}
    hub.browser.post("/records/change", off, page=f"/records/{parents[0]}")
    assert hub.status_of(waiting) == "cancelled"
    page = hub.text(f"/records/{parents[0]}")
    assert "1 record disabled for Wholesale US. 1 waiting message was cancelled" in page
    assert "Disabled by admin@example.com" in page
    assert queued(hub) == []
    hub.browser.post("/records/change", {**off, "do": "enable"}, page=f"/records/{parents[0]}")
    assert sorted(queued(hub)) == [("contact", "000", None), ("customer", "CUST0", None),
                                   ("location", "CUST0/MAIN", None)]
    with hub.runtime.read() as session:
        assert session.get_one(Connector, made).enablement_version == version
        actions = [e.action for e in session.query(AuditEvent) if e.action.startswith("records")]
    assert actions == ["records disabled", "records enabled"]


def test_all_that_match_are_changed_and_no_others(hub):
    _, parents = family(hub, 5)
    form = {"all": "1", "do": "disable", "connector": "B2B-US", "f_entity": "customer", "f_q": "Company 3"}
    hub.browser.post("/records/change", form, page="/records/")
    with hub.runtime.read() as session:
        assert [e.record_id for e in session.query(Enablement)] == [parents[3]]


def test_a_second_time_changes_nothing(hub):
    made, parents = family(hub, 1)
    enablement.set_enabled(hub.runtime.context, made, parents, "me", enabled=False)
    again = enablement.set_enabled(hub.runtime.context, made, parents, "me", enabled=False)
    assert (again.changed, again.already) == (0, 1)
    first = enablement.consequence(hub.runtime.context, made, parents, enabled=True)
    assert (first.changed, first.children, first.queued) == (1, 2, 3)


def test_one_record_over_all_connectors(hub):
    ids = seed(hub)
    page = hub.text(f"/records/{ids['records']['HARBORFO']}")
    for words in ("Harbor Food Supply", "Wholesale US", "Spare parts", "2221", "1 location",
                  "Updated in the store", "Enabled for 2 connectors, linked in 1."):
        assert words in page


def test_fetch_and_send_queues_the_key_for_every_connector_that_has_it_enabled(hub):
    ids = seed(hub)
    record = ids["records"]["PRAIRIEF"]
    hub.browser.post(f"/records/{record}/fetch", page=f"/records/{record}")
    assert [key for _, key, _ in queued(hub)].count("PRAIRIEF") == 2
    assert "sent by 2 connectors in a moment" in hub.text(f"/records/{record}")
    off = ids["records"]["LAKEVIEW"]
    enablement.set_enabled(hub.runtime.context, ids["spares"], [off], "me", enabled=False)
    hub.browser.post(f"/records/{off}/fetch", page=f"/records/{off}")
    assert "Nothing was queued: it is disabled in every connector." in hub.text(f"/records/{off}")


def test_a_viewer_cannot_enable(tmp_path):
    made = Hub(tmp_path, role="viewer")
    _, parents = family(made, 1)
    assert "Disable" not in made.text(f"/records/{parents[0]}").replace("Disabled", "")
    form = {"id": parents[0], "do": "disable", "connector": "B2B-US"}
    assert made.browser.post("/records/change", form, page="/records/").status_code == 403
    made.close()
