"""A plain client for tests of the simulated store: no retries, no quota, no opinions."""

import json

import requests

from hub.sdk.simulation import serve


def company(n, **fields):
    """Return the body of a valid company create."""
    return {
        "companyName": f"Company {n}",
        "companyPhone": "312-555-0100",
        "companyEmail": f"office{n}@company.example",
        "addressLine1": f"{n} Main Street",
        "city": "Austin",
        "state": "Texas",
        "country": "United States",
        "zipCode": "78701",
        "adminFirstName": "Ada",
        "adminLastName": "Lovelace",
        "adminEmail": f"admin{n}@company.example",
        "extraFields": [{"fieldName": "ERP ID", "fieldValue": f"C{n:06d}"}],
        **fields,
    }


def user(company_id, email, **fields):
    """Return the body of a valid user create."""
    return {
        "firstName": "Grace",
        "lastName": "Hopper",
        "email": email,
        "companyId": company_id,
        "role": 2,
        "channelIds": [1],
        "acceptWelcomeEmail": False,
        **fields,
    }


def address(company_id, external_id, **fields):
    """Return the body of a valid address create."""
    return {
        "firstName": "Marie",
        "lastName": "Curie",
        "addressLine1": "512 Bluebonnet Lane",
        "city": "Austin",
        "stateName": "Texas",
        "stateCode": "TX",
        "countryName": "United States",
        "countryCode": "US",
        "companyId": company_id,
        "isBilling": False,
        "isShipping": True,
        "externalId": external_id,
        **fields,
    }


class Store:
    """Talks to a simulator over its socket."""

    def __init__(self, sim):
        self.sim = sim
        self.running = serve(sim)
        self.http = requests.Session()
        settings = sim.settings(self.running.url)
        self.hash = settings["store_hash"]
        self.headers = {"X-Auth-Token": settings["access_token"], "X-Store-Hash": self.hash}

    def close(self):
        self.http.close()
        self.running.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()

    def call(self, method, path, body=None, headers=None, **params):
        """``path`` starting with v2 or v3 is the core API, anything else B2B Edition."""
        core = path.startswith(("v2/", "v3/"))
        base = f"/stores/{self.hash}/" if core else "/api/v3/io/"
        sent = self.headers if headers is None else headers
        return self.http.request(
            method,
            self.running.url + base + path,
            json=body,
            params=params,
            headers={k: v for k, v in sent.items() if v is not None},
            timeout=10,
        )

    def get(self, path, **params):
        return self.call("GET", path, **params)

    def post(self, path, body):
        return self.call("POST", path, body)

    def put(self, path, body):
        return self.call("PUT", path, body)

    def new_company(self, n=1, **fields):
        answer = self.post("companies", company(n, **fields))
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["companyId"]

    def control(self, method, path, body=None):
        return self.http.request(method, f"{self.running.url}/_sim/{path}", json=body, timeout=10)

    def journal(self, entity=None, effect=None):
        lines = self.control("GET", "journal?after=0").text.splitlines()
        return [
            (e["entity"], e["key"], e["effect"])
            for e in map(json.loads, lines)
            if entity in (None, e["entity"]) and effect in (None, e["effect"])
        ]

    def faults(self, *script):
        answer = self.control("PUT", "faults", list(script))
        assert answer.status_code == 200, answer.text
