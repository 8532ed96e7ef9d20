"""The four readings: which entity, which fields, which keys and time stamps."""

from dataclasses import dataclass

from hub.sdk import ActionType, Direction
from hub.sdk.canonical import CONTACT, CUSTOMER, LOCATION, STOCK

MAIN_CONTACT = "main_contact"
"""Delta partition of customers whose main contact changed (FIRST-FLOWS, Customer)."""

HOLD_SECONDS = 660
"""Acumatica may run a queued request ten minutes after the client gave up (CONTRACT §2)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How an entity list is asked for (CONTRACT §3, §6).

    ``stamps`` are paths of time stamps in the rows; ``stamp_of`` gives, per partition, the one
    that a delta filters by, always a single view: a condition over two can come back empty.
    ``parent`` is the field with the customer's key; ``integers`` are keys without quotes.
    ``linked`` is a linked entity that no record is without: a list in which all of them are empty
    does not carry it (CONTRACT §7.11).
    """

    entity: str
    keys: tuple[str, ...]
    select: tuple[str, ...]
    expand: tuple[str, ...]
    stamps: tuple[str, ...]
    stamp_of: dict[str, str]
    parent: str = ""
    integers: bool = False
    linked: str = ""


def _nested(prefix: str, *fields: str) -> tuple[str, ...]:
    return tuple(f"{prefix}/{field}" for field in fields)


_ADDRESS = ("AddressLine1", "AddressLine2", "City", "State", "PostalCode", "Country")
_STAMP = "LastModifiedDateTime"

SHAPES = {
    CUSTOMER: Shape(
        entity="Customer",
        keys=("CustomerID",),
        select=(
            "CustomerID",
            "CustomerName",
            "CustomerClass",
            "Status",
            "PriceClassID",
            "PrimaryContactID",
            _STAMP,
            *_nested(
                "MainContact", "Attention", "FirstName", "LastName", "Email", "Phone1", _STAMP
            ),
            *_nested("MainContact/Address", *_ADDRESS),
            *_nested(
                "PrimaryContact", "ContactID", "FirstName", "LastName", "Email", "Phone1", _STAMP
            ),
        ),
        expand=("MainContact", "MainContact/Address", "PrimaryContact"),
        stamps=(_STAMP, f"MainContact.{_STAMP}", f"PrimaryContact.{_STAMP}"),
        stamp_of={"": _STAMP, MAIN_CONTACT: f"MainContact/{_STAMP}"},
        linked="MainContact",
    ),
    LOCATION: Shape(
        entity="CustomerLocation",
        keys=("Customer", "LocationID"),
        select=(
            "Customer",
            "LocationID",
            "LocationName",
            "Active",
            "Default",
            _STAMP,
            *_nested("LocationContact", "Attention", "Email", "Phone1", _STAMP),
            *_nested("LocationContact/Address", *_ADDRESS),
        ),
        expand=("LocationContact", "LocationContact/Address"),
        stamps=(_STAMP, f"LocationContact.{_STAMP}"),
        stamp_of={"": _STAMP},
        parent="Customer",
        linked="LocationContact",
    ),
    CONTACT: Shape(
        entity="Contact",
        keys=("ContactID",),
        select=(
            "ContactID",
            "BusinessAccount",
            "Active",
            "FirstName",
            "LastName",
            "Email",
            "Phone1",
            _STAMP,
        ),
        expand=(),
        stamps=(_STAMP,),
        stamp_of={"": _STAMP},
        parent="BusinessAccount",
        integers=True,
    ),
}


def action_types() -> list[ActionType]:
    """Return the four extractions; the keys are the flows'."""
    return [
        _action("customer", "Customer Sync", CUSTOMER, "Customer", partitions=("", MAIN_CONTACT)),
        _action("location", "Location Sync", LOCATION, "CustomerLocation", parent=CUSTOMER),
        _action("contact", "Contact Sync", CONTACT, "Contact", parent=CUSTOMER),
        _action("inventory", "Inventory Sync", STOCK, "StorageDetailsInquiry", method="PUT"),
    ]


def _action(
    key: str,
    label: str,
    entity: str,
    path: str,
    *,
    parent: str | None = None,
    method: str = "GET",
    partitions: tuple[str, ...] = ("",),
) -> ActionType:
    return ActionType(
        key=key,
        label=label,
        entity=entity,
        direction=Direction.EXTRACT,
        endpoint="{base_url}/entity/Default/{endpoint_version}/" + path,
        method=method,
        needs=("customer",) if parent else (),
        reference=parent,
        partitions=partitions,
        hold_seconds=HOLD_SECONDS,
        read_timeout=130.0,
        max_response_mb=200,
    )
