"""A second B2B store, written from the vendor's contract alone, as unlike ours as it allows.

It shuffles the ids of bulk answers, names no total, gives ids as text, tells no quota, forgets to
move a company's time stamp, lowers every limit, and applies stock five seconds late.
"""

from collections.abc import Callable, Mapping
from typing import Any

from hub.sdk import Clock
from hub.sdk.simulation import SimRequest, SimResponse, SimulatedServer

B2B = "/api/v3/io"
V2 = "/stores/{hash}/v2"
V3 = "/stores/{hash}/v3/inventory"
PAGE = 7
LATE = 5.0
Row = dict[str, Any]


def ok(data: Any, meta: Any = None) -> SimResponse:
    return SimResponse.json({"code": "200", "data": data, "meta": meta or {"message": "Success"}})


def refused(status: int, said: Any) -> SimResponse:
    """The code of a refusal may stand in the body alone (CONTRACT §6.1)."""
    body = {"code": status, "data": {"errMsg": said}, "meta": {"message": "Parameter Error"}}
    return SimResponse.json(body, 200 if status == 400 else status)


class ForeignStore(SimulatedServer):
    """``tables`` hold the rows by id; ``bulk_calls`` counts creates of several at once."""

    name = "foreign"

    def __init__(self, clock: Clock, skus: list[str]) -> None:
        super().__init__(clock=clock, seed=3)
        self.tables: dict[str, dict[int, Row]] = {"companies": {}, "users": {}, "addresses": {}}
        self.stock = dict.fromkeys(skus, 0)
        self.bulk_calls = 0
        self._made = 0
        self._late_stock: list[tuple[float, str, int]] = []
        add = self.router.add
        for entity, made in (
            ("companies", self._company),
            ("users", self._user),
            ("addresses", self._address),
        ):
            add("GET", f"{B2B}/{entity}", self._lists(entity))
            add("POST", f"{B2B}/{entity}", self._creates(made))
            add("POST", f"{B2B}/{entity}/bulk", self._creates_bulk(entity, made))
            add("GET", f"{B2B}/{entity}/{{id}}", self._of(entity, ok))
            add("PUT", f"{B2B}/{entity}/{{id}}", self._changes(entity))
            add("DELETE", f"{B2B}/{entity}/{{id}}", self._drops(entity))
        add("PUT", f"{B2B}/companies/bulk", self._change_bulk)
        add("PUT", f"{B2B}/companies/{{id}}/status", self._changes("companies"))
        add("GET", f"{B2B}/channels", lambda _: ok([{"id": "9", "channelId": "1", "name": "Web"}]))
        fields = [{"fieldName": "ERP ID", "fieldType": "0", "isRequired": "0"}]
        add("GET", f"{B2B}/companies/extra-fields", lambda _: ok(fields))
        add("GET", f"{V2}/time", lambda _: SimResponse.json({"time": 1}))
        add("GET", f"{V2}/customer_groups", lambda _: SimResponse.empty())
        add("GET", f"{V3}/locations", lambda _: SimResponse.json({"data": [{"id": 1}], "meta": {}}))
        add("GET", f"{V3}/items", self._items)
        add("PUT", f"{V3}/adjustments/absolute", self._adjust)

    def dispatch(self, request: SimRequest) -> SimResponse:
        with self.lock:
            return super().dispatch(request)

    # -- companies, users, addresses

    def _lists(self, entity: str) -> Callable[[SimRequest], SimResponse]:
        def answer(request: SimRequest) -> SimResponse:
            if request.arg("sortBy") not in (None, "updatedAt"):
                return refused(400, "This order is not known.")
            rows = [row for row in self.tables[entity].values() if _wanted(row, request)]
            if request.arg("orderBy") != "ASC":
                rows.reverse()
            start = int(request.arg("offset") or 0)
            return ok(rows[start : start + min(PAGE, int(request.arg("limit") or 10))])

        return answer

    def _of(
        self, entity: str, then: Callable[[Row], SimResponse]
    ) -> Callable[[SimRequest], SimResponse]:
        def answer(request: SimRequest) -> SimResponse:
            row = self.tables[entity].get(int(request.params["id"]))
            if row is None:
                return SimResponse.text("Not Found", 404)
            return then(row)

        return answer

    def _changes(self, entity: str) -> Callable[[SimRequest], SimResponse]:
        def answer(request: SimRequest) -> SimResponse:
            row = self.tables[entity].get(int(request.params["id"]))
            if row is None:
                return SimResponse.text("Not Found", 404)
            _write(row, request.json())
            return ok([])

        return answer

    def _change_bulk(self, request: SimRequest) -> SimResponse:
        for item in request.json():
            _write(self.tables["companies"][int(item.pop("companyId"))], item)
        return ok({})

    def _drops(self, entity: str) -> Callable[[SimRequest], SimResponse]:
        def answer(request: SimRequest) -> SimResponse:
            self.tables[entity].pop(int(request.params["id"]), None)
            return SimResponse.empty(204)

        return answer

    def _creates(self, make: Callable[[Row], Row]) -> Callable[[SimRequest], SimResponse]:
        def answer(request: SimRequest) -> SimResponse:
            item = request.json()
            fault = self._fault(item)
            return refused(422, fault) if fault else ok(make(item))

        return answer

    def _creates_bulk(
        self, entity: str, make: Callable[[Row], Row]
    ) -> Callable[[SimRequest], SimResponse]:
        def answer(request: SimRequest) -> SimResponse:
            self.bulk_calls += 1
            items = request.json()
            if any(self._fault(item) for item in items):
                return refused(422, "Some records are not valid.")
            made = [make(item) for item in items]
            self.rng.random.shuffle(made)
            return ok({"id": "7"}, made) if entity == "companies" else ok(made)

        return answer

    def _fault(self, item: Mapping[str, Any]) -> Any:
        mail = str(item.get("adminEmail") or item.get("email") or "").lower()
        if mail and any(row["email"].lower() == mail for row in self.tables["users"].values()):
            return {"adminEmail" if "adminEmail" in item else "email": ["Not available."]}
        return None

    def _add(self, entity: str, ident: str, row: Row) -> Row:
        self._made += 1
        number = self._made
        stamps = {"createdAt": str(int(self.clock.now().timestamp())), "updatedAt": "1500000000"}
        self.tables[entity][number] = {ident: str(number), **row, **stamps}
        return {ident: str(number)}

    def _company(self, item: Row) -> Row:
        row = {"companyStatus": 1, "bcGroupId": str(item.get("customerGroupId") or 0), **item}
        made = self._add("companies", "companyId", row)
        admin = {"firstName": item["adminFirstName"], "lastName": item["adminLastName"]}
        self._user({**admin, "email": item["adminEmail"], "role": 0, **made})
        return {**made, "customerId": "1"}

    def _user(self, item: Row) -> Row:
        made = self._add("users", "id", {"phoneNumber": None, **item})
        return {"userId": made["id"], "bcId": "1"}

    def _address(self, item: Row) -> Row:
        made = self._add("addresses", "addressId", item)
        return {**made, "externalId": item["externalId"]}

    def forget(self, company: int) -> None:
        """Drop the users and addresses of a company that somebody deleted."""
        for entity in ("users", "addresses"):
            rows = self.tables[entity].items()
            self.tables[entity] = {n: r for n, r in rows if int(r["companyId"]) != company}

    # -- stock

    def _items(self, request: SimRequest) -> SimResponse:
        now = self.clock.monotonic()
        for _, sku, quantity in [late for late in self._late_stock if late[0] <= now]:
            self.stock[sku] = quantity
        self._late_stock = [late for late in self._late_stock if late[0] > now]
        rows = [
            {
                "identity": {"sku": sku, "variant_id": n},
                "locations": [{"location_id": "1", "total_inventory_onhand": held}],
            }
            for n, (sku, held) in enumerate(self.stock.items())
        ]
        start = (int(request.arg("page") or 1) - 1) * PAGE
        return SimResponse.json({"data": rows[start : start + PAGE], "meta": {}})

    def _adjust(self, request: SimRequest) -> SimResponse:
        items = request.json()["items"]
        unknown = [item["sku"] for item in items if item["sku"] not in self.stock]
        if unknown:
            body = {"status": 422, "title": f"[Item with sku {unknown[0]} was not found]"}
            return SimResponse.json(body, 422)
        due = self.clock.monotonic() + LATE
        self._late_stock += [(due, item["sku"], item["quantity"]) for item in items]
        return SimResponse.json({"transaction_id": "t"})


def _wanted(row: Row, request: SimRequest) -> bool:
    since = request.arg("minCreated")
    if since and int(row["createdAt"]) <= int(since):
        return False
    named = request.arg("extraFields")
    if named:
        pairs = [f"{f['fieldName']}:{f['fieldValue']}" for f in row["extraFields"]]
        return named in pairs
    if request.arg("q") and request.arg("q") not in row["companyName"]:
        return False
    if request.arg("companyId") and str(row["companyId"]) != request.arg("companyId"):
        return False
    wanted = request.query.get("externalId[]")
    # Of several external ids only the last one counts.
    return not wanted or row["externalId"] == wanted[-1]


def _write(row: Row, item: Row) -> None:
    if "customerGroupId" in item:
        row["bcGroupId"] = str(item["customerGroupId"])
    row.update(item)
