"""The fixed settings of every connector, in page order, labels as the customer gave them."""

from dataclasses import dataclass

from hub.sdk import Choice, Kind, ParameterSpec


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a section. ``used_by``: flow keys that read it now; ``later``: else, which will."""

    spec: ParameterSpec
    used_by: tuple[str, ...] = ()
    later: str = ""

    @property
    def note(self) -> str:
        """The sentence shown at a field that no flow reads yet."""
        return f"Used by {self.later}, a later sync." if self.later else ""


@dataclass(frozen=True, slots=True)
class Section:
    """A card of the Connector Configuration page. ``store`` = section of the Preference table."""

    key: str
    label: str
    menu: str
    store: str
    settings: tuple[Setting, ...]
    intro: str = ""
    note: str = ""


def _choices(**labels: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, label) for value, label in labels.items())


def _box(name: str, label: str, help: str, default: bool) -> ParameterSpec:
    return ParameterSpec(name, label, Kind.BOOL, help, default=default)


CUSTOMER = Section(
    "customer_sync",
    "Customer Sync Preferences",
    "Customer sync",
    "preferences",
    (
        Setting(
            ParameterSpec(
                "customer_classes",
                "Customer Class",
                Kind.MULTI,
                "Only customers of ticked classes are synced. With none ticked, no customer is.",
                default=(),
                lookup="customer_classes",
            ),
            ("customer", "location", "contact"),
        ),
        Setting(
            _box(
                "include_locations",
                "Include Location in Data Retrieval",
                "Fetch and send locations with the customer.",
                default=True,
            ),
            ("location",),
        ),
        Setting(
            _box(
                "include_contacts",
                "Include Contacts in Data Retrieval",
                "Fetch and send contacts with the customer.",
                default=True,
            ),
            ("contact",),
        ),
        Setting(
            ParameterSpec(
                "contact_role",
                "Contact role",
                Kind.CHOICE,
                "The role in the store of contacts who are not their company's primary contact.",
                default="2",
                choices=(
                    Choice("0", "Admin"),
                    Choice("1", "Senior buyer"),
                    Choice("2", "Junior buyer"),
                ),
            ),
            ("contact",),
        ),
        Setting(
            _box(
                "send_welcome_email",
                "Send welcome e-mail",
                "The store mails each new buyer. While this is off, no buyer gets a mail from it.",
                default=False,
            ),
            ("customer", "contact"),
        ),
    ),
)

INVENTORY = Section(
    "inventory_sync",
    "Inventory Sync Preferences",
    "Inventory sync",
    "preferences",
    (
        Setting(
            ParameterSpec(
                "warehouses",
                "Warehouses Management",
                Kind.TABLE,
                "Which warehouses make up the quantity that the store shows.",
                default="default",
                choices=_choices(
                    default="Default (all warehouses, summed)",
                    specific="Specific warehouses, summed",
                    mapped="Warehouse to store location",
                ),
                lookup="warehouses",
            ),
            ("inventory",),
        ),
        Setting(
            ParameterSpec(
                "sync_qty",
                "Sync Qty.",
                Kind.CHOICE,
                "Which quantity of the ERP the store shows.",
                default="available",
                choices=_choices(
                    available="Available",
                    available_for_shipping="Available for Shipping",
                    on_hand="On Hand",
                ),
            ),
            ("inventory",),
        ),
        Setting(
            ParameterSpec(
                "price_source",
                "Price source",
                Kind.CHOICE,
                "Where the price of a product comes from.",
                default="default_price",
                choices=_choices(
                    default_price="Default price",
                    base_price="Base sales price",
                    price_class="Price of the customer price class",
                ),
            ),
            later="Price List Sync",
        ),
        Setting(
            ParameterSpec(
                "safety_stock",
                "Safety stock",
                Kind.NUMBER,
                "Held back from every quantity sent.",
                default=0,
                minimum=0,
                maximum=1_000_000,
                unit="units",
            ),
            ("inventory",),
        ),
        Setting(
            ParameterSpec(
                "out_of_stock",
                "When out of stock",
                Kind.CHOICE,
                "What happens to a product in the store when nothing is left of it.",
                default="nothing",
                choices=_choices(
                    nothing="Do nothing",
                    hide="Hide the product",
                    not_purchasable="Show it, not purchasable",
                ),
            ),
            later="Product Sync",
        ),
    ),
)

ORDER = Section(
    "order_sync",
    "Order Sync Preferences",
    "Order sync",
    "preferences",
    (
        Setting(
            ParameterSpec(
                "order_types",
                "Order Types To (sync)",
                Kind.MULTI,
                "ERP orders of ticked types go to the store. With none ticked, no order does.",
                default=(),
                lookup="order_types",
            ),
            later="Sales Order Export",
        ),
        Setting(
            _box(
                "only_enabled_customers",
                "Sync Orders only for enabled customers",
                "An order is filtered unless its customer is enabled under Records.",
                default=True,
            ),
            later="Sales Order Export",
        ),
        Setting(
            _box(
                "on_first_shipment",
                "Sync Order if at least one shipment is confirmed",
                "An order becomes eligible with its first confirmed shipment.",
                default=True,
            ),
            later="Sales Order Export",
        ),
        Setting(
            _box(
                "on_zero_balance",
                "Orders with Unpaid Balance for Sync changes to Zero",
                "An order becomes eligible, or eligible again, when its unpaid balance reaches zero.",
                default=True,
            ),
            later="Sales Order Export",
        ),
    ),
    note=(
        "An order is sent when either of the last two conditions is met. With both off, every "
        "order is eligible."
    ),
)

ORDER_IMPORT = Section(
    "order_import",
    "Order import",
    "Order import",
    "preferences",
    tuple(
        Setting(spec, later="Order Import")
        for spec in (
            ParameterSpec(
                "import_order_type",
                "Order type in the ERP",
                Kind.CHOICE,
                "The type that a store order gets in the ERP.",
                default="",
                lookup="order_types",
            ),
            ParameterSpec(
                "import_branch",
                "Branch",
                Kind.CHOICE,
                "The branch that imported orders belong to. Empty = the branch of the sign-in.",
                default="",
                lookup="branches",
            ),
            ParameterSpec(
                "guest_customer",
                "Guest customer",
                Kind.TEXT,
                "The ERP customer that takes orders of buyers without a company.",
                default="",
                max_length=30,
            ),
            ParameterSpec(
                "new_customers",
                "New customers",
                Kind.CHOICE,
                "What happens to an order whose buyer is not in the ERP yet.",
                default="existing",
                choices=_choices(existing="Only existing customers", create="Create the customer"),
            ),
            ParameterSpec(
                "new_customer_class",
                "Class of new customers",
                Kind.CHOICE,
                "The class that a created customer gets.",
                default="",
                lookup="customer_classes",
            ),
            ParameterSpec(
                "earliest_order_date",
                "Earliest order date",
                Kind.TEXT,
                "Older store orders are never imported.",
                default="",
                pattern=r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
                pattern_help="must be a date like 2026-11-24",
            ),
            ParameterSpec(
                "store_time_zone",
                "Store time zone",
                Kind.TEXT,
                "Turns the store's order times into the ERP's dates.",
                default="UTC",
            ),
            ParameterSpec(
                "tax_handling",
                "Tax handling",
                Kind.CHOICE,
                "Whose tax stands on the imported order.",
                default="store",
                choices=_choices(
                    store="Take the store's tax, ERP does not recalculate",
                    erp="ERP calculates the tax",
                ),
            ),
        )
    ),
    intro="How a store order becomes an ERP sales order.",
)

SHIPMENT = Section(
    "shipment_trigger",
    "Shipment Sync Trigger",
    "Shipment trigger",
    "preferences",
    (
        Setting(
            ParameterSpec(
                "shipment_trigger",
                "Send a shipment",
                Kind.CHOICE,
                "When a shipment of the ERP goes to the store.",
                default="confirmation",
                choices=(
                    Choice(
                        "confirmation",
                        "On shipment confirmation",
                        "As soon as the shipment is confirmed.",
                    ),
                    Choice(
                        "invoice_release",
                        "On invoice release",
                        "When the invoice of the shipment is released.",
                    ),
                ),
            ),
            later="Shipment Sync",
        ),
    ),
)

ALL_FLOWS = ("customer", "location", "contact", "inventory")

MESSAGES = Section(
    "message_processing",
    "Message Processing Settings",
    "Message processing",
    "messages",
    tuple(
        Setting(spec, ALL_FLOWS)
        for spec in (
            ParameterSpec(
                "retry_count",
                "Retry Count",
                Kind.NUMBER,
                "Attempts before a message is parked, 0 to 50.",
                default=5,
                minimum=0,
                maximum=50,
            ),
            ParameterSpec(
                "retry_interval",
                "Retry Interval",
                Kind.NUMBER,
                "First delay. It doubles with each attempt, up to 6 hours.",
                default=5,
                minimum=1,
                maximum=360,
                unit="minutes",
            ),
            _box(
                "batch",
                "Enable Batch Mode",
                "Group waiting messages of a sync into fewer API calls.",
                default=True,
            ),
            ParameterSpec(
                "threshold_count",
                "Threshold Count",
                Kind.NUMBER,
                "Up to this many waiting messages go one by one; above it they are grouped.",
                default=25,
                minimum=0,
                maximum=100_000,
            ),
            ParameterSpec(
                "batch_count",
                "Batch Count",
                Kind.NUMBER,
                "Records per API call. Empty means the vendor's maximum; a larger number is "
                "capped at each sync's own limit.",
                minimum=1,
                maximum=10_000,
            ),
        )
    ),
)

LOGGING = Section(
    "logging",
    "Logging",
    "Logging",
    "logging",
    tuple(
        Setting(
            _box(name, label, f"Keep {label.lower()} lines in the connector log.", on), ALL_FLOWS
        )
        for name, label, on in (
            ("info", "Info", True),
            ("error", "Error", True),
            ("warning", "Warning", False),
            ("debug", "Debug", False),
        )
    ),
)

SECTIONS = (CUSTOMER, INVENTORY, ORDER, ORDER_IMPORT, SHIPMENT, MESSAGES, LOGGING)

PREFERENCES = tuple(s for section in SECTIONS[:5] for s in section.settings)


def specs_of(store: str) -> list[ParameterSpec]:
    """Return the specs kept in one section of the Preference table: preferences, messages, logging."""
    return [s.spec for section in SECTIONS if section.store == store for s in section.settings]


CONNECTION_SPECS = (
    ParameterSpec(
        "quota_share",
        "Quota share",
        Kind.NUMBER,
        "The part of the vendor's quota that the hub may use. The rest is left to other apps.",
        default=90,
        minimum=1,
        maximum=100,
        unit="percent",
        group="Advanced",
        advanced=True,
    ),
    ParameterSpec(
        "hold_seconds",
        "Hold",
        Kind.NUMBER,
        "How long a create whose end is not known is held before it is looked for. Empty = the "
        "sync's own time.",
        minimum=1,
        maximum=86_400,
        unit="seconds",
        group="Advanced",
        advanced=True,
    ),
    ParameterSpec(
        "overlap_seconds",
        "Overlap",
        Kind.NUMBER,
        "How far each reading goes back before the point where the last one ended.",
        default=300,
        minimum=0,
        maximum=86_400,
        unit="seconds",
        group="Advanced",
        advanced=True,
    ),
    ParameterSpec(
        "lag_seconds",
        "Lag",
        Kind.NUMBER,
        "How much of the newest time a reading does not count as read, for changes still being "
        "saved.",
        default=60,
        minimum=0,
        maximum=3_600,
        unit="seconds",
        group="Advanced",
        advanced=True,
    ),
)
"""Offered for every plugin; plugins do not define these names."""

GENERIC = frozenset(spec.name for spec in CONNECTION_SPECS)
