import pytest
from web_frame import Browser, FrameRuntime

from hub.seams import VirtualClock
from hub.store.database import Database
from hub.store.tables import Base
from hub.web import create_app


@pytest.fixture
def frame(tmp_path):
    clock = VirtualClock()
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}", clock)
    Base.metadata.create_all(database.engine)
    yield FrameRuntime(database, clock)
    database.close()


@pytest.fixture
def frame_app(frame):
    return create_app(frame)


@pytest.fixture
def browser(frame_app):
    return Browser(frame_app.test_client())
