"""Writing B2B companies, singly and in bulk (CONTRACT §5.4, §7.1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.sdk.simulation import Router, SimRequest, SimResponse
from plugins.bigcommerce.simulator.answers import (
    NOT_FOUND,
    Refused,
    b2b,
    b2b_error,
)
from plugins.bigcommerce.simulator.company_reads import company_of
from plugins.bigcommerce.simulator.context import BASE, Context, bulk_ids
from plugins.bigcommerce.simulator.rules import (
    COMPANY_REQUIRED,
    IN_GROUP_REQUIRED,
    company_problem,
    is_id,
    known_channels,
)
from plugins.bigcommerce.simulator.state import company_fields
from plugins.bigcommerce.simulator.table import Row

CONFLICT = "Company was in conflict with another company."
SOME_FAILED = "Some companies created failed, you can see these in errors."


class Companies:
    """The writing routes of companies."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._state = context.state

    def attach(self, router: Router) -> None:
        """Add the routes."""
        one = f"{BASE}/companies/{{companyId}}"
        router.add("POST", f"{BASE}/companies", self.create)
        router.add("POST", f"{BASE}/companies/bulk", self.create_bulk)
        router.add("PUT", f"{BASE}/companies/bulk", self.update_bulk)
        router.add("PUT", one, self.update)
        router.add("DELETE", one, self.delete)
        router.add("PUT", f"{one}/status", self.set_status)
        router.add("PUT", f"{one}/catalogs", self.set_catalog)
        router.add(
            "POST", f"{BASE}/customer-groups/{{customerGroupId}}/companies", self.create_in_group
        )

    # -- creating --------------------------------------------------------------------------------

    def create(self, request: SimRequest) -> SimResponse:
        """POST /companies: also makes the admin's user and core customer."""
        item = self._c.body(request)
        problem = self._problem(item, set())
        if problem is not None:
            self._refuse(request, [item])
            raise problem
        row = self._make(request, item)
        answer = {
            "companyId": row.id,
            "customerId": row.data["customer"],
            "customerGroupId": row.data["group"],
        }
        return b2b(answer)

    def create_in_group(self, request: SimRequest) -> SimResponse:
        """POST /customer-groups/{id}/companies."""
        item = self._c.body(request)
        group = request.params["customerGroupId"]
        if not group.isdecimal() or int(group) not in self._state.groups:
            raise Refused(404, NOT_FOUND)
        placed = {**item, "customerGroupId": int(group)}
        problem = self._problem(placed, set(), required=IN_GROUP_REQUIRED)
        if problem is not None:
            self._refuse(request, [item])
            raise problem
        return b2b({"companyId": self._make(request, placed).id})

    def create_bulk(self, request: SimRequest) -> SimResponse:
        """POST /companies/bulk: ids only, in ``meta`` (CONTRACT §5.4).

        Invalid items: 422 and nothing is saved. Conflicting ones: 409, the others are saved.
        ``partial_bulk`` saves the good ones either way. The errors' ``id`` is the item's place.
        """
        items = self._c.bulk(request)
        seen: set[str] = set()
        problems = {
            i: problem
            for i, item in enumerate(items)
            if (problem := self._problem(item, seen, blanks=True)) is not None
        }
        if not problems:
            return self._bulk_answer(request, [self._make(request, item) for item in items])
        invalid = [p for p in problems.values() if p.status != 409]
        rest = not invalid or self._c.quirk(request, "partial_bulk") is not None
        for i, item in enumerate(items):
            if rest and i not in problems:
                self._make(request, item)
            else:
                self._refuse(request, [item])
        status, message = (422, SOME_FAILED) if invalid else (409, CONFLICT)
        errors = [{"id": str(i), "_detail": p.message} for i, p in problems.items()]
        return b2b_error(status, message, {"errors": errors})

    def _bulk_answer(self, request: SimRequest, rows: Sequence[Row]) -> SimResponse:
        ids = bulk_ids(self._c, request, [{"companyId": row.id} for row in rows])
        return SimResponse.json({"code": 200, "meta": ids, "data": {"id": str(request.seq)}})

    def _problem(
        self,
        item: Mapping[str, Any],
        seen: set[str],
        *,
        required: Mapping[str, str] = COMPANY_REQUIRED,
        blanks: bool = False,
    ) -> Refused | None:
        problem = company_problem(
            item, required=required, extra_fields=self._state.extra_fields, blanks=blanks
        )
        channels = {channel["channelId"] for channel in self._state.channels}
        if item.get("channelIds") and not known_channels(item["channelIds"], channels):
            problem = problem or Refused(422, "channelIds: Not channels of this store.")
        problem = problem or self._group_problem(item) or self._unique_problem(item, creating=True)
        if problem is not None:
            return problem
        email = str(item["adminEmail"]).casefold()
        if email in seen or self._state.users.find("email", email):
            status = 409 if blanks else 422
            return Refused(status, f"The admin email {item['adminEmail']} already exists.")
        seen.add(email)
        return None

    def _unique_problem(self, item: Mapping[str, Any], *, creating: bool) -> Refused | None:
        for field in item.get("extraFields") or () if creating else ():
            name, value = str(field["fieldName"]), str(field["fieldValue"])
            unique = self._state.extra_fields[name].get("isUnique") if value else False
            if unique and self._state.companies.find(f"extra:{name}", value):
                return Refused(422, f"The extra field {name} must be unique.")
        return None

    def _group_problem(self, item: Mapping[str, Any]) -> Refused | None:
        if not self._state.dependent:
            for name in ("catalogId", "priceListAssign"):
                if item.get(name):
                    return Refused(405, f"{name} is not allowed for independent companies.")
        group = item.get("customerGroupId")
        if group in (None, 0) or self._state.dependent:
            return None
        if not is_id(group) or group not in self._state.groups:
            return Refused(400, "Create BigCommerce customer group failed")
        return None

    def _make(self, request: SimRequest, item: Mapping[str, Any]) -> Row:
        lag = self._c.lag(request)
        group = item.get("customerGroupId")
        row = self._state.new_company(item, self._default_group() if group is None else group, lag)
        admin = {
            "firstName": item.get("adminFirstName") or "",
            "lastName": item.get("adminLastName") or "",
            "email": item["adminEmail"],
            "phoneNumber": item.get("adminPhoneNumber") or "",
            "role": 0,
            "companyId": row.id,
            "channelIds": item.get("channelIds") or [c["channelId"] for c in self._state.channels],
        }
        user, customer = self._state.new_user(admin, lag)
        row.data["customer"] = user.data["customerId"]
        self._c.note(request, "companies", self._key(row.data["extra"]), row.id, "created")
        self._c.note(request, "users", user.data["email"], user.id, "created")
        if customer is not None:
            self._c.note(request, "customers", customer.data["email"], customer.id, "created")
        return row

    def _default_group(self) -> int:
        return next((g["id"] for g in self._state.groups.values() if g["is_default"]), 0)

    def _key(self, extra: Mapping[str, str]) -> str:
        return extra.get(self._c.erp_field, "")

    def _refuse(self, request: SimRequest, items: Sequence[Mapping[str, Any]]) -> None:
        for item in items:
            fields = item.get("extraFields")
            pairs = [f for f in fields if isinstance(f, dict)] if isinstance(fields, list) else []
            extra = {str(f.get("fieldName")): str(f.get("fieldValue")) for f in pairs}
            number = item.get("companyId")
            row = self._state.companies.get(number) if isinstance(number, int) else None
            key = self._key(extra) or (self._key(row.data["extra"]) if row else "")
            self._c.note(request, "companies", key, number, "refused")

    # -- changing --------------------------------------------------------------------------------

    def update(self, request: SimRequest) -> SimResponse:
        """PUT /companies/{id}: the given fields, extra fields one by one."""
        row = company_of(self._state, request)
        item = self._c.body(request)
        problem = self._change_problem(item)
        if problem is not None:
            self._refuse(request, [{**item, "companyId": row.id}])
            raise problem
        self._change(request, row, item)
        return b2b({"companyId": row.id})

    def update_bulk(self, request: SimRequest) -> SimResponse:
        """PUT /companies/bulk: all or nothing, unless ``partial_bulk`` saves those before."""
        items = self._c.bulk(request)
        partial = self._c.quirk(request, "partial_bulk") is not None
        known = [self._known(item) for item in items]
        first = next((i for i, found in enumerate(known) if isinstance(found, Refused)), None)
        stop = len(items) if first is None else first if partial else 0
        for found, item in list(zip(known, items, strict=True))[:stop]:
            if isinstance(found, Row):
                self._change(request, found, item)
        self._refuse(request, items[stop:])
        if first is not None:
            problem = known[first]
            raise problem if isinstance(problem, Refused) else AssertionError
        return b2b({"companyId": items[0]["companyId"]})

    def _known(self, item: Mapping[str, Any]) -> Row | Refused:
        number = item.get("companyId")
        if not isinstance(number, int):
            return Refused(400, "Convert failed for the API call.")
        row = self._state.companies.get(number)
        if row is None:
            return Refused(404, NOT_FOUND)
        return self._change_problem(item) or row

    def _change_problem(self, item: Mapping[str, Any]) -> Refused | None:
        fields = self._state.extra_fields
        return company_problem(item, required={}, extra_fields=fields) or self._group_problem(item)

    def _change(self, request: SimRequest, row: Row, item: Mapping[str, Any]) -> None:
        company_fields(row.data, item)
        if item.get("customerGroupId") is not None and not self._state.dependent:
            row.data["group"] = item["customerGroupId"]
        self._state.changed(self._state.companies, row, self._c.lag(request))
        self._c.note(request, "companies", self._key(row.data["extra"]), row.id, "updated")

    def set_status(self, request: SimRequest) -> SimResponse:
        """PUT /companies/{id}/status: a number, although reads give text."""
        row = company_of(self._state, request)
        status = self._c.body(request).get("companyStatus")
        if not is_id(status) or status not in (0, 1, 2, 3):
            self._c.note(request, "companies", self._key(row.data["extra"]), row.id, "refused")
            raise Refused(422, "companyStatus: Not a valid choice.")
        row.data["status"] = status
        self._state.changed(self._state.companies, row, self._c.lag(request))
        self._c.note(request, "companies", self._key(row.data["extra"]), row.id, "updated")
        return b2b({"companyId": row.id})

    def set_catalog(self, request: SimRequest) -> SimResponse:
        """PUT /companies/{id}/catalogs: 405 unless companies are dependent."""
        row = company_of(self._state, request)
        if not self._state.dependent:
            raise Refused(405, "Method Not Allowed")
        row.data["catalogId"] = str(self._c.body(request).get("catalogId") or "")
        self._state.changed(self._state.companies, row, self._c.lag(request))
        self._c.note(request, "companies", self._key(row.data["extra"]), row.id, "updated")
        return b2b({"companyId": row.id})

    def delete(self, request: SimRequest) -> SimResponse:
        """DELETE /companies/{id}: its users and addresses go with it."""
        row = company_of(self._state, request)
        for child in self._state.drop_company(row):
            if "email" in child.data:
                self._c.note(request, "users", child.data["email"], child.id, "deleted")
            else:
                self._c.note(request, "addresses", child.data["externalId"], child.id, "deleted")
        self._c.note(request, "companies", self._key(row.data["extra"]), row.id, "deleted")
        return b2b({})
