import pytest
from web_frame import Browser, new_frame

from hub.web import create_app


@pytest.fixture
def frame(tmp_path):
    made = new_frame(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def frame_app(frame):
    return create_app(frame)


@pytest.fixture
def browser(frame_app):
    return Browser(frame_app.test_client())
