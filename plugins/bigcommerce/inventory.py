"""Stock levels as absolute adjustments, applied by the vendor some time later (CONTRACT §7.7)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.sdk import AmbiguousWrite, HubError, Listed, LoadItem, LoadResult, Outcome
from plugins.bigcommerce.client import Client, Row
from plugins.bigcommerce.errors import answered, refused, unsure
from plugins.bigcommerce.replies import Reply, identifier, whole

ITEMS = "/v3/inventory/items"
PAGE = 1000
"""Rows of an inventory page (CONTRACT §4.1)."""
REASON = "Stock of the ERP"
WHAT = "stock level"
MAX_CALLS = 40
"""Calls for one batch and location; what is not settled by then is sent later."""
FEW = 5
SEARCH = 40
SEARCH_ROOM = 1200
_INDEX = re.compile(r"(?:^\[?|items?[.\[ ]+)(\d+)\b")


def _store_sku(item: LoadItem) -> str:
    """Return the store's own spelling where it is known: SKUs differ by case only there."""
    known = (item.external_id or "").rpartition("@")[0]
    return known or str(item.payload["sku"])


def _place(item: LoadItem) -> str:
    return str(item.payload.get("location") or "default")


def load(client: Client, batch: Sequence[LoadItem]) -> list[LoadResult]:
    """Set quantities, one call per location. Accepted ones are UNKNOWN until read back.

    A refusal that names items is theirs alone: the rest is sent again without them.
    """
    if batch[0].delete:
        return [LoadResult(item.key, Outcome.DELETED) for item in batch]
    places = {text: client.location(text) for text in {_place(item) for item in batch}}
    groups: dict[int, list[LoadItem]] = {}
    for item in batch:
        groups.setdefault(places[_place(item)], []).append(item)
    results: dict[str, LoadResult] = {}
    for location, items in groups.items():
        try:
            results |= _adjust(client, location, items)
        except AmbiguousWrite as trouble:
            results |= {
                i.key: LoadResult(i.key, Outcome.UNKNOWN, detail=str(trouble)) for i in items
            }
        except HubError as trouble:
            if not results:
                raise
            results |= {
                i.key: LoadResult(i.key, Outcome.NOT_SENT, detail=str(trouble))
                for i in batch
                if i.key not in results
            }
            break
    return [results[item.key] for item in batch]


def _adjust(client: Client, location: int, items: Sequence[LoadItem]) -> dict[str, LoadResult]:
    """Set quantities at one location; a refusal takes the batch apart until it names its items."""
    results: dict[str, LoadResult] = {}
    waiting: list[Sequence[LoadItem]] = [items]
    for _ in range(MAX_CALLS):
        if not waiting:
            return results
        group = waiting.pop()
        body = {"reason": REASON, "items": [_line(location, item) for item in group]}
        reply = client.write("core", "PUT", "/v3/inventory/adjustments/absolute", group, body)
        if reply.ok:
            results |= {item.key: answered(item) for item in group}
        elif reply.unsure:
            results |= {item.key: unsure(item, reply) for item in group}
        elif len(group) == 1:
            results[group[0].key] = refused(group[0], reply, WHAT)
        elif named := _named(group, reply):
            if len(named) <= FEW and len(named) < len(group):
                waiting += [[item] for item in named]  # each gets its own, exact refusal
            else:
                results |= {item.key: refused(item, reply, WHAT) for item in named}
            blamed = {item.key for item in named}
            if left := [item for item in group if item.key not in blamed]:
                waiting.append(left)
        else:
            middle = len(group) // 2
            waiting += [group[:middle], group[middle:]]
    said = "BigCommerce refused too many stock levels of this batch; the rest is sent later."
    return results | {
        item.key: LoadResult(item.key, Outcome.RETRY, detail=said)
        for group in waiting
        for item in group
    }


def _line(location: int, item: LoadItem) -> dict[str, Any]:
    return {
        "location_id": location,
        "sku": _store_sku(item),
        "quantity": int(item.payload["quantity"]),
    }


def _named(items: Sequence[LoadItem], reply: Reply) -> list[LoadItem]:
    """Return the items that a refusal names: by their place in the body, or by their SKU."""
    body = reply.body if isinstance(reply.body, Mapping) else {}
    errors = body.get("errors")
    faults = errors.items() if isinstance(errors, Mapping) else ()
    places = {
        int(found[1]) for name, _ in faults if (found := _INDEX.search(str(name))) is not None
    }
    by_place = [item for place, item in enumerate(items) if place in places]
    if by_place:
        return by_place
    told = (body.get("title"), body.get("detail"), errors)
    text = " ".join(str(words) for words in told if words).casefold()
    if not text.strip():
        return []
    return [item for item in items if _mentions(text, _store_sku(item).casefold())]


def _mentions(text: str, sku: str) -> bool:
    """True when the SKU stands in the text as a word of its own, not within a longer SKU."""
    start = text.find(sku)
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(sku) :][:2]
        if (
            not _joins(before)
            and not _joins(after[:1])
            and not (after[:1] == "." and after[1:].isalnum())
        ):
            return True
        start = text.find(sku, start + 1)
    return False


def _joins(character: str) -> bool:
    return character.isalnum() or character in ("-", "_", "/")


def _wanted(client: Client, preferences: Mapping[str, Any]) -> dict[int, str]:
    """Return the store locations of this connector: id to the name used in our keys."""
    chosen = preferences.get("warehouses")
    if isinstance(chosen, Mapping) and chosen:
        return {client.location(text): str(text) for text in chosen.values()}
    return {client.default_location(): "default"}


def _levels(page: Sequence[Row], wanted: Mapping[int, str]) -> Iterator[Listed]:
    """Yield the levels of a page, under the store's spelling of the SKU and in capitals.

    SKUs never differ by case alone (CONTRACT §6.2), and the ERP's are capitals: the second row
    lets a key be found that the store spells in another way.
    """
    for row in page:
        sku = _sku(row)
        if not sku:
            continue
        natural = {"sku": sku}
        capitals = sku.upper()
        for level in _places(row):
            number = level.get("location_id")
            name = wanted.get(number if type(number) is int else whole(number) or 0)
            if name is None:
                continue
            held = _held(level)
            key = f"{sku}@{name}"
            yield Listed(key, key, natural, {"sku": sku, "location": name, "quantity": held})
            if capitals != sku:
                key = f"{capitals}@{name}"
                fields = {"sku": capitals, "location": name, "quantity": held}
                yield Listed(key, key, natural, fields)


def _sku(row: Row) -> str:
    identity = row.get("identity")
    sku = identity.get("sku") if type(identity) is dict else None
    return sku if type(sku) is str else identifier(sku) or ""


def _places(row: Row) -> list[Row]:
    levels = row.get("locations")
    return [level for level in levels if type(level) is dict] if type(levels) is list else []


def _held(level: Row) -> int | None:
    held = level.get("total_inventory_onhand")
    if held is None:
        held = level.get("available_to_sell")
    return held if type(held) is int else whole(held)


def pages(client: Client, preferences: Mapping[str, Any]) -> Iterator[list[Listed]]:
    """Yield every stock level of the connector's locations; the store's SKU spelling is kept."""
    wanted = _wanted(client, preferences)
    where = [("location_id:in", ",".join(str(number) for number in wanted))]
    for found in client.core_pages(ITEMS, where, PAGE):
        yield list(_levels(found, wanted))


def _chunks(skus: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    room = SEARCH_ROOM
    for sku in skus:
        if chunk and (len(chunk) == SEARCH or 3 * len(sku) > room):
            yield chunk
            chunk, room = [], SEARCH_ROOM
        chunk.append(sku)
        room -= 3 * len(sku) + 3
    if chunk:
        yield chunk


def match(client: Client, items: Sequence[LoadItem]) -> dict[str, list[Listed]]:
    """Look stock levels up by SKU, whatever its case, some dozens per call.

    A SKU with a comma cannot be searched for (the filter is a list): the listing is read instead.
    """
    places = {text: client.location(text) for text in {_place(item) for item in items}}
    where = ("location_id:in", ",".join(str(number) for number in sorted(places.values())))
    skus = sorted({_store_sku(item) for item in items})
    levels: dict[tuple[str, int], tuple[str, Any]] = {}
    searches = [[("sku:in", ",".join(chunk)), where] for chunk in _chunks(skus)]
    if any("," in sku for sku in skus):
        searches = [[where]]
    for params in searches:
        for page in client.core_pages(ITEMS, params, PAGE):
            levels |= _by_place(page)
    found: dict[str, list[Listed]] = {}
    for item in items:
        level = levels.get((_store_sku(item).casefold(), places[_place(item)]))
        found[item.key] = [] if level is None else [_listed(item, *level)]
    return found


def _by_place(page: Sequence[Row]) -> dict[tuple[str, int], tuple[str, Any]]:
    return {
        (sku.casefold(), whole(level.get("location_id")) or 0): (sku, _held(level))
        for row in page
        if (sku := _sku(row))
        for level in _places(row)
    }


def _listed(item: LoadItem, sku: str, held: Any) -> Listed:
    name = item.key.rpartition("@")[2]
    fields = {"sku": item.payload["sku"], "location": _place(item), "quantity": held}
    return Listed(f"{sku}@{name}", item.key, {"sku": sku}, fields)
