"""Changes to records, and which time stamps they move (CONTRACT §7.14).

A customer's stamp moves with its own fields only. The main contact and the location contacts have
stamps of their own, addresses move none that a parent shows, and price class, tax zone, ship via
and warehouse of a customer are fields of its default location.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plugins.acumatica.simulator.records import Address, Card, Contact, Customer, Location
from plugins.acumatica.simulator.schema import LOCATION_FIELDS, getter, spec
from plugins.acumatica.simulator.wire import convert, unwrap
from plugins.acumatica.simulator.world import World

_OVERRIDES = {"AddressOverride", "ContactOverride", "OverrideAccountAddress"}


@dataclass(slots=True)
class Edit:
    """One edit: ``changed`` tells whether anything differs, ``errors`` maps field path to text.

    ``forgotten`` are fields that are accepted and not kept (fault ``drop_field``).
    """

    world: World
    moment: datetime
    forgotten: frozenset[str] = frozenset()
    changed: bool = False
    errors: dict[str, str] = field(default_factory=dict)

    def apply(self, row: Any, payload: Mapping[str, Any]) -> None:
        """Write a payload, wrapped or bare, into a record; unknown fields are dropped."""
        entity = row.entity
        own = False
        of = spec(entity)
        for name, value in _bound(entity, payload):
            if name in self.forgotten or name in of.read_only:
                continue
            if name in of.linked:
                if isinstance(value, Mapping):
                    self._linked(row, name, value)
                continue
            kind = of.kinds.get(name)
            if kind is None or name in _OVERRIDES:
                continue
            try:
                own |= self._field(row, name, convert(kind, unwrap(value)))
            except (ValueError, TypeError):
                self.errors[name] = f"'{unwrap(value)}' is not a valid value of {name}."
        if own:
            self.touch(row)

    def touch(self, row: Any) -> None:
        """Move the stamp of a record."""
        self.changed = True
        name = "LastModifiedDateofWarehouseQty" if row.entity == "StorageDetail" else ""
        setattr(row, name or "LastModifiedDateTime", self.moment)

    def _field(self, row: Any, name: str, value: Any) -> bool:
        """Set one field; True when it is a field of the record's own and differs."""
        special = _SPECIAL.get((row.entity, name))
        if special is not None:
            return bool(special(self, row, value))
        return self.set(row, name, value)

    def set(self, row: Any, name: str, value: Any) -> bool:
        """Set a plain field; True when it differs. An emptied flag is a cleared one."""
        before = getter(row.entity, name)(row)
        if (before or None) == (value or None) and not isinstance(before, bool):
            return False
        if isinstance(before, bool) and before is bool(value):
            return False
        setattr(row, name, bool(value) if isinstance(before, bool) else value)
        self.changed = True
        return True

    def _linked(self, row: Any, name: str, value: Mapping[str, Any]) -> None:
        if name == "Address":
            self._address(row, value)
        elif name in ("MainContact", "BillingContact"):
            self.apply(row.MainContact, value)
        elif name == "ShippingContact":
            self.apply(_own_card(self.world, row.DefaultLocation), value)
        elif name == "LocationContact":
            self.apply(_own_card(self.world, row), value)
        elif name == "PrimaryContact" and row.PrimaryContact is not None:
            self.apply(row.PrimaryContact, value)

    def _address(self, row: Any, value: Mapping[str, Any]) -> None:
        if isinstance(row, Contact):
            row.Address = _copied(self.world, row.Address)
        for name, text in _bound("Address", value):
            if name not in self.forgotten and name in spec("Address").kinds:
                self.set(row.Address, name, unwrap(text))


def _bound(entity: str, payload: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Bind the members of a payload to field names, whatever their case."""
    of = spec(entity)
    known = {name.lower(): name for name in (*of.kinds, *of.linked)}
    return [
        (known[str(name).lower()], value)
        for name, value in payload.items()
        if str(name).lower() in known
    ]


def _own_card(world: World, location: Location) -> Card:
    """Return the location's contact, no longer shared with the customer."""
    card, owner = location.LocationContact, location.owner
    if card is owner.MainContact and location is not owner.DefaultLocation:
        card = Card(
            world.number(),
            company=card.CompanyName,
            attention=card.Attention,
            email=card.Email,
            phone=card.Phone1,
            address=_copied(world, card.Address),
            modified=card.LastModifiedDateTime,
        )
        location.LocationContact = card
    return card


def _copied(world: World, address: Address) -> Address:
    a = address
    return Address(
        world.number(), a.AddressLine1, a.AddressLine2, a.City, a.State, a.PostalCode, a.Country
    )


def _customer_name(edit: Edit, row: Customer, value: Any) -> bool:
    differs = edit.set(row, "CustomerName", value or "")
    if differs:
        row.MainContact.CompanyName = row.CustomerName
    return differs


def _customer_email(edit: Edit, row: Customer, value: Any) -> bool:
    if edit.set(row.MainContact, "Email", value):
        edit.touch(row.MainContact)
    return False


def _primary_contact(_edit: Edit, row: Customer, value: Any) -> bool:
    before = row.PrimaryContact
    row.PrimaryContact = next((c for c in row.Contacts if c.ContactID == value), None)
    return row.PrimaryContact is not before


def _location_active(edit: Edit, row: Location, value: Any) -> bool:
    active = value == "Active" if isinstance(value, str) else bool(value)
    return edit.set(row, "Active", active)


def _location_default(edit: Edit, row: Location, value: Any) -> bool:
    if not value or row.owner.DefaultLocation is row:
        return False
    row.owner.DefaultLocation = row
    # Which location is the default is kept in the account.
    edit.touch(row.owner)
    return True


def _account(edit: Edit, row: Contact, value: Any) -> bool:
    if (value or "") == row.BusinessAccount:
        return False
    before = edit.world.find("Customer", (row.BusinessAccount,))
    after = edit.world.find("Customer", (value or "",))
    if value and after is None:
        edit.errors["BusinessAccount"] = (
            f"Business Account '{value}' cannot be found in the system."
        )
        return False
    if before is not None:
        before.Contacts = [c for c in before.Contacts if c is not row]
        before.PrimaryContact = None if before.PrimaryContact is row else before.PrimaryContact
    if after is not None:
        after.Contacts.append(row)
        if not row.Address.AddressLine1:
            row.Address = after.MainContact.Address
    row.BusinessAccount = after.CustomerID if after is not None else ""
    row.CompanyName = after.CustomerName if after is not None else ""
    return True


def _ignored(_edit: Edit, _row: Any, _value: Any) -> bool:
    return False


def _of_location(name: str) -> Any:
    target = LOCATION_FIELDS[name]

    def write(edit: Edit, row: Customer, value: Any) -> bool:
        location = row.DefaultLocation
        if location is not None and edit.set(location, target, value):
            edit.touch(location)
        return False

    return write


_SPECIAL: dict[tuple[str, str], Any] = {
    ("Customer", "CustomerName"): _customer_name,
    ("Customer", "Email"): _customer_email,
    ("Customer", "PrimaryContactID"): _primary_contact,
    ("Customer", "CustomerID"): _ignored,
    ("CustomerLocation", "Active"): _location_active,
    ("CustomerLocation", "Status"): _location_active,
    ("CustomerLocation", "Default"): _location_default,
    ("CustomerLocation", "Customer"): _ignored,
    ("CustomerLocation", "LocationID"): _ignored,
    ("Contact", "BusinessAccount"): _account,
    ("Contact", "Status"): _location_active,
    ("StockItem", "InventoryID"): _ignored,
    ("StorageDetail", "InventoryID"): _ignored,
    ("StorageDetail", "WarehouseID"): _ignored,
    **{("Customer", name): _of_location(name) for name in LOCATION_FIELDS},
}
