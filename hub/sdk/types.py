"""Values that cross the boundary between hub and connector: frozen, slotted, plain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

SDK_VERSION = "1.0"


class Kind(StrEnum):
    """How a parameter is entered and validated."""

    TEXT = "text"
    URL = "url"
    SECRET = "secret"
    NUMBER = "number"
    BOOL = "bool"
    CHOICE = "choice"
    MULTI = "multi"
    TABLE = "table"
    """A mapping of text to text, for instance warehouse to store location."""


class Role(StrEnum):
    """Which side of a connector a plugin can stand on."""

    ERP = "erp"
    STORE = "store"
    BOTH = "both"


class Direction(StrEnum):
    """What an action type does to its platform."""

    EXTRACT = "extract"
    LOAD = "load"


class Outcome(StrEnum):
    """How the delivery of one record ended.

    RETRY spends one of the record's attempts. NOT_SENT spends nothing: the connection or its quota
    ended the call before the system took this record.
    """

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    REJECTED = "rejected"
    RETRY = "retry"
    NOT_SENT = "not_sent"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """Who a connector plugin is. ``sdk`` is the SDK version it was written for."""

    key: str
    label: str
    version: str
    summary: str
    docs_url: str
    sdk: str
    role: Role


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to choose from; ``note`` is shown beside it (for instance "142 customers")."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One setting: drives the form field, the file, the command line, validation and sealing.

    ``lookup`` names a live list (``hub_lookup``); ``advanced`` folds the field away;
    ``sign_in`` marks values whose change lets a refused sign-in be tried again. ``when`` names
    another parameter and the values of it with which this one counts: otherwise it is hidden on the
    page and never required.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    help: str = ""
    required: bool = False
    default: Any = None
    choices: tuple[Choice, ...] = ()
    lookup: str | None = None
    pattern: str | None = None
    pattern_help: str = ""
    minimum: int | None = None
    maximum: int | None = None
    max_length: int = 500
    unit: str = ""
    group: str = ""
    advanced: bool = False
    sign_in: bool = False
    when: tuple[str, tuple[str, ...]] | None = None

    def counts(self, values: Mapping[str, Any]) -> bool:
        """True when these values of the other parameters make this one count."""
        return self.when is None or str(values.get(self.when[0]) or "") in self.when[1]

    @property
    def secret(self) -> bool:
        """True when the value is sealed and never shown again."""
        return self.kind is Kind.SECRET


@dataclass(frozen=True, slots=True)
class ActionType:
    """An operation a plugin offers on one entity.

    ``key`` is the flow key (``customer``, ``inventory`` …): an EXTRACT and a LOAD of the same key
    on two plugins make a flow. ``endpoint`` is a template over parameter names only,
    ``{base_url}/entity/…``. ``needs`` names flow keys that must be on. ``partitions`` are delta
    readings with a cursor each. ``verify_after`` are seconds after which an asynchronous write is
    read back. ``reference`` is the entity a record of this one hangs on.
    """

    key: str
    label: str
    entity: str
    direction: Direction
    endpoint: str
    method: str = "GET"
    batch_size: int = 1
    default_schedule: str = "*/15 * * * *"
    match_on: tuple[str, ...] = ()
    supports_delta: bool = True
    needs: tuple[str, ...] = ()
    reference: str | None = None
    partitions: tuple[str, ...] = ("",)
    hold_seconds: int = 90
    read_timeout: float = 30.0
    max_response_mb: int = 20
    concurrency: int = 1
    """Calls that the vendor takes at once; the engine sends one of a flow at a time (ADR 7)."""
    verify_after: tuple[float, ...] = ()
    creates: bool = True
    """False: records that are not there are never created (stock of unknown products)."""
    confirm_bulk: bool = False
    """True: ids in a bulk answer are candidates; a listing must show id and key in one row."""
    listing_before: bool = False
    """True: unbound records are always matched by the listing, never one by one."""
    matches_many: bool = False
    """True: ``hub_match`` asks for many records in one call, so that it costs less than a list."""
    lists_changes: bool = False
    """True: ``hub_list`` can list what was created or changed since a moment (``Window.changed``).
    A listing that is getting old is then brought up to date instead of read anew."""
    stamp_parameter: str = ""
    """The connection parameter that names the field which carries our key, where there is one."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a flow has read: the source's own time as ISO UTC, and the last key at it."""

    position: str
    tie: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """What to read: everything (``since`` None) or what moved at or after ``since``.

    ``since`` already has the overlap taken off. ``until`` bounds a reading by date range.
    ``lag`` seconds are kept back from the server's time when the new cursor is computed.
    ``preferences`` are the connector's validated preferences. ``changed`` asks ``hub_list`` for
    what was created or changed since, else only for what was created.
    """

    since: datetime | None = None
    until: datetime | None = None
    partition: str = ""
    lag: float = 60.0
    preferences: Mapping[str, Any] = field(default_factory=dict)
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the source in its native shape. ``data`` None: the key alone is known.

    ``touches`` names another record that this one's change may have altered
    (entity, key): the engine fetches it.
    """

    key: str
    data: Mapping[str, Any] | None
    modified_at: datetime | None = None
    deleted: bool = False
    touches: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Records, and where a later reading may resume once they are stored (None: not yet)."""

    records: tuple[Record, ...]
    resume: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One record of the target's side, found by listing or searching.

    ``stamp`` is our key where the record carries it; ``natural_keys`` maps name to value
    (``email``, ``name``, ``sku``); ``fields`` are current native values, for comparing;
    ``scope`` is the external id of the parent it belongs to, if any.
    """

    external_id: str
    stamp: str | None = None
    natural_keys: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class LoadItem:
    """One record to deliver. ``external_id`` set = update, absent = create; ``delete`` removes it.

    ``payload`` is native, as the field rules of the LOAD action made it. ``idempotency_key`` is
    stable over repeats of the same message. ``changed`` names the payload fields that differ from
    what the target is known to hold; None = not known, send everything.
    """

    key: str
    payload: Mapping[str, Any]
    external_id: str | None = None
    idempotency_key: str = ""
    delete: bool = False
    changed: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How one item ended. ``answered`` with UNKNOWN: the vendor did answer, so that a listing can
    settle it at once; without it the hold must pass first. ``field_errors`` maps field to text.
    ``retry_after`` is seconds. ``missing`` names (entity, key) with BLOCKED.
    ``also`` binds other records made by the same call: (entity, key, external id).
    """

    key: str
    outcome: Outcome
    external_id: str | None = None
    detail: str = ""
    remedy: str = ""
    field_errors: Mapping[str, str] = field(default_factory=dict)
    answered: bool = False
    missing: tuple[str, str] | None = None
    also: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One line of a mapping: where ``target`` comes from.

    ``source`` is a path into the record (``MainContact.Address.City``), or several, tried in
    order. ``transforms`` are names from ``hub.mapping.transforms`` with optional arguments,
    ``"trim"``, ``"default:US"``, ``"values:price_class"``. ``max_length`` parks longer texts.
    ``parameter`` names a parameter of this side's connection and the values of it with which the
    rule counts (an empty text stands for one that is not set).
    """

    target: str
    source: str | tuple[str, ...] = ()
    transforms: tuple[str, ...] = ()
    when: Literal["always", "if_new", "if_empty"] = "always"
    required: bool = False
    max_length: int | None = None
    label: str = ""
    constant: Any = None
    parameter: tuple[str, tuple[str, ...]] | None = None

    def counts(self, settings: Mapping[str, Any]) -> bool:
        """True when a connection with these values uses the rule."""
        if self.parameter is None:
            return True
        return str(settings.get(self.parameter[0]) or "") in self.parameter[1]


@dataclass(frozen=True, slots=True)
class QuotaSpec:
    """One limit of the vendor: ``calls`` per ``seconds`` (window starts with its first call).

    ``match`` are path prefixes or patterns (regular expressions on ``METHOD path``) of the calls
    that cost it. ``read_headers`` turns answer headers into ``QuotaState``.
    """

    key: str
    label: str
    calls: int
    seconds: float
    concurrent: int = 0
    match: tuple[str, ...] = (".*",)
    read_headers: Any = None


@dataclass(frozen=True, slots=True)
class QuotaState:
    """What the answer said of the quota; None = not said. ``resets_in`` is seconds."""

    limit: int | None = None
    remaining: int | None = None
    resets_in: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of a connection test."""

    ok: bool
    detail: str
    server: str = ""
    latency_ms: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """How a connection fares: metrics are name → text."""

    ok: bool
    detail: str
    metrics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the initialization: what was checked, how it ended, what to do.

    ``status``: passed, failed, note, waits.
    """

    activity: str
    status: Literal["passed", "failed", "note", "waits"]
    detail: str
    remedy: str = ""
    parameter: str | None = None
