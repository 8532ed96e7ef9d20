"""The deliveries that a store takes."""

from hub.sdk import ActionType, Direction
from hub.sdk.canonical import CONTACT, CUSTOMER, LOCATION, STOCK

BULK = 10
"""Records of one bulk call of companies, users, addresses (CONTRACT §5.3)."""
ADJUSTMENTS = 2000
"""Items of one inventory adjustment (CONTRACT §5.3)."""

CUSTOMERS = ActionType(
    key="customer",
    label="Customer Sync",
    entity=CUSTOMER,
    direction=Direction.LOAD,
    endpoint="{b2b_api_url}/api/v3/io/companies",
    method="POST",
    batch_size=BULK,
    match_on=("stamp", "email"),
    confirm_bulk=True,
    stamp_parameter="erp_id_field",
)
LOCATIONS = ActionType(
    key="location",
    label="Location Sync",
    entity=LOCATION,
    direction=Direction.LOAD,
    endpoint="{b2b_api_url}/api/v3/io/addresses",
    method="POST",
    batch_size=BULK,
    match_on=("stamp",),
    needs=("customer",),
    reference=CUSTOMER,
)
CONTACTS = ActionType(
    key="contact",
    label="Contact Sync",
    entity=CONTACT,
    direction=Direction.LOAD,
    endpoint="{b2b_api_url}/api/v3/io/users",
    method="POST",
    batch_size=BULK,
    match_on=("email",),
    needs=("customer",),
    reference=CUSTOMER,
    confirm_bulk=True,
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
