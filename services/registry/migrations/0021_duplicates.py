"""Adds the pairs of records that probably describe the same household, and a list of households to compare."""

from alembic import op

revision = "registry_0021"
down_revision = "registry_0020"

PAIRS = """
CREATE TABLE duplicate_pairs (
    household_id uuid NOT NULL,
    other_id uuid NOT NULL,
    reasons text[] NOT NULL,
    found_at timestamptz NOT NULL,
    CONSTRAINT pk_duplicate_pairs PRIMARY KEY (household_id, other_id)
)
"""


def upgrade() -> None:
    op.execute(PAIRS)
    op.execute("CREATE INDEX ix_duplicate_pairs_other_id ON duplicate_pairs (other_id)")
    op.execute("CREATE INDEX ix_duplicate_pairs_found_at_household_id ON duplicate_pairs (found_at, household_id)")
    op.execute("CREATE TABLE uncompared_households (household_id uuid NOT NULL)")
