"""Connection tests and initialization checks: by reading only, one row each with its remedy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.engine.context import Tools
from hub.gate import ConnectionFacts
from hub.registry import Plugin
from hub.sdk import Check, ConfigError, ConnectionTrouble, HubError, Probe
from hub.settings.connector_state import get_connector
from hub.store.tables import Connection, Flow, InitializationCheck


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
    """One initialization check of one side."""

    group: str
    check: Check


def initialization_checks(tools: Tools, connector_id: int) -> list[CheckRow]:
    """Run every check of a connector's two connections and keep the result. Never raises."""
    with tools.database.read() as session:
        connector = get_connector(session, connector_id)
        keys = [
            f.key for f in session.query(Flow).filter_by(connector_id=connector_id, enabled=True)
        ]
        sides = [
            session.get_one(Connection, connector.erp_id),
            session.get_one(Connection, connector.store_id),
        ]
    rows: list[CheckRow] = []
    for connection in sides:
        rows += _side_checks(tools, connection, keys)
    rows.append(_schedules(keys))
    _keep(tools, connector_id, rows)
    return rows


def failed(rows: Sequence[CheckRow]) -> list[CheckRow]:
    """Return the rows that keep a connector from being switched on."""
    return [row for row in rows if row.check.status == "failed"]


def _side_checks(tools: Tools, connection: Connection, keys: Sequence[str]) -> list[CheckRow]:
    plugin = tools.registry.get(connection.plugin)
    group = plugin.info.label if plugin else connection.plugin
    if plugin is None:
        reason = f"The plugin {connection.plugin} is not installed or in quarantine."
        return [CheckRow(group, Check("Plugin", "failed", reason, "Install it, then check again."))]
    try:
        facts = tools.settings.facts(connection.id)
        values = tools.settings.resolved(connection.id)
        with tools.gate.open(facts, plugin, values, priority="person", test=True) as opened:
            try:
                result = plugin.test_connection(opened.client)
                text = f"{result.detail} Answered in {result.latency_ms} ms."
                rows = [CheckRow(group, Check("Sign-in", "passed", text))]
                rows += [CheckRow(group, c) for c in plugin.checks(opened.client, keys)]
            except HubError as error:
                opened.judge(error)
                raise
    except HubError as error:
        return [CheckRow(group, _failed_check(error))]
    return rows


def _failed_check(error: HubError) -> Check:
    if isinstance(error, ConnectionTrouble):
        remedy = "Check that the system runs and is reached from here, then check again."
    else:
        remedy = "Correct the value on the Connector Configuration page, then check again."
    parameter = error.parameter if isinstance(error, ConfigError) else None
    return Check("Sign-in", "failed", str(error), remedy, parameter)


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
    return CheckRow("Hub", check)


def _keep(tools: Tools, connector_id: int, rows: Sequence[CheckRow]) -> None:
    now = tools.clock.now()
    with tools.database.write() as session:
        session.query(InitializationCheck).filter_by(connector_id=connector_id).delete()
        for position, row in enumerate(rows):
            session.add(
                InitializationCheck(
                    connector_id=connector_id,
                    position=position,
                    grouping=row.group,
                    activity=row.check.activity,
                    status=row.check.status,
                    detail=row.check.detail,
                    remedy=row.check.remedy,
                    parameter=row.check.parameter,
                    at=now,
                )
            )
