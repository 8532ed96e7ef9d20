"""The records of one tenant, by key and by id."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from plugins.acumatica.simulator import names
from plugins.acumatica.simulator.records import (
    KINDS,
    Address,
    Card,
    Contact,
    Customer,
    Location,
    Record,
    Stock,
    guid,
)
from plugins.acumatica.simulator.schema import TOP_LEVEL

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class World:
    """Tables of a tenant. Rows keep the order in which they came, which is no order of time."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[str, ...], Any]] = {name: {} for name in TOP_LEVEL}
        self.stock: dict[tuple[str, str], Stock] = {}
        self._numbers: dict[tuple[str, int], tuple[str, ...]] = {}
        self._next = 0

    def number(self) -> int:
        """Return a number that no record has."""
        self._next += 1
        return self._next

    def add(self, entity: str, key: tuple[str, ...], row: Any) -> None:
        """Put a record into its table."""
        self.tables[entity][key] = row
        self._numbers[entity, row.number] = key

    def find(self, entity: str, key: tuple[str, ...]) -> Any | None:
        """Return a record by its URL keys; keys match whatever their case."""
        table = self.tables[entity]
        return table.get(key) or table.get(tuple(part.strip().upper() for part in key))

    def by_id(self, entity: str, text: str) -> Any | None:
        """Return a record by its ``id``."""
        lower = text.lower()
        if _GUID.fullmatch(lower) is None or lower[:2] != KINDS.get(entity):
            return None
        number = int(lower[-12:], 16)
        key = self._numbers.get((entity, number))
        row = None if key is None else self.tables[entity].get(key)
        return row if row is not None and guid(entity, number) == lower else None

    def rows(self, entity: str) -> Iterable[Any]:
        """Return all records of an entity."""
        return self.tables[entity].values()

    def remove(self, entity: str, key: tuple[str, ...]) -> None:
        """Delete a record, and with a customer its locations and contacts."""
        row = self.tables[entity].pop(key)
        self._numbers.pop((entity, row.number), None)
        if isinstance(row, Customer):
            for location in row.Locations:
                self.remove("CustomerLocation", (row.CustomerID, location.LocationID))
            for contact in row.Contacts:
                self.remove("Contact", (str(contact.ContactID),))
        elif isinstance(row, Location):
            row.owner.Locations = [x for x in row.owner.Locations if x is not row]
        elif isinstance(row, Contact):
            self._forget_contact(row)

    def _forget_contact(self, row: Contact) -> None:
        customer = self.find("Customer", (row.BusinessAccount,))
        if customer is None:
            return
        customer.Contacts = [x for x in customer.Contacts if x is not row]
        if customer.PrimaryContact is row:
            customer.PrimaryContact = None

    # -- making records -------------------------------------------------------------------------

    def address(self, *lines: str) -> Address:
        """Make an address of line 1, line 2, city, state, postal code and country."""
        return Address(self.number(), *(*lines, "", "", "", "", "", "")[:6])

    def card(self, company: str, address: Address, modified: datetime, **values: str) -> Card:
        """Make the contact record of an account: attention, email, phone."""
        return Card(
            self.number(),
            company=company,
            attention=values.get("attention", ""),
            email=values.get("email", ""),
            phone=values.get("phone", ""),
            address=address,
            modified=modified,
        )

    def add_customer(self, key: str, card: Card, **values: Any) -> Customer:
        """Make a customer with its main location, as the system does."""
        price_class = values.pop("price_class", "")
        row = Customer(self.number(), key=key, card=card, **values)
        self.add("Customer", (key,), row)
        row.DefaultLocation = self.add_location(
            row,
            "MAIN",
            "Primary Location",
            card,
            price_class=price_class,
            created=row.CreatedDateTime,
            modified=row.CreatedDateTime,
        )
        return row

    def add_location(
        self, customer: Customer, code: str, name: str, card: Card, **values: Any
    ) -> Location:
        """Make a location of a customer."""
        active = values.pop("active", True)
        row = Location(
            self.number(),
            customer=customer,
            code=code,
            name=name,
            card=card,
            active=active,
            **values,
        )
        customer.Locations.append(row)
        self.add("CustomerLocation", (customer.CustomerID, code), row)
        return row

    def add_contact(self, customer: Customer | None, address: Address, **values: Any) -> Contact:
        """Make a person, of a customer or of nobody."""
        number = values.pop("number", None) or self.number()
        self._next = max(self._next, number)
        row = Contact(
            number,
            customer=customer.CustomerID if customer else "",
            company=customer.CustomerName if customer else "",
            address=address,
            **values,
        )
        if customer is not None:
            customer.Contacts.append(row)
        self.add("Contact", (str(row.ContactID),), row)
        return row

    def add_stock(self, row: Stock) -> None:
        """Put a stock row in place; its item has to be there."""
        self.stock[row.InventoryID, row.WarehouseID] = row
        self.tables["StockItem"][row.InventoryID,].Stock[row.WarehouseID] = row


def _table(world: World, entity: str, key: str, **values: Any) -> None:
    row = Record(world.number(), **values)
    row.entity = entity
    world.add(entity, (key,), row)


def seed_lookups(world: World, moment: datetime) -> None:
    """Fill in classes, price classes and warehouses."""
    dated = {"CreatedDateTime": moment, "LastModifiedDateTime": moment}
    for key, text, _ in names.CUSTOMER_CLASSES:
        _table(world, "CustomerClass", key, ClassID=key, Description=text, Terms="30D", **dated)
    for key, text in names.PRICE_CLASSES:
        _table(world, "CustomerPriceClass", key, PriceClassID=key, Description=text, **dated)
    for key, text, active in names.WAREHOUSES:
        places = [Record(world.number(), LocationID=x, Description=x) for x in ("MAIN", "RECEIVE")]
        for place in places:
            place.entity = "WarehouseLocation"
        _table(
            world,
            "Warehouse",
            key,
            WarehouseID=key,
            Description=text,
            Active=active,
            LastModifiedDateTime=moment,
            Locations=places,
        )


def add_item(world: World, key: str, **values: Any) -> Any:
    """Make a stock item without quantities."""
    row = Record(world.number(), InventoryID=key, Stock={}, **values)
    row.entity = "StockItem"
    world.add("StockItem", (key,), row)
    return row
