"""Keys, backups and secrets while everything runs (S3, S7, S8, S10-S12, F52, F54)."""

import base64
import json
import re
import sqlite3
import threading
import time
import zipfile
from contextlib import closing
from urllib.parse import quote

import pytest
from sqlalchemy import text

from hub.config import ConfigProblem, Environment
from hub.runtime.backup import make_backup
from hub.runtime.restore import restore_backup
from hub.runtime.runtime import build
from hub.seams import SystemClock
from hub.settings.rotation import rotate_keys
from hub.store.tables import Connection, ConnectionParameter
from hub.vault import Redactor, new_key, read_keys, write_keys

CANARY = "canary-T0ken+é/\"2'"


@pytest.fixture
def hub(tmp_path):
    runtime = build({"HUB_HOME": str(tmp_path / "home")})
    yield runtime
    runtime.close()


def place(number):
    return ("connection_parameter", str(number), "password")


def seal_many(hub, count):
    """As many connections with one secret each."""
    now = hub.clock.now()
    with hub.write() as session:
        for number in range(1, count + 1):
            session.add(Connection(id=number, key=f"c{number}", name="C", plugin="acumatica",
                                   created_at=now, updated_at=now))  # fmt: skip
        session.flush()
        for number in range(1, count + 1):
            sealed = hub.vault.seal(place(number), f"{CANARY} {number}", learn=False)
            session.add(
                ConnectionParameter(
                    connection_id=number, name="password", sealed=sealed, set_at=now
                )
            )


def opened_all(hub, count):
    with hub.read() as session:
        rows = session.execute(text("SELECT connection_id, sealed FROM connection_parameter")).all()
    assert len(rows) == count
    for number, sealed in rows:
        assert hub.vault.open(place(number), sealed, learn=False) == f"{CANARY} {number}"


def rotate_at_work(hub, count):
    """Rotate while others read and save secrets; returns seconds."""
    seal_many(hub, count)
    stop, wrong = threading.Event(), []

    def work():
        while not stop.is_set():
            try:
                with hub.write() as session:
                    row = session.get_one(ConnectionParameter, (1, "password"))
                    opened = hub.vault.open(place(1), row.sealed, learn=False)
                    row.sealed = hub.vault.seal(place(1), opened, learn=False)
            except Exception as error:
                wrong.append(repr(error))
            time.sleep(0.01)

    worker = threading.Thread(target=work)
    worker.start()
    began = time.monotonic()
    done = rotate_keys(hub.database, hub.environment, Redactor())
    seconds = time.monotonic() - began
    stop.set()
    worker.join()
    assert wrong == []
    assert done.broken == []
    (alone,) = read_keys(hub.environment.key_file)
    hub.vault._use([alone])
    opened_all(hub, count)
    print(f"{count:,} secrets rotated in {seconds:.1f} s")
    return seconds


def test_a_rotation_beside_savers(hub):
    rotate_at_work(hub, 700)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ten_thousand_secrets_are_rotated_in_seconds(hub):
    assert rotate_at_work(hub, 10_000) < 30


def test_backups_while_others_write_are_whole_and_hold_no_secret(hub, tmp_path):
    seal_many(hub, 30)
    stop, wrong = threading.Event(), []

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            try:
                with hub.database.begin() as connection:  # two rows that belong together
                    for side in "ab":
                        connection.execute(
                            text("INSERT INTO log_entry (at, level, flow_key, message, entity_url, "
                                 "user, description) VALUES (:n, 'info', :s, 'x', '', '', '')"),
                            {"n": number, "s": side})  # fmt: skip
            except Exception as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    files = []
    for number in range(4):
        files.append(tmp_path / f"{number}.backup")
        make_backup(hub.environment, SystemClock(), files[-1])
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    counts = []
    for file in files:
        with zipfile.ZipFile(file) as archive:
            inside = archive.read("hub.db") + archive.read("manifest.json")
            archive.extract("hub.db", tmp_path / "out")
        with closing(sqlite3.connect(tmp_path / "out" / "hub.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            pairs = dict(copy.execute("SELECT flow_key, count(*) FROM log_entry GROUP BY 1"))
        assert pairs.get("a") == pairs.get("b")
        counts.append(pairs.get("a", 0))
        for form in (CANARY, json.dumps(CANARY)[1:-1], quote(CANARY),
                     base64.b64encode(CANARY.encode()).decode()[:20]):  # fmt: skip
            assert form.encode() not in inside
        for key in read_keys(hub.environment.key_file):
            assert key.encode() not in inside
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_a_backup_under_a_lost_or_wrong_key_is_refused_and_survivable(hub, tmp_path):
    seal_many(hub, 3)
    file = tmp_path / "a.backup"
    make_backup(hub.environment, SystemClock(), file)
    environment, key_file = hub.environment, hub.environment.key_file
    hub.close()
    before = (environment.home / "hub.db").read_bytes()
    right = read_keys(key_file)
    for keys in ([], [new_key()]):
        key_file.unlink()
        if keys:
            write_keys(key_file, keys)
        with pytest.raises(ConfigProblem, match=r"without-key|missing"):
            restore_backup(environment, SystemClock(), file)
        with pytest.raises(ConfigProblem, match="hub keys reset"):
            build({"HUB_HOME": str(environment.home)})
        assert (environment.home / "hub.db").read_bytes() == before
        if not key_file.exists():
            write_keys(key_file, right)
    done = restore_backup(environment, SystemClock(), file, without_key=True)
    assert done.secrets_gone
    again = build({"HUB_HOME": str(environment.home)})
    with again.read() as session:
        states = session.execute(text("SELECT DISTINCT state FROM connection")).scalars().all()
        assert states == ["needs_sign_in"]
        assert session.execute(text("SELECT count(*) FROM connection_parameter")).scalar() == 0
    again.close()


def test_swapped_secrets_open_nowhere(hub):
    seal_many(hub, 2)
    with hub.write() as session:
        first, second = (session.get_one(ConnectionParameter, (n, "password")) for n in (1, 2))
        first.sealed, second.sealed = second.sealed, first.sealed
    from hub.runtime.doctor import examine

    found = examine({"HUB_HOME": str(hub.environment.home)})
    told = [f.text if hasattr(f, "text") else str(f) for f in found if "does not open" in str(f)]
    assert len(told) == 2
    assert not re.search("canary", str(found))


def test_a_newer_database_is_refused_unchanged(hub):
    with hub.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'r9999_later'"))
    hub.close()
    from hub.store.database import Database, DatabaseProblem

    before = (hub.environment.home / "hub.db").read_bytes()
    environ = {"HUB_HOME": str(hub.environment.home)}
    with pytest.raises(DatabaseProblem, match="r9999_later"):
        build(environ)
    database = Database(Environment.load(environ).database_url, SystemClock())
    from hub.store import schema

    with pytest.raises(DatabaseProblem, match="Install the newer version"):
        schema.upgrade(database)
    database.close()
    assert (hub.environment.home / "hub.db").read_bytes() == before
