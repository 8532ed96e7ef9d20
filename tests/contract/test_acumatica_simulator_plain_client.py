"""The simulated instance as a client meets it that was written from the vendor's documents."""

import pytest
import requests

import plugins.acumatica.simulator as acumatica
from hub.sdk import VirtualClock
from hub.sdk.simulation import serve

ENTITY = "/entity/Default/24.200.001"


class Erp:
    """A session that is signed in, as ``requests`` keeps it."""

    def __init__(self, running, company="Company"):
        self.url = running.url
        self.http = requests.Session()
        form = {"name": "admin", "password": "simulated-password", "company": company}
        assert self.http.post(f"{self.url}/entity/auth/login", data=form).status_code == 204

    def send(self, method, path, **more):
        return self.http.request(method, self.url + path, timeout=10, **more)


@pytest.fixture(scope="module")
def erp():
    sim = acumatica.make_simulator(VirtualClock(), 7, customers=30, items=5)
    with serve(sim) as running:
        client = Erp(running)
        yield client
        client.http.close()


def test_the_endpoint_takes_head_and_a_slash_at_the_end(erp):
    assert erp.send("GET", f"{ENTITY}/CustomerClass/").json()
    head = erp.send("HEAD", f"{ENTITY}/CustomerClass")
    assert (head.status_code, head.content) == (200, b"")
    assert erp.send("GET", "/entity/").json() == erp.send("GET", "/entity").json()


def test_the_endpoint_names_the_methods_it_takes(erp):
    answer = erp.send("PATCH", f"{ENTITY}/Customer")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST, PUT")
    assert "PATCH" in answer.json()["message"]


def test_the_sign_in_page_shows_the_tenant_one_landed_in(erp):
    other = Erp(erp, company="Training")
    page = "/Frames/Login.aspx"
    assert 'value="Company"' in erp.send("GET", page).text
    assert 'value="Training"' in other.send("GET", page).text
    assert other.send("POST", "/entity/auth/logout", data=b"").status_code == 204
    other.http.close()


def test_odata_lists_are_filtered_and_ordered(erp):
    path = "/t/Company/api/odata/dac/SOOrderType"
    ask = {"$filter": "Active eq true and OrderType eq 'SO'", "$select": "OrderType,Descr"}
    found = erp.send("GET", path, params=ask).json()["value"]
    assert found == [{"OrderType": "SO", "Descr": "Sales Order"}]
    rows = erp.send("GET", path, params={"$orderby": "OrderType desc"}).json()["value"]
    names = [row["OrderType"] for row in rows]
    assert names == sorted(names, reverse=True)
    for wrong in ({"$filter": "Nothing eq 'x'"}, {"$filter": "OrderType gt"}, {"$orderby": "X"}):
        answer = erp.send("GET", path, params=wrong)
        assert (answer.status_code, "not valid" in answer.text) == (400, True)


def test_options_are_read_in_every_encoding(erp):
    text = "?%24filter=CustomerClass+eq+%27DEALER%27&$select=CustomerID&%24top=2&company=Company"
    rows = erp.send("GET", f"{ENTITY}/Customer{text}").json()
    assert len(rows) == 2
    assert set(rows[0]) == {"id", "rowNumber", "note", "custom", "CustomerID"}


@pytest.mark.parametrize("text", ["$top=many", "$skip=-1", "$orderby=CustomerID"])
def test_options_that_cannot_be_used_are_named(erp, text):
    answer = erp.send("GET", f"{ENTITY}/Customer?{text}")
    assert answer.status_code == 400
    assert text.partition("=")[0] in answer.json()["modelState"]


def test_a_key_that_looks_like_the_start_of_an_id_is_a_key(erp):
    answer = erp.send("GET", f"{ENTITY}/Customer/C000001|MAIN")
    assert answer.json()["exceptionType"].endswith("NoEntitySatisfiesTheConditionException")


def test_a_write_whose_query_cannot_be_used_saves_nothing(erp):
    body = {"CustomerName": {"value": "Not to be saved"}}
    answer = erp.send("PUT", f"{ENTITY}/Customer", json=body, params={"$expand": "Nothing"})
    assert answer.status_code == 500
    asked = {"$filter": "CustomerName eq 'Not to be saved'"}
    assert erp.send("GET", f"{ENTITY}/Customer", params=asked).json() == []


@pytest.mark.parametrize("raw", [b"{", b"", b"\xff", b'"x"', b"[]"])
def test_a_body_that_is_no_record_is_a_400(erp, raw):
    answer = erp.send("PUT", f"{ENTITY}/Customer", data=raw)
    assert (answer.status_code, answer.json()["message"]) == (400, "The request is invalid.")


def test_only_json_is_taken(erp):
    answer = erp.send("PUT", f"{ENTITY}/Customer", data="a=b", headers={"Content-Type": "text/xml"})
    assert answer.status_code == 415
    assert "text/xml" in answer.json()["message"]


@pytest.mark.parametrize(
    ("options", "limit"), [({"quotas": None}, 10_000), ({"per_minute": 30}, 30)]
)
def test_a_stated_licence_is_among_the_parameters(options, limit):
    sim = acumatica.make_simulator(VirtualClock(), 7, customers=1, items=1, **options)
    assert sim.settings("http://x")["requests_per_minute"] == limit
