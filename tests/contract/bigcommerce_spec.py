"""Requests and answers of the BigCommerce APIs against the vendor's OpenAPI files.

Requests are held to ``*.strict.json`` (a field or parameter the vendor does not know is an error),
answers to ``*.patched.json``. A small validator over the files' own schemas: openapi-core does the
same checks, but needs six seconds to load and up to 20 ms per check (CONTRACT §10.2).
"""

import contextlib
import functools
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

HERE = Path(__file__).resolve().parents[2].parent / "shared" / "vendor" / "bigcommerce" / "openapi"

needs_spec = pytest.mark.skipif(
    not HERE.is_dir(), reason="the vendor's OpenAPI files are not in ../shared"
)


class SpecError(AssertionError):
    """A request or an answer that the vendor's file does not allow."""


def split(path):
    """Return (api, path inside it): ``/stores/x/v3/customers`` is ("v3", "/customers")."""
    core = re.fullmatch(r"/stores/[^/]+/(v[23])(/.*)", path)
    if core:
        return core.group(1), core.group(2)
    if path.startswith("/api/v3/io/"):
        return "b2b", path.removeprefix("/api/v3/io")
    raise SpecError(f"no API of the vendor has the path {path}")


@functools.cache
def document(api, kind):
    return json.loads((HERE / f"{api}.{kind}.json").read_text())


@functools.cache
def registry(api, kind):
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT4

    # DRAFT4: these files are OpenAPI 3.0, and only their $refs matter here.
    return Registry().with_resource(
        f"urn:{api}:{kind}", Resource(contents=document(api, kind), specification=DRAFT4)
    )


def resolve(api, kind, node):
    while isinstance(node, dict) and "$ref" in node:
        found = document(api, kind)
        for part in node["$ref"][2:].split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


@functools.cache
def templates(api):
    """Return (pattern, template) of every path, those without parameters first."""
    found = []
    for template in document(api, "patched")["paths"]:
        pattern = re.sub(r"\\\{[^}]+\\\}", "([^/]+)", re.escape(template))
        found.append((template.count("{"), re.compile(pattern), template))
    return [(pattern, template) for _, pattern, template in sorted(found, key=lambda f: f[0])]


def operation(method, path, kind):
    """Return (api, template, operation, path item, path values) or raise ``SpecError``."""
    api, inner = split(path)
    for pattern, template in templates(api):
        match = pattern.fullmatch(inner)
        if match:
            item = document(api, kind)["paths"][template]
            if method.lower() in item:
                names = re.findall(r"\{([^}]+)\}", template)
                values = dict(zip(names, map(unquote, match.groups()), strict=True))
                return api, template, item[method.lower()], item, values
    raise SpecError(f"the vendor's {api} file has no {method} {inner}")


@functools.cache
def validator(api, kind, pointer, write):
    from openapi_schema_validator import (
        OAS30ReadValidator,
        OAS30WriteValidator,
        oas30_format_checker,
    )

    made = OAS30WriteValidator if write else OAS30ReadValidator
    schema = {"$ref": f"urn:{api}:{kind}#{pointer}"}
    return made(schema, registry=registry(api, kind), format_checker=oas30_format_checker)


def faults(api, kind, pointer, value, *, write):
    # oneOf over arrays of different items matches an empty array several times (V2 groups'
    # discount_rules): a defect of the file.
    errors = [
        e
        for e in validator(api, kind, pointer, write).iter_errors(value)
        if not (e.validator == "oneOf" and e.instance == [])
    ]
    return [f"{'/'.join(map(str, e.absolute_path)) or '(all)'}: {e.message[:300]}" for e in errors]


def escape(part):
    return str(part).replace("~", "~0").replace("/", "~1")


def pointer_of(api, kind, pointer):
    """Follow a ``$ref`` at a pointer, so that what lies below it can be addressed."""
    node = document(api, kind)
    for part in pointer[1:].split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return pointer_of(api, kind, node["$ref"][1:]) if "$ref" in node else pointer


def coerce(schema, texts, explode):
    kind = schema.get("type")
    if kind == "array":
        parts = texts if explode else [p for text in texts for p in text.split(",")]
        return [coerce(schema.get("items", {}), [p], explode) for p in parts]
    text = texts[-1]
    if kind in ("integer", "number"):
        number = int if kind == "integer" else float
        try:
            return number(text)
        except ValueError:
            return text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def parameter_faults(api, raw, query, values):
    found = [resolve(api, "strict", parameter) for parameter in raw]
    known = {p["name"] for p in found if p["in"] == "query"}
    errors = [f"{n}: not a query parameter" for n in query if n not in known]
    for parameter in found:
        name, where = parameter["name"], parameter["in"]
        texts = query.get(name) if where == "query" else None
        if where == "path":
            texts = [values[name]] if name in values else None
        if texts is None:
            if parameter.get("required") and where == "query":
                errors.append(f"{name}: required")
            continue
        schema = resolve(api, "strict", parameter.get("schema", {}))
        value = coerce(schema, texts, parameter.get("explode", True))
        errors += parameter_value_faults(api, name, schema, value)
    return errors


def parameter_value_faults(api, name, schema, value):
    from openapi_schema_validator import OAS30WriteValidator, oas30_format_checker

    made = OAS30WriteValidator(schema, format_checker=oas30_format_checker)
    return [f"{name}: {e.message}" for e in made.iter_errors(value)]


def validate_request(method, path, query=None, body=None):
    """Raise ``SpecError`` unless the vendor's strict file allows this request.

    ``query`` maps names to lists of texts, ``body`` is the parsed JSON or None.
    """
    api, template, op, item, values = operation(method, path, "strict")
    raw = [*item.get("parameters", ()), *op.get("parameters", ())]
    errors = parameter_faults(api, raw, query or {}, values)
    if "requestBody" in op:
        content = resolve(api, "strict", op["requestBody"])["content"]["application/json"]
        if body is None:
            errors.append("body: required")
        elif "schema" in content:
            start = f"/paths/{escape(template)}/{method.lower()}/requestBody"
            pointer = pointer_of(api, "strict", start) + "/content/application~1json/schema"
            errors += faults(api, "strict", pointer, body, write=True)
    elif body is not None:
        errors.append("body: none is allowed")
    if errors:
        raise SpecError(f"{method} {path} is not as the vendor wants it: " + "; ".join(errors[:10]))


def validate_answer(method, path, status, headers, body):
    """Raise ``SpecError`` unless the vendor's patched file allows this answer.

    ``headers`` is a mapping or a list of pairs, ``body`` bytes. For a path that the vendor does
    not have only 404 and 405 are allowed.
    """
    try:
        api, template, op, _, _ = operation(method, path, "patched")
    except SpecError:
        if status in (404, 405):
            return
        raise
    code = str(status)
    where = f"the answer {status} to {method} {path}"
    if code not in op["responses"]:
        raise SpecError(f"{where} is not documented")
    start = f"/paths/{escape(template)}/{method.lower()}/responses/{code}"
    content = resolve(api, "patched", op["responses"][code]).get("content", {})
    if not body:
        if content and status < 300:
            raise SpecError(f"{where} has no body")
        return
    kinds = {n.lower(): v for n, v in dict(headers).items()}
    kind = kinds.get("content-type", "").partition(";")[0]
    if not content:
        return
    if kind not in content:
        raise SpecError(f"{where} is {kind or 'untyped'}, documented is {', '.join(content)}")
    if "json" not in kind or "schema" not in content[kind]:
        return
    pointer = f"{pointer_of(api, 'patched', start)}/content/{escape(kind)}/schema"
    errors = faults(api, "patched", pointer, json.loads(body), write=False)
    if errors:
        raise SpecError(f"{where} is not as documented: " + "; ".join(errors[:10]))


class Recording:
    """What passed a simulator: ``calls`` as (method, path, status), ``problems`` as texts."""

    def __init__(self):
        self.calls = []
        self.problems = []

    def check(self, request, response, *, requests):
        self.calls.append((request.method, request.path, response.status))
        checks = [
            lambda: validate_answer(
                request.method, request.path, response.status, response.headers, response.body
            )
        ]
        if requests:
            checks.append(lambda: self._request(request))
        for check in checks:
            try:
                check()
            except SpecError as error:
                self.problems.append(str(error))

    def _request(self, request):
        body = json.loads(request.body) if request.body else None
        validate_request(request.method, request.path, request.query, body)


@contextlib.contextmanager
def recording(sim, *, requests=True):
    """Hold every request and answer that passes ``sim`` to the vendor's files.

    Yields a ``Recording``; at the end all problems are raised together as one ``SpecError``.
    ``requests=False`` checks the answers alone.
    """
    record = Recording()
    dispatch = sim.dispatch

    def checked(request):
        response = dispatch(request)
        record.check(request, response, requests=requests)
        return response

    sim.dispatch = checked
    try:
        yield record
    finally:
        del sim.dispatch
    if record.problems:
        raise SpecError("\n".join(record.problems))
