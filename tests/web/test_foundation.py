import hashlib
import json
import re
from pathlib import Path

import pytest
from flask import Blueprint
from gallery import gallery_app
from sqlalchemy import func, select, update
from web_frame import PASSWORD, Browser

import hub.web.views
from hub.settings.users import create_user
from hub.store.tables import User
from hub.web import create_app, security
from hub.web.badges import BADGES
from hub.web.security import POLICY, RoleMissing

ROOT = Path(__file__).resolve().parents[2]
STATIC, TEMPLATES = ROOT / "hub/web/static", ROOT / "templates"
CSS = (STATIC / "hub.css").read_text()
PAGES = sorted(TEMPLATES.rglob("*.html"))


@pytest.fixture
def gallery(frame):
    app = gallery_app(frame)
    browser = Browser(app.test_client())
    browser.set_up()
    return browser


# ---- roles and routes


def test_a_route_without_a_role_stops_the_start(frame, monkeypatch):
    bp = Blueprint("forgotten", __name__)
    bp.add_url_rule("/forgotten", "index", lambda: "x")
    monkeypatch.setattr(hub.web.views, "BLUEPRINTS", (*hub.web.views.BLUEPRINTS, bp))
    with pytest.raises(RoleMissing, match=r"forgotten\.index declares no role"):
        create_app(frame)


def test_only_these_routes_are_public(frame_app):
    public = {
        rule.endpoint
        for rule in frame_app.url_map.iter_rules()
        if security.role_of(frame_app, rule.endpoint) == "public"
    }
    assert public == {
        "static", "health.healthz", "health.readyz", "setup.form", "setup.create",
        "session.sign_in", "session.sign_in_post", "session.theme",
    }  # fmt: skip


def test_no_route_lets_a_stranger_in(frame, frame_app):
    Browser(frame_app.test_client()).set_up()
    stranger = frame_app.test_client()
    frame_app.config["WTF_CSRF_ENABLED"] = False
    for rule in frame_app.url_map.iter_rules():
        if security.role_of(frame_app, rule.endpoint) == "public":
            continue
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in rule.methods - {"OPTIONS"}:
            answer = stranger.open(path, method=method)
            assert answer.status_code == 303, (path, method)
            assert answer.location.startswith("/sign-in")


def test_a_viewer_is_refused_what_needs_an_admin(browser, frame):
    browser.set_up()
    create_user(frame.write, frame.clock, "vera@example.com", PASSWORD, role="viewer")
    viewer = Browser(browser.client.application.test_client())
    viewer.sign_in("vera@example.com")
    answer = viewer.get("/start")
    assert answer.status_code == 403
    assert "Your role is viewer; this needs admin." in answer.get_data(as_text=True)


def test_get_changes_nothing(gallery, frame):
    app = gallery.client.application

    def everything():
        with frame.read() as db:
            return {
                table.name: db.scalar(select(func.count()).select_from(table))
                for table in User.metadata.sorted_tables
            }

    before = everything()
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and "<" not in rule.rule:
            gallery.get(rule.rule)
    assert everything() == before


# ---- forms from elsewhere, twice, too large


def test_a_form_without_a_valid_token_is_refused(browser, frame):
    answer = browser.post("/setup", {"email": "m@example.com", "password": PASSWORD}, hidden={})
    assert answer.status_code == 400
    assert "This form is no longer valid" in answer.get_data(as_text=True)
    with frame.read() as db:
        assert db.scalar(select(User.id)) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_a_token(browser, frame, headers):
    data = {"email": "m@example.com", "password": PASSWORD}
    answer = browser.post("/setup", data, headers=headers)
    assert answer.status_code == 400
    assert "another site" in answer.get_data(as_text=True)
    with frame.read() as db:
        assert db.scalar(select(User.id)) is None


def test_a_double_click_does_it_once(browser, frame):
    browser.set_up()
    hidden = browser.hidden("/start")
    first = browser.post("/start/explore", hidden=hidden)
    second = browser.post("/start/explore", hidden=hidden)
    assert (first.status_code, second.status_code) == (303, 303)
    assert frame.explored == ["explored"]
    assert "already been sent" in browser.get("/start").get_data(as_text=True)


def test_after_a_fault_of_ours_the_form_may_be_sent_again(browser, frame, monkeypatch):
    browser.set_up()
    hidden = browser.hidden("/start")
    with monkeypatch.context() as broken:
        broken.setattr(type(frame), "explore", lambda self: 1 / 0)
        assert browser.post("/start/explore", hidden=hidden).status_code == 500
    assert browser.post("/start/explore", hidden=hidden).status_code == 303
    assert frame.explored == ["explored"]


def test_a_form_holds_one_megabyte_at_most(browser):
    answer = browser.post("/setup", {"email": "x" * (1024 * 1024 + 1), "password": PASSWORD})
    assert answer.status_code == 413
    assert "A form may hold 1 MB" in answer.get_data(as_text=True)
    assert browser.post("/setup", {"email": "x" * 1_000_000}).status_code == 422


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "8.8.8.8", "127.0.0.1.nip.io"]
)
def test_a_foreign_host_name_is_refused_on_loopback(browser, host):
    assert browser.get("/setup", headers={"Host": host}).status_code == 400
    assert browser.get("/healthz", headers={"Host": host}).status_code == 200


def test_off_loopback_the_public_name_and_addresses_are_ours(frame):
    frame.listens_on_loopback, frame.public_url = False, "https://hub.example.com"
    client = create_app(frame).test_client()
    for host, status in (("hub.example.com", 200), ("10.1.2.3:8000", 200), ("evil.example", 400)):
        assert client.get("/setup", headers={"Host": host}).status_code == status, host


# ---- headers and errors


def test_the_headers_are_on_every_answer(browser, monkeypatch):
    browser.set_up()
    monkeypatch.setattr("hub.web.views.start.any_connector", lambda: 1 / 0)
    answers = [
        browser.get(path)
        for path in ("/", "/start", "/sign-in", "/nope", "/healthz", "/static/hub.css")
    ]
    answers += [browser.client.post("/sign-in"), browser.client.put("/healthz")]
    assert {answer.status_code for answer in answers} >= {200, 303, 400, 404, 405, 500}
    for answer in answers:
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Server" not in answer.headers
        if "/static/" not in answer.request.path:
            assert answer.headers["Cache-Control"] == "no-store"


def test_an_error_page_shows_a_reference_and_nothing_else(browser, monkeypatch, caplog):
    browser.set_up()
    secret = "sk-very-secret"

    def broken():
        raise RuntimeError(secret)

    monkeypatch.setattr("hub.web.views.start.any_connector", broken)
    answer = browser.get("/start")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500
    reference = re.search(r"<code>([0-9a-f]{8})</code>", page)[1]
    assert "Traceback" not in page
    assert secret not in page
    assert reference in caplog.text


def test_readyz_says_which_part_is_not_ready(browser, frame):
    assert browser.get("/readyz").json == {"checks": {"database": True}, "ready": True}
    frame.ready = lambda: {"workers": False, "scheduler": True}
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"] == {"database": True, "scheduler": True, "workers": False}


# ---- static files and templates


def test_static_files_are_those_of_the_lock():
    lock = json.loads((STATIC / "vendor.lock").read_text())
    for package in lock["packages"]:
        for file in package["files"]:
            digest = hashlib.sha256((STATIC / file["target"]).read_bytes()).hexdigest()
            assert digest == file["sha256"], file["target"]
        assert any("LICENSE" in file["target"] for file in package["files"])


def test_static_addresses_carry_their_hash_and_last_for_ever(browser):
    page = browser.get("/setup").get_data(as_text=True)
    links = re.findall(r'(?:href|src)="(/static/[^"#]+)', page)
    assert len(links) >= 4
    for link in links:
        name, _, digest = link.removeprefix("/static/").partition("?v=")
        assert digest == hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
        assert "immutable" in browser.get(link).headers["Cache-Control"]
    assert "immutable" not in browser.get("/static/hub.css?v=old").headers["Cache-Control"]


def test_addresses_in_the_style_sheet_carry_the_hash_of_the_file():
    named = re.findall(r'url\("([^"?]+)\?v=([0-9a-f]{12})"\)', CSS)
    assert len(named) == CSS.count("url(")
    for name, digest in named:
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12] == digest, name


def test_script_and_style_stay_within_the_budget():
    files = ("hub.css", "hub.js", "vendor/htmx.min.js")
    assert sum((STATIC / name).stat().st_size for name in files) <= 96_000


def test_every_icon_exists():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    used = {badge.icon for badge in BADGES.values()}
    for page in PAGES:
        used |= set(re.findall(r'\bicon\("([a-z0-9-]+)"', page.read_text()))
    for module in (ROOT / "hub/web").rglob("*.py"):
        text = module.read_text()
        used |= set(re.findall(r'nav\.register\(\s*"[^"]+",\s*"[^"]+",\s*"([^"]+)"', text))
    assert used <= sprite, used - sprite


FORBIDDEN = {
    "inline style": r"\sstyle\s*=",
    "inline handler": r"""[\s"']on[a-z]+\s*=\s*["']""",
    "style element": r"<style",
    "script without src": r"<script(?![^>]*\ssrc=)",
    "unescaped text": r"\|\s*safe|Markup|autoescape false",
    "evaluated htmx": r"hx-on|js:|javascript:|hx-trigger=\"[^\"]*\[",
    "foreign host": r"(?:src|href|action)=\"(?:https?:)?//",
    "boost": r"hx-boost",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what):
    for page in PAGES:
        text = re.sub(r"\{#.*?#\}", "", page.read_text(), flags=re.DOTALL)
        assert not re.search(FORBIDDEN[what], text), page


def test_every_post_form_carries_the_tokens():
    for page in PAGES:
        for form in re.findall(r'<form[^>]*method="post".*?</form>', page.read_text(), re.DOTALL):
            carries = "csrf_token" in form or "tokens()" in form
            assert carries, f"{page}: {form[:80]}"


def test_no_python_of_the_pages_trusts_text():
    for module in (ROOT / "hub/web").rglob("*.py"):
        assert not re.search(r"\bMarkup\b|render_template_string", module.read_text()), module


# ---- colours


def tokens():
    pairs = re.findall(r"--([a-z0-9-]+):light-dark\((#[0-9a-f]{6}),(#[0-9a-f]{6})\)", CSS)
    found = {name: (light, dark) for name, light, dark in pairs}
    found["white"] = ("#ffffff", "#ffffff")
    return found


def contrast(one, two):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT = [
    *[(text, ground) for text in ("text", "text-2", "text-3") for ground in ("bg", "surface", "surface-2")],
    *[(tone, f"{tone}-bg") for tone in ("ok", "info", "mute", "wait", "bad", "block")],
    *[(tone, "surface") for tone in ("ok", "info", "wait", "bad", "block", "accent")],
    *[("text", ground) for ground in ("added", "removed", "hot", "wait-bg", "bad-bg", "info-bg", "accent-soft")],
    *[("text-2", ground) for ground in ("hot", "accent-soft", "surface-3")],
    ("accent", "accent-soft"), ("accent", "bg"), ("accent", "bad-bg"), ("accent", "wait-bg"),
    ("white", "accent-bg"), ("white", "accent-hover"), ("white", "danger-bg"),
]  # fmt: skip
LINES = [
    ("line-ctl", "surface"),
    ("focus", "surface"),
    ("focus", "bg"),
    ("line-solid", "surface"),
    ("line-dash", "surface"),
    *[(f"bar-{b}", "surface") for b in ("done", "same", "retry", "parked")],
]


@pytest.mark.parametrize(
    ("front", "back", "least"),
    [*[(*pair, 4.5) for pair in TEXT], *[(*pair, 3.0) for pair in LINES]],
)
def test_contrast(front, back, least):
    known = tokens()
    for light_or_dark in (0, 1):
        assert contrast(known[front][light_or_dark], known[back][light_or_dark]) >= least


def test_colours_are_written_once():
    rules = CSS.partition("[data-theme=light]")[2]
    assert set(re.findall(r"(?<!&)#[0-9a-f]{6}\b", rules)) <= {"#ffffff"}


# ---- what the parts say


def test_the_gallery_shows_every_part(gallery):
    page = gallery.get("/").get_data(as_text=True)
    for badge in BADGES.values():
        assert badge.label in page
    assert page.count('aria-current="page"') >= 3
    assert "k3xq9vw2tp" in page
    assert "Replace" in page
    assert "Most parked at 12:00." in page
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', page):
        assert set(target.split()) <= set(ids), target


def test_navigation_names_only_pages_that_exist(gallery, frame):
    page = gallery.get("/").get_data(as_text=True)
    side = re.search(r'<nav class="side".*?</nav>', page, re.DOTALL)[0]
    labels = re.findall(r"</svg>(?:</span>)?([A-Z][A-Za-z ]+)", side)
    assert labels == [
        "Integration Hub",
        "Dashboard",
        "Connectors",
        "Syncs",
        "Messages",
        "Records",
        "Logs",
        "Common configuration",
        "Plugins",
    ]
    assert "31" in side


def test_text_from_elsewhere_is_escaped(gallery, frame):
    with frame.write() as db:
        db.execute(update(User).values(email="<img src=x>@example.com"))
    page = gallery.get("/").get_data(as_text=True)
    assert "&lt;img src=x&gt;" in page
    assert "<img" not in page


def test_the_theme_is_rendered_by_the_server(gallery):
    assert "data-theme" not in gallery.get("/").get_data(as_text=True).split(">")[1]
    gallery.post("/theme", {"theme": "dark", "next": "/"}, page="/")
    assert '<html lang="en" data-theme="dark">' in gallery.get("/").get_data(as_text=True)
    gallery.post("/theme", {"theme": "system", "next": "//evil"}, page="/")
    assert '<html lang="en">' in gallery.get("/").get_data(as_text=True)
