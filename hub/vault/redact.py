"""Redaction on the final string: known secrets in their encodings, and values of telling names."""

import base64
import binascii
import html
import json
import re
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST = 6
"""A shorter secret would turn ordinary text into masks; it is refused when entered."""

_TELLING = ("authoriz", "cookie", "token", "secret", "passw", "credential", "key")
_OWN_KEYS = (
    "key",
    "flow_key",
    "dedup_key",
    "parent_key",
    "blocked_key",
    "natural_key",
    "idempotency_key",
    "record_key",
    "connector_key",
    "primary_key",
)
"""Names of identities in our own words: masking them would make every log line useless."""

# Bounded repeats: a hostile text must cost linear time.
_SECRET_NAME = (
    r"[\w-]{0,40}(?:authorization|cookie|token|secret|passwor[td]|passwd|credential)[\w-]{0,40}"
    r"|(?!(?:" + "|".join(_OWN_KEYS) + r")\b)[\w-]{0,40}key\b"
)
_QUOTED = re.compile(
    rf"(?P<head>(?P<q>\\{{0,8}}[\"'])(?:{_SECRET_NAME})(?P=q)\s*[:=,]\s*b?(?P<v>\\{{0,8}}[\"']))"
    r"(?P<value>(?:(?!(?P=v)).)*)(?P<tail>(?P=v)|$)",
    re.IGNORECASE | re.DOTALL,
)
_VALUE_QUOTED = re.compile(
    rf"(?P<head>(?<![\w-])(?:{_SECRET_NAME})\s?[:=]\s*b?(?P<v>\\{{0,8}}[\"']))"
    r"(?P<value>(?:(?!(?P=v)).)*)(?P<tail>(?P=v)|$)",
    re.IGNORECASE | re.DOTALL,
)
_HEADER = re.compile(
    r"(?P<head>(?<![\w-])(?:proxy-)?authorization\s*[:=]\s*)(?![\"'])(?P<value>(?:[A-Za-z]+ +)?[^\s,;\"']+)",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"(?P<head>(?<![\w-])(?:set-)?cookie\s*:\s*)(?![\"'])(?P<value>[^\r\n\"']+)", re.IGNORECASE
)
_DASHED = r"[\w-]{0,40}[_-](?:token|secret|passwor[td]|key)|passwor[td]|passwd|secret"
_PLAIN = re.compile(
    rf"(?P<head>(?<![\w-])(?!(?:{'|'.join(_OWN_KEYS)})\b)(?:{_DASHED})\s?:\s*)(?![\"'])"
    r"(?P<value>[^\s,;&\"'<>)\]}]+)",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    rf"(?P<head>(?<![\w-])(?:{_SECRET_NAME})=)(?![\"'=])(?P<value>[^\s,;&\"'<>)\]}}]+)",
    re.IGNORECASE,
)
_USERINFO = re.compile(
    r"(?P<head>[a-z][a-z0-9+.-]*://)(?P<value>[^\s/@:\"']*:[^\s/@\"']*)(?=@)", re.IGNORECASE
)
_NAMED = (_QUOTED, _VALUE_QUOTED, _COOKIE, _HEADER, _PLAIN, _ASSIGNED)


def _base64_cores(secret: bytes) -> Iterable[str]:
    """Yield what base64 of ``anything + secret + anything`` must contain, for each alignment."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + secret).decode()
        start = (0, 2, 3)[shift]
        stable = (shift + len(secret)) * 8 // 6
        core = text[start:stable]
        if len(core) >= SHORTEST:
            yield core
            yield core.replace("+", "-").replace("/", "_")


def _json(text: str, *, plain: bool = False) -> str:
    return json.dumps(text, ensure_ascii=not plain)[1:-1]


def encodings(secret: str) -> set[str]:
    """Return the forms in which ``secret`` can stand in a text, base64 aside."""
    raw = secret.encode()
    forms = {
        secret,
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
        repr(raw)[2:-1],
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        html.escape(secret),
        html.escape(secret, quote=False),
        html.escape(secret).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        binascii.hexlify(raw).decode(),
        binascii.hexlify(raw).decode().upper(),
        secret.replace("'", "\\'"),
        secret.replace('"', '\\"'),
    }
    for plain in (True, False):
        once = _json(secret, plain=plain)
        twice = _json(once, plain=plain)
        forms |= {once, twice, _json(twice, plain=plain), once.replace("/", "\\/")}
        forms |= {repr(once)[1:-1], html.escape(once)}
    escaped = {
        quote(form, safe="") for form in (secret, quote(secret, safe=""), quote_plus(secret))
    }
    forms |= escaped
    lowered = {re.sub("%[0-9A-F]{2}", lambda m: m.group().lower(), f) for f in forms if "%" in f}
    return {form for form in forms | lowered if len(form) >= SHORTEST}


class Redactor:
    """Knows the secrets of this process and takes them out of texts. Safe to share by threads."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self._cores: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._known)} secrets>"

    def learn(self, *secrets: str) -> None:
        """Remember secrets of at least six characters; shorter ones are left alone."""
        fresh = {secret for secret in secrets if len(secret) >= SHORTEST} - self._known
        if not fresh:
            return
        with self._lock:
            forms, cores = set(self._forms), set(self._cores)
            for secret in fresh:
                forms |= encodings(secret)
                cores |= set(_base64_cores(secret.encode()))
            self._forms = tuple(sorted(forms, key=len, reverse=True))
            self._cores = tuple(sorted(cores, key=len, reverse=True))
            self._known |= fresh

    def redact(self, text: str) -> str:
        """Return ``text`` without known secrets and without the values of telling names."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        for core in self._cores:
            if core in text:
                around = rf"[A-Za-z0-9+/_=-]{{0,400}}?{re.escape(core)}[A-Za-z0-9+/_=-]*"
                text = re.sub(around, MASK, text)
        if "://" in text and "@" in text:
            text = _USERINFO.sub(rf"\g<head>{MASK}", text)
        lowered = text.lower()
        if any(word in lowered for word in _TELLING):
            for pattern in _NAMED:
                text = pattern.sub(_masked, text)
        return text


def _masked(match: re.Match[str]) -> str:
    tail = match.groupdict().get("tail") or ""
    return f"{match['head']}{MASK}{tail}"
