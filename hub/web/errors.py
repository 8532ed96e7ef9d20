"""Error pages: one sentence and the way on; after a fault of ours a reference number only (S56)."""

import logging
import secrets

from flask import Flask, Response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from hub.store.database import is_away
from hub.web.security import file_limit

log = logging.getLogger("hub.web")

WORDS = {
    400: ("The hub could not read this request", ""),
    403: ("You may not do this", ""),
    404: ("There is nothing at this address", "It may have been deleted or renamed."),
    405: ("This address cannot be used that way", "Go back and use the button on the page."),
    413: ("Too much was sent at once", "A form may hold 1 MB. Nothing was saved."),
    503: ("The hub is not ready", ""),
}
FILE_TOO_LARGE = (
    "The file is larger than {} MB. Nothing was read. Split it into smaller files, or use "
    "`hub records import FILE` where the hub runs."
)
DATABASE_AWAY = (
    "The database cannot be reached",
    "The hub goes on by itself as soon as it is back. Load this page again in a moment.",
)
DISK_FULL = "The disk is full, so nothing was saved. Free some space, then send it again."
BUSY = "The database does not answer now, so nothing was saved. Try again in a minute."
FORM_TOO_OLD = (
    "This form is no longer valid",
    (
        "You signed in or out since it was opened, or it was open for a long time. "
        "Go back, reload the page and send it again. Nothing was saved."
    ),
)


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(CSRFError, form_too_old)
    app.register_error_handler(HTTPException, known_error)
    app.register_error_handler(DBAPIError, database_trouble)
    app.register_error_handler(Exception, our_fault)


def _page(status: int, title: str, text: str, reference: str = "") -> Response:
    if request.headers.get("HX-Request"):
        words = f"{title}. {text}".strip()
        # The part on the page stays as it is; the script shows the words at the top.
        return Response(words, status, {"HX-Reswap": "none"}, mimetype="text/plain")
    page = render_template(
        "pages/error.html", title=title, text=text, reference=reference, status=status
    )
    return Response(page, status)


def form_too_old(error: Exception) -> Response:
    """A form without a valid token: say how to go on."""
    del error
    return _page(400, *FORM_TOO_OLD)


def known_error(error: Exception) -> Response:
    """An HTTP error; our own ``abort`` sentences are shown, the framework's are not."""
    if not isinstance(error, HTTPException) or error.code is None or error.code < 400:
        return our_fault(error)
    title, text = WORDS.get(error.code, ("The hub could not do this", ""))
    stock = type(error).description
    if error.description and error.description != stock and error.code in (400, 403, 404, 503):
        own = error.description if "browser (or proxy)" not in error.description else ""
        text = own or text
    if error.code == 413 and (limit := file_limit()):
        text = FILE_TOO_LARGE.format(limit // 1024**2)
    answer = _page(error.code, title, text)
    for name, value in error.get_headers(request.environ):
        if name.lower() in ("allow", "retry-after"):
            answer.headers[name] = value
    return answer


def database_trouble(error: Exception) -> Response:
    """The database is away or busy, or the disk is full: nothing was saved, and it passes (F44)."""
    if is_away(error):
        log.warning("The database is away: %s %s answered 503", request.method, request.path)
        title, text, again = *DATABASE_AWAY, "5"
    elif isinstance(error, OperationalError):
        full = "disk is full" in str(error.orig)
        title, text, again = "The hub cannot save now", DISK_FULL if full else BUSY, "60"
        log.error("request failed: %s %s", request.method, request.path, exc_info=error)
    else:
        return our_fault(error)
    try:
        answer = _page(503, title, text)
    except DBAPIError:  # the frame of the page asks the database too
        answer = Response(f"{title}. {text}", 503, mimetype="text/plain")
    answer.headers["Retry-After"] = again
    return answer


def our_fault(error: Exception) -> Response:
    """Anything unexpected: logged with a reference, of which alone the page speaks."""
    reference = secrets.token_hex(4)
    log.error("request failed, reference %s: %s %s", reference, request.method, request.path,
              exc_info=error, extra={"reference": reference})  # fmt: skip
    text = "Nothing that was shown here is lost. The log has the details under this reference."
    return _page(500, "The hub could not do this", text, reference)
