"""The toy platform: sessions, customers ordered by (changed, id), 422 with fields, late commits."""

from typing import ClassVar

from hub.sdk import parse_time
from hub.sdk.simulation import Sample, SimResponse, SimulatedServer


class ToySimulator(SimulatedServer):
    name = "toy"
    vendor_faults: ClassVar = {"late_commit": "seconds"}
    samples: ClassVar = {
        "extract:customer": Sample("customers", change=lambda n: {"name": f"Renamed {n}"}),
        "load:customer": Sample("customers", refused={"name": ""}, refused_field="name"),
    }

    def __init__(self, clock, seed, customers):
        super().__init__(clock=clock, seed=seed)
        self.table, self.open, self.late, self.hidden = {}, set(), [], {}
        self.password = f"toy-password-{self.rng.random.getrandbits(60):x}"
        for n in range(1, customers + 1):
            self.new({"number": f"T{n:04d}", "name": f"Customer {n}", "email": f"c{n}@toy.test"})
        self.router.add("POST", "/session", self.sign_in)
        self.router.add("DELETE", "/session", self.sign_out)
        self.router.add("GET", "/me", lambda _r: SimResponse.json({"user": "hub"}))
        self.router.add("GET", "/classes", lambda _r: SimResponse.json(["retail", "wholesale"]))
        self.router.add("GET", "/customers", self.list)
        self.router.add("POST", "/customers", self.create)
        self.router.add("PUT", "/customers/{id}", self.update)

    def new(self, row):
        number = str(len(self.table) + 1001)
        self.table[number] = {"id": number, "email": "", **row, "changed": self.stamp()}
        return self.table[number]

    def stamp(self):
        return self.clock.now().isoformat(timespec="milliseconds")

    def settings(self, base_url):
        return {"base_url": base_url, "user": "hub", "password": self.password}

    def dispatch(self, request):
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.pattern != "/session" and request.handler and token not in self.open:
            return SimResponse.json({"message": "Sign in first."}, 401)
        with self.lock:
            self.commit_due()
            return super().dispatch(request)

    def throttled(self, request, headers):
        return SimResponse.empty(429, [("Retry-After", "30")] if headers else [])

    def sign_in(self, request):
        if request.json().get("password") != self.password:
            return SimResponse.json({"message": "No."}, 401)
        token = f"{self.rng.random.getrandbits(120):030x}"
        self.open.add(token)
        self.stats.signed_in(len(self.open))
        return SimResponse.json({"token": token}, 201)

    def sign_out(self, request):
        self.open.discard(request.headers.get("authorization", "").removeprefix("Bearer "))
        self.stats.open_signins = len(self.open)
        return SimResponse.empty()

    def list(self, request):
        now = self.clock.monotonic()
        found = [row for row in self.table.values() if self.hidden.get(row["id"], 0) <= now]
        found.sort(key=lambda row: (row["changed"], row["id"]))
        if number := request.arg("number"):
            return SimResponse.json([row for row in found if row["number"] == number])
        if since := request.arg("since"):
            found = [r for r in found if parse_time(r["changed"]) >= parse_time(since)]
        if after := request.arg("after"):
            changed, _, last = after.partition(",")
            found = [r for r in found if (r["changed"], r["id"]) > (changed, last)]
        start = int(request.arg("offset", "0"))
        return SimResponse.json(found[start : start + int(request.arg("limit", "100"))])

    def refusal(self, request, body):
        if str(body.get("name", "")).strip():
            return None
        self.journal.append("customers", body.get("number"), None, "refused", request.seq)
        fields = {"name": "The name is missing."}
        return SimResponse.json({"message": "Not saved.", "fields": fields}, 422)

    def create(self, request):
        body = {k: v for k, v in request.json().items() if k not in request.dropped_fields()}
        if refused := self.refusal(request, body):
            return refused
        row = self.new(body)
        if lag := request.fault("index_lag"):
            self.hidden[row["id"]] = self.clock.monotonic() + float(lag["seconds"])
        self.journal.append("customers", row["number"], row["id"], "created", request.seq)
        return SimResponse.json(row, 201)

    def update(self, request):
        row = self.table.get(request.params["id"])
        if row is None:
            return self.unknown(request)
        body = {k: v for k, v in request.json().items() if k not in request.dropped_fields()}
        if refused := self.refusal(request, body):
            return refused
        row.update(body, changed=self.stamp())
        self.journal.append("customers", row["number"], row["id"], "updated", request.seq)
        return SimResponse.json(row)

    def rows(self, entity):
        if entity != "customers":
            raise KeyError(entity)
        self.commit_due()
        return [dict(row) for row in self.table.values()]

    def put_row(self, entity, key, changes):
        row = next(row for row in self.table.values() if row["number"] == key)
        changed = {**changes, "changed": self.stamp()}
        due = self.clock.monotonic() + self.faults.number("late_commit", "seconds")
        self.late.append((due, row, changed))
        self.commit_due()
        return dict(row)

    def commit_due(self):
        now = self.clock.monotonic()
        for _due, row, changed in [late for late in self.late if late[0] <= now]:
            row.update(changed)
            self.journal.append("customers", row["number"], row["id"], "updated", 0)
        self.late = [late for late in self.late if late[0] > now]

    def delete_row(self, entity, key):
        del self.table[next(n for n, row in self.table.items() if row["number"] == key)]
