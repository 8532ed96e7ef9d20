"""The disk is full, then there is space again: 0 false successes, and the hub recovers alone (F63)."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from rig import Rig, eligible
from sqlalchemy import event
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from hub.engine import pressure
from hub.store.database import DatabaseProblem
from hub.web import create_app

Make = Callable[..., Rig]


def fill(rig: Rig, room: int) -> Callable[[], None]:
    """Let the database grow by so many pages and no more: SQLite answers as on a full disk."""
    rig.restart()
    engine = rig.runtime.database.engine
    with engine.connect() as connection:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    engine.dispose()
    most = [pages + room]

    def limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={most[0]}")

    event.listen(engine, "connect", limit)

    def empty() -> None:
        most[0] = 1 << 30
        rig.runtime.database.close()

    return empty


@pytest.mark.parametrize("room", [0, 6, 12])
def test_a_sync_on_a_full_disk_loses_and_doubles_nothing(make_rig: Make, room: int) -> None:
    rig = make_rig(customers=16, features={"customer": {}, "location": {}})
    empty = fill(rig, room)
    failed = False
    for _ in range(3):
        try:
            failed = failed or bool(rig.run().problems)
        except OperationalError:
            failed = True
        rig.clock.sleep(200)
    assert failed
    empty()
    rig.clock.sleep(1000)
    rig.quiesce(hours=1)
    recovered(rig)


def recovered(rig: Rig) -> None:
    names = {row["CustomerID"]: row["CustomerName"] for row in rig.erp_rows()}
    wanted = set(eligible(rig)) - set(rig.messages("parked", "customer"))
    found = {key: row["companyName"] for key, row in rig.companies().items()}
    assert found == {key: names[key] for key in wanted}
    assert rig.created_twice() == []
    assert rig.query("SELECT * FROM claim") == []
    assert rig.messages("in_flight") == rig.messages("unknown") == {}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "hub-test", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system can be mounted by root alone")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def ballast(folder: Path) -> Iterator[None]:
    """Not one free block."""
    path = folder / "ballast"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    yield
    path.unlink()


def test_a_form_that_cannot_be_stored_says_so_and_works_when_there_is_space(
    make_rig: Make, small_disk: Path
) -> None:
    rig = make_rig(customers=1, items=1, database=f"sqlite:///{small_disk}/hub.db")
    rig.restart()
    with ballast(small_disk), pytest.raises(DatabaseProblem, match="disk is not full"):
        assert rig.runtime
    assert rig.runtime
    with ballast(small_disk):
        visitor = create_app(rig.runtime).test_client()
        page = visitor.get("/setup").get_data(as_text=True)
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
        form = hidden | {"email": "ann@example.com", "password": "brisk walnut ladder"}
        answers = [visitor.post("/setup", data=form) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [503, 503]
        assert "disk is full" in answers[0].get_data(as_text=True)
        assert rig.query('SELECT * FROM "user"') == []
    assert visitor.post("/setup", data=form).status_code == 303
    assert len(rig.query('SELECT * FROM "user"')) == 1


def test_a_really_full_file_system(
    make_rig: Make, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressure, "LEAST_FREE", 0)  # or reading would wait for space
    rig = make_rig(customers=16, features={"customer": {}, "location": {}},
                   database=f"sqlite:///{small_disk}/hub.db")  # fmt: skip
    rig.run("customer")
    rig.put("Customer", next(iter(rig.companies())), CustomerName="While Full")
    try:
        with ballast(small_disk):
            for _ in range(3):
                with pytest.raises(SQLAlchemyError, match="full"):
                    rig.run()
                rig.clock.sleep(200)
        rig.clock.sleep(1000)
        rig.quiesce(hours=1)
        recovered(rig)
    finally:
        rig.restart()
