"""Comparing both sides for links, beside the pages that show how far it is."""

import logging
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from hub.engine.candidates import Candidate, find_candidates
from hub.engine.proposing import compare
from hub.reports import proposals as reports
from hub.sdk import HubError
from hub.settings import links
from hub.settings.links import flow_of_entity
from hub.store.tables import MatchRun, RecordRow

if TYPE_CHECKING:
    from hub.runtime.runtime import Runtime

log = logging.getLogger(__name__)

CUT_OFF = timedelta(minutes=2)
"""A comparison that gave no sign for so long has ended with its process."""
BEAT = timedelta(seconds=2)


class Matching:
    """Finds what may be linked: for one record, or for all of an entity in the background."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime

    def candidates(self, connector_id: int, record_id: int) -> list[Candidate]:
        """Search the store for one record. Raises ``HubError``."""
        runtime = self._runtime
        with runtime.read() as session:
            record = session.get_one(RecordRow, record_id)
            flow = flow_of_entity(runtime.context, session, connector_id, record.entity)
        return find_candidates(runtime.tools, flow.id, record_id)

    def begin(self, connector_id: int, entity: str, who: str) -> bool:
        """Start comparing in the background; False when it is being done already."""
        if not self._claim(connector_id, entity, who):
            return False
        threading.Thread(
            target=self._run, args=(connector_id, entity), name="matching", daemon=True
        ).start()
        return True

    def compare_now(self, connector_id: int, entity: str, who: str) -> MatchRun | None:
        """Compare here and now; returns how it ended, None when somebody else is at it."""
        if not self._claim(connector_id, entity, who):
            return None
        self._run(connector_id, entity)
        with self._runtime.read() as session:
            return session.get_one(MatchRun, (connector_id, entity))

    def accept(
        self, connector_id: int, entity: str, record_ids: Sequence[int], level: str, who: str
    ) -> links.Linked:
        """Link the proposals of these records, or of a whole level when none is named.

        What is not clear is never linked this way.
        """
        runtime = self._runtime
        with runtime.read() as session:
            pairs = [
                links.Pair(record_id, external_id, how)
                for record_id, external_id, how in reports.acceptable(
                    session, connector_id, entity, record_ids, level
                )
            ]
        done = links.link_many(runtime.context, connector_id, pairs, who)
        runtime.ring_all()
        return done

    def is_cut_off(self, run: MatchRun) -> bool:
        """True for a comparison whose process ended before it did."""
        return run.status == "reading" and run.seen_at < self._runtime.clock.now() - CUT_OFF

    def _claim(self, connector_id: int, entity: str, who: str) -> bool:
        now = self._runtime.clock.now()
        with self._runtime.write() as session:
            found = session.get(MatchRun, (connector_id, entity))
            if found is not None and found.status == "reading" and not self.is_cut_off(found):
                return False
            session.merge(
                MatchRun(
                    connector_id=connector_id, entity=entity, status="reading", listed=0,
                    error="", who=who, started_at=now, seen_at=now,
                )
            )  # fmt: skip
        return True

    def _run(self, connector_id: int, entity: str) -> None:
        runtime, beaten = self._runtime, self._runtime.clock.now()

        def beat() -> None:
            nonlocal beaten
            if runtime.clock.now() - beaten >= BEAT:
                beaten = runtime.clock.now()
                self._note(connector_id, entity)

        try:
            with runtime.read() as session:
                flow = flow_of_entity(runtime.context, session, connector_id, entity)
            listed = compare(runtime.tools, flow.id, beat, runtime.stopping.is_set)
        except HubError as error:
            self._note(connector_id, entity, status="failed", error=str(error))
        except Exception as error:
            log.exception("The records of connector %s could not be compared", connector_id)
            words = f"The hub could not compare them ({type(error).__name__}). The log has more."
            self._note(connector_id, entity, status="failed", error=words)
        else:
            self._note(connector_id, entity, status="finished", listed=listed)

    def _note(self, connector_id: int, entity: str, **values: object) -> None:
        with self._runtime.write() as session:
            session.execute(
                update(MatchRun)
                .where(MatchRun.connector_id == connector_id, MatchRun.entity == entity)
                .values(seen_at=self._runtime.clock.now(), **values)
                .execution_options(synchronize_session=False)
            )
