"""The test class that a connector's author derives from."""

from types import ModuleType
from typing import Any, ClassVar

import pytest

from hub.testing import checks as _checks
from hub.testing.kit import Kit
from hub.testing.rules import CHECKS, Check, NotApplicable

__all__ = ["ConnectorContract"]

_checks.load()


class ConnectorContract:
    """Derive a class named ``Test…`` and set ``plugin`` to the connector's module or its name.

    Every rule of the contract is a test of its own. A rule that does not concern the connector is
    skipped with its reason.
    """

    plugin: ClassVar[str | ModuleType]
    kit: ClassVar[Kit]

    @classmethod
    def setup_class(cls) -> None:
        """Import the connector."""
        cls.kit = Kit(cls.plugin)

    @classmethod
    def teardown_class(cls) -> None:
        """Free the port."""
        cls.kit.close()


def _test_of(rule: Check) -> Any:
    def test(self: ConnectorContract) -> None:
        __tracebackhide__ = True
        try:
            rule.run(self.kit)
        except NotApplicable as reason:
            pytest.skip(f"{rule.id} does not apply: {reason}")

    test.__doc__ = rule.rule
    test.hub_rule = rule  # type: ignore[attr-defined]
    test.__name__ = rule.test_name
    test.__qualname__ = f"ConnectorContract.{rule.test_name}"
    return test


for _rule in CHECKS.values():
    setattr(ConnectorContract, _rule.test_name, _test_of(_rule))
