"""A small Http, a client state and ways to reach a simulated Acumatica over loopback."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import plugins.acumatica as module
from hub.registry.plugin import Plugin
from hub.sdk import Answer, ConnectionTrouble, Direction, VirtualClock, Window, http_date
from hub.sdk.simulation import serve


class TinyHttp:
    """One connection per call, whole answers, no redirects; remembers what was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, str], Any]] = []
        self.server_now = None

    def request(
        self,
        method,
        url,
        *,
        params=None,
        json=None,
        form=None,
        headers=None,
        cookies=None,
        writes=None,
        reads=False,
        timeout=None,
        max_mb=None,
    ):
        assert method == "GET" or reads or writes
        parts = urlsplit(url)
        target = parts.path + (f"?{urlencode(params)}" if params else "")
        given = {**(headers or {})}
        if cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        body = _body(json, form, given)
        self.calls.append(
            (method, parts.path, dict(parse_qsl(urlsplit(target).query)), json or form)
        )
        wire = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        try:
            wire.request(method, target, body=body, headers=given)
            raw = wire.getresponse()
            content = raw.read()
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionTrouble(f"Acumatica cannot be reached: {error}") from None
        finally:
            wire.close()
        jar: SimpleCookie = SimpleCookie()
        for text in raw.headers.get_all("set-cookie") or ():
            jar.load(text)
        found = {name.lower(): value for name, value in raw.headers.items()}
        self.server_now = http_date(found.get("date"))
        return Answer(raw.status, found, content, url, 0.01, {n: m.value for n, m in jar.items()})

    def reads(self) -> list[tuple[str, str, dict[str, str], Any]]:
        """The calls beyond sign-in and sign-out."""
        return [call for call in self.calls if "/entity/auth/" not in call[1]]


def _body(data: Any, form: Any, headers: dict[str, str]) -> bytes | None:
    if data is not None:
        headers["Content-Type"] = "application/json"
        return json.dumps(data).encode()
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return urlencode(form).encode()
    return None


class MemoryState:
    """The sealed session of one connection, shared by ``users`` uses."""

    kept = True

    def __init__(self) -> None:
        self.data: dict[str, Any] | None = None
        self.users = 0
        self.saves = 0
        self._lock = threading.RLock()

    def load(self):
        return dict(self.data) if self.data else None

    def save(self, data) -> None:
        self.saves += 1
        self.data = dict(data)

    def clear(self) -> None:
        self.data = None

    @contextmanager
    def single_flight(self) -> Iterator[None]:
        with self._lock:
            yield

    def release(self) -> bool:
        self.users -= 1
        return self.users <= 0


class Scripted:
    """An Http that gives prepared answers: ``script`` maps ``METHOD path`` to a list of them."""

    server_now = None

    def __init__(self, script: dict[str, list[Answer]]) -> None:
        self.script = script
        self.calls: list[tuple[str, str, Any]] = []
        self.cookies: list[Any] = []

    def request(self, method, url, *, params=None, json=None, form=None, cookies=None, **_rest):
        path = urlsplit(url).path
        self.cookies.append(cookies)
        self.calls.append((method, path, json or form or params))
        left = self.script[f"{method} {path}"]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(
    status: int, body: Any = b"", url: str = "http://erp.test/entity", **headers: str
) -> Answer:
    """Build an answer; a body that is not bytes is sent as JSON."""
    cookies = headers.pop("cookies", {})
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(
        status, {k.replace("_", "-"): v for k, v in headers.items()}, content, url, cookies=cookies
    )


PLUGIN = Plugin(module, "bundled")


class Site:
    """A simulated instance and the settings that reach it."""

    def __init__(self, clock=None, **size) -> None:
        self.clock = clock or VirtualClock()
        self.sim = PLUGIN.simulator(self.clock, 7, {"customers": 40, "items": 30} | size)
        self.running = serve(self.sim)
        self.settings = self.sim.settings(self.running.url)
        self.http = TinyHttp()
        self.state = MemoryState()

    @contextmanager
    def client(self, **settings):
        self.state.users += 1
        given = {**self.settings, **settings}
        with PLUGIN.open_client(given, self.http, self.state) as client:
            yield client

    def read(self, client, key, **window):
        pages = list(PLUGIN.extract(client, action(key), Window(**window)))
        assert all(page.resume is None for page in pages[:-1])
        return [record for page in pages for record in page.records], pages[-1].resume

    def keys(self, client, key, **window):
        return {record.key for record in self.read(client, key, **window)[0]}

    def fault(self, fault, match="GET /entity/Default", **more):
        self.sim.faults.replace([{"match": match, "fault": fault, **more}])


def action(key):
    return PLUGIN.action(key, Direction.EXTRACT)
