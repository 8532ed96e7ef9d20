"""The two APIs of one store behind one token (CONTRACT §3)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from hub.sdk import ClientState, ConfigError, Http, LoadItem, Window
from plugins.bigcommerce import replies
from plugins.bigcommerce.account import Account, account_of
from plugins.bigcommerce.errors import raise_trouble, unreadable
from plugins.bigcommerce.parameters import API_URL, B2B_API_URL, ERP_ID_FIELD
from plugins.bigcommerce.replies import Api, Reply

LIMIT = 200
"""Rows of a page that every B2B list accepts (CONTRACT §4.1)."""
CORE_LIMIT = 250
"""Rows of a page of most core lists (CONTRACT §4.1)."""
Params = Sequence[tuple[str, str]]
Row = Mapping[str, Any]


class Client:
    """Requests to one store. What it learned of channels and locations lives as long as it does."""

    def __init__(
        self, settings: Mapping[str, Any], http: Http, account: Account | None = None
    ) -> None:
        self.http = http
        self.dependent = settings.get("company_mode") == "dependent"
        self._account = account
        self.store = str(settings["store_hash"])
        self.erp_id_field = str(settings.get("erp_id_field") or ERP_ID_FIELD)
        self.multiple_external_ids = False
        """Learned: the address list takes several ``externalId[]`` at once."""
        self.two_addresses: tuple[str, ...] = ()
        """Keys of two that were made together: to learn it by."""
        token = str(settings["access_token"])
        core = str(settings.get("api_url") or API_URL).rstrip("/")
        b2b = str(settings.get("b2b_api_url") or B2B_API_URL).rstrip("/")
        self._bases = {"core": f"{core}/stores/{self.store}", "b2b": f"{b2b}/api/v3/io"}
        plain = {"Accept": "application/json", "X-Auth-Token": token}
        self._headers = {"core": plain, "b2b": {**plain, "X-Store-Hash": self.store}}
        self.chosen_channels = _ids(settings.get("channel_ids"))
        self._channels: list[int] | None = None
        self._location = replies.whole(settings.get("location_id") or "")

    def read(self, api: Api, path: str, params: Params = (), *, absent: bool = False) -> Reply:
        """GET; 204 is an empty success. With ``absent`` a record's 404 is returned, not raised.

        Raises ``AuthError``, ``ConfigError``, ``RateLimited``, ``ConnectionTrouble``,
        ``TransientError``.
        """
        reply = self._reply(api, "GET", path, params=params or None)
        if reply.ok:
            return reply
        raise_trouble(reply, self.store)
        if absent and reply.status == 404:
            return reply
        unreadable(reply)

    def write(
        self, api: Api, method: str, path: str, writes: Sequence[LoadItem], json: Any = None
    ) -> Reply:
        """Change records. The caller looks at ``ok``, ``unsure`` and ``status``.

        Raises ``AuthError``, ``ConfigError``, ``RateLimited``, ``AmbiguousWrite``,
        ``ConnectionTrouble``.
        """
        reply = self._reply(api, method, path, json=json, writes=writes)
        raise_trouble(reply, self.store)
        return reply

    def _reply(self, api: Api, method: str, path: str, **what: Any) -> Reply:
        """Send one request; a user's token that is refused is renewed once."""
        account = self._account if api == "b2b" else None
        reply = self._sent(api, method, path, account, what)
        if account is None or reply.status != 401:
            return reply
        account.renew(account.token)
        reply = self._sent(api, method, path, account, what)
        if reply.status == 401:
            raise account.refused(401)
        return reply

    def _sent(
        self, api: Api, method: str, path: str, account: Account | None, what: Mapping[str, Any]
    ) -> Reply:
        headers = self._headers[api] if account is None else account.headers
        answer = self.http.request(method, self._bases[api] + path, headers=headers, **what)
        return replies.read(answer, api, method, path)

    def pages(self, path: str, params: Params, ident: str) -> Iterator[list[Row]]:
        """Yield the rows of a B2B list, each once, page by page.

        The offset advances by the rows received, since the server may lower the limit. A list
        that moved while it was read (fewer different rows than it counts) is read once more.
        """
        seen: set[str] = set()
        for _ in range(2):
            known, offset = len(seen), 0
            while True:
                asked = (*params, ("limit", str(LIMIT)), ("offset", str(offset)))
                reply = self.read("b2b", path, asked)
                found, total = replies.rows(reply), replies.total(reply)
                fresh = [row for row in found if _first_time(row, ident, seen)]
                if fresh:
                    yield fresh
                offset += len(found)
                # Without a total a short page proves nothing: the server may lower the limit.
                more = bool(fresh) if total is None else offset < total
                if not found or not more:
                    break
            if total is None or len(seen) >= total or len(seen) == known:
                return

    def recent(self, path: str, window: Window, ident: str) -> Iterator[list[Row]]:
        """Yield the rows of a B2B list, newest first; all, or those created or changed since."""
        return self.pages(path, since(window), ident)

    def all(self, path: str, params: Params, ident: str) -> list[Row]:
        """Return the rows of a short B2B list."""
        return [row for page in self.pages(path, params, ident) for row in page]

    def core_pages(self, path: str, params: Params, size: int) -> Iterator[list[Row]]:
        """Yield the pages of a core list of at most ``size`` rows each, down to the last one.

        V3 says which page is the last; V2 ends with an empty one (CONTRACT §4.1). A page that
        repeats the one before ends the reading too: that server does not page.
        """
        page, before = 1, None
        while True:
            reply = self.read("core", path, (*params, ("limit", str(size)), ("page", str(page))))
            found = replies.rows(reply)
            if not found or found == before:
                return
            yield found
            last = replies.last_page(reply)
            if last is not None and page >= last:
                return
            page, before = page + 1, found

    def channels(self) -> list[int]:
        """Return the core ids of the channels for users: the chosen, else all with B2B Edition.

        Raises ``ConfigError`` when the store has none.
        """
        if self.chosen_channels:
            return self.chosen_channels
        if self._channels is None:
            self._channels = [
                number
                for row in self.b2b_channels()
                if (number := replies.whole(row.get("channelId"))) is not None
            ]
        if not self._channels:
            raise ConfigError(
                "No storefront of this store has B2B Edition, so that users cannot be made. Turn "
                "it on for a storefront in B2B Edition › Settings, or choose the channels here.",
                parameter="channel_ids",
            )
        return self._channels

    def b2b_channels(self) -> list[Row]:
        """Return the storefronts that have B2B Edition (CONTRACT §7.11)."""
        found = replies.rows(self.read("b2b", "/channels"))
        return [row for row in found if replies.truth(row.get("b2bEnabled", row.get("isEnabled")))]

    def locations(self) -> list[Row]:
        """Return the store's inventory locations, by id."""
        pages = self.core_pages("/v3/inventory/locations", (), CORE_LIMIT)
        found = [row for page in pages for row in page]
        return sorted(found, key=lambda row: replies.whole(row.get("id")) or 0)

    def default_location(self) -> int:
        """Return the chosen location, else the first enabled one.

        Raises ``ConfigError`` when the store has none.
        """
        if self._location is None:
            for row in self.locations():
                if replies.truth(row.get("enabled")):
                    self._location = replies.whole(row.get("id"))
                    break
        if self._location is None:
            raise ConfigError(
                "The store has no enabled inventory location. Enable one in Settings › Locations.",
                parameter="location_id",
            )
        return self._location

    def location(self, text: Any) -> int:
        """Return the id of a payload's location; ``default`` is the store's default one."""
        if str(text) in ("", "default", "None"):
            return self.default_location()
        number = replies.whole(text)
        if number is None:
            raise ConfigError(
                f"“{text}” is not the number of a store location. Choose a location of the store "
                "for this warehouse.",
                parameter="warehouses",
            )
        return number


def since(window: Window) -> Params:
    """Return the filter for what was created, or also changed, since the window begins.

    Unix seconds (CONTRACT §4.2); the vendor leaves out the very second.
    """
    if window.since is None:
        return ()
    name = "minModified" if window.changed else "minCreated"
    return ((name, str(int(window.since.timestamp()) - 1)),)


def _first_time(row: Row, ident: str, seen: set[str]) -> bool:
    number = replies.identifier(row.get(ident))
    if number is None or number in seen:
        return False
    seen.add(number)
    return True


def _ids(chosen: Any) -> list[int]:
    values = chosen if isinstance(chosen, list | tuple) else []
    return [number for value in values if (number := replies.whole(value)) is not None]


@contextmanager
def open_client(settings: Mapping[str, Any], http: Http, state: ClientState) -> Iterator[Client]:
    """Open the client; a B2B user is signed in, or its shared token used."""
    account = account_of(settings, http, state)
    if account is None:
        yield Client(settings, http)
        return
    try:
        account.enter()
        yield Client(settings, http, account)
    finally:
        account.leave()
