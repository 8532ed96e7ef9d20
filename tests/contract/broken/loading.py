"""Connectors that lose, double or misreport what they deliver."""

from dataclasses import replace

from hub.sdk import AmbiguousWrite, HubError, LoadResult, Outcome, RecordRejected
from tests.contract.broken import breaks
from tests.contract.toy import client as toy

LOAD, SEND, ENDED = toy.load, toy.send, toy.ended


@breaks("results-in-order", "client.load")
def in_any_order(client, batch):
    """returns the results in another order than the batch"""
    return LOAD(client, batch)[::-1]


@breaks("bad-record-isolated", "client.ended")
def raises_for_one(item, answer):
    """raises for a record that was refused"""
    if answer.status == 422:
        raise RecordRejected(answer.json()["message"], field="name")
    return ENDED(item, answer)


@breaks("rejection-names-field", "client.ended")
def no_field(item, answer):
    """leaves out which field was refused"""
    return replace(ENDED(item, answer), field_errors={})


@breaks("writes-named", "client.send")
def marked_as_read(client, item):
    """marks a create as a read"""
    path = f"{client.base}/customers" + (f"/{item.external_id}" if item.external_id else "")
    method = "PUT" if item.external_id else "POST"
    body = {**item.payload, "number": item.key}
    answer = client.http.request(method, path, json=body, headers=client.auth(), reads=True)
    return ENDED(item, answer)


@breaks("empty-batch", "client.load")
def asks_first(client, batch):
    """asks the platform before it looks whether there is anything to do"""
    client.call("GET", "/me")
    return LOAD(client, batch)


@breaks("match-finds", "client.match")
def takes_all(client, items):
    """takes every row that comes back for a hit"""
    found = toy.rows(client.call("GET", "/customers"))
    return {item.key: [toy.listed(row) for row in found] for item in items}


@breaks("load-repeats", "client.send")
def creates_always(client, item):
    """creates also what has an id already"""
    return SEND(client, replace(item, external_id=None))


@breaks("unknown-when-ambiguous", "client.load")
def tries_again(client, batch):
    """asks for a retry when the answer was lost"""
    results = LOAD(client, batch)
    return [
        replace(r, outcome=Outcome.RETRY) if r.outcome is Outcome.UNKNOWN else r for r in results
    ]


@breaks("batch-survives-open-end", "client.load")
def one_ends_all(client, batch):
    """calls the whole batch unknown when one call is"""
    results = []
    for item in batch:
        try:
            results.append(SEND(client, item))
        except AmbiguousWrite as trouble:
            return [LoadResult(i.key, Outcome.UNKNOWN, detail=str(trouble)) for i in batch]
        except HubError as trouble:
            if not results:
                raise
            rest = batch[len(results) :]
            return results + [
                LoadResult(i.key, Outcome.NOT_SENT, detail=str(trouble)) for i in rest
            ]
    return results
