"""A simulated instance without sockets, and a caller that keeps its cookies."""

import json
from urllib.parse import quote, urlencode

from hub.seams import VirtualClock
from plugins.acumatica.simulator import make_simulator

ENDPOINT = "/entity/Default/24.200.001"


class Reply:
    def __init__(self, response):
        self.response = response
        self.status = response.status
        self.text = response.body.decode()

    @property
    def json(self):
        return json.loads(self.text) if self.text else None

    @property
    def trouble(self):
        """Return the text of the vendor's error."""
        found = self.json
        return found.get("exceptionMessage") or found["message"]


class Caller:
    """A client of the simulator; ``get("Customer", top=3)`` sends ``$top``."""

    def __init__(self, sim):
        self.sim = sim
        self.cookies = {}

    def send(self, method, target, body=None, **headers):
        given = {k.replace("_", "-"): v for k, v in headers.items()}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        raw = b"" if body is None else json.dumps(body).encode()
        given.setdefault("Content-Type", "application/json")
        given.setdefault("Content-Length", str(len(raw)))
        response = self.sim.call(method, target, given, raw)
        for name, value in response.headers:
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return Reply(response)

    def login(self, **changes):
        settings = self.sim.settings("http://x")
        body = {
            "name": settings["username"],
            "password": settings["password"],
            "tenant": settings["tenant"],
            **changes,
        }
        return self.send("POST", "/entity/auth/login", body)

    def logout(self):
        return self.send("POST", "/entity/auth/logout")

    def get(self, path, **options):
        return self.send("GET", target(path, options))

    def put(self, path, body, headers=None, **options):
        return self.send("PUT", target(path, options), body, **(headers or {}))

    def control(self, method, path, body=None):
        return self.send(method, "/_sim/" + path, body)

    def keys(self, entity="Customer", field="CustomerID", **options):
        found = self.get(entity, **options)
        assert found.status == 200, found.text
        return [row[field]["value"] for row in found.json]


def target(path, options):
    query = urlencode({f"${name}": value for name, value in options.items()})
    return f"{ENDPOINT}/{quote(path)}" + (f"?{query}" if query else "")


def signed_in(**options):
    caller = Caller(make_simulator(VirtualClock(), 7, **options))
    assert caller.login().status == 204
    return caller


def value(row, path):
    """Return the value at a slash path, None for an empty field."""
    for step in path.split("/"):
        row = row[step]
    return row.get("value")
