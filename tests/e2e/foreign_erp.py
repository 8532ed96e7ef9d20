"""A second ERP, written from the vendor's contract alone, as unlike ours as it allows.

It reads only ``company`` at the sign-in and names no tenant in its cookies, keeps no order in lists,
knows no filter by a linked entity, cannot expand two of its lists, wants a warehouse for its stock,
numbers its contacts with gaps, pads its keys, and answers under a virtual directory.
"""

import re
from datetime import datetime
from typing import Any

from hub.sdk import Clock
from hub.sdk.simulation import SimRequest, SimResponse, SimulatedServer

SITE = "/Site"
ENDPOINT = f"{SITE}/entity/Default/24.200.001"
Row = dict[str, Any]
ENTITIES = ("Customer", "CustomerLocation", "Contact")
LOOKUPS: dict[str, list[Row]] = {
    "CustomerClass": [{"ClassID": "DEALER", "Description": None}],
    "Warehouse": [{"WarehouseID": name} for name in ("EAST", "WEST")],
}
CONDITION = re.compile(r"(\w+(?:/\w+)*) (eq|ge|le) (?:datetimeoffset)?('(?:[^']|'')*'|\d+)")


def wrap(fields: Row) -> Row:
    """Bare values to the wire's; None is an empty field, a nested object a linked entity."""
    return {n: wrap(v) if isinstance(v, dict) else _value(v) for n, v in fields.items()}


def _value(value: Any) -> Any:
    return {} if value is None else {"value": value}


def error(text: str, kind: str = "PX.Data.PXException", status: int = 500) -> SimResponse:
    body = {"message": "An error has occurred.", "exceptionMessage": text, "exceptionType": kind}
    return SimResponse.json(body, status)


class ForeignErp(SimulatedServer):
    """``rows`` holds bare records by entity; ``levels`` are (item, warehouse, quantity)."""

    name = "foreign"

    def __init__(self, clock: Clock, customers: int) -> None:
        super().__init__(clock=clock, seed=5)
        self.signed_in: set[str] = set()
        self.table: dict[str, list[Row]] = {name: [] for name in ENTITIES}
        self.levels = [("WH-00001", "EAST", 3), ("WH-00001", "WEST", 4), ("WH-00002", "WEST", 5)]
        for n in range(1, customers + 1):
            self._plant(n)
        add = self.router.add
        add("POST", f"{SITE}/entity/auth/login", self._login)
        add("POST", f"{SITE}/entity/auth/logout", self._logout)
        add("GET", f"{SITE}/entity", self._root)
        add("GET", f"{ENDPOINT}/{{entity}}", self._list)
        add("GET", f"{ENDPOINT}/{{entity}}/{{id}}", self._one)
        add("PUT", f"{ENDPOINT}/StorageDetailsInquiry", self._storage)

    def _plant(self, n: int) -> None:
        key = f"C{n:04d}"
        address = {"AddressLine1": f"{n} Elm St", "City": "Austin", "State": "TX",
                   "PostalCode": "78701", "Country": "US"}  # fmt: skip
        card = {"Attention": "Pat Doe", "Email": f"office{n}@x.example", "Phone1": "1",
                "Address": address}  # fmt: skip
        self.add("Customer", CustomerID=f"{key} ", CustomerName=f"Customer {n}", Status="Active",
                 CustomerClass="DEALER", PriceClassID=None, MainContact=card)  # fmt: skip
        self.add("CustomerLocation", Customer=key, LocationID="MAIN", LocationName="Main",
                 Active=True, Default=True, LocationContact=card)  # fmt: skip
        self.add("Contact", ContactID=100 + 7 * n, BusinessAccount=key, FirstName="Ann",
                 LastName=f"Lee {n}", Email=f"ann{n}@x.example", Active=True)  # fmt: skip

    def add(self, entity: str, **fields: Any) -> None:
        """Add a record that is stamped now."""
        number = len(self.table[entity]) + 1
        ident = f"{entity[-4:].encode().hex()}-0000-4000-8000-{number:012d}"
        self.table[entity].append({"id": ident, **fields})
        self.touch(self.table[entity][-1])

    def touch(self, row: Row, **fields: Any) -> None:
        """Change a record and move its own stamp, and no other."""
        moment = self.clock.now().isoformat(timespec="milliseconds")
        row.update(fields, LastModifiedDateTime=moment.replace("000+00:00", "+00:00"))

    def dispatch(self, request: SimRequest) -> SimResponse:
        with self.lock:
            open_to_all = request.path.endswith(("/login", "/logout"))
            known = any(name in request.headers.get("cookie", "") for name in self.signed_in)
            if not open_to_all and not known:
                return SimResponse.text("", 401)
            return super().dispatch(request)

    def unknown(self, request: SimRequest) -> SimResponse:
        return SimResponse.json({"message": f"No resource {request.path}"}, 404)

    def _login(self, request: SimRequest) -> SimResponse:
        given = request.json()
        if given.get("name") != "hub" or given.get("password") != "quite-right":
            return error("Error: Invalid credentials. Please try again.")
        if self.signed_in:
            return error("API Login Limit", "PX.LicensePolicy.PXLicensePolicy.CheckApiUsersLimits")
        ticket = f"t{request.seq}"
        self.signed_in.add(ticket)
        cookie = ("Set-Cookie", f"ASP.NET_SessionId={ticket}; path=/; HttpOnly")
        return SimResponse.empty(204, [cookie, cookie, ("Set-Cookie", "UserBranch=16; path=/")])

    def _logout(self, request: SimRequest) -> SimResponse:
        if "content-length" not in request.headers:
            return SimResponse.text("<h1>Length Required</h1>", 411, kind="text/html")
        self.signed_in.clear()
        return SimResponse.empty(204)

    def _root(self, _request: SimRequest) -> SimResponse:
        return SimResponse.json([{"name": "Default", "version": "24.200.001", "href": "x"}])

    def _list(self, request: SimRequest) -> SimResponse:
        entity, text = request.params["entity"], request.arg("$filter") or ""
        if entity in LOOKUPS:
            return SimResponse.json([wrap(row) for row in LOOKUPS[entity]])
        if entity not in self.table:
            return self.unknown(request)
        if request.arg("$expand") and entity == "CustomerLocation":
            return error("Optimization cannot be performed.The following fields cause the error:")
        found = []
        for row in self.table[entity]:
            kept = self._kept(row, text)
            if kept is None:
                return error(f"The filter {text} cannot be used.")
            if kept:
                found.append(_shown(row, request))
        self.rng.random.shuffle(found)
        start, top = int(request.arg("$skip") or 0), request.arg("$top")
        return SimResponse.json(found[start : None if top is None else start + int(top)])

    @staticmethod
    def _kept(row: Row, text: str) -> bool | None:
        """Return whether a record meets a filter; None when the filter cannot be used."""
        conditions = [CONDITION.findall(part) for part in text.split(" or ")]
        if text and any(not part or "/" in part[0][0] for part in conditions):
            return None
        return any(all(_meets(row, *each) for each in part) for part in conditions)

    def _one(self, request: SimRequest) -> SimResponse:
        for row in self.table[request.params["entity"]]:
            if row["id"] == request.params["id"]:
                return SimResponse.json(_shown(row, request))
        return error(
            "No entity satisfies the condition.",
            "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException",
        )

    def _storage(self, request: SimRequest) -> SimResponse:
        wanted = request.json().get("WarehouseID", {}).get("value")
        rows = [
            wrap({"InventoryID": sku, "WarehouseID": place, "QtyAvailable": quantity})
            for sku, place, quantity in self.levels
            if place == wanted
        ]
        return SimResponse.json({"StorageDetails": rows})


def _meets(row: Row, name: str, how: str, literal: str) -> bool:
    held, wanted = str(row.get(name)).strip(), literal.strip("'").replace("''", "'")
    if how == "eq":
        return held == wanted
    left, right = datetime.fromisoformat(held), datetime.fromisoformat(wanted)
    return left >= right if how == "ge" else left <= right


def _shown(row: Row, request: SimRequest) -> Row:
    """Linked entities only when expanded; nothing is left out for a ``$select``."""
    opened = (request.arg("$expand") or "").split(",")
    fields = {n: v for n, v in row.items() if n != "id"}
    found = {n: v for n, v in fields.items() if not isinstance(v, dict) or n in opened}
    return {"id": row["id"], "rowNumber": 1, "note": None, **wrap(found)}
