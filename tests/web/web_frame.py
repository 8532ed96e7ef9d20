"""The smallest runtime the pages run on, and a browser that fills in hidden fields."""

import re
from dataclasses import dataclass, field

from hub.seams import VirtualClock
from hub.store import schema
from hub.store.database import Database

PASSWORD = "brisk walnut ladder"


@dataclass
class FrameRuntime:
    """The composition root, as far as the frame of the pages needs it."""

    database: Database
    clock: VirtualClock
    pepper: bytes = b"p" * 32
    listens_on_loopback: bool = True
    setup_token: str | None = None
    public_url: str = ""
    can_explore: bool = True
    settings: object = None
    explored: list[str] = field(default_factory=list)

    @property
    def engine(self):
        return self.database.engine

    def read(self):
        return self.database.read()

    def write(self):
        return self.database.write()

    def explore(self):
        self.explored.append("explored")


def new_frame(folder):
    """A frame over an empty database in a folder."""
    clock = VirtualClock()
    database = Database(f"sqlite:///{folder / 'hub.db'}", clock)
    schema.upgrade(database)
    return FrameRuntime(database, clock)


class Browser:
    """A test client that fills in hidden fields as a browser would."""

    def __init__(self, client):
        self.client = client

    def get(self, url, **kwargs):
        return self.client.get(url, buffered=True, **kwargs)

    def hidden(self, url):
        page = self.client.get(url).get_data(as_text=True)
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))

    def post(self, url, data=None, *, page=None, hidden=None, **kwargs):
        fields = self.hidden(page or url) if hidden is None else hidden
        return self.client.post(url, data={**fields, **(data or {})}, **kwargs)

    def set_up(self, email="mara@example.com", password=PASSWORD, **extra):
        return self.post("/setup", {"email": email, "password": password, **extra})

    def sign_in(self, email="mara@example.com", password=PASSWORD, **kwargs):
        return self.post("/sign-in", {"email": email, "password": password}, **kwargs)
