"""A whole installation into another database: every row, in the order of the foreign keys."""

from sqlalchemy import Connection, Table, func, select, text

from hub.store import schema
from hub.store.database import Database, DatabaseProblem
from hub.store.tables import Base

SLICE = 1_000


def copy_all(source: Database, target: Database) -> dict[str, int]:
    """Copy every table and return the number of rows of each.

    The target is migrated first and written in one transaction: all or nothing. The sealing keys
    are in neither database; the copy is opened with the same ones. Raises ``DatabaseProblem`` when
    the target holds anything, the source is not at today's revision, or a count differs.
    """
    if source.url == target.url:
        raise DatabaseProblem("Source and target are the same database. Name another with --to.")
    if schema.current(source) != schema.head():
        raise DatabaseProblem("The source is not at this version's tables: run `hub db upgrade`.")
    schema.upgrade(target)
    counts: dict[str, int] = {}
    # On PostgreSQL, too, every table as of one moment.
    level = {} if source.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    engine = source.engine.execution_options(**level)
    with engine.connect() as reading, reading.begin(), target.core() as writing:
        if not target.is_sqlite:
            writing.exec_driver_sql("SET LOCAL statement_timeout = 0")
        for table in Base.metadata.sorted_tables:
            _refuse_rows(writing, table)
        for table in Base.metadata.sorted_tables:
            counts[table.name] = _copy(reading, writing, table)
            if not target.is_sqlite:
                _set_sequence(writing, table)
    return counts


def _refuse_rows(writing: Connection, table: Table) -> None:
    if writing.execute(select(1).select_from(table).limit(1)).first() is not None:
        raise DatabaseProblem(
            f"The target is not empty: its table {table.name} has rows. Nothing was copied. "
            "Name an empty database."
        )


def _copy(reading: Connection, writing: Connection, table: Table) -> int:
    rows = reading.execution_options(yield_per=SLICE).execute(select(table)).mappings()
    read = 0
    for part in rows.partitions(SLICE):
        writing.execute(table.insert(), [dict(row) for row in part])
        read += len(part)
    found = writing.execute(select(func.count()).select_from(table)).scalar_one()
    if found != read:
        raise DatabaseProblem(
            f"Table {table.name} has {read} rows here and {found} there. Nothing was kept."
        )
    return read


def _set_sequence(writing: Connection, table: Table) -> None:
    """New rows go on counting after the copied ones."""
    column = table.autoincrement_column
    if column is None:
        return
    name = writing.dialect.identifier_preparer.format_table(table)
    sequence = writing.execute(
        text("SELECT pg_get_serial_sequence(:name, :column)"), {"name": name, "column": column.name}
    ).scalar()
    if sequence is not None:
        writing.execute(
            select(
                func.setval(
                    sequence,
                    select(func.coalesce(func.max(column), 0) + 1).scalar_subquery(),
                    False,
                )
            )
        )
