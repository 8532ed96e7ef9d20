"""Live choices for the fields of a connection and of its value mappings."""

from hub.sdk import Choice
from plugins.bigcommerce import replies
from plugins.bigcommerce.client import Client

MOST = 200


def _channels(client: Client) -> list[Choice]:
    return [
        Choice(
            str(row.get("channelId")),
            str(row.get("name") or row.get("channelId")),
            str(row.get("status") or ""),
        )
        for row in client.b2b_channels()
    ]


def _locations(client: Client) -> list[Choice]:
    return [
        Choice(
            str(row.get("id")),
            str(row.get("label") or row.get("code") or row.get("id")),
            "" if row.get("enabled", True) else "not enabled",
        )
        for row in client.locations()
    ]


def _customer_groups(client: Client) -> list[Choice]:
    choices: list[Choice] = []
    page = 1
    while len(choices) < 5 * MOST:
        params = (("limit", "250"), ("page", str(page)))
        found = replies.rows(client.read("core", "/v2/customer_groups", params))
        choices += [Choice(str(row.get("id")), str(row.get("name") or "")) for row in found]
        if len(found) < 250:
            break
        page += 1
    return choices


LOOKUPS = {
    "channels": _channels,
    "locations": _locations,
    "customer_groups": _customer_groups,
}


def look_up(client: Client, lookup: str, query: str) -> list[Choice]:
    """Return at most 200 choices whose value or label contains ``query``."""
    read = LOOKUPS.get(lookup)
    if read is None:
        return []
    words = query.strip().casefold()
    found = [c for c in read(client) if words in c.label.casefold() or words in c.value.casefold()]
    return found[:MOST]
