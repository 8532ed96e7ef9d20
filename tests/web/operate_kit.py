"""A real hub with seeded rows for the operating pages: no vendor is called."""

import json
from datetime import UTC, datetime, timedelta

from web_frame import Browser

from hub.runtime.runtime import build
from hub.seams import Rng, VirtualClock
from hub.settings.users import create_user
from hub.store.tables import (
    Attempt,
    Binding,
    Connection,
    Connector,
    CursorRow,
    Enablement,
    Flow,
    FlowState,
    LogEntry,
    Message,
    Preference,
    QuotaWindow,
    RecordRow,
    Run,
    Schedule,
)

NOW = datetime(2026, 11, 18, 14, 32, tzinfo=UTC)
EMAIL, PASSWORD = "admin@example.com", "brisk walnut ladder"
FLOWS = {"customer": "*/15 * * * *", "location": "*/15 * * * *", "contact": "*/15 * * * *",
         "inventory": "*/5 * * * *"}
ENTITY = {"customer": "customer", "location": "location", "contact": "contact",
          "inventory": "stock"}
TABLES = (Connection, Connector, Flow)


class Hub:
    """The hub, a browser signed in as administrator, and short ways to make rows."""

    def __init__(self, home, *, role="admin"):
        from hub.web import create_app

        self.clock = VirtualClock(NOW)
        self.runtime = build({"HUB_HOME": str(home)}, clock=self.clock, rng=Rng(1))
        create_user(self.runtime.write, self.clock, EMAIL, PASSWORD, role=role)
        self.app = create_app(self.runtime)
        self.browser = Browser(self.app.test_client())
        self.browser.sign_in(EMAIL, PASSWORD)
        self.flows = {}

    def close(self):
        self.runtime.close()

    def add(self, *rows):
        with self.runtime.write() as session:
            session.add_all(rows)
            session.flush()
            return rows[0].id if hasattr(rows[0], "id") else None

    def connector(self, key="B2B-US", name="Wholesale US", *, erp=None, active=True, flows=FLOWS):
        n = {"created_at": NOW - timedelta(days=30), "updated_at": NOW - timedelta(days=30)}
        erp = erp or self.add(Connection(key=f"erp-{key}", name=f"Acumatica {key}",
                                         plugin="acumatica", state="connected", **n))
        store = self.add(Connection(key=f"store-{key}", name=f"Store {key}",
                                    plugin="bigcommerce", state="connected", **n))
        made = self.add(Connector(key=key, name=name, erp_id=erp, store_id=store, active=active,
                                  initialized_at=NOW - timedelta(days=29), **n))
        self.add(Preference(connector_id=made, section="preferences", name="customer_classes",
                            value=["DEALER"]))
        for flow, cron in flows.items():
            ident = self.add(Flow(connector_id=made, key=flow, source_action=flow,
                                  target_action=flow, enabled=True, full_next=False))
            self.add(Schedule(flow_id=ident, cron=cron, last_due=NOW, last_full_due=NOW))
            self.flows[key, flow] = ident
        return made

    def ids(self, connector_id):
        with self.runtime.read() as session:
            row = session.get_one(Connector, connector_id)
            return row.erp_id, row.store_id

    def record(self, erp, key, title="", entity="customer", parent=None, **more):
        return self.add(RecordRow(connection_id=erp, entity=entity, key=key, title=title or key,
                                  parent_key=parent, seen_at=NOW, attributes={},
                                  **{"record_class": "DEALER", "status": "active", **more}))

    def message(self, flow_id, record_id, key, status="parked", *, entity="contact", age=60,
                ended=None, **more):
        made = NOW - timedelta(minutes=age)
        values = {"title": key, "dedup_key": f"{flow_id}:{key}:{status}:{age}:{record_id}",
                  "due_at": made, "created_at": made,
                  "updated_at": NOW - timedelta(minutes=age if ended is None else ended)}
        return self.add(Message(flow_id=flow_id, record_id=record_id, key=key, status=status,
                                entity=entity, **{**values, **more}))

    def run(self, flow_id, minutes, status="finished", seconds=2, **more):
        at = NOW - timedelta(minutes=minutes)
        end = at + timedelta(seconds=seconds)
        values = {"mode": "incremental", "trigger": "schedule", "counts": {}, "pages": []}
        return self.add(Run(flow_id=flow_id, due_at=at, started_at=at, status=status,
                            heartbeat_at=at, finished_at=None if status == "running" else end,
                            **{**values, **more}))

    def text(self, url):
        answer = self.browser.get(url)
        assert answer.status_code == 200, (url, answer.status_code, answer.get_data(as_text=True)[:600])
        return answer.get_data(as_text=True)

    def status_of(self, message_id):
        with self.runtime.read() as session:
            return session.get_one(Message, message_id).status


__all__ = ["NOW", "Attempt", "Binding", "CursorRow", "Enablement", "FlowState", "Hub", "LogEntry",
           "QuotaWindow", "json"]
