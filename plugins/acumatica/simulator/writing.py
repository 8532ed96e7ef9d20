"""``PUT`` and ``DELETE`` of records (CONTRACT §3, "Write")."""

from collections.abc import Mapping
from typing import Any

from hub.sdk.simulation import SimRequest, SimResponse
from plugins.acumatica.simulator import errors
from plugins.acumatica.simulator.editing import Edit
from plugins.acumatica.simulator.odata import FilterError, compile_filter
from plugins.acumatica.simulator.reading import BadQuery, shape
from plugins.acumatica.simulator.records import guid
from plugins.acumatica.simulator.schema import SPECS, spec
from plugins.acumatica.simulator.wire import convert, member, unwrap
from plugins.acumatica.simulator.world import World, add_item

STATUSES = ("Active", "On Hold", "Credit Hold", "Inactive", "One-Time")
NEW = "<NEW>"


class Refused(Exception):
    """The record was not saved; ``texts`` maps field to what is wrong with it."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__("; ".join(texts.values()))
        self.texts = texts


def target(world: World, entity: str, body: Mapping[str, Any], request: SimRequest) -> Any | None:
    """Return the record that a PUT means: by id, by its keys, or by ``$filter``."""
    by_id = member(body, "id")
    if by_id:
        found = world.by_id(entity, str(unwrap(by_id)))
        if found is not None:
            return found
    key = key_of(entity, body)
    if all(key):
        found = world.find(entity, key)
        if found is not None:
            return found
    text = request.arg("$filter")
    if text:
        test = compile_filter(entity, text)
        return next((row for row in world.rows(entity) if test(row)), None)
    return None


def key_of(entity: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the URL keys that a body carries; missing ones are empty."""
    return tuple(str(unwrap(member(body, name)) or "").strip() for name in SPECS[entity].keys)


def precondition(request: SimRequest, existing: Any | None) -> SimResponse | None:
    """Return the 412 of ``If-Match: *`` or ``If-None-Match: *``, if it applies."""
    if request.headers.get("if-none-match") == "*" and existing is not None:
        return errors.message(412, "The entity already exists and cannot be inserted.")
    if request.headers.get("if-match") == "*" and existing is None:
        return errors.message(412, "The entity does not exist and cannot be updated.")
    return None


def checked(world: World, entity: str, body: Mapping[str, Any], *, new: bool) -> dict[str, str]:
    """Return what the form would say against the body, by field."""
    found = _mistyped(entity, body)
    needed = {"Customer": "CustomerName", "Contact": "LastName"}.get(entity)
    value = None if needed is None else member(body, needed)
    if needed and (new or value is not None) and not unwrap(value):
        found[needed] = f"'{needed}' cannot be empty."
    if entity == "Customer":
        status = unwrap(member(body, "Status"))
        if status and status not in STATUSES:
            found["Status"] = f"'{status}' is not one of the values of Status."
        for name, table in (
            ("CustomerClass", "CustomerClass"),
            ("PriceClassID", "CustomerPriceClass"),
        ):
            key = unwrap(member(body, name))
            if key and world.find(table, (str(key),)) is None:
                found[name] = f"{name} '{key}' cannot be found in the system."
    account = unwrap(member(body, "BusinessAccount")) if entity == "Contact" else None
    if account and world.find("Customer", (str(account),)) is None:
        found["BusinessAccount"] = f"Business Account '{account}' cannot be found in the system."
    if entity == "CustomerLocation" and new:
        customer = str(unwrap(member(body, "Customer")) or "")
        if world.find("Customer", (customer,)) is None:
            found["Customer"] = f"Customer '{customer}' cannot be found in the system."
        if not unwrap(member(body, "LocationID")):
            found["LocationID"] = "'Location ID' cannot be empty."
    return found


def _mistyped(entity: str, body: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind in spec(entity).kinds.items():
        value = unwrap(member(body, name))
        try:
            convert(kind, value)
        except (ValueError, TypeError):
            found[name] = f"'{value}' is not a valid value of {name}."
    return found


def create(world: World, entity: str, body: Mapping[str, Any], edit: Edit, *, key: str = "") -> Any:
    """Make a record. A customer's number is the system's own unless ``key`` is given.

    Raises:
        Refused: the entity cannot be made here, or its parent is not there.

    """
    moment = edit.moment
    stamps = {"created": moment, "modified": moment}
    if entity == "Customer":
        name = str(unwrap(member(body, "CustomerName")) or "")
        card = world.card(name, world.address("", "", "", "", "", "US"), moment)
        return world.add_customer(
            key or _next_customer(world),
            card,
            name=name,
            customer_class="DEALER",
            status="Active",
            currency="USD",
            terms="30D",
            **stamps,
        )
    if entity == "CustomerLocation":
        customer_key, _, code = key.partition("/") if key else ("", "", "")
        if not key:
            customer_key, code = key_of(entity, body)
        customer = world.find("Customer", (customer_key,))
        if customer is None:
            raise Refused({"Customer": f"Customer '{customer_key}' cannot be found in the system."})
        return world.add_location(
            customer, code.upper(), "", customer.MainContact, price_class="", **stamps
        )
    if entity == "Contact":
        return world.add_contact(
            None,
            world.address("", "", "", "", "", "US"),
            first="",
            last="",
            email="",
            phone="",
            title="",
            active=True,
            modified=moment,
            number=int(key) if key.isdecimal() else None,
        )
    if entity == "StockItem":
        text = key or key_of(entity, body)[0] or NEW
        return add_item(world, text, Description="", LastModifiedDateTime=moment)
    raise Refused({"": f"{entity} records cannot be made here."})


def _next_customer(world: World) -> str:
    taken = (k[0] for k in world.tables["Customer"] if k[0][1:].isdecimal())
    return f"C{max((int(k[1:]) for k in taken), default=0) + 1:06d}"


def echo(
    request: SimRequest, entity: str, body: Mapping[str, Any], texts: Mapping[str, str], row: Any
) -> SimResponse:
    """Return the 422: the entity itself, with texts at the fields and at the top."""
    kinds = SPECS[entity].kinds
    found: dict[str, Any] = {
        "id": guid(entity, row.number if row is not None else 0),
        "rowNumber": 1,
        "error": f"Inserting  '{entity}' record raised at least one error. "
        "Please review the errors.",
    }
    for name, kind in kinds.items():
        value = unwrap(member(body, name))
        if value is None and name not in texts:
            continue
        found[name] = {} if value in (None, "") else {"value": _typed(kind, value)}
        if name in texts:
            found[name]["error"] = texts[name]
    try:
        shape(entity, request)
    except BadQuery as error:
        return error.answer
    return SimResponse.json(found, 422)


def _typed(kind: str, value: Any) -> Any:
    try:
        made = convert(kind, value)
    except (ValueError, TypeError):
        return value
    return value if kind == "T" else made


def filter_trouble(error: FilterError) -> SimResponse:
    """Return the 500 of a filter that cannot be used."""
    return errors.server_error(str(error), "Microsoft.OData.ODataException")
