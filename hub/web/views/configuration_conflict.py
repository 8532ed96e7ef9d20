"""Two people saved the same connector: the second chooses per field, nothing is lost."""

import json
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from hub.sdk import Kind, ParameterSpec
from hub.settings import Conflict
from hub.settings.connector_state import OFF
from hub.settings.specs import SECTIONS
from hub.web.face import the_runtime
from hub.web.forms import change_in_words
from hub.web.views import configuration_drafts as drafts
from hub.web.views.configuration_fields import same
from hub.web.views.configuration_input import SIDES, Given
from hub.web.views.configuration_state import Saved

PICK = "pick:"
LEFT_OUT = ("csrf_token", "_once", "version", "resolve", "base", "draft")


@dataclass(frozen=True, slots=True)
class Line:
    """One field: label, section, and its values in words. ``both`` is offered for lists."""

    path: str
    label: str
    section: str
    base: str
    theirs: str
    mine: str
    both: str = ""
    by_me: bool = False


def sides_as_read(given: Given, saved: Saved) -> bool:
    """True when nobody changed the connections since the form was read."""
    base = given.base or {}
    return all(
        same(base.get(path), value)
        for path, value in saved.base.items()
        if path.split(".")[0] in SIDES and "." in path
    )


def follow_connection(given: Given, saved: Saved) -> None:
    """Once another connection is chosen, its saved values are what the form is compared with."""
    for side in SIDES:
        if given.base is not None and given.picked.get(side) != given.filled_from.get(side):
            kept = {p: v for p, v in given.base.items() if not p.startswith(f"{side}.")}
            theirs = {p: v for p, v in saved.base.items() if p.startswith(f"{side}.")}
            given.base = kept | theirs


def overtaken(given: Given, saved: Saved) -> bool:
    """True when somebody saved meanwhile what this form would put back or also changed."""
    if saved.fresh or (given.version == saved.version and sides_as_read(given, saved)):
        return False
    both, theirs_only, _ = compare(given, saved)
    return bool(both or theirs_only)


def choices(form: "MultiDict[str, str]") -> dict[str, str] | None:
    """Return the choice per field, or None when the form is not the page of two savers."""
    if "resolve" not in form:
        return None
    return {k.removeprefix(PICK): v for k, v in form.items() if k.startswith(PICK)}


def mine_of(given: Given, saved: Saved) -> dict[str, Any]:
    """Return what the form wants, by the paths of ``Settings.flat``."""
    mine = dict(given.values)
    for key, on in given.features.items():
        before = saved.base.get(f"features.{key}", OFF)
        read = (given.base or {}).get(f"features.{key}", before)
        mine[f"features.{key}"] = OFF if not on else (read if read != OFF else before)
    mine |= dict.fromkeys(given.typed, "replaced")
    return mine


def compare(given: Given, saved: Saved) -> tuple[list[str], list[str], list[str]]:
    """Return paths changed by both, by the other one only, and by this one only."""
    base, mine = given.base or {}, mine_of(given, saved)
    both, theirs_only, mine_only = [], [], []
    for path, wanted in mine.items():
        theirs, was = saved.base.get(path, saved.values.get(path)), base.get(path)
        if path not in base and path not in saved.base:
            was = theirs
        if same(theirs, wanted):
            continue
        if same(was, wanted):
            theirs_only.append(path)
        elif same(was, theirs):
            mine_only.append(path)
        else:
            both.append(path)
    return both, theirs_only, mine_only


def resolve(given: Given, saved: Saved, picks: dict[str, str]) -> list[str]:
    """Put the chosen values into the form; return the paths that are still open."""
    both, theirs_only, _ = compare(given, saved)
    still_open = [path for path in both if picks.get(path) not in ("mine", "theirs", "both")]
    if still_open:
        return still_open
    for path in theirs_only:
        _take(given, saved, path)
    for path in both:
        if picks[path] == "theirs":
            _take(given, saved, path)
        elif picks[path] == "both":
            given.values[path] = _union(given, saved, path)
    return []


def _take(given: Given, saved: Saved, path: str) -> None:
    if path.startswith("features."):
        given.features[path.partition(".")[2]] = saved.base.get(path, OFF) != OFF
    elif path in given.typed:
        del given.typed[path]
    else:
        given.values[path] = saved.base.get(path, saved.values.get(path))


def _union(given: Given, saved: Saved, path: str) -> list[str]:
    base = {str(v) for v in (given.base or {}).get(path) or ()}
    mine = [str(v) for v in given.values.get(path) or ()]
    theirs = [str(v) for v in saved.base.get(path) or ()]
    gone = {v for v in base if v not in mine or v not in theirs}
    return [v for v in dict.fromkeys([*theirs, *mine]) if v not in gone]


def draw(
    given: Given, saved: Saved, conflict: Conflict | None, still_open: list[str] | None = None
) -> str:
    """Draw the page of two savers; everything typed travels with it."""
    if given.typed:
        drafts.keep(given.form, given.typed)
    both, theirs_only, mine_only = compare(given, saved)
    connector = saved.connector
    who = conflict.who if conflict else (connector.updated_by if connector else "")
    hidden = [
        (name, text)
        for name, text in request.form.items(multi=True)
        if name not in LEFT_OUT and not name.startswith(PICK) and name not in given.typed
    ]
    hidden += [(path + drafts.MARK, "1") for path in given.typed]
    lines = {
        path: _line(given, saved, path, path in mine_only)
        for path in (*both, *theirs_only, *mine_only)
    }
    return render_template(
        "pages/configuration_conflict.html", saved=saved, who=who or "Somebody", given=given,
        clashes=[lines[p] for p in both], merged=[lines[p] for p in (*theirs_only, *mine_only)],
        hidden=hidden, still_open=still_open or [], picked=choices(request.form) or {},
        base=json.dumps(given.base or {}, default=str),
        version=connector.config_version if connector else 0, mark=PICK,
    )  # fmt: skip


def _line(given: Given, saved: Saved, path: str, by_me: bool) -> Line:
    label, section, spec = describe(saved, path)
    mine, theirs = mine_of(given, saved).get(path), saved.base.get(path, saved.values.get(path))
    was = (given.base or {}).get(path, theirs)
    both = ""
    if isinstance(mine, list) and isinstance(theirs, list):
        both = ", ".join(_union(given, saved, path)) or "none"
    before, other, own = (in_words(spec, path, value) for value in (was, theirs, mine))
    return Line(path, label, section, before, other, own, both, by_me)


def describe(saved: Saved, path: str) -> tuple[str, str, ParameterSpec | None]:
    """Return label, section and spec of a path."""
    head, _, name = path.partition(".")
    for part in SECTIONS:
        for setting in part.settings:
            if part.store == head and setting.spec.name == name:
                return setting.spec.label, part.label, setting.spec
    plugin = saved.plugins.get(head)
    if plugin is not None:
        for spec in the_runtime().context.connection_specs(plugin.info.key):
            if spec.name == name:
                return name, "Plugin Parameters", spec
        return (
            {"own_network": "This system is on our network"}.get(name, name),
            "Plugin Parameters",
            None,
        )
    if head == "features" and saved.plugins.get("erp"):
        labels = {a.key: a.label for a in saved.plugins["erp"].actions.values()}  # type: ignore[union-attr]
        return labels.get(name, name), "Enable Features", None
    return {"name": "Name"}.get(path, path), "General", None


def in_words(spec: ParameterSpec | None, path: str, value: Any) -> str:
    """Return a value as a person reads it; secrets only as "replaced" or "set"."""
    if spec is not None and spec.kind is Kind.SECRET:
        return "secret replaced" if value == "replaced" else "secret"
    if path.startswith("features."):
        return "off" if value in (OFF, None) else "on"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        return ", ".join(f"{k} to {v}" for k, v in value.items()) or "empty"
    text = change_in_words(spec, value) if spec else str(value or "empty")
    return f"{text} {spec.unit}" if spec and spec.unit and value not in (None, "") else text
