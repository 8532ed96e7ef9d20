"""Default field rules: native records of Acumatica to canonical records (FIRST-FLOWS)."""

from hub.sdk import ActionType, FieldRule
from hub.sdk.canonical import CONTACT, CUSTOMER, LOCATION, STOCK

STATUSES = (
    "map:Active=active,Credit Hold=credit_hold,One-Time=one_time,One-time=one_time,"
    "On Hold=on_hold,Inactive=inactive"
)
_ADDRESS = {
    "line1": "AddressLine1",
    "line2": "AddressLine2",
    "city": "City",
    "state": "State",
    "postal_code": "PostalCode",
    "country": "Country",
}


def _text(target: str, *sources: str, required: bool = False, label: str = "") -> FieldRule:
    source = sources[0] if len(sources) == 1 else sources
    return FieldRule(target, source, ("trim",), required=required, label=label)


def _address(prefix: str) -> list[FieldRule]:
    return [
        _text(f"address.{name}", f"{prefix}.Address.{native}") for name, native in _ADDRESS.items()
    ]


def _active() -> FieldRule:
    # Absent means active: a field that a role may not see must not delete anything.
    return FieldRule("active", "Active", ("default:true", "bool"))


def _customer() -> list[FieldRule]:
    return [
        _text("key", "CustomerID", required=True, label="Customer ID"),
        _text("name", "CustomerName"),
        FieldRule("status", "Status", ("trim", STATUSES)),
        _text("customer_class", "CustomerClass"),
        _text("price_class", "PriceClassID"),
        _text("email", "PrimaryContact.Email", "MainContact.Email"),
        _text("phone", "PrimaryContact.Phone1", "MainContact.Phone1"),
        *_address("MainContact"),
        _text("admin.first_name", "Admin.FirstName"),
        _text("admin.last_name", "Admin.LastName"),
        _text("admin.email", "Admin.Email"),
        _text("admin.phone", "Admin.Phone1"),
        _text("primary_contact", "PrimaryContactID", "PrimaryContact.ContactID"),
    ]


def _location() -> list[FieldRule]:
    name = ("LocationContact.Attention", "LocationName", "LocationID")
    return [
        _text("key", "Key", required=True, label="Location ID"),
        _text("customer", "Customer"),
        _text("code", "LocationID"),
        _text("name", "LocationName", "LocationID"),
        _active(),
        FieldRule("default", "Default", ("bool",)),
        FieldRule("contact.first_name", name, ("first_word",)),
        FieldRule("contact.last_name", name, ("rest_words",)),
        _text("contact.email", "LocationContact.Email"),
        _text("contact.phone", "LocationContact.Phone1"),
        *_address("LocationContact"),
    ]


def _contact() -> list[FieldRule]:
    return [
        _text("key", "ContactID", required=True, label="Contact ID"),
        _text("customer", "BusinessAccount"),
        _active(),
        _text("first_name", "FirstName"),
        _text("last_name", "LastName"),
        _text("email", "Email"),
        _text("phone", "Phone1"),
    ]


def _stock() -> list[FieldRule]:
    return [
        _text("key", "key", required=True, label="Inventory ID"),
        _text("sku", "sku", required=True, label="Inventory ID"),
        _text("location", "location"),
        FieldRule("quantity", "quantities", ("quantity",)),
    ]


def defaults(action: ActionType) -> list[FieldRule]:
    """Return the default rules of an action."""
    rules = {CUSTOMER: _customer, LOCATION: _location, CONTACT: _contact, STOCK: _stock}
    return rules[action.entity]()
