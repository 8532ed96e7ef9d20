"""Every request of the connector asks only for what the vendor's OpenAPI document has."""

import json
from pathlib import Path

import pytest

from tests.contract.acumatica_connector_kit import PLUGIN, Site, action

SPEC = (
    Path(__file__).resolve().parents[2].parent
    / "shared/vendor/acumatica/openapi/Default_24.200.001.swagger.json"
)
PREFIX = "/entity/Default/24.200.001/"
SYSTEM = {"id", "rowNumber", "note", "custom", "error", "files", "_links", "delete"}

pytestmark = [
    pytest.mark.vendor_spec,
    pytest.mark.skipif(not SPEC.exists(), reason="the vendor's document (../shared) is not here"),
]


class Document:
    def __init__(self) -> None:
        found = json.loads(SPEC.read_text(encoding="utf-8-sig"))
        self.paths = found["paths"]
        self.parameters = found["components"]["parameters"]
        self.schemas = found["components"]["schemas"]

    def properties(self, name):
        schema = self.schemas[name]
        found = {}
        for part in schema.get("allOf", [schema]):
            found |= part.get("properties", {})
        return found

    def target(self, schema, path):
        """Return the schema name at a slash path; fails where a step does not exist."""
        for step in path.split("/"):
            field = self.properties(schema).get(step)
            assert field is not None, f"{schema} has no {step} ({path})"
            ref = field.get("$ref") or field.get("items", {}).get("$ref", "")
            schema = ref.rpartition("/")[2]
        return schema


@pytest.fixture(scope="module")
def calls():
    """Everything the connector asks, in every way of reading."""
    found = []
    for storage_details in (True, False):
        site = Site(customers=4, items=5, storage_details=storage_details)
        with site.client() as client:
            PLUGIN.test_connection(client)
            PLUGIN.checks(client, ["customer", "location", "contact", "inventory"])
            for name in (
                "customer_classes",
                "price_classes",
                "warehouses",
                "order_types",
                "branches",
            ):
                PLUGIN.lookup(client, name)
            for flow in ("customer", "location", "contact", "inventory"):
                for partition in action(flow).partitions:
                    window = {"since": site.clock.now(), "partition": partition}
                    site.read(client, flow, **window)
                    records, _ = site.read(client, flow)
                    keys = [record.key for record in records[:3]]
                    PLUGIN.fetch(client, action(flow), keys)
                    if action(flow).reference:
                        PLUGIN.fetch(client, action(flow), ["C000001"], "parent")
            site.fault("optimization")
            site.read(client, "customer")
        site.running.stop()
        found += site.http.calls
    return [call for call in found if call[1].startswith(PREFIX)]


@pytest.fixture(scope="module")
def document():
    return Document()


def test_each_path_and_verb_is_in_the_document(calls, document):
    for method, path, _, _ in calls:
        entity, _, rest = path.removeprefix(PREFIX).partition("/")
        assert method.lower() in document.paths[f"/{entity}" + ("/{id}" if rest else "")]


def test_only_documented_parameters_are_sent(calls, document):
    for method, path, params, _ in calls:
        entity, _, rest = path.removeprefix(PREFIX).partition("/")
        operation = document.paths[f"/{entity}" + ("/{id}" if rest else "")][method.lower()]
        known = {
            document.parameters[p["$ref"].rpartition("/")[2]]["name"]
            for p in operation["parameters"]
        }
        assert set(params) <= known, (path, params)


def test_selected_expanded_and_filtered_fields_exist(calls, document):
    for _, path, params, _ in calls:
        entity = path.removeprefix(PREFIX).partition("/")[0]
        expanded = [p for p in params.get("$expand", "").split(",") if p]
        for name in expanded:
            assert document.target(entity, name) in document.schemas
        for name in filter(None, params.get("$select", "").split(",")):
            assert document.target(entity, name).endswith("Value"), name
            parent = name.rpartition("/")[0]
            assert not parent or parent in expanded, f"{name} needs $expand={parent}"
        fields = [
            part.partition(" ")[0].lstrip("(")
            for part in params.get("$filter", "").replace(" or ", " and ").split(" and ")
            if part
        ]
        for name in fields:
            assert document.target(entity, name).endswith("Value")
        assert len({name.rpartition("/")[0] for name in fields}) <= 1, (
            "never two views in one filter"
        )


def test_literals_fit_the_type_of_their_field(calls, document):
    for _, path, params, _ in calls:
        entity = path.removeprefix(PREFIX).partition("/")[0]
        for part in params.get("$filter", "").replace(" or ", " and ").split(" and "):
            if not part:
                continue
            name, _, value = part.strip("()").split(" ", 2)
            kind = document.target(entity, name)
            start = {"StringValue": "'", "DateTimeValue": "datetimeoffset'"}.get(kind)
            assert value.startswith(start) if start else value.isdigit(), part


def test_bodies_hold_only_fields_of_the_document(calls, document):
    sent = [(path, body) for _, path, _, body in calls if body is not None]
    assert sent
    for path, body in sent:
        entity = path.removeprefix(PREFIX)
        for name, value in body.items():
            assert document.target(entity, name).endswith("Value")
            assert set(value) == {"value"}


def test_no_request_changes_a_record(calls):
    writes = {(method, path) for method, path, _, _ in calls if method != "GET"}
    assert {path.removeprefix(PREFIX) for _, path in writes} <= {
        "StorageDetailsInquiry",
        "InventorySummaryInquiry",
        "CompaniesStructure",
    }


def test_mapped_sources_are_read_from_selected_fields():
    from plugins.acumatica.actions import SHAPES

    derived = {"Key", "Admin.FirstName", "Admin.LastName", "Admin.Email", "Admin.Phone1"}
    for flow, shape in SHAPES.items():
        selected = {name.replace("/", ".") for name in shape.select}
        for rule in PLUGIN.mapping_defaults(action(flow)):
            sources = (rule.source,) if isinstance(rule.source, str) else rule.source
            assert set(sources) <= selected | derived, rule.target
