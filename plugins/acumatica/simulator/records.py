"""The simulated tenant's records. Attributes carry the wire's names, so that no table of names
stands between a record and its JSON; what an instance does not carry has a constant default.
"""

from datetime import datetime
from typing import Any

KINDS = {
    "Customer": "c0",
    "CustomerLocation": "10",
    "Contact": "c7",
    "MainContact": "3a",
    "Address": "ad",
    "CustomerClass": "cc",
    "CustomerPriceClass": "9c",
    "Warehouse": "50",
    "StockItem": "17",
    "StorageDetail": "5d",
}
"""Entity to the first byte of its GUIDs."""


def guid(entity: str, number: int) -> str:
    """Return the stable ``id`` (NoteID) of a record."""
    return f"{KINDS.get(entity, 'ee')}5eed00-0000-4000-8000-{number:012x}"


class Record:
    """One record; ``number`` makes its id."""

    entity = ""

    def __init__(self, number: int, **values: Any) -> None:
        self.number = number
        self.__dict__.update(values)


class Address(Record):
    """A postal address. Its edits move no time stamp that a parent shows (CONTRACT §7.14)."""

    entity = "Address"

    def __init__(
        self, number: int, line1: str, line2: str, city: str, state: str, postal: str, country: str
    ) -> None:
        self.number = number
        self.AddressLine1 = line1
        self.AddressLine2 = line2
        self.City = city
        self.State = state
        self.PostalCode = postal
        self.Country = country


class Card(Record):
    """The contact record behind a business account or a location; not a row of ``/Contact``."""

    entity = "MainContact"

    def __init__(
        self,
        number: int,
        *,
        company: str,
        attention: str,
        email: str,
        phone: str,
        address: Address,
        modified: datetime,
    ) -> None:
        self.number = number
        self.ContactID = number
        self.CompanyName = company
        self.Attention = attention
        self.Email = email
        self.Phone1 = phone
        self.Address = address
        self.LastModifiedDateTime = modified


class Contact(Record):
    """A person at a customer: a row of ``/Contact``."""

    entity = "Contact"

    def __init__(
        self,
        number: int,
        *,
        customer: str,
        company: str,
        first: str,
        last: str,
        email: str,
        phone: str,
        title: str,
        active: bool,
        address: Address,
        modified: datetime,
    ) -> None:
        self.number = number
        self.ContactID = number
        self.BusinessAccount = customer
        self.CompanyName = company
        self.FirstName = first
        self.LastName = last
        self.Email = email
        self.Phone1 = phone
        self.JobTitle = title
        self.Active = active
        self.Address = address
        self.LastModifiedDateTime = modified


class Location(Record):
    """A ship-to location; ``LocationContact`` is the customer's own card unless overridden."""

    entity = "CustomerLocation"

    def __init__(
        self,
        number: int,
        *,
        customer: "Customer",
        code: str,
        name: str,
        active: bool,
        card: Card,
        price_class: str,
        created: datetime,
        modified: datetime,
    ) -> None:
        self.number = number
        self.owner = customer
        self.Customer = customer.CustomerID
        self.LocationID = code
        self.LocationName = name
        self.Active = active
        self.LocationContact = card
        self.PriceClass = price_class
        self.CreatedDateTime = created
        self.LastModifiedDateTime = modified


class Customer(Record):
    """A customer. Price class, tax zone and the like are fields of its default location."""

    entity = "Customer"

    def __init__(
        self,
        number: int,
        *,
        key: str,
        name: str,
        customer_class: str,
        status: str,
        currency: str,
        terms: str,
        card: Card,
        created: datetime,
        modified: datetime,
    ) -> None:
        self.number = number
        self.CustomerID = key
        self.CustomerName = name
        self.CustomerClass = customer_class
        self.Status = status
        self.CurrencyID = currency
        self.Terms = terms
        self.MainContact = card
        self.CreatedDateTime = created
        self.LastModifiedDateTime = modified
        self.DefaultLocation: Location | None = None
        self.PrimaryContact: Contact | None = None
        self.Locations: list[Location] = []
        self.Contacts: list[Contact] = []


class Stock(Record):
    """The quantities of one item in one warehouse."""

    entity = "StorageDetail"

    def __init__(
        self,
        number: int,
        sku: str,
        warehouse: str,
        *,
        on_hand: float,
        available: float,
        hard_available: float,
        modified: datetime,
    ) -> None:
        self.number = number
        self.InventoryID = sku
        self.WarehouseID = warehouse
        self.QtyOnHand = on_hand
        self.QtyAvailable = available
        self.QtyHardAvailable = hard_available
        self.LastModifiedDateofWarehouseQty = modified
