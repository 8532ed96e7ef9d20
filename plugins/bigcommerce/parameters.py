"""What a connection to a store needs to know."""

from hub.sdk import Choice, Kind, ParameterSpec

SCOPES = (
    "B2B Edition: modify, Customers: read-only, Information & settings: read-only, "
    "Store inventory: modify, Store locations: read-only"
)
"""Scopes of the store-level API account (CONTRACT §3)."""

API_URL = "https://api.bigcommerce.com"
B2B_API_URL = "https://api-b2b.bigcommerce.com"
ERP_ID_FIELD = "ERP ID"

PARAMETERS = [
    ParameterSpec(
        "store_hash",
        "Store hash",
        help="The part after /stores/ in the API path shown when the API account was made, for "
        "instance k3xq9vw2tp.",
        required=True,
        pattern=r"[A-Za-z0-9]{3,32}",
        pattern_help="letters and digits only, as in the API path after /stores/",
        max_length=32,
        sign_in=True,
    ),
    ParameterSpec(
        "access_token",
        "Access token",
        Kind.SECRET,
        help=f"Of a store-level API account with the scopes {SCOPES}. Deleting that account in "
        "the store stops every sync.",
        required=True,
        sign_in=True,
    ),
    ParameterSpec(
        "erp_id_field",
        "Extra field with the ERP id",
        help="Name of the company extra field that carries the customer number. It must be "
        "defined in the store before the first company is sent. Once companies exist, a changed "
        "name means that they are no longer recognized by it.",
        default=ERP_ID_FIELD,
        max_length=100,
        group="Companies",
    ),
    ParameterSpec(
        "company_mode",
        "Company behavior",
        Kind.CHOICE,
        help="Independent: companies share customer groups, and the price class chooses the "
        "group. Dependent (older stores): each company owns a group; not supported yet.",
        default="independent",
        choices=(
            Choice("independent", "Independent companies"),
            Choice("dependent", "Dependent companies", "not supported yet"),
        ),
        group="Companies",
    ),
    ParameterSpec(
        "channel_ids",
        "Channels of users",
        Kind.MULTI,
        help="Storefronts on which new users may sign in. None chosen = every storefront that "
        "has B2B Edition.",
        lookup="channels",
        group="Companies",
    ),
    ParameterSpec(
        "location_id",
        "Default location",
        help="Receives the stock when all warehouses are summed. Empty = the first enabled "
        "location of the store.",
        lookup="locations",
        max_length=20,
        pattern=r"\d*",
        pattern_help="the number of a location",
        group="Inventory",
    ),
    ParameterSpec(
        "api_url",
        "API URL",
        Kind.URL,
        help="Host of the core API. Changed only for tests.",
        default=API_URL,
        advanced=True,
        sign_in=True,
    ),
    ParameterSpec(
        "b2b_api_url",
        "B2B API URL",
        Kind.URL,
        help="Host of the B2B Edition API. Changed only for tests.",
        default=B2B_API_URL,
        advanced=True,
        sign_in=True,
    ),
]
