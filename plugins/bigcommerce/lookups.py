"""Live choices for the fields of a connection and of its value mappings."""

from hub.sdk import Choice
from plugins.bigcommerce.client import CORE_LIMIT, Client
from plugins.bigcommerce.replies import truth

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
            "" if truth(row.get("enabled")) else "not enabled",
        )
        for row in client.locations()
    ]


def _customer_groups(client: Client) -> list[Choice]:
    choices: dict[str, Choice] = {}
    for found in client.core_pages("/v2/customer_groups", (), CORE_LIMIT):
        for row in found:
            number = str(row.get("id"))
            choices[number] = Choice(number, str(row.get("name") or ""))
        if len(choices) >= 5 * MOST:
            break
    return list(choices.values())


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
