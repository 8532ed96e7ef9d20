"""What the simulated store holds, and the changes that are made to it."""

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hub.sdk import Clock
from plugins.bigcommerce.simulator.stock import Stock
from plugins.bigcommerce.simulator.table import Row, Table

COMPANY_FIELDS = ("companyName", "companyEmail", "companyPhone", "uuid")
ADDRESS_PART = ("addressLine1", "addressLine2", "city", "state", "country", "zipCode")
ROLES = {0: "Admin", 1: "Senior Buyer", 2: "Junior Buyer"}


def _company_keys(row: Row) -> Iterable[tuple[str, str]]:
    data = row.data
    yield "group", str(data["group"])
    yield "customer", str(data["customer"])
    for name, value in data["extra"].items():
        if value:
            yield f"extra:{name}", value


def _user_keys(row: Row) -> Iterable[tuple[str, str]]:
    data = row.data
    yield "email", data["email"].casefold()
    yield "company", str(data["companyId"])
    yield "customer", str(data["customerId"])


def _address_keys(row: Row) -> Iterable[tuple[str, str]]:
    yield "company", str(row.data["companyId"])
    yield "external", row.data["externalId"]


def _customer_keys(row: Row) -> Iterable[tuple[str, str]]:
    yield "email", row.data["email"].casefold()
    yield "group", str(row.data["customer_group_id"])


class State:
    """All rows of one store, guarded by the simulator's lock."""

    def __init__(self, clock: Clock, *, dependent: bool) -> None:
        self.clock = clock
        self.dependent = dependent
        self.age = 0
        """Seconds by which seeded rows are older than the store's clock."""
        self.companies = Table(_company_keys, 2_100_001)
        self.users = Table(_user_keys, 5_400_001)
        self.addresses = Table(_address_keys, 730_001)
        self.customers = Table(_customer_keys, 1)
        self.groups: dict[int, dict[str, Any]] = {}
        self.channels: list[dict[str, Any]] = []
        self.extra_fields: dict[str, dict[str, Any]] = {}
        self.stock = Stock(clock)
        self._deferred: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def now(self) -> int:
        """Return the time in Unix seconds that rows written now are stamped with."""
        return int(self.clock.now().timestamp()) - self.age

    def settle(self) -> None:
        """Do what is due: adjustments of stock, rows that the search index has caught up with."""
        moment = self.clock.monotonic()
        while self._deferred and self._deferred[0][0] <= moment:
            heapq.heappop(self._deferred)[2]()

    def defer(self, seconds: float, action: Callable[[], None]) -> None:
        """Do ``action`` once ``seconds`` have passed on the store's clock."""
        self._count += 1
        heapq.heappush(self._deferred, (self.clock.monotonic() + seconds, self._count, action))

    # -- writing rows: ``lag`` is how many seconds lists and searches stay behind ----------------

    def added(self, table: Table, row: Row, lag: float = 0.0) -> Row:
        """Keep a new row out of lists and searches for ``lag`` seconds."""
        if lag > 0:
            table.unseen.add(row.id)
            self.defer(lag, lambda: table.unseen.discard(row.id))
        return row

    def changed(self, table: Table, row: Row, lag: float = 0.0) -> None:
        """Move a changed row's time stamp and search keys, ``lag`` seconds from now."""
        row.texts.clear()
        now = self.now()

        def move() -> None:
            if table.get(row.id) is row:
                table.touch(row, now)

        if lag > 0:
            self.defer(lag, move)
        else:
            move()

    # -- companies -------------------------------------------------------------------------------

    def new_company(self, item: Mapping[str, Any], group: int, lag: float = 0.0) -> Row:
        """Store a company that passed all checks; its admin is made by ``new_user``."""
        data: dict[str, Any] = {
            "companyName": "",
            "companyEmail": "",
            "companyPhone": "",
            "status": 1,
            "group": self.own_group(item) if self.dependent else group,
            "customer": 0,
            "extra": {},
            "catalogId": str(item.get("catalogId") or ""),
            "priceListAssign": [],
            "address": {},
        }
        company_fields(data, item)
        return self.added(self.companies, self.companies.insert(data, self.now()), lag)

    def own_group(self, item: Mapping[str, Any]) -> int:
        """Make the group that a dependent company owns; a taken name gets a suffix (CONTRACT §8.1)."""
        wanted = name = str(item.get("companyName", ""))
        taken = {group["name"] for group in self.groups.values()}
        suffix = 1
        while name in taken:
            suffix += 1
            name = f"{wanted} ({suffix})"
        return self.new_group(name)

    def new_group(self, name: str, **fields: Any) -> int:
        """Store a customer group and return its id."""
        number = max(self.groups, default=0) + 1
        moment = self.clock.now().strftime("%Y-%m-%dT%H:%M:%S+00:00")
        self.groups[number] = {
            "id": number,
            "name": name,
            "is_default": False,
            "category_access": {"type": "all"},
            "discount_rules": [],
            "is_group_for_guests": False,
            "date_created": moment,
            "date_modified": moment,
            **fields,
        }
        return number

    def drop_company(self, row: Row) -> list[Row]:
        """Remove a company with its users and addresses; return the removed users and addresses."""
        removed: list[Row] = []
        for table in (self.users, self.addresses):
            for child in table.find("company", str(row.id)):
                table.delete(child)
                removed.append(child)
        self.companies.delete(row)
        if self.dependent:
            self.groups.pop(row.data["group"], None)
        return removed

    # -- users, customers, addresses -------------------------------------------------------------

    def new_user(self, item: Mapping[str, Any], lag: float = 0.0) -> tuple[Row, Row | None]:
        """Store a user, linked to the core customer of that e-mail; return it and the customer
        that had to be made for it, if any.
        """
        customer, made = self._customer_for(item)
        custom = int(item.get("companyRoleId") or 0)
        role = item.get("role")
        role = int(role) if role is not None else min(max(custom - 1, 0), 2)
        data = {
            "firstName": item.get("firstName", ""),
            "lastName": item.get("lastName", ""),
            "email": item["email"],
            "phoneNumber": item.get("phoneNumber") or "",
            "role": role,
            "companyRoleId": custom or role + 1,
            "uuid": item.get("uuid") or "",
            "companyId": item["companyId"],
            "customerId": customer.id,
            "channelIds": list(item.get("channelIds") or [1]),
            "extraFields": list(item.get("extraFields") or []),
        }
        row = self.added(self.users, self.users.insert(data, self.now()), lag)
        return row, customer if made else None

    def _customer_for(self, item: Mapping[str, Any]) -> tuple[Row, bool]:
        found = self.customers.find("email", str(item["email"]).casefold())
        if found:
            return found[0], False
        company = self.companies.get(item["companyId"])
        return self.new_customer(
            {
                "email": item["email"],
                "first_name": item.get("firstName", ""),
                "last_name": item.get("lastName", ""),
                "phone": item.get("phoneNumber") or "",
                "company": company.data["companyName"] if company else "",
                "customer_group_id": company.data["group"] if company else 0,
            }
        ), True

    def new_customer(self, item: Mapping[str, Any]) -> Row:
        """Store a customer of the core API."""
        data = {
            "email": "",
            "first_name": "",
            "last_name": "",
            "company": "",
            "phone": "",
            "notes": "",
            "tax_exempt_category": "",
            "customer_group_id": 0,
            **item,
        }
        return self.customers.insert(data, self.now())

    def new_address(self, item: Mapping[str, Any], lag: float = 0.0) -> Row:
        """Store an address whose place is resolved."""
        data: dict[str, Any] = {"companyId": item["companyId"], "extraFields": []}
        for name in ("firstName", "lastName", "phoneNumber", "zipCode", "addressLine1"):
            data[name] = item.get(name) or ""
        for name in ("addressLine2", "city", "stateName", "countryName", "stateCode"):
            data[name] = item.get(name) or ""
        for name in ("countryCode", "label", "externalId"):
            data[name] = item.get(name) or ""
        for name in ("isBilling", "isShipping", "isDefaultBilling", "isDefaultShipping"):
            data[name] = bool(item.get(name, False))
        row = self.added(self.addresses, self.addresses.insert(data, self.now()), lag)
        self.keep_one_default(row)
        return row

    def keep_one_default(self, row: Row) -> None:
        """Take a default flag that ``row`` now has from the company's other addresses."""
        for flag in ("isDefaultBilling", "isDefaultShipping"):
            if not row.data[flag]:
                continue
            for other in self.addresses.find("company", str(row.data["companyId"])):
                if other is not row and other.data[flag]:
                    other.data[flag] = False
                    self.addresses.touch(other, self.now())


def company_fields(data: dict[str, Any], item: Mapping[str, Any]) -> None:
    """Write the given fields of a company into its row."""
    for name in COMPANY_FIELDS:
        if name in item:
            data[name] = item[name] or ""
    for name in ADDRESS_PART:
        if name in item:
            data["address"] = {**data["address"], name: item[name] or ""}
    if "priceListAssign" in item:
        data["priceListAssign"] = item["priceListAssign"]
    for field in item.get("extraFields") or ():
        value = "" if field["fieldValue"] is None else str(field["fieldValue"])
        data["extra"] = {**data["extra"], str(field["fieldName"]): value}
