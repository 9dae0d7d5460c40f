"""Adds a digest of each count, so that only changed counts are written and published again."""

from alembic import op

revision = "registry_0029"
down_revision = "registry_0028"


def upgrade() -> None:
    op.execute("ALTER TABLE counts ADD COLUMN fingerprint bytea")
