"""Migrations on a real server, and the answers that the outbox counts on."""

import pytest
from sqlalchemy import text

from hub.seams import SystemClock
from hub.store import schema
from hub.store.database import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(pg_url):
    made = Database(pg_url, SystemClock())
    yield made
    made.close()


def test_an_empty_database_is_migrated(new_pg):
    database = Database(new_pg(empty=True), SystemClock())
    assert schema.current(database) is None
    schema.upgrade(database)
    assert schema.check(database) == []
    with database.read() as session:
        found = "SELECT reloptions::text FROM pg_class WHERE relname = 'message'"
        assert "autovacuum_vacuum_scale_factor=0.02" in session.execute(text(found)).scalar_one()
    database.close()


def test_a_statement_for_many_rows_counts_the_changed_ones(database):
    """The fence of a settlement stands on it."""
    with database.begin() as connection:
        rows = [{"n": name} for name in "ab"]
        connection.execute(text("INSERT INTO lease (name, owner, until) VALUES (:n, 'x', 1)"), rows)
        changed = connection.execute(
            text("UPDATE lease SET until = 2 WHERE name = :n"), [*rows, {"n": "c"}]
        )
        assert changed.rowcount == 2


def test_every_connection_has_its_limits(database):
    with database.read() as session:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert session.execute(text(f"SHOW {name}")).scalar_one() != "0"


def test_the_servers_time_is_the_hubs(database):
    with database.read() as session:
        server = session.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
    assert abs(database.now_ms() - float(server) * 1000) < 1_000
