"""``python -m benchmarks.claims``: what one claim of waiting messages takes; all is undone."""

import json
import time

from sqlalchemy import text

from hub.outbox import claim_due
from hub.runtime import build

SIZE = 200
TIMES = 20
AGAIN = """
UPDATE message SET status = 'pending', claim_token = NULL, due_at = 0, isolation = 0
WHERE id IN (
  SELECT max(id) FROM message WHERE flow_id = :flow AND status = 'done' GROUP BY dedup_key)
"""
BUSIEST = "SELECT flow_id FROM message GROUP BY flow_id ORDER BY count(*) DESC LIMIT 1"


class Undone(Exception):
    """Takes a transaction back."""


def main() -> None:
    """Print the least milliseconds of a claim, in a transaction that is rolled back."""
    runtime = build()
    taken, found = [], 0
    try:
        for _ in range(TIMES):
            try:
                with runtime.database.begin() as connection:
                    flow = connection.execute(text(BUSIEST), {}).scalar()
                    connection.execute(text(AGAIN), {"flow": flow})
                    started = time.perf_counter()
                    now_ms = runtime.tools.now_ms()
                    _, rows = claim_due(connection, flow, runtime.owner, SIZE, now_ms)
                    taken.append(time.perf_counter() - started)
                    found = len(rows)
                    raise Undone
            except Undone:
                pass
    finally:
        runtime.close()
    print(json.dumps({"ms": 1000 * min(taken), "rows": found}))


if __name__ == "__main__":
    main()
