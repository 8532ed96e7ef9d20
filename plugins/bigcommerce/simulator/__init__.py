"""A BigCommerce store with B2B Edition, simulated: both APIs under one address.

Core API below ``/stores/{hash}/v2|v3``, B2B Edition below ``/api/v3/io``, for the entities
customer (company), location (address), contact (user) and stock, their look-ups and checks. Every
other path gets the vendor's 404, before sign-in. Source: the vendor contract, by paragraph.

Options of ``make_simulator`` (default):

=====================  =============================================================================
customers (120)        a twelfth of it are shoppers that the core API knows already
items (400)            size of the ERP's catalog; the store lacks every 13th SKU, has 10 of its own
quotas (contract's)    ``{"b2b": (150, 60), "core": (150, 30)}``; a missing key keeps the contract's
                       limit; None = a million calls per window, announced like any other (§5)
store_hash, access_token   sign-in; the token is made from the seed
dependent (False)      legacy mode: a group per company, catalogs and price lists allowed (§8.1)
b2b_sign_in ("token")  "account": the parameters sign in to B2B Edition with a backend user (§3)
erp_field ("ERP ID")   extra field whose value is the journal's key of a company
define_erp_field (True)   False: the merchant has not defined it, writes of it are refused with 422
existing_companies (0) companies that stand there with an empty ERP key
inventory_delay (2.0)  seconds until an adjustment is applied (§7.7)
adjustment_seconds (0) how long an adjustment call takes; a second one meanwhile gets 429 (§5.1)
shuffle_bulk_ids (True)   ids of bulk answers come in no order (§5.4)
without_scopes ()      scopes the token lacks: ``store_inventory``; with ``_write`` only reading works
faults ()              misbehaviours that hold for every request, ``"NAME"`` or ``"NAME=V"``
=====================  =============================================================================

Misbehaviours, by name in the fault script or in ``faults``:

=========================  =========================================================================
shuffle_bulk_ids           bulk answers of companies, users, addresses in another order (§5.4)
omit_bulk_ids=COUNT        the last COUNT (1) entries of a bulk answer are left out (§5.4)
partial_bulk               a refused bulk call saves its good records all the same (§5.4)
http_200_code_400          B2B: nothing is done, HTTP 200 with ``code: 400`` (§6.1)
bare_429, empty_429        refusals of a spent quota come without headers; also without body (§5.1)
text_401                   401 as plain text for a good token (§3)
string_ids                 ids of answers are text (§12.12)
int_status                 ``companyStatus`` is a number in reads (§8.6)
flat_meta, no_pagination   B2B lists with ``meta.totalCount``, or with no total at all (§8.6, §10.1)
page_limit_lowered=LIMIT   pages hold at most LIMIT (50) rows, whatever was asked for (§4.1)
inventory_delay=SECONDS    this adjustment is applied so much later (§7.7)
inventory_lost             this adjustment is accepted and never applied
drop_unknown_extra_field   an extra field that is not defined is dropped instead of refused (§8.1)
drop_field=FIELD           a field of the body, or an extra field of that name, is forgotten
index_lag=SECONDS          lists and searches find this write only later; reading by id does not lag
=========================  =========================================================================

What the contract leaves open is decided so: an invalid company in a bulk call refuses all of it
(422), a conflicting admin e-mail refuses only itself (409, the others are saved), and ``id`` of the
errors is the item's place; users and addresses of a refused bulk call are not saved; a call that
creates users or companies costs one call of the core quota too; a B2B call with a wrong or missing store hash is a 500.
Control-path keys: companies by ERP key, users and customers by e-mail, addresses by external id,
inventory by ``SKU@location``; the vendor's id is understood as well.
"""

from typing import Any

from hub.sdk import Clock
from plugins.bigcommerce.simulator.server import BigCommerceSimulator

__all__ = ["BigCommerceSimulator", "make_simulator"]


def make_simulator(
    clock: Clock, seed: int, customers: int = 120, items: int = 400, **options: Any
) -> BigCommerceSimulator:
    """Return a filled store; ``options`` are listed above.

    There are no orders yet, so ``orders`` is of no effect.
    """
    options.pop("orders", None)
    return BigCommerceSimulator(clock=clock, seed=seed, customers=customers, items=items, **options)
