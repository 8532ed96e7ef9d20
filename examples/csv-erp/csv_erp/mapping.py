"""Default field rules: columns of the exports to canonical fields."""

from csv_erp.reading import DEFAULT_LOCATION
from hub.sdk import ActionType, FieldRule
from hub.sdk.canonical import CONTACT, CUSTOMER, LOCATION, STOCK

STATUSES = "map:open=active,blocked=on_hold,closed=inactive"
_ADDRESS = {
    "line1": "street",
    "city": "city",
    "state": "state",
    "postal_code": "postal_code",
    "country": "country",
}


def _text(target: str, column: str, *, required: bool = False, label: str = "") -> FieldRule:
    return FieldRule(target, column, ("trim",), required=required, label=label)


def _address() -> list[FieldRule]:
    return [_text(f"address.{name}", column) for name, column in _ADDRESS.items()]


def _customer() -> list[FieldRule]:
    return [
        _text("key", "number", required=True, label="Customer number"),
        _text("name", "name"),
        FieldRule("status", "status", ("trim", STATUSES)),
        _text("customer_class", "class"),
        _text("price_class", "price_class"),
        _text("email", "email"),
        _text("phone", "phone"),
        *_address(),
        _text("admin.first_name", "buyer_first_name"),
        _text("admin.last_name", "buyer_last_name"),
        _text("admin.email", "email"),
        _text("admin.phone", "phone"),
    ]


def _location() -> list[FieldRule]:
    return [
        _text("key", "key", required=True, label="Address code"),
        _text("customer", "customer"),
        _text("code", "code"),
        _text("name", "name"),
        FieldRule("active", "active", ("default:yes", "bool")),
        FieldRule("contact.first_name", "name", ("first_word",)),
        FieldRule("contact.last_name", "name", ("rest_words",)),
        *_address(),
    ]


def _contact() -> list[FieldRule]:
    return [
        _text("key", "number", required=True, label="Contact number"),
        _text("customer", "customer"),
        FieldRule("active", "active", ("default:yes", "bool")),
        _text("first_name", "first_name"),
        _text("last_name", "last_name"),
        _text("email", "email"),
        _text("phone", "phone"),
    ]


def _stock() -> list[FieldRule]:
    return [
        _text("key", "key", required=True, label="SKU"),
        _text("sku", "sku", required=True, label="SKU"),
        FieldRule("location", constant=DEFAULT_LOCATION),
        FieldRule("quantity", "quantity", ("quantity",), label="Quantity"),
    ]


def defaults(action: ActionType) -> list[FieldRule]:
    """Return the default rules of a reading."""
    rules = {CUSTOMER: _customer, LOCATION: _location, CONTACT: _contact, STOCK: _stock}
    return rules[action.entity]()
