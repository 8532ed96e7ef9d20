"""The parts of the dashboard: who must act, connectors with their quotas, last success by sync."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.reports import messages as message_reports
from hub.reports.connectors import state_of
from hub.store.tables import Connection, Connector, Flow
from hub.web import context, fmt, operate
from hub.web.face import the_runtime
from hub.web.operate import SyncRow, name_of

log = logging.getLogger("hub.web")


@dataclass(slots=True)
class Need:
    """One thing that needs a person. ``group`` set = a Retry all button; ``flow`` = Run again."""

    icon: str
    title: str
    text: str
    sub: str = ""
    n: str = ""
    nt: str = ""
    show_url: str = ""
    act_url: str = ""
    act: str = ""
    group: message_reports.Group | None = None
    flow: int = 0


@dataclass(slots=True)
class Quota:
    """A meter: share left (None: not known), its tone and words."""

    share: float | None = None
    text: str = "Not known yet"
    tone: str = "ok"


@dataclass(slots=True)
class ConnectorLine:
    """One row of the connectors table."""

    connector: Connector
    state: str
    cause: str
    backlog: int
    oldest: datetime | None
    parked: int
    success: datetime | None
    success_label: str
    store: Quota
    erp: Quota


@dataclass(slots=True)
class Cell:
    """A sync in a connector: when it last succeeded, or why not."""

    icon: str = ""
    tone: str = ""
    at: datetime | None = None
    text: str = ""
    url: str = ""


@dataclass(slots=True)
class MatrixRow:
    """One sync over all connectors."""

    label: str
    cells: list[tuple[str, Cell]] = field(default_factory=list)


def needs(session: Session, rows: Sequence[SyncRow], most: int = 8) -> list[Need]:
    """Return what needs a person: sign-ins, stopped syncs, then parked groups by size."""
    found = _sign_ins(session, rows)
    for row in rows:
        flow = row.facts.flow
        if flow.stopped_reason:
            found.append(
                Need(
                    "circle-stop", f"{row.label} stopped itself",
                    f"{flow.stopped_reason} {flow.stopped_remedy}".strip(), row.connector,
                    operate.shown_count(row.facts.backlog) if row.facts.backlog else "", "waiting" if row.facts.backlog else "",
                    operate.link("syncs.page", flow_id=flow.id), flow=flow.id,
                )
            )  # fmt: skip
    by_id = {row.id: row for row in rows}
    groups = message_reports.parked_groups(session, list(by_id))
    return found + [need_of(group, by_id[group.flow_id]) for group in groups[:most]]


def need_of(group: message_reports.Group, row: SyncRow) -> Need:
    """Return a parked group as something to do."""
    title, text = group_words(group)
    return Need(
        "octagon-alert", title, text, f"{row.label}, {row.connector}",
        operate.shown_count(group.count),
        f"oldest {fmt.duration((context.now() - group.oldest).total_seconds())}",
        operate.link(
            "messages.index", tab="parked", flow=row.facts.flow.key,
            connector=row.facts.connector.key, reason=group.reason_group,
        ),
        group=group,
    )  # fmt: skip


def group_words(group: message_reports.Group) -> tuple[str, str]:
    """Return title and text of a parked group: the shared reason, then what to do."""
    shared = group.reason_group.removeprefix("refused: ").removeprefix("failed: ")
    if group.same_text or not shared:
        title, example = group.reason or "Parked", ""
    else:
        title = shared[:1].upper() + shared[1:]
        name = f"{operate.entity_of(group.entity)} {group.example_key}"
        example = "" if group.reason == title else f"For example {name}: {group.reason} "
    return title, f"{example}{group.remedy}".strip()


def _sign_ins(session: Session, rows: Sequence[SyncRow]) -> list[Need]:
    query = select(Connection).where(Connection.state.in_(("needs_sign_in", "not_reachable")))
    found = []
    for connection in session.scalars(query.order_by(Connection.state.desc(), Connection.key)):
        own = [
            row for row in rows
            if connection.id in (row.facts.connector.erp_id, row.facts.connector.store_id)
        ]  # fmt: skip
        signs = connection.state == "needs_sign_in"
        waiting = sum(row.facts.backlog for row in own)
        syncs = fmt.plural(len(own), "sync waits", "syncs wait")
        detail = connection.state_detail.rstrip(". ") or "The system does not answer"
        url = operate.link("connection.page", key=connection.key)
        found.append(
            Need(
                "key-round" if signs else "unplug",
                f"{name_of(connection)} {'needs a new sign-in' if signs else 'does not answer'}",
                f"{detail}. {syncs}; nothing is lost.", "",
                operate.shown_count(waiting), "waiting", "",
                url or operate.link("connectors.index"),
                ("Sign in again" if signs else "Open connection") if url else "Open connectors",
            )
        )  # fmt: skip
    return sorted(found, key=lambda need: need.icon != "key-round")


def connector_rows(
    session: Session, connectors: Sequence[Connector], rows: Sequence[SyncRow]
) -> list[ConnectorLine]:
    """Return the connectors with their figures and what is left of their quotas."""
    found = []
    for connector in connectors:
        own = [row for row in rows if row.facts.connector.id == connector.id]
        sides = [session.get_one(Connection, i) for i in (connector.erp_id, connector.store_id)]
        stopped: Flow | None = next(
            (r.facts.flow for r in own if r.facts.flow.stopped_reason), None
        )
        parked = sum(row.facts.parked for row in own)
        state, cause = state_of(connector, sides, stopped, parked)
        waits = next((row for row in own if row.state == "waiting_for_quota"), None)
        if waits is not None and state in ("running", "needs_attention"):
            state, cause = waits.state, waits.cause
        newest = max(
            (r for r in own if r.facts.last_success), default=None,
            key=lambda r: r.facts.last_success or r.facts.connector.created_at,
        )  # fmt: skip
        found.append(
            ConnectorLine(
                connector, state, cause, sum(row.facts.backlog for row in own),
                min((r.facts.oldest for r in own if r.facts.oldest), default=None), parked,
                newest.facts.last_success if newest else None, newest.label if newest else "",
                quota_of(sides[1]), quota_of(sides[0]),
            )
        )  # fmt: skip
    return found


def quota_of(connection: Connection) -> Quota:
    """Return what is left of the scarcest quota of a connection."""
    gate, registry = (getattr(the_runtime(), name, None) for name in ("gate", "registry"))
    if connection.state == "needs_sign_in":
        return Quota(None, "Not known, signed out")
    if gate is None or registry is None:
        return Quota()
    try:
        status: Any = gate.status(connection.id, registry.get(connection.plugin))
    except Exception:
        log.exception("The quotas of %s could not be read", connection.key)
        return Quota()
    return scarcest(status.quotas, context.now())


def scarcest(quotas: Sequence[Any], now: datetime) -> Quota:
    """Return the quota of which the least is left, in words."""
    found: list[tuple[float, Quota]] = []
    for quota in quotas:
        allowed = quota.allowed or quota.limit
        if not allowed:
            continue
        left = max(0, allowed - quota.used)
        share = left / allowed
        text = f"{left:,} of {allowed:,}"
        if quota.ends_at is not None:
            text += f", full again in {fmt.duration((quota.ends_at - now).total_seconds())}"
        if quota.waits_until is not None:
            wait = fmt.duration((quota.waits_until - now).total_seconds())
            found.append((-1, Quota(0.0, f"All used, goes on in {wait}", "wait")))
            continue
        found.append((share, Quota(share, text, "wait" if share < 0.1 else "ok")))
    return min(found, key=lambda pair: pair[0])[1] if found else Quota()


WHY = {"needs_sign_in": ("key-round", "bad", "needs sign-in"),
       "not_reachable": ("unplug", "bad", "not reachable"),
       "waiting_for_quota": ("timer", "wait", "waits for quota"),
       "paused": ("circle-pause", "mute", "paused")}  # fmt: skip


def matrix(connectors: Sequence[Connector], rows: Sequence[SyncRow]) -> list[MatrixRow]:
    """Return the last success of each sync in each connector."""
    by_place = {(row.label, row.facts.connector.id): row for row in rows}
    found = []
    for label in dict.fromkeys(row.label for row in rows):
        line = MatrixRow(label)
        for connector in connectors:
            row = by_place.get((label, connector.id))
            line.cells.append((name_of(connector), cell(row) if row else Cell(text="Off")))
        found.append(line)
    return found


def cell(row: SyncRow) -> Cell:
    """Return one cell of the matrix."""
    at, url = row.facts.last_success, operate.link("syncs.page", flow_id=row.id)
    if row.state == "off":
        return Cell(text="Off", url=url)
    if row.facts.running is not None:
        return Cell("loader-circle", "", None, "Running", url)
    if row.facts.flow.stopped_reason:
        return Cell("circle-stop", "bad", at, "stopped itself", url)
    if row.state in WHY:
        icon, tone, text = WHY[row.state]
        return Cell(icon, tone, at, text, url)
    if row.facts.last_run is not None and row.facts.last_run.status == "failed":
        return Cell("circle-x", "bad", at, "last run failed", url)
    if at is None:
        return Cell("clock", "mute", None, "No success yet", url)
    if row.late:
        return Cell("triangle-alert", "wait", at, "late", url)
    return Cell("check", "ok", at, "", url)
