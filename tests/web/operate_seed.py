"""A busy hub: three connectors, everything an operator can meet. For browser tests and pictures."""

import json
import random
from datetime import timedelta

from operate_kit import (
    NOW,
    Attempt,
    Binding,
    CursorRow,
    Enablement,
    FlowState,
    LogEntry,
    QuotaWindow,
)

from hub.store.base import to_ms
from hub.store.tables import AuditEvent, Base, Connection, Flow, Message

NAMES = ["Bluewater Marina", "Castle Rock Schools", "Harbor Food Supply", "Lakeview Dental Group",
         "Oak & Iron Hardware", "Quarry Lane Stone", "Ridgeway Janitorial", "Tessel Kitchens",
         "Nordic Fasteners", "Vogel Großhandel", "Summit Outfitters", "Prairie Feed & Seed"]


def change(hub, table, ident, **values):
    with hub.runtime.write() as session:
        row = session.get_one(table, ident)
        for name, value in values.items():
            setattr(row, name, value)


_MADE = []
"""What the first seed of this process added: rows by table, and what it told."""


def seed(hub):
    """Fill an empty hub. The rows are made once per process; later hubs are given the same ones."""
    if hub.flows:
        return _seed(hub)
    if not _MADE:
        before = _rows(hub)
        told = _seed(hub)
        added = {name: [r for r in rows if r not in before[name]] for name, rows in _rows(hub).items()}
        _MADE.append((added, hub.flows.copy(), hub.full, hub.running, told))
        return told
    added, flows, hub.full, hub.running, told = _MADE[0]
    hub.flows = flows.copy()
    with hub.runtime.database.core() as connection:
        for name, rows in added.items():
            marks = ",".join("?" * len(rows[0])) if rows else ""
            for row in rows:
                connection.exec_driver_sql(f'INSERT INTO "{name}" VALUES ({marks})', row)
    return {**told, "records": told["records"].copy()}


def _rows(hub):
    with hub.runtime.database.core() as connection:
        return {
            table.name: [tuple(r) for r in connection.exec_driver_sql(f'SELECT * FROM "{table.name}"')]
            for table in Base.metadata.sorted_tables
        }


def _seed(hub):
    rng = random.Random(7)
    us = hub.connector()
    erp, store = hub.ids(us)
    eu = hub.connector("B2B-EU", "Wholesale EU")
    spares = hub.connector("SPARES", "Spare parts", erp=erp)
    change(hub, Connection, hub.ids(eu)[0], state="needs_sign_in",
           state_detail="The ERP refused user hub-api at 13:12: password expired")
    change(hub, Flow, hub.flows["B2B-US", "inventory"], refusals=25,
           stopped_reason="The store refused 25 records in a row for the same reason: location 3 does not exist.",
           stopped_remedy="Choose an existing location in Warehouses Management, then run the sync again.")
    _quotas(hub, erp, store, hub.ids(spares)[1])
    found = _records(hub, us, erp, store)
    _traffic(hub, rng, found)
    ids = _problems(hub, us, found)
    _runs(hub, rng)
    _log(hub, us)
    return {"us": us, "eu": eu, "spares": spares, "records": found, **ids}


def _quotas(hub, erp, store, other):
    def row(connection, quota, allowed, used, seconds, **more):
        return QuotaWindow(connection_id=connection, quota=quota, allowed=allowed, used=used,
                           started_at=to_ms(NOW) - 9000, ends_at=to_ms(NOW) + seconds * 1000, **more)

    hub.add(row(erp, "minute", 50, 18, 31))
    hub.add(row(store, "api", 150, 33, 12))
    hub.add(row(other, "api", 150, 147, 12, wait_until=to_ms(NOW) + 12_000))


def _records(hub, us, erp, store):
    found = {}
    for place, name in enumerate(NAMES):
        key = "".join(c for c in name.upper() if c.isalpha())[:8]
        status = {5: "on_hold", 4: "inactive", 6: "credit_hold"}.get(place, "active")
        found[key] = hub.record(erp, key, name, status=status,
                                email=f"orders@{key.lower()}.example",
                                record_class="DEALER" if place % 3 else "DISTRIB")
        hub.record(erp, f"{key}/MAIN", f"{name}, main", "location", key)
        hub.record(erp, f"0041{place:02}", f"Purchasing, {name}", "contact", key)
        if place in (1, 2, 4, 6, 7, 9):
            hub.add(Binding(record_id=found[key], connection_id=store, entity="customer",
                            external_id=str(2187 + place * 17), how="stamp" if place % 2 else "created",
                            bound_at=NOW - timedelta(days=place + 1)))
    hub.add(Enablement(connector_id=us, record_id=found["LAKEVIEW"], enabled=False,
                       reason="Disabled by operator@example.com."))
    return found


def _traffic(hub, rng, found):
    rows = []
    record = next(iter(found.values()))
    for back in range(24 * 60 // 6):
        minutes = back * 6 + 2
        hour = (NOW - timedelta(minutes=minutes)).hour
        for _ in range(2 if 1 <= hour < 6 else rng.randint(3, 12)):
            flow = rng.choice(["customer", "location", "contact", "inventory"])
            took = rng.randint(4, 30) if hour not in (10, 11) else rng.randint(10, 170)
            end = NOW - timedelta(minutes=minutes)
            status = rng.choices(["done", "unchanged"], [3, 1])[0]
            rows.append(Message(
                flow_id=hub.flows[rng.choice(["B2B-US", "SPARES"]), flow], record_id=record,
                key="HARBORFO", entity="customer", title="Harbor Food Supply", status=status,
                outcome="updated" if status == "done" else "unchanged", due_at=end,
                dedup_key=f"h{back}-{len(rows)}", created_at=end - timedelta(seconds=took),
                updated_at=end))
    rows.sort(key=lambda row: row.created_at)
    hub.add(*rows)


def _problems(hub, us, found):
    contact, customer = hub.flows["B2B-US", "contact"], hub.flows["B2B-US", "customer"]
    canonical = {"key": "RIDGEWAY", "name": "Ridgeway Janitorial", "status": "credit_hold",
                 "email": "orders@ridgeway.example", "phone": "+1 312 555 0144", "price_class": "VIP2",
                 "address": {"line1": "12 Canal St", "city": "Chicago", "state": "IL", "country": "US"}}
    sent = {"companyName": "Ridgeway Janitorial", "companyPhone": "+1 312 555 0118", "city": "Chicago",
            "addressLine1": "12 Canal St", "customerGroupId": 2, "companyStatus": 1}
    mapped = {**sent, "companyPhone": "+1 312 555 0144", "customerGroupId": None, "zipCode": "60601"}
    parked = hub.message(
        customer, found["RIDGEWAY"], "RIDGEWAY", entity="customer", title="Ridgeway Janitorial", age=130,
        ended=64, attempts=2, reason="Price class “VIP2” is not mapped to a customer group of the store.",
        reason_group="price class VIP2 is not mapped", field="customerGroupId",
        remedy="Map it once under Value mapping, price class; then retry.",
        payload=json.dumps(canonical), mapped=json.dumps(mapped))
    hub.add(FlowState(flow_id=customer, record_id=found["RIDGEWAY"], sent=json.dumps(sent),
                      content_hash="9f31c2" + "0" * 54 + "7be0", settled_at=NOW - timedelta(days=2)))
    hub.add(Attempt(flow_id=customer, claim_token="t", keys=["RIDGEWAY", "TESSELKI"], method="PUT",
                    url="/api/v3/io/companies/2291", sent_at=NOW - timedelta(minutes=129),
                    ended_at=NOW - timedelta(minutes=129) + timedelta(milliseconds=340),
                    status_code=422, outcome="answered",
                    results=[{"key": "RIDGEWAY", "outcome": "parked", "detail": "customerGroupId is required"}],
                    request='PUT /api/v3/io/companies/2291\n{"customerGroupId": null}',
                    response='422\n{"meta": {"message": "customerGroupId is required"}}'))
    hub.add(AuditEvent(at=NOW - timedelta(minutes=65), who="admin@example.com", action="messages retried",
                       target=f"message {parked}", hash="x"))
    for place, key in enumerate(["TESSELKI", "CASTLERO"]):
        hub.message(customer, found[key], key, entity="customer", title=key.title(), age=90 + place, attempts=1,
                    reason="Price class “VIP2” is not mapped to a customer group of the store.",
                    reason_group="price class VIP2 is not mapped", remedy="Map it once under Value mapping, price class; then retry.")
    for place in range(11):
        hub.message(contact, found["NORDICFA"], f"0041{place:02}", age=1680 - place * 9, attempts=1,
                    title=f"Purchasing, {NAMES[place]}",
                    reason=f"user{place}@nordic.example belongs to company Nordic Bygg (22{place:02}).",
                    reason_group="refused: email: belongs to another company", field="email",
                    remedy="The store allows an e-mail once. Change it in the ERP and the next sync picks it up, or skip these contacts.")
    unknown = hub.message(customer, found["OAKIRONH"], "OAKIRONH", "unknown", entity="customer", age=3,
                          title="Oak & Iron Hardware", reason="The answer was cut off after 12 s; the record is being looked up.",
                          hold_until=NOW + timedelta(seconds=64))
    blocked = hub.message(hub.flows["B2B-US", "location"], found["BLUEWATE"], "BLUEWATE/MAIN", "blocked",
                          entity="location", age=12, title="Bluewater Marina, main",
                          reason="Waits for customer BLUEWATE, which is not in the store yet.",
                          blocked_entity="customer", blocked_key="BLUEWATE")
    hub.message(customer, found["QUARRYLA"], "QUARRYLA", "filtered", entity="customer", age=17, title="Quarry Lane Stone",
                reason="The customer is On Hold in the ERP; it is left as it is until it is released.")
    hub.message(customer, found["HARBORFO"], "HARBORFO", "done", entity="customer", age=2, outcome="updated", title="Harbor Food Supply")
    hub.message(customer, found["CASTLERO"], "CASTLERO", "pending", entity="customer", age=16, attempts=1,
                title="Castle Rock Schools", reason="The store answered 503.", due_at=NOW + timedelta(minutes=4), dedup_key="w1")
    for place in range(86):
        hub.message(hub.flows["SPARES", "contact"], found["VOGELGRO"], f"C{place:04}", "pending", age=6, dedup_key=f"p{place}")
    for place in range(212):
        hub.message(hub.flows["B2B-EU", "customer"], found["SUMMITOU"], f"E{place:04}", "pending", age=80, dedup_key=f"e{place}", entity="customer")
    return {"parked": parked, "unknown": unknown, "blocked": blocked}


def _runs(hub, rng):
    flow = hub.flows["B2B-US", "customer"]
    for back in range(1, 40):
        changes = back % 4 == 1
        hub.run(flow, back * 15 + 2, seconds=2 + back % 5, counts={
            "read": 12 if changes else 3, "unchanged": 9 if changes else 3, "updated": 3 if changes else 0,
            "calls_source": 1, "calls_target": 2 if changes else 0}, pages=[{"read": 12, "unchanged": 9, "seconds": 1.2}])
    hub.run(flow, 65, "failed", error="The ERP did not answer within 30 s.", remedy="Nothing was lost; the next run goes on.")
    hub.run(flow, 110, "cancelled", trigger="manual", started_by="operator@example.com", seconds=12, counts={"read": 300, "updated": 41})
    pages, read = [], 0
    for number in range(9):
        read += 1000 if number < 8 else 400
        pages.append({"read": read, "unchanged": int(read * 0.92), "seconds": round(rng.uniform(2, 4), 2)})
    hub.full = hub.run(flow, 722, mode="full", seconds=186, trigger="manual", started_by="operator@example.com",
            counts={"read": 8400, "unchanged": 7702, "created": 31, "updated": 604, "filtered": 61, "parked": 2, "calls_source": 9, "calls_target": 16}, pages=pages)
    for day in (1, 2, 3):
        hub.run(flow, 722 + day * 1440, mode="full", seconds=160 + day, counts={"read": 8390, "unchanged": 8380, "updated": 10})
    hub.running = hub.run(hub.flows["B2B-US", "contact"], 1, "running", mode="full", trigger="manual", started_by="operator@example.com",
            counts={"read": 4000, "unchanged": 2871, "updated": 236, "created": 13, "calls_source": 4, "calls_target": 7}, pages=pages[:4])
    for (connector, key), ident in hub.flows.items():
        if (connector, key) not in (("B2B-US", "customer"), ("B2B-US", "contact")):
            hub.run(ident, 82 if connector == "B2B-EU" else 3, counts={"read": 5, "unchanged": 4, "updated": 1})
    hub.run(hub.flows["B2B-US", "contact"], 16, counts={"read": 5, "unchanged": 4, "updated": 1})
    hub.add(CursorRow(flow_id=flow, partition="", position="2026-11-18T14:29:02+00:00", tie="HARBORFO", updated_at=NOW))
    hub.add(CursorRow(flow_id=flow, partition="main_contact", position="2026-11-18T14:29:02+00:00", updated_at=NOW))


def _log(hub, us):
    lines = [("info", "inventory", "118 quantities updated", "PUT /v3/inventory/adjustments/absolute", "", "1 call, 118 records, 640 ms, read back equal"),
             ("info", "customer", "3 companies updated, 9 unchanged", "PUT /api/v3/io/companies/bulk", "", "1 call, 3 records, 410 ms"),
             ("error", "customer", "1 parked: RIDGEWAY", "PUT /api/v3/io/companies/2291", "", "Price class “VIP2” is not mapped. Map it under Value mapping."),
             ("warning", "contact", "Waiting 12 s for quota", "POST /api/v3/io/users", "", "BigCommerce answered 429; the whole connection waits until 13:58:31"),
             ("info", "", "Configuration of B2B-US changed", "", "admin@example.com", "messages.retry_count: 3 → 5"),
             ("error", "contact", "1 parked: 004127", "POST /api/v3/io/users", "", "E-mail belongs to company Nordic Bygg (2207). Change it in the ERP or skip.")]
    for place in range(80):
        level, flow, message, url, user, text = lines[place % len(lines)]
        hub.add(LogEntry(at=NOW - timedelta(minutes=160 - place * 2), level=level, flow_key=flow, message=message,
                         connector_id=us, entity_url=url, user=user, description=text))


