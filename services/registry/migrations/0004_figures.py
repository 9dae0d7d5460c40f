"""Adds indexes, so that PostgreSQL computes the figures of some months without reading the other months."""

from alembic import op

revision = "registry_0004"
down_revision = "registry_0003"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_episodes_status_occurred_at ON episodes (status, occurred_at)")
    op.execute("CREATE INDEX ix_counts_status_occurred_at ON counts (status, occurred_at)")
