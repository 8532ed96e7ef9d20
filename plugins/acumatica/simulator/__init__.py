"""A simulated Acumatica instance for tests, the demo and ``hub simulate``."""

from typing import Any

from hub.sdk import Clock
from plugins.acumatica.simulator.names import sku
from plugins.acumatica.simulator.server import AcumaticaSimulator

__all__ = ["AcumaticaSimulator", "make_simulator", "sku"]


def make_simulator(
    clock: Clock, seed: int, customers: int = 120, items: int = 400, **options: Any
) -> AcumaticaSimulator:
    """Return a fresh instance with seeded data, the same for the same seed and clock start.

    Options: those of AcumaticaSimulator, and ``per_minute`` for the licence's requests per minute.
    ``quotas`` None is a licence without limits, and the connection's parameters say so.
    There are no orders yet, so ``orders`` is of no effect.
    """
    options.pop("orders", None)
    per_minute = options.pop("per_minute", None)
    quotas = options.pop("quotas", {})
    if per_minute:
        quotas = {**(quotas or {}), "api": (int(per_minute), 60.0)}
    return AcumaticaSimulator(
        clock=clock, seed=seed, customers=customers, items=items, quotas=quotas, **options
    )
