"""The deliveries that a store takes."""

from typing import Any

from hub.sdk import ActionType, Direction
from hub.sdk.canonical import CONTACT, CUSTOMER, LOCATION, STOCK

BULK = 10
"""Records of one bulk call of companies, users, addresses (CONTRACT §5.3)."""
ADJUSTMENTS = 2000
"""Items of one inventory adjustment (CONTRACT §5.3)."""


def _b2b(key: str, label: str, entity: str, path: str, **more: Any) -> ActionType:
    """Return a delivery to B2B Edition, in bulk calls."""
    return ActionType(
        key=key,
        label=label,
        entity=entity,
        direction=Direction.LOAD,
        endpoint="{b2b_api_url}/api/v3/io" + path,
        method="POST",
        batch_size=BULK,
        lists_changes=True,
        **more,
    )


_CHILD: dict[str, Any] = {"needs": ("customer",), "reference": CUSTOMER}

CUSTOMERS = _b2b(
    "customer",
    "Customer Sync",
    CUSTOMER,
    "/companies",
    match_on=("stamp", "email"),
    confirm_bulk=True,
    stamp_parameter="erp_id_field",
)
LOCATIONS = _b2b(
    "location",
    "Location Sync",
    LOCATION,
    "/addresses",
    match_on=("stamp",),
    matches_many=True,
    **_CHILD,
)
CONTACTS = _b2b(
    "contact",
    "Contact Sync",
    CONTACT,
    "/users",
    match_on=("email",),
    confirm_bulk=True,
    **_CHILD,
)
INVENTORY = ActionType(
    key="inventory",
    label="Inventory Sync",
    entity=STOCK,
    direction=Direction.LOAD,
    endpoint="{api_url}/stores/{store_hash}/v3/inventory/adjustments/absolute",
    method="PUT",
    batch_size=ADJUSTMENTS,
    match_on=("sku",),
    verify_after=(5.0, 15.0, 60.0),
    creates=False,
    listing_before=True,
)

ACTIONS = [CUSTOMERS, LOCATIONS, CONTACTS, INVENTORY]
