"""What a simulated server receives and answers."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

Handler = Callable[["SimRequest"], "SimResponse"]


class SimBadJson(ValueError):
    """The request body is not JSON; the server answers with its vendor's 400."""


@dataclass(slots=True)
class SimRequest:
    """One request. ``path`` is decoded; ``segments`` are decoded one by one, so that a ``%2F``
    inside a key stays inside it. ``faults`` are the vendor faults that fire for this request.
    """

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)
    seq: int = 0
    target: str = ""
    segments: tuple[str, ...] = ()
    pattern: str = ""
    handler: Handler | None = None
    faults: tuple[Mapping[str, Any], ...] = ()

    @staticmethod
    def parse(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> "SimRequest":
        """Build a request from the request line's target, ``/path?query`` still encoded."""
        if target.startswith(("http://", "https://")):
            # A client behind a proxy names the whole address.
            target = "/" + (target.split("/", 3)[3:] or [""])[0]
        raw_path, _, raw_query = target.partition("?")
        query: dict[str, list[str]] = {}
        if raw_query:
            for name, value in parse_qsl(raw_query, keep_blank_values=True):
                query.setdefault(name, []).append(value)
        segments = tuple(map(unquote, raw_path.split("/")[1:]))
        return SimRequest(
            method=method,
            path="/" + "/".join(segments),
            query=query,
            headers=headers,
            body=body,
            target=target,
            segments=segments,
        )

    def arg(self, name: str, default: str | None = None) -> str | None:
        """Return the first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            SimBadJson: the body is empty or not JSON.

        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise SimBadJson(str(error)) from error

    def fault(self, name: str) -> Mapping[str, Any] | None:
        """Return the fault of that name, if it fires for this request."""
        for fault in self.faults:
            if fault["fault"] == name:
                return fault
        return None

    def dropped_fields(self) -> set[str]:
        """Return the fields that this write accepts and forgets (fault ``drop_field``)."""
        return {str(f["field"]) for f in self.faults if f["fault"] == "drop_field"}


@dataclass(slots=True)
class SimResponse:
    """One answer. ``headers`` need no Content-Length and no Date: the server adds both."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @staticmethod
    def json(
        payload: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()
    ) -> "SimResponse":
        """Return a JSON answer."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        return SimResponse.encoded(body, status, headers)

    @staticmethod
    def encoded(
        body: bytes, status: int = 200, headers: Iterable[tuple[str, str]] = ()
    ) -> "SimResponse":
        """Return an answer whose JSON is already encoded."""
        kind = ("Content-Type", "application/json; charset=utf-8")
        return SimResponse(status, [kind, *headers], body)

    @staticmethod
    def text(
        text: str,
        status: int = 200,
        headers: Iterable[tuple[str, str]] = (),
        kind: str = "text/plain; charset=utf-8",
    ) -> "SimResponse":
        """Return a text answer; ``kind`` is its content type."""
        return SimResponse(status, [("Content-Type", kind), *headers], text.encode())

    @staticmethod
    def empty(status: int = 204, headers: Iterable[tuple[str, str]] = ()) -> "SimResponse":
        """Return an answer without a body."""
        return SimResponse(status, list(headers))

    def header(self, name: str) -> str | None:
        """Return a header of this answer, whatever its case."""
        wanted = name.lower()
        return next((v for n, v in self.headers if n.lower() == wanted), None)
