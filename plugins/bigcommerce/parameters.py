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
TOKEN, ACCOUNT = "token", "account"
"""The ways of the parameter ``b2b_sign_in``."""

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
        help="As in B2B Edition › Settings. Independent: companies share customer groups, and the "
        "price class chooses the group. Dependent (older stores): BigCommerce makes a group for "
        "each company, and the price class chooses nothing.",
        default="independent",
        choices=(
            Choice("independent", "Independent companies"),
            Choice("dependent", "Dependent companies"),
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
        "b2b_sign_in",
        "B2B sign-in",
        Kind.CHOICE,
        help="The access token serves both APIs. Older set-ups sign in to B2B Edition with a user "
        "of its own, which BigCommerce has announced to end.",
        default=TOKEN,
        choices=(
            Choice(TOKEN, "The access token"),
            Choice(ACCOUNT, "A B2B Edition user (deprecated)"),
        ),
        advanced=True,
        sign_in=True,
    ),
    ParameterSpec(
        "b2b_email",
        "B2B user",
        help="E-mail of a backend user of B2B Edition.",
        required=True,
        max_length=200,
        advanced=True,
        sign_in=True,
        when=("b2b_sign_in", (ACCOUNT,)),
    ),
    ParameterSpec(
        "b2b_password",
        "B2B password",
        Kind.SECRET,
        help="Tried once: after a refusal the hub waits until it is changed here.",
        required=True,
        advanced=True,
        sign_in=True,
        when=("b2b_sign_in", (ACCOUNT,)),
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
