"""Stores how exactly the time of a count is known: pages then show no hour that nobody stated."""

from alembic import op

revision = "registry_0061"
down_revision = "registry_0060"


def upgrade() -> None:
    op.execute("ALTER TABLE counts ADD COLUMN counted_at_precision text")
