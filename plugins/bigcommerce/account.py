"""The legacy sign-in to B2B Edition: a user's ``authToken`` instead of the access token (§3)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from hub.sdk import AuthError, ClientState, ConnectionTrouble, Http
from plugins.bigcommerce import replies
from plugins.bigcommerce.errors import raise_trouble, status_words, unreadable
from plugins.bigcommerce.parameters import ACCOUNT, B2B_API_URL

PATH = "/api/io/auth/backend"


class Account:
    """One token, shared by all processes. BigCommerce tells neither its lifetime nor a sign-out.

    It must not go along with ``X-Store-Hash``: together they give unexpected results (CONTRACT §3).
    """

    def __init__(self, settings: Mapping[str, Any], http: Http, state: ClientState) -> None:
        self._settings = settings
        self._http = http
        self._state = state
        self._base = str(settings.get("b2b_api_url") or B2B_API_URL).rstrip("/")
        names = ("store_hash", "b2b_api_url", "b2b_email", "b2b_password")
        joined = "\x00".join(str(settings.get(name) or "") for name in names)
        self._mark = hashlib.sha256(joined.encode()).hexdigest()
        self.token = ""

    @property
    def headers(self) -> dict[str, str]:
        """What each B2B call carries."""
        return {"Accept": "application/json", "authToken": self.token}

    def enter(self) -> None:
        """Use the saved token, or sign in. Raises ``AuthError``, ``ConnectionTrouble``."""
        with self._state.single_flight():
            saved = self._state.load() or {}
            if saved.get("mark") == self._mark:
                self.token = str(saved["token"])
            else:
                self._sign_in()

    def renew(self, used: str) -> None:
        """Replace a token that is refused, unless another process already did."""
        with self._state.single_flight():
            saved = self._state.load() or {}
            if saved.get("mark") == self._mark and saved["token"] != used:
                self.token = str(saved["token"])
            else:
                self._sign_in()

    def leave(self) -> None:
        """Give up this use; there is nothing to sign out of."""
        self._state.release()

    def _sign_in(self) -> None:
        body = {
            "storeHash": str(self._settings.get("store_hash") or ""),
            "email": str(self._settings.get("b2b_email") or ""),
            "password": str(self._settings.get("b2b_password") or ""),
            "name": "Integration Hub",
        }
        answer = self._http.request("POST", self._base + PATH, json=body, reads=True)
        reply = replies.read(answer, "b2b", "POST", PATH)
        if reply.status in (400, 401, 403, 422):
            raise self.refused(reply.status)
        if not reply.ok:
            raise_trouble(reply, body["storeHash"])
            unreadable(reply)
        data = reply.data
        token = data.get("token") if isinstance(data, Mapping) else None
        if not token:
            raise ConnectionTrouble("BigCommerce answered the B2B sign-in without a token.")
        self.token = str(token)
        self._state.save({"token": self.token, "mark": self._mark})

    def refused(self, status: int) -> AuthError:
        """Return the error for a user that B2B Edition does not let in."""
        return AuthError(
            f"BigCommerce answered {status_words(status)} to the B2B sign-in of "
            f"{self._settings.get('b2b_email', '')}. Type the password again here, or let the "
            "access token serve both APIs.",
            parameter="b2b_password",
        )


def account_of(settings: Mapping[str, Any], http: Http, state: ClientState) -> Account | None:
    """Return the user's session where the connection signs in so, else None."""
    return Account(settings, http, state) if settings.get("b2b_sign_in") == ACCOUNT else None
