"""Connection tests and initialization checks: by reading only, one row each with its remedy."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any

from hub.engine.context import Tools
from hub.gate import ConnectionFacts
from hub.registry import Plugin
from hub.sdk import Check, ConfigError, ConnectionTrouble, HubError, Probe
from hub.settings.connector_state import get_connector
from hub.store.tables import Connection, Connector, Flow, InitializationCheck


@dataclass(frozen=True, slots=True)
class TestResult:
    """How a connection test ended; ``parameter`` names the field at fault."""

    ok: bool
    detail: str
    server: str = ""
    latency_ms: int = 0
    parameter: str | None = None

    __test__ = False


def probe(
    tools: Tools, facts: ConnectionFacts, plugin: Plugin, values: Mapping[str, Any]
) -> TestResult:
    """Sign in and make the cheapest call with these values, saved or not. Never raises."""
    try:
        with tools.gate.open(facts, plugin, values, priority="person", test=True) as opened:
            result: Probe = plugin.test_connection(opened.client)
    except ConfigError as error:
        return TestResult(False, str(error), parameter=error.parameter)
    except HubError as error:
        return TestResult(False, str(error))
    return TestResult(result.ok, result.detail, result.server, result.latency_ms)


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One initialization check of one side; ``took_ms`` None = nothing was asked for it."""

    group: str
    check: Check
    took_ms: int | None = None


HUB, SIGN_IN, REST = "Hub", "Sign-in", "Other checks"
NOT_TESTED = "not_tested"


def initialization_checks(tools: Tools, connector_id: int) -> list[CheckRow]:
    """Run every check of a connector's two connections and keep the result. Never raises.

    Each row is kept as it ends; those not reached yet stand as not tested meanwhile.
    """
    keys, sides = _subjects(tools, connector_id)
    _forget(tools, connector_id)
    rows: list[CheckRow] = []
    for row in chain(*(_side_checks(tools, c, keys) for c in sides), (_schedules(keys),)):
        rows.append(row)
        _replace(tools, connector_id, row.group, [row], whole=False)
    _keep(tools, connector_id, rows)
    return rows


def check_again(tools: Tools, connector_id: int, group: str, activity: str) -> CheckRow | None:
    """Run one check again and keep its result; None when there is no such check any more.

    Only its own side is asked, and nothing after it, unless it passed and others wait for it.
    """
    keys, sides = _subjects(tools, connector_id)
    if group == HUB:
        row = _schedules(keys)
        _replace(tools, connector_id, group, [row], whole=True)
        return row if row.check.activity == activity else None
    side = next((c for c in sides if _label(tools, c) == group), None)
    if side is None:
        return None
    with tools.database.read() as session:
        kept = session.query(InitializationCheck).filter_by(
            connector_id=connector_id, grouping=group
        )
        go_on = activity == SIGN_IN or any(row.status == "waits" for row in kept)
    found: CheckRow | None = None
    rows: list[CheckRow] = []
    with closing(_side_checks(tools, side, keys)) as checks:
        for row in checks:
            rows.append(row)
            if row.check.activity == activity:
                found = row
                if row.check.status != "passed" or not go_on:
                    break
        else:
            go_on = True
    whole = go_on and (found is None or found.check.status == "passed")
    _replace(tools, connector_id, group, rows, whole=whole)
    return found


def _subjects(tools: Tools, connector_id: int) -> tuple[list[str], list[Connection]]:
    with tools.database.read() as session:
        connector: Connector = get_connector(session, connector_id)
        flows = session.query(Flow).filter_by(connector_id=connector_id, enabled=True)
        ids = (connector.erp_id, connector.store_id)
        return [f.key for f in flows], [session.get_one(Connection, i) for i in ids]


def _label(tools: Tools, connection: Connection) -> str:
    plugin = tools.registry.get(connection.plugin)
    return plugin.info.label if plugin else connection.plugin


def failed(rows: Sequence[CheckRow]) -> list[CheckRow]:
    """Return the rows that keep a connector from being switched on."""
    return [row for row in rows if row.check.status == "failed"]


def _side_checks(
    tools: Tools, connection: Connection, keys: Sequence[str]
) -> Generator[CheckRow, None, None]:
    """Yield one side's rows as they end; the sign-in ends when the reader stops reading."""
    plugin = tools.registry.get(connection.plugin)
    group = _label(tools, connection)
    if plugin is None:
        reason = tools.registry.why_not(connection.plugin)
        yield CheckRow(group, Check("Plugin", "failed", reason, "Install it, then check again."))
        return
    started, activity = tools.clock.monotonic(), SIGN_IN
    try:
        facts = tools.settings.facts(connection.id)
        values = tools.settings.resolved(connection.id)
        with tools.gate.open(facts, plugin, values, priority="person", test=True) as opened:
            try:
                result = plugin.test_connection(opened.client)
                yield CheckRow(
                    group, Check(SIGN_IN, "passed", result.detail), _since(tools, started)
                )
                started, activity = tools.clock.monotonic(), REST
                for check in plugin.each_check(opened.client, keys):
                    yield CheckRow(group, check, _since(tools, started))
                    started = tools.clock.monotonic()
            except HubError as error:
                opened.judge(error)
                raise
    except HubError as error:
        yield CheckRow(group, _failed_check(error, activity), _since(tools, started))


def _since(tools: Tools, started: float) -> int:
    return round((tools.clock.monotonic() - started) * 1000)


def _failed_check(error: HubError, activity: str) -> Check:
    if isinstance(error, ConnectionTrouble):
        remedy = "Check that the system runs and is reached from here, then check again."
    else:
        remedy = "Correct the value on the Connector Configuration page, then check again."
    parameter = error.parameter if isinstance(error, ConfigError) else None
    return Check(activity, "failed", str(error), remedy, parameter)


def _schedules(keys: Sequence[str]) -> CheckRow:
    if not keys:
        check = Check(
            "Schedules",
            "note",
            "No sync is ticked under Enable Features: nothing would run.",
            "Tick at least one sync.",
        )
    else:
        check = Check("Schedules", "passed", f"{len(keys)} syncs are ready: {', '.join(keys)}.")
    return CheckRow(HUB, check)


def _forget(tools: Tools, connector_id: int) -> None:
    with tools.database.write() as session:
        for old in session.query(InitializationCheck).filter_by(connector_id=connector_id):
            old.status, old.detail, old.remedy, old.parameter = NOT_TESTED, "", "", None
            old.took_ms, old.at = None, tools.clock.now()


def _keep(tools: Tools, connector_id: int, rows: Sequence[CheckRow]) -> None:
    with tools.database.write() as session:
        session.query(InitializationCheck).filter_by(connector_id=connector_id).delete()
        for position, row in enumerate(rows):
            session.add(_stored(tools, connector_id, position, row))


def _replace(
    tools: Tools, connector_id: int, group: str, rows: Sequence[CheckRow], *, whole: bool
) -> None:
    """Put these rows in the place of those with the same name; new ones come last.

    ``whole``: these are all rows of the group there are, so others of it go.
    """
    with tools.database.write() as session:
        kept = list(session.query(InitializationCheck).filter_by(connector_id=connector_id))
        places = {(old.grouping, old.activity): old for old in kept}
        last = max((old.position for old in kept), default=-1)
        for row in rows:
            old = places.pop((row.group, row.check.activity), None)
            if old is None:
                last += 1
            position = last if old is None else old.position
            if old is not None:
                session.delete(old)
            session.add(_stored(tools, connector_id, position, row))
        for (grouping, _), old in places.items():
            if whole and grouping == group:
                session.delete(old)


def _stored(tools: Tools, connector_id: int, position: int, row: CheckRow) -> InitializationCheck:
    check = row.check
    return InitializationCheck(
        connector_id=connector_id, position=position, grouping=row.group, activity=check.activity,
        status=check.status, detail=check.detail, remedy=check.remedy, parameter=check.parameter,
        took_ms=row.took_ms, at=tools.clock.now(),
    )  # fmt: skip
