"""Adds an index of the members' birth years, so that a search for a rare year does not read all members."""

from alembic import op

revision = "registry_0034"
down_revision = "registry_0033"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_members_birth_year_household_id ON members (birth_year, household_id)")
