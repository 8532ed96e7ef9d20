"""The fields of the Connector Configuration page: saved and posted values as rows to draw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.registry import Plugin
from hub.sdk import Choice, Kind, ParameterSpec
from hub.settings.connector_state import OFF
from hub.settings.spec_parts import Section, Setting
from hub.settings.specs import SECTIONS
from hub.web import context, fmt
from hub.web.forms import Field, SecretState, change_in_words, field_of
from hub.web.views import configuration_lookups as lookups
from hub.web.views.configuration_input import Given
from hub.web.views.configuration_state import Saved

NOUNS = {
    "customer_classes": "customer classes",
    "order_types": "order types",
    "warehouses": "warehouses",
    "branches": "branches",
    "channels": "channels",
    "locations": "locations",
}
READ_AGAIN = "/configuration/read-again?field="
RADIOS = ("preferences.shipment_trigger",)


@dataclass(slots=True)
class Sheet:
    """What fields are made from: saved values, the posted form if there is one, and errors."""

    saved: Saved
    given: Given | None = None
    form: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    editable: bool = True

    def value(self, path: str) -> Any:
        """Return what the page shows."""
        if self.given is not None and path in self.given.values:
            return self.given.values[path]
        return self.saved.values.get(path)

    def error(self, path: str) -> tuple[str, str] | None:
        """Return cause and remedy of an error at a path."""
        text = self.errors.get(path)
        if not text:
            return None
        cause, dot, remedy = text.partition(". ")
        return (cause + dot.strip(), remedy)

    def moved(self, path: str) -> bool:
        """True when the shown value differs from the saved one."""
        return not same(self.saved.values.get(path), self.value(path))

    def was(self, spec: ParameterSpec, path: str) -> str:
        """Return the saved value in words when the shown one differs."""
        if self.saved.fresh and not path.startswith(("erp.", "store.")):
            return ""
        before, now = self.saved.values.get(path), self.value(path)
        side = path.partition(".")[0]
        if side in self.saved.sides and self.saved.sides[side] is None:
            return ""
        return "" if same(before, now) else change_in_words(spec, before)


def same(before: Any, now: Any) -> bool:
    """True when a saved and a posted value mean the same; 5 and "5" do."""
    if before in (None, "", [], (), {}) and now in (None, "", [], (), {}):
        return True
    if isinstance(before, (list, tuple)) and isinstance(now, (list, tuple)):
        return {str(v) for v in before} == {str(v) for v in now}
    if isinstance(before, dict) or isinstance(now, dict):
        return bool(before == now)
    return str(before) == str(now)


def system_of(plugin: Plugin | None) -> str:
    """Return the plugin's label."""
    return plugin.info.label if plugin else "the other system"


def make(sheet: Sheet, spec: ParameterSpec, path: str, side: str, **extra: Any) -> Field:
    """Make one field; its choices are the last known ones."""
    prefix = path.removesuffix(spec.name)
    found = field_of(spec, sheet.value(path), prefix=prefix, error=sheet.error(path), **extra)
    found.was = sheet.was(spec, path)
    found.disabled = not sheet.editable
    if found.was:
        found.attributes = {**found.attributes, "data-changed": path}
    if spec.lookup and spec.kind is not Kind.TEXT:
        _looked(sheet, found, spec, side)
    return found


def _looked(sheet: Sheet, found: Field, spec: ParameterSpec, side: str) -> None:
    noun = NOUNS.get(spec.lookup or "", "choices")
    system = system_of(sheet.saved.plugins.get(side))
    looked = lookups.shown(sheet.saved, sheet.form, side, spec.lookup or "")
    many = spec.kind is Kind.MULTI
    found.choices = lookups.plain(looked.choices) if many else looked.choices
    found.noun = noun
    found.stale = lookups.stale(looked, system, noun) or lookups.cut(looked, noun)
    found.help = f"{found.help} {lookups.age(looked, system)}".strip()
    if sheet.editable and many:
        found.read_again_url = READ_AGAIN + found.name


@dataclass(slots=True)
class Drawn:
    """One card of preferences."""

    key: str
    label: str
    menu: str
    intro: str
    note: str
    fields: list[Field]

    @property
    def wrong(self) -> bool:
        """True when a field of it has an error."""
        return any(f.error for f in self.fields)


def section(sheet: Sheet, part: Section) -> Drawn:
    """Draw one section of preferences."""
    fields = [_setting(sheet, part, setting) for setting in part.settings]
    return Drawn(part.key, part.label, part.menu, part.intro, part.note, fields)


def sections(sheet: Sheet) -> dict[str, Drawn]:
    """Return every section by key, in page order."""
    return {part.key: section(sheet, part) for part in SECTIONS}


def _setting(sheet: Sheet, part: Section, setting: Setting) -> Field:
    path = f"{part.store}.{setting.spec.name}"
    found = make(sheet, setting.spec, path, "erp", uses=setting.note, radio=path in RADIOS)
    if setting.spec.kind is Kind.CHOICE and setting.spec.choices:
        found.closed = True
    if path == "messages.batch":
        found.attributes = {**found.attributes, "data-hides": "1"}
    elif path == "messages.batch_count":
        found.placeholder = "Maximum"
    return found


def extra_fields(sheet: Sheet) -> list[Field]:
    """Return the preferences that the plugins add."""
    found: list[Field] = []
    for side in ("erp", "store"):
        plugin = sheet.saved.plugins[side]
        specs = plugin.preferences if plugin else []
        found += [make(sheet, spec, f"preferences.{spec.name}", side) for spec in specs]
    return found


# Plugin Parameters -------------------------------------------------------------------------------


@dataclass(slots=True)
class Group:
    """The parameters of one side."""

    side: str
    label: str
    plugin: str
    connection: Field
    shared: list[str]
    rows: list[tuple[ParameterSpec, Field]]
    advanced: list[tuple[ParameterSpec, Field]]
    own_network: Field
    filled_from: str
    drafts: set[str]

    @property
    def folded_open(self) -> bool:
        """True when a folded field has an error or a change."""
        return any(f.error or f.was for _, f in self.advanced)


def groups(sheet: Sheet, specs_of: Mapping[str, list[ParameterSpec]]) -> list[Group]:
    """Return the parameter grids, store first as on the page."""
    return [_group(sheet, side, specs_of[side]) for side in specs_of if sheet.saved.plugins[side]]


def _group(sheet: Sheet, side: str, specs: list[ParameterSpec]) -> Group:
    plugin = sheet.saved.plugins[side]
    assert plugin is not None  # noqa: S101
    row = sheet.saved.sides[side]
    made = [(spec, _parameter(sheet, side, spec)) for spec in specs]
    network = ParameterSpec(
        "own_network",
        "This system is on our network",
        Kind.BOOL,
        "Allows a private or local address. Leave it off for a system in the internet.",
    )
    drafts = {
        path for path in (sheet.given.typed if sheet.given else ()) if path.startswith(f"{side}.")
    }
    return Group(
        side,
        plugin.info.label,
        plugin.info.key,
        _connection(sheet, side),
        sheet.saved.others.get(side, []),
        [pair for pair in made if not pair[0].advanced],
        [pair for pair in made if pair[0].advanced],
        make(sheet, network, f"{side}.own_network", side),
        row.key if row else "",
        drafts,
    )


def _connection(sheet: Sheet, side: str) -> Field:
    row = sheet.saved.sides[side]
    choices = [
        Choice(c.key, c.key, c.name if c.name != c.key else "")
        for c in sheet.saved.existing.get(side, [])
    ]
    new = "A new connection, made with the first save"
    return Field(
        f"{side}_connection", "Connection", Kind.CHOICE, row.key if row else "", choices=choices,
        empty_choice=new, error=sheet.error(f"{side}.key"), disabled=not sheet.editable,
        attributes={
            "hx-post": "/configuration/form", "hx-target": "#cfg", "hx-select": "#cfg",
            "hx-swap": "outerHTML", "hx-trigger": "change",
        },
    )  # fmt: skip


def _parameter(sheet: Sheet, side: str, spec: ParameterSpec) -> Field:
    path = f"{side}.{spec.name}"
    found = make(sheet, spec, path, side, mono=spec.kind in (Kind.TEXT, Kind.URL), slot=True)
    found.read_again_url = ""
    found.closed = spec.kind is Kind.CHOICE and bool(spec.choices)
    if spec.secret:
        found.secret = _secret(sheet, side, spec, path)
        found.was = ""
    return found


def _secret(sheet: Sheet, side: str, spec: ParameterSpec, path: str) -> SecretState:
    if sheet.given is not None and path in sheet.given.typed:
        return SecretState(is_set=True, source="Replaced, not saved yet", clearable=False)
    item = sheet.saved.secrets.get(side, {}).get(spec.name)
    if item is None or not item.is_set:
        needed = "Needed for the sign-in" if spec.required else "Not used while it is not set"
        return SecretState(consequence=needed)
    if item.reference:
        return SecretState(is_set=True, source=f"from {item.reference}")
    by = f" by {item.set_by}" if item.set_by else ""
    day = fmt.day(item.set_at, context.zone()) if item.set_at else ""
    return SecretState(is_set=True, source=f"{day}{by}".strip())


def ticked(sheet: Sheet) -> set[str]:
    """Return the flow keys that the page shows as ticked."""
    if sheet.given is not None and sheet.given.features:
        return {key for key, on in sheet.given.features.items() if on}
    return {k for k in sheet.saved.ticked if sheet.saved.base.get(f"features.{k}", OFF) != OFF}
