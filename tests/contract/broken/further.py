"""More ways to break a rule than the one that the reference shows."""

from dataclasses import replace
from datetime import UTC, timedelta

from hub.sdk import (
    ConnectionTrouble,
    Cursor,
    FieldRule,
    Kind,
    LoadResult,
    Outcome,
    Page,
    ParameterSpec,
    Probe,
    RateLimited,
    TransientError,
    hookimpl,
)
from tests.contract import toy as hooks
from tests.contract.broken import another
from tests.contract.toy import client as toy
from tests.contract.toy.simulator import ToySimulator

INFO, PARAMETERS, ACTIONS, RULES = (
    hooks.hub_plugin_info,
    hooks.hub_parameters,
    hooks.hub_action_types,
    hooks.hub_mapping_defaults,
)
COMPLAIN, ENDED, EXTRACT, LISTING, LOAD, MATCH, RECORD, ROWS, SEND, SIGN_IN = (
    toy.complain,
    toy.ended,
    toy.extract,
    toy.listing,
    toy.load,
    toy.match,
    toy.record,
    toy.rows,
    toy.send,
    toy.sign_in,
)
ENTER, LEAVE, LIST = toy.Client.enter, toy.Client.leave, ToySimulator.list


@another("description-pure", "hub_plugin_info", inside=True)
@hookimpl
def info_looks_a_host_up():
    """looks up a host while it describes itself"""
    import socket

    socket.getaddrinfo("127.0.0.1", 1)
    return PluginInfo("toy", "Toy", "1.0", "Customers.", "", SDK_VERSION, Role.BOTH)  # noqa: F821


@another("description-complete", "hub_action_types")
@hookimpl
def endpoint_over_nothing():
    """has an endpoint over a parameter that does not exist"""
    return [replace(action, endpoint="{host}/customers") for action in ACTIONS()]


@another("description-complete", "hub_action_types")
@hookimpl
def creates_blindly():
    """creates without anything to match on"""
    return [replace(action, match_on=()) for action in ACTIONS()]


@another("description-complete", "hub_plugin_info")
@hookimpl
def nameless():
    """has no label"""
    return replace(INFO(), label=" ")


def parameter(spec):
    @hookimpl
    def hub_parameters():
        return [*PARAMETERS(), spec]

    return hub_parameters


for spec in (
    ParameterSpec("mode", "Mode", Kind.CHOICE),
    ParameterSpec("mode", "Mode", minimum=1),
    ParameterSpec("mode", "Mode", Kind.NUMBER, minimum=9, maximum=1),
    ParameterSpec("mode", "", Kind.BOOL),
    ParameterSpec("mode", "Mode", pattern="(", pattern_help="a bracket"),
    ParameterSpec("mode", "Mode", pattern="[a-z]+"),
    ParameterSpec("Mode!", "Mode"),
    ParameterSpec("mode", "Mode", Kind.SECRET, default="everybody knows it"),
    ParameterSpec("mode", "Mode", pattern="[a-z]+", pattern_help="letters", default="7"),
):
    another("parameters-valid", "hub_parameters")(parameter(spec))
for name in ("api_key", "client_secret", "access_token"):
    another("secrets-marked", "hub_parameters")(parameter(ParameterSpec(name, "It")))


@another("mapping-complete", "hub_mapping_defaults")
@hookimpl
def target_twice(action):
    """states a target twice"""
    return [*RULES(action), FieldRule("name", "title")]


@another("sign-out-always", "client.Client.leave")
def state_kept(self):
    """signs out and keeps the dead session in the state"""
    if self.state.release():
        self.http.request("DELETE", f"{self.base}/session", headers=self.auth(), reads=True)


@another("sign-out-always", "client.Client.leave")
def never(self):
    """never signs out"""


@another("session-shared", "client.Client.leave")
def whoever_leaves(self):
    """signs out whoever leaves first"""
    self.http.request("DELETE", f"{self.base}/session", headers=self.auth(), reads=True)
    self.state.clear()


@another("session-shared", "client.Client.enter")
def saves_nothing(self):
    """saves nothing"""
    self.token = SIGN_IN(self)


@another("connection-test", "hub_test_connection")
@hookimpl
def probe_failed(client):
    """says no where all is well"""
    return Probe(ok=client.call("GET", "/me").status == 299, detail="")


@another("reading-complete", "client.record")
def naive(row):
    """gives stamps without a zone"""
    made = RECORD(row)
    return replace(made, modified_at=made.modified_at.replace(tzinfo=None))


@another("reading-complete", "client.record")
def number_for_key(row):
    """gives numbers for keys"""
    return replace(RECORD(row), key=int(row["id"]))


@another("pages-resume", "client.extract")
def nowhere(client, window):
    """never says where to resume"""
    for page in EXTRACT(client, window):
        yield Page(page.records)


@another("pages-resume", "client.extract")
def cursor_of_its_own(client, window):
    """resumes at a page number"""
    for number, page in enumerate(EXTRACT(client, window)):
        yield Page(page.records, Cursor(f"page {number}"))


@another("delta-ties", "client.extract")
def after_not_at(client, window):
    """asks for what moved after the border, not at it"""
    later = window.since and window.since.astimezone(UTC) + timedelta(milliseconds=1)
    return EXTRACT(client, replace(window, since=later))


@another("delta-late-commits", "client.extract")
def no_lag_in_deltas(client, window):
    """keeps the lag in full readings only"""
    return EXTRACT(client, replace(window, lag=0.0 if window.since else window.lag))


@another("fetch-by-key", "client.fetch")
def half_a_record(client, keys):
    """gives other data by key than in a reading"""
    return [replace(toy.Record(key, {"number": key}), deleted=key.startswith("T9")) for key in keys]


@another("results-in-order", "client.load")
def one_short(client, batch):
    """loses the last result"""
    return LOAD(client, batch)[:-1]


@another("results-in-order", "client.send")
def sends_twice(client, item):
    """sends each record twice"""
    SEND(client, item)
    return SEND(client, item)


@another("bad-record-isolated", "client.load")
def first_bad_ends(client, batch):
    """stops at the first bad record"""
    results = LOAD(client, batch)
    bad = next((n for n, r in enumerate(results) if r.outcome is Outcome.REJECTED), len(results))
    rest = [LoadResult(r.key, Outcome.REJECTED, detail="not reached") for r in results[bad:]]
    return [*results[:bad], *rest]


@another("bad-record-isolated", "client.ended")
def tries_the_bad_again(item, answer):
    """lets a refused record be tried for ever"""
    result = ENDED(item, answer)
    return replace(result, outcome=Outcome.RETRY) if answer.status == 422 else result


@another("match-finds", "client.match")
def finds_nothing(client, items):
    """finds nothing"""
    return {item.key: [] for item in items}


@another("match-finds", "client.match")
def forgets_the_stamp(client, items):
    """leaves the stamp out of what it finds"""
    return {k: [replace(r, stamp=None) for r in rows] for k, rows in MATCH(client, items).items()}


@another("listing-finds", "client.listing")
def without_stamps(client):
    """lists without stamps"""
    for page in LISTING(client):
        yield [replace(row, stamp=None) for row in page]


@another("listing-finds", "client.listing")
def doubled(client):
    """lists every row twice"""
    for page in LISTING(client):
        yield page + page


@another("unknown-when-ambiguous", "client.ended")
def page_is_refusal(item, answer):
    """takes a web page for a refusal"""
    result = ENDED(item, answer)
    garbled = answer.ok and result.outcome is Outcome.UNKNOWN
    return replace(result, outcome=Outcome.REJECTED) if garbled else result


@another("unknown-when-ambiguous", "client.ended")
def gateway_is_trouble(item, answer):
    """raises connection trouble for a gateway's error after a write"""
    COMPLAIN(answer)
    return ENDED(item, answer)


@another("unknown-when-ambiguous", "client.load")
def claims_an_answer(client, batch):
    """claims that a lost answer came"""
    return [replace(r, answered=r.outcome is Outcome.UNKNOWN) for r in LOAD(client, batch)]


@another("unknown-when-ambiguous", "client.load")
def done_anyway(client, batch):
    """calls an open end done"""
    return [
        replace(r, outcome=Outcome.CREATED, external_id="1") if r.outcome is Outcome.UNKNOWN else r
        for r in LOAD(client, batch)
    ]


@another("wrong-secret-named", "client.sign_in")
def nobody_to_correct(client):
    """names no parameter for a refused sign-in"""
    try:
        return SIGN_IN(client)
    except toy.AuthError as error:
        raise toy.AuthError(str(error)) from None


@another("quota-waits", "client.load")
def rejects_while_waiting(client, batch):
    """rejects records because the quota is spent"""
    try:
        return LOAD(client, batch)
    except RateLimited as error:
        return [LoadResult(i.key, Outcome.REJECTED, detail=str(error)) for i in batch]


@another("quota-waits", "client.complain")
def quota_is_trouble(answer):
    """calls a spent quota connection trouble"""
    if answer.status == 429:
        raise ConnectionTrouble("Toy answered 429.")
    COMPLAIN(answer)


@another("trouble-classified", "client.complain")
def outage_is_the_records(answer):
    """spends a record's attempt on an outage"""
    if answer.status >= 500:
        raise TransientError("Toy answered 503.")
    COMPLAIN(answer)


@another("trouble-classified", "client.listing")
def trouble_ends_the_list(client):
    """ends its list at the first trouble"""
    try:
        yield from LISTING(client)
    except ConnectionTrouble:
        return


@another("no-secret-shown", "client.Client.__repr__")
def shows_itself(self):
    """shows its token in its repr"""
    return f"Client({self.token!r})"


@another("no-secret-shown", "client.sign_in")
def logs_the_password(client):
    """logs the password"""
    import logging

    logging.getLogger("toy").debug("signing in with %s", client.settings["password"])
    return SIGN_IN(client)


@another("no-secret-shown", "client.Client.call")
def token_in_the_address(self, method, path, *, params=None, json=None, writes=None):
    """sends the token in the address"""
    params = {**(params or {}), "token": self.token}
    answer = self.http.request(
        method, self.base + path, params=params, json=json, headers=self.auth(), writes=writes
    )
    COMPLAIN(answer)
    return answer


@another("own-means-at-work", "hub_health", inside=True)
@hookimpl
def prints(client):
    """prints"""
    print("healthy")
    return Health(ok=True, detail="")  # noqa: F821


@another("own-means-at-work", "hub_health", inside=True)
@hookimpl
def threads(client):
    """starts a thread"""
    import threading

    threading.Thread(target=int).start()
    return Health(ok=True, detail="")  # noqa: F821


@another("simulator-asks-sign-in", "simulator.ToySimulator.dispatch")
def writes_for_all(self, request):
    """asks readers only who they are"""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if request.method == "GET" and token not in self.open:
        return toy_unsigned()
    with self.lock:
        return super(ToySimulator, self).dispatch(request)


def toy_unsigned():
    from hub.sdk.simulation import SimResponse

    return SimResponse.empty(401)
