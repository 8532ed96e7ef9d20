"""Plugins: what is installed, what is in quarantine and why, and the command that installs one."""

from flask import Blueprint, render_template
from sqlalchemy import func, select

from hub.registry import read_quality
from hub.sdk import Role
from hub.store.tables import Connection, Connector
from hub.web import nav
from hub.web.face import frame_runtime, the_runtime
from hub.web.security import role

bp = Blueprint("plugins", __name__)
nav.register("plugins", "Plugins", "puzzle", group=nav.SET_UP)
ROLES = {Role.ERP: "ERP", Role.STORE: "Store", Role.BOTH: "ERP or store"}


@bp.get("/plugins")
@role("viewer")
def index() -> str:
    """List every plugin that was found."""
    found = list(the_runtime().registry.found.values())
    with frame_runtime().read() as session:
        query = (
            select(Connection.plugin, func.count(func.distinct(Connector.id)))
            .join(
                Connector,
                (Connector.erp_id == Connection.id) | (Connector.store_id == Connection.id),
            )
            .group_by(Connection.plugin)
        )
        used = {row[0]: row[1] for row in session.execute(query)}
    broken = [item for item in found if item.plugin is None]
    quality = {item.name: read_quality(item.module) for item in found if item.plugin}
    return render_template(
        "pages/plugins.html", found=found, broken=broken, used=used, roles=ROLES,
        good=len(found) - len(broken), quality=quality,
    )  # fmt: skip
