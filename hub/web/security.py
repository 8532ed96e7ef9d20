"""What stands before every view: host, set-up, role, origin, once-only token; and the headers after."""

import ipaddress
from collections.abc import Callable
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from hub.settings.users import any_user
from hub.web import audit, once, sessions
from hub.web.assets import content_hash
from hub.web.auth import local_path
from hub.web.face import frame_runtime, public_url, the_runtime

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
LARGEST_FORM = 1024 * 1024
RANKS = {"public": 0, "viewer": 1, "operator": 2, "admin": 3}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
YEAR = 365 * 86400

Role = Literal["public", "viewer", "operator", "admin"]
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

csrf = CSRFProtect()


class RoleMissing(RuntimeError):
    """A route declares no role, so the app does not start (S30)."""


def role(name: Role) -> Callable[[View], View]:
    """Declare the least role that may use a view: public, viewer, operator or admin."""

    def declare(view: View) -> View:
        view.hub_role = name  # type: ignore[attr-defined]
        return view

    return declare


def repeatable(view: View) -> View:
    """Declare that a POST saves nothing (a test, a lookup, a preview), so that it may be repeated."""
    view.hub_repeatable = True  # type: ignore[attr-defined]
    return view


def takes_file(limit: int) -> Callable[[View], View]:
    """Declare that a form of this view may hold a file of so many bytes; others hold 1 MB."""

    def declare(view: View) -> View:
        view.hub_file_limit = limit  # type: ignore[attr-defined]
        return view

    return declare


def file_limit() -> int:
    """Return how many bytes a file sent to this address may have; 0 = it takes none."""
    view = current_app.view_functions.get(request.endpoint or "")
    return int(getattr(view, "hub_file_limit", 0))


def role_of(app: Flask, endpoint: str) -> str:
    """Return the declared role of an endpoint; raise ``RoleMissing``."""
    if endpoint == "static":
        return "public"
    declared = getattr(app.view_functions[endpoint], "hub_role", None)
    if declared not in RANKS:
        raise RoleMissing(f"The route {endpoint} declares no role. Add @role(...) below its route.")
    return str(declared)


def check_roles(app: Flask) -> None:
    """Raise ``RoleMissing`` unless every route declares a role."""
    for rule in app.url_map.iter_rules():
        role_of(app, rule.endpoint)


def may(name: Role) -> bool:
    """True when the signed-in person has at least this role; for templates."""
    user = sessions.here().user
    return RANKS[user.role if user else "public"] >= RANKS[name]


def install(app: Flask) -> None:
    """Put the guards before and the headers after every request, in this order."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_FORM
    app.config["MAX_FORM_PARTS"] = 10_000
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.config["WTF_CSRF_SSL_STRICT"] = False  # guard_origin asks more, and over plain HTTP too
    for guard in (guard_size, guard_host, guard_address, guard_set_up, guard_role, guard_origin):
        app.before_request(guard)
    csrf.init_app(app)
    app.before_request(guard_once)
    app.after_request(give_back_token)
    app.after_request(add_headers)


def guard_size() -> None:
    """Let a file in where the view takes one; the rest of the form has the room it always has."""
    limit = file_limit()
    if limit:
        request.max_content_length = request.max_form_memory_size = limit + LARGEST_FORM


def guard_host() -> None:
    """Refuse a Host that is not ours: what DNS rebinding and poisoned links need (S28)."""
    if request.endpoint in sessions.STATELESS:
        return
    name = (urlsplit("//" + request.host).hostname or "").rstrip(".").lower()
    runtime = the_runtime()
    public = urlsplit(public_url(runtime)).hostname
    if name in {"localhost", public, *getattr(runtime, "trusted_hosts", ())}:
        return
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        address = None
    if address is None or (runtime.listens_on_loopback and not address.is_loopback):
        abort(400, f"This hub does not answer to the name {name[:80]!r}. Set HUB_PUBLIC_URL to it.")


def guard_address() -> None:
    """Refuse an address with a NUL in it: no link holds one, and PostgreSQL takes none."""
    if "\x00" in request.path or any("\x00" in v for _, v in request.args.items(multi=True)):
        abort(400, "The address holds a character that no address has. Open the page again.")


def is_set_up() -> bool:
    """True once an administrator exists; remembered, because it never becomes untrue."""
    if not current_app.extensions.get("hub_is_set_up"):
        with frame_runtime().read() as db:
            current_app.extensions["hub_is_set_up"] = any_user(db)
    return bool(current_app.extensions["hub_is_set_up"])


def guard_set_up() -> ResponseReturnValue | None:
    """Until the administrator exists there is only the set-up page (S17)."""
    endpoint = request.endpoint or ""
    if endpoint in {*sessions.STATELESS, "session.theme"}:
        return None
    if endpoint.startswith("setup."):
        return redirect(url_for("session.sign_in"), 303) if is_set_up() else None
    if is_set_up():
        return None
    if request.path.startswith(("/hooks/", "/api/")):
        abort(503, "This hub is not set up yet.")
    return redirect(url_for("setup.form"), 303)


def guard_role() -> ResponseReturnValue | None:
    """Let in whom the route's role lets in; the network is never a credential."""
    if request.endpoint is None:
        return None
    needed = role_of(current_app, request.endpoint)
    user = sessions.here().user
    if RANKS[needed] <= RANKS[user.role if user else "public"]:
        return None
    if user is None:
        return ask_to_sign_in()
    with frame_runtime().write() as db:
        audit.record(db, user, "access.denied", request.path[:200], None, {"needs": needed})
    abort(403, f"Your role is {user.role}; this needs {needed}. Ask an administrator.")


def ask_to_sign_in() -> ResponseReturnValue:
    """Send the browser to the sign-in page and let it come back afterwards."""
    back = request.full_path.rstrip("?") if request.method == "GET" else ""
    if request.headers.get("HX-Request"):
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = shown.path + (f"?{shown.query}" if shown.query else "")
    elif request.method != "GET" and request.referrer:
        shown = urlsplit(request.referrer)
        back = shown.path if shown.netloc == request.host else ""
    wanted = local_path(back)
    target = url_for("session.sign_in", next=wanted if wanted != "/" else None)
    if request.headers.get("HX-Request"):
        return Response("Sign in again.", 401, {"HX-Redirect": target})
    return redirect(target, 303)


def guard_origin() -> None:
    """Refuse an unsafe request that another site caused, whatever its token (S26)."""
    if request.method not in UNSAFE:
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if site not in ("same-origin", "none") or foreign:
        abort(400, "This form came from another site. Open the page here and send it again.")


def guard_once() -> ResponseReturnValue | None:
    """Accept a form token once: a double click or a reload does nothing twice."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method not in UNSAFE or getattr(view, "hub_repeatable", False):
        return None
    token = request.form.get(once.FIELD, "")
    if not token or once.use(token):
        g.used_once = token
        return None
    if request.headers.get("HX-Request"):
        return Response(status=204)
    flash("This form had already been sent. Nothing was done twice.", "info")
    back = urlsplit(request.referrer or "")
    return redirect(local_path(back.path if back.netloc == request.host else "/"), 303)


def give_back_token(response: Response) -> Response:
    """After a fault of ours the same form may be sent again."""
    token = g.pop("used_once", "")
    if token and response.status_code >= 500:
        once.give_back(token)
    return response


def add_headers(response: Response) -> Response:
    """Set the policy and its companions on every response, errors included (S51)."""
    headers = response.headers
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if sessions.is_secure(request):
        headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    headers.pop("Server", None)
    if request.endpoint == "static":
        headers["Cache-Control"] = _static_cache(request.view_args or {})
    else:
        headers["Cache-Control"] = "no-store"
        response.vary.add("HX-Request")
    return response


def _static_cache(arguments: dict[str, Any]) -> str:
    try:
        fresh = request.args.get("v") == content_hash(str(arguments.get("filename", "")))
    except OSError:
        return "no-store"
    return f"public, max-age={YEAR}, immutable" if fresh else "public, max-age=60"
