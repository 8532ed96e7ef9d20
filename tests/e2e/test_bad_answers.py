"""Forty bad bodies: the run says so, no record suffers for it, memory and time stay bounded (F65)."""

import gzip
import resource
import time
from collections.abc import Callable
from typing import Any

import pytest
from rig import Rig, eligible

from hub.sdk.simulation import SimResponse

Make = Callable[..., Rig]
ROW = b'{"CustomerID": {"value": "C000001"}, "CustomerName": {"value": "Half"}}'
JSON = {"Content-Type": "application/json"}


def bodies() -> dict[str, tuple[int, bytes, dict[str, str]]]:
    """Name → status, body and headers of an answer that no caller can use."""
    plain: dict[str, bytes] = {
        "empty": b"", "space": b"  \r\n ", "cut list": b"[" + ROW + b", " + ROW[:20],
        "cut string": b'[{"CustomerID": {"value": "C0', "cut escape": b'["\\u12', "bare word": b"OK",
        "two documents": b"[]" + ROW, "comma": b"[1,]", "single quotes": b"[{'a': 1}]",
        "nan": b'[{"CustomerID": NaN}]', "infinity": b"[-Infinity]", "undefined": b"undefined",
        "html": b"<!DOCTYPE html><html><body>Sign in</body></html>",
        "html without type": b"<html><head><title>502</title></head></html>",
        "xml": b"<?xml version='1.0'?><Error/>", "bom html": b"\xef\xbb\xbf<html></html>",
        "utf-16": "[]".encode("utf-16"), "utf-16 without mark": b"[\0]\0", "binary": bytes(range(256)),
        "nul": b"\0" * 40, "deep": b"[" * 100_000, "deep object": b'{"a":' * 50_000,
        "number": b"12", "text": b'"sign in again"', "true": b"true",
        "javascript": b")]}',\n[]", "bad utf-8": b'["\xff\xfe"', "php": b"Warning: mysqli error\n[]",
        "huge number": b"[" + b"9" * 5000 + b"]", "huge exponent": b"1e999999999",
    }  # fmt: skip
    found = {name: (200, body, JSON) for name, body in plain.items()}
    found |= {
        "not gzip": (200, b"[]", {**JSON, "Content-Encoding": "gzip"}),
        "cut gzip": (200, gzip.compress(b"[]" * 999)[:-9], {**JSON, "Content-Encoding": "gzip"}),
        "partial": (207, b'{"meta": {"message": "partial"}}', JSON),
        "no content": (204, b"", {}), "reset content": (205, b"", {}), "206": (206, b"[", JSON),
        "502 page": (502, b"<html>Bad gateway</html>", {}), "599": (599, b"", {}),
        "300": (300, b"[]", JSON), "304": (304, b"", {}),
        "200 with code 400": (200, b'{"code": 400, "data": {}, "meta": {"message": "bad"}}', JSON),
        "200 with code 500": (200, b'{"code": 500, "data": {}, "meta": {"message": "down"}}', JSON),
    }  # fmt: skip
    return found


BODIES = bodies()
FEW = ["cut list", "html", "partial", "200 with code 400"]
NAMES = pytest.mark.parametrize(
    "names", [FEW, pytest.param(list(BODIES), marks=pytest.mark.slow)], ids=["few", "all"]
)
EMPTY_LISTS = {"empty", "space", "no content"}


def answering(sim: Any, method: str, part: str, name: str) -> list[str]:
    """Let one request to this path be carried out, and its answer be replaced by a bad one."""
    execute, done = sim.execute, []

    def bad(request: Any) -> Any:
        answer = execute(request)
        if done or request.method != method or part not in request.path:
            return answer
        done.append(request.path)
        status, body, headers = BODIES[name]
        return SimResponse(status, body, dict(headers))

    sim.execute = bad
    return done


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@NAMES
def test_a_bad_answer_to_a_reading_hurts_no_record(make_rig: Make, names: list[str]) -> None:
    rig = make_rig(customers=2, items=1, features={"customer": {}})
    rig.sync()
    right = rig.companies()
    original, wrong = rig.erp.execute, []
    memory_before = memory()
    for name in names:
        rig.erp.execute = original
        done = answering(rig.erp, "GET", "/Customer", name)
        began = time.monotonic()
        result = rig.run("customer", mode="full")
        took = time.monotonic() - began
        if not done or took > 5:
            wrong.append(f"{name}: {took:.1f} s")
        if not result.problems and name not in EMPTY_LISTS:
            wrong.append(f"{name}: taken as an empty list")
        rig.erp.execute = original
        rig.clock.sleep(1200)
        rig.run("customer", mode="full")
        if rig.companies() != right or rig.messages("parked") or rig.messages("pending"):
            wrong.append(f"{name}: records were touched")
    assert not wrong
    assert memory() - memory_before < 50_000_000


@NAMES
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_bad_answer_to_a_write_neither_loses_nor_doubles(
    make_rig: Make, method: str, names: list[str]
) -> None:
    rig = make_rig(customers=3, items=1, features={"customer": {}}, messages={"batch": False})
    original, wrong = rig.store.execute, []
    for number, name in enumerate(names):
        key = f"NEW{number}" if method == "POST" else "C000001"
        if method == "PUT" and not number:
            rig.sync()
        rig.put("Customer", key, CustomerName=f"Name {number}", CustomerClass="DEALER",
                Status="Active",
                MainContact={"Email": f"{key}@example.com", "Phone1": "555-0111",
                             "Attention": "Ann One",
                             "Address": {"AddressLine1": "1 Way", "City": "Boston", "State": "MA",
                                         "PostalCode": "02110", "Country": "US"}})  # fmt: skip
        rig.store.execute = original
        answering(rig.store, method, "/companies", name)
        rig.run("customer")
        rig.store.execute = original
        rig.clock.sleep(1200)
        rig.run("customer", wait=3600)
        found = rig.companies().get(key, {}).get("companyName")
        if found != f"Name {number}" or rig.created_twice() or rig.messages("unknown"):
            wrong.append(f"{name}: {found}, twice {rig.created_twice()}, {rig.messages('parked')}")
    assert not wrong
    assert set(rig.companies()) >= set(eligible(rig)) - set(rig.messages("parked"))
