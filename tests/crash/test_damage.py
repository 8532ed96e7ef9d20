"""A damaged database is found at start, or what is damaged is read anew: never a wrong send (F55)."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from crash_kit import CrashRig, Make, edits
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError

from hub.seams import SystemClock
from hub.store import schema, snapshot
from hub.store.database import Database, DatabaseProblem

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3000)]


def half_way(rig: CrashRig) -> bytes:
    """Bound records with changes that wait, and new ones: what a wrong send could come from."""
    rig.fresh()
    rig.run(wait=3600)
    edits(rig)
    connector = rig.query("SELECT id FROM connector")[0].id
    rig.runtime.settings.set_paused(connector, "test", paused=True)
    rig.run()
    rig.runtime.settings.set_paused(connector, "test", paused=False)
    assert len(rig.messages("pending")) >= 5
    rig.restart()
    with closing(sqlite3.connect(database(rig))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database(rig).read_bytes()


def database(rig: CrashRig) -> Path:
    return rig.home / "home" / "hub.db"


def try_damaged(rig: CrashRig, file: bytes, damage: tuple[int, int]) -> str:
    """Put a damaged file in place and let the hub start and deliver; what it sent is compared."""
    position, bit = damage
    torn = bytearray(file)
    torn[position] ^= 1 << bit
    rig.restart()
    for ending in ("-wal", "-shm"):
        database(rig).with_name(f"hub.db{ending}").unlink(missing_ok=True)
    database(rig).write_bytes(torn)
    try:
        flows = [rig.flow_id(key) for key in ("customer", "location", "contact", "inventory")]
        for flow in flows:
            rig.runtime.mover.deliver(flow)
    except DatabaseProblem:
        return "refused"
    except Exception as error:
        return "refused" if isinstance(error, SQLAlchemyError) else f"stopped: {error!r}"
    return "delivered"


def where(file: bytes, position: int) -> bytes:
    """What stands around the damaged byte."""
    return file[position - 120 : position + 40]


def play(make: Make, series: list[tuple[bytes, int]] | int) -> tuple[dict[str, int], list[str]]:
    rig = make(shared=False, customers=6, items=3)
    file = half_way(rig)
    before = rig.contents()
    rig.run(wait=3600)
    right = rig.contents()
    rng = Random(5)
    if isinstance(series, int):
        damages = [(rng.randrange(len(file)), rng.randrange(8)) for _ in range(series)]
    else:
        damages = [
            (at + len(word) - 1, bit)
            for word, bit in series
            for at in range(len(file))
            if file.startswith(word, at)
        ]
    ends: dict[str, int] = {}
    wrong: list[str] = []
    for damage in damages:
        half_way(rig)
        end = try_damaged(rig, file, damage)
        ends[end] = ends.get(end, 0) + 1
        for name, row in rig.contents().items():
            if row != right.get(name) and row != before.get(name):
                other = {n: v for n, v in row.items() if right.get(name, {}).get(n) != v}
                wrong.append(f"{damage} {end}: {name} {other}, was {where(file, damage[0])}")
        wrong += [f"{damage} {end}: doubled {e} {k}" for e, k in rig.created_twice()]
    print(f"{len(damages)} damaged files: {ends}, wrong sends: {len(wrong)}")
    return ends, wrong


@pytest.mark.slow
def test_one_bit_at_random(make_crash_rig: Make) -> None:
    ends, wrong = play(make_crash_rig, 4)
    assert wrong == []
    assert not [end for end in ends if end.startswith("stopped")]


@pytest.mark.slow
def test_three_hundred_bits_at_random(make_crash_rig: Make) -> None:
    ends, wrong = play(make_crash_rig, 300)
    assert wrong == []
    assert not [end for end in ends if end.startswith("stopped")]


@pytest.mark.slow
def test_one_bit_in_every_place_of_a_key_and_a_name(make_crash_rig: Make) -> None:
    ends, wrong = play(make_crash_rig, [(b"C000002", 0), (b"Renamed Two", 1), (b"nora@", 2)])
    assert wrong == []
    assert not [end for end in ends if end.startswith("stopped")]


def test_a_damaged_payload_is_read_anew(make_crash_rig: Make) -> None:
    rig = make_crash_rig(shared=False, customers=6, items=3)
    half_way(rig)
    with rig.runtime.database.begin() as connection:
        connection.execute(text("UPDATE message SET payload = replace(payload, 'Two', 'Twp')"))
    rig.run()
    assert rig.companies()["C000002"]["companyName"] == "Renamed Two"


def test_a_damaged_note_of_what_was_sent_last_costs_no_change(make_crash_rig: Make) -> None:
    rig = make_crash_rig(features={"customer": {}})
    rig.sync()
    with rig.runtime.database.begin() as connection:
        connection.execute(text("UPDATE flow_state SET sent = substr(sent, 3)"))
    rig.put("Customer", "C000002", CustomerName="Renamed Two")
    rig.sync()
    assert rig.companies()["C000002"]["companyName"] == "Renamed Two"


def test_a_damaged_note_of_a_customer_parks_its_contact_until_it_is_read_again(
    make_crash_rig: Make,
) -> None:
    rig = make_crash_rig(features={"customer": {}, "contact": {}})
    rig.sync()
    with rig.runtime.database.begin() as connection:
        connection.execute(
            text("UPDATE record SET attributes = '{' || attributes WHERE entity = 'customer'")
        )
    edits(rig)
    rig.run("contact")
    parked = rig.messages("parked", "contact")
    assert parked
    assert all("is damaged" in message.reason for message in parked.values())
    rig.run("customer", mode="full")
    rig.runtime.retry([message.id for message in parked.values()])
    rig.run("contact")
    assert not rig.messages("parked", "contact")


def test_a_torn_description_of_a_table_is_refused_in_words(tmp_path: Path) -> None:
    made = Database(f"sqlite:///{tmp_path}/hub.db", SystemClock())
    schema.upgrade(made)
    made.close()
    with closing(sqlite3.connect(tmp_path / "hub.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    torn = bytearray((tmp_path / "hub.db").read_bytes())
    torn[torn.index(b"FOREIGN KEY(erp_id)") + 4] ^= 128
    (tmp_path / "hub.db").write_bytes(torn)
    with pytest.raises(DatabaseProblem, match="is damaged"):
        snapshot.refuse_damage(made)
    made.close()


def test_looking_for_damage_at_start_is_bounded(tmp_path: Path) -> None:
    made = Database(f"sqlite:///{tmp_path}/hub.db", SystemClock())
    schema.upgrade(made)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE filler (a TEXT, b TEXT)"))
        connection.execute(text("CREATE INDEX filler_a ON filler (a)"))
        connection.execute(
            text("INSERT INTO filler VALUES (:a, :b)"),
            [{"a": f"key {n}", "b": "x" * 600} for n in range(2_000)],
        )
    made.close()
    size = (tmp_path / "hub.db").stat().st_size
    looked: list[str] = []
    event.listen(
        made.engine, "before_cursor_execute", lambda _c, _cur, statement, *_: looked.append(statement)
    )
    snapshot.refuse_damage(made)
    assert any("integrity_check" in statement for statement in looked)
    looked.clear()
    with patch.object(snapshot, "QUICK_BYTES", size - 1):
        snapshot.refuse_damage(made)
    made.close()
    assert "PRAGMA schema_version" in looked
    assert not any("_check" in statement for statement in looked), "opened, not read through"
