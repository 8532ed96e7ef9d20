"""How the contract kit tries each delivery against the simulated store."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hub.sdk.simulation import Sample


def _level(sim: Any, n: int) -> Mapping[str, Any]:
    """Return a stock level of a product that the store has: it takes no others."""
    sku = sim.rows("inventory")[n]["identity"]["sku"]
    return {"key": f"{sku}@default", "sku": sku, "location": "default", "quantity": Decimal(n)}


SAMPLES = {
    "load:customer": Sample(
        "companies", refused={"companyEmail": "no mail"}, refused_field="companyEmail"
    ),
    "load:location": Sample("addresses", refused={"label": "x" * 300}, refused_field="label"),
    "load:contact": Sample("users", refused={"email": "no mail"}, refused_field="email"),
    # An adjustment is refused by a sentence about its items, without a field (CONTRACT §7.7).
    "load:inventory": Sample("inventory", record=_level, refused={"quantity": -1}),
}
