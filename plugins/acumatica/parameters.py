"""What a person enters to connect an Acumatica instance, and the licence's limits."""

from collections.abc import Mapping
from typing import Any

from hub.sdk import Kind, ParameterSpec, QuotaSpec

DEFAULT_VERSION = "24.200.001"
"""Offered by every release from 2024 R2 on; never "newest available" (CONTRACT §1)."""

CONNECTION = "Connection"
ADVANCED = "Advanced"


def parameters() -> list[ParameterSpec]:
    """Return the connection's parameters in form order."""
    return [*_address(), *_user(), *_advanced()]


def _address() -> list[ParameterSpec]:
    return [
        ParameterSpec(
            "base_url",
            "Base URL",
            Kind.URL,
            "The address of the Acumatica instance as in the browser, up to the site name, for "
            "instance https://erp.example.com/Site. Everything is read from here.",
            required=True,
            group=CONNECTION,
            sign_in=True,
        ),
        ParameterSpec(
            "tenant",
            "Tenant",
            Kind.TEXT,
            "The tenant's login name, exactly as the sign-in page lists it. Left empty, Acumatica "
            "chooses its default tenant, and the hub reads the customers of that one.",
            max_length=100,
            group=CONNECTION,
            sign_in=True,
        ),
        ParameterSpec(
            "branch",
            "Branch",
            Kind.TEXT,
            "The branch ID to sign in to. Left empty, the user's default branch counts; records "
            "that are visible to another branch only are not read.",
            lookup="branches",
            max_length=30,
            group=CONNECTION,
            sign_in=True,
        ),
    ]


def _user() -> list[ParameterSpec]:
    return [
        ParameterSpec(
            "username",
            "User name",
            Kind.TEXT,
            "An API user of its own for the hub. Only what its role may see is synced.",
            required=True,
            max_length=100,
            group=CONNECTION,
            sign_in=True,
        ),
        ParameterSpec(
            "password",
            "Password",
            Kind.SECRET,
            "Tried once: after a refusal the hub waits until it is changed here, because repeated "
            "failures lock the user in Acumatica.",
            required=True,
            group=CONNECTION,
            sign_in=True,
        ),
    ]


def _advanced() -> list[ParameterSpec]:
    return [
        ParameterSpec(
            "endpoint_version",
            "Endpoint version",
            Kind.TEXT,
            "The version of the system endpoint Default. 24.200.001 works from 2024 R2 on and "
            "keeps its fields on later releases; another one may lack fields that are mapped.",
            required=True,
            default=DEFAULT_VERSION,
            pattern=r"\d{2}\.\d{3}\.\d{3}",
            pattern_help="must look like 24.200.001",
            group=CONNECTION,
            advanced=True,
            sign_in=True,
        ),
        ParameterSpec(
            "requests_per_minute",
            "Requests per minute",
            Kind.NUMBER,
            "What the licence allows (License Monitoring Console, SM604000). Acumatica slows "
            "down everybody from half of it on; a smaller number leaves room for other programs.",
            default=100,
            minimum=1,
            maximum=10_000,
            unit="requests",
            group=ADVANCED,
            advanced=True,
        ),
        ParameterSpec(
            "concurrent_requests",
            "Requests at a time",
            Kind.NUMBER,
            "How many requests the hub has open in Acumatica at once. More than the licence "
            "allows only wait in its queue.",
            default=2,
            minimum=1,
            maximum=50,
            unit="requests",
            group=ADVANCED,
            advanced=True,
        ),
    ]


def quotas(settings: Mapping[str, Any]) -> list[QuotaSpec]:
    """Return the licence's limit of requests; no answer header tells it (CONTRACT §2)."""
    return [
        QuotaSpec(
            key="licence",
            label="Acumatica licence",
            calls=int(settings.get("requests_per_minute") or 100),
            seconds=60.0,
            concurrent=int(settings.get("concurrent_requests") or 2),
        )
    ]
