"""A real hub over two simulators on loopback, and a browser without script."""

import html
import re
from contextlib import contextmanager

from web_frame import PASSWORD

import plugins.acumatica.simulator as acumatica
import plugins.bigcommerce.simulator as bigcommerce
from hub.runtime.runtime import build
from hub.sdk.simulation import serve
from hub.seams import SystemClock
from hub.web import create_app

KEY = "B2B-US"


class Hub:
    """Runtime, simulators, and a signed-in browser that posts whole forms as a browser would."""

    def __init__(self, runtime, erp, store, typed):
        self.runtime, self.erp, self.store, self.typed = runtime, erp, store, typed
        self.erp_server = runtime.erp_server
        self.app = create_app(runtime)
        self.client = self.app.test_client()
        self.submit("/setup", {"email": "mara@example.com", "password": PASSWORD})

    def page(self, url, client=None):
        answer = (client or self.client).get(url)
        assert answer.status_code == 200, f"{url}: {answer.status_code}"
        return answer.get_data(as_text=True)

    def submit(self, url, data=None, *, client=None, page=None, headers=None, drop=()):
        """Fetch ``page`` (or url), fill its form with ``data`` and post it to url."""
        client = client or self.client
        text = page if page and page.startswith("<") else self.page(page or url, client)
        items = [(k, v) for k, v in form_items(text) if k not in (data or {}) and k not in drop]
        body: dict = {}
        for name, value in items:
            body.setdefault(name, []).append(value)
        for name, value in (data or {}).items():
            if value is not None:
                body[name] = value if isinstance(value, list) else [value]
        return client.post(url, data=body, headers=headers)

    def new_page(self, **more):
        """The page of a new connector with both plugins chosen."""
        chosen = {"key": KEY, "name": "Wholesale US", "store_plugin": "bigcommerce"}
        answer = self.submit(
            "/configuration/form", {**chosen, "erp_plugin": "acumatica", **more},
            page="/new-connector",
        )  # fmt: skip
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    def values(self, **more):
        """What a person types for these simulators."""
        on = {"erp.own_network": "1", "store.own_network": "1"}
        return {**self.typed, **on, **{k.replace("__", "."): v for k, v in more.items()}}

    def create(self, **more):
        """Save a connector with every sync ticked."""
        ticks = {f"features.{k}": "1" for k in ("customer", "location", "contact", "inventory")}
        classes = {"preferences.customer_classes": ["DISTRIB", "DEALER"]}
        answer = self.submit(
            "/new-connector", self.values(**more) | ticks | classes, page=self.new_page()
        )
        assert answer.status_code == 303, text_of(answer)
        return answer

    def flat(self, key=KEY):
        from hub.settings import Settings

        settings = Settings(self.runtime.context)
        return settings.flat(settings.connector_id(key))

    def signed_in(self, email, role):
        """Another person's browser."""
        from hub.settings.passwords import hash_password
        from hub.store.tables import User

        with self.runtime.write() as session:
            session.add(
                User(
                    email=email, password_hash=hash_password(PASSWORD), role=role,
                    created_at=self.runtime.clock.now(),
                )
            )  # fmt: skip
        client = self.app.test_client()
        self.submit("/sign-in", {"email": email, "password": PASSWORD}, client=client)
        return client


TAG = re.compile(r"<(form|select|option|input|/select)\b([^>]*)>")
GIVEN = re.compile(r"""([^\s"'=]+)(?:="([^"]*)")?""")


class _Fields:
    """The forms of a page, by id or address, with what a browser would post of each."""

    def __init__(self, text):
        self.items, self.forms, self.select = [], {}, None
        for tag, attributes in TAG.findall(text):
            given = {name: html.unescape(value) for name, value in GIVEN.findall(attributes)}
            self.take(tag, given, given.get("name"))

    def take(self, tag, given, name):
        if tag == "form":
            form = given.get("id") or given.get("action", "")
            self.forms[form] = self.items = []
        elif tag == "select" and name and "disabled" not in given:
            self.select = [name, None]
        elif tag == "option" and self.select is not None:
            if self.select[1] is None or "selected" in given:
                self.select[1] = given.get("value", "")
        elif tag == "input" and name and "disabled" not in given:
            box = given.get("type") in ("checkbox", "radio")
            if not box or "checked" in given:
                self.items.append((name, given.get("value", "on" if box else "")))
        elif tag == "/select" and self.select is not None:
            self.items.append((self.select[0], self.select[1] or ""))
            self.select = None


def form_items(text, form=""):
    """Names and values that a browser would post for the main form of a page, or for ``form``."""
    reader = _Fields(text)
    for name in (form, "cfg", "both", "common"):
        if name and name in reader.forms:
            return reader.forms[name]
    return [item for items in reader.forms.values() for item in items if item[0][0] in "c_"]


def text_of(answer):
    """Readable text of an answer."""
    page = re.sub(r"<(script|style).*?</\1>", "", answer.get_data(as_text=True), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@contextmanager
def running_servers(folder):
    """Runtime, simulators, and what a person types to reach them."""
    clock = SystemClock()
    erp = acumatica.make_simulator(clock, 7, customers=12, items=12)
    store = bigcommerce.make_simulator(clock, 7, customers=12, items=12)
    with serve(erp) as one, serve(store) as two:
        typed = {f"erp.{k}": v for k, v in erp.settings(one.url).items()}
        typed |= {f"store.{k}": v for k, v in store.settings(two.url).items()}
        runtime = build({"HUB_HOME": str(folder)})
        runtime.erp_server, runtime.store_server = one, two
        try:
            yield runtime, erp, store, typed
        finally:
            runtime.close()


@contextmanager
def running_hub(folder):
    with running_servers(folder) as (runtime, erp, store, typed):
        yield Hub(runtime, erp, store, typed)
