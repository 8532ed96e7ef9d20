"""The pages: a Flask app over the composition root."""

from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import FileSystemLoader, select_autoescape
from werkzeug.routing import IntegerConverter, Map

from hub.web import context, errors, nav, security
from hub.web.db import db
from hub.web.sessions import ServerSessions

HERE = Path(__file__).parent
LARGEST_ID = 2**31 - 1


class RowId(IntegerConverter):
    """The id of a row in an address; a number that no row can have is no such page."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_ID)


def templates_folder() -> Path:
    """Return the templates: inside the wheel beside this file, in a checkout at its top."""
    inside = HERE / "templates"
    return inside if (inside / "base.html").exists() else HERE.parents[1] / "templates"


def create_app(runtime: Any) -> Flask:
    """Build the app. ``runtime`` is the composition root (see ``hub.web.face.WebRuntime``).

    Raises ``RoleMissing`` when a route declares no role.
    """
    app = Flask("hub.web", static_folder=str(HERE / "static"), static_url_path="/static")
    app.url_map.converters["int"] = RowId
    app.extensions["hub_runtime"] = runtime
    app.secret_key = runtime.pepper
    app.config["SQLALCHEMY_DATABASE_URI"] = str(runtime.engine.url)
    app.session_interface = ServerSessions()
    app.jinja_env.loader = FileSystemLoader(templates_folder())
    app.jinja_env.autoescape = select_autoescape(default=True, default_for_string=True)
    db.init_app(app)
    security.install(app)
    errors.install(app)
    context.install(app)
    from hub.web.views import BLUEPRINTS  # noqa: PLC0415 - the views use what is set up above

    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    nav.install(app)
    security.check_roles(app)
    return app
