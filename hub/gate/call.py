"""One call on its way, and the answer that sends it elsewhere."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from hub.gate.circuit import Way
from hub.gate.guard import Origin, Refused, split_url
from hub.gate.transport import Raw
from hub.sdk import ConfigError, ConnectionTrouble, HubError, LoadItem

MOVED = {301, 302, 303, 307, 308}
FOR_GOOD = {301, 308}
DOWN = {502, 503, 504}


@dataclass(frozen=True, slots=True)
class Call:
    """One call on its way. ``write``: it changes records, namely ``items``."""

    method: str
    url: str
    path: str
    origin: Origin
    items: tuple[LoadItem, ...]
    write: bool
    body: bytes | None

    @property
    def way(self) -> Way:
        """The direction whose circuit the call passes."""
        return "write" if self.write else "read"


def moved(call: Call, raw: Raw, parameter: str) -> HubError | None:
    """Return the error that a redirect means, or None; redirects are never followed (S41)."""
    to = raw.headers.get("location")
    if raw.status not in MOVED or not to:
        return None
    # The query may carry keys; where it leads is enough.
    whole = urlsplit(urljoin(call.url, to))
    place = f"{whole.scheme}://{whole.hostname or ''}"
    place += f":{whole.port}{whole.path}" if whole.port else whole.path
    try:
        same = split_url(place)[0] == call.origin
    except Refused:
        same = False
    if same and raw.status not in FOR_GOOD:
        return ConnectionTrouble(
            f"{call.origin} sent the call on to {whole.path} instead of answering "
            "(a sign-in or error page). If that stays, check the address."
        )
    return ConfigError(
        f"{call.origin} answered that it has moved to {place}: change the address. "
        "Nothing was sent there.",
        parameter=parameter,
    )


def trouble(call: Call, raw: Raw, gone: HubError | None) -> str:
    """Return why an answer says that the connection, not a record, is in trouble; "" if it is not."""
    if isinstance(gone, ConnectionTrouble):
        return str(gone)
    if raw.status in DOWN:
        return f"{call.origin} answered {raw.status}: out of service."
    if raw.status == 500:
        return f"{call.origin} answered 500: internal error."
    if 200 <= raw.status < 300 and raw.body[:200].lstrip().startswith((b"<!", b"<html", b"<HTML")):
        return f"{call.origin} answered with a web page instead of data."
    return ""
