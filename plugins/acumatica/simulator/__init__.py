"""A simulated Acumatica instance for tests, the demo and ``hub simulate``."""

from plugins.acumatica.simulator.names import sku
from plugins.acumatica.simulator.server import AcumaticaSimulator, make_simulator

__all__ = ["AcumaticaSimulator", "make_simulator", "sku"]
