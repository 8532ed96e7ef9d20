"""Two small plugins, a database and the settings over it."""

import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType

from hub.registry import Registry
from hub.sdk import (
    SDK_VERSION,
    ActionType,
    Choice,
    Direction,
    FieldRule,
    Kind,
    ParameterSpec,
    PluginInfo,
    Role,
    VirtualClock,
    hookimpl,
)
from hub.settings import ConnectionInput, ConnectorInput, Context, Settings
from hub.store.database import Database
from hub.store.tables import Base, Flow, Message, RecordRow
from hub.vault import Redactor, Vault, new_key

PASSWORD = "canary-Passw0rd/1"
TOKEN = 'canary-T0ken+é"2'


def action(key, label, direction, endpoint, **more):
    return ActionType(key, label, key, direction, endpoint, **more)


def make_plugin(name, info, parameters, actions, *, rules=(), lookup=None):
    module = ModuleType(name)

    def hub_plugin_info():
        return info

    def hub_parameters():
        return parameters

    def hub_action_types():
        return actions

    def hub_quotas(settings):
        return []

    def hub_open_client(settings, http, state):
        return None

    def hub_test_connection(client):
        return None

    def hub_mapping_defaults(action):
        return list(rules)

    def hub_extract(client, action, window):
        return iter(())

    def hub_load(client, action, batch):
        return []

    def hub_lookup(client, lookup, query):
        return answers[lookup](client)

    answers = lookup or {}
    for hook in list(locals().values()):
        if callable(hook) and getattr(hook, "__name__", "").startswith("hub_"):
            setattr(module, hook.__name__, hookimpl(hook))
    sys.modules[name] = module
    return module


def erp_parameters():
    return [
        ParameterSpec("base_url", "Instance URL", Kind.URL, required=True),
        ParameterSpec("tenant", "Tenant", sign_in=True),
        ParameterSpec("username", "User name", required=True, sign_in=True),
        ParameterSpec("password", "Password", Kind.SECRET, required=True, sign_in=True),
        ParameterSpec("endpoint_version", "Endpoint version", default="24.200.001"),
    ]


def store_parameters():
    return [
        ParameterSpec("store_hash", "Store hash", required=True),
        ParameterSpec("access_token", "Access token", Kind.SECRET, required=True, sign_in=True),
        ParameterSpec("api_url", "API address", Kind.URL, default="https://api.bigcommerce.com"),
        ParameterSpec("erp_id_field", "ERP ID field", default="ERP ID"),
    ]


def customers(client):
    if isinstance(client, Exception):
        raise client
    return [Choice("DEFAULT", "Default", "142 customers")]


EXTRACTS = [
    action(
        "customer",
        "Customer Sync",
        Direction.EXTRACT,
        "{base_url}/entity/Default/{endpoint_version}/Customer",
    ),
    action(
        "location",
        "Location Sync",
        Direction.EXTRACT,
        "{base_url}/entity/CustomerLocation",
        needs=("customer",),
    ),
    action(
        "contact",
        "Contact Sync",
        Direction.EXTRACT,
        "{base_url}/entity/Contact",
        needs=("customer",),
    ),
    action(
        "inventory",
        "Inventory Sync",
        Direction.EXTRACT,
        "{base_url}/entity/Storage",
        default_schedule="5 * * * *",
    ),
]
LOADS = [
    action(
        a.key, a.label, Direction.LOAD, "{api_url}/stores/{store_hash}/v3/" + a.key, method="POST"
    )
    for a in EXTRACTS
]


def registry():
    make_plugin(
        "kit_erp",
        PluginInfo("erp", "Kit ERP", "1.0", "", "", SDK_VERSION, Role.ERP),
        erp_parameters(),
        EXTRACTS,
        lookup={"customer_classes": customers},
    )
    make_plugin(
        "kit_store",
        PluginInfo("store", "Kit Store", "1.0", "", "", SDK_VERSION, Role.STORE),
        store_parameters(),
        LOADS,
        rules=[FieldRule("group", "price_class", ("values:price_class",))],
    )
    return Registry({"erp": "kit_erp", "store": "kit_store"})


@cache
def empty_database():
    """The bytes of a database with all tables: made once, copied for every test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        database = Database(f"sqlite:///{path}", VirtualClock())
        Base.metadata.create_all(database.engine)
        database.close()
        return path.read_bytes()


class Kit:
    def __init__(self, folder):
        self.clock = VirtualClock(datetime(2026, 11, 24, 12, tzinfo=UTC))
        self.file = folder / "hub.db"
        self.file.write_bytes(empty_database())
        self.database = Database(f"sqlite:///{self.file}", self.clock)
        self.environ = {"ACU_PASSWORD": PASSWORD, "BC_TOKEN": TOKEN}
        self.redactor = Redactor()
        self.vault = Vault([new_key()], self.redactor, b"p" * 32)
        self.context = Context(self.database, registry(), self.vault, self.environ)
        self.settings = Settings(self.context)

    def erp(self, **more):
        values = {
            "base_url": "http://127.0.0.1:1",
            "username": "admin",
            "password": PASSWORD,
            **more,
        }
        return ConnectionInput("erp", "erp", values, own_network=True)

    def store(self, **more):
        values = {"store_hash": "abc123", "access_token": TOKEN, **more}
        return ConnectionInput("store", "store", values)

    def connector(self, **more):
        given = {
            "name": "Wholesale",
            "features": {"customer": None, "location": None, "inventory": "none"},
            **more,
        }
        return ConnectorInput("B2B-US", **given)

    def make(self, **more):
        given = {"erp": self.erp(), "store": self.store(), **more}
        return self.settings.save_connector(self.connector(**given), "ann")

    def flow(self, key, connector_id=1):
        with self.database.read() as session:
            return session.query(Flow).filter_by(connector_id=connector_id, key=key).one_or_none()

    def set_flow(self, key, **values):
        with self.database.write() as session:
            for name, value in values.items():
                setattr(session.query(Flow).filter_by(key=key).one(), name, value)

    def message(self, key, flow_key, status):
        now = self.clock.now()
        flow_id = self.flow(flow_key).id
        with self.database.write() as session:
            record = RecordRow(connection_id=1, entity=flow_key, key=key, seen_at=now)
            session.add(record)
            session.flush()
            message = Message(
                flow_id=flow_id,
                record_id=record.id,
                entity=flow_key,
                key=key,
                dedup_key=f"{flow_id}:{key}",
                status=status,
                due_at=now,
                created_at=now,
                updated_at=now,
            )
            session.add(message)
            session.flush()
            return message.id

    def status(self, message_id):
        with self.database.read() as session:
            row = session.get(Message, message_id)
            return row.status, row.reason

    def everything(self):
        """Every byte of the database, the write-ahead log included."""
        self.database.close()
        return b"".join(p.read_bytes() for p in self.file.parent.glob("hub.db*"))


@contextmanager
def opened(client):
    class Opened:
        pass

    found = Opened()
    found.client = client
    yield found
