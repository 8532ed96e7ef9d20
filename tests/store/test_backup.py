"""Keys rotate, backups come back paused, damage is told: what an operator sees."""

import pytest
from sqlalchemy import text

from hub.config import ConfigProblem
from hub.runtime.backup import make_backup
from hub.runtime.restore import restore_backup
from hub.runtime.runtime import build
from hub.seams import SystemClock, set_crash_hook
from hub.settings import audit
from hub.settings.rotation import rotate_keys
from hub.store.database import DatabaseProblem
from hub.vault import Redactor, read_keys


@pytest.fixture
def hub(tmp_path):
    runtime = build({"HUB_HOME": str(tmp_path / "home")})
    yield runtime
    runtime.close()


def test_a_running_hub_takes_the_new_key(hub):
    place = ("connection_parameter", "1", "password")
    rotate_keys(hub.database, hub.environment, Redactor())
    sealed = hub.vault.seal(place, "canary-secret")
    (key,) = read_keys(hub.environment.key_file)
    assert hub.vault.opener(sealed) == hub.vault.key_ids[0]
    assert len(hub.vault.key_ids) == 1
    assert key


@pytest.mark.parametrize("nth", range(1, 13))
def test_a_rotation_that_was_interrupted_goes_on(hub, nth):
    passed = []

    def hook(name):
        passed.append(name)
        if len(passed) == nth:
            raise KeyboardInterrupt

    set_crash_hook(hook)
    try:
        rotate_keys(hub.database, hub.environment, Redactor())
    except KeyboardInterrupt:
        pass
    set_crash_hook(None)
    build({"HUB_HOME": str(hub.environment.home)}).close()
    rotate_keys(hub.database, hub.environment, Redactor())
    assert len(read_keys(hub.environment.key_file)) == 1
    build({"HUB_HOME": str(hub.environment.home)}).close()


def test_a_backup_comes_back_and_the_replaced_database_stays(hub, tmp_path):
    file = tmp_path / "a.backup"
    make_backup(hub.environment, SystemClock(), file)
    hub.close()
    done = restore_backup(hub.environment, SystemClock(), file)
    assert done.kept
    assert done.kept.exists()


def test_one_changed_bit_anywhere_in_a_backup_is_found(hub, tmp_path):
    file = tmp_path / "a.backup"
    make_backup(hub.environment, SystemClock(), file)
    hub.close()
    whole = file.read_bytes()
    before = (hub.environment.home / "hub.db").read_bytes()
    for position in [*range(0, len(whole), len(whole) // 60), len(whole) - 1]:
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        file.write_bytes(damaged)
        with pytest.raises(ConfigProblem, match=r"[Nn]othing was changed"):
            restore_backup(hub.environment, SystemClock(), file)
    assert (hub.environment.home / "hub.db").read_bytes() == before


def test_a_cut_database_is_refused(hub):
    hub.close()
    path = hub.environment.home / "hub.db"
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(DatabaseProblem, match="cut at"):
        build({"HUB_HOME": str(hub.environment.home)})


def test_an_edited_audit_row_is_named(hub):
    for _ in range(3):
        rotate_keys(hub.database, hub.environment, Redactor())
    with hub.write() as session:
        session.execute(text("UPDATE audit_event SET who = 'somebody' WHERE id = 2"))
    with hub.read() as session:
        assert audit.verify(session) == 2
