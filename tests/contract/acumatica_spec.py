"""Bodies against the vendor's OpenAPI file of Default/24.200.001, unknown properties refused."""

import functools
import json
import re
from datetime import datetime
from pathlib import Path

import pytest

SPEC = (
    Path(__file__).resolve().parents[2].parent
    / "shared/vendor/acumatica/openapi/Default_24.200.001.swagger.json"
)
needs_spec = pytest.mark.skipif(
    not SPEC.is_file(), reason="the vendor's OpenAPI file is not in ../shared"
)
_BASE = re.compile(r"/entity/Default/\d+\.\d+\.\d+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SpecError(AssertionError):
    """A body, path or parameter that the vendor's file does not allow."""


@functools.cache
def document():
    return json.loads(SPEC.read_text())


@functools.cache
def _object(name):
    """Return the properties of a schema with those of all that it is composed of."""
    return _properties(document()["components"]["schemas"][name])


def _properties(schema):
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        found.update(
            _object(part["$ref"].rpartition("/")[2]) if "$ref" in part else _properties(part)
        )
    return found


def check(schema, value, where="body"):
    """Raise SpecError where ``value`` is not what the schema says."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        target = document()["components"]["schemas"][name]
        _check_object(_object(name), target, value, f"{where}:{name}")
        return
    kind = schema.get("type")
    if kind == "array":
        if not isinstance(value, list):
            raise SpecError(f"{where} is not a list")
        for index, item in enumerate(value):
            check(schema["items"], item, f"{where}[{index}]")
    elif kind == "object":
        _check_object(schema.get("properties", {}), schema, value, where)
    else:
        _check_plain(schema, value, where)


def _check_object(properties, schema, value, where):
    if not isinstance(value, dict):
        raise SpecError(f"{where} is not an object: {value!r}")
    other = schema.get("additionalProperties")
    for name, item in value.items():
        if name in properties:
            check(properties[name], item, f"{where}.{name}")
        elif isinstance(other, dict):
            check(other, item, f"{where}.{name}")
        elif "modelState" not in where:
            raise SpecError(f"{where} has the unknown property {name}")


def _check_plain(schema, value, where):
    kind, form = schema.get("type"), schema.get("format")
    types = {"string": str, "integer": int, "number": (int, float), "boolean": bool}[kind]
    if not isinstance(value, types) or (kind != "boolean" and isinstance(value, bool)):
        raise SpecError(f"{where} is no {kind}: {value!r}")
    if form == "uuid" and not _UUID.fullmatch(value):
        raise SpecError(f"{where} is no GUID: {value!r}")
    if form == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        raise SpecError(f"{where} has no offset: {value!r}")


def operation(method, path):
    """Return the vendor's operation of a request path."""
    inner = _BASE.sub("", path, count=1)
    parts = inner.strip("/").split("/")
    paths = document()["paths"]
    template = f"/{parts[0]}" if len(parts) == 1 else f"/{parts[0]}/{{ids}}"
    try:
        return paths[template][method.lower()]
    except KeyError:
        raise SpecError(f"{method} {path} is not in the vendor's file") from None


def check_request(method, path, query=(), body=None):
    """Hold a request to the file: path, method, parameters, body."""
    found = operation(method, path)
    known = {
        document()["components"]["parameters"][p["$ref"].rpartition("/")[2]]["name"]
        for p in found.get("parameters", ())
        if "$ref" in p
    }
    for name in query:
        if name not in known:
            raise SpecError(f"{method} {path} has no parameter {name}")
    if body is not None:
        check(found["requestBody"]["content"]["application/json"]["schema"], body)


def check_answer(method, path, status, payload):
    """Hold an answer to the file: status and body."""
    found = operation(method, path)["responses"].get(str(status))
    if found is None:
        raise SpecError(f"{method} {path} does not answer {status}")
    if "$ref" in found:
        found = document()["components"]["responses"][found["$ref"].rpartition("/")[2]]
    content = found.get("content")
    if content is None:
        if payload not in (None, b"", ""):
            raise SpecError(f"{method} {path} answers {status} without a body")
        return
    check(content["application/json"]["schema"], payload)
