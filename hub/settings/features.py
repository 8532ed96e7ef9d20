"""The grids Enable Features and Endpoint URL, for saved or unsaved choices."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hub.registry import Plugin
from hub.sdk import ActionType, Direction
from hub.settings.common_specs import ALL
from hub.settings.context import Context
from hub.settings.endpoints import BadTemplate, expand

HUB_OFF = "Off for the whole hub in Common configuration."


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One sync of the pair. ``disabled`` = why it cannot be ticked, else empty.

    ``needs`` are flow keys that ticking this one ticks too; ``note`` says so in words.
    """

    key: str
    label: str
    direction: str
    needs: tuple[str, ...]
    ticked: bool
    disabled: str
    note: str
    default_schedule: str


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One side of one sync. ``side`` is ERP or Store; ``url`` is expanded as far as known."""

    key: str
    label: str
    side: str
    method: str
    url: str


def pairs(erp: Plugin, store: Plugin) -> list[tuple[ActionType, ActionType]]:
    """Return the flows of a pair in the ERP plugin's order: EXTRACT and LOAD of the same key."""
    found: list[tuple[ActionType, ActionType]] = []
    for source in erp.actions.values():
        target = store.action(source.key, Direction.LOAD)
        if source.direction is Direction.EXTRACT and target is not None:
            found.append((source, target))
    return found


def feature_rows(
    erp: Plugin, store: Plugin, ticked: Collection[str], action_types: Any
) -> list[FeatureRow]:
    """Return the rows of Enable Features; ``action_types`` as in Common configuration."""
    labels = {source.key: source.label for source, _ in pairs(erp, store)}
    rows: list[FeatureRow] = []
    for source, target in pairs(erp, store):
        needs = tuple(dict.fromkeys(k for k in (*source.needs, *target.needs) if k in labels))
        allowed = action_types == ALL or source.key in action_types
        missing = [labels[k] for k in needs if k not in ticked]
        note = ""
        if needs:
            names = " and ".join(labels[k] for k in needs)
            end = "Ticking it ticks both." if missing else "which is on."
            note = f"Needs {names}{', ' if not missing else '. '}{end}"
        rows.append(
            FeatureRow(
                source.key,
                source.label,
                "ERP → Store",
                needs,
                source.key in ticked,
                "" if allowed else HUB_OFF,
                note,
                source.default_schedule,
            )
        )
    return rows


def endpoint_rows(
    context: Context,
    erp: Plugin,
    store: Plugin,
    erp_values: Mapping[str, Any],
    store_values: Mapping[str, Any],
) -> list[EndpointRow]:
    """Return the rows of Endpoint URL, both sides of each sync, from unsaved values too."""
    rows: list[EndpointRow] = []
    for source, target in pairs(erp, store):
        sides = (("ERP", erp, source, erp_values), ("Store", store, target, store_values))
        for side, plugin, action, values in sides:
            specs = context.connection_specs(plugin.info.key)
            try:
                url = expand(action.endpoint, specs, values)
            except BadTemplate:
                url = ""
            rows.append(EndpointRow(source.key, source.label, side, action.method, url))
    return rows
