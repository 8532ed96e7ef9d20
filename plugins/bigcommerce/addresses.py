"""Locations as company addresses, known by ``externalId`` (CONTRACT §7.3, §5.4)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.sdk import Listed, LoadItem, LoadResult, Outcome, Window
from plugins.bigcommerce.client import LIMIT, Client, Row
from plugins.bigcommerce.delivery import by_kind, created, ended, pick
from plugins.bigcommerce.errors import CORRECT, answered, refused, unsure
from plugins.bigcommerce.replies import (
    Reply,
    by_field,
    complaint,
    identifier,
    rows,
    whole,
)

TEXTS = (
    "firstName",
    "lastName",
    "phoneNumber",
    "zipCode",
    "addressLine1",
    "addressLine2",
    "city",
    "stateName",
    "stateCode",
    "countryName",
    "countryCode",
    "label",
    "externalId",
)
FLAGS = ("isBilling", "isShipping", "isDefaultBilling", "isDefaultShipping")
FIELDS = frozenset((*TEXTS, *FLAGS, "companyId"))
REQUIRED = frozenset({"stateName"})
NEVER_BLANK = frozenset({"firstName", "lastName", "addressLine1", "city", "countryName"})
WHAT = "address"
URL_ROOM = 1500
"""Characters of search terms in one address, safely below what servers accept."""


def load(client: Client, batch: Sequence[LoadItem]) -> list[LoadResult]:
    """Create addresses (bulk from two on), update or delete them one by one."""
    return by_kind(client, batch, create=_create, bulk=_create_bulk, update=_update, delete=_delete)


def _new(item: LoadItem) -> dict[str, Any]:
    body = pick(item.payload, FIELDS, FIELDS - REQUIRED)
    body.setdefault("stateName", "")
    body["externalId"] = item.key
    return body


def _create(client: Client, item: LoadItem) -> LoadResult:
    reply = client.write("b2b", "POST", "/addresses", [item], _new(item))
    if reply.ok:
        return created(item, reply, "addressId")
    return unsure(item, reply) if reply.unsure else refused(item, reply, WHAT)


def _create_bulk(client: Client, batch: Sequence[LoadItem]) -> list[LoadResult]:
    body = [_new(item) for item in batch]
    reply = client.write("b2b", "POST", "/addresses/bulk", batch, body)
    if reply.unsure:
        return [unsure(item, reply) for item in batch]
    if not reply.ok:
        return _bulk_refused(batch, reply)
    ids: dict[str, list[str]] = {}
    for row in rows(reply):
        number = identifier(row.get("addressId") or row.get("id"))
        if number is not None:
            ids.setdefault(str(row.get("externalId") or ""), []).append(number)
    client.two_addresses = tuple(key for key in ids if key)[:2]
    return [_bulk_saved(item, ids.get(item.key, [])) for item in batch]


def _bulk_saved(item: LoadItem, ids: Sequence[str]) -> LoadResult:
    if len(ids) == 1:
        return LoadResult(item.key, Outcome.CREATED, external_id=ids[0])
    return answered(item)


def _bulk_refused(batch: Sequence[LoadItem], reply: Reply) -> list[LoadResult]:
    """``errMsg`` is a list in the order of the input; any other shape blames nobody for sure."""
    data = reply.data
    said = data.get("errMsg") if isinstance(data, Mapping) else None
    together = f"BigCommerce refused {len(batch)} addresses"
    if not isinstance(said, list) or len(said) != len(batch):
        return [answered(item, f"{together}: {complaint(reply)}") for item in batch]
    results = []
    for item, fault in zip(batch, said, strict=True):
        if not fault:
            results.append(answered(item, f"{together}, for other records."))
            continue
        fields = by_field(fault)
        words = "; ".join(f"{name}: {text}" for name, text in fields.items()) or str(fault)
        results.append(
            LoadResult(
                item.key,
                Outcome.REJECTED,
                detail=f"BigCommerce refused the {WHAT}: {words.rstrip('. ')}.",
                remedy=CORRECT,
                field_errors=fields,
            )
        )
    return results


def _update(client: Client, item: LoadItem) -> LoadResult:
    body = pick(item.payload, FIELDS, NEVER_BLANK)
    if not body.get("stateCode"):
        # The vendor takes a country code only together with a state code (CONTRACT §7.3).
        body.pop("stateCode", None)
        body.pop("countryCode", None)
    body["externalId"] = item.key
    reply = client.write("b2b", "PUT", f"/addresses/{item.external_id}", [item], body)
    return ended(item, reply, WHAT)


def _delete(client: Client, item: LoadItem) -> LoadResult:
    reply = client.write("b2b", "DELETE", f"/addresses/{item.external_id}", [item])
    return ended(item, reply, WHAT, Outcome.DELETED)


def listed(row: Row) -> Listed:
    """Read a row of the address list."""
    fields: dict[str, Any] = {name: str(row.get(name) or "") for name in TEXTS if name in row}
    fields |= {name: row[name] in (True, 1, "1", "true") for name in FLAGS if name in row}
    fields["companyId"] = whole(row.get("companyId"))
    return Listed(
        str(row["addressId"]),
        str(row.get("externalId") or "").strip() or None,
        {},
        fields,
        identifier(row.get("companyId")),
    )


def pages(client: Client, window: Window) -> Iterator[list[Listed]]:
    """Yield addresses, newest first; all, or those created or changed since."""
    for page in client.recent("/addresses", window, "addressId"):
        yield [listed(row) for row in page]


def _search(client: Client, keys: Sequence[str]) -> dict[str, list[Listed]]:
    params = [("externalId[]", key) for key in keys]
    found: dict[str, list[Listed]] = {key: [] for key in keys}
    for row in client.all("/addresses", params, "addressId"):
        address = listed(row)
        if address.stamp in found:
            found[address.stamp].append(address)
    return found


def _chunks(keys: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    room = URL_ROOM
    for key in keys:
        cost = 3 * len(key) + 16
        if chunk and (cost > room or len(chunk) == LIMIT):
            yield chunk
            chunk, room = [], URL_ROOM
        chunk.append(key)
        room -= cost
    if chunk:
        yield chunk


def _see(client: Client, found: Mapping[str, Sequence[Listed]]) -> None:
    if sum(1 for hits in found.values() if hits) > 1:
        client.multiple_external_ids = True


def _learn(client: Client) -> None:
    """Ask for two that are known to be there: one call that may save one per key."""
    if len(client.two_addresses) > 1 and not client.multiple_external_ids:
        _see(client, _search(client, client.two_addresses))
        client.two_addresses = ()


def match(client: Client, items: Sequence[LoadItem]) -> dict[str, list[Listed]]:
    """Search by ``externalId``, several at once.

    The vendor does not say that the filter takes several values: until an answer has shown two
    different ones, those that were not found are asked for singly, since a wrong "not there"
    would make a second address.
    """
    found: dict[str, list[Listed]] = {}
    for chunk in _chunks([item.key for item in items]):
        some = _search(client, chunk)
        _see(client, some)
        missing = [key for key, hits in some.items() if not hits] if len(chunk) > 1 else []
        if missing:
            _learn(client)
        for key in () if client.multiple_external_ids else missing:
            some |= _search(client, [key])
        found |= some
    return found
