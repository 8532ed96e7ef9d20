"""What a person enters to connect the ERP, and how many calls it takes."""

from collections.abc import Mapping
from typing import Any

from hub.sdk import Choice, Kind, ParameterSpec, QuotaSpec

CALLS_PER_MINUTE = 60


def parameters() -> list[ParameterSpec]:
    """Return the connection's parameters in form order."""
    return [
        ParameterSpec(
            "base_url",
            "Base URL",
            Kind.URL,
            "The address that the exports lie under, for instance https://erp.example.com/api. "
            "The hub reads /export/customers.csv below it.",
            required=True,
            group="Connection",
            sign_in=True,
        ),
        ParameterSpec(
            "api_key",
            "API key",
            Kind.SECRET,
            "A key that may read the exports and nothing else. It goes along with each call.",
            required=True,
            group="Connection",
            sign_in=True,
        ),
        ParameterSpec(
            "delimiter",
            "Delimiter",
            Kind.CHOICE,
            "What stands between two columns. German and French systems often use a semicolon.",
            default=",",
            choices=(Choice(",", "Comma"), Choice(";", "Semicolon"), Choice("tab", "Tab")),
            group="Format",
            advanced=True,
        ),
        ParameterSpec(
            "encoding",
            "Encoding",
            Kind.CHOICE,
            "How letters outside ASCII are written. A wrong one shows as broken umlauts.",
            default="utf-8",
            choices=(Choice("utf-8", "UTF-8"), Choice("cp1252", "Windows-1252")),
            group="Format",
            advanced=True,
        ),
        ParameterSpec(
            "decimal_mark",
            "Decimal mark",
            Kind.CHOICE,
            "What stands before the fraction of a quantity.",
            default=".",
            choices=(Choice(".", "Point: 12.5"), Choice(",", "Comma: 12,5")),
            group="Format",
            advanced=True,
        ),
        ParameterSpec(
            "calls_per_minute",
            "Calls per minute",
            Kind.NUMBER,
            "How many calls the ERP takes before it answers 429.",
            default=CALLS_PER_MINUTE,
            minimum=1,
            maximum=10_000,
            unit="calls",
            group="Format",
            advanced=True,
        ),
    ]


def quotas(settings: Mapping[str, Any]) -> list[QuotaSpec]:
    """Return the one limit; no answer header tells it."""
    calls = int(settings.get("calls_per_minute") or CALLS_PER_MINUTE)
    return [QuotaSpec("exports", "CSV exports", calls=calls, seconds=60.0)]
