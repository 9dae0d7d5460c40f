"""Adds a column to decisions about held reports: whether the decision ignores only the expired sign-in."""

from alembic import op

revision = "registry_0008"
down_revision = "registry_0007"


def upgrade() -> None:
    # Decisions of the previous release get the default, because a person saw each report before the decision.
    op.execute("ALTER TABLE held_decisions ADD is_expiry_only boolean NOT NULL DEFAULT false")
