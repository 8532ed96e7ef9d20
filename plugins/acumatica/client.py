"""Calls on one Acumatica instance: entity lists, single records, inquiries, OData."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from hub.sdk import Answer, ClientState, ConnectionTrouble, Http
from plugins.acumatica.errors import EntityMissing, SessionGone, failure
from plugins.acumatica.oauth import COOKIE, OAuthSession
from plugins.acumatica.parameters import DEFAULT_VERSION
from plugins.acumatica.session import Session, second_refusal

READ_TIMEOUT = 130.0
"""Seconds. Throttling shows as slowness, so less than 120 s would give up too early (§2)."""
MAX_MB = 200

Params = Mapping[str, str]


class AcumaticaClient:
    """A signed-in client. All calls are reads; each raises the classes of ``errors.failure``."""

    def __init__(self, settings: Mapping[str, Any], http: Http, session: Session) -> None:
        self.settings = settings
        self.http = http
        self.session = session
        self.base = str(settings.get("base_url") or "").rstrip("/")
        self.version = str(settings.get("endpoint_version") or DEFAULT_VERSION)

    @property
    def endpoint(self) -> str:
        """The address that entity names are appended to."""
        return f"{self.base}/entity/Default/{self.version}"

    def entity(self, name: str, params: Params) -> Answer:
        """Return the answer of an entity list; its ``json()`` is an array (CONTRACT §3)."""
        return self.call("GET", f"{self.endpoint}/{name}", f"the {name} list", params=params)

    def rows(self, name: str, params: Params) -> list[dict[str, Any]]:
        """Return the rows of an entity list."""
        return rows_of(self.entity(name, params), name)

    def one(self, name: str, record_id: str, params: Params) -> dict[str, Any]:
        """Return one record by its ``id``; this way no list optimizer is involved (§3)."""
        url = f"{self.endpoint}/{name}/{quote(record_id, safe='')}"
        found = data_of(self.call("GET", url, f"{name} {record_id}", params=params), name)
        if not isinstance(found, dict):
            raise ConnectionTrouble(f"Acumatica answered no record for {name} {record_id}.")
        return found

    def inquire(self, name: str, fields: Mapping[str, str], expand: str) -> Answer:
        """Run an inquiry; it is a read although the verb is PUT (CONTRACT §4)."""
        body = {field: {"value": value} for field, value in fields.items()}
        url = f"{self.endpoint}/{name}"
        return self.call("PUT", url, f"the inquiry {name}", params={"$expand": expand}, json=body)

    def endpoints(self) -> dict[str, Any]:
        """Return the instance's versions and endpoints; older builds answer a bare array (§1)."""
        asked = "its list of endpoints"
        found = data_of(self.call("GET", f"{self.base}/entity", asked), asked)
        if isinstance(found, list):
            return {"version": {}, "endpoints": found}
        return found if isinstance(found, dict) else {"version": {}, "endpoints": []}

    def odata(self, dac: str, params: Params) -> list[dict[str, Any]]:
        """Return rows of a DAC by OData (from 2024 R2 on); values are bare (CONTRACT §4).

        Raises EntityMissing where OData does not take the session: documented are only basic
        authentication and OAuth.
        """
        tenant = str(self.settings.get("tenant") or "") or self.session.tenant
        url = f"{self.base}/t/{quote(tenant, safe='')}/api/odata/dac/{dac}"
        asked = f"the OData list {dac}"
        try:
            answer = self._answer("GET", url, asked, params, None)
        except SessionGone as error:
            used = self.session.proof
            self.rows("CustomerClass", {"$select": "ClassID", "$top": "1"})
            if self.session.proof == used:
                raise EntityMissing(str(error)) from None
            answer = self._answer("GET", url, asked, params, None)
        found = data_of(answer, asked)
        rows = found.get("value") if isinstance(found, dict) else None
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def call(
        self, method: str, url: str, asked: str, *, params: Params | None = None, json: Any = None
    ) -> Answer:
        """Make one read; a session that is no longer known is renewed once."""
        used = self.session.proof
        try:
            return self._answer(method, url, asked, params, json)
        except SessionGone:
            self.session.renew(used)
        try:
            return self._answer(method, url, asked, params, json)
        except SessionGone:
            raise second_refusal() from None

    def _answer(
        self, method: str, url: str, asked: str, params: Params | None, json: Any
    ) -> Answer:
        answer = self._send(method, url, params, json)
        if not answer.ok:
            raise failure(answer, asked)
        return answer

    def _send(self, method: str, url: str, params: Params | None, json: Any) -> Answer:
        return self.http.request(
            method,
            url,
            params=params,
            json=json,
            headers={"Accept": "application/json", **self.session.headers},
            cookies=self.session.cookies,
            reads=True,
            timeout=READ_TIMEOUT,
            max_mb=MAX_MB,
        )


def data_of(answer: Answer, asked: str) -> Any:
    """Parse an answer. Raises ConnectionTrouble when it is a web page or was cut."""
    try:
        return answer.json()
    except ConnectionTrouble as error:
        raise ConnectionTrouble(
            f"Acumatica {error} ({asked}). The hub tries again by itself."
        ) from None


def rows_of(answer: Answer, name: str) -> list[dict[str, Any]]:
    """Return an answer's array. Raises ConnectionTrouble when it is something else."""
    found = data_of(answer, f"the {name} list")
    if not isinstance(found, list):
        raise ConnectionTrouble(f"Acumatica answered the {name} list with something else.")
    return [row for row in found if isinstance(row, dict)]


@contextmanager
def open_client(
    settings: Mapping[str, Any], http: Http, state: ClientState
) -> Iterator[AcumaticaClient]:
    """Sign in, or take up the connection's session; the last user signs out."""
    way = str(settings.get("sign_in") or COOKIE)
    session = (Session if way == COOKIE else OAuthSession)(settings, http, state)
    try:
        session.enter()
        yield AcumaticaClient(settings, http, session)
    finally:
        session.leave()
