"""A new key while others save secrets on PostgreSQL, where several write at the same time (S3)."""

import threading
import time
from random import Random

import pytest
from test_safety_at_work import opened_all, place, rotate_at_work, seal_many

from hub.runtime.runtime import build
from hub.seams import set_crash_hook
from hub.settings import audit
from hub.settings.rotation import rotate_keys
from hub.store.tables import ConnectionParameter
from hub.vault import Redactor, read_keys

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def hub(tmp_path, pg_url):
    runtime = build({"HUB_HOME": str(tmp_path / "home"), "HUB_DATABASE_URL": pg_url})
    yield runtime
    runtime.close()


def save(hub, numbers):
    """Seal these anew in one transaction, in the order given, as a form with many secrets does."""
    with hub.write() as session:
        for number in numbers:
            row = session.get_one(ConnectionParameter, (number, "password"))
            opened = hub.vault.open(place(number), row.sealed, learn=False)
            row.sealed = hub.vault.seal(place(number), opened, learn=False)
            session.flush()
        audit.record(session, "test", "saved", "connection", at=hub.clock.now())


def test_ten_thousand_secrets_beside_a_saver(hub):
    rotate_at_work(hub, 10_000)


def test_savers_of_many_rows_in_any_order_and_the_rotation_end_well(hub):
    count = 1_500
    seal_many(hub, count)
    stop, wrong, saved = threading.Event(), [], []

    def work(seed):
        chance = Random(seed)
        while not stop.is_set():
            try:
                save(hub, chance.sample(range(1, count + 1), 20))
                saved.append(seed)
            except Exception as error:
                wrong.append(repr(error))
            time.sleep(0.001)

    savers = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for saver in savers:
        saver.start()
    try:
        done = [rotate_keys(hub.database, hub.environment, Redactor()) for _ in range(3)]
    finally:
        stop.set()
        for saver in savers:
            saver.join()
    print(f"{len(done)} rotations beside {len(saved)} saves of 20, {len(wrong)} of them failed")
    assert wrong == []
    assert saved
    assert [rotation.broken for rotation in done] == [[], [], []]
    (alone,) = read_keys(hub.environment.key_file)
    hub.vault._use([alone])
    opened_all(hub, count)
    with hub.read() as session:
        assert audit.verify(session) is None


def test_interrupted_at_every_boundary_beside_a_saver_it_goes_on(hub):
    """As often as there are boundaries: what is sealed opens with the keys of the file, whenever."""
    seal_many(hub, 20)
    nth, interrupted = 0, True
    while interrupted:
        nth += 1
        passed = []

        def hook(name, passed=passed, nth=nth):
            passed.append(name)
            if name.endswith("after_commit"):  # not within the rotation's own transaction
                set_crash_hook(None)
                save(hub, [20, 3, 11])
                set_crash_hook(hook)
            if len(passed) == nth:
                raise KeyboardInterrupt

        set_crash_hook(hook)
        try:
            rotate_keys(hub.database, hub.environment, Redactor())
            interrupted = False
        except KeyboardInterrupt:
            pass
        finally:
            set_crash_hook(None)
        hub.vault._use(read_keys(hub.environment.key_file))
        opened_all(hub, 20)
    assert nth > 5
    assert len(read_keys(hub.environment.key_file)) == 1
