import pytest

from hub.seams import SystemClock
from hub.store import schema
from hub.store.database import Database

pytestmark = pytest.mark.postgres


def test_migrations_make_the_same_tables(new_pg):
    database = Database(new_pg(empty=True), SystemClock())
    assert schema.current(database) is None
    schema.upgrade(database)
    assert schema.check(database) == []
    database.close()


def test_x(pg_url):
    database = Database(pg_url, SystemClock())
    assert schema.check(database) == []
    print(database.now_ms(), database.clock.now(), database.clock.host.now())
    from sqlalchemy import text
    with database.begin() as c:
        c.execute(text("insert into claim(token, flow_id, owner, until) select 'a','1','b',1 where false"))
        r = c.execute(text("insert into lease(name, owner, until) values(:n,'x',1)"), [{"n": "a"}, {"n": "b"}])
        print(r.rowcount)
        r = c.execute(text("update lease set until=2 where name=:n"), [{"n": "a"}, {"n": "b"}, {"n": "c"}])
        print(r.rowcount)
        assert r.rowcount == 2
    database.close()
