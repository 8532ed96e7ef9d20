"""The declarative base, and the column types that behave the same on every database."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Base(DeclarativeBase):
    """Plain base: workers use the models without Flask, views through Flask-SQLAlchemy."""


def to_ms(moment: datetime) -> int:
    """Return milliseconds since 1970; integers compare alike on every database."""
    return (moment - EPOCH) // MILLISECOND


def from_ms(value: int) -> datetime:
    """Return aware UTC from milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=value)


Long = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; on SQLite, whose integers all have them, it may be the row's own number."""


class Moment(TypeDecorator[datetime]):
    """Aware UTC datetime, stored as milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else from_ms(value)


class Json(TypeDecorator[Any]):
    """Any JSON value, stored as text with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else json.loads(value)
