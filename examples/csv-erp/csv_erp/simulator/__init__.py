"""A simulated ERP with CSV exports, for tests, the demo and ``hub simulate csv_erp``."""

from typing import Any

from csv_erp.simulator.server import CsvErp
from hub.sdk import Clock

__all__ = ["CsvErp", "make_simulator"]


def make_simulator(
    clock: Clock, seed: int, customers: int = 40, items: int = 100, **options: Any
) -> CsvErp:
    """Return a fresh ERP with seeded data, the same for the same seed.

    Options: ``quotas`` with ``exports`` = (calls, seconds), None for no limit. There are no orders,
    so ``orders`` is of no effect.
    """
    options.pop("orders", None)
    quotas = options.pop("quotas", {"exports": (60, 60.0)})
    return CsvErp(
        clock=clock, seed=seed, customers=customers, items=items, quotas=quotas, **options
    )
