"""Adds the scope of a decision on a held report: whether it ignores only an expired sign-in, or accepts all."""

from alembic import op

revision = "registry_0008"
down_revision = "registry_0007"


def upgrade() -> None:
    # The default is for decisions of the previous release, which are each about one report that a person has seen.
    op.execute("ALTER TABLE held_decisions ADD is_expiry_only boolean NOT NULL DEFAULT false")
