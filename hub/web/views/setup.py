"""First start: the administrator is made here, once, and nowhere by default."""

import hmac

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.settings.users import UserProblem, create_first_admin
from hub.web import auth, sessions
from hub.web.face import frame_runtime
from hub.web.security import role

bp = Blueprint("setup", __name__)
WRONG_TOKEN = (
    "This is not the set-up token.",
    "It was printed on the console when the hub started; a restart prints a new one.",
)


@bp.get("/setup")
@role("public")
def form() -> str:
    """Show the form of first start."""
    return _page({}, "")


@bp.post("/setup")
@role("public")
def create() -> ResponseReturnValue:
    """Create the administrator and sign in; of parallel posts exactly one does."""
    runtime = frame_runtime()
    email, password = request.form.get("email", ""), request.form.get("password", "")
    if not _token_fits(request.form.get("token", "")):
        return _page({"token": WRONG_TOKEN}, email), 422
    try:
        user = create_first_admin(runtime.write, runtime.clock, email, password)
    except UserProblem as problem:
        cause, _, remedy = str(problem).partition(". ")
        return _page({problem.field: (cause.rstrip(".") + ".", remedy)}, email), 422
    current_app.extensions["hub_is_set_up"] = True
    if user is None:
        return redirect(url_for("session.sign_in"), 303)
    sessions.begin(user, address=request.remote_addr or "", browser=str(request.user_agent))
    answer = redirect(url_for("start.index"), 303)
    known = auth.remembered(request, user.email)
    sessions.set_cookie(request, answer, auth.KNOWN_BROWSER, known, auth.KNOWN_FOR)
    return answer


def _token_fits(given: str) -> bool:
    wanted = frame_runtime().setup_token
    if not wanted:
        return True
    return hmac.compare_digest(given.strip().encode(), wanted.encode())


def _page(errors: dict[str, tuple[str, str]], email: str) -> str:
    asks = bool(frame_runtime().setup_token)
    return render_template("pages/setup.html", errors=errors, email=email[:200], asks_token=asks)
