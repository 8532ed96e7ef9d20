"""One sync paused and resumed on its pages."""

import pytest
from operate_kit import Hub

from hub.store.tables import AuditEvent, Connector, Flow, LogEntry


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path)
    made.connector()
    yield made
    made.close()


def paused(hub, key="customer"):
    with hub.runtime.read() as session:
        row = session.get_one(Flow, hub.flows["B2B-US", key])
        return row.paused, row.paused_by


def test_a_sync_is_paused_alone_and_says_since_when_and_by_whom(hub):
    ident = hub.flows["B2B-US", "customer"]
    page = f"/syncs/{ident}"
    assert f'action="{page}/pause"' in hub.text(page)
    assert hub.browser.post(f"{page}/pause", page=page).status_code == 303
    assert paused(hub) == (True, "admin@example.com")
    assert paused(hub, "location") == (False, "")
    text = hub.text(page)
    assert "Customer Sync is paused" in text
    assert "by admin@example.com. Changes are collected and sent when it is resumed" in text
    assert f'action="{page}/resume"' in hub.text("/syncs/")
    with hub.runtime.read() as session:
        assert not session.query(Connector).one().paused
        assert session.query(AuditEvent).filter_by(action="sync paused").one().target == (
            "sync customer of B2B-US"
        )
        assert session.query(LogEntry).one().message == "Sync customer paused"
    hub.browser.post(f"{page}/resume", page=page)
    assert paused(hub) == (False, "")
    assert "is paused" not in hub.text(page)


def test_a_second_pause_changes_nothing_and_says_so(hub):
    page = f"/syncs/{hub.flows['B2B-US', 'customer']}"
    for _ in range(2):
        hub.browser.post(f"{page}/pause", page=page)
    assert "was paused already" in hub.text(page)
    with hub.runtime.read() as session:
        assert session.query(AuditEvent).filter_by(action="sync paused").count() == 1


def test_a_sync_that_does_not_exist_is_a_404(hub):
    assert hub.browser.post("/syncs/999/pause", page="/syncs/").status_code == 404


def test_a_viewer_sees_no_button_and_may_not_pause(tmp_path):
    hub = Hub(tmp_path, role="viewer")
    hub.connector()
    page = f"/syncs/{hub.flows['B2B-US', 'customer']}"
    assert "/pause" not in hub.text(page)
    assert hub.browser.post(f"{page}/pause", page=page).status_code == 403
    assert paused(hub) == (False, "")
    hub.close()
