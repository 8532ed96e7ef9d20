"""Hub-wide settings: retention, cleaning time, time zone, public address."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.sdk import Kind, ParameterSpec
from hub.settings.specs import defaults
from hub.store.tables import CommonConfiguration

ALL = "all"

COMMON_SPECS = (
    ParameterSpec(
        "action_types",
        "Action types",
        Kind.MULTI,
        "A sync that is off here is off in every connector.",
        default=ALL,
    ),
    ParameterSpec(
        "retention_days",
        "Keep the log for",
        Kind.NUMBER,
        "Log lines and finished messages are deleted after this time.",
        default=30,
        minimum=1,
        maximum=3_650,
        unit="days",
    ),
    ParameterSpec(
        "payload_days",
        "Keep request and response bodies for",
        Kind.NUMBER,
        "They hold personal data; they are deleted after this time.",
        default=7,
        minimum=1,
        maximum=3_650,
        unit="days",
    ),
    ParameterSpec(
        "cleaning_time",
        "Cleaning time",
        Kind.TEXT,
        "When the nightly cleaning begins, in the hub's time zone.",
        default="03:30",
        pattern=r"([01]\d|2[0-3]):[0-5]\d",
        pattern_help="must be a time of day like 03:30",
    ),
    ParameterSpec(
        "time_zone",
        "Time zone",
        Kind.TEXT,
        "Schedules and nightly runs follow this zone.",
        default="UTC",
    ),
    ParameterSpec(
        "public_url",
        "Public URL",
        Kind.URL,
        "The address at which the store reaches this hub. Without one, the hub only polls.",
        default="",
    ),
)


def values(session: Session) -> dict[str, Any]:
    """Return the hub-wide settings with defaults: ``action_types`` and the like."""
    saved = {row.name: row.value for row in session.scalars(select(CommonConfiguration))}
    known = defaults(list(COMMON_SPECS))
    return known | {n: v for n, v in saved.items() if n in known and v is not None}


def is_on(session: Session, key: str) -> bool:
    """True when the action type is ticked for the whole hub."""
    chosen = values(session)["action_types"]
    return bool(chosen == ALL or key in chosen)
