"""The dashboard says what needs a person, how connectors fare, and what to do next."""

import re
from datetime import timedelta

import pytest
from operate_kit import NOW, Hub
from operate_seed import seed


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path)
    yield made
    made.close()


def test_an_empty_hub_offers_the_first_step(hub):
    page = hub.text("/")
    assert "No connector yet" in page
    assert "New connector" in page
    assert "Needs you" not in page


def test_a_hub_without_workers_says_so_first(hub):
    page = hub.text("/")
    assert "Clock and workers are not running here." in page
    assert "Nothing is lost" in page


def test_nothing_needs_you_and_no_message_yet(hub):
    hub.connector()
    page = hub.text("/")
    assert "Nothing needs you" in page
    assert "First messages appear after the first run of a sync." in page


def test_what_needs_a_person_comes_sign_ins_first_then_stops_then_the_largest_group(hub):
    seed(hub)
    page = hub.text("/")
    places = [page.index(words) for words in (
        "Acumatica B2B-EU needs a new sign-in", "Inventory Sync stopped itself",
        "Email: belongs to another company", "Price class “VIP2” is not mapped")]
    assert places == sorted(places)
    assert "4 syncs wait; nothing is lost." in page
    assert "Retry all 11" in page
    assert "oldest 1 d 4 h" in page
    assert page.count("btn fill") == 1


def test_connectors_show_backlog_age_parked_and_quota(hub):
    seed(hub)
    row = re.search(r"<tr>(?:(?!</tr>).)*B2B-US.*?</tr>", hub.text("/"), re.DOTALL)[0]
    assert "Needs attention" in row
    assert ">14<" in row
    assert "117 of 150" in row
    assert "32 of 50" in row
    spares = re.search(r"<tr>(?:(?!</tr>).)*SPARES.*?</tr>", hub.text("/"), re.DOTALL)[0]
    assert "Waiting for quota" in spares
    assert "All used, goes on in 12 s" in spares


def test_the_chart_counts_what_was_settled_and_says_the_finding(hub):
    made = hub.connector()
    erp, _ = hub.ids(made)
    record, flow = hub.record(erp, "A"), hub.flows["B2B-US", "customer"]
    for place in range(3):
        hub.message(flow, record, f"D{place}", "done", age=60 + place, ended=59 + place)
    hub.message(flow, record, "U", "unchanged", age=10)
    hub.message(flow, record, "P", "parked", age=10)
    page = hub.text("/")
    assert "Delivered <b>3</b>" in page
    assert "Unchanged <b>1</b>" in page
    assert "Most parked at 14:00: 1." in page
    assert "Half within (p50)" in page
    assert "1 min" in page
    month = hub.text("/?period=30d")
    assert "Messages per day" in month
    assert "Delivered <b>3</b>" in month


def test_last_success_carries_the_cause_of_what_is_late(hub):
    seed(hub)
    page = hub.text("/")
    matrix = page[page.index("Last success by sync"):]
    assert "needs sign-in" in matrix
    assert "stopped itself" in matrix
    assert "waits for quota" in matrix
    assert "Running" in matrix


def test_one_connector_at_a_time(hub):
    seed(hub)
    page = hub.text("/?connector=SPARES")
    assert "Email: belongs to another company" not in page
    assert "Nothing needs you" not in page  # the sign-in of a shared hub is still shown


def test_the_navigation_counts_what_is_parked(hub):
    seed(hub)
    assert re.search(r"Messages<span class=\"count bad\">14</span>", hub.text("/"))


def test_a_viewer_sees_everything_and_can_press_nothing(tmp_path):
    made = Hub(tmp_path, role="viewer")
    seed(made)
    page = made.text("/")
    assert "Email: belongs to another company" in page
    assert "Retry all" not in page
    made.close()


def test_quota_words(hub):
    from hub.web.views.dashboard_parts import scarcest

    class Row:
        limit, rate_percent, waits_until = 150, 100, None
        allowed, used, ends_at = 150, 147, NOW + timedelta(seconds=12)

    with hub.app.test_request_context("/"):
        found = scarcest([Row()], NOW)
    assert found.text == "3 of 150, full again in 12 s"
    assert found.tone == "wait"
