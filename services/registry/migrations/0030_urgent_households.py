"""Stores whether the people of a household need help at once, and adds an index of these urgent households."""

from alembic import op

revision = "registry_0030"
down_revision = "registry_0029"


def upgrade() -> None:
    op.execute("ALTER TABLE households ADD COLUMN is_urgent boolean NOT NULL DEFAULT false")
    op.execute("CREATE INDEX ix_households_urgent ON households (changed_at, household_id) WHERE is_urgent")
