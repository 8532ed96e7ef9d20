"""What the instance tells about itself, and the lookups that only OData has (CONTRACT §1, §4)."""

import re
from html import escape
from typing import Any

from hub.sdk.simulation import SimRequest, SimResponse
from plugins.acumatica.simulator import errors, names
from plugins.acumatica.simulator.schema import SPECS, TOP_LEVEL, spec
from plugins.acumatica.simulator.sessions import Session
from plugins.acumatica.simulator.versions import STATED, VERSIONS, lacks
from plugins.acumatica.simulator.versions import names as names_in
from plugins.acumatica.simulator.wire import system, wrap

BUILD = "25.200.0248"
_EQUAL = re.compile(r"(\w+) eq (true|false|'(?:[^']|'')*')")
_TYPES = {
    "S": ("StringValue", {"type": "string"}),
    "B": ("BooleanValue", {"type": "boolean"}),
    "I": ("IntValue", {"type": "integer", "format": "int32"}),
    "D": ("DecimalValue", {"type": "number", "format": "double"}),
    "T": ("DateTimeValue", {"type": "string", "format": "date-time"}),
    "G": ("GuidValue", {"type": "string", "format": "uuid"}),
}
_SETS: dict[str, list[dict[str, Any]]] = {
    "SOOrderType": [
        {"OrderType": key, "Descr": text, "Active": True, "Behavior": key if key != "WB" else "SO"}
        for key, text in names.ORDER_TYPES
    ],
    "Terms": [
        {"TermsID": key, "Descr": text, "VisibleTo": "AL", "DueType": "N"}
        for key, text in names.TERMS
    ],
    "Branch": [{"BranchCD": key, "AcctName": text, "Active": True} for key, text in names.BRANCHES],
}


def root(_request: SimRequest) -> SimResponse:
    """GET /entity: version and endpoints."""
    return SimResponse.json(
        {
            "version": {"acumaticaBuildVersion": BUILD, "databaseVersion": BUILD},
            "endpoints": [
                {"name": "Default", "version": v, "href": f"/entity/Default/{v}/"} for v in VERSIONS
            ],
        }
    )


def login_page(session: Session | None) -> SimResponse:
    """GET /Frames/Login.aspx: a web page that names the tenant one landed in."""
    page = errors.LOGIN_PAGE
    if session is not None:
        page = page.replace('value="Company"', f'value="{escape(session.tenant)}"')
    return SimResponse.text(page, kind="text/html; charset=utf-8")


def swagger(request: SimRequest) -> SimResponse:
    """GET swagger.json: the entities that are simulated, in the form of the vendor's document."""
    version = request.params.get("version", STATED)
    if request.params.get("endpoint", "Default") != "Default" or version not in VERSIONS:
        return errors.no_resource(request.path)
    schemas: dict[str, Any] = {
        "Entity": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "rowNumber": {"type": "integer", "format": "int64"},
                "note": _ref("StringValue"),
                "custom": {"type": "object"},
                "error": {"type": "string"},
            },
        },
        **{
            name: {"type": "object", "properties": {"value": v, "error": {"type": "string"}}}
            for name, v in _TYPES.values()
        },
    }
    entities = (*SPECS, "Address", "WarehouseLocation", "StockItemWarehouseDetail")
    schemas.update({n: _schema(n, version) for n in (*entities, "CreditVerificationRules")})
    paths: dict[str, Any] = {}
    for entity in TOP_LEVEL:
        paths[f"/{entity}"] = {
            "get": _operation(entity, "GetList"),
            "put": _operation(entity, "PutEntity"),
        }
        paths[f"/{entity}/{{ids}}"] = {
            "get": _operation(entity, "GetByKeys"),
            "delete": _operation(entity, "DeleteByKeys"),
        }
    return SimResponse.json(
        {
            "openapi": "3.0.1",
            "info": {"title": f"Default/{version}", "version": "4"},
            "servers": [{"url": f"/entity/Default/{version}"}],
            "paths": paths,
            "components": {"schemas": schemas},
        }
    )


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schema(entity: str, version: str) -> dict[str, Any]:
    of, gone, other = spec(entity), lacks(version, entity), names_in(version, entity)
    fields: dict[str, Any] = {
        other.get(name, name): _ref(_TYPES[kind][0])
        for name, kind in of.kinds.items()
        if name not in gone
    }
    fields.update({name: _ref(target) for name, (target, _) in of.linked.items()})
    for name, (target, _) in of.details.items():
        fields[name] = {"type": "array", "items": _ref(target or "Entity")}
    return {"allOf": [_ref("Entity"), {"type": "object", "properties": fields}]}


def _operation(entity: str, name: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref(entity)}}
    return {
        "tags": [entity],
        "operationId": f"{entity}_{name}",
        "responses": {"200": {"description": "The record.", "content": content}},
    }


def branches() -> list[dict[str, Any]]:
    """Return the rows of CompaniesStructure."""
    return [
        {
            **system("CompaniesStructureDetail", n, n),
            "BaseCurrencyID": wrap("USD"),
            "BranchCountry": wrap("US"),
            "BranchID": wrap(key),
            "BranchName": wrap(text),
            "BranchStatus": wrap(value=True),
            "CompanyID": wrap("SIMCO"),
            "CompanyName": wrap("Simulated Wholesale Company"),
            "CompanyStatus": wrap(value=True),
            "CompanyType": wrap("With Branches Not Requiring Balancing"),
        }
        for n, (key, text) in enumerate(names.BRANCHES, 1)
    ]


def _equalities(text: str) -> list[tuple[str, Any]]:
    """Read ``Active eq true and OrderType eq 'SO'``. Raises ValueError for anything else."""
    found: list[tuple[str, Any]] = []
    for part in text.split(" and ") if text else ():
        match = _EQUAL.fullmatch(part.strip())
        if match is None:
            raise ValueError(part.strip())
        literal = match[2]
        if literal in ("true", "false"):
            found.append((match[1], literal == "true"))
        else:
            found.append((match[1], literal[1:-1].replace("''", "'")))
    return found


def odata(request: SimRequest) -> SimResponse:
    """GET of a DAC set: bare values, ordered by key, with ``$filter`` by equality."""
    name = request.params["set"]
    if name not in _SETS:
        return SimResponse.json(
            {"error": {"code": "", "message": f"Resource not found for the segment '{name}'."}}, 404
        )
    rows = _SETS[name]
    try:
        for field, value in _equalities(request.arg("$filter") or ""):
            rows = [row for row in rows if row[field] == value]
        for part in reversed([x for x in (request.arg("$orderby") or "").split(",") if x.strip()]):
            field, _, way = part.strip().partition(" ")
            order = [(str(row[field]), n) for n, row in enumerate(rows)]
            rows = [rows[n] for _, n in sorted(order, reverse=way.strip() == "desc")]
    except (KeyError, ValueError) as error:
        text = f"The query specified in the URI is not valid: {error}."
        return SimResponse.json({"error": {"code": "", "message": text}}, 400)
    wanted = [x.strip() for x in (request.arg("$select") or "").split(",") if x.strip()]
    if wanted:
        rows = [{k: v for k, v in row.items() if k in wanted} for row in rows]
    skip, top = request.arg("$skip") or "0", request.arg("$top") or ""
    start = int(skip) if skip.isdecimal() else 0
    end = start + int(top) if top.isdecimal() else None
    context = f"/t/{request.params['tenant']}/api/odata/dac/$metadata#{name}"
    return SimResponse.json({"@odata.context": context, "value": rows[start:end]})
