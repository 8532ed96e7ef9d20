"""The first tables.

They are written out by the models' own metadata as long as nothing was released; from the first
release on this file is frozen and every change is a revision of its own.
"""

from alembic import op

from hub.store.tables import Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    Base.metadata.create_all(op.get_bind())
