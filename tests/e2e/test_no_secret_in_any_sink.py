"""A vendor that repeats our secret in every spelling: it stands in no sink of the hub (S10-S12)."""

import base64
import html
import io
import json
import logging
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from rig import Rig

from hub.runtime.doctor import examine
from hub.sdk.simulation import SimResponse
from hub.vault import configure_logging

Make = Callable[..., Rig]


def spellings(secret: str) -> dict[str, str]:
    raw = secret.encode()
    return {
        "raw": secret, "repr": repr(secret)[1:-1], "json": json.dumps(secret)[1:-1],
        "json in json": json.dumps(json.dumps(secret)[1:-1])[1:-1], "quote": quote(secret, safe=""),
        "plus": quote_plus(secret), "twice": quote(quote(secret, safe=""), safe=""),
        "html": html.escape(secret), "base64": base64.b64encode(raw).decode(),
        "base64 url": base64.urlsafe_b64encode(raw).decode(), "bytes": repr(raw)[2:-1],
        "user": base64.b64encode(b"admin:" + raw).decode(), "hex": raw.hex(),
    }  # fmt: skip


def sinks(rig: Rig, stream: io.StringIO) -> dict[str, str]:
    """Everything that the hub writes or shows, as text."""
    found = {"log": stream.getvalue()}
    for (table,) in rig.query("SELECT name FROM sqlite_master WHERE type = 'table'"):
        rows = rig.query(f'SELECT * FROM "{table}"')  # as stored, beside the sealed bytes
        found[f"table {table}"] = "\n".join(str(value) for row in rows for value in row)
    found["doctor"] = str(examine(rig.environ))
    found["export"] = str(rig.runtime.settings.export())
    found["repr"] = repr(vars(rig.runtime)) + repr(rig.runtime.settings.facts(1))
    return found


@pytest.mark.parametrize("status", [422, 200])
def test_a_secret_that_a_vendor_repeats_is_masked_everywhere(make_rig: Make, status: int) -> None:
    rig = make_rig(customers=3, items=1, features={"customer": {}},
                   logging={"info": True, "error": True, "warning": True, "debug": True})  # fmt: skip
    secrets = [rig.environ["BC_TOKEN"], rig.environ["ACU_PASSWORD"]]
    said = " | ".join(s for secret in secrets for s in spellings(secret).values())
    execute = rig.store.execute

    def repeats(request: object) -> object:
        if request.method != "POST":
            return execute(request)
        body = {"code": status, "data": {}, "meta": {"message": f"no: {said}", "said": said}}
        if status == 200:
            return SimResponse(200, f"<html>{said}".encode(), {"Content-Type": "text/html"})
        return SimResponse.of(body, status)

    rig.store.execute = repeats
    stream = io.StringIO()
    root = logging.getLogger()
    old, level = list(root.handlers), root.level
    try:
        configure_logging(rig.runtime.redactor, "text", "info", stream)
        rig.run()
        rig.clock.sleep(1000)
        rig.run()
        logging.getLogger("plugins.noisy").warning("it said %s", said)
        try:
            raise ValueError(said)
        except ValueError:
            logging.getLogger("plugins.noisy").exception("it said %s", {"body": said})
    finally:
        root.handlers[:] = old
        root.setLevel(level)
    leaks = [
        f"{sink}: {name} of secret {number}"
        for sink, written in sinks(rig, stream).items()
        for number, secret in enumerate(secrets)
        for name, spelled in spellings(secret).items()
        if spelled in written
    ]
    assert "it said" in stream.getvalue()
    assert leaks == []
