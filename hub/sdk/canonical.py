"""The entities between two platforms. Mappings fill them and read them by field path.

A message stores the canonical record as JSON; these classes are its schema. Text is stripped and
may be empty; flags are booleans; quantities are Decimal, stored as text.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from typing import get_type_hints

CUSTOMER = "customer"
LOCATION = "location"
CONTACT = "contact"
STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; ``state`` and ``country`` are codes as the ERP gives them (ISO)."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to write to or to make a user of."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A buying company. ``status``: active, credit_hold, one_time, on_hold, inactive.

    ``admin`` is the primary contact if it has an e-mail, else the main contact.
    ``primary_contact`` is a key that children refer to.
    """

    key: str
    name: str = ""
    status: str = "active"
    customer_class: str = ""
    price_class: str = ""
    email: str = ""
    phone: str = ""
    address: Address = field(default_factory=Address)
    admin: Person = field(default_factory=Person)
    primary_contact: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """A ship-to address of a customer; key ``CustomerID/LocationID``, ``customer`` its customer.

    ``default``: the customer's default location, as the location itself says.
    """

    key: str
    customer: str = ""
    code: str = ""
    name: str = ""
    active: bool = True
    default: bool = False
    contact: Person = field(default_factory=Person)
    address: Address = field(default_factory=Address)


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a customer; key ``ContactID``."""

    key: str
    customer: str = ""
    active: bool = True
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class StockLevel:
    """The quantity of one SKU at one store location; key ``SKU@location``."""

    key: str
    sku: str = ""
    location: str = ""
    quantity: Decimal = Decimal(0)


ENTITIES: dict[str, type] = {
    CUSTOMER: Customer,
    LOCATION: Location,
    CONTACT: Contact,
    STOCK: StockLevel,
}

PARENT_FIELD = {LOCATION: "customer", CONTACT: "customer"}
"""Canonical field that holds the parent's key."""

PARENT_ENTITY = {LOCATION: CUSTOMER, CONTACT: CUSTOMER}

CHILD_ATTRIBUTES = {CUSTOMER: ("status", "name", "primary_contact")}
"""Fields of a parent that mappings of its children may read as ``parent.<field>``."""


def paths(entity: type, prefix: str = "") -> list[str]:
    """Return every field path of an entity: ``name``, ``address.city`` …."""
    hints = get_type_hints(entity)
    found: list[str] = []
    for item in fields(entity):
        kind = hints[item.name]
        if isinstance(kind, type) and is_dataclass(kind):
            found += paths(kind, f"{prefix}{item.name}.")
        else:
            found.append(prefix + item.name)
    return found
