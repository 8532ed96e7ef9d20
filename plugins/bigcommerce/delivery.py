"""Sending the records of a batch one by one, without losing what is already known."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub.sdk import AmbiguousWrite, HubError, LoadItem, LoadResult, Outcome
from plugins.bigcommerce.client import Client
from plugins.bigcommerce.errors import answered, gone, refused, unsure
from plugins.bigcommerce.replies import Reply, complaint, identifier, one

Send = Callable[[Client, LoadItem], LoadResult]


def one_by_one(client: Client, batch: Sequence[LoadItem], send: Send) -> list[LoadResult]:
    """Send each item by a call of its own.

    Trouble of the connection is raised while nothing was sent; later it ends the batch, and the
    items that were not reached come back as NOT_SENT, so that the results before it count.
    """
    results: list[LoadResult] = []
    for item in batch:
        try:
            results.append(send(client, item))
        except AmbiguousWrite as trouble:
            results.append(LoadResult(item.key, Outcome.UNKNOWN, detail=str(trouble)))
        except HubError as trouble:
            if not results:
                raise
            rest = batch[len(results) :]
            results += [LoadResult(i.key, Outcome.NOT_SENT, detail=str(trouble)) for i in rest]
            break
    return results


def by_kind(
    client: Client,
    batch: Sequence[LoadItem],
    *,
    create: Send,
    bulk: Callable[[Client, Sequence[LoadItem]], list[LoadResult]],
    update: Send,
    delete: Send,
) -> list[LoadResult]:
    """Send a batch of one kind: deletes and updates one by one, creates in bulk from two on."""
    if batch[0].delete:
        return one_by_one(client, batch, delete)
    if batch[0].external_id:
        return one_by_one(client, batch, update)
    return [create(client, batch[0])] if len(batch) == 1 else bulk(client, batch)


def created(item: LoadItem, reply: Reply, name: str) -> LoadResult:
    """Return the end of a create that was accepted; without an id a listing has to find it."""
    data = one(reply)
    number = identifier(data.get(name) or data.get("id"))
    if number is None:
        return answered(item)
    return LoadResult(item.key, Outcome.CREATED, external_id=number)


def ended(item: LoadItem, reply: Reply, what: str, done: Outcome = Outcome.UPDATED) -> LoadResult:
    """Return how an update or delete of one bound record ended."""
    if reply.ok:
        return LoadResult(item.key, done, external_id=item.external_id)
    if reply.unsure:
        return unsure(item, reply)
    if reply.status == 404:
        if done is Outcome.DELETED:
            return LoadResult(item.key, done, external_id=item.external_id)
        return gone(item, what)
    return refused(item, reply, what)


def pick(
    payload: Mapping[str, Any], names: frozenset[str], blank: frozenset[str] | None
) -> dict[str, Any]:
    """Return the fields that a call takes; empty text is left out of ``blank`` (None: of all)."""
    return {
        name: value
        for name, value in payload.items()
        if name in names and not (value == "" and (blank is None or name in blank))
    }


def candidates(batch: Sequence[LoadItem], reply: Reply, what: str) -> list[LoadResult]:
    """Return the end of a bulk create whose answer ties no id to a record (CONTRACT §5.4)."""
    if reply.unsure:
        return [unsure(item, reply) for item in batch]
    said = "" if reply.ok else f"BigCommerce refused {len(batch)} {what}: {complaint(reply)}"
    return [answered(item, said) for item in batch]
