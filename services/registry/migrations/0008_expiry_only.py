"""Adds to decisions on held reports whether the decision ignores only an expired sign-in or accepts the report."""

from alembic import op

revision = "registry_0008"
down_revision = "registry_0007"


def upgrade() -> None:
    # The default is for decisions of the previous release, in which a person saw each report before the decision.
    op.execute("ALTER TABLE held_decisions ADD is_expiry_only boolean NOT NULL DEFAULT false")
