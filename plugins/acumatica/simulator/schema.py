"""Which fields, linked and detail entities an entity has, and where their values come from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from plugins.acumatica.simulator.fields import FIELDS
from plugins.acumatica.simulator.records import guid

Getter = Callable[[Any], Any]


def _fields() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    name = ""
    for word in FIELDS.split():
        if word.startswith("@"):
            name = word[1:]
            found[name] = {}
        else:
            field_name, _, kind = word.partition(":")
            found[name][field_name] = kind
    return found


KINDS = _fields()

DEFAULTS: dict[str, dict[str, Any]] = {
    "Customer": {
        "ApplyOverdueCharges": False,
        "AutoApplyPayments": False,
        "BillingAddressOverride": False,
        "BillingContactOverride": False,
        "CurrencyRateType": "SPOT",
        "EnableCurrencyOverride": False,
        "EnableRateOverride": False,
        "EnableWriteOffs": False,
        "IsGuestCustomer": False,
        "MultiCurrencyStatements": False,
        "OrderPriority": 0,
        "PrintDunningLetters": False,
        "PrintInvoices": False,
        "PrintStatements": True,
        "ResidentialDelivery": False,
        "SaturdayDelivery": False,
        "SendInvoicesbyEmail": True,
        "ShippingRule": "Back Order Allowed",
        "StatementCycleID": "EOM",
        "StatementType": "Open Item",
        "CreditLimit": 0.0,
    },
    "CustomerLocation": {
        "OrderPriority": 0,
        "ResidentialDelivery": False,
        "SaturdayDelivery": False,
        "ShippingRule": "Back Order Allowed",
        "Insurance": False,
    },
    "Contact": {
        "ContactMethod": "Any",
        "Phone1Type": "Business 1",
        "Synchronize": True,
        "Type": "Contact",
        "DoNotEmail": False,
        "AddressValidated": False,
    },
    "MainContact": {"Phone1Type": "Business 1", "AddressValidated": False},
    "Address": {"Validated": False},
    "CustomerClass": {"CurrencyID": "USD", "StatementCycleID": "EOM"},
    "StockItem": {
        "BaseUOM": "EA",
        "SalesUOM": "EA",
        "PurchaseUOM": "EA",
        "ItemType": "Finished Good",
        "ItemStatus": "Active",
        "ValuationMethod": "Average",
        "TaxCategory": "TAXABLE",
        "IsAKit": False,
        "ExportToExternal": True,
    },
    "StockItemWarehouseDetail": {"Status": "Active", "IsDefault": False},
    "WarehouseLocation": {"Active": True, "SalesAllowed": True, "ReceiptsAllowed": True},
    "CreditVerificationRules": {
        "CreditVerification": "Disabled",
        "OpenOrdersBalance": 0.0,
        "UnreleasedBalance": 0.0,
    },
    "InventorySummaryRow": {"BaseUOM": "EA", "QtyNotAvailable": 0.0},
}

LOCATION_FIELDS = {
    "LocationName": "LocationName",
    "PriceClassID": "PriceClass",
    "TaxZone": "TaxZone",
    "ShipVia": "ShipVia",
    "ShippingTerms": "ShippingTerms",
    "ShippingBranch": "ShippingBranch",
    "FOBPoint": "FOBPoint",
    "WarehouseID": "Warehouse",
}
"""Fields of a customer that are kept in its default location, and their names there."""


def _of_location(name: str) -> Getter:
    return lambda row: row.DefaultLocation.__dict__.get(name)


GETTERS: dict[tuple[str, str], Getter] = {
    ("Customer", "BAccountID"): lambda r: r.number,
    ("Customer", "Email"): lambda r: r.MainContact.Email,
    **{("Customer", name): _of_location(target) for name, target in LOCATION_FIELDS.items()},
    ("Customer", "PrimaryContactID"): lambda r: r.PrimaryContact and r.PrimaryContact.ContactID,
    ("CustomerLocation", "AddressOverride"): lambda r: r.LocationContact is not r.owner.MainContact,
    ("CustomerLocation", "ContactOverride"): lambda r: r.LocationContact is not r.owner.MainContact,
    ("CustomerLocation", "Default"): lambda r: r.owner.DefaultLocation is r,
    ("CustomerLocation", "Status"): lambda r: "Active" if r.Active else "Inactive",
    ("Contact", "DisplayName"): lambda r: ", ".join(filter(None, (r.LastName, r.FirstName))),
    ("Contact", "FullName"): lambda r: r.CompanyName,
    ("Contact", "Status"): lambda r: "Active" if r.Active else "Inactive",
    ("MainContact", "DisplayName"): lambda r: r.CompanyName,
    ("MainContact", "FullName"): lambda r: r.CompanyName,
    ("StockItem", "LastModified"): lambda r: r.LastModifiedDateTime,
    ("StorageDetail", "QtyAvailableforIssue"): lambda r: r.QtyHardAvailable,
}


@dataclass(frozen=True)
class Spec:
    """An entity: its URL keys, linked entities and details (name to (entity, getter))."""

    name: str
    keys: tuple[str, ...] = ()
    linked: dict[str, tuple[str, Getter]] = field(default_factory=dict)
    details: dict[str, tuple[str, Getter]] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()

    @property
    def kinds(self) -> dict[str, str]:
        """Return the plain fields and the letters of their types."""
        return KINDS.get(self.name, {})


def _none(_row: Any) -> list[Any]:
    return []


def _details(*names: str) -> dict[str, tuple[str, Getter]]:
    return dict.fromkeys(names, ("", _none))


_STAMPS = {"NoteID", "LastModifiedDateTime", "CreatedDateTime"}
_ADDRESS = {"Address": ("Address", lambda r: r.Address)}
_ASSIGNMENTS = _details("Attributes", "RoleAssignments")

SPECS: dict[str, Spec] = {
    "Customer": Spec(
        "Customer",
        ("CustomerID",),
        linked={
            "MainContact": ("MainContact", lambda r: r.MainContact),
            "BillingContact": ("MainContact", lambda r: r.MainContact),
            "ShippingContact": ("MainContact", lambda r: r.DefaultLocation.LocationContact),
            "PrimaryContact": ("Contact", lambda r: r.PrimaryContact),
            "CreditVerificationRules": ("CreditVerificationRules", lambda r: r),
        },
        details={
            "Contacts": ("CustomerContact", lambda r: r.Contacts),
            **_details("Attributes", "PaymentInstructions", "Salespersons"),
        },
        read_only=frozenset(_STAMPS | {"BAccountID"}),
    ),
    "CustomerLocation": Spec(
        "CustomerLocation",
        ("Customer", "LocationID"),
        linked={"LocationContact": ("MainContact", lambda r: r.LocationContact)},
        details=_details("RoleAssignments"),
        read_only=frozenset(_STAMPS),
    ),
    "Contact": Spec(
        "Contact",
        ("ContactID",),
        linked=_ADDRESS,
        details={
            **_ASSIGNMENTS,
            **_details(
                "Activities",
                "Campaigns",
                "Cases",
                "Duplicates",
                "MarketingLists",
                "Notifications",
                "Opportunities",
                "Relations",
            ),
        },
        read_only=frozenset(_STAMPS | {"ContactID", "DisplayName"}),
    ),
    "MainContact": Spec("MainContact", linked=_ADDRESS, read_only=frozenset({"ContactID"})),
    "CustomerContact": Spec("CustomerContact", linked={"Contact": ("Contact", lambda r: r)}),
    "CustomerClass": Spec("CustomerClass", ("ClassID",), details=_details("Attributes")),
    "CustomerPriceClass": Spec("CustomerPriceClass", ("PriceClassID",)),
    "Warehouse": Spec(
        "Warehouse",
        ("WarehouseID",),
        details={"Locations": ("WarehouseLocation", lambda r: r.Locations)},
    ),
    "StockItem": Spec(
        "StockItem",
        ("InventoryID",),
        details={
            "WarehouseDetails": ("StockItemWarehouseDetail", lambda r: r.Stock.values()),
            **_details(
                "Attributes",
                "Boxes",
                "Categories",
                "CrossReferences",
                "ReplenishmentParameters",
                "UOMConversions",
                "VendorDetails",
                "FileURLs",
            ),
        },
        read_only=frozenset(_STAMPS | {"LastModified"}),
    ),
}

TOP_LEVEL = (
    "Customer",
    "CustomerLocation",
    "Contact",
    "CustomerClass",
    "CustomerPriceClass",
    "Warehouse",
    "StockItem",
)
"""Entities with lists of their own."""


def spec(name: str) -> Spec:
    """Return the entity's description; one without relations has none of its own."""
    return SPECS.get(name) or Spec(name)


def getter(entity: str, name: str) -> Getter:
    """Return what reads a plain field of a record of ``entity``."""
    if name == "NoteID":
        return lambda row: guid(row.entity, row.number)
    known = GETTERS.get((entity, name))
    if known is not None:
        return known
    default = DEFAULTS.get(entity, {}).get(name)
    return lambda row: row.__dict__.get(name, default)


def resolve(entity: str, path: str) -> tuple[Getter, str, str] | None:
    """Return what reads ``MainContact/Email``, its type's letter, and its view; None: no such.

    The view is the linked entity through which the path goes, empty for the record's own fields.
    """
    step, _, rest = path.partition("/")
    of = spec(entity)
    if not rest:
        kind = of.kinds.get(step)
        return None if kind is None else (getter(entity, step), kind, "")
    link = of.linked.get(step)
    if link is None:
        return None
    inner = resolve(link[0], rest)
    if inner is None:
        return None
    read, (outer, kind) = inner[0], (link[1], inner[1])

    def through(row: Any) -> Any:
        linked = outer(row)
        return None if linked is None else read(linked)

    return through, kind, step
