"""The section General of the Connector Configuration page, and what stands around it."""

from dataclasses import dataclass

from hub.reports import connectors as reports
from hub.sdk import Choice, Kind, Role
from hub.web.face import frame_runtime, the_runtime
from hub.web.forms import Field
from hub.web.views import configuration_fields as fields
from hub.web.views.configuration_fields import Sheet
from hub.web.views.configuration_input import SIDES
from hub.web.views.configuration_state import Saved

SIDE_LABELS = {"store": "Connector Plugin", "erp": "ERP plugin"}


def general(sheet: Sheet) -> list[Field]:
    """Return Connector ID, Name and both plugins."""
    saved, given = sheet.saved, sheet.given
    key = saved.connector.key if saved.connector else (given.key if given else "")
    name = sheet.value("name") or ""
    ident = Field(
        "key", "Connector ID", value=key, required=True, mono=True, width="w-key", max_length=60,
        readonly=not saved.fresh, error=sheet.error("key"), placeholder="B2B-CA", disabled=not sheet.editable,
        lookup_url="/look-up-connector", lookup_dialog="find",
        lookup_label="Look up" if saved.fresh else "Find connector",
        help="Letters, digits, hyphen and underscore. It cannot be changed after the first save; "
        "logs, the command line and the API use it." if saved.fresh
        else "Fixed since the first save. It appears in logs, the command line and the API.",
    )  # fmt: skip
    title = Field("name", "Name", value=name, error=sheet.error("name"), max_length=200)
    title.disabled = not sheet.editable
    if not saved.fresh and not fields.same(saved.values["name"], name):
        title.was = str(saved.values["name"]) or "empty"
    return [ident, title, *(_plugin(sheet, side) for side in SIDES)]


def _plugin(sheet: Sheet, side: str) -> Field:
    runtime, saved = the_runtime(), sheet.saved
    offered = runtime.registry.with_role(Role.ERP if side == "erp" else Role.STORE)
    plugin = saved.plugins[side]
    value = plugin.info.key if plugin else (sheet.given.plugins.get(side) if sheet.given else "")
    choices = [Choice(k, f"{p.info.label} {p.info.version}") for k, p in offered.items()]
    row = saved.sides[side]
    lost = (
        (f"The plugin {row.plugin} is not usable now.", runtime.registry.why_not(row.plugin))
        if row is not None and plugin is None and sheet.given is None
        else None
    )
    note = "The choice fills Plugin Parameters, Enable Features and Endpoint URL below."
    return Field(
        f"{side}_plugin", SIDE_LABELS[side], Kind.CHOICE, value, choices=choices,
        required=True, disabled=not sheet.editable,
        empty_choice="" if plugin else f"Choose {'a store' if side == 'store' else 'an ERP'} plugin …",
        error=sheet.error(f"{side}.plugin") or sheet.error(side) or lost,
        help=note if side == "store" else "",
        attributes={
            "hx-post": "/configuration/form", "hx-target": "#cfg", "hx-select": "#cfg",
            "hx-swap": "outerHTML", "hx-trigger": "change",
        },
    )  # fmt: skip


def active(sheet: Sheet) -> Field:
    """Return the box Active, with what keeps it from being ticked."""
    connector = sheet.saved.connector
    on = bool(connector and connector.active)
    if sheet.given is not None and sheet.given.active is not None:
        on = sheet.given.active
    text = "When off, nothing is read, sent or accepted. Messages wait and history stays readable."
    if connector is None:
        text = "Can be ticked after the first save. Until then nothing is read, sent or accepted."
    elif connector.initialized_at is None:
        text += " Saving it on runs the checks of Initialize first."
    made = Field("active", "Active", Kind.BOOL, on, help=text, error=sheet.error("active"))
    made.disabled = connector is None or not sheet.editable
    if connector is not None and on != connector.active:
        made.was = "on" if connector.active else "off"
        made.attributes = {"data-changed": "active"}
    return made


@dataclass(frozen=True, slots=True)
class State:
    """A badge key and its cause."""

    key: str
    cause: str
    text: str = ""


def known() -> list[reports.Row]:
    """Return every connector by ID, for the look-up."""
    with frame_runtime().read() as session:
        return sorted(reports.rows(session), key=lambda row: row.connector.key)


def state_of(saved: Saved) -> State:
    """Return the badge of a saved connector."""
    if saved.connector is None:
        return State("not_set", "")
    with frame_runtime().read() as session:
        for row in reports.rows(session):
            if row.connector.id == saved.connector.id:
                return State(row.state, row.cause)
    return State("off", "")
