"""Saving and testing what a Connector Configuration form holds."""

from urllib.parse import urlsplit

from flask import flash
from sqlalchemy import update

from hub.engine.checks import TestResult, probe
from hub.sdk import HubError, Kind
from hub.settings import ConnectionInput, ConnectorInput, FieldErrors, Settings
from hub.store.tables import Connector, Flow
from hub.web import sessions
from hub.web.face import frame_runtime, the_runtime
from hub.web.views.configuration_fields import same
from hub.web.views.configuration_input import SIDES, Given, newly_needed, side_input, to_input
from hub.web.views.configuration_state import Saved

ACTIVE = "__active"
"""Beside the base values of a form: whether the connector was on when it was shown."""
NEEDED = {
    "store": "Connector Plugin is needed. Choose one.",
    "erp": "ERP plugin is needed. Choose one.",
}


def settings() -> Settings:
    """Return the settings services; a changed sign-in ends the old vendor session first."""
    return Settings(the_runtime().context, sign_out=_sign_out)


def _sign_out(connection_id: int) -> None:
    runtime = the_runtime()

    def only_this(ident: int) -> object:
        return runtime.open_resolved(ident) if ident == connection_id else None

    runtime.gate.close_idle(only_this, older_than=0.0)


def who() -> str:
    """Return the signed-in person, for the audit."""
    user = sessions.here().user
    return user.email if user else "nobody"


def settle(given: Given, saved: Saved) -> None:
    """Bring a form to what it means: equal values are the saved ones, defaults stay unsaved."""
    for path, value in list(given.values.items()):
        before = saved.values.get(path)
        if path == "name" or not same(before, value):
            continue
        side, _, name = path.partition(".")
        if side not in SIDES or name == "own_network":
            given.values[path] = before
            continue
        item = saved.secrets.get(side, {}).get(name)
        if item is None or not item.is_set:
            del given.values[path]
        else:
            given.values[path] = before
    erp, store = saved.plugins["erp"], saved.plugins["store"]
    if erp and store and given.features:
        needs = {a.key: tuple(a.needs) for p in (store, erp) for a in p.actions.values() if a.needs}
        newly_needed(given, needs, saved.ticked)


def check(given: Given, saved: Saved) -> tuple[ConnectorInput, dict[str, str]]:
    """Return the input for the settings service and every error by path."""
    with frame_runtime().read() as session:
        wanted = to_input(session, given)
        taken = saved.fresh and session.query(Connector).filter_by(key=given.key).first()
    errors = {side: text for side, text in NEEDED.items() if saved.plugins[side] is None}
    if not given.key:
        errors["key"] = "Connector ID is needed. Enter one, for instance B2B-US."
    elif taken:
        errors["key"] = f"{given.key} exists already. Open it, or choose another ID."
    found = settings().check_connector(wanted)
    if not given.key:
        found.pop("key", None)
        found = {p: t for p, t in found.items() if not p.endswith(".key")}
    return wanted, {**found, **errors}


def release(key: str) -> None:
    """After a save: flows that stopped themselves may try again."""
    with frame_runtime().write() as session:
        ids = session.query(Connector.id).filter_by(key=key).scalar_subquery()
        session.execute(
            update(Flow)
            .where(Flow.connector_id == ids, Flow.stopped_reason != "")
            .values(stopped_reason="", stopped_remedy="", stopped_field="", refusals=0)
        )
    the_runtime().ring_all()


def wish(given: Given) -> bool | None:
    """Return what the box Active asks for; None when it was left as the form showed it."""
    shown = (given.base or {}).get(ACTIVE)
    return None if given.active is None or given.active == shown else given.active


def switch(connector_id: int, wanted: bool | None) -> bool:
    """Switch a connector on or off as the box says; False when its checks keep it off."""
    if wanted is None:
        return True
    runtime = the_runtime()
    if not wanted:
        settings().set_active(connector_id, who(), active=False)
        return True
    problems = runtime.activate(connector_id, who())
    if problems:
        flash(f"Saved. It stays off: {problems[0]}", "bad")
    runtime.ring_all()
    return not problems


def guilty(given: Given, saved: Saved, side: str, result: TestResult) -> str:
    """Return the path of the field at fault; trouble on the way belongs to the address."""
    if result.parameter:
        return f"{side}.{result.parameter}"
    plugin = saved.plugins[side]
    for spec in plugin.parameters if plugin else ():
        path = f"{side}.{spec.name}"
        value = str(given.values.get(path) or saved.values.get(path) or "")
        if (
            spec.kind is Kind.URL
            and urlsplit(value).netloc
            and urlsplit(value).netloc in result.detail
        ):
            return path
    return ""


def test_side(given: Given, side: str) -> TestResult:
    """Test one side with the values of the form, saved or not. Never raises."""
    runtime = the_runtime()
    with frame_runtime().read() as session:
        wanted = side_input(session, given, side)
    service = settings()
    try:
        if isinstance(wanted, str):
            result: TestResult = runtime.test_saved(service.connection_id(wanted))
            return result
        if not isinstance(wanted, ConnectionInput):
            return TestResult(False, NEEDED[side], parameter="plugin")
        return probe(runtime.tools, *service.opening_unsaved(wanted))
    except FieldErrors as wrong:
        name, text = next(iter(wrong.errors.items()))
        return TestResult(False, text, parameter=name)
    except HubError as error:
        return TestResult(False, str(error), parameter=getattr(error, "parameter", None))
