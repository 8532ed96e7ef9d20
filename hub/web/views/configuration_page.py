"""The Connector Configuration page as one object for its template, and its rendering."""

import json
from dataclasses import dataclass, field
from typing import Any

from flask import render_template
from sqlalchemy.orm import Session

from hub.sdk import Choice, Kind
from hub.settings import common
from hub.settings.features import EndpointRow, FeatureRow, endpoint_rows, feature_rows
from hub.settings.specs import specs_of
from hub.web import security
from hub.web.face import frame_runtime, the_runtime
from hub.web.forms import Field
from hub.web.views import configuration_drafts as drafts
from hub.web.views import configuration_effects as effects
from hub.web.views import configuration_fields as fields
from hub.web.views import configuration_warehouses as warehouses
from hub.web.views.configuration_fields import Drawn, Group, Sheet
from hub.web.views.configuration_general import SIDE_LABELS, known, state_of
from hub.web.views.configuration_general import active as active_field
from hub.web.views.configuration_general import general as general_fields
from hub.web.views.configuration_input import SIDES, Given, section_specs
from hub.web.views.configuration_state import Saved, load
from hub.web.views.configuration_warehouses import WAREHOUSES, Warehouses

FIXED = (
    ("general", "General"),
    ("customer_sync", "Customer sync"),
    ("inventory_sync", "Inventory sync"),
    ("order_sync", "Order sync"),
    ("order_import", "Order import"),
    ("shipment_trigger", "Shipment trigger"),
    ("message_processing", "Message processing"),
    ("plugin_parameters", "Plugin parameters"),
    ("logging", "Logging"),
    ("enable_features", "Enable features"),
    ("endpoint_url", "Endpoint URL"),
)


@dataclass(slots=True)
class Result:
    """How the connection tests ended: one line per side."""

    lines: list[tuple[str, bool, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when both sides answered."""
        return bool(self.lines) and all(ok for _, ok, _ in self.lines)


@dataclass(slots=True)
class Page:
    """All that the template draws."""

    saved: Saved
    sheet: Sheet
    general: list[Field]
    active: Field
    sections: dict[str, Drawn]
    extra: list[Field]
    groups: list[Group]
    features: list[FeatureRow]
    endpoints: list[EndpointRow]
    errors: list[tuple[str, str, str]]
    needed: list[tuple[str, str]]
    toc: list[dict[str, Any]]
    effects: list[str]
    tried: str
    capped: str
    base: str
    form: str
    changes: int
    result: Result | None
    places: Warehouses

    @property
    def whole(self) -> bool:
        """True when both plugins are chosen, so that every section can be drawn."""
        return all(self.saved.plugins.get(side) is not None for side in SIDES)

    @property
    def posted_base(self) -> str:
        """What the posted form was read with: the ground on which two savers are compared."""
        given = self.sheet.given
        if given is None or given.base is None:
            return ""
        return json.dumps(given.base, ensure_ascii=False, sort_keys=True)

    @property
    def modes(self) -> tuple[Choice, ...]:
        """The choices of Warehouses Management."""
        return next(s.choices for s in specs_of("preferences") if s.name == "warehouses")

    @property
    def read_warehouses(self) -> str:
        """Where the warehouses are read again."""
        return fields.READ_AGAIN + WAREHOUSES

    @property
    def listed(self) -> list[Field]:
        """Preferences whose choices are read live, as rows of their own."""
        every = [made for part in self.sections.values() for made in part.fields]
        return [f for f in every if f.name != WAREHOUSES and lookup_of(self, f.name)
                and f.kind is not Kind.TEXT]  # fmt: skip

    @property
    def title(self) -> str:
        """The connector's name."""
        connector = self.saved.connector
        return (connector.name or connector.key) if connector else "New connector"


def build(
    key: str | None,
    given: Given | None = None,
    errors: dict[str, str] | None = None,
    result: Result | None = None,
) -> Page:
    """Make the page from what is saved and, if given, what was posted. Raises ``NotFound``."""
    runtime = the_runtime()
    with frame_runtime().read() as session:
        saved = load(runtime.context, session, key, given)
        form = (given.form if given else "") or drafts.new_form()
        sheet = Sheet(saved, given, form, errors or {}, security.may("admin"))
        return _page(session, sheet, form, result)


def _page(session: Session, sheet: Sheet, form: str, result: Result | None) -> Page:
    runtime, saved = the_runtime(), sheet.saved
    erp, store = saved.plugins["erp"], saved.plugins["store"]
    on = fields.ticked(sheet)
    rows: list[FeatureRow] = []
    urls: list[EndpointRow] = []
    if erp and store:
        rows = feature_rows(erp, store, on, common.values(session)["action_types"])
        urls = endpoint_rows(
            runtime.context, erp, store, _side(sheet, "erp"), _side(sheet, "store")
        )
    specs = {
        side: runtime.context.connection_specs(plugin.info.key)
        for side in SIDES
        if (plugin := saved.plugins[side]) is not None
    }
    drawn = fields.sections(sheet) if erp and store else {}
    groups = fields.groups(sheet, specs)
    general = general_fields(sheet)
    listed = _errors(sheet, labels_of(general, drawn, groups, rows))
    active = {"__active": bool(saved.connector and saved.connector.active)}
    return Page(
        saved, sheet, general, active_field(sheet), drawn, fields.extra_fields(sheet), groups, rows,
        urls, listed, _needed(sheet), _toc(sheet, drawn), effects.consequences(session, sheet),
        effects.tried(sheet.value("messages.retry_count"), sheet.value("messages.retry_interval")),
        effects.capped(store, sheet.value("messages.batch_count")),
        json.dumps(saved.base | active, ensure_ascii=False, sort_keys=True, default=str),
        form, changed(sheet, groups), result, warehouses.build(sheet),
    )  # fmt: skip


def changed(sheet: Sheet, groups: list[Group]) -> int:
    """Return how many fields differ from what is saved."""
    if sheet.given is None:
        return 0
    paths = [p for p in sheet.given.values if sheet.moved(p)]
    secrets = sum(len(group.drafts) for group in groups)
    feats = len(fields.ticked(sheet) ^ sheet.saved.ticked) if sheet.given.features else 0
    return len(paths) + secrets + feats


def _side(sheet: Sheet, side: str) -> dict[str, Any]:
    prefix = f"{side}."
    names = {p.removeprefix(prefix) for p in sheet.saved.values if p.startswith(prefix)}
    return {name: sheet.value(prefix + name) for name in names}


def labels_of(
    general: list[Field], drawn: dict[str, Drawn], groups: list[Group], rows: list[FeatureRow]
) -> dict[str, tuple[str, str]]:
    """Return path → (element id, label) of every field on the page."""
    every = [*general, *(f for part in drawn.values() for f in part.fields)]
    for group in groups:
        every += [group.connection, group.own_network]
        every += [made for _, made in (*group.rows, *group.advanced)]
    found = {made.name: (made.id, made.label) for made in every}
    found |= {f"features.{row.key}": (f"f-features-{row.key}", row.label) for row in rows}
    for side in SIDES:
        found[side] = found[f"{side}.plugin"] = found[f"{side}_plugin"]
        found[f"{side}.key"] = found.get(f"{side}_connection", found["key"])
    found["active"] = ("f-active", "Active")
    return found


def _errors(sheet: Sheet, labels: dict[str, tuple[str, str]]) -> list[tuple[str, str, str]]:
    listed = []
    places = list(labels)

    def on_page(item: tuple[str, str]) -> tuple[bool, int]:
        path = item[0].removesuffix(".schedule")
        return "." in path, places.index(path) if path in labels else len(places)

    for path, text in sorted(sheet.errors.items(), key=on_page):
        where = path.removesuffix(".schedule")
        ident, label = labels.get(where, ("cfg", path or "This page"))
        listed.append((ident, label, text))
    return listed


def _needed(sheet: Sheet) -> list[tuple[str, str]]:
    if not sheet.saved.fresh:
        return []
    given = sheet.given
    missing = [] if given and given.key else [("f-key", "Connector ID")]
    return missing + [
        (f"f-{side}_plugin", SIDE_LABELS[side])
        for side in SIDES
        if sheet.saved.plugins[side] is None
    ]


def _toc(sheet: Sheet, drawn: dict[str, Drawn]) -> list[dict[str, Any]]:
    wrong = {key for key, part in drawn.items() if part.wrong}
    paths = sheet.errors
    if any(p in ("key", "name", "erp", "store", "active") or p.endswith(".plugin") for p in paths):
        wrong.add("general")
    rest = [p for p in paths if p.startswith(("erp.", "store.")) and not p.endswith(".plugin")]
    wrong |= {"plugin_parameters"} if rest else set()
    wrong |= {"enable_features"} if any(p.startswith("features.") for p in paths) else set()
    whole = bool(drawn)
    return [
        {"id": key, "label": label, "error": key in wrong, "off": not whole and key != "general",
         "current": key == "general"}
        for key, label in FIXED
    ]  # fmt: skip


def render(page: Page) -> str:
    """Draw the page."""
    return render_template(
        "pages/configuration.html", page=page, connectors=known(), state=state_of(page.saved)
    )


def field_at(page: Page, path: str) -> Field | None:
    """Return the field of a path, for one row alone."""
    every = [made for part in page.sections.values() for made in part.fields]
    every += [made for group in page.groups for _, made in (*group.rows, *group.advanced)]
    return next((made for made in (*every, *page.extra) if made.name == path), None)


def lookup_of(page: Page, path: str) -> tuple[str, str] | None:
    """Return side and lookup of a field."""
    runtime, saved = the_runtime(), page.saved
    head, _, name = path.partition(".")
    if head in SIDES:
        plugin = saved.plugins[head]
        specs = runtime.context.connection_specs(plugin.info.key) if plugin else []
    else:
        head, specs = "erp", section_specs(saved.plugins)["preferences"]
    found = next((spec.lookup for spec in specs if spec.name == name), None)
    return (head, found) if found else None
