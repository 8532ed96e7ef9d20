"""Customers as B2B companies (CONTRACT §7.1, §8.1, §5.4)."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from hub.sdk import (
    ConfigError,
    HubError,
    Listed,
    LoadItem,
    LoadResult,
    Outcome,
    TransientError,
    Window,
)
from plugins.bigcommerce import users
from plugins.bigcommerce.client import Client, Row, since
from plugins.bigcommerce.delivery import candidates, created, ended, one_by_one, pick
from plugins.bigcommerce.errors import answered, gone, refused, unsure
from plugins.bigcommerce.replies import (
    Reply,
    complaint,
    extra_field,
    identifier,
    one,
    whole,
)

FIELDS = frozenset(
    [
        "companyName",
        "companyEmail",
        "companyPhone",
        "addressLine1",
        "addressLine2",
        "city",
        "state",
        "zipCode",
        "country",
        "customerGroupId",
    ]
)
ADMIN = frozenset(["adminFirstName", "adminLastName", "adminEmail", "adminPhoneNumber"])
NEVER_BLANK = frozenset(["companyName", "companyEmail", "city", "state", "country"])
"""The vendor's schema asks for at least one character."""
EXTRA = ("isIncludeExtraFields", "1")
APPROVED = 1
INACTIVE = 3
WHAT = "company"
CONFLICT = re.compile(
    r"exist|already|conflict|duplicat|unique|taken|in use|customer group failed|mail",
    re.IGNORECASE,
)
"""Words of a refusal that may be about another company. The vendor does not document what a taken
e-mail is answered with (CONTRACT §11.2), so any mention of mail is looked into."""


NO_FIELD = re.compile(r"exist|unknown|not defined|not found|invalid field", re.IGNORECASE)


def _write(client: Client, method: str, path: str, items: Sequence[LoadItem], body: Any) -> Reply:
    """Write companies. Raises ``ConfigError`` when the store does not know the extra field.

    That would refuse every company: it is said once, at the setting, instead of per record.
    """
    reply = client.write("b2b", method, path, items, body)
    if not reply.ok and not reply.unsure:
        said, name = complaint(reply), client.erp_id_field
        if "extra field" in said.lower() and name in said and NO_FIELD.search(said):
            raise ConfigError(
                f"The store does not know the company extra field “{name}” and refused the "
                f"companies: {said.rstrip('. ')}. Define it in B2B Edition › Settings › Extra "
                "fields › Company accounts with the type Text, or enter the name of one that is "
                "defined.",
                parameter="erp_id_field",
            )
    return reply


def load(client: Client, batch: Sequence[LoadItem]) -> list[LoadResult]:
    """Create (bulk from two on), update (bulk likewise) or deactivate companies."""
    if batch[0].delete:
        return one_by_one(client, batch, _deactivate)
    if batch[0].external_id:
        return _update(client, batch)
    if len(batch) == 1:
        return [_create(client, batch[0])]
    return _create_bulk(client, batch)


def _extra_fields(client: Client, item: LoadItem) -> list[dict[str, str]]:
    """Return the stamp beside the extra fields that a mapping of the site may have set."""
    own = [f for f in item.payload.get("extraFields") or () if f["fieldValue"] not in ("", None)]
    return [*own, {"fieldName": client.erp_id_field, "fieldValue": item.key}]


def _new(client: Client, item: LoadItem, mail_field: str) -> dict[str, Any]:
    body = pick(item.payload, FIELDS | ADMIN, None)
    if not body.get("customerGroupId"):
        body.pop("customerGroupId", None)
    body[mail_field] = bool(item.payload.get("acceptWelcomeEmail", False))
    body["extraFields"] = _extra_fields(client, item)
    if client.chosen_channels:
        body["channelIds"] = client.chosen_channels
    return body


def _create(client: Client, item: LoadItem) -> LoadResult:
    body = _new(client, item, "acceptCreationEmail")
    reply = _write(client, "POST", "/companies", [item], body)
    if reply.ok:
        return created(item, reply, "companyId")
    if reply.unsure:
        return unsure(item, reply)
    if reply.status == 409 or CONFLICT.search(complaint(reply)):
        return _conflict(client, item, reply)
    return refused(item, reply, WHAT)


def _conflict(client: Client, item: LoadItem, reply: Reply) -> LoadResult:
    """A uniqueness refusal: ours is there already, or somebody else holds the admin's e-mail."""
    result = refused(item, reply, WHAT)
    try:
        if _by_stamp(client, item.key):
            return answered(item, result.detail)
        email = str(item.payload.get("adminEmail") or "")
        holder = users.holder(client, email) if email else None
    except HubError:
        return result
    if holder is None:
        return result
    return users.taken(client, item, email, holder, "adminEmail")


def _create_bulk(client: Client, batch: Sequence[LoadItem]) -> list[LoadResult]:
    """Ids of a bulk answer are candidates, and a refusal may have saved some (CONTRACT §5.4)."""
    body = [_new(client, item, "acceptWelcomeEmail") for item in batch]
    reply = _write(client, "POST", "/companies/bulk", batch, body)
    return candidates(batch, reply, "companies")


def _fields(client: Client, item: LoadItem) -> dict[str, Any]:
    body = pick(item.payload, FIELDS, NEVER_BLANK)
    body["extraFields"] = _extra_fields(client, item)
    return body


def _wants_fields(item: LoadItem) -> bool:
    return item.changed != frozenset({"companyStatus"})


def _wants_status(item: LoadItem) -> bool:
    status = item.payload.get("companyStatus")
    if status is None:
        return False
    return status != APPROVED if item.changed is None else "companyStatus" in item.changed


def _update(client: Client, batch: Sequence[LoadItem]) -> list[LoadResult]:
    together = [item for item in batch if _wants_fields(item)]
    if len(together) < 2:
        return one_by_one(client, batch, _update_one)
    body = [{"companyId": int(item.external_id or 0), **_fields(client, item)} for item in together]
    reply = _write(client, "PUT", "/companies/bulk", together, body)
    if reply.ok:
        return one_by_one(client, batch, _after_bulk)
    if reply.unsure:
        ends = {item.key: unsure(item, reply) for item in together}
    else:
        said = f"BigCommerce refused {len(together)} updates: {complaint(reply)}"
        ends = {item.key: answered(item, said) for item in together}
    left = [item for item in batch if item.key not in ends]
    ends |= {result.key: result for result in one_by_one(client, left, _after_bulk)}
    return [ends[item.key] for item in batch]


def _after_bulk(client: Client, item: LoadItem) -> LoadResult:
    if _wants_status(item):
        return _set_status(client, item, int(item.payload["companyStatus"]))
    return LoadResult(item.key, Outcome.UPDATED, external_id=item.external_id)


def _update_one(client: Client, item: LoadItem) -> LoadResult:
    if _wants_fields(item):
        path = f"/companies/{item.external_id}"
        reply = _write(client, "PUT", path, [item], _fields(client, item))
        if not reply.ok:
            return ended(item, reply, WHAT)
    return _after_bulk(client, item)


def _set_status(client: Client, item: LoadItem, status: int) -> LoadResult:
    path = f"/companies/{item.external_id}/status"
    reply = client.write("b2b", "PUT", path, [item], {"companyStatus": status})
    return ended(item, reply, WHAT)


def _deactivate(client: Client, item: LoadItem) -> LoadResult:
    """A company holds orders and users: it is never deleted, only made inactive."""
    result = _set_status(client, item, INACTIVE)
    if result.outcome is Outcome.UPDATED or result == gone(item, WHAT):
        return LoadResult(item.key, Outcome.DELETED, external_id=item.external_id)
    return result


def listed(client: Client, row: Row) -> Listed:
    """Read a row: status and times are text, the group is a number or text (CONTRACT §7.1)."""
    email = str(row.get("companyEmail") or "")
    name = str(row.get("companyName") or "")
    return Listed(
        str(row["companyId"]),
        extra_field(row, client.erp_id_field),
        {"email": email.strip().lower(), "name": name.strip()},
        {
            "companyName": name,
            "companyEmail": email,
            "companyPhone": str(row.get("companyPhone") or ""),
            "companyStatus": whole(row.get("companyStatus")),
            "customerGroupId": whole(row.get("bcGroupId")) or 0,
        },
    )


def pages(client: Client, window: Window) -> Iterator[list[Listed]]:
    """Yield companies: since a moment newest first, else by name, which edits do not move."""
    if window.since is not None:
        yield from _sorted(client, "updatedAt", "DESC", *since(window))
        return
    listing = _sorted(client, "companyName", "ASC")
    try:
        first = next(listing, None)
    except TransientError:
        # Only this order is told by every document of the vendor (CONTRACT §4.1).
        first, listing = None, _sorted(client, "updatedAt", "ASC")
    if first is not None:
        yield first
    yield from listing


def _sorted(
    client: Client, by: str, order: str, *params: tuple[str, str]
) -> Iterator[list[Listed]]:
    asked = (*params, EXTRA, ("sortBy", by), ("orderBy", order))
    for page in client.pages("/companies", asked, "companyId"):
        yield [listed(client, row) for row in page]


def _search(client: Client, *params: tuple[str, str]) -> list[Listed]:
    found = client.all("/companies", (*params, EXTRA), "companyId")
    return [listed(client, row) for row in found]


def _by_stamp(client: Client, key: str) -> list[Listed]:
    found = _search(
        client,
        ("extraFields", f"{client.erp_id_field}:{key}"),
        ("extraFieldFilterType", "exact-match"),
    )
    return [company for company in found if company.stamp == key]


def match(client: Client, items: Sequence[LoadItem]) -> dict[str, list[Listed]]:
    """Search by stamp, else by name and e-mail, keeping what bears the same name or e-mail."""
    return {item.key: _by_stamp(client, item.key) or _alike(client, item) for item in items}


def _alike(client: Client, item: LoadItem) -> list[Listed]:
    """Companies cannot be searched by e-mail, but their users can."""
    name = str(item.payload.get("companyName") or "").strip()
    email = str(item.payload.get("companyEmail") or "").strip().lower()
    found = {c.external_id: c for c in _search(client, ("q", name))} if name else {}
    user = users.holder(client, email) if email else None
    if user is not None and user.scope and user.scope not in found:
        row = one(client.read("b2b", f"/companies/{user.scope}", absent=True))
        if identifier(row.get("companyId")):
            company = listed(client, row)
            found[company.external_id] = company
    return [
        company
        for company in found.values()
        if company.natural_keys["email"] == email or company.natural_keys["name"] == name
    ]
