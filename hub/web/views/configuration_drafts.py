"""Secrets typed on a page that could not be saved yet: sealed in the session, never sent back."""

import base64
import secrets

from hub.vault import SealBroken
from hub.web import sessions
from hub.web.face import the_runtime

KEPT_FORMS = 5
MARK = "__draft"
"""Suffix of the hidden field that says: this secret waits in the session."""


def new_form() -> str:
    """Return the id of one rendered form."""
    return secrets.token_urlsafe(9)


def _place(form: str, path: str) -> tuple[str, ...]:
    return ("draft", sessions.here().id_hash, form, path)


def keep(form: str, typed: dict[str, str]) -> None:
    """Keep what was typed for a form; only the newest forms of a session are kept."""
    drafts = dict(sessions.here().get("drafts") or {})
    drafts.pop(form, None)
    if typed:
        vault = the_runtime().vault
        drafts[form] = {
            path: base64.b64encode(vault.seal(_place(form, path), text)).decode()
            for path, text in typed.items()
        }
    sessions.here()["drafts"] = dict(list(drafts.items())[-KEPT_FORMS:])


def read(form: str, path: str) -> str:
    """Return what was typed, or nothing when it is no longer kept."""
    sealed = (sessions.here().get("drafts") or {}).get(form, {}).get(path, "")
    if not sealed:
        return ""
    try:
        text: str = the_runtime().vault.open(_place(form, path), base64.b64decode(sealed))
    except SealBroken:
        return ""
    return text
