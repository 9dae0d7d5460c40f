"""Stores the household under which a person accepted a held report."""

from alembic import op

revision = "registry_0049"
down_revision = "registry_0048"


def upgrade() -> None:
    op.execute("ALTER TABLE held_decisions ADD household_id uuid, ADD is_later boolean NOT NULL DEFAULT false")
