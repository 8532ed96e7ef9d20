"""The simulated BigCommerce store: core API and B2B Edition under one address."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.sdk import Clock, Rng
from hub.sdk.simulation import SimBadJson, SimRequest, SimResponse, SimulatedServer
from plugins.bigcommerce.simulator.addresses import Addresses, Lookups
from plugins.bigcommerce.simulator.answers import Refused, b2b_error, error_for
from plugins.bigcommerce.simulator.backdoor import Backdoor
from plugins.bigcommerce.simulator.companies import Companies
from plugins.bigcommerce.simulator.company_reads import CompanyReads
from plugins.bigcommerce.simulator.context import Context
from plugins.bigcommerce.simulator.core import Core
from plugins.bigcommerce.simulator.gatekeeper import (
    B2B_EMAIL,
    B2B_PASSWORD,
    DEFAULT_QUOTAS,
    SIGN_IN,
    UNLIMITED,
    Gatekeeper,
    api_of,
)
from plugins.bigcommerce.simulator.inventory import Inventory
from plugins.bigcommerce.simulator.samples import SAMPLES
from plugins.bigcommerce.simulator.seed import plant, store_card
from plugins.bigcommerce.simulator.users import Users

NO_ROUTE = "The route is not found, check the URL"
_IDS = frozenset({"id", "companyId", "userId", "addressId", "customerId", "bcId", "channelId"})


class BigCommerceSimulator(SimulatedServer):
    """Both APIs of one store. See the package's docstring for options and misbehaviours."""

    name: ClassVar[str] = "bigcommerce"
    samples = SAMPLES
    vendor_faults: ClassVar[Mapping[str, str | None]] = {
        "shuffle_bulk_ids": None,
        "omit_bulk_ids": "count",
        "partial_bulk": None,
        "http_200_code_400": None,
        "bare_429": None,
        "empty_429": None,
        "text_401": None,
        "string_ids": None,
        "int_status": None,
        "flat_meta": None,
        "no_pagination": None,
        "page_limit_lowered": "limit",
        "inventory_delay": "seconds",
        "inventory_lost": None,
        "drop_unknown_extra_field": None,
    }

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int,
        customers: int = 120,
        items: int = 400,
        quotas: Mapping[str, tuple[int, float]] | None = DEFAULT_QUOTAS,
        store_hash: str = "k3xq9vw2tp",
        access_token: str | None = None,
        dependent: bool = False,
        b2b_sign_in: str = "token",
        erp_field: str = "ERP ID",
        define_erp_field: bool = True,
        existing_companies: int = 0,
        inventory_delay: float = 2.0,
        adjustment_seconds: float = 0.0,
        shuffle_bulk_ids: bool = True,
        without_scopes: Iterable[str] = (),
        faults: Iterable[str] = (),
    ) -> None:
        limits = UNLIMITED if quotas is None else {**DEFAULT_QUOTAS, **quotas}
        super().__init__(clock=clock, seed=seed, quotas=limits)
        token = access_token or f"{Rng(seed).random.getrandbits(120):030x}"
        self.gatekeeper = Gatekeeper(self.quotas, self.stats, store_hash, token, without_scopes)
        self.context = Context(clock, self.rng, self.journal, dependent=dependent)
        self.context.erp_field = erp_field
        self.state = self.context.state
        self._b2b_sign_in = b2b_sign_in
        self._always(faults, shuffle_bulk_ids=shuffle_bulk_ids)
        plant(
            self.context,
            seed=seed,
            shoppers=max(3, customers // 12),
            items=items,
            companies=existing_companies,
            erp_field=erp_field if define_erp_field else None,
        )
        self._inventory = Inventory(self.context, inventory_delay)
        self._adjustment_seconds = adjustment_seconds
        self._backdoor = Backdoor(self.context)
        routes = (
            CompanyReads(self.context),
            Companies(self.context),
            Users(self.context),
            Addresses(self.context),
            Lookups(self.context),
            Core(self.context, store_card(store_hash, seed)),
            self._inventory,
        )
        for group in routes:
            group.attach(self.router)
        self.router.add("POST", SIGN_IN, self.gatekeeper.sign_in)

    def _always(self, faults: Iterable[str], *, shuffle_bulk_ids: bool) -> None:
        """Read the misbehaviours that hold for every request: ``NAME`` or ``NAME=V``."""
        for text in faults:
            self.faults.add_option(text)
        self.context.always = {str(f["fault"]): f for f in self.faults.as_list()}
        self.faults.replace([])
        if shuffle_bulk_ids:
            self.context.always["shuffle_bulk_ids"] = {"fault": "shuffle_bulk_ids"}

    # -- answering -------------------------------------------------------------------------------

    def dispatch(self, request: SimRequest) -> SimResponse:
        """Find the route, then sign in, then count, then answer (CONTRACT §3)."""
        name = api_of(request)
        if request.handler is None:
            answer = self.unknown(request)
            answer.headers.extend(self.gatekeeper.headers(name))
            return answer
        refusal = self._refusal(request)
        if refusal is None:
            exhausted = self.gatekeeper.over_quota(request)
            if exhausted is not None:
                return self._over(request, exhausted)
        answer = refusal or self._handled(request)
        answer.headers.extend(self.gatekeeper.headers(name))
        return answer

    def _refusal(self, request: SimRequest) -> SimResponse | None:
        if self.context.quirk(request, "text_401"):
            return SimResponse.text("X-Auth-Token header is required", 401)
        refusal = self.gatekeeper.refuse(request)
        if refusal is not None:
            return refusal
        kind = request.headers.get("content-type", "application/json").lower()
        if request.body and "json" not in kind:
            return error_for(request.path, 415)
        if not _accepts_json(request.headers.get("accept", "")):
            return error_for(request.path, 406)
        return None

    def _over(self, request: SimRequest, name: str) -> SimResponse:
        empty = self.context.quirk(request, "empty_429") is not None
        bare = empty or self.context.quirk(request, "bare_429") is not None
        return self.gatekeeper.too_many(request, name, told=not bare, empty=empty)

    def _handled(self, request: SimRequest) -> SimResponse:
        if self.context.quirk(request, "http_200_code_400") and api_of(request) == "b2b":
            text = "The request could not be carried out."
            return self._misshapen(request, _hidden_refusal(text))
        if "/inventory/adjustments/" not in request.pattern:
            return self._misshapen(request, self._locked(request))
        lock = self._inventory.one_at_a_time
        if not lock.acquire(blocking=False):
            self._inventory.collisions += 1
            return error_for(request.path, 429, "Another inventory adjustment is running.")
        try:
            self.clock.sleep(self._adjustment_seconds)
            return self._locked(request)
        finally:
            lock.release()

    def _locked(self, request: SimRequest) -> SimResponse:
        with self.lock:
            self.state.settle()
            try:
                return request.handler(request) if request.handler else self.unknown(request)
            except Refused as refused:
                return b2b_error(refused.status, refused.message, refused.data)

    def _misshapen(self, request: SimRequest, answer: SimResponse) -> SimResponse:
        """Bend a good answer as the named misbehaviours want it (CONTRACT §8.6)."""
        names = ("string_ids", "int_status", "flat_meta", "no_pagination")
        wanted = {name for name in names if self.context.quirk(request, name)}
        if not wanted or not answer.body or answer.status != 200:
            return answer
        payload = json.loads(answer.body)
        if wanted & {"string_ids", "int_status"}:
            payload = _bend(payload, wanted)
        meta = payload.get("meta") if isinstance(payload, dict) else None
        if isinstance(meta, dict) and "code" in payload and "pagination" in meta:
            page = meta["pagination"]
            if wanted & {"flat_meta", "no_pagination"}:
                del meta["pagination"]
            if "flat_meta" in wanted:
                meta.update(page)
        return SimResponse.json(payload)

    def unknown(self, request: SimRequest) -> SimResponse:
        """Return 404 or 405, before anything is asked of the caller (CONTRACT §3)."""
        if self.router.methods(request.segments):
            answer = error_for(request.path, 405)
            answer.headers.extend(self.allowed(request))
            return answer
        return error_for(request.path, 404, NO_ROUTE)

    def bad_json(self, request: SimRequest, error: SimBadJson) -> SimResponse:
        """Return the 400 of the API that was called."""
        return error_for(request.path, 400, f"The request body is malformed: {error}")

    def crashed(self, request: SimRequest) -> SimResponse:
        """Return the 500 of the API that was called; the trace goes to the log."""
        super().crashed(request)
        return error_for(request.path, 500)

    def throttled(self, request: SimRequest, headers: bool) -> SimResponse:
        """Return a 429 that the fault script asked for; without ``headers`` it is empty."""
        name = api_of(request)
        return self.gatekeeper.too_many(request, name, told=headers, empty=not headers)

    # -- for tests -------------------------------------------------------------------------------

    def settle_late(self) -> None:
        """Also apply adjustments of stock and index changes that are due."""
        super().settle_late()
        with self.lock:
            self.state.settle()

    def settings(self, base_url: str) -> dict[str, Any]:
        """Return the connection's parameters that reach this simulator."""
        more = {"company_mode": "dependent"} if self.state.dependent else {}
        if self._b2b_sign_in != "token":
            more |= {"b2b_sign_in": "account", "b2b_email": B2B_EMAIL, "b2b_password": B2B_PASSWORD}
        return {
            "store_hash": self.gatekeeper.store_hash,
            "access_token": self.gatekeeper.token,
            "api_url": base_url,
            "b2b_api_url": base_url,
            **more,
        }

    def stats_json(self) -> dict[str, Any]:
        """Return the statistics; ``adjustment_collisions`` ran while another one did."""
        return {**super().stats_json(), "adjustment_collisions": self._inventory.collisions}

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """Return ``companies users addresses inventory customers customer_groups channels
        extra_fields products locations`` in the vendor's own shape.
        """
        return self._backdoor.rows(entity)

    def put_row(self, entity: str, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change or create a row as a person in the control panel would."""
        return self._backdoor.put(entity, key, changes)

    def delete_row(self, entity: str, key: str) -> None:
        """Remove a row as a person in the control panel would."""
        self._backdoor.delete(entity, key)


def _accepts_json(accept: str) -> bool:
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]
    return not kinds or any(
        kind in ("*/*", "application/*") or kind.endswith("json") for kind in kinds
    )


def _hidden_refusal(text: str) -> SimResponse:
    body = {"code": 400, "data": {"errMsg": text}, "meta": {"message": "Bad Requests Error"}}
    return SimResponse.json(body)


def _bend(value: Any, wanted: set[str]) -> Any:
    if isinstance(value, list):
        return [_bend(item, wanted) for item in value]
    if not isinstance(value, dict):
        return value
    bent = {name: _bend(item, wanted) for name, item in value.items()}
    if "string_ids" in wanted:
        bent |= {n: str(v) for n, v in bent.items() if n in _IDS and isinstance(v, int)}
    if "int_status" in wanted and "companyStatus" in bent:
        bent["companyStatus"] = int(bent["companyStatus"])
    return bent
