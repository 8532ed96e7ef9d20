"""Contacts as B2B users (CONTRACT §7.2, §8.2). An e-mail is unique among all users of the store."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from hub.sdk import HubError, Listed, LoadItem, LoadResult, Outcome, Window
from plugins.bigcommerce.client import LIMIT, Client, Row
from plugins.bigcommerce.delivery import by_kind, candidates, created, ended, pick
from plugins.bigcommerce.errors import answered, refused, unsure
from plugins.bigcommerce.replies import Reply, complaint, identifier, one, rows, whole

FIELDS = frozenset(["firstName", "lastName", "email", "phoneNumber", "role"])
NEVER_BLANK = frozenset(["firstName", "lastName", "email"])
ADMIN = 0
WHAT = "user"
TAKEN = re.compile(r"exist|already|conflict|duplicat|unique|taken|in use|mail", re.IGNORECASE)
"""Words of a refusal that may be about an e-mail that is taken; no document has the text."""


def load(client: Client, batch: Sequence[LoadItem]) -> list[LoadResult]:
    """Create users (bulk from two on), update or delete them one by one: there is no bulk PUT."""
    return by_kind(client, batch, create=_create, bulk=_create_bulk, update=_update, delete=_delete)


def _new(client: Client, item: LoadItem) -> dict[str, Any]:
    body = pick(item.payload, FIELDS | {"companyId"}, None)
    body["acceptWelcomeEmail"] = bool(item.payload.get("acceptWelcomeEmail", False))
    body["channelIds"] = client.channels()
    return body


def _create(client: Client, item: LoadItem) -> LoadResult:
    reply = client.write("b2b", "POST", "/users", [item], _new(client, item))
    if reply.ok:
        return created(item, reply, "userId")
    if reply.unsure:
        return unsure(item, reply)
    return _not_saved(client, item, reply)


def _not_saved(client: Client, item: LoadItem, reply: Reply) -> LoadResult:
    """Return the refusal; where it speaks of uniqueness, say whose e-mail it is."""
    result = refused(item, reply, WHAT)
    email = str(item.payload.get("email") or "")
    if reply.status != 409 and not TAKEN.search(complaint(reply)):
        return result
    try:
        found = holder(client, email)
    except HubError:
        return result
    if found is None or found.external_id == item.external_id:
        return result
    if found.scope == identifier(item.payload.get("companyId")):
        return answered(item, result.detail)
    return taken(client, item, email, found, "email")


def _create_bulk(client: Client, batch: Sequence[LoadItem]) -> list[LoadResult]:
    """The answer carries ids without e-mails: candidates only (CONTRACT §5.4)."""
    body = [_new(client, item) for item in batch]
    reply = client.write("b2b", "POST", "/users/bulk", batch, body)
    return candidates(batch, reply, "users")


def _update(client: Client, item: LoadItem) -> LoadResult:
    body = pick(item.payload, FIELDS, NEVER_BLANK)
    reply = client.write("b2b", "PUT", f"/users/{item.external_id}", [item], body)
    if reply.ok or reply.unsure or reply.status == 404:
        return ended(item, reply, WHAT)
    return _not_saved(client, item, reply)


def _delete(client: Client, item: LoadItem) -> LoadResult:
    """Delete a user, but never the last one or the last admin of a company (FIRST-FLOWS)."""
    path = f"/users/{item.external_id}"
    reply = client.read("b2b", path, absent=True)
    if reply.status == 404:
        return LoadResult(item.key, Outcome.DELETED, external_id=item.external_id)
    user = one(reply)
    company = identifier(user.get("companyId"))
    if company is not None:
        others = [
            row
            for row in client.all("/users", [("companyId", company)], "id")
            if str(row["id"]) != item.external_id
        ]
        reason = _kept(user, others)
        if reason:
            return LoadResult(
                item.key,
                Outcome.REJECTED,
                detail=f"User {user.get('email')} was not deleted: it is the last {reason} of "
                f"company {company}.",
                remedy="Add another active contact to this customer in the ERP, or delete the "
                "user in the store by hand.",
            )
    return ended(item, client.write("b2b", "DELETE", path, [item]), WHAT, Outcome.DELETED)


def _kept(user: Row, others: Sequence[Row]) -> str:
    if not others:
        return "user"
    admins = any(whole(row.get("role")) == ADMIN for row in others)
    return "admin" if whole(user.get("role")) == ADMIN and not admins else ""


def listed(row: Row) -> Listed:
    """Read a row of the user list."""
    email = str(row.get("email") or "")
    return Listed(
        str(row["id"]),
        None,
        {"email": email.strip().lower()},
        {
            "firstName": str(row.get("firstName") or ""),
            "lastName": str(row.get("lastName") or ""),
            "email": email,
            "phoneNumber": str(row.get("phoneNumber") or ""),
            "role": whole(row.get("role")),
            "companyId": whole(row.get("companyId")),
        },
        identifier(row.get("companyId")),
    )


def pages(client: Client, window: Window) -> Iterator[list[Listed]]:
    """Yield users, newest first; all, or those created or changed since."""
    for page in client.recent("/users", window, "id"):
        yield [listed(row) for row in page]


def _by_email(client: Client, email: str) -> list[Listed]:
    asked = (("email", email), ("limit", str(LIMIT)))
    found = rows(client.read("b2b", "/users", asked))
    users = [listed(row) for row in found if identifier(row.get("id"))]
    return [user for user in users if user.natural_keys["email"] == email.strip().lower()]


def match(client: Client, items: Sequence[LoadItem]) -> dict[str, list[Listed]]:
    """Search by e-mail in the whole store: another company's user shows by its ``scope``."""
    found: dict[str, list[Listed]] = {}
    for item in items:
        email = str(item.payload.get("email") or "").strip()
        found[item.key] = _by_email(client, email) if email else []
    return found


def holder(client: Client, email: str) -> Listed | None:
    """Return the user who bears an e-mail, in whichever company."""
    found = _by_email(client, email)
    return found[0] if found else None


def taken(client: Client, item: LoadItem, email: str, user: Listed, field: str) -> LoadResult:
    """Return the refusal of a record whose e-mail belongs to another company, named."""
    name = user.scope or "without a number"
    if user.scope:
        try:
            company = one(client.read("b2b", f"/companies/{user.scope}", absent=True))
            name = f"“{company['companyName']}” ({user.scope})"
        except (HubError, KeyError):
            name = user.scope
    return LoadResult(
        item.key,
        Outcome.REJECTED,
        detail=f"{email} belongs to company {name}.",
        remedy="Change it in the ERP and the next sync picks it up, or skip this record.",
        field_errors={field: f"{email} belongs to company {name}."},
    )
