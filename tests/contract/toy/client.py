"""Calls of the toy platform, and what their answers mean."""

from datetime import UTC, timedelta

from hub.sdk import (
    AmbiguousWrite,
    AuthError,
    ConnectionTrouble,
    Cursor,
    HubError,
    Listed,
    LoadResult,
    Outcome,
    Page,
    RateLimited,
    Record,
    TransientError,
    http_date,
    parse_time,
    retry_after,
)

PAGE_SIZE = 100


class Client:
    def __init__(self, settings, http, state):
        self.settings, self.http, self.state = settings, http, state
        self.base = str(settings["base_url"]).rstrip("/")
        self.token = ""

    def enter(self):
        with self.state.single_flight():
            saved = self.state.load()
            if saved is None:
                saved = {"token": sign_in(self)}
                self.state.save(saved)
            self.token = saved["token"]

    def leave(self):
        if self.state.release() and self.token:
            self.http.request("DELETE", f"{self.base}/session", headers=self.auth(), reads=True)
            self.state.clear()

    def auth(self):
        return {"Authorization": f"Bearer {self.token}"}

    def call(self, method, path, *, params=None, json=None, writes=None):
        answer = self.http.request(
            method, self.base + path, params=params, json=json, headers=self.auth(), writes=writes
        )
        complain(answer)
        return answer


def sign_in(client):
    body = {name: str(client.settings.get(name) or "") for name in ("user", "password")}
    answer = client.http.request("POST", f"{client.base}/session", json=body, reads=True)
    if answer.status == 401:
        raise AuthError("Toy refused the sign-in. Enter the password again.", parameter="password")
    complain(answer)
    return answer.json()["token"]


def complain(answer):
    """Raise what concerns the whole connection."""
    if answer.status == 429:
        now = http_date(answer.headers.get("date"))
        wait = retry_after(answer.headers.get("retry-after"), now)
        raise RateLimited("Toy has no more calls for us now.", retry_after=wait)
    if answer.status >= 500:
        raise ConnectionTrouble(f"Toy answered {answer.status}: out of service.")


def rows(answer):
    """Return the rows of a list; a web page or half an answer is trouble."""
    if answer.status != 200:
        raise TransientError(f"Toy answered {answer.status}.")
    return answer.json()


def record(row):
    return Record(row["number"], row, parse_time(row["changed"]))


def extract(client, window):
    """Page by (stamp, id): rows that leave or move hide no other."""
    after, border = "", None
    while True:
        params = {"limit": str(PAGE_SIZE), "after": after}
        if window.since is not None:
            params["since"] = window.since.astimezone(UTC).isoformat()
        found = rows(client.call("GET", "/customers", params=params))
        border = border or client.http.server_now - timedelta(seconds=window.lag)
        if not found:
            yield Page((), Cursor(border.isoformat()))
            return
        last = found[-1]
        position = min(parse_time(last["changed"]), border)
        yield Page(tuple(map(record, found)), Cursor(position.isoformat(), last["id"]))
        after = f"{last['changed']},{last['id']}"


def fetch(client, keys):
    found = {}
    for key in keys:
        for row in rows(client.call("GET", "/customers", params={"number": key})):
            found[row["number"]] = record(row)
    return [found.get(key) or Record(key, None, deleted=True) for key in keys]


def listed(row):
    return Listed(row["id"], row["number"], {"email": row["email"]}, row)


def listing(client):
    after = ""
    while True:
        params = {"limit": str(PAGE_SIZE), "after": after}
        found = rows(client.call("GET", "/customers", params=params))
        if not found:
            return
        yield [listed(row) for row in found]
        after = f"{found[-1]['changed']},{found[-1]['id']}"


def match(client, items):
    found = {}
    for item in items:
        hits = rows(client.call("GET", "/customers", params={"number": item.key}))
        found[item.key] = [listed(row) for row in hits if row["number"] == item.key]
    return found


def load(client, batch):
    results = []
    for item in batch:
        try:
            results.append(send(client, item))
        except AmbiguousWrite as trouble:
            results.append(LoadResult(item.key, Outcome.UNKNOWN, detail=str(trouble)))
        except HubError as trouble:
            if not results:
                raise
            rest = batch[len(results) :]
            return results + [
                LoadResult(i.key, Outcome.NOT_SENT, detail=str(trouble)) for i in rest
            ]
    return results


def send(client, item):
    path = f"/customers/{item.external_id}" if item.external_id else "/customers"
    method = "PUT" if item.external_id else "POST"
    body = {**item.payload, "number": item.key}
    answer = client.http.request(
        method, client.base + path, json=body, headers=client.auth(), writes=[item]
    )
    return ended(item, answer)


def ended(item, answer):
    if answer.status == 422:
        said = answer.json()
        return LoadResult(
            item.key, Outcome.REJECTED, detail=said["message"], field_errors=said["fields"]
        )
    if answer.status < 500:
        complain(answer)
    try:
        number = answer.json()["id"] if answer.ok else ""
    except ConnectionTrouble:
        number = ""
    if not number:
        return LoadResult(item.key, Outcome.UNKNOWN, detail=f"Toy answered {answer.status}.")
    done = Outcome.UPDATED if item.external_id else Outcome.CREATED
    return LoadResult(item.key, done, external_id=number)
