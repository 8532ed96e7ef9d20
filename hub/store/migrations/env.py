"""Alembic's entry: the connection comes from ``hub.store.schema``."""

from alembic import context

from hub.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
