"""B2B users (CONTRACT §7.2, §8.2)."""

from collections.abc import Mapping
from typing import Any

from hub.sdk.simulation import Router, SimRequest, SimResponse
from plugins.bigcommerce.simulator import shapes
from plugins.bigcommerce.simulator.answers import TITLE, Refused, b2b, parameter_error
from plugins.bigcommerce.simulator.context import BASE, Context, bulk_ids, list_arg, row_of
from plugins.bigcommerce.simulator.rules import user_problem
from plugins.bigcommerce.simulator.table import Row

GONE = {"errMsg": "User does not exist."}
FIELDS = ("firstName", "lastName", "phoneNumber", "uuid", "channelIds", "extraFields")


class Users:
    """The routes below ``/users``."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._state = context.state

    def attach(self, router: Router) -> None:
        """Add the routes."""
        one = f"{BASE}/users/{{userId}}"
        router.add("GET", f"{BASE}/users", self.list_all)
        router.add("POST", f"{BASE}/users", self.create)
        router.add("POST", f"{BASE}/users/bulk", self.create_bulk)
        router.add("GET", f"{BASE}/users/extra-fields", self._c.no_definitions)
        router.add("GET", f"{BASE}/users/customer/{{customerId}}", self.of_customer)
        router.add("GET", one, self.get)
        router.add("PUT", one, self.update)
        router.add("DELETE", one, self.delete)

    def list_all(self, request: SimRequest) -> SimResponse:
        """GET /users: newest first."""
        query = self._c.of_company(request)
        if request.arg("email"):
            query.keys.append(("email", str(request.arg("email")).casefold()))
        roles = list_arg(request, "roles")
        for place, role in enumerate(roles):
            if role not in ("0", "1", "2"):
                raise parameter_error({"roles": {str(place): [f'"{role}" is not a valid choice.']}})
        if roles:
            query.where.append(lambda row: str(row.data["role"]) in roles)
        channel = request.arg("channelId")
        if channel:
            query.where.append(lambda row: channel in map(str, row.data["channelIds"]))
        text = (request.arg("q") or "").casefold()
        if text:
            query.where.append(lambda row: text in _searchable(row))
        return self._c.listing(request, self._state.users, query, shapes.user, TITLE)

    def get(self, request: SimRequest) -> SimResponse:
        """GET /users/{id}."""
        return b2b(shapes.user(self._state, self._row(request), extra=True), TITLE)

    def of_customer(self, request: SimRequest) -> SimResponse:
        """GET /users/customer/{id}: the user behind a core customer."""
        found = self._state.users.find("customer", request.params["customerId"])
        if not found:
            raise Refused(404, "User not found", GONE)
        return b2b(shapes.user(self._state, found[0], extra=True), TITLE)

    def create(self, request: SimRequest) -> SimResponse:
        """POST /users: also makes or links the core customer."""
        item = self._c.body(request)
        problem = self._problem(item, set())
        if problem is not None:
            self._c.note(request, "users", item.get("email"), None, "refused")
            raise problem
        return b2b(self._make(request, item), TITLE)

    def create_bulk(self, request: SimRequest) -> SimResponse:
        """POST /users/bulk: ids without e-mail; the first fault refuses the call (CONTRACT §5.4).

        ``partial_bulk`` saves the good ones all the same.
        """
        items = self._c.bulk(request)
        seen: set[str] = set()
        problems = [self._problem(item, seen) for item in items]
        first = next((p for p in problems if p is not None), None)
        if first is None:
            made = [self._make(request, item) for item in items]
            return b2b(bulk_ids(self._c, request, made), TITLE)
        partial = self._c.quirk(request, "partial_bulk") is not None
        for item, problem in zip(items, problems, strict=True):
            if partial and problem is None:
                self._make(request, item)
            else:
                self._c.note(request, "users", item.get("email"), None, "refused")
        raise first

    def _problem(self, item: Mapping[str, Any], seen: set[str]) -> Refused | None:
        channels = {channel["channelId"] for channel in self._state.channels}
        problem = user_problem(item, channels, creating=True)
        if problem is not None:
            return problem
        if self._state.companies.get(item["companyId"]) is None:
            return parameter_error({"companyId": ["Company does not exist."]})
        email = str(item["email"]).casefold()
        if email in seen or self._state.users.find("email", email):
            return parameter_error(f"The email {item['email']} already exists.")
        seen.add(email)
        return None

    def _make(self, request: SimRequest, item: Mapping[str, Any]) -> dict[str, int]:
        row, customer = self._state.new_user(item, self._c.lag(request))
        self._c.note(request, "users", row.data["email"], row.id, "created")
        if customer is not None:
            self._c.note(request, "customers", customer.data["email"], customer.id, "created")
        return {"userId": row.id, "bcId": row.data["customerId"]}

    def _row(self, request: SimRequest) -> Row:
        refusal = Refused(404, "User not found", GONE)
        return row_of(self._state.users, request.params["userId"], refusal)

    def update(self, request: SimRequest) -> SimResponse:
        """PUT /users/{id}: ``companyId`` and ``originChannelId`` cannot be changed."""
        row = self._row(request)
        item = self._c.body(request)
        channels = {channel["channelId"] for channel in self._state.channels}
        problem = user_problem(item, channels, creating=False) or self._taken(row, item)
        if problem is None and item.get("companyId") not in (None, row.data["companyId"]):
            problem = parameter_error({"companyId": ["This field cannot be changed."]})
        if problem is not None:
            self._c.note(request, "users", row.data["email"], row.id, "refused")
            raise problem
        self.write(row, item)
        self._state.changed(self._state.users, row, self._c.lag(request))
        self._c.note(request, "users", row.data["email"], row.id, "updated")
        return b2b(shapes.user(self._state, row, extra=True), TITLE)

    def _taken(self, row: Row, item: Mapping[str, Any]) -> Refused | None:
        if not item.get("email"):
            return None
        others = self._state.users.find("email", str(item["email"]).casefold())
        if any(other is not row for other in others):
            return parameter_error({"email": [f"The email {item['email']} already exists."]})
        return None

    def write(self, row: Row, item: Mapping[str, Any]) -> None:
        """Write the given fields; e-mail and name go to the core customer too."""
        for name in FIELDS:
            if item.get(name) is not None:
                row.data[name] = item[name]
        if item.get("email"):
            row.data["email"] = item["email"]
        if item.get("role") is not None:
            row.data.update(role=int(item["role"]), companyRoleId=int(item["role"]) + 1)
        if item.get("companyRoleId"):
            row.data["companyRoleId"] = int(item["companyRoleId"])
        customer = self._state.customers.get(row.data["customerId"])
        if customer is not None:
            customer.data.update(
                email=row.data["email"],
                first_name=row.data["firstName"],
                last_name=row.data["lastName"],
                phone=row.data["phoneNumber"],
            )
            self._state.changed(self._state.customers, customer)

    def delete(self, request: SimRequest) -> SimResponse:
        """DELETE /users/{id}: 422 for the last user of a company; the core customer stays."""
        row = self._row(request)
        if len(self._state.users.find("company", str(row.data["companyId"]))) == 1:
            self._c.note(request, "users", row.data["email"], row.id, "refused")
            raise Refused(
                422,
                "Processing data contains logical errors",
                {"errMsg": "The last user of a Company cannot be deleted."},
            )
        self._state.users.delete(row)
        self._c.note(request, "users", row.data["email"], row.id, "deleted")
        return b2b({"userId": row.id}, TITLE)


def _searchable(row: Row) -> str:
    data = row.data
    return f"{data['firstName']} {data['lastName']} {data['email']}".casefold()
