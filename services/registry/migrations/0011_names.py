"""Renames an index by the convention of `shared.postgres.models`. No code uses the index name."""

from alembic import op

revision = "registry_0011"
down_revision = "registry_0010"


def upgrade() -> None:
    op.execute("ALTER INDEX ix_households_changed_at RENAME TO ix_households_changed_at_household_id")
