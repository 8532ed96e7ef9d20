"""A vendor of a few lines, a plugin for it, and a hub database: what the gate's tests stand on."""

import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from types import ModuleType

from cryptography.fernet import Fernet

from hub.gate import ConnectionFacts, Gate
from hub.registry.plugin import Plugin
from hub.sdk import (
    SDK_VERSION,
    AuthError,
    Kind,
    ParameterSpec,
    PluginInfo,
    Probe,
    QuotaSpec,
    QuotaState,
    Rng,
    Role,
    SystemClock,
    hookimpl,
)
from hub.store import schema
from hub.store.database import Database
from hub.store.tables import Connection
from hub.vault.redact import Redactor
from hub.vault.sealing import Vault

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def answer(status=200, body=b"{}", **headers):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Vendor:
    """A loopback server; ``reply(request bytes, socket)`` returns bytes, or None to cut."""

    def __init__(self, reply):
        self.reply = reply
        self.seen = []
        self.connections = 0
        self._open = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock):
        with sock:
            while request := read_request(sock):
                with self._lock:
                    self.seen.append(request)
                data = self.reply(request, sock)
                if data is None:
                    return
                try:
                    sock.sendall(data)
                except OSError:
                    return

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(5)


def read_request(sock):
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            chunk = sock.recv(65536)
            if not chunk:
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += sock.recv(65536)
    except OSError:
        return b""
    return head + b"\r\n\r\n" + body


@contextmanager
def vendor(reply=lambda _request, _sock: OK):
    server = Vendor(reply if callable(reply) else lambda _r, _s: reply)
    try:
        yield server
    finally:
        server.close()


def read_headers(headers):
    def number(name, unit=1.0):
        text = headers.get(name)
        return None if text is None else float(text) / unit

    limit, left = number("x-limit"), number("x-left")
    return QuotaState(
        limit=None if limit is None else int(limit),
        remaining=None if left is None else int(left),
        resets_in=number("x-reset-ms", 1000.0),
    )


class Client:
    def __init__(self, http, settings):
        self.http, self.url = http, str(settings["base_url"])

    def get(self, path="/", **more):
        return self.http.request("GET", self.url + path, **more)

    def write(self, path="/", items=(), **more):
        return self.http.request("POST", self.url + path, json={}, writes=list(items), **more)


def make_plugin(quotas=(), signs_in=False):
    module = ModuleType("plugin_under_test")

    @hookimpl
    def hub_plugin_info():
        return PluginInfo("fake", "Fake", "1", "", "", SDK_VERSION, Role.ERP)

    @hookimpl
    def hub_parameters():
        return [
            ParameterSpec("base_url", "Address", Kind.URL, required=True),
            ParameterSpec("password", "Password", Kind.SECRET, sign_in=True),
        ]

    @hookimpl
    def hub_action_types():
        return []

    @hookimpl
    def hub_quotas(settings):
        return list(quotas)

    @hookimpl
    def hub_open_client(settings, http, state):
        return signed_in(settings, http, state) if signs_in else plain(settings, http)

    @hookimpl
    def hub_test_connection(client):
        return Probe(True, "")

    for hook in (
        hub_plugin_info,
        hub_parameters,
        hub_action_types,
        hub_quotas,
        hub_open_client,
        hub_test_connection,
    ):
        setattr(module, hook.__name__, hook)
    return Plugin(module, "test")


@contextmanager
def plain(settings, http):
    yield Client(http, settings)


@contextmanager
def signed_in(settings, http, state):
    client = Client(http, settings)
    with state.single_flight():
        saved = state.load()
        if saved is None:
            reply = http.request(
                "POST", client.url + "/login", json={"password": settings["password"]}, reads=True
            )
            if reply.status == 500:
                raise AuthError("The password was refused.")
            saved = {"cookies": dict(reply.cookies)}
            state.save(saved)
    client.cookies = saved["cookies"]
    try:
        yield client
    finally:
        if state.release():
            http.request("POST", client.url + "/logout", cookies=client.cookies, reads=True)
            state.clear()


class Hub:
    """One SQLite file, and as many gates on it as there are processes."""

    def __init__(self, folder, clock=None):
        self.clock = clock or SystemClock()
        self.db = Database(f"sqlite:///{folder / 'hub.db'}", self.clock)
        schema.upgrade(self.db)
        redactor = Redactor()
        self.vault = Vault([Fernet.generate_key().decode()], redactor, b"pepper" * 6)
        self.states = []
        self.gates = []
        moment = datetime(2026, 11, 24, tzinfo=UTC)
        with self.db.write() as session:
            session.add(
                Connection(id=1, key="erp", plugin="fake", created_at=moment, updated_at=moment)
            )
        self.facts = ConnectionFacts(1, "erp", "fake", own_network=True, quota_share=90)

    def gate(self, owner="host:boot:1:1", **more):
        gate = Gate(
            self.db,
            self.vault,
            Rng(7),
            owner,
            on_state=lambda *change: self.states.append(change),
            **more,
        )
        self.gates.append(gate)
        return gate

    def state(self):
        with self.db.read() as session:
            row = session.get(Connection, 1)
            return row.state, row.refused_digest

    def close(self):
        for gate in self.gates:
            gate.close()
        self.db.close()


def quota(calls=150, seconds=30.0, **more):
    return QuotaSpec("core", "Core API", calls, seconds, **more)
