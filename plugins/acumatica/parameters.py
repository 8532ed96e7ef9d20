"""What a person enters to connect an Acumatica instance, and the licence's limits."""

from collections.abc import Mapping
from typing import Any

from hub.sdk import Choice, Kind, ParameterSpec, QuotaSpec
from plugins.acumatica.oauth import COOKIE, PASSWORD, REFRESH

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
            when=("sign_in", (COOKIE,)),
        ),
        ParameterSpec(
            "branch",
            "Branch",
            Kind.TEXT,
            "The branch ID to sign in to; with OAuth the branch's name. Left empty, the user's "
            "default branch counts; records that are visible to another branch only are not read.",
            lookup="branches",
            max_length=30,
            group=CONNECTION,
            sign_in=True,
        ),
    ]


def _user() -> list[ParameterSpec]:
    return [
        ParameterSpec(
            "sign_in",
            "Sign-in",
            Kind.CHOICE,
            "How the hub signs in. OAuth needs an application of its own on Connected Applications "
            "(SM303010); with a refresh token no password is kept here.",
            default=COOKIE,
            choices=(
                Choice(COOKIE, "User and password"),
                Choice(PASSWORD, "OAuth 2.0 with user and password"),
                Choice(REFRESH, "OAuth 2.0 with a refresh token"),
            ),
            group=CONNECTION,
            sign_in=True,
        ),
        *_application(),
        ParameterSpec(
            "username",
            "User name",
            Kind.TEXT,
            "An API user of its own for the hub. Only what its role may see is synced.",
            required=True,
            max_length=100,
            group=CONNECTION,
            sign_in=True,
            when=_WITH_PASSWORD,
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
            when=_WITH_PASSWORD,
        ),
    ]


_WITH_PASSWORD = ("sign_in", (COOKIE, PASSWORD))
_WITH_OAUTH = ("sign_in", (PASSWORD, REFRESH))


def _application() -> list[ParameterSpec]:
    return [
        ParameterSpec(
            "client_id",
            "Client ID",
            Kind.TEXT,
            "Of the connected application, with the tenant behind it, as Acumatica shows it: "
            "4B2C0F8E-…@Company. It decides the tenant.",
            required=True,
            pattern=r"[^@\s]+@[^@]+",
            pattern_help="must end with @ and the tenant's login name",
            max_length=200,
            group=CONNECTION,
            sign_in=True,
            when=_WITH_OAUTH,
        ),
        ParameterSpec(
            "client_secret",
            "Client secret",
            Kind.SECRET,
            "A shared secret of the connected application.",
            required=True,
            group=CONNECTION,
            sign_in=True,
            when=_WITH_OAUTH,
        ),
        ParameterSpec(
            "refresh_token",
            "Refresh token",
            Kind.SECRET,
            "From giving the application access, with the scopes api and offline_access. It works "
            "once: the hub keeps the one that follows it, so enter it only here.",
            required=True,
            group=CONNECTION,
            sign_in=True,
            when=("sign_in", (REFRESH,)),
        ),
    ]


def _advanced() -> list[ParameterSpec]:
    return [
        ParameterSpec(
            "endpoint_version",
            "Endpoint version",
            Kind.TEXT,
            "The version of the system endpoint Default, 22.200.001 or newer. 24.200.001 works from "
            "2024 R2 on and keeps its fields on later releases; 22.200.001 does not tell a "
            "customer's default location.",
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
