"""Stores how exactly the time of a count is known, so that pages show no unstated hour."""

from alembic import op

revision = "registry_0061"
down_revision = "registry_0060"


def upgrade() -> None:
    op.execute("ALTER TABLE counts ADD COLUMN counted_at_precision text")
