"""Test connection, health, and the rows of Initialization. Everything here only reads."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from hub.sdk import (
    Check,
    Clock,
    ConfigError,
    Health,
    HubError,
    Probe,
    SystemClock,
)
from hub.sdk.canonical import CONTACT, CUSTOMER, LOCATION
from plugins.acumatica.actions import MAIN_CONTACT
from plugins.acumatica.client import AcumaticaClient
from plugins.acumatica.errors import EntityMissing, ShapeRefused
from plugins.acumatica.query import list_params, window_filter
from plugins.acumatica.records import text_at, unwrap
from plugins.acumatica.versions import is_old, shape_of

SKEW = 120.0
"""Seconds between the clocks from which on a note is shown."""


def test_connection(client: AcumaticaClient) -> Probe:
    """Read the instance's version and one record.

    Raises ConfigError at ``endpoint_version`` when the instance does not offer that version.
    """
    build, versions = _instance(client)
    if versions and client.version not in versions:
        raise ConfigError(_no_version(client, versions), parameter="endpoint_version")
    answer = client.entity("CustomerClass", {"$select": "ClassID", "$top": "1"})
    where = f" as tenant {client.session.tenant}" if client.session.tenant else ""
    return Probe(
        ok=True,
        detail=f"Signed in{where}; Default {client.version} answers.",
        server=f"Acumatica {build}".strip(),
        latency_ms=round(answer.seconds * 1000),
    )


def health(client: AcumaticaClient) -> Health:
    """Return the instance's build, the tenant and the endpoint version."""
    build, _ = _instance(client)
    metrics = {"Build": build, "Tenant": client.session.tenant, "Endpoint": client.version}
    return Health(
        ok=True, detail="Signed in.", metrics={name: text for name, text in metrics.items() if text}
    )


def checks(
    client: AcumaticaClient, actions: Sequence[str], clock: Clock | None = None
) -> Iterator[Check]:
    """Yield one row per thing that the flows ``actions`` need."""
    return _rows(client, set(actions), clock or SystemClock())


def _rows(client: AcumaticaClient, actions: set[str], clock: Clock) -> Iterator[Check]:
    where = client.session.tenant or str(client.settings.get("tenant") or "") or "default tenant"
    who = client.settings.get("username") if client.settings.get("password") else ""
    said = f"User {who}, {where}." if who else f"By OAuth, {where}."
    yield Check("Sign in to Acumatica", "passed", said)
    yield _version(client)
    yield _time(client, clock)
    if CUSTOMER in actions:
        yield _readable(client, "CustomerClass", {"$select": "ClassID", "$top": "1"})
        yield _customers(client)
        yield _main_contacts(client)
    for flow in (LOCATION, CONTACT):
        if flow in actions:
            shape = shape_of(flow, client.version)
            yield _readable(client, shape.entity, list_params(shape, "", 1))
    if "inventory" in actions:
        yield from _stock(client)


def _instance(client: AcumaticaClient) -> tuple[str, list[str]]:
    found = client.endpoints()
    version = found.get("version")
    build = text_at(version, "acumaticaBuildVersion") if isinstance(version, dict) else ""
    rows = found.get("endpoints")
    versions = [
        text_at(row, "version")
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and text_at(row, "name").casefold() == "default"
    ]
    return build, sorted(versions)


def _no_version(client: AcumaticaClient, versions: Sequence[str]) -> str:
    return (
        f"This instance does not offer the endpoint Default {client.version}. It offers "
        f"{', '.join(versions)}. Enter one of these; 24.200.001 is offered from 2024 R2 on."
    )


def _version(client: AcumaticaClient) -> Check:
    activity = f"Endpoint Default {client.version}"
    try:
        build, versions = _instance(client)
    except HubError as error:
        return _failed(activity, error)
    if not versions:
        return Check(activity, "note", "The instance does not list its endpoints.")
    if client.version not in versions:
        detail = _no_version(client, versions)
        return Check(activity, "failed", detail, parameter="endpoint_version")
    if is_old(client.version):
        return Check(
            activity,
            "note",
            "It does not tell which location is a customer's default one, so no address of the "
            "store becomes the default.",
            "Choose 23.200.001 or newer, if the instance offers it.",
            parameter="endpoint_version",
        )
    return Check(activity, "passed", f"Acumatica {build} offers it.")


def _time(client: AcumaticaClient, clock: Clock) -> Check:
    server = client.http.server_now
    if server is None:
        return Check("Server clock", "note", "The server does not tell its time.")
    apart = server - clock.now()
    if abs(apart) <= timedelta(seconds=SKEW):
        return Check("Server clock", "passed", "Agrees with the hub's clock.")
    way = "ahead of" if apart > timedelta(0) else "behind"
    return Check(
        "Server clock",
        "note",
        f"The Acumatica server is {abs(apart).total_seconds():,.0f} s {way} the hub's clock. "
        "Nothing is missed, because the hub reads by the server's own time; times on the pages "
        "differ by that much.",
        "Let both machines take their time from a time server.",
    )


def _readable(client: AcumaticaClient, entity: str, params: dict[str, str]) -> Check:
    activity = f"Read {entity}"
    try:
        rows = client.rows(entity, params)
    except ShapeRefused:
        return Check(
            activity,
            "note",
            "The list cannot be read with all its fields on this instance; the hub reads the "
            "records one by one, which takes one request per changed record.",
        )
    except HubError as error:
        return _failed(activity, error)
    return Check(activity, "passed", "Readable." if rows else "Readable; there is no record yet.")


def _customers(client: AcumaticaClient) -> Check:
    """Also look whether the list carries main contacts (CONTRACT §7.11)."""
    shape = shape_of(CUSTOMER, client.version)
    try:
        rows = [unwrap(row) for row in client.rows(shape.entity, list_params(shape, "", 1))]
    except HubError:
        return _readable(client, shape.entity, list_params(shape, "", 1))
    if rows and not isinstance(rows[0].get("MainContact"), dict):
        return Check(
            "Read Customer",
            "failed",
            f"The Customer list comes without main contacts (first record: "
            f"{text_at(rows[0], 'CustomerID')}), so e-mail and address would be missing.",
            "Give the API user's role access to the contact and address of Customers (AR303000).",
            parameter="username",
        )
    return Check("Read Customer", "passed", "Readable, with main contacts and addresses.")


def _main_contacts(client: AcumaticaClient) -> Check:
    activity = "Find changed main contacts"
    shape, now = shape_of(CUSTOMER, client.version), client.http.server_now
    condition = window_filter(shape.stamp_of[MAIN_CONTACT], now, None)
    try:
        client.rows(shape.entity, {"$select": "CustomerID", "$filter": condition, "$top": "1"})
    except HubError as error:
        return Check(
            activity,
            "note",
            f"{error} Edits of a main contact alone reach the store with the nightly full run.",
        )
    return Check(activity, "passed", "Their own time stamp can be asked for.")


def _stock(client: AcumaticaClient) -> Iterator[Check]:
    params = {"$select": "WarehouseID", "$top": "1"}
    yield _readable(client, "Warehouse", params)
    try:
        rows = [unwrap(row) for row in client.rows("Warehouse", params)]
        name = text_at(rows[0], "WarehouseID") if rows else ""
        client.inquire(
            "StorageDetailsInquiry", {"WarehouseID": name} if name else {}, "StorageDetails"
        )
    except EntityMissing:
        yield Check(
            "Read StorageDetailsInquiry",
            "note",
            "This endpoint has no StorageDetailsInquiry. The hub asks InventorySummaryInquiry "
            "item by item instead: one request per stock item and run.",
            "Use endpoint version 24.200.001, or give the Inventory Sync a slower schedule.",
        )
        yield _readable(client, "StockItem", {"$select": "InventoryID", "$top": "1"})
    except HubError as error:
        yield _failed("Read StorageDetailsInquiry", error)
    else:
        yield Check("Read StorageDetailsInquiry", "passed", "Readable.")


def _failed(activity: str, error: HubError) -> Check:
    parameter = error.parameter if isinstance(error, ConfigError) else None
    return Check(activity, "failed", str(error), parameter=parameter)
