"""The four readings: which export, which columns, which keys."""

from dataclasses import dataclass

from hub.sdk import ActionType, Direction
from hub.sdk.canonical import CONTACT, CUSTOMER, LOCATION, STOCK


@dataclass(frozen=True, slots=True)
class Export:
    """One CSV list. ``keys`` make a row's key; ``columns`` must be there."""

    name: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]


EXPORTS = {
    CUSTOMER: Export(
        "customers",
        ("number",),
        (
            "number",
            "name",
            "status",
            "class",
            "price_class",
            "email",
            "phone",
            "street",
            "city",
            "state",
            "postal_code",
            "country",
            "buyer_first_name",
            "buyer_last_name",
        ),
    ),
    LOCATION: Export(
        "addresses",
        ("customer", "code"),
        ("customer", "code", "name", "active", "street", "city", "state", "postal_code", "country"),
    ),
    CONTACT: Export(
        "contacts",
        ("number",),
        ("number", "customer", "active", "first_name", "last_name", "email", "phone"),
    ),
    STOCK: Export("stock", ("sku",), ("sku", "quantity")),
}


def action_types() -> list[ActionType]:
    """Return the four readings; the keys are the flows'."""
    return [
        _action("customer", "Customer Sync", CUSTOMER),
        _action("location", "Location Sync", LOCATION, parent=CUSTOMER),
        _action("contact", "Contact Sync", CONTACT, parent=CUSTOMER),
        _action("inventory", "Inventory Sync", STOCK),
    ]


def _action(key: str, label: str, entity: str, *, parent: str | None = None) -> ActionType:
    return ActionType(
        key=key,
        label=label,
        entity=entity,
        direction=Direction.EXTRACT,
        endpoint="{base_url}/export/" + EXPORTS[entity].name + ".csv",
        # No row says when it changed: each reading is a whole one, compared by content.
        supports_delta=False,
        default_schedule="*/30 * * * *",
        needs=("customer",) if parent else (),
        reference=parent,
    )
