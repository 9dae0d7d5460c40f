"""Adds a column for decisions that ignore only the expired sign-in of a held report's author."""

from alembic import op

revision = "registry_0008"
down_revision = "registry_0007"


def upgrade() -> None:
    # Existing decisions get the value false: in the previous release of Dayar, a person saw each report before
    # deciding.
    op.execute("ALTER TABLE held_decisions ADD is_expiry_only boolean NOT NULL DEFAULT false")
