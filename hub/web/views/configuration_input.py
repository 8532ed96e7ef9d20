"""What a posted Connector Configuration form says, by the paths that the settings use."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from hub.registry import Plugin
from hub.sdk import Kind, ParameterSpec, Role
from hub.settings import ConnectionInput, ConnectorInput, Context, connections
from hub.settings.forms import form_values
from hub.settings.rules import plugin_preferences
from hub.settings.specs import specs_of
from hub.web import forms
from hub.web.views import configuration_drafts as drafts

SIDES = ("store", "erp")
"""In the order of the page: Connector Plugin, then ERP plugin."""
ROLES = {"erp": Role.ERP, "store": Role.STORE}
STORED = ("preferences", "messages", "logging")
BATCHED = ("messages.threshold_count", "messages.batch_count")


@dataclass(slots=True)
class Given:
    """A posted form. ``values``: path → raw value; ``typed``: path → secret in clear.

    ``picked`` is the chosen existing connection per side ("" = a new one), ``filled_from`` the
    one whose parameters the form showed.
    """

    key: str = ""
    version: int | None = None
    base: dict[str, Any] | None = None
    form: str = ""
    active: bool | None = None
    plugins: dict[str, str] = field(default_factory=dict)
    picked: dict[str, str] = field(default_factory=dict)
    filled_from: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    features: dict[str, bool] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict, repr=False)
    cleared: dict[str, set[str]] = field(default_factory=dict)


def section_specs(plugins: Mapping[str, Plugin | None]) -> dict[str, list[Any]]:
    """Return the specs of each stored section, the plugins' own preferences included."""
    extra = plugin_preferences(plugins.get("erp"), plugins.get("store"))
    found = {name: list(specs_of(name)) for name in STORED}
    found["preferences"] += extra
    return found


def usable(context: Context, given: Mapping[str, str]) -> dict[str, Plugin | None]:
    """Return the chosen plugin per side, None where none is chosen or usable."""
    return {side: context.plugin(given.get(side, ""), ROLES[side]) for side in SIDES}


def parse(form: "MultiDict[str, str]", context: Context) -> Given:
    """Read a form. Fields that were not on it are not among the values."""
    given = Given(
        key=form.get("key", "").strip(),
        version=_number(form.get("version")),
        base=_base(form.get("base", "")),
        form=form.get("draft", "")[:40],
        active=("active" in form) if "active__sent" in form else None,
    )
    if "name" in form:
        given.values["name"] = form["name"].strip()
    for side in SIDES:
        given.plugins[side] = form.get(f"{side}_plugin", "")
        given.picked[side] = form.get(f"{side}_connection", "")
        given.filled_from[side] = form.get(f"{side}_filled", "")
    plugins = usable(context, given.plugins)
    if "whole" in form:
        for name, specs in section_specs(plugins).items():
            _section(given, form, name, specs)
        _features(given, form)
    for side, plugin in plugins.items():
        same_plugin = form.get(f"{side}_of", "") == given.plugins[side]
        if plugin and same_plugin and given.picked[side] == given.filled_from[side]:
            _side(given, form, side, context.connection_specs(given.plugins[side]))
    return given


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _base(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _section(
    given: Given, form: "MultiDict[str, str]", name: str, specs: Sequence[ParameterSpec]
) -> None:
    for key, value in form_values(specs, form, f"{name}.").items():
        given.values[f"{name}.{key}"] = value
    if name == "messages" and not given.values.get("messages.batch"):
        for path in BATCHED:
            given.values.pop(path, None)


def _features(given: Given, form: "MultiDict[str, str]") -> None:
    offered = form.getlist("feature")
    ticked = {key for key in offered if f"features.{key}" in form}
    given.features = {key: key in ticked for key in offered}


def _side(
    given: Given, form: "MultiDict[str, str]", side: str, specs: Sequence[ParameterSpec]
) -> None:
    given.values[f"{side}.own_network"] = f"{side}.own_network" in form
    plain = [spec for spec in specs if not spec.secret]
    for key, value in form_values(plain, form, f"{side}.").items():
        given.values[f"{side}.{key}"] = value
    given.cleared[side] = set()
    for spec in specs:
        path = f"{side}.{spec.name}"
        if not spec.secret:
            if spec.kind is Kind.MULTI and path + forms.SENT not in form:
                given.values.pop(path, None)
            continue
        if form.get(path + forms.CLEAR):
            given.cleared[side].add(spec.name)
        text = form.get(path) or ""
        if not text and path + drafts.MARK in form and path + "__keep" not in form:
            text = drafts.read(given.form, path)
        if text:
            given.typed[path] = text


def newly_needed(given: Given, needs: Mapping[str, Sequence[str]], before: set[str]) -> set[str]:
    """Tick what newly ticked syncs need, in place; return what was added.

    ``before`` is what was ticked when the form was shown: something that was *un*ticked since then
    stays so, and the check says what still needs it.
    """
    added: set[str] = set()
    for key, on in list(given.features.items()):
        if on and key not in before:
            for needed in needs.get(key, ()):
                if not given.features.get(needed) and needed not in before:
                    given.features[needed] = True
                    added.add(needed)
    return added


def to_input(session: Session, given: Given) -> ConnectorInput:
    """Return what the settings service takes."""
    parts: dict[str, dict[str, Any]] = {name: {} for name in STORED}
    for path, value in given.values.items():
        section, _, name = path.partition(".")
        if section in parts:
            parts[section][name] = value
    ticked = {key: None for key, on in given.features.items() if on}
    return ConnectorInput(
        key=given.key,
        name=given.values.get("name"),
        erp=side_input(session, given, "erp"),
        store=side_input(session, given, "store"),
        **{name: values or None for name, values in parts.items()},  # type: ignore[arg-type]
        features=ticked if given.features else None,
    )


def side_input(session: Session, given: Given, side: str) -> str | ConnectionInput | None:
    """Return one side: its connection's input, an existing connection's key, or None."""
    plugin, picked = given.plugins.get(side, ""), given.picked.get(side, "")
    if not plugin:
        return None
    if picked and picked != given.filled_from.get(side):
        return picked
    prefix = f"{side}."
    raw = {p.removeprefix(prefix): v for p, v in given.values.items() if p.startswith(prefix)}
    own = raw.pop("own_network", None)
    raw |= {p.removeprefix(prefix): v for p, v in given.typed.items() if p.startswith(prefix)}
    return ConnectionInput(
        key=picked or free_key(session, given.key, plugin),
        plugin=plugin,
        parameters=raw,
        own_network=own,
        cleared=given.cleared.get(side, ()),
    )


def free_key(session: Session, connector: str, plugin: str) -> str:
    """Return an unused connection ID for a new connection of a connector."""
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", f"{connector or 'new'}-{plugin}")[:56]
    key, number = stem, 2
    while connections.by_key(session, key) is not None:
        key, number = f"{stem}-{number}", number + 1
    return key
