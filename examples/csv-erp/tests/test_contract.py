"""What the hub relies on, tried against the simulator of this package."""

from hub.testing import ConnectorContract


class TestContract(ConnectorContract):
    plugin = "csv_erp"
