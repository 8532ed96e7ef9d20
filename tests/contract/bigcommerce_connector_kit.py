"""A small Http over loopback, and records as the default mapping makes them."""

import json as jsonlib
from urllib.parse import urlsplit

import requests

import plugins.bigcommerce
from hub.mapping import Mapper
from hub.registry import Plugin
from hub.sdk import (
    AmbiguousWrite,
    Answer,
    ConnectionTrouble,
    Direction,
    LoadItem,
    VirtualClock,
    http_date,
)
from hub.sdk.simulation import serve
from plugins.bigcommerce.mapping import RULES

PLUGIN = Plugin(plugins.bigcommerce, "test")
ADDRESS = {
    "line1": "1 Main St",
    "line2": "",
    "city": "Austin",
    "state": "TX",
    "postal_code": "78701",
    "country": "US",
}


class LoopbackHttp:
    """Real requests; ``calls`` are (method, path) of those that were sent, ``wrote`` the keys."""

    def __init__(self):
        self.session = requests.Session()
        self.calls = []
        self.wrote = []
        self.server_now = None

    def request(
        self, method, url, *, params=None, json=None, headers=None, writes=None, reads=False, **_
    ):
        assert method == "GET" or reads or writes, "a write names its records"
        self.calls.append((method, urlsplit(url).path))
        if writes:
            self.wrote.append([item.key for item in writes])
        try:
            raw = self.session.request(
                method,
                url,
                params=params,
                json=json,
                headers=headers,
                timeout=5,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise (AmbiguousWrite if writes else ConnectionTrouble)(str(error)) from None
        found = {name.lower(): value for name, value in raw.headers.items()}
        self.server_now = http_date(found.get("date"))
        return Answer(raw.status_code, found, raw.content, url)

    def count(self, method, end):
        return sum(1 for m, path in self.calls if m == method and path.endswith(end))


class Scripted:
    """Gives prepared answers in turn, the last one for ever."""

    server_now = None

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = []

    def request(self, method, url, *, params=None, json=None, headers=None, writes=None, **_):
        self.calls.append((method, urlsplit(url).path, params, json))
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(given, Exception):
            raise given
        return given


def answer(status, body=b"", **headers):
    content = body if isinstance(body, bytes) else jsonlib.dumps(body).encode()
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, content, "")


SETTINGS = {"store_hash": "k3xq9vw2tp", "access_token": "s3cret-token"}


def scripted(*answers, **settings):
    http = Scripted(*answers)
    with PLUGIN.open_client({**SETTINGS, **settings}, http, None) as client:
        return client, http


class Store:
    """A served simulator with an open client."""

    def __init__(self, **options):
        settings = options.pop("settings", {})
        self.clock = VirtualClock()
        size = {"customers": 12, "items": 60, "quotas": None, **options}
        self.sim = PLUGIN.simulator(self.clock, 7, size)
        self.running = serve(self.sim)
        self.http = LoopbackHttp()
        self.settings = {**self.sim.settings(self.running.url), **settings}
        with PLUGIN.open_client(self.settings, self.http, None) as client:
            self.client = client

    def close(self):
        self.http.session.close()
        self.running.stop()

    def load(self, flow, *items):
        return PLUGIN.load(self.client, action(flow), list(items))

    def match(self, flow, *items):
        return PLUGIN.match(self.client, action(flow), list(items))

    def list(self, flow, window, preferences=None):
        pages = PLUGIN.listing(self.client, action(flow), window, preferences or {})
        return [row for page in pages for row in page]

    def fault(self, **fault):
        self.sim.faults.replace([fault])

    def row(self, entity, **wanted):
        """The one row that has these values."""
        (found,) = [
            row
            for row in self.sim.rows(entity)
            if all(row.get(name) == value for name, value in wanted.items())
        ]
        return found

    def company(self, key="C1", **changes):
        """Create a company and return its id."""
        (result,) = self.load("customer", customer(key, **changes))
        assert result.external_id, result
        return result.external_id


def action(flow):
    return PLUGIN.action(flow, Direction.LOAD)


MAPPERS = {flow: Mapper(rules) for flow, rules in RULES.items()}


def item(flow, key, context, external_id=None, changed=None):
    mapped = MAPPERS[flow].apply({"preferences": {}, **context}, new=external_id is None)
    assert not mapped.problems, mapped.problems
    return LoadItem(key, mapped.payload, external_id, f"m-{key}", changed=changed)


def customer(key, external_id=None, changed=None, preferences=None, values=None, **fields):
    """A customer as the default mapping sends it."""
    canonical = {
        "key": key,
        "name": f"Customer {key}",
        "status": "active",
        "email": f"buyer.{key.lower()}@example.com",
        "phone": "512 555 0100",
        "price_class": "",
        "address": ADDRESS,
        "admin": {
            "first_name": "Ada",
            "last_name": "Byron",
            "email": f"buyer.{key.lower()}@example.com",
            "phone": "512 555 0101",
        },
        **fields,
    }
    context = {**canonical, "preferences": preferences or {}, "values": values or {}}
    return item("customer", key, context, external_id, changed)


def location(key, company, external_id=None, default="", **fields):
    parent = {"external_id": company, "name": "Parent"}
    fields.setdefault("default", key == default)
    canonical = {
        "key": key,
        "name": "Main warehouse",
        "contact": {"first_name": "Grace", "last_name": "Hopper", "phone": "1"},
        "address": ADDRESS,
        "parent": parent,
        **fields,
    }
    return item("location", key, canonical, external_id)


def contact(key, company, external_id=None, primary="", preferences=None, **fields):
    parent = {"external_id": company, "primary_contact": primary}
    canonical = {
        "key": key,
        "first_name": "Alan",
        "last_name": "Turing",
        "email": f"c{key}@example.com",
        "phone": "2",
        "parent": parent,
        "preferences": preferences or {},
        **fields,
    }
    return item("contact", key, canonical, external_id)


def stock(sku, quantity, place="default", external_id=None):
    key = f"{sku}@{place}"
    return item(
        "inventory",
        key,
        {"key": key, "sku": sku, "location": place, "quantity": quantity},
        external_id or key,
    )
