"""What a simulator tells the contract kit, so that its action types can be tried."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """How one action type is tried against its simulator (``hub.testing``).

    ``entity`` is the simulator's name for ``rows``, ``put_row`` and the journal.

    For EXTRACT: ``change(n)`` gives the changes with which ``put_row`` makes a person's edit number
    n, one that the record shows and whose time stamp moves. ``row_key`` turns a record's key into
    the row's, where they differ. ``pages`` False: the platform sends this list whole, always.

    For LOAD: ``record(simulator, n)`` gives the canonical record number n; None = the kit's own
    example of the entity. ``refused`` are payload fields that this platform refuses, and
    ``refused_field`` is the field it complains of, "" where its answer names none.
    """

    entity: str
    change: Callable[[int], Mapping[str, Any]] | None = None
    row_key: Callable[[str], str] = str
    pages: bool = True
    record: Callable[[Any, int], Mapping[str, Any]] | None = None
    refused: Mapping[str, Any] | None = None
    refused_field: str = ""
