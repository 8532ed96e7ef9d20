"""What an endpoint version of Default lacks or names otherwise (derived/endpoint-version-diffs.json).

From 23.200.001 on nothing that the flows read was added, removed or renamed.
"""

from dataclasses import replace
from functools import cache

from plugins.acumatica.actions import SHAPES, Shape

OLDEST = "22.200.001"
_LACKS = {"Customer": {"PrimaryContactID"}, "CustomerLocation": {"Default"}}
"""Fields of ours that came with 23.200.001."""
QUANTITIES = ("QtyAvailable", "QtyHardAvailable", "QtyOnHand")
_QUANTITIES = ("SiteAvailable", "SiteAvailableforShipping", "SiteOnHand")
"""The same quantities of StorageDetail before 23.200.001."""


def is_old(version: str) -> bool:
    """True for a version before 23.200.001."""
    return version < "23.200.001"


@cache
def shape_of(entity: str, version: str) -> Shape:
    """Return how a list of the entity is asked for in this version."""
    shape = SHAPES[entity]
    if not is_old(version):
        return shape
    lacks = _LACKS.get(shape.entity, set())
    return replace(shape, select=tuple(name for name in shape.select if name not in lacks))


def storage_names(version: str) -> tuple[str, tuple[str, ...]]:
    """Return the names of warehouse and quantities in a row of StorageDetailsInquiry."""
    return ("SiteID", _QUANTITIES) if is_old(version) else ("WarehouseID", QUANTITIES)
