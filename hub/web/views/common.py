"""Common configuration: what holds for the whole hub, above all connectors."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.reports import connectors as reports
from hub.settings import Conflict, FieldErrors
from hub.settings import common as settings
from hub.settings.common_specs import ALL, COMMON_SPECS
from hub.settings.forms import form_values
from hub.settings.specs import specs_of
from hub.store.tables import Connector, Flow, LogEntry
from hub.web import fmt, nav, operate, security
from hub.web.face import frame_runtime, the_runtime
from hub.web.forms import Field, change_in_words, field_of
from hub.web.security import role
from hub.web.views.configuration_fields import same
from hub.web.views.configuration_saving import settings as services
from hub.web.views.configuration_saving import who

bp = Blueprint("common", __name__)
nav.register("common", "Common configuration", "sliders-horizontal", group=nav.SET_UP)
SPECS = {spec.name: spec for spec in COMMON_SPECS}
PLAIN = ("retention_days", "payload_days", "cleaning_time", "time_zone", "public_url")
LATER = {"public_url": "Used by webhooks, a later sync."}
TOC = (
    ("action_types", "Action types"),
    ("defaults", "Defaults for connectors"),
    ("keeping", "Keeping and cleaning"),
    ("webhooks", "Webhooks"),
    ("zone", "Time zone"),
)


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action type; ``stops`` is what un-ticking it does, in words."""

    key: str
    label: str
    ticked: bool
    was: bool
    on_in: int
    stops: str


@bp.get("/common")
@role("viewer")
def index() -> str:
    """Show what is saved."""
    return _page({}, {})


@bp.post("/common")
@role("admin")
def save() -> ResponseReturnValue:
    """Save everything or nothing."""
    raw = _posted()
    context = the_runtime().context
    with frame_runtime().read() as session:
        saved = settings.values(session)
        before = settings.connector_defaults(session)
    every = list(settings.action_labels(context))
    if set(raw["action_types"]) == set(every) and saved["action_types"] == ALL:
        raw["action_types"] = ALL
    version = request.form.get("version", "")
    for name, part in raw["defaults"].items():
        raw["defaults"][name] = {
            key: before[name].get(key) if same(before[name].get(key), value) else value
            for key, value in part.items()
        }
    try:
        moved = services().save_common(raw, who(), expected=operate.number(version))
    except FieldErrors as wrong:
        return _page(raw, wrong.errors), 422
    except Conflict:
        text = "Somebody saved this page after you opened it. Look at the values, then save again."
        return _page(raw, {"": text}), 422
    flash("Saved." if moved else "Nothing was changed.", "ok")
    return redirect(url_for("common.index"), 303)


def _posted() -> dict[str, Any]:
    form = request.form
    raw = form_values([SPECS[name] for name in PLAIN], form)
    raw["action_types"] = form.getlist("action_types")
    defaults = {
        name: form_values(specs_of(name), form, f"defaults.{name}.")
        for name in settings.DEFAULT_SECTIONS
    }
    if not defaults["messages"].get("batch"):
        for name in ("threshold_count", "batch_count"):
            defaults["messages"].pop(name, None)
    raw["defaults"] = defaults
    return raw


def _page(raw: dict[str, Any], errors: dict[str, str]) -> str:
    context = the_runtime().context
    with frame_runtime().read() as session:
        saved = settings.values(session)
        defaults = settings.connector_defaults(session)
        rows = action_rows(session, settings.action_labels(context), saved, raw)
        entries = session.scalar(select(func.count(LogEntry.id))) or 0
        version = settings.version(session)
    fields = {name: _field(name, SPECS[name], raw.get(name), saved[name], errors) for name in PLAIN}
    fields["retention_days"].help += f" {fmt.plural(entries, 'entry', 'entries')} today."
    parts = {
        name: [_default(name, spec, raw, defaults, errors) for spec in specs_of(name)]
        for name in settings.DEFAULT_SECTIONS
    }
    listed = [(_id(path), _label(path, fields, parts), text) for path, text in errors.items()]
    return render_template(
        "pages/common.html", rows=rows, fields=fields, parts=parts, errors=listed, version=version,
        toc=[{"id": k, "label": v, "current": k == TOC[0][0]} for k, v in TOC],
        on=sum(row.ticked for row in rows),
    )  # fmt: skip


def _id(path: str) -> str:
    return "f-" + path.replace(".", "-") if path else "common"


def _label(path: str, fields: dict[str, Field], parts: dict[str, list[Field]]) -> str:
    every = [*fields.values(), *(f for part in parts.values() for f in part)]
    return next((f.label for f in every if f.name == path), "Action types" if path else "This page")


def _field(path: str, spec: Any, posted: Any, saved: Any, errors: dict[str, str]) -> Field:
    value = saved if posted is None else posted
    text = errors.get(path, "")
    cause, dot, remedy = text.partition(". ")
    made = field_of(spec, value, prefix=path.removesuffix(spec.name))
    made.error = (cause + dot.strip(), remedy) if text else None
    made.was = "" if same(saved, value) else change_in_words(spec, saved)
    made.uses = LATER.get(spec.name, "")
    made.disabled = not security.may("admin")
    return made


def _default(
    name: str, spec: Any, raw: dict[str, Any], saved: dict[str, Any], errors: dict[str, str]
) -> Field:
    posted = (raw.get("defaults") or {}).get(name, {}).get(spec.name)
    path = f"defaults.{name}.{spec.name}"
    made = _field(path, spec, posted, saved[name].get(spec.name), errors)
    if spec.name == "batch":
        made.attributes = {"data-hides": "1"}
    return made


def action_rows(
    session: Session, labels: dict[str, str], saved: dict[str, Any], raw: dict[str, Any]
) -> list[ActionRow]:
    """Return the master list, each row with what switching it off would stop."""
    was = set(labels) if saved["action_types"] == ALL else set(saved["action_types"])
    now = set(raw["action_types"]) if "action_types" in raw else was
    flows = session.execute(
        select(Flow, Connector)
        .join(Connector, Connector.id == Flow.connector_id)
        .where(Flow.enabled)
    ).all()
    found = []
    for key, label in labels.items():
        own = [(flow, connector) for flow, connector in flows if flow.key == key]
        names = ", ".join(connector.name or connector.key for _, connector in own)
        waiting = reports.waiting(session, [flow.id for flow, _ in own])
        stops = f"Saving stops {label} in {names}. " if names else "No connector uses it now. "
        if names:
            stops += f"{fmt.plural(waiting, 'waiting message')} cancelled; nothing is deleted in the stores."
        found.append(ActionRow(key, label, key in now, key in was, len(own), stops.strip()))
    return found
