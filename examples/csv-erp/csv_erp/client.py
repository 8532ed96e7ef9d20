"""Calls on the ERP: a page of a list, one record, the records of one customer."""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from csv_erp.actions import Export
from hub.sdk import (
    Answer,
    AuthError,
    ClientState,
    ConfigError,
    ConnectionTrouble,
    Http,
    RateLimited,
    http_date,
    retry_after,
)

Row = dict[str, str]


class Client:
    """Reads exports. Each call raises the class that says what the hub does next."""

    def __init__(self, settings: Mapping[str, Any], http: Http) -> None:
        self._http = http
        self._base = str(settings.get("base_url") or "").rstrip("/")
        self._key = str(settings.get("api_key") or "")
        mark = str(settings.get("delimiter") or ",")
        self._delimiter = "\t" if mark == "tab" else mark
        self._encoding = str(settings.get("encoding") or "utf-8")
        self.decimal_mark = str(settings.get("decimal_mark") or ".")
        self.asked_at: datetime | None = None

    def page(self, export: Export, offset: int, limit: int, customer: str = "") -> list[Row]:
        """Return rows ``offset`` to ``offset + limit`` of a list, or of one customer's part of it."""
        params = {"offset": str(offset), "limit": str(limit)}
        if customer:
            params["customer"] = customer
        answer = self._get(f"export/{export.name}.csv", params)
        if answer.status == 404:
            raise ConfigError(
                f"The ERP has no export {export.name} below this address.", parameter="base_url"
            )
        return self._rows(export, answer)

    def one(self, export: Export, key: str) -> Row | None:
        """Return one record by its key; None when there is none."""
        path = "/".join(quote(part, safe="") for part in key.split("/"))
        answer = self._get(f"export/{export.name}/{path}.csv", {})
        rows = [] if answer.status == 404 else self._rows(export, answer)
        return rows[0] if rows else None

    def _get(self, path: str, params: Mapping[str, str]) -> Answer:
        answer = self._http.request(
            "GET", f"{self._base}/{path}", params=params, headers={"X-Api-Key": self._key}
        )
        self.asked_at = http_date(answer.headers.get("date")) or self.asked_at
        if answer.ok or answer.status == 404:
            return answer
        if answer.status in (401, 403):
            raise AuthError("The ERP refused the API key.", parameter="api_key")
        if answer.status == 429:
            wait = answer.headers.get("retry-after")
            seconds = retry_after(wait, self.asked_at) if self.asked_at else None
            raise RateLimited("The ERP takes no more calls for now.", retry_after=seconds)
        if answer.status >= 500:
            raise ConnectionTrouble(f"The ERP answered {answer.status}.")
        raise ConfigError(f"The ERP answered {answer.status} to {path}.", parameter="base_url")

    def _rows(self, export: Export, answer: Answer) -> list[Row]:
        kind = answer.headers.get("content-type", "")
        if "csv" not in kind:
            raise ConnectionTrouble(f"The ERP answered {kind or 'nothing'} instead of CSV.")
        reader = csv.DictReader(self._lines(answer), delimiter=self._delimiter, strict=True)
        try:
            rows = list(reader)
        except csv.Error as error:
            raise ConnectionTrouble(f"The export {export.name} is no CSV: {error}.") from None
        missing = [name for name in export.columns if name not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(
                f"The export {export.name} lacks the columns {', '.join(missing)}. "
                "Check the delimiter, or add them in the ERP.",
                parameter="delimiter",
            )
        if any(None in row or None in row.values() for row in rows):
            raise ConnectionTrouble(f"A row of the export {export.name} is cut off.")
        return rows

    def _lines(self, answer: Answer) -> io.StringIO:
        encoding = "utf-8-sig" if self._encoding == "utf-8" else self._encoding
        try:
            return io.StringIO(answer.body.decode(encoding), newline="")
        except UnicodeDecodeError:
            raise ConfigError(
                f"The export is not written in {self._encoding}. Choose the other encoding.",
                parameter="encoding",
            ) from None


@contextmanager
def open_client(settings: Mapping[str, Any], http: Http, state: ClientState) -> Iterator[Client]:
    """Open a client. There is no session: the key goes along with each call."""
    try:
        yield Client(settings, http)
    finally:
        state.release()
