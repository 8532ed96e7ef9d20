"""The small good connector keeps every rule."""

from hub.testing import ConnectorContract


class TestToy(ConnectorContract):
    plugin = "tests.contract.toy"
