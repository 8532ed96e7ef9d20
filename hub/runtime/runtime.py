"""The object graph: every room once, handed to each other here and nowhere else."""

import ipaddress
import logging
import os
import secrets
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Engine as SqlEngine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from hub.config import Environment
from hub.engine.checks import (
    CheckRow,
    TestResult,
    check_again,
    failed,
    initialization_checks,
    probe,
)
from hub.engine.context import Tools
from hub.engine.engine import Engine
from hub.engine.runs import queue_run
from hub.gate import Gate
from hub.outbox import retry, retry_like, skip
from hub.registry import Registry
from hub.runtime.explore import Explore
from hub.runtime.matching import Matching
from hub.runtime.serving import Serving
from hub.sdk import Direction, HubError
from hub.seams import Clock, Rng, SystemClock
from hub.settings import Context, Lookups, Settings, ensure_keys
from hub.settings.approvals import Approvals
from hub.settings.connection_values import get_connection
from hub.store import schema, snapshot
from hub.store.database import Database, DatabaseProblem, is_away
from hub.store.owner import owner_is_dead, process_owner
from hub.store.tables import Connector, Flow, Run
from hub.vault import Redactor, Vault

log = logging.getLogger(__name__)


class Runtime:
    """One running hub: pages, command line and workers find every room here."""

    def __init__(
        self,
        environment: Environment,
        database: Database,
        vault: Vault,
        redactor: Redactor,
        registry: Registry,
        *,
        clock: Clock,
        rng: Rng,
        environ: Mapping[str, str],
        keep_alive: bool = False,
    ) -> None:
        self.environment = environment
        self.database = database
        self.vault = vault
        self.redactor = redactor
        self.registry = registry
        self.clock = clock
        self.rng = rng
        self.stopping = threading.Event()
        self.owner = process_owner()
        self.context = Context(database, registry, vault, environ)
        self.settings = Settings(self.context, sign_out=self._sign_out)
        self.approvals = Approvals(self.context)
        self.gate = Gate(database, vault, rng, self.owner, keep_alive=keep_alive)
        self.tools = Tools(
            database, registry, self.settings, self.gate, clock, rng, self.owner, owner_is_dead
        )
        self.mover = Engine(self.tools, self.stopping.is_set)
        self.lookups = Lookups(self.context, self._open_for_person)
        self.listens_on_loopback = True
        self.setup_token: str | None = None
        self.serving: Serving | None = None
        self._explore = Explore(self)
        self.matching = Matching(self)

    @property
    def engine(self) -> SqlEngine:
        """The SQL engine, for the pages' read sessions."""
        return self.database.engine

    @property
    def pepper(self) -> bytes:
        """The secret that session ids and throttle subjects are hashed with."""
        return bytes.fromhex(self.vault.digest("web"))

    def read(self) -> AbstractContextManager[Session]:
        """A session for reading."""
        return self.database.read()

    def write(self) -> AbstractContextManager[Session]:
        """A session in one writing transaction."""
        return self.database.write()

    def listen_on(self, host: str) -> None:
        """Tell the pages where they are reached; off loopback first start needs a token (S17)."""
        try:
            self.listens_on_loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            self.listens_on_loopback = host == "localhost"
        self.setup_token = None if self.listens_on_loopback else secrets.token_urlsafe(16)

    def _open_for_person(self, *arguments: Any) -> Any:
        return self.gate.open(*arguments, priority="person")

    # What people do ----------------------------------------------------------------------------

    def test_saved(self, connection_id: int) -> TestResult:
        """Test a saved connection; a success lets refused sign-ins be used again."""
        try:
            facts = self.settings.facts(connection_id)
            values = self.settings.resolved(connection_id)
        except HubError as error:
            return TestResult(False, str(error), parameter=getattr(error, "parameter", None))
        plugin = self.registry.get(facts.plugin)
        if plugin is None:
            return TestResult(False, self.registry.why_not(facts.plugin))
        return probe(self.tools, facts, plugin, values)

    def initialize(self, connector_id: int) -> list[CheckRow]:
        """Run the initialization checks and keep their result."""
        return initialization_checks(self.tools, connector_id)

    def check_again(self, connector_id: int, group: str, activity: str) -> CheckRow | None:
        """Run one initialization check again; None when there is no such check any more."""
        return check_again(self.tools, connector_id, group, activity)

    def activate(self, connector_id: int, who: str) -> list[str]:
        """Check, then switch on; returns what keeps it off (sentence and remedy each)."""
        problems = [
            f"{row.group}: {row.check.detail} {row.check.remedy}".strip()
            for row in failed(self.initialize(connector_id))
        ]
        if not problems:
            self.settings.set_active(connector_id, who, active=True)
        return problems

    def run_now(
        self,
        flow_id: int,
        who: str,
        mode: str = "incremental",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """Queue a run by hand for the workers and return its id."""
        run_id = queue_run(self.tools, flow_id, mode=mode, who=who, since=since, until=until)
        if self.serving is not None:
            self.serving.ring(flow_id)
        return run_id

    def cancel_run(self, run_id: int) -> None:
        """Ask a run to stop; what was sent stays sent, the rest waits."""
        with self.write() as session:
            run = session.get(Run, run_id)
            if run is not None and run.status == "waiting":
                run.status, run.finished_at = "cancelled", self.clock.now()
            elif run is not None:
                run.cancel_requested = True

    def retry(self, message_ids: list[int]) -> int:
        """Try these messages again with fresh data."""
        with self.database.core() as connection:
            count = retry(connection, message_ids, self.clock.now())
        self.ring_all()
        return count

    def retry_like(self, flow_id: int, reason_group: str) -> int:
        """Try all parked messages with the same reason again."""
        with self.database.core() as connection:
            count = retry_like(connection, flow_id, reason_group, self.clock.now())
        self.ring_all()
        return count

    def skip(self, message_ids: list[int], who: str) -> int:
        """Cancel these waiting messages."""
        with self.database.core() as connection:
            return skip(connection, message_ids, self.clock.now(), who)

    def start_serving(self, *, clock: bool = True, workers: int | None = None) -> None:
        """Start clock and workers, or one of them. Raises ``AlreadyServing``."""
        workers = self.environment.workers if workers is None else workers
        self.approvals.start()
        self.serving = Serving(self, workers, clock=clock)
        self.serving.start()
        self._explore.resume()

    def stop_serving(self) -> bool:
        """Stop them; True when everything under way ended in time."""
        ended = self.serving is None or bool(self.serving.stop())
        self._explore.stop()
        return ended

    @property
    def can_explore(self) -> bool:
        """True when this hub can start simulators of its own for a visitor."""
        return self.serving is not None

    def explore(self) -> int:
        """Start the simulators inside this hub and connect them; returns the connector's id."""
        connector_id = self._explore.begin()
        self.ring_all()
        return connector_id

    def ring_all(self) -> None:
        """Let the workers look at every flow with work."""
        if self.serving is not None:
            self.serving.ring_all()

    def open_resolved(self, connection_id: int) -> Any:
        """Return what the gate's janitor needs to sign a connection out; None when incomplete."""
        try:
            return self.settings.opening(connection_id)
        except HubError:
            return None

    def _sign_out(self, connection_id: int) -> None:
        """End a shared session before the values it was opened with change."""
        self.gate.close_idle(
            lambda found: self.open_resolved(found) if found == connection_id else None,
            older_than=0.0,
        )

    def needs_of(self, connector: Connector, flow: Flow) -> tuple[str, ...]:
        """Return the flow keys that must have been read before this flow."""
        with self.read() as session:
            plugin = self.registry.get(get_connection(session, connector.store_id).plugin)
        action = plugin.action(flow.target_action, Direction.LOAD) if plugin else None
        return action.needs if action else ()

    def alive(self) -> tuple[bool, str]:
        """Say whether clock and workers run, for the foot of every page."""
        if self.serving is None:
            return False, "Clock and workers are not running here"
        return self.serving.alive()

    def ready(self) -> dict[str, bool]:
        """The checks of /readyz by name."""
        migrated = schema.current(self.database) == schema.head()
        if self.serving is None:
            return {"migrations": migrated}
        return {"migrations": migrated, **self.serving.ready()}

    def close(self) -> None:
        """Sign out, where this process was the last user, and give everything back."""
        self.stopping.set()
        self.sign_out_idle(0.0)
        self.gate.close()
        self.database.close()

    def sign_out_idle(self, seconds: float) -> None:
        """End vendor sessions that nobody has used for so long; the next start tries the rest."""
        try:
            self.gate.close_idle(self.open_resolved, older_than=seconds)
        except SQLAlchemyError as error:
            why = "the database is away" if is_away(error) else f"{type(error).__name__}: {error}"
            log.warning("Idle sessions were not signed out (%s); the next start tries again", why)


def _first_line(error: OperationalError) -> str:
    return (str(error.orig).strip().splitlines() or ["no reason given"])[0].rstrip(".") + "."


def _refuse_unusable(database: Database) -> None:
    """Make the tables of a new database; raise ``DatabaseProblem`` for one that cannot be served."""
    snapshot.refuse_damage(database)
    found = schema.current(database)
    if found is not None and found != schema.head():
        raise DatabaseProblem(
            f"The database is at revision {found}, this version needs {schema.head()}: "
            "make a backup, then run `hub db upgrade`."
        )
    if found is None:
        schema.upgrade(database)


def build(
    environ: Mapping[str, str] | None = None,
    *,
    clock: Clock | None = None,
    rng: Rng | None = None,
    keep_alive: bool = False,
    registry: Registry | None = None,
) -> Runtime:
    """Open or create this machine's hub.

    Raises ``ConfigProblem`` (environment, keys) and ``DatabaseProblem``, each one sentence.
    """
    environ = os.environ if environ is None else environ
    os.umask(0o077)
    environment = Environment.load(environ)
    environment.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock = clock or SystemClock()
    database = Database(environment.database_url, clock)
    redactor = Redactor()
    try:
        _refuse_unusable(database)
        vault = ensure_keys(database, environment, redactor)
    except BaseException:
        database.close()
        raise
    runtime = Runtime(
        environment,
        database,
        vault,
        redactor,
        registry or Registry(),
        clock=clock,
        rng=rng or Rng(),
        environ=environ,
        keep_alive=keep_alive,
    )
    try:
        runtime.approvals.look()
    except BaseException:
        runtime.close()
        raise
    return runtime
