"""The peer: the same customers by dlt, as somebody who knows it well would write it.

``python -m benchmarks.peer_dlt ERP STORE SIZE FOLDER`` in the peer's own environment, where the hub
is not installed. A custom destination posts companies, ``SIZE`` at a time; the rest is dlt's own:
incremental reading, state, packages that are resumed, requests that are repeated. A refused batch
is sent one by one, and a company that is there already counts as delivered.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources.helpers.requests import Client

from benchmarks.plain import PAGE, SELECT, SELLING, Loop, at, company

EPOCH = "2000-01-01T00:00:00+00:00"


def cpu() -> float:
    """User and system seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Shop:
    """Posts companies with the session that dlt offers."""

    def __init__(self, loop: Loop) -> None:
        self._session = Client(raise_for_status=False).session
        self._session.headers.update(loop.store.headers)
        self._url = f"{loop.b2b}/companies"
        self.sent = self.refused = 0

    def post(self, items: list[dict[str, Any]]) -> None:
        """Create these companies."""
        if len(items) > 1 and self._accepted("/bulk", items):
            self.sent += len(items)
            return
        for item in items:
            done = self._accepted("", item)
            self.sent += done
            self.refused += not done

    def _accepted(self, path: str, body: Any) -> bool:
        reply = self._session.post(self._url + path, json=body)
        return bool(reply.ok and reply.json()["code"] == 200)


def rows(loop: Loop, since: str) -> Iterator[dict[str, Any]]:
    """Pages of customers that changed since then."""
    skip = 0
    while True:
        params = {
            "$select": SELECT,
            "$expand": "MainContact,MainContact/Address,PrimaryContact",
            "$filter": f"LastModifiedDateTime gt datetimeoffset'{since}'",
            "$top": str(PAGE),
            "$skip": str(skip),
        }
        answer = loop.erp.get(f"{loop.erp_url}/Customer", params=params)
        answer.raise_for_status()
        page = answer.json()
        yield from page
        if len(page) < PAGE:
            return
        skip += PAGE


def run(loop: Loop, size: int, folder: str) -> Shop:
    """One ``pipeline.run``; what an earlier one left behind is delivered first."""
    shop = Shop(loop)

    @dlt.resource(name="customers", write_disposition="append", max_table_nesting=0)
    def customers(
        changed: dlt.sources.incremental[str] = dlt.sources.incremental(
            "changed", initial_value=EPOCH
        ),
    ) -> Iterator[dict[str, Any]]:
        for row in rows(loop, changed.last_value or EPOCH):
            if at(row, "Status") in SELLING and (body := company(row)):
                yield {"changed": at(row, "LastModifiedDateTime"), "body": body}

    @dlt.destination(
        batch_size=size,
        name="bigcommerce",
        naming_convention="direct",
        skip_dlt_columns_and_tables=True,
        max_table_nesting=0,
    )
    def bigcommerce(items: Any, _table: Any) -> None:
        shop.post([item["body"] for item in ([items] if isinstance(items, dict) else items)])

    pipeline = dlt.pipeline("peer", destination=bigcommerce, pipelines_dir=folder)
    pipeline.run(customers())
    if pipeline.has_pending_data:
        pipeline.run()
    return shop


def main(erp: str, store: str, size: str, folder: str) -> None:
    """Print what it sent and cost, net of process start, as JSON."""
    started, began = cpu(), time.perf_counter()
    loop = Loop(json.loads(erp), json.loads(store))
    shop = run(loop, int(size), folder)
    loop.erp.post(loop.logout_url)
    spent = {"cpu": cpu() - started, "seconds": time.perf_counter() - began}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"sent": shop.sent, "refused": shop.refused, "peak_kb": peak, **spent}))


if __name__ == "__main__":
    main(*sys.argv[1:])
