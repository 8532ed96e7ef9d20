"""Every call to a vendor passes here: permits, circuit, guard, total deadline, session."""

from hub.gate.facts import (
    CallRecord,
    CircuitView,
    ConnectionFacts,
    ConnectionStatus,
    Fence,
    QuotaView,
    SessionView,
)
from hub.gate.gate import Gate, OpenClient
from hub.gate.sign_in import sign_in_digest

__all__ = [
    "CallRecord",
    "CircuitView",
    "ConnectionFacts",
    "ConnectionStatus",
    "Fence",
    "Gate",
    "OpenClient",
    "QuotaView",
    "SessionView",
    "sign_in_digest",
]
