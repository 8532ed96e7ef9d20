"""A page with every macro on it, for tests and pictures only."""

from pathlib import Path

from flask import Blueprint, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader

import hub.web.views
from hub.sdk import Choice, Kind
from hub.web import charts, context, create_app, nav
from hub.web.badges import BADGES
from hub.web.forms import Field, SecretState
from hub.web.security import role

CLASSES = [
    ("DISTRIB", "Distributors", "142 customers"),
    ("KEYACCT", "Key accounts", "38 customers"),
    ("DEALER", "Dealers", "611 customers"),
    ("RETAIL", "Retail and walk-in", "2,904 customers"),
    ("EXPORT", "Export, no duty", "57 customers"),
    ("INTERCO", "Intercompany", "6 customers"),
]


def fields():
    classes = tuple(Choice(*row) for row in CLASSES)
    quantities = (Choice("available", "Available"), Choice("shipping", "Available for Shipping"))
    return [
        Field(
            "key",
            "Connector ID",
            value="B2B-US",
            required=True,
            readonly=True,
            mono=True,
            width="w-key",
            help="Fixed since the first save.",
            lookup_url="/lookup",
            lookup_label="Find connector",
            lookup_dialog="delete",
        ),
        Field("name", "Name", value="", error=("Name must not be empty.", "Type one.")),
        Field(
            "classes",
            "Customer Class",
            Kind.MULTI,
            ["DISTRIB", "KEYACCT", "GONE"],
            choices=classes,
            noun="classes",
            help="Only customers of ticked classes are synced.",
            read_again_url="/again",
        ),
        Field(
            "qty",
            "Sync Qty.",
            Kind.CHOICE,
            "shipping",
            choices=quantities,
            required=True,
            was="Available",
            help="After saving, the hub offers a full inventory run.",
        ),
        Field("stock", "Safety stock", Kind.NUMBER, 0, unit="units", uses="Used by Product Sync"),
        Field(
            "trigger",
            "Send a shipment",
            Kind.CHOICE,
            "c",
            radio=True,
            choices=(
                Choice("c", "On shipment confirmation", "As soon as the shipment is confirmed."),
                Choice("i", "On invoice release"),
            ),
        ),
        Field("map", "Warehouse to location", Kind.TABLE, {"WHOLESALE": "1"}),
    ]


def params():
    return [
        Field(
            "store_hash", "Store hash", value="k3xq9vw2tp", required=True, mono=True, width="w-key"
        ),
        Field(
            "access_token",
            "Access token",
            Kind.SECRET,
            required=True,
            secret=SecretState(True, "3 Nov 2026 by admin@example.com"),
            error=("BigCommerce answered 401 Unauthorized.", "Paste its access token here."),
        ),
        Field(
            "b2b_token",
            "B2B API token",
            Kind.SECRET,
            secret=SecretState(True, "3 Nov 2026 by admin@example.com"),
        ),
        Field(
            "webhook_key",
            "Push notification secret",
            Kind.SECRET,
            secret=SecretState(False, "", "Changes are found by polling only"),
        ),
        Field("own_network", "This system is on our network", Kind.BOOL, True),
    ]


def values():
    labels = [f"{hour % 24:02}:00" for hour in range(15, 39)]
    done = [max(4, 200 - 14 * abs(12 - i)) for i in range(24)]
    bars = charts.bar_chart(
        "Messages per hour",
        "Most parked at 12:00.",
        labels,
        [
            charts.Series("done", "Delivered", done, "1,977"),
            charts.Series("same", "Unchanged", [60] * 24, "703"),
            charts.Series("retry", "Will retry", [0] * 20 + [5] * 4, "15"),
            charts.Series("parked", "Parked", [0] * 22 + [1, 2], "26"),
        ],
    )
    lines = charts.line_chart(
        "Time to delivered",
        "41 s at most.",
        labels,
        [
            charts.Series("solid", "Half within (p50)", [12 + i % 5 for i in range(24)], "12 s"),
            charts.Series(
                "dash", "95 % within (p95)", [41 + 5 * (i % 7) for i in range(24)], "41 s"
            ),
        ],
        "s",
    )
    return {
        "bars": bars,
        "lines": lines,
        "fields": fields(),
        "params": params(),
        "badges": BADGES,
        "now": context.now(),
        "url_of": lambda order: f"?sort={order}",
        "spark": charts.sparkline([i % 9 for i in range(24)], [0] * 20 + [1] * 4),
        "connectors_link": "Open all",
    }


PAGES = (
    ("connectors", "Connectors", "plug-zap", ""),
    ("syncs", "Syncs", "refresh-cw", ""),
    ("messages", "Messages", "inbox", ""),
    ("records", "Records", "database", ""),
    ("logs", "Logs", "scroll-text", ""),
    ("common", "Common configuration", "sliders-horizontal", nav.SET_UP),
    ("plugins", "Plugins", "puzzle", nav.SET_UP),
)


def gallery_app(runtime):
    """An app whose dashboard is the gallery; what it registers is gone for other apps."""
    bp = Blueprint("dashboard", __name__)

    @bp.get("/")
    @role("viewer")
    def index():
        return render_template("gallery.html", q=request.args.get("q", ""), **values())

    @bp.post("/broken")
    @role("viewer")
    def broken():
        raise RuntimeError("on purpose")

    pages = [bp]
    before = dict(nav._ENTRIES)
    nav.register("dashboard", "Dashboard", "layout-dashboard")
    for key, label, icon, group in PAGES:
        page = Blueprint(key, __name__, url_prefix=f"/{key}")
        page.add_url_rule("/", "index", role("viewer")(lambda: "x"))
        count = (lambda: 31) if key == "messages" else None
        nav.register(key, label, icon, group=group, count=count)
        pages.append(page)
    account = Blueprint("account", __name__, url_prefix="/account")
    account.add_url_rule("/", "index", role("viewer")(lambda: "x"))
    kept = hub.web.views.BLUEPRINTS
    mine = [b for b in kept if b.name in {"health", "session", "setup", "start"}]
    hub.web.views.BLUEPRINTS = (*mine, *pages, account)
    try:
        app = create_app(runtime)
    finally:
        hub.web.views.BLUEPRINTS = kept
        nav._ENTRIES.clear()
        nav._ENTRIES.update(before)
    own = FileSystemLoader(Path(__file__).parent)
    app.jinja_env.loader = ChoiceLoader([app.jinja_env.loader, own])
    return app
