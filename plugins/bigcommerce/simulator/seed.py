"""The store as the demo finds it: groups, channels, catalog, a few earlier customers."""

from typing import Any

from hub.sdk import Rng
from plugins.bigcommerce.simulator.backdoor import extra_field
from plugins.bigcommerce.simulator.context import Context

GROUPS = ("Wholesale", "Retail", "VIP", "Distributors", "Trade")
NAMES = (
    "Alder",
    "Birch",
    "Cobalt",
    "Dune",
    "Ember",
    "Flint",
    "Granite",
    "Harbor",
    "Ivy",
    "Juniper",
)
TRADES = ("Supply", "Hardware", "Builders", "Tools", "Electric", "Plumbing", "Outfitters", "Depot")
GOODS = (
    "Hex bolt",
    "Work glove",
    "Cable tie",
    "Paint roller",
    "Pipe clamp",
    "Drill bit",
    "Sealant",
)
MISSING_EVERY = 13
"""Every 13th item of the ERP is not in the store."""
OWN_ITEMS = 10
OLDEST, YOUNGEST = 3 * 365 * 86_400, 7 * 86_400
"""How long ago, in seconds, the first and the last earlier company were made."""
PAIR_EVERY = 20
"""Of every 20 items, the 7th and 8th are two variants of one product."""


def sku(number: int) -> str:
    """Return the SKU that the ERP and the store share for item ``number`` (from 1)."""
    return f"WH-{number:05d}"


def plant(
    context: Context, *, seed: int, shoppers: int, items: int, companies: int, erp_field: str | None
) -> None:
    """Fill an empty store. ``companies`` stand there already and have no ERP key."""
    state = context.state
    for name in GROUPS:
        state.new_group(name)
    for number, (core, name) in enumerate(((1, "Main storefront"), (1000124, "Dealer portal"))):
        state.channels.append(_channel(88_101 + number, core, name))
    if erp_field is not None:
        state.extra_fields[erp_field] = extra_field(erp_field, 1)
    state.stock.add_location(1, "BC-LOCATION-1", "Default location")
    state.stock.add_location(2, "BC-LOCATION-2", "East warehouse")
    rng = Rng(seed)
    _catalog(context, rng, items)
    state.age = OLDEST
    for number in range(1, shoppers + 1):
        state.new_customer(
            {
                "email": f"shopper{number}@mail.example",
                "first_name": rng.random.choice(NAMES),
                "last_name": f"Shopper {number}",
            }
        )
    for number in range(1, companies + 1):
        state.age = OLDEST - (OLDEST - YOUNGEST) * number // companies
        _company(context, rng, number)
    state.age = 0


def _catalog(context: Context, rng: Rng, items: int) -> None:
    stock = context.state.stock
    number = 1
    while number <= items:
        pair = number % PAIR_EVERY == 7 and number < items
        numbers = [n for n in ((number, number + 1) if pair else (number,)) if n % MISSING_EVERY]
        if numbers:
            name = f"{rng.random.choice(GOODS)} {number}"
            price = rng.random.randrange(199, 24_999) / 100
            stock.add_product(name, [sku(n) for n in numbers], price)
        number += 2 if pair else 1
    for own in range(1, OWN_ITEMS + 1):
        stock.add_product(f"Gift card {own}", [f"STORE-ONLY-{own:02d}"], 25.0, quantity=own)


def _company(context: Context, rng: Rng, number: int) -> None:
    state = context.state
    name = f"{rng.random.choice(NAMES)} {rng.random.choice(TRADES)} {number}"
    email = f"office{number}@earlier.example"
    item = {
        "companyName": name,
        "companyEmail": email,
        "companyPhone": f"312-555-{number % 10_000:04d}",
        "addressLine1": f"{number} Lake Street",
        "city": "Chicago",
        "state": "Illinois",
        "country": "United States",
        "zipCode": "60601",
    }
    row = state.new_company(item, 0)
    user, _ = state.new_user(
        {
            "firstName": "Office",
            "lastName": name,
            "email": email,
            "role": 0,
            "companyId": row.id,
            "channelIds": [1],
        }
    )
    row.data["customer"] = user.data["customerId"]
    state.changed(state.companies, row)


def _channel(number: int, core: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "channelId": core,
        "name": name,
        "type": "storefront",
        "platform": "bigcommerce",
        "status": "active",
        "site": f"https://{name.lower().replace(' ', '-')}.example",
        "isVisible": True,
        "isEnabled": True,
        "iconUrl": "",
        "b2bEnabled": True,
        "allowGlobalLogins": False,
        "createdAt": "2024-02-05T09:00:00Z",
        "updatedAt": "2024-02-05T09:00:00Z",
    }


def store_card(store_hash: str, seed: int) -> dict[str, Any]:
    """Return what ``GET /v2/store`` tells (CONTRACT §7.11)."""
    return {
        "id": store_hash,
        "account_uuid": f"8d4d492f-17a1-4d95-b396-{seed % 10**12:012d}",
        "domain": "lakeside-wholesale.example",
        "secure_url": "https://lakeside-wholesale.example",
        "control_panel_base_url": f"https://store-{store_hash}.mybigcommerce.example",
        "status": "live",
        "name": "Lakeside Wholesale",
        "first_name": "Dana",
        "last_name": "Reyes",
        "address": "400 Lake Street, Chicago",
        "country": "United States",
        "country_code": "US",
        "phone": "312-555-0100",
        "admin_email": "dana@lakeside-wholesale.example",
        "order_email": "orders@lakeside-wholesale.example",
        "timezone": {
            "name": "America/Chicago",
            "raw_offset": -21600,
            "dst_offset": -18000,
            "dst_correction": True,
            "date_format": {"display": "M jS Y", "export": "M jS Y", "extended_display": "M jS Y"},
        },
        "language": "en",
        "currency": "USD",
        "currency_symbol": "$",
        "decimal_separator": ".",
        "thousands_separator": ",",
        "decimal_places": 2,
        "currency_symbol_location": "left",
        "weight_units": "LBS",
        "dimension_units": "Inches",
        "dimension_decimal_places": 2,
        "plan_name": "Enterprise",
        "plan_level": "Enterprise",
        "plan_is_trial": False,
        "is_price_entered_with_tax": False,
        "store_id": 1002345678,
        "default_channel_id": 1,
        "default_site_id": 1000,
        "features": {"checkout_type": "optimized", "multi_storefront_enabled": True},
    }
