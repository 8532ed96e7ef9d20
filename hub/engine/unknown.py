"""Records whose end is not known: search, bind what is found, repeat only after the hold (R10.6).

    A: create ── answer lost ── unknown ── search 2 s, 4 s, 8 s … ── found: bind
    B:                                      └─ not found, hold over ── pending: created again
The row stays among the running ones meanwhile, so that a newer change cannot create beside it.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.engine.context import FlowContext, Tools
from hub.engine.listing import MARGIN
from hub.engine.matching import natural_key, natural_of
from hub.engine.proof import mark_proven, proof_needed
from hub.engine.resolve import differing
from hub.engine.surroundings import look_around
from hub.engine.work import Work, work_from
from hub.mapping import content_hash
from hub.outbox import Settled, Settlement, claim_unknown, give_back, unknown_due
from hub.outbox.log_lines import LogLine
from hub.sdk import Listed, LoadItem, Window
from hub.seams import crashpoint
from hub.store.base import from_ms

TAKE = 200
TOO_FEW_TO_LIST = 2
"""More than these cost less as one page of what was created lately."""
ASKED_TOGETHER = 100
"""The same where one call asks for many: the list shows all that was created lately, and is read to
its end when some of the wanted are not there, as after a refused batch."""


def search_unknown(
    tools: Tools,
    context: FlowContext,
    client: Any,
    run_id: int | None,
    ahead: timedelta,
    hold_on: Callable[[str], None],
) -> list[Settled]:
    """Search every unknown record that is due; settle what the search tells. Returns the rows.

    ``ahead`` is how far the target's clock is ahead of ours: created-since is its own time.
    ``hold_on(token)`` makes this the claim that is kept alive.
    """
    ended: list[Settled] = []
    while True:
        with tools.database.look() as connection:
            if not unknown_due(connection, context.flow_id, tools.now_ms()):
                return ended
        with tools.database.begin() as connection:
            token, rows = claim_unknown(
                connection, context.flow_id, tools.owner, TAKE, tools.now_ms()
            )
            works = [work_from(row) for row in rows]
            if works:
                look_around(connection, context, token, works)
        if not works:
            return ended
        hold_on(token)
        try:
            found = _search(tools, context, client, works, ahead)
            settled = [_judge(tools, context, work, found.get(work.key, [])) for work in works]
            _settle(tools, context, run_id, token, settled)
        except BaseException:
            with tools.database.begin() as connection:
                give_back(connection, token, tools.now_ms())
            raise
        ended += settled


def _settle(
    tools: Tools, context: FlowContext, run_id: int | None, token: str, rows: list[Settled]
) -> None:
    settlement = Settlement(
        context.flow_id,
        context.connector_id,
        context.key,
        run_id,
        context.target.id,
        context.entity,
        token,
        expect="unknown",
        rows=rows,
    )
    created = sum(row.outcome == "created" for row in rows)
    if created and proof_needed(tools, context):
        mark_proven(tools, context)
    if created and context.logging.get("info"):
        settlement.log.append(LogLine("info", f"{created} created records found by their key."))
    crashpoint("verify.before_commit")
    tools.database.run(lambda connection: settlement.write(connection, tools.now_ms()))
    crashpoint("verify.after_commit")


def _search(
    tools: Tools, context: FlowContext, client: Any, works: Sequence[Work], ahead: timedelta
) -> dict[str, list[Listed]]:
    plugin, action = context.target.plugin, context.target.action
    if len(works) <= (ASKED_TOGETHER if action.matches_many else TOO_FEW_TO_LIST):
        items = [LoadItem(w.key, _payload(w), None, str(w.id)) for w in works]
        return plugin.match(client, action, items)
    since = from_ms(min(work.hold_until or tools.now_ms() for work in works))
    since += ahead - timedelta(milliseconds=context.hold_ms) - MARGIN
    return find_created(context, client, works, since)


def find_created(
    context: FlowContext, client: Any, works: Sequence[Work], since: datetime
) -> dict[str, list[Listed]]:
    """List what was created over there since a moment of its clock; the hits by our keys."""
    plugin, action = context.target.plugin, context.target.action
    wanted = {work.key for work in works}
    naturals = {natural: w.key for w in works if (natural := natural_of(context, w))}
    found: dict[str, list[Listed]] = {}
    for page in plugin.listing(client, action, Window(since=since), context.preferences):
        for listed in page:
            key = listed.stamp
            if key not in wanted:
                natural = natural_key(context, listed.natural_keys)
                key = naturals.get(natural or "") if not listed.stamp else None
            if key is not None:
                found.setdefault(key, []).append(listed)
        if len(found) == len(wanted):
            break
    return found


def _payload(work: Work) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(work.mapped_before) if work.mapped_before else {}
    return sent or work.canonical


def _judge(tools: Tools, context: FlowContext, work: Work, hits: Sequence[Listed]) -> Settled:
    hashed = work.mapped_before or "{}"
    work.hashed_json, work.content_hash = hashed, content_hash(hashed)
    if work.external_id is not None or work.outcome == "updated":
        return _judge_update(tools, context, work, hits)
    ours = [hit for hit in hits if is_ours(context, work, hit)]
    if len(ours) > 1:
        return work.settle(
            "parked",
            reason=f"It exists twice over there: {', '.join(h.external_id for h in ours[:5])}.",
            reason_group="exists twice over there",
            remedy="Merge or delete the surplus records in the store, then retry.",
        )
    if ours:
        return work.settle(
            "done",
            outcome="created",
            bind=True,
            external_id=ours[0].external_id,
            state=True,
            content_hash=work.content_hash,
            rule_version=context.rule_version,
            sent=hashed,
        )
    return _not_found(tools, work)


def _judge_update(
    tools: Tools, context: FlowContext, work: Work, hits: Sequence[Listed]
) -> Settled:
    """An update whose answer was lost: done when every field we can see is the new one."""
    wanted = json.loads(work.hashed_json)
    mine = [hit for hit in hits if hit.external_id == work.external_id]
    if work.external_id is None:
        # It was found by its key and was to be linked by this very update.
        mine = [hit for hit in hits if is_ours(context, work, hit)]
    if mine and wanted and not differing(wanted, mine[0].fields):
        return work.settle(
            "done",
            outcome="updated",
            external_id=mine[0].external_id,
            bind=True,
            state=True,
            content_hash=work.content_hash,
            rule_version=context.rule_version,
            sent=work.hashed_json,
        )
    return _not_found(tools, work)


def is_ours(context: FlowContext, work: Work, hit: Listed) -> bool:
    """True when this record over there was made of ours: by its stamp, else within its parent."""
    if context.target.action.match_on[:1] == ("stamp",):
        return hit.stamp == work.key
    return hit.scope is None or hit.scope == work.parent_external


def _not_found(tools: Tools, work: Work) -> Settled:
    now_ms = tools.now_ms()
    if work.hold_until is None or now_ms >= work.hold_until:
        return work.settle(
            "pending",
            reason="It did not arrive; it is sent again.",
            isolation=work.isolation or None,
            searches=0,
            forget_hash=work.external_id is not None,
        )
    searches = work.searches + 1
    due = min(now_ms + min(2 ** (searches + 1), 30) * 1000, work.hold_until)
    return work.settle(
        "unknown",
        outcome=work.outcome,
        reason="The answer was lost; the record is being looked up.",
        due_ms=due,
        hold_ms=work.hold_until,
        searches=searches,
    )
