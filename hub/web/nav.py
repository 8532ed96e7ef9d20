"""The navigation: each page's view module registers its entry; a page that is not there has none."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, g, request

OPERATE, SET_UP = "", "Set up"
ORDER = (
    "dashboard", "connectors", "syncs", "messages", "records", "logs",
    "mappings", "common", "plugins", "reconciliation", "administration",
)  # fmt: skip
TABS = ("dashboard", "syncs", "messages", "logs")


@dataclass(frozen=True, slots=True)
class Entry:
    """One link. ``key`` is one of ``ORDER`` and the blueprint's name; ``count`` needs a person."""

    key: str
    label: str
    icon: str
    endpoint: str
    group: str = OPERATE
    count: Callable[[], int] | None = None


_ENTRIES: dict[str, Entry] = {}


def register(
    key: str, label: str, icon: str, *, endpoint: str = "", group: str = OPERATE,
    count: Callable[[], int] | None = None,
) -> None:  # fmt: skip
    """Add a page to the navigation; ``endpoint`` is ``<key>.index`` unless given.

    Call it once in the view module. Pages below it set ``{% set nav_key = "connectors" %}``.
    """
    _ENTRIES[key] = Entry(key, label, icon, endpoint or f"{key}.index", group, count)


def install(app: Flask) -> None:
    """Keep what is registered now as this app's navigation."""
    app.extensions["hub_nav"] = dict(_ENTRIES)


def entries() -> list[Entry]:
    """Return the entries whose page exists in this app, in the fixed order."""
    known: dict[str, Entry] = current_app.extensions["hub_nav"]
    found = [known[key] for key in ORDER if key in known]
    return [entry for entry in found if entry.endpoint in current_app.view_functions]


def groups() -> list[tuple[str, list[Entry]]]:
    """Return the two groups of the side navigation."""
    everything = entries()
    named = [(name, [e for e in everything if e.group == name]) for name in (OPERATE, SET_UP)]
    return [(name, members) for name, members in named if members]


def tabs() -> list[Entry]:
    """Return the tab bar of a phone."""
    return [entry for entry in entries() if entry.key in TABS]


def here() -> str:
    """Return the key of the current page: the name of its blueprint."""
    return request.blueprint or ""


def count_of(entry: Entry) -> int:
    """Return the entry's count, asked once per request."""
    if entry.count is None:
        return 0
    known: dict[str, int] = g.setdefault("nav_counts", {})
    if entry.key not in known:
        known[entry.key] = entry.count()
    return known[entry.key]
