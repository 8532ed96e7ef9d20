"""Hub-wide settings: retention, cleaning time, time zone, public address."""

from hub.sdk import Kind, ParameterSpec

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
