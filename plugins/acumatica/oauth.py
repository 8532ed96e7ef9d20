"""OAuth 2.0: an access token instead of cookies; a refresh token is stored before it is used."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hub.sdk import Answer, AuthError, ClientState, ConfigError, ConnectionTrouble, Http, HubError
from plugins.acumatica.errors import sign_in_failure
from plugins.acumatica.session import Session

COOKIE, PASSWORD, REFRESH = "cookie", "oauth_password", "oauth_refresh"
"""The ways of the parameter ``sign_in``."""

ONCE = (
    "A refresh token works once, so it is not tried before it is saved. Save the connection, then "
    "run Initialize."
)


class OAuthSession(Session):
    """A bearer token of one grant, kept in the sealed ``ClientState`` of the connection.

    With user and password the scope is ``api``: one session until it is signed out or its hour is
    over. With a refresh token the grant was given by a person, with ``api offline_access``: one
    session over all refreshes, never signed out. Each refresh gives another refresh token and ends
    the one before (CONTRACT §2): the new one is on disk before any call uses the access token that
    came with it, and only one process at a time asks:

        A: lock ── ask with R1 ── R2 stored ── lock free ── calls
        B:         waits for the lock ──────────── reads R2's access token ── calls
    """

    def __init__(self, settings: Mapping[str, Any], http: Http, state: ClientState) -> None:
        super().__init__(settings, http, state)
        self._way = str(settings.get("sign_in"))
        # Another client secret belongs to the same grant; a refresh token entered anew does not.
        names = ["base_url", "client_id", "refresh_token"]
        if self._way == PASSWORD:
            names = ["base_url", "client_id", "username", "password"]
        joined = "\x00".join((self._way, *(str(settings.get(name) or "") for name in names)))
        self._mark = hashlib.sha256(joined.encode()).hexdigest()
        self._token = ""

    @property
    def proof(self) -> Any:
        """The access token."""
        return self._token

    @property
    def headers(self) -> dict[str, str]:
        """The token, and the branch, which no OAuth sign-in carries (CONTRACT §2)."""
        found = {"Authorization": f"Bearer {self._token}"}
        if branch := str(self._settings.get("branch") or "").strip():
            found["PX-CbApiBranch"] = branch
        return found

    @property
    def tenant(self) -> str:
        """The tenant that the client id fixes."""
        return str(self._settings.get("client_id") or "").partition("@")[2]

    def enter(self) -> None:
        """Use the saved token, or ask for one. Raises AuthError, ConfigError, ConnectionTrouble."""
        with self._state.single_flight():
            saved = self._state.load() or {}
            if self._usable(saved):
                self._token = str(saved["token"])
                return
            if saved:
                self._replace(saved)
            self._ask({})

    def renew(self, used: Any) -> None:
        """Replace a token that is refused, unless another process already did."""
        with self._state.single_flight():
            saved = self._state.load() or {}
            if self._usable(saved) and saved["token"] != used:
                self._token = str(saved["token"])
                return
            self._ask(saved if self._usable(saved) else {})

    def leave(self) -> None:
        """Give up this use. The last user signs out where the session is its own."""
        saved = self._state.load() or {}
        if not self._state.release() or self._way == REFRESH:
            return
        if self._end(saved):
            self._state.clear()

    def _usable(self, saved: Mapping[str, Any]) -> bool:
        return bool(saved.get("token")) and saved.get("mark") == self._mark

    def _replace(self, saved: Mapping[str, Any]) -> None:
        """End what other settings left: cookies, or a token that is not a person's grant."""
        if saved.get("base_url") == self._base and not saved.get("refresh"):
            self._end(saved)
        self._state.clear()
        self._state.load()

    def _end(self, saved: Mapping[str, Any]) -> bool:
        if saved.get("cookies"):
            return self._sign_out(saved["cookies"])
        with suppress(HubError):
            bearer = {"Authorization": f"Bearer {saved.get('token', '')}", "Content-Length": "0"}
            self._send("logout", headers=bearer)
            return True
        return False

    def _ask(self, saved: Mapping[str, Any]) -> None:
        """Get an access token; what comes with it is stored before anything is called."""
        given = self._given(saved)
        answer = self._http.request(
            "POST",
            f"{self._base}/identity/connect/token",
            form={**self._client(), **given},
            headers={"Accept": "application/json"},
            reads=True,
            timeout=60.0,
        )
        found = _fields(answer)
        if not answer.ok or not found.get("access_token"):
            raise self._refusal(answer, found)
        self._token = str(found["access_token"])
        kept = {"token": self._token, "mark": self._mark, "base_url": self._base}
        if self._way == REFRESH:
            kept["refresh"] = str(found.get("refresh_token") or given["refresh_token"])
        self._state.save(kept)

    def _client(self) -> dict[str, str]:
        return {
            name: str(self._settings.get(name) or "") for name in ("client_id", "client_secret")
        }

    def _given(self, saved: Mapping[str, Any]) -> dict[str, str]:
        if self._way == PASSWORD:
            named = {name: str(self._settings.get(name) or "") for name in ("username", "password")}
            return {"grant_type": "password", "scope": "api", **named}
        token = saved.get("refresh") or self._settings.get("refresh_token") or ""
        if not self._state.kept:
            raise ConfigError(ONCE, parameter="refresh_token")
        return {"grant_type": "refresh_token", "refresh_token": str(token)}

    def _refusal(self, answer: Answer, found: Mapping[str, Any]) -> HubError:
        word = str(found.get("error") or "")
        if word == "invalid_client":
            return AuthError(
                "Acumatica does not know this client id with this client secret. Copy both again "
                "from Connected Applications (SM303010); the id ends with @ and the tenant's login "
                "name.",
                parameter="client_id",
            )
        if word in ("unauthorized_client", "unsupported_grant_type", "invalid_scope"):
            return ConfigError(
                f"Acumatica does not let this application sign in so ({word}). Choose another "
                "sign-in, or another flow for it on Connected Applications (SM303010).",
                parameter="sign_in",
            )
        if word == "invalid_grant" and self._way == REFRESH:
            return AuthError(
                "Acumatica does not take the refresh token any more: it was used elsewhere, revoked, "
                "or is older than its chain may be. Give the application access again and enter the "
                "new refresh token here.",
                parameter="refresh_token",
            )
        if word == "invalid_grant":
            return AuthError(
                f"Acumatica refused the sign-in of user {self._settings.get('username', '')}. Type "
                "the password again here. The hub does not try again by itself, because repeated "
                "failures lock the user.",
                parameter="password",
            )
        return sign_in_failure(answer, self._settings)


def _fields(answer: Answer) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ConnectionTrouble:
        return {}
    return found if isinstance(found, Mapping) else {}
