"""Sign in, sign out, and the theme cookie."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.web import audit, auth, context, fmt, sessions
from hub.web.face import frame_runtime
from hub.web.security import role
from hub.web.views.start import first_page

bp = Blueprint("session", __name__)
THEME_KEPT = 400 * 86400


@bp.get("/sign-in")
@role("public")
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form, or go on when somebody is signed in."""
    target = auth.local_path(request.args.get("next"))
    if sessions.here().user is not None:
        return redirect(target, 303)
    return render_template("pages/sign_in.html", email="", problem="", next=target)


@bp.post("/sign-in")
@role("public")
def sign_in_post() -> ResponseReturnValue:
    """Evaluate one try."""
    email = request.form.get("email", "")
    target = auth.local_path(request.form.get("next"))
    result = auth.sign_in(request, email, request.form.get("password", ""))
    if result.user is None:
        page = render_template(
            "pages/sign_in.html", email=email[:200], problem=problem_in_words(result), next=target
        )
        return page, 422 if result.evaluated else 429
    answer = redirect(first_page(target), 303)
    sessions.set_cookie(
        request, answer, auth.KNOWN_BROWSER, auth.remembered(request, email.strip().lower()),
        auth.KNOWN_FOR,
    )  # fmt: skip
    return answer


def problem_in_words(result: auth.SignIn) -> str:
    """Return one sentence: what happened, and when the next try may be made."""
    wait = ""
    if result.until is not None:
        seconds = max(1, round((result.until - frame_runtime().clock.now()).total_seconds()))
        wait = fmt.duration(seconds) if seconds < 60 else fmt.plural(-(-seconds // 60), "minute")
    if not result.evaluated:
        return (
            f"Sign-in pauses after several tries that did not match. Try again in {wait}. "
            "A browser that signed in before is not affected."
        )
    if wait:
        return f"This e-mail and password do not match. Sign-in pauses for {wait} now."
    tries = fmt.plural(result.left, "more try", "more tries")
    return f"This e-mail and password do not match. After {tries}, sign-in pauses for a while."


@bp.post("/sign-out")
@role("viewer")
def sign_out() -> ResponseReturnValue:
    """End the session in the browser and in the database."""
    user = sessions.here().user
    with frame_runtime().write() as db:
        audit.record(db, user, "session.sign-out", user.email if user else "")
    sessions.end()
    return redirect(url_for("session.sign_in"), 303)


@bp.post("/theme")
@role("public")
def theme() -> ResponseReturnValue:
    """Keep the chosen theme in a cookie; anything else than light or dark forgets it."""
    answer = redirect(auth.local_path(request.form.get("next")), 303)
    chosen = request.form.get("theme", "")
    if chosen in context.THEMES:
        answer.set_cookie(
            "hub_theme", chosen, max_age=THEME_KEPT, httponly=True, samesite="Lax",
            secure=sessions.is_secure(request),
        )  # fmt: skip
    else:
        answer.delete_cookie("hub_theme")
    return answer
