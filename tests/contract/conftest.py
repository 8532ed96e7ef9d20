"""Stores for the connector's tests, closed when the test ends."""

import pytest

from tests.contract.bigcommerce_connector_kit import Store


@pytest.fixture
def store():
    made = Store()
    yield made
    made.close()


@pytest.fixture
def open_store():
    made = []

    def build(**options):
        made.append(Store(**options))
        return made[-1]

    yield build
    for one in made:
        one.close()
