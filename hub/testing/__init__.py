"""Contract kit for authors of connector plugins.

One class and two lines turn a connector package into a tested one::

    from hub.testing import ConnectorContract

    class TestContract(ConnectorContract):
        plugin = "my_package"

``hub check my_package`` runs the same checks without pytest. Nothing of the kit is loaded before
one of its names is used: the pytest plugin costs other projects nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.testing.contract import ConnectorContract
    from hub.testing.kit import Kit
    from hub.testing.rules import CheckFailed

__all__ = ["CheckFailed", "ConnectorContract", "Kit"]

_PLACES = {"CheckFailed": "rules", "ConnectorContract": "contract", "Kit": "kit"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(f"hub.testing.{_PLACES[name]}"), name)
