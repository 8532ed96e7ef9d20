"""Which installed plugins may run: what was found, what an administrator decided, all audited."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.registry import Approval, Found
from hub.sdk import ConfigError
from hub.settings import audit
from hub.settings.context import Context
from hub.store.base import MILLISECOND, to_ms
from hub.store.tables import PluginApproval

HUB = "hub"


@dataclass(frozen=True, slots=True)
class Entry:
    """One plugin with what is kept of it; ``row`` None: bundled and never in trouble."""

    found: Found
    row: PluginApproval | None


class Approvals:
    """The decisions of administrators, and the registry of this process that goes by them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._registry = context.registry

    def follow(self, *, scan: bool = True) -> None:
        """Let this process go by the decisions as they are now; writes nothing.

        Without ``scan`` it does not look what is installed, which takes some milliseconds.
        """
        with self._context.database.read() as session:
            rows = list(session.scalars(select(PluginApproval)))
        decided = [_value(row) for row in rows if row.state != "found"]
        self._registry.follow(decided, scan=scan)

    def look(self) -> list[str]:
        """Follow, and note what is new: found, changed, removed, quarantined.

        Returns the names of the plugins that were found for the first time.
        """
        self.follow()
        return self._look()

    def start(self) -> None:
        """The same when a serving process begins; what works again is no longer in quarantine."""
        self.follow()
        working = [item.key for item in self._registry.all() if item.plugin is not None]
        with self._context.database.read() as session:
            over = [k for k in working if (row := session.get(PluginApproval, k)) and row.trouble]
        if over:
            with self._context.database.write() as session:
                for key in over:
                    row = session.get_one(PluginApproval, key)
                    what = {"reason": row.trouble}
                    row.trouble, row.trouble_at, row.holds = "", None, False
                    target = f"plugin {row.name} of {row.distribution}"[:200]
                    audit.record(
                        session, HUB, "plugin works again", target, what, at=self._context.now()
                    )
        self._look()

    def _look(self) -> list[str]:
        with self._context.database.read() as session:
            if not self._news(session):
                return []
        with self._context.database.write() as session:
            return self._note(session)

    def entries(self) -> list[Entry]:
        """Return every plugin, bundled ones first, then by name."""
        with self._context.database.read() as session:
            rows = {(r.distribution, r.name): r for r in session.scalars(select(PluginApproval))}
        found = sorted(self._registry.all(), key=lambda f: (not f.bundled, f.name, f.distribution))
        return [Entry(item, rows.get(item.key)) for item in found]

    def approve(self, name: str, who: str, *, sha256: str | None = None) -> Found:
        """Approve a plugin as it is installed now, or let a quarantined one try again.

        ``sha256`` is what the administrator saw. Raises ``ConfigError`` with the reason; a plugin
        that then does not work is returned in quarantine.
        """
        self.follow()
        item = self._named(name)
        package = item.package
        if item.held == "missing":
            raise ConfigError(f"{item.reason[0].upper()}{item.reason[1:]}. Nothing was approved.")
        if package is not None and package.problem:
            raise ConfigError(f"{name} cannot be approved: {package.problem}.")
        if package is not None and not self._may_be_decided(item):
            raise ConfigError(f"{name} cannot be approved: {item.reason}.")
        if sha256 is not None and package is not None and sha256 != package.sha256:
            raise ConfigError(
                f"The files of {name} changed since you looked. Nothing was approved; look again."
            )
        if item.plugin is None:
            with self._context.database.write() as session:
                self._decide(session, item, "approved", who)
            self.look()
        return self._named(name)

    def _may_be_decided(self, item: Found) -> bool:
        """False for one that stands behind another of the same name."""
        return item.state != "quarantined" or self._row_state(item) == "approved"

    def _row_state(self, item: Found) -> str:
        with self._context.database.read() as session:
            row = session.get(PluginApproval, item.key)
            return row.state if row is not None else ""

    def revoke(self, name: str, who: str) -> Found:
        """Take an approval back: from now on this process uses the plugin no more.

        Raises ``ConfigError`` with the reason.
        """
        self.follow()
        item = self._named(name)
        if item.bundled:
            raise ConfigError(
                f"{name} is part of the hub and needs no approval. Deactivate its connectors instead."
            )
        if self._row_state(item) != "approved":
            raise ConfigError(f"{name} is not approved. Nothing was changed.")
        with self._context.database.write() as session:
            self._decide(session, item, "revoked", who)
        self.look()
        return item

    def _named(self, name: str) -> Found:
        item = self._registry.found.get(name)
        if item is None:
            known = ", ".join(sorted(self._registry.found))
            raise ConfigError(f"There is no plugin {name!r}. There are: {known}.")
        return item

    def _decide(self, session: Session, item: Found, state: str, who: str) -> None:
        now = self._context.now()
        row = self._row(session, item)
        before = _shown(row.state, row.version, row.sha256)
        if row.trouble:
            before["quarantined"] = row.trouble
        row.state, row.decided_by = state, who
        # Two decisions within one millisecond must not look like one.
        earlier = row.decided_at
        row.decided_at = (
            now if earlier is None or to_ms(now) > to_ms(earlier) else earlier + MILLISECOND
        )
        row.trouble, row.trouble_at, row.holds = "", None, False
        if state == "approved" and item.package is not None:
            row.version, row.sha256 = item.package.version, item.package.sha256
        after = _shown(row.state, row.version, row.sha256)
        audit.record(session, who, f"plugin {state}", _target(item), before, after, at=now)

    def _row(self, session: Session, item: Found) -> PluginApproval:
        row = session.get(PluginApproval, item.key)
        if row is None:
            row = PluginApproval(
                distribution=item.distribution,
                name=item.name,
                state="approved" if item.bundled else "found",
                version="",
                sha256="",
                seen_version="",
                seen_sha256="",
                seen_at=self._context.now(),
                trouble="",
                holds=False,
            )
            session.add(row)
        return row

    # What is new ----------------------------------------------------------------------------------

    def _news(self, session: Session) -> bool:
        rows = {(r.distribution, r.name): r for r in session.scalars(select(PluginApproval))}
        packages = {p.key: p for p in self._registry.packages}
        seen = {key: row.seen_sha256 for key, row in rows.items() if row.seen_sha256}
        installed = {key: package.sha256 for key, package in packages.items() if package.sha256}
        noted = {key for key, row in rows.items() if row.trouble}
        return seen != installed or bool(set(self._registry.troubles()) - noted)

    def _note(self, session: Session) -> list[str]:
        now, new = self._context.now(), []
        packages = {package.key: package for package in self._registry.packages}
        for item in self._registry.all():
            package = item.package
            if package is None or not package.sha256 or package.key not in packages:
                continue
            row = self._row(session, item)
            if row.seen_sha256 == package.sha256:
                continue
            first = not row.seen_sha256
            action = "plugin found" if first else "plugin changed"
            before = None if first else {"version": row.seen_version, "sha256": row.seen_sha256}
            after = {"version": package.version, "sha256": package.sha256}
            audit.record(session, HUB, action, _target(item), before, after, at=now)
            row.seen_version, row.seen_sha256, row.seen_at = package.version, package.sha256, now
            if first and row.state == "found":
                new.append(item.name)
        for row in session.scalars(select(PluginApproval).where(PluginApproval.seen_sha256 != "")):
            if (row.distribution, row.name) not in packages:
                before = {"version": row.seen_version, "sha256": row.seen_sha256}
                target = f"plugin {row.name} of {row.distribution}"
                audit.record(session, HUB, "plugin removed", target, before, None, at=now)
                row.seen_version, row.seen_sha256 = "", ""
        self._note_troubles(session)
        return new

    def _note_troubles(self, session: Session) -> None:
        now = self._context.now()
        troubles = self._registry.troubles()
        for item in self._registry.all():
            if item.key not in troubles:
                continue
            reason, holds = troubles[item.key]
            row = self._row(session, item)
            if row.trouble and (row.holds or not holds):
                continue
            row.trouble, row.trouble_at, row.holds = reason, now, holds
            what = {"reason": reason}
            audit.record(session, HUB, "plugin quarantined", _target(item), None, what, at=now)


def _value(row: PluginApproval) -> Approval:
    decided = to_ms(row.decided_at) if row.decided_at else 0
    return Approval(
        row.distribution,
        row.name,
        row.sha256,
        row.state == "approved",
        row.trouble if row.holds else "",
        decided,
    )


def _target(item: Found) -> str:
    return f"plugin {item.name} of {item.distribution}"[:200]


def _shown(state: str, version: str, sha256: str) -> dict[str, Any]:
    return {"state": state, "version": version, "sha256": sha256}
