"""Canonical records of the known entities, as a well-kept ERP has them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from hub.sdk.canonical import CONTACT, CUSTOMER, LOCATION, STOCK

_ADDRESS = {
    "line1": "1 Main Street",
    "line2": "",
    "city": "Austin",
    "state": "TX",
    "postal_code": "78701",
    "country": "US",
}


def _person(n: int) -> dict[str, str]:
    return {
        "first_name": "Ada",
        "last_name": f"Byron {n}",
        "email": f"kit.buyer{n}@example.com",
        "phone": f"512 555 01{n:02d}",
    }


def _customer(n: int) -> dict[str, Any]:
    return {
        "key": f"KIT{n:05d}",
        "name": f"Kit customer {n}",
        "status": "active",
        "customer_class": "DEFAULT",
        "price_class": "",
        "email": f"kit.office{n}@example.com",
        "phone": f"512 555 02{n:02d}",
        "address": _ADDRESS,
        "admin": _person(n),
        "primary_contact": "",
    }


def _location(n: int) -> dict[str, Any]:
    return {
        "key": f"KIT00001/SHIP{n}",
        "customer": "KIT00001",
        "code": f"SHIP{n}",
        "name": f"Warehouse {n}",
        "active": True,
        "default": False,
        "contact": _person(n),
        "address": _ADDRESS,
    }


def _contact(n: int) -> dict[str, Any]:
    return {"key": f"70{n:04d}", "customer": "KIT00001", "active": True, **_person(50 + n)}


def _stock(n: int) -> dict[str, Any]:
    return {
        "key": f"KIT-{n:03d}@default",
        "sku": f"KIT-{n:03d}",
        "location": "default",
        "quantity": Decimal(n),
    }


EXAMPLES: Mapping[str, Callable[[int], dict[str, Any]]] = {
    CUSTOMER: _customer,
    LOCATION: _location,
    CONTACT: _contact,
    STOCK: _stock,
}
"""Entity to the canonical record number n (1, 2 …)."""
