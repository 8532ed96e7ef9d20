"""Syncs and runs: what moves and when, run it, stop it, change the schedule."""

import re

import pytest
from operate_kit import Hub
from operate_seed import change, seed

from hub.store.tables import AuditEvent, Connector, Flow, Run, Schedule
from hub.web.schedule_words import ScheduleForm, cron_trouble, words


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path)
    yield made
    made.close()


def saved(hub, flow_id):
    with hub.runtime.read() as session:
        row = session.get_one(Schedule, flow_id)
        return row.cron, row.full_cron


def audit(hub):
    with hub.runtime.read() as session:
        return [(e.action, e.target) for e in session.query(AuditEvent).order_by(AuditEvent.id)]


@pytest.mark.parametrize(("cron", "said"), [
    ("*/15 * * * *", "Every 15 minutes"), ("5 * * * *", "Every hour, 5 minutes past"),
    ("0 */4 * * *", "Every 4 hours"), ("30 2 * * *", "Every day at 02:30"),
    ("30 7 * * 1-5", "Monday to Friday at 07:30"), ("", "By hand only"), ("* * * * *", "Every minute"),
])
def test_schedules_are_said_in_words(cron, said):
    assert words(cron) == said


@pytest.mark.parametrize("cron", ["*/15 * * * *", "0 */4 * * *", "30 2 * * *", "5 6 * * 1-5", ""])
def test_a_saved_schedule_comes_back_from_its_form(cron):
    assert ScheduleForm.saved(cron, "30 2 * * *").read() == (cron, "30 2 * * *", {})


def test_a_broken_cron_is_said_field_by_field():
    assert cron_trouble("*/75 6-20 * * 1-5")[0] == "Minutes go from 0 to 59. You entered */75."
    assert cron_trouble("0 24 * * *")[0] == "Hours go from 0 to 23. You entered 24."
    assert "there are 3" in cron_trouble("* * *")[0]
    assert cron_trouble("*/15 6-20 * * 1-5") is None
    assert ScheduleForm(every="7").read()[2]["every"][1] == "Choose 4, 5 or 6."


def test_the_list_shows_state_schedule_and_backlog(hub):
    seed(hub)
    page = hub.text("/syncs/")
    assert "Running now" in page
    assert "3,120 of 4,000 contacts" in page
    row = re.search(r"<tr>(?:(?!</tr>).)*/syncs/1\".*?</tr>", page, re.DOTALL)[0]
    for words_ in ("Customer Sync", "Every 15 minutes", "3 parked", "Run now", "Needs attention"):
        assert words_ in row


def test_no_connector_and_all_off(hub):
    assert "No sync yet" in hub.text("/syncs/")
    hub.connector(flows={})
    page = hub.text("/syncs/")
    assert "All syncs are off" in page
    assert "Open Enable Features" in page


def test_run_now_queues_a_run_and_leads_to_it(hub):
    hub.connector()
    flow = hub.flows["B2B-US", "customer"]
    answer = hub.browser.post(f"/syncs/{flow}/run", {"mode": "full"}, page="/syncs/")
    assert answer.headers["Location"] == "/runs/1"
    with hub.runtime.read() as session:
        run = session.get_one(Run, 1)
        assert (run.mode, run.status, run.started_by) == ("full", "waiting", "admin@example.com")
    page = hub.text("/runs/1")
    assert "It has not begun." in page
    assert "clock and workers do not run in this process" in page
    assert audit(hub)[-1] == ("full run started", "run 1: customer of Wholesale US")


def test_a_sync_that_is_off_is_not_started_and_says_why(hub):
    made = hub.connector()
    change(hub, Flow, hub.flows["B2B-US", "customer"], enabled=False)
    hub.browser.post(f"/syncs/{hub.flows['B2B-US', 'location']}/run", {"mode": "full"}, page="/syncs/")
    assert "Location Sync needs customer, which is off." in hub.text("/syncs/")
    change(hub, Flow, hub.flows["B2B-US", "customer"], enabled=True)
    change(hub, Connector, made, active=False)
    hub.browser.post(f"/syncs/{hub.flows['B2B-US', 'customer']}/run", {}, page="/syncs/")
    assert "Its connector is not active." in hub.text("/syncs/")


def test_a_date_range_is_checked_and_covers_its_last_day(hub):
    hub.connector()
    flow = hub.flows["B2B-US", "customer"]
    asked = {"mode": "range", "from": "2026-11-10", "to": "2026-11-09"}
    answer = hub.browser.post(f"/syncs/{flow}/run", asked, page=f"/syncs/{flow}/range")
    assert answer.status_code == 422
    assert "The last day lies before the first." in answer.get_data(as_text=True)
    hub.browser.post(f"/syncs/{flow}/run", {**asked, "to": "2026-11-11"}, page=f"/syncs/{flow}/range")
    with hub.runtime.read() as session:
        run = session.get_one(Run, 1)
        assert (f"{run.since:%d %H}", f"{run.until:%d %H}") == ("10 00", "12 00")


def test_a_schedule_is_saved_with_an_audit_event(hub):
    made = hub.connector()
    flow = hub.flows["B2B-US", "customer"]
    form = {"kind": "daily", "at": "06:30", "every": "15", "unit": "minutes", "cron": "", "full": "none"}
    answer = hub.browser.post(f"/syncs/{flow}/schedule", form, page=f"/syncs/{flow}")
    assert answer.status_code == 303
    assert saved(hub, flow) == ("30 6 * * *", "")
    page = hub.text(f"/syncs/{flow}")
    assert "Schedule saved." in page
    assert "Every day at 06:30" in page
    assert "Tomorrow 06:30" in page
    assert audit(hub)[-1] == ("schedule changed", "sync customer of B2B-US")
    with hub.runtime.read() as session:
        assert session.get_one(Connector, made).config_version == 2


def test_a_broken_cron_saves_nothing_and_keeps_the_saved_times(hub):
    hub.connector()
    flow = hub.flows["B2B-US", "customer"]
    form = {"kind": "cron", "cron": "*/75 6-20 * * 1-5", "full": "daily", "full_at": "02:30"}
    answer = hub.browser.post(f"/syncs/{flow}/schedule", form, page=f"/syncs/{flow}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    for said in ("Minutes go from 0 to 59. You entered */75.", "Not readable yet", "as saved",
                 "The saved schedule keeps running: every 15 minutes.", "Today 14:45", "Nothing was saved",
                 'value="*/75 6-20 * * 1-5"'):
        assert said in page
    assert saved(hub, flow) == ("*/15 * * * *", "30 2 * * *")


def test_the_preview_says_words_and_times_and_saves_nothing(hub):
    hub.connector()
    flow = hub.flows["B2B-US", "customer"]
    answer = hub.browser.post(f"/syncs/{flow}/preview", {"kind": "every", "every": "2", "unit": "hours"},
                              page=f"/syncs/{flow}")
    page = answer.get_data(as_text=True)
    assert "Every 2 hours" in page
    assert "Today 16:00" in page
    assert saved(hub, flow)[0] == "*/15 * * * *"


def test_quiet_runs_are_hidden_and_counted(hub):
    seed(hub)
    flow = hub.flows["B2B-US", "customer"]
    page = hub.text(f"/syncs/{flow}")
    assert "runs without a change are hidden" in page
    assert "The ERP did not answer within 30 s." in page
    assert "By hand, operator@example.com" in page
    assert "hidden" not in re.search(r"15 shown[^<]*", hub.text(f"/syncs/{flow}?show=all"))[0]
    assert "Last key" in page


def test_the_seven_counts_add_up_to_what_was_read(hub):
    seed(hub)
    figures = re.findall(r"<dt>(\w+)</dt><dd[^>]*>([\d,]+)", hub.text(f"/runs/{hub.full}"))
    counts = {name: int(value.replace(",", "")) for name, value in figures[:7]}
    assert list(counts) == ["Read", "Created", "Updated", "Unchanged", "Filtered", "Waiting", "Parked"]
    assert counts["Read"] == sum(counts.values()) - counts["Read"] == 8400


def test_a_finished_run_is_compared_with_earlier_ones(hub):
    seed(hub)
    page = hub.text(f"/runs/{hub.full}")
    assert "Finished" not in re.search(r"<h1>.*?</h1>", page, re.DOTALL)[0]
    assert "2 parked" in page
    assert "Usual duration: 2 min 41 s to 2 min 43 s" in page
    assert "Took 3 min 6 s." in page
    assert "Run again" in page


def test_cancelling_says_what_happens_and_asks_the_run(hub):
    seed(hub)
    page = hub.text(f"/runs/{hub.running}/cancel")
    assert "249 changes that were sent stay sent." in page
    assert "The other 880 contacts that were read wait" in page
    hub.browser.post(f"/runs/{hub.running}/cancel", page=f"/runs/{hub.running}/cancel")
    with hub.runtime.read() as session:
        assert session.get_one(Run, hub.running).cancel_requested
    assert "Stopping" in hub.text(f"/runs/{hub.running}")
    hub.browser.post(f"/runs/{hub.full}/cancel", page=f"/runs/{hub.running}/cancel")
    assert "The run had ended already." in hub.text("/syncs/")


def test_pause_and_resume_a_connector(hub):
    made = hub.connector()
    hub.browser.post(f"/syncs/connectors/{made}/pause", page="/syncs/")
    page = hub.text("/syncs/")
    assert "Wholesale US is paused. Changes are still collected" in page
    assert "Paused since today 14:32 by admin@example.com" in page
    hub.browser.post(f"/syncs/connectors/{made}/resume", page="/syncs/")
    assert "Wholesale US sends again." in hub.text("/syncs/")


def test_a_viewer_cannot_run_stop_or_schedule(tmp_path):
    made = Hub(tmp_path, role="viewer")
    made.connector()
    flow = made.flows["B2B-US", "customer"]
    assert "Run now" not in made.text("/syncs/")
    assert "Save schedule" not in made.text(f"/syncs/{flow}")
    for url in (f"/syncs/{flow}/run", f"/syncs/{flow}/schedule", "/runs/1/cancel"):
        assert made.browser.post(url, page=f"/syncs/{flow}").status_code == 403
    made.close()


@pytest.mark.parametrize(("first", "last", "field", "words_"), [
    ("", "", "from", "The first day is missing."),
    ("tomorrow", "", "from", "tomorrow is not a date."),
    ("2026-11-10", "31.12.2026", "to", "31.12.2026 is not a date."),
    ("2026-11-10", "2026-11-09", "to", "The last day lies before the first."),
    ("2026-12-24", "", "from", "The first day lies in the future."),
    ("0001-01-01", "", "from", "0001-01-01 is not a date."),
    ("2026-11-10", "9999-12-31", "to", "9999-12-31 is not a date."),
])
def test_a_wrong_day_is_said_at_its_own_field_and_starts_nothing(hub, first, last, field, words_):
    seed(hub)
    with hub.runtime.read() as session:
        before = session.query(Run).count()
    data = {"mode": "range", "from": first, "to": last}
    answer = hub.browser.post("/syncs/1/run", data, page="/syncs/1/range")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-err".*?{re.escape(words_)}', page, re.DOTALL)
    assert page.count('aria-invalid="true"') == 1
    with hub.runtime.read() as session:
        assert session.query(Run).count() == before


def test_a_schedule_read_in_another_zone_says_which_zone_it_follows(hub):
    seed(hub)
    assert "Shown in your zone" not in hub.text("/syncs/1")
    hub.browser.post("/account/time-zone", {"time_zone": "Asia/Tokyo"}, page="/account/")
    assert "Shown in your zone, Asia/Tokyo. The schedule follows UTC." in hub.text("/syncs/1")
    assert "Days begin at midnight in Asia/Tokyo." in hub.text("/syncs/1/range")
