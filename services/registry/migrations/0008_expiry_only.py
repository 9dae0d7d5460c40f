"""The scope of a decision on a held report: everything, or only that the phone's sign-in had ended."""

from alembic import op

revision = "registry_0008"
down_revision = "registry_0007"


def upgrade() -> None:
    # The release before writes decisions without it, each on one report that a person has seen.
    op.execute("ALTER TABLE held_decisions ADD is_expiry_only boolean NOT NULL DEFAULT false")
