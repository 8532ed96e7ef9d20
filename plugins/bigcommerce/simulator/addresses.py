"""B2B addresses, and the look-ups of countries, states and channels (CONTRACT §7.3, §7.11)."""

from collections.abc import Mapping
from typing import Any

from hub.sdk.simulation import Router, SimRequest, SimResponse
from plugins.bigcommerce.simulator import shapes
from plugins.bigcommerce.simulator.answers import TITLE, Refused, b2b, parameter_error
from plugins.bigcommerce.simulator.context import BASE, Context, bulk_ids, row_of
from plugins.bigcommerce.simulator.places import COUNTRIES, STATES, country_code, state_of
from plugins.bigcommerce.simulator.rules import ADDRESS_LIMITS, FLAGS, address_errors, resolve_place
from plugins.bigcommerce.simulator.table import Row

GONE = {"errMsg": "Address does not exist."}
PLACE = ("countryCode", "countryName", "stateCode", "stateName")
TEXT_FILTERS = {
    "firstName": ("firstName",),
    "lastName": ("lastName",),
    "address": ("addressLine1", "addressLine2"),
    "city": ("city",),
    "country": ("countryName", "countryCode"),
    "state": ("stateName", "stateCode"),
    "zipCode": ("zipCode",),
    "phoneNumber": ("phoneNumber",),
}


class Addresses:
    """The routes below ``/addresses``."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._state = context.state

    def attach(self, router: Router) -> None:
        """Add the routes."""
        one = f"{BASE}/addresses/{{addressId}}"
        router.add("GET", f"{BASE}/addresses", self.list_all)
        router.add("POST", f"{BASE}/addresses", self.create)
        router.add("POST", f"{BASE}/addresses/bulk", self.create_bulk)
        router.add("GET", f"{BASE}/addresses/extra-fields", self._c.no_definitions)
        router.add("GET", one, self.get)
        router.add("PUT", one, self.update)
        router.add("DELETE", one, self.delete)

    def list_all(self, request: SimRequest) -> SimResponse:
        """GET /addresses: newest first."""
        query = self._c.of_company(request)
        wanted = list_arg_plain(request, "externalId")
        if len(wanted) == 1:
            query.keys.append(("external", wanted[0]))
        elif wanted:
            query.where.append(lambda row: row.data["externalId"] in wanted)
        for flag in ("isBilling", "isShipping"):
            text = request.arg(flag)
            if text is not None:
                query.where.append(_flag(flag, text.lower() in ("true", "1")))
        for name, fields in TEXT_FILTERS.items():
            value = request.arg(name)
            if value:
                query.where.append(_holds(fields, value.casefold()))
        return self._c.listing(request, self._state.addresses, query, shapes.address, TITLE)

    def get(self, request: SimRequest) -> SimResponse:
        """GET /addresses/{id}."""
        return b2b(shapes.address(self._state, self._row(request), extra=True), TITLE)

    def create(self, request: SimRequest) -> SimResponse:
        """POST /addresses."""
        item = self._c.body(request)
        place, errors = self._check(item)
        if errors:
            self._c.note(request, "addresses", item.get("externalId"), None, "refused")
            raise parameter_error(errors)
        return b2b({"addressId": self._make(request, {**item, **place}).id}, TITLE)

    def create_bulk(self, request: SimRequest) -> SimResponse:
        """POST /addresses/bulk: whole rows back; a refusal lists faults aligned with the input.

        Nothing is saved of a refused call, unless ``partial_bulk`` saves the good ones.
        """
        items = self._c.bulk(request)
        checked = [self._check(item) for item in items]
        refused = any(errors for _, errors in checked)
        partial = self._c.quirk(request, "partial_bulk") is not None
        made: list[Row] = []
        for item, (place, errors) in zip(items, checked, strict=True):
            if errors or (refused and not partial):
                self._c.note(request, "addresses", item.get("externalId"), None, "refused")
            else:
                made.append(self._make(request, {**item, **place}))
        if refused:
            raise parameter_error([errors for _, errors in checked])
        rows = [shapes.address(self._state, row, extra=True) for row in made]
        return b2b(bulk_ids(self._c, request, rows), TITLE)

    def _check(self, item: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, list[str]]]:
        errors = address_errors(item, creating=True)
        place, unknown = resolve_place(item)
        errors = {**errors, **unknown}
        if "company_id" not in errors and self._state.companies.get(item["companyId"]) is None:
            errors["company_id"] = ["Company does not exist."]
        return place, errors

    def _make(self, request: SimRequest, item: Mapping[str, Any]) -> Row:
        row = self._state.new_address(item, self._c.lag(request))
        self._c.note(request, "addresses", row.data["externalId"], row.id, "created")
        return row

    def _row(self, request: SimRequest) -> Row:
        refusal = Refused(404, "Address not found", GONE)
        return row_of(self._state.addresses, request.params["addressId"], refusal)

    def update(self, request: SimRequest) -> SimResponse:
        """PUT /addresses/{id}: the given fields; a new country needs its state in the same body."""
        row = self._row(request)
        item = self._c.body(request)
        errors = address_errors(item, creating=False, country=row.data["countryCode"])
        place: dict[str, str] = {}
        if any(name in item for name in PLACE):
            place, unknown = resolve_place({**self._kept_place(row, item), **item})
            errors = {**errors, **unknown}
        if errors:
            self._c.note(request, "addresses", row.data["externalId"], row.id, "refused")
            text = " ".join(f"{name}: {' '.join(texts)}" for name, texts in errors.items())
            raise parameter_error(text)
        self.write(row, {**item, **place})
        self._state.changed(self._state.addresses, row, self._c.lag(request))
        self._c.note(request, "addresses", row.data["externalId"], row.id, "updated")
        return b2b({"addressId": row.id}, TITLE)

    def _kept_place(self, row: Row, item: Mapping[str, Any]) -> dict[str, str]:
        """Return the place fields that a change leaves alone."""
        kept: dict[str, str] = {}
        if "countryCode" not in item and "countryName" not in item:
            kept["countryCode"] = row.data["countryCode"]
        if "stateCode" not in item and "stateName" not in item and kept:
            kept["stateCode"] = row.data["stateCode"]
        return kept

    def write(self, row: Row, item: Mapping[str, Any]) -> None:
        """Write the given fields; a new default takes the flag from the others."""
        for name in (*ADDRESS_LIMITS, "countryCode", "stateCode"):
            if name in item:
                row.data[name] = item[name] or ""
        for name in FLAGS:
            if name in item:
                row.data[name] = bool(item[name])
        for kind in ("Billing", "Shipping"):
            row.data[f"isDefault{kind}"] = row.data[f"isDefault{kind}"] and row.data[f"is{kind}"]
        self._state.keep_one_default(row)

    def delete(self, request: SimRequest) -> SimResponse:
        """DELETE /addresses/{id}."""
        row = self._row(request)
        self._state.addresses.delete(row)
        self._c.note(request, "addresses", row.data["externalId"], row.id, "deleted")
        return b2b({"addressId": row.id}, TITLE)


class Lookups:
    """``/countries``, ``/states``, ``/channels``."""

    def __init__(self, context: Context) -> None:
        self._state = context.state

    def attach(self, router: Router) -> None:
        """Add the routes."""
        router.add("GET", f"{BASE}/countries", self.country)
        router.add("GET", f"{BASE}/states", self.state)
        router.add("GET", f"{BASE}/channels", self.channels)
        router.add("GET", f"{BASE}/channels/{{channel_id}}", self.channel)

    def country(self, request: SimRequest) -> SimResponse:
        """GET /countries: one country, by name (searchType 0) or code (1)."""
        text = _searched(request)
        code = country_code(text)
        by_code = request.arg("searchType") == "1"
        if code is None or by_code != (text.strip().upper() == code):
            raise Refused(404, "Resource not found")
        return b2b({"countryCode": code, "countryName": COUNTRIES[code]}, TITLE)

    def state(self, request: SimRequest) -> SimResponse:
        """GET /states: one state, of the United States unless ``country`` says otherwise."""
        text = _searched(request)
        country = country_code(request.arg("country") or "US")
        found = state_of(country, text) if country in STATES else None
        if found is None:
            raise Refused(
                404, "Please enter a valid state name or state abbreviation for the country."
            )
        return b2b({"stateCode": found[0], "stateName": found[1]}, TITLE)

    def channels(self, _request: SimRequest) -> SimResponse:
        """GET /channels: ``id`` is B2B Edition's, ``channelId`` the core API's."""
        return b2b(self._state.channels, TITLE)

    def channel(self, request: SimRequest) -> SimResponse:
        """GET /channels/{id}."""
        for row in self._state.channels:
            if str(row["channelId"]) == request.params["channel_id"]:
                return b2b(row, TITLE)
        return SimResponse.json({"code": 404, "message": "Channel does not exist."}, 404)


def list_arg_plain(request: SimRequest, name: str) -> list[str]:
    """Return all values of ``name[]``: an external id may hold a comma."""
    return [*request.query.get(f"{name}[]", ()), *request.query.get(name, ())]


def _searched(request: SimRequest) -> str:
    missing = {n: ["This field is required."] for n in ("searchType", "q") if not request.arg(n)}
    if missing:
        raise parameter_error(missing)
    return str(request.arg("q"))


def _flag(name: str, wanted: bool) -> Any:
    return lambda row: row.data[name] is wanted


def _holds(fields: tuple[str, ...], value: str) -> Any:
    return lambda row: any(value in row.data[name].casefold() for name in fields)
