"""Live lists of the Connector Configuration page: the last good answer at once, new ones after."""

from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

from flask import current_app

from hub.sdk import Choice
from hub.settings import ConnectionInput, FieldErrors, Looked, connections
from hub.web import context, fmt
from hub.web.face import frame_runtime, the_runtime
from hub.web.views.configuration_input import Given, section_specs, side_input
from hub.web.views.configuration_state import Saved

LONGEST_LIST = 200
"""A connector answers with so many choices at most (``hub_lookup``)."""

MOST = 200
"""Answers for values that are not saved, kept per form."""

LOCATIONS = "locations"
"""The store's lookup that warehouses are mapped to."""

STOCK, STOCK_FRESH = "warehouse_stock", timedelta(hours=24)
"""Items in stock by warehouse: read last, once a day, because it may read the whole inventory."""


def _kept() -> "OrderedDict[tuple[str, str, str], Looked]":
    found: OrderedDict[tuple[str, str, str], Looked] = current_app.extensions.setdefault(
        "hub_unsaved_lookups", OrderedDict()
    )
    return found


def _keep(place: tuple[str, str, str], looked: Looked) -> Looked:
    kept = _kept()
    kept[place] = looked
    while len(kept) > MOST:
        kept.popitem(last=False)
    return looked


def wanted(saved: Saved) -> list[tuple[str, str]]:
    """Return every (side, lookup) that the page shows."""
    found: dict[tuple[str, str], None] = {}
    if saved.plugins["erp"] is not None:
        for specs in section_specs(saved.plugins).values():
            found |= {("erp", spec.lookup): None for spec in specs if spec.lookup}
        found["erp", STOCK] = None
    for side, plugin in saved.plugins.items():
        for spec in plugin.parameters if plugin else ():
            if spec.lookup:
                found[side, spec.lookup] = None
    return sorted(found, key=lambda item: (item[0], item[1] == STOCK, item[1]))


def shown(saved: Saved, form: str, side: str, lookup: str) -> Looked:
    """Return what is known without calling anybody."""
    row = saved.sides.get(side)
    kept = _kept().get((form, side, lookup))
    cached = the_runtime().lookups.cached(row.id, lookup) if row else Looked((), None)
    if kept is None:
        found: Looked = cached
        return found
    newer = kept.read_at is None or cached.read_at is None or kept.read_at >= cached.read_at
    if kept.error:
        return replace(cached if cached.choices else kept, error=kept.error)
    return kept if newer else cached


def read(saved: Saved, given: Given, side: str, lookup: str, *, fresh: bool = False) -> Looked:
    """Read one list now, with the values as they stand in the form."""
    runtime = the_runtime()
    place = (given.form, side, lookup)
    with frame_runtime().read() as session:
        wanted_side = side_input(session, given, side)
        if wanted_side is None:
            return Looked((), None, "Choose the plugin first.")
        moved = isinstance(wanted_side, ConnectionInput) and (
            saved.sides[side] is None
            or connections.sign_in_moves(runtime.context, session, wanted_side) is not None
        )
    row = saved.sides[side]
    try:
        if moved:
            return _keep(place, runtime.lookups.read_unsaved(wanted_side, lookup))
        looked: Looked = runtime.lookups.read(row.id if row else 0, lookup, fresh=fresh)
    except FieldErrors as wrong:
        first = next(iter(wrong.errors.values()))
        return _keep(place, Looked((), None, f"Nothing was read: {first}"))
    return _keep(place, looked)


def read_all(saved: Saved, given: Given) -> None:
    """Read what is not fresh; after the first failure of a side its other lists are not tried.

    One reader per connection at a time: whoever opens the page again while a slow system is being
    read does not wait for it a second time.
    """
    reading: set[str] = current_app.extensions.setdefault("hub_lookups_reading", set())
    for side, lookups in groupby(wanted(saved), key=lambda item: item[0]):
        row = saved.sides[side]
        who = f"{side} {row.key if row else given.form}"
        if who in reading:
            continue
        reading.add(who)
        try:
            _read_side(saved, given, side, [lookup for _, lookup in lookups])
        finally:
            reading.discard(who)


def _read_side(saved: Saved, given: Given, side: str, lookups: list[str]) -> None:
    failed = ""
    for lookup in lookups:
        if failed:
            _keep((given.form, side, lookup), Looked((), None, failed))
            continue
        if lookup == STOCK and not _stock_is_old(saved, given.form):
            continue
        failed = read(saved, given, side, lookup).error


def _stock_is_old(saved: Saved, form: str) -> bool:
    read_at = shown(saved, form, "erp", STOCK).read_at
    return read_at is None or context.now() - read_at > STOCK_FRESH


def plain(choices: tuple[Choice, ...]) -> list[Choice]:
    """Return choices whose label does not repeat the value, for lists that show both."""
    return [replace(c, label=c.label.removeprefix(f"{c.value} – ")) for c in choices]


def stale(looked: Looked, system: str, noun: str) -> str:
    """Return the note beside a list that could not be read; empty = it was."""
    if not looked.error:
        return ""
    if looked.read_at is None:
        return f"{looked.error} The {noun} were not read; ticked values stay as they are saved."
    when = fmt.day_time(looked.read_at, context.now(), context.zone())
    return f"{looked.error} Showing the {noun} read from {system} {when}; saved values stay ticked."


def cut(looked: Looked, noun: str) -> str:
    """Return the note beside a list that holds only the first of its entries; empty = all."""
    if len(looked.choices) < LONGEST_LIST:
        return ""
    return (
        f"Only the first {LONGEST_LIST} {noun} are listed. Others are set with hub config apply; "
        "they stay ticked here."
    )


def age(looked: Looked, system: str) -> str:
    """Return "Read from Acumatica 2 min ago."; empty when never read."""
    if looked.read_at is None:
        return ""
    when = fmt.shown(looked.read_at, context.now(), context.zone())
    return f"Read from {system} {'just now' if when == 'now' else when}."
