"""A small good connector for a platform that exists in memory only: what every rule looks like kept."""

from contextlib import contextmanager

from hub.sdk import (
    SDK_VERSION,
    ActionType,
    Choice,
    Direction,
    FieldRule,
    Health,
    Kind,
    ParameterSpec,
    PluginInfo,
    Probe,
    QuotaSpec,
    Role,
    hookimpl,
)
from hub.sdk.canonical import CUSTOMER
from tests.contract.toy import client as toy


@hookimpl
def hub_plugin_info():
    return PluginInfo("toy", "Toy", "1.0", "Customers of a toy.", "", SDK_VERSION, Role.BOTH)


@hookimpl
def hub_parameters():
    return [
        ParameterSpec("base_url", "Address", Kind.URL, required=True),
        ParameterSpec("user", "User", required=True, sign_in=True),
        ParameterSpec("password", "Password", Kind.SECRET, required=True),
        ParameterSpec("customer_class", "Class", lookup="classes"),
        ParameterSpec("calls", "Calls a minute", Kind.NUMBER, default=60, minimum=1, maximum=999),
    ]


@hookimpl
def hub_action_types():
    address = "{base_url}/customers"
    extract = ActionType("customer", "Customer Sync", CUSTOMER, Direction.EXTRACT, address)
    load = ActionType(
        "customer", "Customer Sync", CUSTOMER, Direction.LOAD, address, "POST", batch_size=3,
        match_on=("stamp",),
    )  # fmt: skip
    return [extract, load]


@hookimpl
def hub_mapping_defaults(action):
    if action.direction is Direction.EXTRACT:
        return [FieldRule("key", "number"), FieldRule("name", "name"), FieldRule("email", "email")]
    return [
        FieldRule("name", "name", ("trim",), required=True, label="Name"),
        FieldRule("email", ("email", "admin.email"), ("trim",), label="E-mail"),
    ]


@hookimpl
def hub_quotas(settings):
    return [QuotaSpec("toy", "Toy", calls=int(settings.get("calls") or 60), seconds=60.0)]


@hookimpl
def hub_open_client(settings, http, state):
    return opened(settings, http, state)


@contextmanager
def opened(settings, http, state):
    client = toy.Client(settings, http, state)
    try:
        client.enter()
        yield client
    finally:
        client.leave()


@hookimpl
def hub_test_connection(client):
    return Probe(True, f"Toy shop, {client.call('GET', '/me').json()['user']}")


@hookimpl
def hub_health(client):
    return Health(client.call("GET", "/me").ok, "")


@hookimpl
def hub_lookup(client, lookup, query):
    if lookup != "classes":
        return []
    found = [Choice(row, row.title()) for row in client.call("GET", "/classes").json()]
    return [choice for choice in found if query.lower() in choice.label.lower()]


@hookimpl
def hub_extract(client, action, window):
    return toy.extract(client, window)


@hookimpl
def hub_fetch(client, action, keys, by, preferences):
    return toy.fetch(client, keys)


@hookimpl
def hub_list(client, action, window, preferences):
    return toy.listing(client)


@hookimpl
def hub_match(client, action, items):
    return toy.match(client, items)


@hookimpl
def hub_load(client, action, batch):
    return toy.load(client, batch)


@hookimpl
def hub_simulator(clock, seed, size):
    from tests.contract.toy.simulator import ToySimulator

    return ToySimulator(clock, seed, size.get("customers", 12))
