"""Initialization: can the flows work with this store? By reading only (PRODUCT §1.4)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hub.sdk import AuthError, Check, ConfigError, Health, HubError, Probe
from plugins.bigcommerce import replies
from plugins.bigcommerce.client import LIMIT, Client, Row
from plugins.bigcommerce.quotas import read_b2b, read_core

COMPANY_FLOWS = frozenset({"customer", "location", "contact"})
ONE_LINE_TEXT, MULTI_LINE_TEXT = 0, 1
"""``fieldType`` of an extra field that can carry a customer number."""


def probe(client: Client) -> Probe:
    """Ask both APIs the cheapest question: the time, and two companies (CONTRACT §3)."""
    client.read("core", "/v2/time")
    client.read("b2b", "/companies", (("limit", "2"),))
    return Probe(
        ok=True, detail=f"Store {client.store} and its B2B Edition answered.", server=client.store
    )


def health(client: Client) -> Health:
    """Tell how much of both quotas is left, in the vendor's own count."""
    core = read_core(client.read("core", "/v2/time").headers)
    b2b = read_b2b(client.read("b2b", "/companies", (("limit", "2"),)).headers)
    metrics = {
        label: f"{state.remaining} of {state.limit}"
        for label, state in (("Core quota left", core), ("B2B quota left", b2b))
        if state.remaining is not None and state.limit is not None
    }
    return Health(ok=True, detail=f"Store {client.store} answers.", metrics=metrics)


def run(client: Client, flows: Sequence[str]) -> Iterator[Check]:
    """Yield one row per thing that the flows need; a refused sign-in ends the checks."""
    chosen = set(flows)
    activities: list[tuple[str, Callable[[Client], Check]]] = [("Sign-in to the store", _sign_in)]
    if chosen & COMPANY_FLOWS:
        activities.append(("Companies readable", _readable("/companies")))
    if "location" in chosen:
        activities.append(("Addresses readable", _readable("/addresses")))
    if "contact" in chosen:
        activities.append(("Users readable", _readable("/users")))
    if "customer" in chosen:
        activities += [
            ("Extra field with the ERP id", _extra_field),
            ("Company behavior", _company_mode),
        ]
        if not client.dependent:
            activities.append(("Customer groups readable", _groups))
    if chosen & {"customer", "contact"}:
        activities.append(("Storefronts with B2B Edition", _channels))
    if "inventory" in chosen:
        activities += [("Default location", _location), ("Inventory readable", _inventory)]
    for name, check in activities:
        try:
            row = check(client)
        except AuthError as error:
            yield Check(name, "failed", str(error), parameter=error.parameter)
            return
        except ConfigError as error:
            row = Check(name, "failed", str(error), parameter=error.parameter)
        except HubError as error:
            row = Check(name, "failed", str(error), "Run the checks again when it answers.")
        yield row if row.activity else _named(row, name)


def _named(row: Check, name: str) -> Check:
    return Check(name, row.status, row.detail, row.remedy, row.parameter)


def _passed(detail: str) -> Check:
    return Check("", "passed", detail)


def _sign_in(client: Client) -> Check:
    client.read("core", "/v2/time")
    return _passed(f"The token is valid for store {client.store}.")


def _readable(path: str) -> Callable[[Client], Check]:
    def check(client: Client) -> Check:
        count = replies.total(client.read("b2b", path, (("limit", "2"),)))
        return _passed("Readable." if count is None else f"{count} in the store.")

    return check


def definitions(client: Client) -> list[Row]:
    """Return the company extra fields that are defined in the store."""
    return client.all("/companies/extra-fields", (), "fieldName")


def _extra_field(client: Client) -> Check:
    name = client.erp_id_field
    fields = definitions(client)
    ours = [row for row in fields if row.get("fieldName") == name]
    if not ours:
        return _undefined(name, fields)
    kind = replies.whole(ours[0].get("fieldType"))
    if kind not in (None, ONE_LINE_TEXT, MULTI_LINE_TEXT):
        return Check(
            "",
            "failed",
            f"The extra field “{name}” is not a text field, so that it cannot carry customer "
            "numbers.",
            "Define another extra field of the type Text and enter its name under Extra field "
            "with the ERP id.",
            "erp_id_field",
        )
    others = [
        str(row.get("fieldName"))
        for row in fields
        if replies.truth(row.get("isRequired") or 0)
        and row not in ours
        and not row.get("defaultValue")
    ]
    if others:
        return Check(
            "",
            "failed",
            f"The store requires more extra fields for every company: {', '.join(others)}. "
            "Companies without them are refused.",
            "In B2B Edition › Settings › Company extra fields, make them optional.",
        )
    return _passed(f"“{name}” is defined.")


def _undefined(name: str, fields: Sequence[Row]) -> Check:
    names = [str(row["fieldName"]) for row in fields]
    alike = [text for text in names if text.strip().casefold() == name.strip().casefold()]
    if alike:
        return Check(
            "",
            "failed",
            f"The store has no extra field “{name}” but has “{alike[0]}”.",
            f"Enter the name exactly: “{alike[0]}”.",
            "erp_id_field",
        )
    return Check(
        "",
        "failed",
        f"The company extra field “{name}” is not defined in the store. It carries the customer "
        "number, by which companies are recognized.",
        "In the store's control panel open B2B Edition › Settings › Extra fields › Company "
        f"accounts, press Add field, enter the name “{name}” exactly, choose the type Text, leave "
        "Required off, save, and run the checks again.",
        "erp_id_field",
    )


def _company_mode(client: Client) -> Check:
    """Dependent companies each own a group and may carry a price list (CONTRACT §8.1)."""
    companies = replies.rows(client.read("b2b", "/companies", (("limit", str(LIMIT)),)))
    groups: list[Any] = [replies.whole(row.get("bcGroupId")) or 0 for row in companies]
    if 0 in groups or len(set(groups)) < len(groups):
        if client.dependent:
            return _other_mode(
                "independent companies: they share customer groups or have none",
                "Choose Independent companies here; the price class then chooses the group.",
            )
        return _passed("Independent: companies share groups or have none.")
    if any(row.get("priceListAssign") for row in companies):
        if client.dependent:
            return _passed("Dependent: each company has a group of its own.")
        return _other_mode(
            "dependent companies: each has a group of its own and a price list",
            "Choose Dependent companies here, or ask BigCommerce to turn on Independent company "
            "behavior.",
        )
    if len(companies) < 2:
        return Check("", "note", "Too few companies to tell; the first company will show it.")
    if client.dependent:
        return _passed("Dependent: each company has a group of its own.")
    return Check(
        "",
        "note",
        "Each company has a customer group of its own. If that is not by chance, the store has "
        "dependent companies, and the price class cannot choose the group.",
        "See B2B Edition › Settings › Company behavior, and choose the same here.",
        "company_mode",
    )


def _other_mode(seen: str, remedy: str) -> Check:
    return Check("", "failed", f"The store has {seen}.", remedy, "company_mode")


def _groups(client: Client) -> Check:
    try:
        client.read("core", "/v2/customer_groups", (("limit", "1"),))
    except AuthError:
        raise
    except ConfigError as error:
        return Check("", "note", str(error), "Needed to choose groups for price classes by name.")
    return _passed("Readable.")


def _channels(client: Client) -> Check:
    rows = client.b2b_channels()
    known = {replies.whole(row.get("channelId")) for row in rows}
    chosen = client.channels()
    missing = [str(number) for number in chosen if number not in known]
    if missing:
        return Check(
            "",
            "failed",
            f"Channel {', '.join(missing)} is no storefront with B2B Edition in this store.",
            "Choose the channels again.",
            "channel_ids",
        )
    names = ", ".join(
        str(row.get("name")) for row in rows if replies.whole(row.get("channelId")) in chosen
    )
    return _passed(f"New users may sign in on: {names}.")


def _location(client: Client) -> Check:
    number = client.default_location()
    for row in client.locations():
        if replies.whole(row.get("id")) == number:
            if not replies.truth(row.get("enabled")):
                break
            return _passed(f"{row.get('label') or row.get('code')} ({number}).")
    return Check(
        "",
        "failed",
        f"Location {number} does not exist in the store or is not enabled.",
        "Choose another default location.",
        "location_id",
    )


def _inventory(client: Client) -> Check:
    client.read("core", "/v3/inventory/items", (("limit", "1"),))
    return _passed("Readable.")
