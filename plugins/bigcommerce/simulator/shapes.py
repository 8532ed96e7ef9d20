"""Rows in the shape in which the vendor lists them (CONTRACT §7.1-7.4)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from plugins.bigcommerce.simulator.state import ROLES, State
from plugins.bigcommerce.simulator.table import Row


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def company(state: State, row: Row, *, extra: bool) -> dict[str, Any]:
    """Return a company as listed: status and times are text, the group's id a number."""
    data = row.data
    group = state.groups.get(data["group"])
    shape: dict[str, Any] = {
        "companyId": row.id,
        "companyName": data["companyName"],
        "companyEmail": data["companyEmail"],
        "companyPhone": data["companyPhone"],
        "companyStatus": str(data["status"]),
        "bcGroupId": data["group"],
        "bcGroupName": group["name"] if group else "",
        "catalogId": data["catalogId"],
        "priceListAssign": data["priceListAssign"],
        "createdAt": str(row.created),
        "updatedAt": str(row.updated),
    }
    if data.get("uuid"):
        shape["uuid"] = data["uuid"]
    if extra:
        shape["extraFields"] = [
            {
                "fieldName": name,
                "fieldValue": data["extra"].get(name, ""),
                "labelName": name,
                "isRequired": "1" if definition["isRequired"] else "0",
                "dataType": str(definition["fieldType"]),
                "fieldType": definition["fieldType"],
            }
            for name, definition in state.extra_fields.items()
        ]
    return shape


def company_row(state: State, row: Row) -> dict[str, Any]:
    """Return a company for the control path: as listed, with the address that no answer shows."""
    return {**company(state, row, extra=True), **row.data["address"]}


def user(state: State, row: Row, *, extra: bool) -> dict[str, Any]:
    """Return a user as listed: times are numbers."""
    data = row.data
    names = {channel["channelId"]: channel for channel in state.channels}
    shape = {
        "id": row.id,
        "firstName": data["firstName"],
        "lastName": data["lastName"],
        "email": data["email"],
        "phoneNumber": data["phoneNumber"],
        "role": data["role"],
        "companyRoleId": data["companyRoleId"],
        "companyRoleName": ROLES.get(data["companyRoleId"] - 1, "Custom"),
        "uuid": data["uuid"],
        "companyId": data["companyId"],
        "customerId": data["customerId"],
        "channelList": [
            {"channelId": n, "channelName": names[n]["name"], "iconUrl": names[n]["iconUrl"]}
            for n in data["channelIds"]
            if n in names
        ],
        "createdAt": row.created,
        "updatedAt": row.updated,
    }
    if extra:
        shape["extraFields"] = data["extraFields"]
    return shape


def address(_state: State, row: Row, *, extra: bool) -> dict[str, Any]:
    """Return an address as listed."""
    shape = {"addressId": row.id, **row.data}
    if not extra:
        del shape["extraFields"]
    return shape


def customer(_state: State, row: Row) -> dict[str, Any]:
    """Return a customer of the core API."""
    return {
        "id": row.id,
        **row.data,
        "date_created": _iso(row.created),
        "date_modified": _iso(row.updated),
        "address_count": 0,
        "attribute_count": 0,
        "authentication": {"force_password_reset": False},
        "accepts_product_review_abandoned_cart_emails": False,
        "origin_channel_id": 1,
        "channel_ids": [1],
    }


Shape = Callable[..., dict[str, Any]]
