"""The plain loops beside the hub: one thread, ``requests``, no durability, no retry, no log.

They read the same rows and write the same fields; ``python -m benchmarks.plain KIND ERP STORE``
prints their CPU seconds, net of process start, as JSON.
"""

import json
import math
import resource
import sys
import time
from typing import Any

import requests

from benchmarks.world import VALUES
from hub.mapping.places import COUNTRIES, STATES

PAGE = 1000
SELLING = {"Active", "Credit Hold", "One-Time"}
SELECT = (
    "CustomerID,CustomerName,CustomerClass,Status,PriceClassID,LastModifiedDateTime,"
    "MainContact/Attention,MainContact/FirstName,MainContact/LastName,MainContact/Email,"
    "MainContact/Phone1,MainContact/LastModifiedDateTime,MainContact/Address/AddressLine1,"
    "MainContact/Address/AddressLine2,MainContact/Address/City,MainContact/Address/State,"
    "MainContact/Address/PostalCode,MainContact/Address/Country,PrimaryContact/ContactID,"
    "PrimaryContact/FirstName,PrimaryContact/LastName,PrimaryContact/Email,PrimaryContact/Phone1,"
    "PrimaryContact/LastModifiedDateTime"
)


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Loop:
    """Sessions with both systems."""

    def __init__(self, erp: dict[str, Any], store: dict[str, Any]) -> None:
        self.erp, self.store = requests.Session(), requests.Session()
        self.erp_url = f"{erp['base_url']}/entity/Default/{erp['endpoint_version']}"
        self.b2b = f"{store['b2b_api_url']}/api/v3/io"
        self.core = f"{store['api_url']}/stores/{store['store_hash']}/v3"
        self.store.headers.update(
            {
                "X-Auth-Token": store["access_token"],
                "X-Store-Hash": store["store_hash"],
                "Accept": "application/json",
            }
        )
        body = {"name": erp["username"], "password": erp["password"], "tenant": erp["tenant"]}
        self.logout_url = f"{erp['base_url']}/entity/auth/logout"
        self.erp.post(f"{erp['base_url']}/entity/auth/login", json=body).raise_for_status()

    def customers(self, most: int = 0) -> int:
        """Read all customers by page, send each as a company; ``most``: no more than so many."""
        sent = skip = 0
        while True:
            params = {
                "$select": SELECT,
                "$expand": "MainContact,MainContact/Address,PrimaryContact",
                "$top": str(PAGE),
                "$skip": str(skip),
            }
            answer = self.erp.get(f"{self.erp_url}/Customer", params=params)
            answer.raise_for_status()
            rows = answer.json()
            for row in rows:
                if at(row, "Status") in SELLING and (body := company(row)):
                    reply = self.store.post(f"{self.b2b}/companies", json=body)
                    sent += reply.ok and reply.json()["code"] == 200
                    if sent == most:
                        return sent
            if len(rows) < PAGE:
                return sent
            skip += PAGE

    def listing(self) -> dict[str, int]:
        """Read what the store has, by SKU."""
        levels: dict[str, int] = {}
        page = 1
        while True:
            params = {"location_id:in": "1", "limit": str(PAGE), "page": str(page)}
            answer = self.store.get(f"{self.core}/inventory/items", params=params)
            answer.raise_for_status()
            found = answer.json()
            for row in found["data"]:
                for level in row["locations"]:
                    levels[row["identity"]["sku"]] = level["total_inventory_onhand"]
            if page >= found["meta"]["pagination"]["total_pages"]:
                return levels
            page += 1

    def levels(self) -> dict[str, float]:
        """Read all stock and add up what is available, by SKU."""
        answer = self.erp.put(
            f"{self.erp_url}/StorageDetailsInquiry", params={"$expand": "StorageDetails"}, json={}
        )
        answer.raise_for_status()
        wanted: dict[str, float] = {}
        for row in answer.json()["StorageDetails"]:
            sku = row["InventoryID"]["value"]
            wanted[sku] = wanted.get(sku, 0) + row["QtyAvailable"]["value"]
        return wanted

    def stock(self) -> int:
        """Read all stock, list the store, send in batches, list again and compare."""
        wanted = self.levels()
        there = self.listing()
        lines = [
            {"location_id": 1, "sku": sku, "quantity": max(0, math.floor(quantity))}
            for sku, quantity in wanted.items()
            if sku in there
        ]
        for start in range(0, len(lines), 2000):
            body = {"reason": "Stock", "items": lines[start : start + 2000]}
            reply = self.store.put(f"{self.core}/inventory/adjustments/absolute", json=body)
            reply.raise_for_status()
        time.sleep(5)
        now = self.listing()
        return sum(now[line["sku"]] == line["quantity"] for line in lines)


def at(row: dict[str, Any], *path: str) -> str:
    value: Any = row
    for name in path:
        value = value.get(name) or {}
    return str(value.get("value") or "").strip()


def company(row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the body of a new company."""
    person = "PrimaryContact" if at(row, "PrimaryContact", "Email") else "MainContact"
    email, phone = at(row, person, "Email"), at(row, person, "Phone1")
    phone = phone or at(row, "MainContact", "Phone1")
    if not email or not phone:
        return None
    first, last = at(row, person, "FirstName"), at(row, person, "LastName")
    if not first:
        first, _, last = at(row, person, "Attention").partition(" ")
    country = at(row, "MainContact", "Address", "Country")
    state = at(row, "MainContact", "Address", "State")
    body = {
        "companyName": at(row, "CustomerName"),
        "companyEmail": email,
        "companyPhone": phone,
        "addressLine1": at(row, "MainContact", "Address", "AddressLine1"),
        "addressLine2": at(row, "MainContact", "Address", "AddressLine2"),
        "city": at(row, "MainContact", "Address", "City"),
        "state": STATES.get(country, {}).get(state, state),
        "zipCode": at(row, "MainContact", "Address", "PostalCode"),
        "country": COUNTRIES.get(country, country),
        "customerGroupId": VALUES["price_class"].get(at(row, "PriceClassID"), 0),
        "adminFirstName": first or last or at(row, "CustomerName"),
        "adminLastName": last or first or at(row, "CustomerName"),
        "adminEmail": email,
        "adminPhoneNumber": phone,
        "acceptCreationEmail": False,
        "extraFields": [{"fieldName": "ERP ID", "fieldValue": at(row, "CustomerID")}],
    }
    return {name: value for name, value in body.items() if value != ""}


def main(kind: str, erp: str, store: str, most: str = "0") -> None:
    started, began = cpu(), time.perf_counter()
    loop = Loop(json.loads(erp), json.loads(store))
    if kind == "customers":
        sent = loop.customers(int(most))
    else:
        sent = loop.stock() if kind == "stock" else len(loop.levels())
    loop.erp.post(loop.logout_url)
    spent = time.perf_counter() - began
    print(json.dumps({"sent": sent, "cpu": cpu() - started, "seconds": spent}))


if __name__ == "__main__":
    main(*sys.argv[1:])
