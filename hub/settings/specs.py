"""The fixed settings of every connector, in page order, labels as the customer gave them."""

from typing import Any

from hub.sdk import Choice, Kind, ParameterSpec
from hub.settings.spec_parts import Section, Setting, box
from hub.settings.spec_syncs import CUSTOMER, INVENTORY, ORDER, ORDER_IMPORT

SHIPMENT = Section(
    "shipment_trigger",
    "Shipment Sync Trigger",
    "Shipment trigger",
    "preferences",
    (
        Setting(
            ParameterSpec(
                "shipment_trigger",
                "Send a shipment",
                Kind.CHOICE,
                "When a shipment of the ERP goes to the store.",
                default="confirmation",
                choices=(
                    Choice(
                        "confirmation",
                        "On shipment confirmation",
                        "As soon as the shipment is confirmed.",
                    ),
                    Choice(
                        "invoice_release",
                        "On invoice release",
                        "When the invoice of the shipment is released.",
                    ),
                ),
            ),
            later="Shipment Sync",
        ),
    ),
)

ALL_FLOWS = ("customer", "location", "contact", "inventory")

MESSAGES = Section(
    "message_processing",
    "Message Processing Settings",
    "Message processing",
    "messages",
    tuple(
        Setting(spec, ALL_FLOWS)
        for spec in (
            ParameterSpec(
                "retry_count",
                "Retry Count",
                Kind.NUMBER,
                "Attempts before a message is parked, 0 to 50.",
                default=5,
                minimum=0,
                maximum=50,
            ),
            ParameterSpec(
                "retry_interval",
                "Retry Interval",
                Kind.NUMBER,
                "First delay. It doubles with each attempt, up to 6 hours.",
                default=5,
                minimum=1,
                maximum=360,
                unit="minutes",
            ),
            box(
                "batch",
                "Enable Batch Mode",
                "Group waiting messages of a sync into fewer API calls.",
                default=True,
            ),
            ParameterSpec(
                "threshold_count",
                "Threshold Count",
                Kind.NUMBER,
                "Up to this many waiting messages go one by one; above it they are grouped.",
                default=25,
                minimum=0,
                maximum=100_000,
            ),
            ParameterSpec(
                "batch_count",
                "Batch Count",
                Kind.NUMBER,
                "Records per API call. Empty means the vendor's maximum; a larger number is "
                "capped at each sync's own limit.",
                minimum=1,
                maximum=10_000,
            ),
        )
    ),
)

LOGGING = Section(
    "logging",
    "Logging",
    "Logging",
    "logging",
    tuple(
        Setting(
            box(name, label, f"Keep {label.lower()} lines in the connector log.", on), ALL_FLOWS
        )
        for name, label, on in (
            ("info", "Info", True),
            ("error", "Error", True),
            ("warning", "Warning", False),
            ("debug", "Debug", False),
        )
    ),
)

SECTIONS = (CUSTOMER, INVENTORY, ORDER, ORDER_IMPORT, SHIPMENT, MESSAGES, LOGGING)

PREFERENCES = tuple(s for section in SECTIONS[:5] for s in section.settings)


def specs_of(store: str) -> list[ParameterSpec]:
    """Return the specs kept in one section of the Preference table: preferences, messages, logging."""
    return [s.spec for section in SECTIONS if section.store == store for s in section.settings]


CONNECTION_SPECS = (
    ParameterSpec(
        "quota_share",
        "Quota share",
        Kind.NUMBER,
        "The part of the vendor's quota that the hub may use. The rest is left to other apps.",
        default=90,
        minimum=1,
        maximum=100,
        unit="percent",
        group="Advanced",
        advanced=True,
    ),
    ParameterSpec(
        "hold_seconds",
        "Hold",
        Kind.NUMBER,
        "How long a create whose end is not known is held before it is looked for. Empty = the "
        "sync's own time.",
        minimum=1,
        maximum=86_400,
        unit="seconds",
        group="Advanced",
        advanced=True,
    ),
    ParameterSpec(
        "overlap_seconds",
        "Overlap",
        Kind.NUMBER,
        "How far each reading goes back before the point where the last one ended.",
        default=300,
        minimum=0,
        maximum=86_400,
        unit="seconds",
        group="Advanced",
        advanced=True,
    ),
    ParameterSpec(
        "lag_seconds",
        "Lag",
        Kind.NUMBER,
        "How much of the newest time a reading does not count as read, for changes still being "
        "saved.",
        default=60,
        minimum=0,
        maximum=3_600,
        unit="seconds",
        group="Advanced",
        advanced=True,
    ),
)
"""Offered for every plugin; plugins do not define these names."""

GENERIC = frozenset(spec.name for spec in CONNECTION_SPECS)


def defaults(specs: list[ParameterSpec]) -> dict[str, Any]:
    """Return every value that holds when nothing is saved; lists are fresh."""
    found: dict[str, Any] = {}
    for spec in specs:
        value = spec.default
        if spec.kind is Kind.BOOL and value is None:
            value = False
        found[spec.name] = list(value) if isinstance(value, tuple) else value
    return found


__all__ = [
    "ALL_FLOWS",
    "CONNECTION_SPECS",
    "GENERIC",
    "PREFERENCES",
    "SECTIONS",
    "Section",
    "Setting",
    "defaults",
    "specs_of",
]
