"""An import of records that is killed: all of it happened, or nothing."""

import csv
import signal
import time

import pytest
from crash_kit import CONTEXT
from import_worker import import_until
from sqlalchemy import text

from hub.runtime import build
from hub.runtime.importing import apply_import
from hub.seams import VirtualClock
from hub.settings import imports
from hub.store.tables import Connection, Connector, Flow, RecordImport

pytestmark = pytest.mark.crash
COUNT = {
    "bindings": "SELECT count(*) FROM binding",
    "disabled": "SELECT count(*) FROM enablement WHERE NOT enabled",
    "cancelled": "SELECT count(*) FROM message WHERE status = 'cancelled'",
    "pending": "SELECT count(*) FROM message WHERE status = 'pending'",
    "audited": "SELECT count(*) FROM audit_event WHERE action = 'records imported'",
    "applied": "SELECT count(*) FROM record_import WHERE status IN ('applied', 'sending')",
}


def seeded(home, records):
    """A hub with so many customers, of which each third waits to be sent."""
    runtime = build({"HUB_HOME": str(home)}, clock=VirtualClock())
    now = runtime.clock.now()
    with runtime.write() as session:
        sides = [Connection(key=key, plugin=plugin, created_at=now, updated_at=now)
                 for key, plugin in (("erp", "acumatica"), ("store", "bigcommerce"))]  # fmt: skip
        session.add_all(sides)
        session.flush()
        connector = Connector(key="B2B-US", erp_id=sides[0].id, store_id=sides[1].id, active=True,
                              created_at=now, updated_at=now)  # fmt: skip
        session.add(connector)
        session.flush()
        flow = Flow(connector_id=connector.id, key="customer", source_action="customer",
                    target_action="customer", enabled=True)  # fmt: skip
        session.add(flow)
        session.flush()
        session.execute(
            text("INSERT INTO record (connection_id, entity, key, title, record_class, status, "
                 "attributes, seen_at) VALUES (:erp, 'customer', :key, :key, '', '', '{}', 0)"),
            [{"erp": sides[0].id, "key": f"C{n:06}"} for n in range(records)],
        )  # fmt: skip
        session.execute(
            text("INSERT INTO message (flow_id, record_id, entity, key, title, dedup_key, status, "
                 "payload_version, deleted, rule_version, due_at, attempts, searches, crashes, "
                 "isolation, reason, reason_group, field, remedy, created_at, updated_at) "
                 "SELECT :flow, id, entity, key, key, key, 'parked', 1, 0, '', 0, 0, 0, 0, 0, '', "
                 "'', '', '', 0, 0 FROM record WHERE id % 3 = 0"),
            {"flow": flow.id},
        )  # fmt: skip
    return runtime


def file_of(folder, records, wrong):
    """Every record linked, each third disabled, some keys unknown."""
    path = folder / "list.csv"
    bad = set(range(7, records, records // wrong))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["entity", "entity_key", "enabled", "reference_id"])
        for n in range(records):
            key = f"X{n:06}" if n in bad else f"C{n:06}"
            writer.writerow(
                ["customer", key, "no" if (n + 1) % 3 == 0 else "yes", str(900_000 + n)]
            )
    return path, len(bad)


def state(runtime):
    with runtime.read() as session:
        return {name: session.execute(text(sql)).scalar_one() for name, sql in COUNT.items()}


def long_ago(runtime):
    """The process that applied it gave no sign for so long that another one goes on."""
    with runtime.write() as session:
        session.execute(text("UPDATE record_import SET applied_at = 0"))


def killed(home, path, point):
    child = CONTEXT.Process(target=import_until, args=({"HUB_HOME": str(home)}, path, point))
    child.start()
    child.join()
    return child.exitcode == -signal.SIGKILL


def test_a_kill_just_before_the_end_leaves_nothing(tmp_path):
    runtime = seeded(tmp_path / "home", 60)
    path, _ = file_of(tmp_path, 60, 5)
    before = state(runtime)
    assert killed(tmp_path / "home", path, "import.before_commit")
    assert state(runtime) == before
    runtime.close()


@pytest.mark.slow
def test_a_kill_at_any_line_leaves_all_or_nothing(tmp_path):
    runtime = seeded(tmp_path / "home", 300)
    path, wrong = file_of(tmp_path, 300, 5)
    before = state(runtime)
    for point in ("import.before_links", "import.before_messages", "import.before_commit"):
        assert killed(tmp_path / "home", path, point)
        assert state(runtime) == before, point
    assert killed(tmp_path / "home", path, "import.before_step")
    after = state(runtime)
    assert after["pending"] == 0
    long_ago(runtime)
    assert imports.queue_left_over(runtime.context) == 1
    assert imports.queue_left_over(runtime.context) == 0
    assert state(runtime)["pending"] == 300 - wrong - after["disabled"]
    assert (after["bindings"], after["applied"], after["audited"]) == (300 - wrong, 1, 1)
    assert after["disabled"] == after["cancelled"] > 90
    again = imports.read(runtime.context, path.read_bytes(), "again.csv", "me", imports.UPLOAD)
    with runtime.read() as session:
        counts = session.get_one(RecordImport, again).counts
    assert (counts["changed"], counts["unchanged"], counts["errors"]) == (0, 300 - wrong, wrong)
    runtime.close()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0, 5.5, 6.0])
def test_a_large_import_killed_at_any_moment(tmp_path, seconds):
    runtime = seeded(tmp_path / "home", 50_000)
    path, wrong = file_of(tmp_path, 50_000, 50)
    before = state(runtime)
    child = CONTEXT.Process(
        target=import_until, args=({"HUB_HOME": str(tmp_path / "home")}, path, "")
    )
    child.start()
    time.sleep(seconds)
    child.kill()
    child.join()
    after = state(runtime)
    if after["applied"]:
        assert (after["bindings"], after["audited"]) == (50_000 - wrong, 1)
        assert after["disabled"] == after["cancelled"]
    else:
        assert after == before
    long_ago(runtime)
    imports.queue_left_over(runtime.context)
    done = imports.read(runtime.context, path.read_bytes(), "a.csv", "me", imports.UPLOAD)
    apply_import(runtime, done, "me", wait=True)
    found = state(runtime)
    assert found["bindings"] == 50_000 - wrong
    assert found["pending"] == 50_000 - wrong - found["disabled"]
    runtime.close()
