"""The simulation kit: every fault really happens on a real socket, and is counted."""

import http.client
import socket
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

import pytest
import requests

from hub.sdk.errors import ConfigError
from hub.sdk.simulation import Quota, SimResponse, SimulatedServer, parse_quota, serve
from hub.seams import SystemClock, VirtualClock


class Shop(SimulatedServer):
    name = "shop"
    vendor_faults: ClassVar = {"ids_left_out": None, "shelf": "row"}

    def __init__(self, clock, **options):
        super().__init__(clock=clock, seed=1, **options)
        self.table = {}
        self.router.add("GET", "/things", lambda _r: SimResponse.json(list(self.table.values())))
        self.router.add("GET", "/things/{key}", self._get)
        self.router.add("PUT", "/things/{key}", self._put)
        self.router.add("GET", "/files/{folder}/{rest:path}", lambda r: SimResponse.json(r.params))

    def _get(self, request):
        row = self.table.get(request.params["key"])
        return SimResponse.json(row) if row else SimResponse.empty(404)

    def _put(self, request):
        key, row = request.params["key"], request.json()
        kept = {k: v for k, v in row.items() if k not in request.dropped_fields()}
        self.journal.append(
            "things", key, key, "updated" if key in self.table else "created", request.seq
        )
        self.table[key] = kept
        return SimResponse.json(kept)

    def rows(self, entity):
        if entity != "things":
            raise KeyError(f"entity {entity}")
        return list(self.table.values())

    def put_row(self, entity, key, changes):
        self.table[key] = {**self.table.get(key, {}), **changes}
        return self.table[key]

    def delete_row(self, entity, key):
        if key not in self.table:
            raise KeyError(f"{entity} {key}")
        del self.table[key]


@pytest.fixture
def shop():
    sim = Shop(SystemClock())
    with serve(sim) as running, requests.Session() as session:
        yield sim, running.url, session


def script(session, url, *faults):
    answer = session.put(url + "/_sim/faults", json=list(faults))
    assert answer.status_code == 200, answer.text


def stats(session, url):
    return session.get(url + "/_sim/stats").json()


def test_a_request_reaches_its_handler_with_keys_decoded_one_by_one(shop):
    _, url, session = shop
    session.put(url + "/things/a%2Fb", json={"name": "Ø"})
    assert session.get(url + "/things/a%2Fb").json() == {"name": "Ø"}
    assert session.get(url + "/files/x/y/z").json() == {"folder": "x", "rest": "y/z"}
    assert session.get(url + "/nowhere").status_code == 404


def test_many_requests_share_one_connection(shop):
    _, url, _session = shop
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    for _ in range(20):
        connection.request("GET", "/things")
        answer = connection.getresponse()
        assert answer.read() == b"[]"
        assert answer.getheader("connection") is None
    connection.close()


def test_chunked_bodies_and_the_continue_handshake_are_understood(shop):
    sim, url, session = shop
    assert session.put(url + "/things/1", data=iter([b'{"a"', b":1}"])).json() == {"a": 1}
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(
            b"PUT /things/2 HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 100")
        raw.sendall(b'{"b":2}')
        assert b"200 OK" in raw.recv(1000)
    assert sim.table["2"] == {"b": 2}


def test_reset_cuts_before_anything_happens(shop):
    sim, url, session = shop
    script(session, url, {"match": "PUT /things", "nth": 1, "fault": "reset"})
    with pytest.raises(requests.ConnectionError):
        session.put(url + "/things/1", json={})
    assert sim.table == {}
    assert session.put(url + "/things/1", json={}).status_code == 200
    assert stats(session, url)["by_status"] == {"cut": 1, "200": 1}


def test_answer_lost_does_the_work_and_then_cuts(shop):
    sim, url, session = shop
    script(session, url, {"match": "PUT /things", "fault": "answer_lost"})
    with pytest.raises(requests.ConnectionError):
        session.put(url + "/things/1", json={"a": 1})
    assert sim.table == {"1": {"a": 1}}


def test_late_cuts_at_once_and_does_the_work_later(shop):
    sim, url, session = shop
    script(session, url, {"match": "PUT /things", "fault": "late", "after": 0.15})
    with pytest.raises(requests.ConnectionError):
        session.put(url + "/things/1", json={"a": 1})
    assert sim.table == {}
    deadline = time.monotonic() + 5
    while not sim.table and time.monotonic() < deadline:
        time.sleep(0.02)
    assert sim.table == {"1": {"a": 1}}


def test_late_on_a_virtual_clock_waits_for_that_clock():
    clock = VirtualClock()
    sim = Shop(clock)
    sim.faults.replace([{"match": "PUT /", "fault": "late", "after": 30}])
    with pytest.raises(ConnectionResetError):
        sim.call("PUT", "/things/1", body=b"{}")
    clock.advance(29)
    sim.settle_late()
    assert sim.table == {}
    clock.advance(1)
    sim.call("GET", "/nowhere")
    assert sim.table == {"1": {}}


def test_status_answers_as_told_and_does_nothing(shop):
    sim, url, session = shop
    script(
        session,
        url,
        {
            "match": "* /things",
            "fault": "status",
            "code": 503,
            "body": {"title": "Down"},
            "headers": {"Retry-After": "7"},
        },
    )
    answer = session.put(url + "/things/1", json={})
    assert (answer.status_code, answer.json()) == (503, {"title": "Down"})
    assert answer.headers["retry-after"] == "7"
    assert sim.table == {}


def test_throttle_is_counted_as_refused(shop):
    _, url, session = shop
    script(session, url, {"match": "GET /things", "fault": "throttle"})
    assert session.get(url + "/things").status_code == 429
    assert stats(session, url)["refused"] == 1


def test_slow_keeps_the_answer_back(shop):
    _, url, session = shop
    script(session, url, {"match": "GET /things", "fault": "slow", "seconds": 0.2})
    start = time.monotonic()
    assert session.get(url + "/things").status_code == 200
    assert time.monotonic() - start >= 0.2


def test_drip_sends_the_body_piece_by_piece(shop):
    sim, url, session = shop
    sim.table["1"] = {"text": "x" * 88}
    script(session, url, {"match": "GET /things", "fault": "drip", "bytes_per_second": 500})
    start = time.monotonic()
    assert session.get(url + "/things").json() == [{"text": "x" * 88}]
    assert time.monotonic() - start >= 0.15


def test_truncate_sends_half_of_the_body(shop):
    sim, url, session = shop
    sim.table["1"] = {"text": "x" * 88}
    script(session, url, {"match": "GET /things", "fault": "truncate"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.get(url + "/things")


def test_html_answers_200_with_a_web_page(shop):
    sim, url, session = shop
    script(session, url, {"match": "PUT /things", "fault": "html"})
    answer = session.put(url + "/things/1", json={})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert sim.table == {}


def test_drop_field_is_accepted_and_forgotten(shop):
    sim, url, session = shop
    script(session, url, {"match": "PUT /things", "fault": "drop_field", "field": "stamp"})
    assert session.put(url + "/things/1", json={"a": 1, "stamp": 2}).status_code == 200
    assert sim.table == {"1": {"a": 1}}


def test_nth_every_and_rate_choose_the_requests(shop):
    _, url, session = shop

    def codes(number, **how):
        script(session, url, {"match": "GET /things", "fault": "status", "code": 500, **how})
        return [session.get(url + "/things").status_code for _ in range(number)]

    assert codes(3, nth=2) == [200, 500, 200]
    assert codes(4, every=2) == [200, 500, 200, 500]
    first = codes(20, rate=0.4, seed=3)
    assert 2 < first.count(500) < 18
    assert codes(20, rate=0.4, seed=3) == first


def test_a_match_may_reach_into_the_query(shop):
    _, url, session = shop
    script(session, url, {"match": "GET /things?", "fault": "status", "code": 500})
    assert session.get(url + "/things").status_code == 200
    assert session.get(url + "/things?x=1").status_code == 500


@pytest.mark.parametrize(
    ("script_text", "words"),
    [
        ([{"fault": "explode"}], "There is no fault named 'explode'"),
        ([{"fault": "slow"}], "needs the member seconds"),
        ([{"fault": "slow", "seconds": "many"}], "has to be a number"),
        ([{"fault": "reset", "nth": 0}], "start at 1"),
        ({"fault": "reset"}, "is a JSON list"),
    ],
)
def test_a_wrong_fault_script_is_refused_in_a_sentence(shop, script_text, words):
    _, url, session = shop
    answer = session.put(url + "/_sim/faults", json=script_text)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_faults_from_the_command_line():
    sim = Shop(VirtualClock())
    sim.faults.add_option("slow=2")
    sim.faults.add_option("ids_left_out")
    sim.faults.add_option("shelf=top")
    assert sim.faults.as_list() == [
        {"match": "* /", "fault": "slow", "seconds": 2.0},
        {"match": "* /", "fault": "ids_left_out"},
        {"match": "* /", "fault": "shelf", "row": "top"},
    ]
    with pytest.raises(ConfigError, match="takes a number"):
        sim.faults.add_option("slow=soon")
    with pytest.raises(ConfigError, match="no fault named"):
        sim.faults.add_option("nonsense")


def test_rows_change_behind_everyones_back(shop):
    _, url, session = shop
    assert session.put(url + "/_sim/rows/things/a%2Fb", json={"x": 1}).json() == {"x": 1}
    assert session.get(url + "/_sim/rows/things").json() == [{"x": 1}]
    assert session.delete(url + "/_sim/rows/things/a%2Fb").status_code == 204
    assert session.delete(url + "/_sim/rows/things/a%2Fb").status_code == 404
    assert session.get(url + "/_sim/rows/unknown").json() == {
        "error": "There is no entity unknown here."
    }
    assert session.get(url + "/_sim/nothing").status_code == 404


def test_the_journal_is_read_from_a_number_on(shop):
    _, url, session = shop
    for key in ("1", "2", "1"):
        session.put(url + f"/things/{key}", json={})
    lines = [line for line in session.get(url + "/_sim/journal?after=1").text.splitlines() if line]
    assert len(lines) == 2
    entry = requests.models.complexjson.loads(lines[1])
    assert entry["effect"] == "updated"
    assert (entry["seq"], entry["entity"], entry["key"], entry["request"]) == (3, "things", "1", 3)
    assert datetime.fromisoformat(entry["at"]).tzinfo is not None


def test_statistics_count_families_and_not_the_control_path(shop):
    _, url, session = shop
    for key in ("1", "2"):
        session.put(url + f"/things/{key}", json={})
    found = stats(session, url)
    assert found["requests"] == {"PUT /things/{key}": 2}
    assert found["max_in_flight"] == 1


def test_the_date_header_is_the_simulators_own():
    clock = VirtualClock(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))
    with serve(Shop(clock)) as running:
        answer = requests.get(running.url + "/things", timeout=5)
    assert parsedate_to_datetime(answer.headers["date"]) == clock.now()


def test_the_control_path_is_for_loopback_only():
    sim = Shop(VirtualClock())
    with serve(sim, host="0.0.0.0") as running:
        own = requests.get(f"http://127.0.0.1:{running.port}/_sim/stats", timeout=5)
        assert own.status_code == 200
        outside = [
            info[4][0]
            for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
            if not info[4][0].startswith("127.")
        ]
        for address in outside[:1]:
            answer = requests.get(f"http://{address}:{running.port}/_sim/stats", timeout=5)
            assert answer.status_code == 404


def test_a_failing_handler_answers_500_and_the_server_lives(shop, caplog):
    sim, url, session = shop
    sim.router.add("GET", "/broken", lambda _r: 1 / 0)
    assert session.get(url + "/broken").status_code == 500
    assert "ZeroDivisionError" in caplog.text
    assert session.get(url + "/things").status_code == 200


def test_a_quota_window_starts_with_its_first_call():
    clock = VirtualClock()
    quota = Quota("core", 2, 30, clock)
    assert quota.peek() == (2, 30)
    clock.advance(100)
    assert quota.take() == (True, 1, 30)
    clock.advance(10)
    assert quota.take() == (True, 0, 20)
    assert quota.take() == (False, 0, 20)
    clock.advance(20)
    assert quota.take(2) == (True, 0, 30)
    assert quota.windows == [2, 2]


def test_quota_text():
    assert parse_quota("b2b=150/60") == ("b2b", (150, 60.0))
    with pytest.raises(ConfigError, match="NAME=CALLS/SECONDS"):
        parse_quota("b2b=many")


def test_calls_inside_a_stated_wait_are_counted():
    clock = VirtualClock()
    sim = Shop(clock)
    sim.stats.told_to_wait("core", 10)
    sim.stats.call("core")
    clock.advance(10)
    sim.stats.call("core")
    assert sim.stats_json()["refused_while_waiting"] == 1
