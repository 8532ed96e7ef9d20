"""/healthz and /readyz: for machines, without a word too many."""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from hub.web.face import frame_runtime, the_runtime
from hub.web.security import role

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@role("public")
def healthz() -> Response:
    """Say that the process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@role("public")
def readyz() -> tuple[Response, int]:
    """Say whether database, migrations, scheduler and workers are ready, each as true or false.

    ``runtime.ready()`` gives the checks by name; the database is always asked here.
    """
    checks = {"database": _database_answers()}
    more = getattr(the_runtime(), "ready", None)
    if more is not None and checks["database"]:
        checks.update({str(name): bool(ok) for name, ok in more().items()})
    ready = all(checks.values())
    return jsonify(ready=ready, checks=checks), 200 if ready else 503


def _database_answers() -> bool:
    try:
        with frame_runtime().read() as db:
            return bool(db.scalar(text("SELECT 1")))
    except Exception:  # any failure at all means: not ready
        return False
