"""Preferences of the syncs, in page order, labels as the customer gave them."""

from hub.sdk import Choice, Kind, ParameterSpec
from hub.settings.spec_parts import Section, Setting, box, choices

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
            box(
                "include_locations",
                "Include Location in Data Retrieval",
                "Fetch and send locations with the customer.",
                default=True,
            ),
            ("location",),
        ),
        Setting(
            box(
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
            box(
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
                choices=choices(
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
                choices=choices(
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
                choices=choices(
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
                choices=choices(
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
            box(
                "only_enabled_customers",
                "Sync Orders only for enabled customers",
                "An order is filtered unless its customer is enabled under Records.",
                default=True,
            ),
            later="Sales Order Export",
        ),
        Setting(
            box(
                "on_first_shipment",
                "Sync Order if at least one shipment is confirmed",
                "An order becomes eligible with its first confirmed shipment.",
                default=True,
            ),
            later="Sales Order Export",
        ),
        Setting(
            box(
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
                choices=choices(existing="Only existing customers", create="Create the customer"),
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
                choices=choices(
                    store="Take the store's tax, ERP does not recalculate",
                    erp="ERP calculates the tax",
                ),
            ),
        )
    ),
    intro="How a store order becomes an ERP sales order.",
)
