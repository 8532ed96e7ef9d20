"""Backup and restore of a PostgreSQL database, by the server's own client programs."""

import shutil
import subprocess
import threading
import zipfile

import pg
import pytest
from sqlalchemy import text

from hub.config import ConfigProblem
from hub.runtime import postgres
from hub.runtime.backup import make_backup
from hub.runtime.restore import restore_backup
from hub.runtime.runtime import build
from hub.seams import SystemClock
from hub.settings import audit
from hub.settings.rotation import rotate_keys
from hub.store import schema
from hub.store.database import DatabaseProblem
from hub.vault import Redactor

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        not all(map(shutil.which, ("pg_dump", "pg_restore", "psql"))),
        reason="no client programs of PostgreSQL here (pg_dump, pg_restore, psql)",
    ),
]
KEPT = "INSERT INTO lease (name, owner, until) VALUES (:name, 'nobody', 1)"


@pytest.fixture
def hub(tmp_path, pg_url):
    runtime = build({"HUB_HOME": str(tmp_path / "home"), "HUB_DATABASE_URL": pg_url})
    yield runtime
    runtime.close()


def note(hub, name):
    with hub.write() as session:
        audit.record(session, "test", "noted", "test", after={"n": name}, at=hub.clock.now())


def notes(hub):
    with hub.read() as session:
        found = session.execute(text("SELECT count(*) FROM audit_event WHERE action = 'noted'"))
        return found.scalar_one()


def test_a_backup_comes_back_and_the_replaced_database_is_kept(hub, tmp_path):
    rotate_keys(hub.database, hub.environment, Redactor())
    note(hub, "before")
    file = tmp_path / "a.backup"
    manifest = make_backup(hub.environment, SystemClock(), file)
    assert manifest.database == "postgresql"
    assert file.stat().st_mode & 0o777 == 0o600
    note(hub, "after")
    with hub.write() as session:
        session.execute(text("DELETE FROM lease"))
    hub.close()
    done = restore_backup(hub.environment, SystemClock(), file)
    again = build({"HUB_HOME": str(hub.environment.home), "HUB_DATABASE_URL": hub.database.url
                   .render_as_string(hide_password=False)})  # fmt: skip
    assert notes(again) == 1
    assert schema.check(again.database) == []
    with again.read() as session:
        assert audit.verify(session) is None
        reloptions = "SELECT reloptions::text FROM pg_class WHERE relname = 'message'"
        assert "autovacuum" in session.execute(text(reloptions)).scalar_one()
    note(again, "new rows go on counting")
    again.close()
    assert done.kept is not None
    assert done.kept.read_bytes()[:5] == b"PGDMP", "the replaced database, as a dump"
    assert not list(hub.environment.home.glob(".restore-*"))


def test_a_backup_is_of_one_moment_while_others_write(hub, tmp_path):
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            with hub.write() as session:
                for name in (f"a{number}", f"b{number}"):
                    session.execute(text(KEPT), {"name": name})

    thread = threading.Thread(target=write)
    thread.start()
    file = tmp_path / "a.backup"
    try:
        make_backup(hub.environment, SystemClock(), file)
    finally:
        stop.set()
        thread.join()
    live = hub.database
    packed = tmp_path / "dump"
    with zipfile.ZipFile(file) as archive:
        packed.write_bytes(archive.read("hub.dump"))
    live.close()
    postgres.load(live, packed, (), "test")
    with live.read() as session:
        halves = session.execute(
            text("SELECT count(*) FILTER (WHERE name LIKE 'a%'), count(*) FROM lease")
        ).one()
    assert halves[0] * 2 == halves[1] > 0


def test_tables_that_the_backup_does_not_know_go(hub, tmp_path):
    packed = tmp_path / "dump"
    with hub.write() as session:
        session.execute(text("ALTER TABLE log_entry RENAME TO hidden"))
    postgres.dump(hub.database.url, packed)
    with hub.write() as session:
        session.execute(text("ALTER TABLE hidden RENAME TO log_entry"))
    postgres.load(hub.database, packed, (), "test")
    with hub.read() as session:
        assert session.execute(text("SELECT to_regclass('log_entry')")).scalar_one() is None


def test_a_restore_that_fails_changes_nothing(hub, tmp_path):
    note(hub, "here")
    file = tmp_path / "a.backup"
    make_backup(hub.environment, SystemClock(), file)
    note(hub, "here too")
    packed = tmp_path / "dump"
    postgres.dump(hub.database.url, packed)
    with pytest.raises(DatabaseProblem, match="psql did not succeed"):
        postgres.load(hub.database, packed, ("UPDATE no_such_table SET x = 1",), "test")
    assert notes(hub) == 2


def test_a_backup_of_a_serving_hub_is_not_restored_over_it(hub, tmp_path):
    file = tmp_path / "a.backup"
    make_backup(hub.environment, SystemClock(), file)
    with hub.write() as session:
        session.execute(
            text("INSERT INTO lease VALUES ('serving:x', :owner, :until)"),
            {"owner": hub.owner, "until": hub.database.now_ms() + 60_000},
        )
    with pytest.raises(DatabaseProblem, match="serves this database"):
        restore_backup(hub.environment, SystemClock(), file)


def test_the_kinds_of_database_are_not_mixed(hub, tmp_path):
    file = tmp_path / "a.backup"
    make_backup(hub.environment, SystemClock(), file)
    other = build({"HUB_HOME": str(tmp_path / "other")})
    other.close()
    with pytest.raises(ConfigProblem, match="postgresql database"):
        restore_backup(other.environment, SystemClock(), file)


def test_without_the_client_programs_it_says_what_to_install(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DatabaseProblem, match="pg_dump is needed"):
        make_backup(hub.environment, SystemClock(), tmp_path / "a.backup")
    assert not (tmp_path / "a.backup").exists()


def test_a_password_is_in_no_argument_and_no_message(hub, tmp_path, monkeypatch):
    seen = []
    run = subprocess.run
    monkeypatch.setattr(
        postgres.subprocess, "run", lambda command, **more: seen.append(command) or run(command, **more)
    )
    url = hub.database.url.set(password="canary-pw", port=pg.free_port())
    with pytest.raises(DatabaseProblem) as caught:
        postgres.dump(url, tmp_path / "d")
    assert "canary-pw" not in str(caught.value) + repr(seen)
