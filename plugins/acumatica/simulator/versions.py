"""Endpoint versions of Default as they differ from 24.200.001 (endpoint-version-diffs.json)."""

import json
import re
from typing import Any

from hub.sdk.simulation import SimRequest, SimResponse
from plugins.acumatica.simulator import errors
from plugins.acumatica.simulator.schema import spec

STATED = "24.200.001"
VERSIONS = ("22.200.001", "23.200.001", STATED, "25.200.001")
"""Those whose differences are known, oldest first."""

_SINCE_24: dict[str, set[str]] = {
    "CustomerLocation": {"ExtRefNbr"},
    "Contact": {"ExtRefNbr"},
    "StockItem": {"LastModifiedDateTime"},
}
_SINCE_23: dict[str, set[str]] = {
    "Customer": {"CustomerCategory", "Email", "PrimaryContactID"},
    "CustomerLocation": {"Default", "RoleAssignments", "Status"},
    "Contact": {"RoleAssignments"},
    "CustomerContact": {"LastModifiedDateTime"},
    "Warehouse": {
        "LastModifiedDateTime",
        "NonStockPickingLocationID",
        "UseItemDefaultLocationForPicking",
    },
}
_BEFORE_23: dict[str, dict[str, str]] = {
    "StorageDetail": {
        "LastModifiedDateofWarehouseQty": "SiteLastModifiedDate",
        "QtyAvailable": "SiteAvailable",
        "QtyAvailableforIssue": "SiteAvailableforIssue",
        "QtyHardAvailable": "SiteAvailableforShipping",
        "QtyOnHand": "SiteOnHand",
        "WarehouseID": "SiteID",
    }
}
_ADDRESS_25 = (
    "BuildingName BuildingNumber Department DistrictName Floor PostBox Room StreetName "
    "SubDepartment TownLocationName UnitNumber"
)


def lacks(version: str, entity: str) -> set[str]:
    """Return the fields of 24.200.001 that an entity does not have in this version."""
    since = [_SINCE_24] if version < STATED else []
    since += [_SINCE_23] if version < "23.200.001" else []
    return {name for fields in since for name in fields.get(entity, ())}


def names(version: str, entity: str) -> dict[str, str]:
    """Return the fields that are called otherwise in this version."""
    return _BEFORE_23.get(entity, {}) if version < "23.200.001" else {}


def refused(request: SimRequest) -> SimResponse | None:
    """Return the answer to a filter by a field that the version does not have."""
    version, entity = request.params["version"], request.params["entity"]
    condition = request.arg("$filter") or ""
    for name in sorted(lacks(version, entity)):
        if re.search(rf"\b{name}\b", condition):
            text = f"Could not find a property named '{name}' on type '{entity}'."
            return errors.server_error(text, "Microsoft.OData.ODataException")
    return None


def known_of(body: Any, request: SimRequest) -> Any:
    """Return a written body without what the version does not know: it is dropped silently (§3)."""
    gone = {name.lower() for name in lacks(request.params["version"], request.params["entity"])}
    if not gone or not isinstance(body, dict):
        return body
    return {name: value for name, value in body.items() if str(name).lower() not in gone}


def told(response: SimResponse, request: SimRequest) -> SimResponse:
    """Return an answer as the version tells it."""
    version = request.params["version"]
    if version == STATED or response.status != 200:
        return response
    entity = request.params["entity"]
    response.body = json.dumps(_told(json.loads(response.body), entity, version)).encode()
    return response


def _told(node: Any, entity: str, version: str) -> Any:
    if isinstance(node, list):
        return [_told(row, entity, version) for row in node]
    if not isinstance(node, dict):
        return node
    inner = _targets(entity)
    gone, other = lacks(version, entity), names(version, entity)
    found = {
        other.get(name, name): _told(value, inner[name], version) if name in inner else value
        for name, value in node.items()
        if name not in gone
    }
    if entity == "Address" and version > STATED:
        found |= {name: {} for name in _ADDRESS_25.split()}
    return found


def _targets(entity: str) -> dict[str, str]:
    if entity == "StorageDetailsInquiry":
        return {"StorageDetails": "StorageDetail"}
    of = spec(entity)
    return {name: target for name, (target, _) in (*of.linked.items(), *of.details.items())}
