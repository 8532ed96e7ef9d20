"""Test connection, the rows of Initialization, the list of customer classes. All of it reads."""

from collections.abc import Iterator, Sequence

from csv_erp.actions import EXPORTS, action_types
from csv_erp.client import Client
from csv_erp.reading import PAGE_SIZE, key_of
from hub.sdk import Check, Choice, ConfigError, HubError, Probe
from hub.sdk.canonical import CUSTOMER

LIMIT = 200


def test_connection(client: Client) -> Probe:
    """Read one customer."""
    rows = client.page(EXPORTS[CUSTOMER], 0, 1)
    found = f"The first is {key_of(rows[0], EXPORTS[CUSTOMER])}." if rows else "It is empty."
    return Probe(ok=True, detail=f"The export of customers answers. {found}")


def checks(client: Client, actions: Sequence[str]) -> Iterator[Check]:
    """Yield one row per export that the flows ``actions`` read."""
    for action in action_types():
        if action.key not in actions:
            continue
        export = EXPORTS[action.entity]
        activity = f"Read the export {export.name}"
        try:
            rows = client.page(export, 0, 1)
        except HubError as error:
            parameter = error.parameter if isinstance(error, ConfigError) else None
            remedy = "Correct the connection, then run the checks again."
            yield Check(activity, "failed", str(error), remedy, parameter)
            continue
        if rows:
            yield Check(activity, "passed", "All columns are there.")
        else:
            yield Check(activity, "note", "It has no rows yet.")


def customer_classes(client: Client, query: str) -> list[Choice]:
    """Return the classes that occur among the customers, with how many each has, at most 200."""
    counts: dict[str, int] = {}
    export, offset = EXPORTS[CUSTOMER], 0
    while True:
        page = client.page(export, offset, PAGE_SIZE)
        for row in page:
            name = row["class"].strip()
            if name and query.strip().casefold() in name.casefold():
                counts[name] = counts.get(name, 0) + 1
        if len(page) < PAGE_SIZE:
            break
        offset += len(page)
    return [Choice(name, name, f"{counts[name]:,} customers") for name in sorted(counts)][:LIMIT]
