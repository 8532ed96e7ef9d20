"""A doorbell says "look now". A lost ring costs one sweep interval, never a record."""

from typing import Protocol


class Doorbell(Protocol):
    """Rings for a flow after the commit that gave it work."""

    def ring(self, flow_id: int) -> None: ...
