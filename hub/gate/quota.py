"""Quotas: whose they are, which of them a call costs, and what an answer says of them."""

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.sdk import QuotaSpec, QuotaState


@dataclass(frozen=True, slots=True)
class Account:
    """Whose quota: a saved connection by ``id``; else values under test, kept in memory by name."""

    id: int | None
    name: str
    share: int = 90


@dataclass(slots=True)
class Permit:
    """One granted call. ``probes``: the quotas for which it is the probe after a refusal."""

    specs: list[QuotaSpec]
    granted_at: int = 0
    probes: set[str] = field(default_factory=set)
    begins: set[str] = field(default_factory=set)
    held: list[threading.Semaphore] = field(default_factory=list)

    def release(self) -> None:
        """The call is over: give back its places among the concurrent ones."""
        while self.held:
            self.held.pop().release()


def matching(specs: Iterable[QuotaSpec], method: str, path: str) -> list[QuotaSpec]:
    """Return the quotas that a call costs: path prefixes, or patterns on ``METHOD path``."""
    line = f"{method} {path}"
    return [
        spec
        for spec in specs
        if any(
            path.startswith(mark) if mark.startswith("/") else re.match(mark, line)
            for mark in spec.match
        )
    ]


def read_state(spec: QuotaSpec, headers: Mapping[str, str]) -> QuotaState | None:
    """Return what the headers say of this quota; None when nothing, or nothing readable."""
    if spec.read_headers is None:
        return None
    try:
        state = spec.read_headers(headers)
    except Exception:
        return None
    if not isinstance(state, QuotaState):
        return None
    said = (state.limit, state.remaining, state.resets_in)
    return None if said == (None, None, None) else state


def guilty(specs: list[QuotaSpec], states: Mapping[str, QuotaState | None]) -> list[QuotaSpec]:
    """Return the quotas that a 429 speaks of; all of them when it does not say."""
    empty = [s for s in specs if (state := states[s.key]) is not None and state.remaining == 0]
    named = [s for s in specs if states[s.key] is not None]
    return empty or named or specs
