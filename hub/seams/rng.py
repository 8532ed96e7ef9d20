"""Chance, as one object that is replayed by its seed."""

import random
import secrets


class Rng:
    """Random numbers for jitter and simulated data, never for secrets or tokens.

    ``seed=None`` draws a seed from the system and keeps it, so that it can be printed.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = secrets.randbits(32) if seed is None else seed
        self.random = random.Random(self.seed)

    def uniform(self, low: float, high: float) -> float:
        """Return a float between ``low`` and ``high``."""
        return self.random.uniform(low, high)

    def chance(self, rate: float) -> bool:
        """Return True with probability ``rate``."""
        return self.random.random() < rate
