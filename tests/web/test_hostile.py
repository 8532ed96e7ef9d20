"""Every address and every form with values that nobody sends by accident: no fault, no way out."""

import re

import pytest
from import_kit import HEAD, csv_of, read
from operate_kit import Hub
from operate_seed import seed

BAD = (
    "\u00b2", "9" * 30, "-1", "0", "1e9", "' OR '1'='1", "%", "_", "\\", "\u202eevil",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "{0.__class__}",
    "../../etc/passwd", "javascript:alert(1)", "x" * 5000, "\U0001f600", "2026-02-31", "NaN",
    "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
)  # fmt: skip
STEERING = {"_external": "1", "_scheme": "javascript", "_anchor": "x", "_method": "POST",
            "endpoint": "x", "values": "y", "self": "z"}
NAMES = (
    "q", "tab", "connector", "flow", "age", "reason", "run", "sort", "after", "before", "entity",
    "record_class", "enabled", "linked", "parent", "level", "from", "to", "show", "state",
    "plugin", "every", "next", "field", "follow", "period", "errors_after",
)  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    made = Hub(tmp_path_factory.mktemp("hostile"))
    seed(made)
    read(made, csv_of(*([bad] * len(HEAD) for bad in BAD)))
    # Far from UTC, where the first and the last day of the calendar fall off its ends.
    made.browser.post("/account/time-zone", {"time_zone": "Pacific/Kiritimati"}, page="/account/")
    yield made
    made.close()


def addresses(hub, method):
    known = {"flow_id": 1, "run_id": 1, "message_id": 1, "record_id": 1, "connector_id": 1,
             "key": "B2B-US", "filename": "hub.css", "what": "pause",
             "import_id": 1, "kind": "csv", "name": "acumatica"}
    for rule in hub.app.url_map.iter_rules():
        if method in rule.methods and rule.endpoint not in ("static", "session.sign_out"):
            values = {name: known[name] for name in rule.arguments}
            with hub.app.test_request_context():
                yield hub.app.url_map.bind("localhost").build(rule.endpoint, values)


def some(values, place, config, of=6):
    """A part of the values, another one for each page; all of them with ``--slow``."""
    return values if config.getoption("--slow") else values[place % of :: of]


def test_no_argument_of_any_page_makes_a_fault_or_a_link_out(hub, pytestconfig):
    for place, url in enumerate(sorted(set(addresses(hub, "GET")))):
        for value in some(BAD, place, pytestconfig):
            answer = hub.browser.get(url, query_string=dict.fromkeys(NAMES, value))
            assert answer.status_code < 500 or answer.status_code == 503, (url, value)
            if answer.mimetype == "text/csv":  # a file to save, which no browser shows as a page
                continue
            page = answer.get_data(as_text=True)
            assert "<script>alert" not in page, (url, value)
            assert "<img src=x" not in page, (url, value)


def test_no_argument_steers_how_links_are_made(hub):
    for url in sorted(set(addresses(hub, "GET"))):
        answer = hub.browser.get(url, query_string=STEERING)
        page = answer.get_data(as_text=True)
        assert answer.status_code < 500 or answer.status_code == 503, url
        links = re.findall(r'(?:href|action|hx-get|hx-post)="([^"]*)"', page)
        assert all(link.startswith(("/", "#")) for link in links), (url, links)


@pytest.mark.parametrize("number", ["99999999999", "9" * 40, "2147483648"])
def test_an_id_that_no_row_can_have_is_no_such_page(hub, number):
    for url in ("/messages/{}", "/records/{}", "/records/import/{}", "/runs/{}", "/syncs/{}"):
        assert hub.browser.get(url.format(number)).status_code == 404


def test_an_address_with_a_nul_is_refused(hub):
    assert hub.browser.get("/records/?q=%00").status_code == 400
    assert hub.browser.get("/connectors/a%00b").status_code == 400


def test_no_value_of_any_form_makes_a_fault(hub, pytestconfig):
    fields = ("id", "do", "all", "mode", "from", "to", "kind", "every", "unit", "at", "cron", "full",
              "full_at", "flow_id", "reason", "typed", "how", "action_types", "time_zone", "version",
              "f_q", "f_run", "f_tab", "f_age", "f_entity", "f_parent", "group", "activity",
              "erp_plugin", "store_plugin", "key", "base", "current", "password", "theme", "pasted",
              "connector", "reference_id")  # fmt: skip
    token = hub.browser.hidden("/account/")["csrf_token"]
    for place, url in enumerate(sorted(set(addresses(hub, "POST")))):
        for value in some([*BAD, "\x00"], place, pytestconfig):
            data = {**dict.fromkeys(fields, value), "csrf_token": token, "next": "//evil.example"}
            answer = hub.browser.client.post(url, data=data, buffered=True)
            assert answer.status_code < 500 or answer.status_code == 503, (url, value)
            assert "evil.example" not in (answer.location or ""), url
            assert "<script>alert" not in answer.get_data(as_text=True), (url, value)


def test_two_megabytes_are_refused_in_words_and_save_nothing(hub):
    token = hub.browser.hidden("/account/")["csrf_token"]
    data = {"name": "x" * 2_000_000, "csrf_token": token}
    for url in ("/connectors/B2B-US", "/common", "/syncs/1/schedule", "/account/time-zone"):
        answer = hub.browser.client.post(url, data=data)
        assert answer.status_code == 413
        assert "A form may hold 1 MB. Nothing was saved." in answer.get_data(as_text=True)
