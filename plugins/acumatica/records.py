"""From wire rows to native records: unwrapped values, keys, time stamps, the person to write to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.sdk import Record, parse_time
from hub.sdk.canonical import CUSTOMER, LOCATION
from plugins.acumatica.actions import Shape

_DROPPED = {"_links", "files", "custom", "rowNumber", "note", "error"}


def unwrap(node: Any) -> Any:
    """Return a row with bare values: ``{"value": x}`` is x, ``{}`` is None (CONTRACT §3)."""
    if isinstance(node, dict):
        if "value" in node:
            return node["value"]
        if not node:
            return None
        return {
            # Nearly all are leaves: a call for each would cost more than the rest of the reading.
            name: value["value"] if type(value) is dict and "value" in value else unwrap(value)
            for name, value in node.items()
            if name not in _DROPPED
        }
    if isinstance(node, list):
        return [unwrap(row) for row in node]
    return node


def is_empty(node: Any) -> bool:
    """True for an unwrapped linked entity in which nothing but its id is filled."""
    if isinstance(node, Mapping):
        return all(name == "id" or is_empty(value) for name, value in node.items())
    return node in (None, "")


def text_at(row: Mapping[str, Any], path: str) -> str:
    """Return the value at a dotted path as stripped text; empty where there is none."""
    value: Any = row.get(path)
    if value is None and "." in path:
        value = row
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    if type(value) is str:
        return value.strip()
    return "" if value is None else str(value).strip()


def key_of(row: Mapping[str, Any], shape: Shape) -> str:
    """Return the canonical key: ``CustomerID``, ``CustomerID/LocationID`` or ``ContactID``."""
    parts = [text_at(row, name) for name in shape.keys]
    return "/".join(parts) if all(parts) else ""


def newest_stamp(row: Mapping[str, Any], shape: Shape) -> datetime | None:
    """Return the newest time stamp that the row carries, aware UTC."""
    moments = [moment for path in shape.stamps if (moment := _moment(text_at(row, path)))]
    return max(moments, default=None)


def record_of(row: Mapping[str, Any], shape: Shape, entity: str) -> Record | None:
    """Return an unwrapped row as a record; None for rows of no customer (a lead's contact)."""
    key = key_of(row, shape)
    parent = text_at(row, shape.parent) if shape.parent else ""
    if not key or (shape.parent and not parent):
        return None
    data = dict(row)
    if entity == CUSTOMER:
        data["Admin"] = admin_of(row)
    if entity == LOCATION:
        data["Key"] = key
    touches = ((CUSTOMER, parent),) if parent else ()
    return Record(key, data, newest_stamp(row, shape), touches=touches)


def admin_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the person who becomes the company's admin (FIRST-FLOWS, Customer).

    The primary contact if it has an e-mail, else the main contact, whose *Attention* is split at
    the first space; without an Attention its own names count, then the customer's name.
    """
    if text_at(row, "PrimaryContact.Email"):
        person = {name: text_at(row, f"PrimaryContact.{name}") for name in _PERSON}
        if person["FirstName"] or person["LastName"]:
            person["FirstName"] = person["FirstName"] or person["LastName"]
            person["LastName"] = person["LastName"] or person["FirstName"]
            return person
        return person | _split(text_at(row, "CustomerName"))
    person = {name: text_at(row, f"MainContact.{name}") for name in _PERSON}
    attention = text_at(row, "MainContact.Attention")
    if attention or not (person["FirstName"] and person["LastName"]):
        name = attention or person["FirstName"] or person["LastName"]
        person |= _split(name or text_at(row, "CustomerName"))
    return person


_PERSON = ("FirstName", "LastName", "Email", "Phone1")


def _split(name: str) -> dict[str, str]:
    first, _, rest = name.partition(" ")
    return {"FirstName": first, "LastName": rest.strip() or first}


def _moment(text: str) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError:
        return None
