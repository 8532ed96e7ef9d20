"""Connectors that lose or invent records while they read."""

from datetime import UTC, timedelta

from hub.sdk import Cursor, Page, parse_time
from tests.contract.broken import breaks
from tests.contract.toy import client as toy

EXTRACT, LISTING = toy.extract, toy.listing


@breaks("reading-complete", "client.extract")
def first_page_twice(client, window):
    """yields its first page twice"""
    pages = list(EXTRACT(client, window))
    yield from [pages[0], *pages]


@breaks("pages-resume", "client.extract")
def resume_at_the_end(client, window):
    """lets every page resume where the whole reading will end"""
    pages = list(EXTRACT(client, window))
    for page in pages:
        yield Page(page.records, pages[-1].resume)


@breaks("delta-ties", "client.extract")
def on_after_the_stamp(client, window):
    """pages on after the last stamp and forgets the rest of that moment"""
    after = ""
    while True:
        params = {"limit": str(toy.PAGE_SIZE), "after": after}
        if window.since is not None:
            params["since"] = window.since.astimezone(UTC).isoformat()
        found = toy.rows(client.call("GET", "/customers", params=params))
        border = client.http.server_now - timedelta(seconds=window.lag)
        yield Page(tuple(map(toy.record, found)), Cursor(border.isoformat()))
        if not found:
            return
        after = f"{found[-1]['changed']},~"


@breaks("delta-late-commits", "client.extract")
def no_lag(client, window):
    """puts the cursor at the server's time, without the lag"""
    for page in EXTRACT(client, window):
        late = page.resume and parse_time(page.resume.position) + timedelta(seconds=window.lag)
        yield Page(page.records, late and Cursor(late.isoformat()))


@breaks("pages-moving", "client.extract")
def by_offset(client, window):
    """pages by offset over a list that moves"""
    offset = 0
    while True:
        params = {"limit": str(toy.PAGE_SIZE), "offset": str(offset)}
        if window.since is not None:
            params["since"] = window.since.astimezone(UTC).isoformat()
        found = toy.rows(client.call("GET", "/customers", params=params))
        border = client.http.server_now - timedelta(seconds=window.lag)
        yield Page(tuple(map(toy.record, found)), Cursor(border.isoformat()))
        if not found:
            return
        offset += len(found)


@breaks("fetch-by-key", "client.fetch")
def missing_left_out(client, keys):
    """leaves out a key that does not exist"""
    return [
        record for page in EXTRACT(client, WHOLE) for record in page.records if record.key in keys
    ]


class WHOLE:
    since, lag = None, 60.0


@breaks("listing-finds", "client.listing")
def one_page(client):
    """lists the first page only"""
    yield next(LISTING(client))
