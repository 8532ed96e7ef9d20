"""Hot statements: one text for every database, run without compiling."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult


@cache
def _for_dialect(statement: str, dialect: str) -> str:
    if dialect != "postgresql":
        return statement
    locked = " FOR UPDATE" if statement.startswith("SELECT") else ""
    return statement.replace("%", "%%").replace("?", "%s") + locked


def run(conn: Connection, statement: str, *values: Any) -> CursorResult[Any]:
    """Run ``statement`` with ``?`` binds; a SELECT locks its rows where the database knows how."""
    return conn.exec_driver_sql(_for_dialect(statement, conn.dialect.name), values)
