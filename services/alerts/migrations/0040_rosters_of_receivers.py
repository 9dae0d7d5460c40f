"""Adds the roster of a receiver. The former release does not know it, and notifies people also while off duty."""

from alembic import op

revision = "alerts_0040"
down_revision = "alerts_0039"


def upgrade() -> None:
    op.execute("ALTER TABLE receivers ADD COLUMN roster text")
