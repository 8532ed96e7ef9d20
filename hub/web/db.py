"""Flask-SQLAlchemy on the hub's own engine: ``db.session`` reads, writing goes by ``runtime.write``."""

from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine

from hub.store.base import Base


class HubAlchemy(SQLAlchemy):
    """Uses the engine of the runtime, so that pages and workers share pool and pragmas."""

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        del bind_key, options
        engine: Engine = app.extensions["hub_runtime"].engine
        return engine


db = HubAlchemy(model_class=Base, session_options={"expire_on_commit": False})
