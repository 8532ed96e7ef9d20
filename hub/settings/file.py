"""The configuration file: applied whole or not at all, exported without secrets, idempotent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from hub.settings import common, connection_values, connections, connector_state, connectors
from hub.settings.connections import ConnectionInput
from hub.settings.connector_check import check
from hub.settings.context import Context
from hub.settings.errors import FieldErrors
from hub.settings.export import export
from hub.settings.file_parts import (
    TOP,
    boolean,
    connection_input,
    connector_input,
    known_keys,
    table,
)
from hub.settings.file_yaml import Document, FileProblem, read

__all__ = ["Activate", "Report", "apply", "export"]

Activate = Callable[[int], list[str]]
"""Runs the initialization checks of a connector; returns what failed, with remedy."""


@dataclass(slots=True)
class Report:
    """What ``apply`` did. ``problems``: nothing was changed. ``failed``: saved, but not active."""

    changes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        """True when the command may exit with 0."""
        return not self.problems and not self.failed


class _Undo(Exception):
    pass


@dataclass(slots=True)
class _Work:
    context: Context
    session: Session
    document: Document
    who: str
    report: Report
    bad: set[str] = field(default_factory=set)
    active: dict[int, bool] = field(default_factory=dict)
    recheck: set[int] = field(default_factory=set)

    def complain(self, path: str, sentence: str) -> None:
        self.report.problems.append(f"{path}: {sentence}{self.document.at(path)}")

    def errors(self, prefix: str, errors: dict[str, str], rename: dict[str, str]) -> None:
        for name, sentence in errors.items():
            path = f"{prefix}{rename.get(name, name)}".rstrip(".")
            self.complain(path, sentence)

    def changed(self, what: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        if not before:
            self.report.changes.append(f"{what}: created")
            return
        for name in sorted(set(before) | set(after)):
            if before.get(name) != after.get(name):
                old, new = before.get(name), after.get(name)
                self.report.changes.append(f"{what}: {name} {old} → {new}")


def apply(
    context: Context,
    text: str,
    *,
    who: str,
    dry_run: bool = False,
    activate: Activate | None = None,
) -> Report:
    """Make the hub what the file says; what the file does not name stays as it is.

    A section that stands in the file is exact: names left out go back to their defaults. All
    errors are collected; with any, nothing changes. ``activate`` runs the checks of connectors
    with ``active: true`` that are not active yet, or whose connections changed; what it returns
    leaves them inactive and is reported.
    """
    report = Report(dry_run=dry_run)
    try:
        document = read(text)
    except FileProblem as problem:
        report.problems.append(str(problem))
        return report
    try:
        with context.database.write() as session:
            work = _Work(context, session, document, who, report)
            _apply(work)
            if report.problems or dry_run:
                raise _Undo
    except _Undo:
        if report.problems:
            report.changes.clear()
        return report
    _activate(work, activate)
    return report


def connection_inputs(text: str) -> list[ConnectionInput]:
    """Return the connections of a file that was found good."""
    try:
        parts = read(text).data.get("connections") or {}
    except FileProblem:
        return []
    found = [connection_input(key, part, lambda _path, _text: None) for key, part in parts.items()]
    return [item for item in found if item is not None]


def _apply(work: _Work) -> None:
    data = work.document.data
    known_keys(data, TOP, "", work.complain)
    given = table(data, "common", "", work.complain)
    if given:
        _common(work, given)
    for key, part in (table(data, "connections", "", work.complain) or {}).items():
        _connection(work, key, part)
    for key, part in (table(data, "connectors", "", work.complain) or {}).items():
        _connector(work, key, part)


def _common(work: _Work, given: dict[str, Any]) -> None:
    before = common.values(work.session) | common.connector_defaults(work.session)
    try:
        common.save(work.context, work.session, given, work.who)
    except FieldErrors as error:
        work.errors("common.", error.errors, {})
        return
    after = common.values(work.session) | common.connector_defaults(work.session)
    work.changed("common", before, after)


def _connection(work: _Work, key: str, part: Any) -> None:
    before_problems = len(work.report.problems)
    wanted = connection_input(key, part, work.complain)
    if wanted is None:
        work.bad.add(key)
        return
    row = connections.by_key(work.session, key)
    before = connection_values.flat(work.context, work.session, row) if row else {}
    try:
        saved, changed = connections.save(work.context, work.session, wanted, work.who)
    except FieldErrors as error:
        prefix = f"connections.{key}."
        named = {"plugin": "plugin", "key": ""}
        inner = {n: named.get(n, f"parameters.{n}") for n in error.errors}
        work.errors(prefix, error.errors, inner)
        work.bad.add(key)
        return
    if len(work.report.problems) > before_problems:
        work.bad.add(key)
    if changed:
        work.recheck.add(saved.id)
        after = connection_values.flat(work.context, work.session, saved)
        work.changed(f"connection {key}", before, after)


def _connector(work: _Work, key: str, part: Any) -> None:
    wanted = connector_input(key, part, work.complain)
    if wanted is None:
        return
    active = boolean(part, "active", f"connectors.{key}.", work.complain)
    row = connector_state.by_key(work.session, key)
    before = connector_state.flat(work.context, work.session, row) if row else {}
    prefix = f"connectors.{key}."
    try:
        if work.bad & {wanted.erp, wanted.store}:
            raise FieldErrors(check(work.context, work.session, wanted).errors)
        saved, changed = connectors.save(work.context, work.session, wanted, work.who)
    except FieldErrors as error:
        known_bad = {s for s in ("erp", "store") if getattr(wanted, s) in work.bad}
        errors = {n: text for n, text in error.errors.items() if n not in known_bad}
        work.errors(prefix, errors, {"key": ""})
        return
    if changed:
        after = connector_state.flat(work.context, work.session, saved)
        work.changed(f"connector {key}", before, after)
    if active is not None:
        work.active[saved.id] = active
        if active != saved.active:
            word = "activate" if active else "deactivate"
            work.report.changes.append(f"connector {key}: {word}")


def _activate(work: _Work, activate: Activate | None) -> None:
    for connector_id, wanted in work.active.items():
        with work.context.database.read() as session:
            row = connector_state.get_connector(session, connector_id)
            key, due = row.key, not row.active or {row.erp_id, row.store_id} & work.recheck
        if wanted and not due:
            continue
        failed: list[str] = []
        if wanted:
            failed = ["its checks were not run"] if activate is None else activate(connector_id)
        with work.context.database.write() as session:
            row = connector_state.get_connector(session, connector_id)
            on = wanted and not failed
            connectors.set_active(work.context, session, row, work.who, active=on)
        work.report.failed += [f"connectors.{key}.active: {text}" for text in failed]
