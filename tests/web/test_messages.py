"""Messages: parked by reason, lists that page by key, one message's story, retry and skip."""

import re

import pytest
from operate_kit import Hub
from operate_seed import seed

from hub.reports import messages as reports
from hub.store.tables import AuditEvent


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path)
    yield made
    made.close()


def names(page):
    return re.findall(r'<th scope="row"><a href="/messages/\d+">([^<]+)</a>', page)


def next_url(page, rel):
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def few(hub, count=60, status="parked"):
    made = hub.connector()
    erp, _ = hub.ids(made)
    record = hub.record(erp, "ALPHA", "Alpha Ltd")
    flow = hub.flows["B2B-US", "contact"]
    return [hub.message(flow, record, f"C{n:03}", status, age=600 - n, reason="Bad e-mail.",
                        reason_group="bad e-mail", remedy="Correct it.") for n in range(count)]


def test_parked_is_grouped_by_reason_with_remedy_and_counted_in_tabs(hub):
    seed(hub)
    page = hub.text("/messages/")
    assert "Parked, by reason" in page
    assert page.index("Retry all 11") < page.index("Retry all 3")
    tabs = dict(re.findall(r">(\w+) <span class=\"count[^\"]*\">([\d,+]+)<", page))
    assert tabs["Parked"] == "14"
    assert tabs["Blocked"] == tabs["Unknown"] == tabs["Filtered"] == "1"
    assert len(names(page)) == 14


def test_lists_page_by_key_forward_and_back_oldest_first(hub):
    few(hub)
    first = hub.text("/messages/")
    assert names(first)[0] == "Contact C000"
    second = hub.text(next_url(first, "next"))
    assert names(second)[0] == "Contact C025"
    third = hub.text(next_url(second, "next"))
    assert names(third)[-1] == "Contact C059"
    assert not next_url(third, "next")
    assert names(hub.text(next_url(third, "prev"))) == names(second)
    assert names(hub.text(next_url(second, "prev"))) == names(first)
    assert names(hub.text("/messages/?tab=parked&sort=age"))[0] == "Contact C059"


def test_filters_narrow_and_an_empty_result_names_the_one_that_costs_most(hub):
    seed(hub)
    assert len(names(hub.text("/messages/?tab=parked&flow=customer"))) == 3
    assert names(hub.text("/messages/?q=ridgeway"))[0] == "Customer RIDGEWAY"
    assert names(hub.text("/messages/?q=2289"))[0] == "Customer RIDGEWAY"
    page = hub.text("/messages/?tab=parked&connector=B2B-EU")
    assert "No message matches these filters" in page
    assert "14 messages match without B2B-EU." in page


def test_the_backlog_of_the_dashboard_leads_to_what_waits(hub):
    seed(hub)
    url = "/messages/?tab=open&connector=B2B-US"
    assert url.replace("&", "&amp;") in hub.text("/")
    page = hub.text(url)
    assert "waiting, unknown and blocked" in page
    assert sorted(names(page)) == ["Customer CASTLERO", "Customer OAKIRONH", "Location BLUEWATE/MAIN"]


def test_older_than_counts_from_when_a_message_was_made(hub):
    made = hub.connector()
    record = hub.record(hub.ids(made)[0], "ALPHA")
    for key, age in (("OLD", 3000), ("DAY", 1500), ("HOUR", 70), ("NEW", 5)):
        hub.message(hub.flows["B2B-US", "contact"], record, key, age=age)
    assert names(hub.text("/messages/?tab=parked&age=1d")) == ["Contact OLD", "Contact DAY"]
    assert len(names(hub.text("/messages/?tab=parked&age=1h"))) == 3
    assert names(hub.text("/messages/?tab=parked&age=7d")) == []


def test_a_tab_without_messages_says_what_that_means(hub):
    hub.connector()
    assert "Nothing is parked" in hub.text("/messages/")
    assert "No message yet" in hub.text("/messages/?tab=")


def test_one_message_tells_what_stopped_it_and_everything_that_happened(hub):
    ids = seed(hub)
    page = hub.text(f"/messages/{ids['parked']}")
    story = page[page.index("What happened"):page.index("Difference to last sent")]
    assert [story.index(words) for words in (
        "Parked", "Retried by admin@example.com", "Call 1 refused it", "Received")] == sorted(
        story.index(words) for words in ("Parked", "Retried by admin@example.com", "Call 1 refused it", "Received"))
    assert "answered 422. customerGroupId is required" in story
    assert "340 ms" in story
    assert "Map it once under Value mapping, price class; then retry." in page
    assert "Retry all 3" in page
    assert "<del>+1 312 555 0118</del>" in page
    assert "<ins>+1 312 555 0144</ins>" in page
    assert "4 other fields are the same." in page
    assert "&#34;price_class&#34;: &#34;VIP2&#34;" in page


def test_secrets_in_excerpts_and_payloads_are_masked(hub):
    ids = seed(hub)
    hub.runtime.redactor.learn("customerGroupId-is-secret", "12 Canal St")
    page = hub.text(f"/messages/{ids['parked']}")
    assert "12 Canal St" not in page[page.index("As read from the ERP"):]


def test_unknown_and_blocked_say_what_they_wait_for(hub):
    ids = seed(hub)
    assert "looks there before it repeats anything" in hub.text(f"/messages/{ids['unknown']}")
    assert "Retry</button>" not in hub.text(f"/messages/{ids['unknown']}")
    page = hub.text(f"/messages/{ids['blocked']}")
    assert "It goes on by itself when" in page
    assert "Customer BLUEWATE" in page


def test_retry_and_skip_one_message(hub):
    first, second = few(hub, 2)
    hub.browser.post("/messages/act", {"id": first, "do": "retry"}, page="/messages/")
    assert hub.status_of(first) == "pending"
    assert "1 message will be tried again with fresh data from the ERP." in hub.text("/messages/")
    hub.browser.post("/messages/act", {"id": second, "do": "skip"}, page="/messages/")
    assert hub.status_of(second) == "cancelled"
    assert "Skipped by admin@example.com." in hub.text(f"/messages/{second}")
    assert "Retried by admin@example.com" in hub.text(f"/messages/{first}")
    with hub.runtime.read() as session:
        events = [e.target for e in session.query(AuditEvent) if e.action.startswith("messages")]
    assert events == [f"message {first}", f"message {second}"]


def test_all_that_match_are_retried_and_no_others(hub):
    ids = few(hub)
    other = hub.message(hub.flows["B2B-US", "customer"], 1, "X", "parked", age=5)
    hidden = {"f_tab": "parked", "f_flow": "contact", "all": "1", "do": "retry"}
    hub.browser.post("/messages/act", hidden, page="/messages/?tab=parked&flow=contact")
    assert {hub.status_of(i) for i in ids} == {"pending"}
    assert hub.status_of(other) == "parked"
    assert "60 messages will be tried again" in hub.text("/messages/")


def test_retry_all_like_this(hub):
    ids = few(hub, 5)
    form = {"flow_id": hub.flows["B2B-US", "contact"], "reason": "bad e-mail"}
    hub.browser.post("/messages/retry-like", form, page="/messages/")
    assert {hub.status_of(i) for i in ids} == {"pending"}


def test_nothing_ticked_is_said_and_a_second_click_does_nothing(hub):
    few(hub, 2)
    hub.browser.post("/messages/act", {"do": "retry"}, page="/messages/")
    assert "Nothing was ticked, so nothing was done." in hub.text("/messages/")


def test_a_viewer_cannot_retry(tmp_path):
    made = Hub(tmp_path, role="viewer")
    first = few(made, 1)[0]
    assert "Retry" not in made.text("/messages/")
    assert made.browser.post("/messages/act", {"id": first}, page="/messages/").status_code == 403
    assert made.status_of(first) == "parked"
    made.close()


def test_counts_stop_at_ten_thousand(hub, monkeypatch):
    monkeypatch.setattr(reports, "CAP", 10)
    few(hub, 30)
    with hub.runtime.read() as session:
        assert reports.count(session, reports.Filter("parked")) == 11


def test_a_message_that_is_gone_says_so(hub):
    answer = hub.browser.get("/messages/99")
    assert answer.status_code == 404
    assert "There is no such message any more." in answer.get_data(as_text=True)


def test_ten_thousand_reasons_of_their_own_are_not_all_read(tmp_path):
    from operate_kit import NOW, Hub
    from sqlalchemy import event, insert

    from hub.store.tables import Message, RecordRow

    hub = Hub(tmp_path)
    erp, _ = hub.ids(hub.connector())
    record = hub.record(erp, "C1", "One")
    with hub.runtime.write() as session:
        session.execute(insert(Message), [
            {"flow_id": 1, "record_id": record, "key": f"C{n}", "title": "t", "status": "parked",
             "entity": "customer", "dedup_key": str(n), "due_at": NOW, "created_at": NOW,
             "updated_at": NOW, "reason": f"Only of {n}", "reason_group": f"g{n}"}
            for n in range(1_500)])  # fmt: skip
        assert session.query(RecordRow).count() == 1
    seen = []
    event.listen(hub.runtime.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    page = hub.text("/messages/")
    assert "The largest 8 of 50 or more reasons." in page
    assert len(seen) < 200, len(seen)
    assert "1,500" in page
    hub.close()
