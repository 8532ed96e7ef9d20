"""The one cookie session of a connection: signed in once, shared, signed out always."""

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from html import unescape
from typing import Any
from urllib.parse import unquote

from hub.sdk import Answer, AuthError, ClientState, Http, HubError
from plugins.acumatica.errors import sign_in_failure

SIGN_IN_TIMEOUT = 60.0
"""Seconds; a site that was just published answers its first sign-in late (CONTRACT §7.28)."""

_FIELD = re.compile(r"<input[^>]*txtSingleCompany[^>]*>", re.IGNORECASE)
_VALUE = re.compile(r'\bvalue="([^"]*)"', re.IGNORECASE)
_MARKED = ("base_url", "tenant", "branch", "username", "password")


class Session:
    """Cookies of one sign-in, kept in the sealed ``ClientState`` of the connection.

    Saved right after the sign-in's answer, so that a killed process leaves it to the next one
    instead of an open session that counts against the licence for ten minutes (CONTRACT §2).
    """

    def __init__(self, settings: Mapping[str, Any], http: Http, state: ClientState) -> None:
        self._settings = settings
        self._http = http
        self._state = state
        self._base = str(settings.get("base_url") or "").rstrip("/")
        joined = "\x00".join(str(settings.get(name) or "") for name in _MARKED)
        self._mark = hashlib.sha256(joined.encode()).hexdigest()
        self.cookies: dict[str, str] = {}
        self._shown = ""

    @property
    def proof(self) -> Any:
        """What the server knows this session by; another one after each sign-in."""
        return dict(self.cookies)

    @property
    def headers(self) -> dict[str, str]:
        """What each call carries beside the cookies."""
        return {}

    @property
    def tenant(self) -> str:
        """The tenant that the session landed in; empty when the server did not say."""
        return unquote(self.cookies.get("CompanyID", "")).strip() or self._shown

    def enter(self) -> None:
        """Use the saved session, or sign in. Raises AuthError, ConfigError, ConnectionTrouble."""
        with self._state.single_flight():
            saved = self._state.load() or {}
            if self._usable(saved):
                self.cookies = dict(saved["cookies"])
                return
            if saved.get("cookies"):
                self._replace(saved)
            self._sign_in()

    def _replace(self, saved: Mapping[str, Any]) -> None:
        """End a session of other settings. Who came only to end it goes no further: ``load``
        says so by raising, and the new password is not tried for nothing.
        """
        if saved.get("base_url") == self._base:
            self._sign_out(saved["cookies"])
        self._state.clear()
        self._state.load()

    def renew(self, used: Any) -> None:
        """Replace a session that is no longer known, unless another process already did.

        ``used`` is the ``proof`` that was refused.
        """
        with self._state.single_flight():
            saved = self._state.load() or {}
            if self._usable(saved) and dict(saved["cookies"]) != used:
                self.cookies = dict(saved["cookies"])
                return
            self._sign_in()

    def leave(self) -> None:
        """Give up this use; the last user signs out, whatever happened before.

        What is signed out is the saved session: another process may have renewed it. If the
        sign-out finds no way to the server, the session stays saved, and the next use takes it
        up again instead of opening a second one.
        """
        saved = self._state.load() or {}
        if not self._state.release():
            return
        cookies = saved.get("cookies") or self.cookies
        if not cookies or self._sign_out(cookies):
            self._state.clear()

    def _usable(self, saved: Mapping[str, Any]) -> bool:
        return bool(saved.get("cookies")) and saved.get("mark") == self._mark

    def _sign_in(self) -> None:
        tenant = str(self._settings.get("tenant") or "").strip()
        self._post("tenant", tenant)
        if tenant and self._elsewhere(tenant):
            # Servers before the 2026 wording read "company" and ignore "tenant" (CONTRACT §2).
            self._forget()
            self._post("company", tenant)
        if tenant and (landed := self._elsewhere(tenant)):
            self._forget()
            raise AuthError(
                f"Acumatica signed in to tenant {landed}, not to {tenant}: it has no tenant of "
                f"that name. Enter {landed} if that is the right one, or the right login name. "
                "Nothing was read.",
                parameter="tenant",
            )

    def _post(self, tenant_field: str, tenant: str) -> None:
        body = {
            "name": str(self._settings.get("username") or ""),
            "password": str(self._settings.get("password") or ""),
        }
        if tenant:
            body[tenant_field] = tenant
        if branch := str(self._settings.get("branch") or "").strip():
            body["branch"] = branch
        answer = self._send("login", json=body)
        if answer.status == 415:
            answer = self._send("login", form=body)
        if not answer.ok or not answer.cookies:
            raise sign_in_failure(answer, self._settings)
        self.cookies = dict(answer.cookies)
        self._state.save({"cookies": self.cookies, "mark": self._mark, "base_url": self._base})
        self._shown = ""
        if tenant and not self.tenant:
            self._shown = self._on_page()

    def _on_page(self) -> str:
        """Return the tenant that the sign-in page shows; some releases set no cookie for it (§2)."""
        try:
            answer = self._http.request(
                "GET", f"{self._base}/Frames/Login.aspx", cookies=self.cookies, reads=True
            )
        except HubError:
            return ""
        field = _FIELD.search(answer.text) if answer.ok else None
        value = _VALUE.search(field[0]) if field else None
        return unescape(value[1]).strip() if value else ""

    def _elsewhere(self, tenant: str) -> str:
        """Return the tenant that the session is in when it is another one, else an empty text."""
        landed = self.tenant
        known = landed and not (landed.isdigit() and not tenant.isdigit())
        return landed if known and landed.casefold() != tenant.casefold() else ""

    def _forget(self) -> None:
        if self._sign_out(self.cookies):
            self._state.clear()
        self.cookies = {}

    def _sign_out(self, cookies: Mapping[str, str]) -> bool:
        """Sign out; True when the server answered. IIS wants the length of the empty body (§2)."""
        with suppress(HubError):
            self._send("logout", headers={"Content-Length": "0"}, cookies=cookies)
            return True
        return False

    def _send(self, action: str, **arguments: Any) -> Answer:
        url = f"{self._base}/entity/auth/{action}"
        return self._http.request("POST", url, reads=True, timeout=SIGN_IN_TIMEOUT, **arguments)


def second_refusal() -> AuthError:
    """Return the error for a session that is refused right after a new sign-in."""
    return AuthError(
        "Acumatica takes the sign-in but refuses the session that it gave. Check that the user "
        "may use the web services API and is not limited to other addresses, then test the "
        "connection.",
        parameter="username",
    )
