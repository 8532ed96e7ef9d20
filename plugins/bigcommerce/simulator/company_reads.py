"""Reading B2B companies: lists, one company, extra field definitions, roles (CONTRACT §7.1)."""

from collections.abc import Callable

from hub.sdk.simulation import Router, SimRequest, SimResponse
from plugins.bigcommerce.simulator import shapes
from plugins.bigcommerce.simulator.answers import NOT_FOUND, UPPER, Refused, b2b, parameter_error
from plugins.bigcommerce.simulator.context import BASE, Context, row_of
from plugins.bigcommerce.simulator.state import State
from plugins.bigcommerce.simulator.table import Query, Row


class CompanyReads:
    """The GET routes below ``/companies``."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._state = context.state

    def attach(self, router: Router) -> None:
        """Add the routes."""
        router.add("GET", f"{BASE}/companies", self.list_all)
        router.add("GET", f"{BASE}/companies/extra-fields", self.definitions)
        router.add("GET", f"{BASE}/companies/roles", self.roles)
        router.add("GET", f"{BASE}/companies/{{companyId}}", self.get)

    def list_all(self, request: SimRequest) -> SimResponse:
        """GET /companies: those changed last first unless ``sortBy`` says otherwise."""
        query = Query()
        self._sorting(request, query)
        self._c.windows(request, query)
        status = request.arg("companyStatus")
        if status:
            query.where.append(lambda row: str(row.data["status"]) == status)
        text = (request.arg("q") or "").casefold()
        if text:
            query.where.append(lambda row: text in row.data["companyName"].casefold())
        if request.arg("bcGroupId"):
            query.keys.append(("group", str(request.arg("bcGroupId"))))
        if request.arg("bcOrderId") or request.arg("orderId"):
            query.where.append(lambda _row: False)
        if request.arg("customerId"):
            users = self._state.users.find("customer", str(request.arg("customerId")))
            wanted = {user.data["companyId"] for user in users}
            query.where.append(lambda row: row.id in wanted)
        self._extra_filters(request, query)
        return self._c.listing(request, self._state.companies, query, shapes.company, UPPER)

    def _sorting(self, request: SimRequest, query: Query) -> None:
        by, order = request.arg("sortBy"), (request.arg("orderBy") or "DESC").upper()
        if by not in (None, "updatedAt", "companyName") or order not in ("ASC", "DESC"):
            raise parameter_error({"sortBy": ["This sorting is not a valid choice."]})
        query.descending = order == "DESC"
        query.order = "updated"
        if by == "companyName":
            query.sort = _by_name

    def _extra_filters(self, request: SimRequest, query: Query) -> None:
        exact = request.arg("extraFieldFilterType") == "exact-match"
        for pair in request.query.get("extraFields", ()):
            name, _, value = pair.partition(":")
            if exact:
                query.keys.append((f"extra:{name}", value))
            else:
                query.where.append(_contains(name, value.casefold()))

    def get(self, request: SimRequest) -> SimResponse:
        """GET /companies/{id}: ``bcGroupId`` is text here."""
        shape = shapes.company(self._state, company_of(self._state, request), extra=True)
        return b2b({**shape, "bcGroupId": str(shape["bcGroupId"])})

    def definitions(self, request: SimRequest) -> SimResponse:
        """GET /companies/extra-fields."""
        limit, offset = self._c.page_of(request)
        fields = list(self._state.extra_fields.values())
        page = {"totalCount": len(fields), "limit": limit, "offset": offset}
        return b2b(fields[offset : offset + limit], UPPER, {"pagination": page})

    def roles(self, request: SimRequest) -> SimResponse:
        """GET /companies/roles: the three that every store has."""
        limit, offset = self._c.page_of(request)
        names = ("Admin", "Senior Buyer", "Junior Buyer")
        rows = [
            {"id": i, "name": n, "roleType": 1, "roleLevel": 1}
            for i, n in enumerate(names, start=1)
        ]
        page = {"totalCount": len(rows), "limit": limit, "offset": offset}
        return b2b(rows[offset : offset + limit], UPPER, {"pagination": page})


def company_of(state: State, request: SimRequest) -> Row:
    """Return the company that the path names. Raises ``Refused`` 404."""
    return row_of(state.companies, request.params["companyId"], Refused(404, NOT_FOUND))


def _by_name(row: Row) -> tuple[str, int]:
    return row.data["companyName"].casefold(), row.id


def _contains(name: str, value: str) -> Callable[[Row], bool]:
    return lambda row: value in row.data["extra"].get(name, "").casefold()
