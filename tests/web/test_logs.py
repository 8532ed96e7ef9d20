"""The connector log: columns, filters, pages by key, and how far a rare word was looked for."""

import re
from datetime import timedelta

import pytest
from operate_kit import NOW, Hub, LogEntry
from operate_seed import seed

from hub.reports import logs as reports


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path)
    yield made
    made.close()


def lines(page):
    return re.findall(r'<tr id="log-(\d+)">', page)


def test_no_entry_names_the_levels_that_are_kept(hub):
    hub.connector()
    page = hub.text("/logs/")
    assert "No entry yet" in page
    assert "These levels are kept: Error, Info." in page


def test_eight_columns_newest_first_and_following(hub):
    seed(hub)
    page = hub.text("/logs/")
    heads = re.findall(r'<th scope="col"[^>]*>(?:<span class="fact">)?([A-Z][A-Za-z ]+)', page)
    assert heads == ["Level", "Action Type", "Message", "Entity URL", "User", "Description", "Date", "Time"]
    assert lines(page) == sorted(lines(page), key=int, reverse=True)
    assert len(lines(page)) == 50
    assert "every 5s" in page
    assert "every 5s" not in hub.text("/logs/?follow=0")


def test_pages_by_key(hub):
    seed(hub)
    first = hub.text("/logs/")
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = hub.text(older)
    assert int(lines(second)[0]) == int(lines(first)[-1]) - 1
    assert len(lines(second)) == 30
    assert "every 5s" not in second


@pytest.mark.parametrize(("query", "count"), [
    ("level=error", 26), ("level=warning", 39), ("flow=inventory", 14), ("connector=B2B-EU", 0),
    ("q=Nordic+Bygg", 13), ("q=messages.retry_count", 13), ("q=100%25", 0),
])
def test_filters(hub, query, count):
    seed(hub)
    assert len(lines(hub.text(f"/logs/?{query}"))) == count


def test_from_and_to_are_whole_days(hub):
    made = hub.connector()
    for days in (0, 1, 2, 3):
        hub.add(LogEntry(at=NOW - timedelta(days=3 - days), level="info", connector_id=made, message=f"day {days}"))
    page = hub.text("/logs/?from=2026-11-16&to=2026-11-17")
    assert re.findall(r"day \d", page) == ["day 2", "day 1"]


def test_a_rare_word_says_how_far_was_looked(hub, monkeypatch):
    seed(hub)
    monkeypatch.setattr(reports, "WINDOW", 20)
    page = hub.text("/logs/?q=nothing-has-this")
    assert "Looked back to" in page
    assert "Look further back" in page
    assert "No entry matches these filters" in page


def test_a_url_may_break_at_its_slashes(hub):
    seed(hub)
    assert "/<wbr>api/<wbr>v3/<wbr>io" in hub.text("/logs/")
